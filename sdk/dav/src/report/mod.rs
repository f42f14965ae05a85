//! The reports, one file each. RFC 3253 §3.6.

use crate::Context;
use crate::profile::Report;
use crate::resource::Resource;

static ENGINE: &[Report] = &[];

/// The reports that a resource has.
pub fn supported(ctx: &Context<'_>, resource: &Resource) -> Vec<&'static Report> {
    ENGINE
        .iter()
        .chain(ctx.profile.reports)
        .filter(|report| report.on.includes(resource))
        .collect()
}
