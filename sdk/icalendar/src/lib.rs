//! iCalendar, RFC 5545.

pub mod tzdb;
