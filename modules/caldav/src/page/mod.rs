//! A page for people: GET on a home in a browser, if the operator allows it
//! (`caldav_allowcalendaradmin`). It needs no script: every change is a form.
//!
//! Browsers send credentials along with whatever any page makes them send, so that a change is made
//! only for a request that says it comes from this very server (`Origin`, or `Sec-Fetch-Site`).

mod change;
mod html;
mod view;

pub(crate) use change::post;
pub(crate) use view::get;
