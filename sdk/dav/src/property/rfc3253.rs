//! Which methods and reports a resource has. RFC 3253 §3.1.3, §3.1.5.

use xml::Name;

use super::{Live, Read, Subject, Value};
use crate::profile::On;
use crate::resource::Resource;
use crate::{method, report};

/// All of them.
pub static ALL: &[&Live] = &[&SUPPORTED_METHOD_SET, &SUPPORTED_REPORT_SET];

/// RFC 3253 §3.1.3.
pub static SUPPORTED_METHOD_SET: Live = Live {
    name: &Name::dav("supported-method-set"),
    on: On::ALL,
    read: Read::With(|reading, out| {
        let methods = method::options::methods(reading.ctx, Some(&to_resource(reading.subject)));
        for method in methods {
            out.start(&Name::dav("supported-method"));
            out.attribute("name", method);
            out.end(&Name::dav("supported-method"));
        }
        Ok(Value::Written)
    }),
    ..Live::PLAIN
};

/// RFC 3253 §3.1.5.
pub static SUPPORTED_REPORT_SET: Live = Live {
    name: &Name::dav("supported-report-set"),
    on: On::ALL,
    read: Read::With(|reading, out| {
        for report in report::supported(reading.ctx, &to_resource(reading.subject)) {
            out.raw(b"<D:supported-report><D:report>");
            out.empty(&report.name);
            out.raw(b"</D:report></D:supported-report>");
        }
        Ok(Value::Written)
    }),
    ..Live::PLAIN
};

fn to_resource(subject: Subject<'_>) -> Resource {
    match subject {
        Subject::Collection(collection) => Resource::Collection(collection.clone()),
        Subject::Member(collection, member) => {
            Resource::Member(Box::new(collection.clone()), member.clone())
        }
        Subject::Principal(principal) => Resource::Principal(principal.clone()),
    }
}
