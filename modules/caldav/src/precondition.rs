//! The conditions that calendars add to those of WebDAV.

use dav::{Precondition, request::Status};

use crate::namespace::{CALDAV, CHAPAR};

macro_rules! preconditions {
    ($($(#[$doc:meta])* $constant:ident = $make:ident $local:literal;)*) => {
        $($(#[$doc])* pub const $constant: Precondition = Precondition::$make(CALDAV, $local);)*
    };
}

preconditions! {
    /// A calendar can be neither here nor inside of another. RFC 4791 §5.3.1.
    CALENDAR_COLLECTION_LOCATION_OK = forbidden "calendar-collection-location-ok";
    /// The media type is none that calendars take. RFC 4791 §5.3.2.1.
    SUPPORTED_CALENDAR_DATA = forbidden "supported-calendar-data";
    /// It is no iCalendar. RFC 4791 §5.3.2.1.
    VALID_CALENDAR_DATA = forbidden "valid-calendar-data";
    /// It is iCalendar, but no calendar object. RFC 4791 §5.3.2.1.
    VALID_CALENDAR_OBJECT_RESOURCE = forbidden "valid-calendar-object-resource";
    /// The calendar does not take this type of component. RFC 4791 §5.3.2.1.
    SUPPORTED_CALENDAR_COMPONENT = forbidden "supported-calendar-component";
    /// Another object of the calendar has the UID, or this one has another. RFC 4791 §5.3.2.1.
    NO_UID_CONFLICT = forbidden "no-uid-conflict";
    /// Recurrences count in a calendar that we do not know. RFC 7529 §10.
    SUPPORTED_RSCALE = forbidden "supported-rscale";
    /// The object is too large. RFC 4791 §5.3.2.1.
    MAX_RESOURCE_SIZE = forbidden "max-resource-size";
    /// A date is too early. RFC 4791 §5.3.2.1.
    MIN_DATE_TIME = forbidden "min-date-time";
    /// A date is too late. RFC 4791 §5.3.2.1.
    MAX_DATE_TIME = forbidden "max-date-time";
    /// Too many attendees. RFC 4791 §5.3.2.1.
    MAX_ATTENDEES_PER_INSTANCE = forbidden "max-attendees-per-instance";
    /// More instances than can be gone through. RFC 4791 §5.3.2.1.
    TOO_MANY_INSTANCES = forbidden "max-instances";
    /// The filter makes no sense. RFC 4791 §7.8.
    VALID_FILTER = forbidden "valid-filter";
    /// The attachment is too large. RFC 8607 §3.11.
    MAX_ATTACHMENT_SIZE = forbidden "max-attachment-size";
    /// The object has too many attachments. RFC 8607 §3.11.
    MAX_ATTACHMENTS_PER_RESOURCE = forbidden "max-attachments-per-resource";
    /// What is to be done with an attachment is unknown. RFC 8607 §3.11.
    VALID_ACTION = forbidden "valid-action";
    /// There is no such instance, or it must not be named. RFC 8607 §3.11.
    VALID_RID = forbidden "valid-rid";
    /// There is no such attachment, or it must not be named. RFC 8607 §3.11.
    VALID_MANAGED_ID = forbidden "valid-managed-id";
    /// An object refers to an attachment that is not there. RFC 8607 §3.11.
    VALID_MANAGED_ID_PARAMETER = forbidden "valid-managed-id-parameter";
    /// The collation is none of ours. RFC 4791 §7.5.1.
    SUPPORTED_COLLATION = forbidden "supported-collation";
    /// The time zone is unknown. RFC 7809 §4.2.
    VALID_TIMEZONE = forbidden "valid-timezone";
    /// The calendar that invitations go to must stay. RFC 6638 §9.2.
    DEFAULT_CALENDAR_NEEDED = forbidden "default-calendar-needed";
    /// That is no calendar that invitations could go to. RFC 6638 §9.2.
    VALID_SCHEDULE_DEFAULT_CALENDAR_URL = forbidden "valid-schedule-default-calendar-URL";
}

/// An answer would need more instances than a request may make. The condition of RFC 4791 §5.2.8,
/// here for what reports make; its content is the bound.
pub const MAX_INSTANCES: Precondition =
    Precondition::with(Status::INSUFFICIENT_STORAGE, CALDAV, "max-instances");

/// To find instances would take more work than a request may: no standard has a condition for that.
/// Its content is the bound.
pub const MAX_RECURRENCE_WORK: Precondition =
    Precondition::with(Status::INSUFFICIENT_STORAGE, CHAPAR, "max-recurrence-work");
