//! The live properties of calendars, one file for each standard or maker.

pub(crate) mod apple;
pub(crate) mod calendarserver;
pub(crate) mod default_alarms;
pub(crate) mod rfc4791;
pub(crate) mod rfc7809;
pub(crate) mod rfc7953;
pub(crate) mod rfc8607;
pub(crate) mod scheduling;

use dav::property::{plain_text, rfc4918};
use dav::{Live, On, Read, Write};

use crate::profile::{CALENDAR, HOME, INBOX};

/// All of them.
pub(crate) static ALL: &[&Live] = &[
    &DISPLAYNAME,
    &rfc4791::CALENDAR_DESCRIPTION,
    &rfc4791::SUPPORTED_CALENDAR_COMPONENT_SET,
    &rfc4791::SUPPORTED_CALENDAR_COMPONENT_SETS,
    &rfc4791::SUPPORTED_CALENDAR_DATA,
    &rfc4791::MAX_RESOURCE_SIZE,
    &rfc4791::MIN_DATE_TIME,
    &rfc4791::MAX_DATE_TIME,
    &rfc4791::MAX_ATTENDEES_PER_INSTANCE,
    &rfc4791::SUPPORTED_COLLATION_SET,
    &rfc4791::SUPPORTED_RSCALE_SET,
    &rfc7809::CALENDAR_TIMEZONE,
    &rfc7809::CALENDAR_TIMEZONE_ID,
    &rfc7809::TIMEZONE_SERVICE_SET,
    &rfc7953::CALENDAR_AVAILABILITY,
    &rfc8607::MANAGED_ATTACHMENTS_SERVER_URL,
    &rfc8607::MAX_ATTACHMENT_SIZE,
    &rfc8607::MAX_ATTACHMENTS_PER_RESOURCE,
    &crate::calendar_data::CALENDAR_DATA,
    &scheduling::SCHEDULE_CALENDAR_TRANSP,
    &scheduling::SCHEDULE_DEFAULT_CALENDAR_URL,
    &calendarserver::GETCTAG,
    &apple::CALENDAR_COLOR,
    &apple::CALENDAR_ORDER,
    &default_alarms::VEVENT_DATETIME,
    &default_alarms::VEVENT_DATE,
    &default_alarms::VTODO_DATETIME,
    &default_alarms::VTODO_DATE,
];

/// Calendars, and what is one to reports.
pub(crate) const CALENDARS: &[&str] = &[CALENDAR, INBOX];

/// What live properties have in common.
pub(crate) const BASE: Live = Live {
    on: On::kinds(&[CALENDAR]),
    ..Live::PLAIN
};

/// What people call a calendar: sharees each call it what they like.
static DISPLAYNAME: Live = Live {
    name: &rfc4918::DISPLAYNAME_NAME,
    on: On::ALL,
    in_allprop: true,
    uses: &[rfc4918::DISPLAYNAME_NAME],
    read: Read::With(rfc4918::read_displayname),
    write: Write::Personal(plain_text),
    ..BASE
};

/// Homes and calendars: what clients watch.
pub(crate) const WATCHED: On = On::kinds(&[CALENDAR, INBOX, HOME]);
