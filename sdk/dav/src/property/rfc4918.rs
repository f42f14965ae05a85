//! The live properties of WebDAV itself. RFC 4918 §15.

use xml::{Name, Writer};

use super::{Live, Read, Reading, Subject, Value, Write, any_value};
use crate::body::lockinfo::write_active_lock;
use crate::profile::On;
use crate::resource::Fields;
use crate::{Context, Error, Time};

/// All of them.
pub static ALL: &[&Live] = &[
    &CREATIONDATE,
    &DISPLAYNAME,
    &GETCONTENTLANGUAGE,
    &GETCONTENTLENGTH,
    &GETCONTENTTYPE,
    &GETETAG,
    &GETLASTMODIFIED,
    &LOCKDISCOVERY,
    &RESOURCETYPE,
    &SUPPORTEDLOCK,
];

/// The name of the property that people see.
pub const DISPLAYNAME_NAME: Name = Name::dav("displayname");

const COLLECTIONS_AND_MEMBERS: On = On {
    principals: false,
    ..On::ALL
};

const BASE: Live = Live {
    name: &Name::dav(""),
    on: COLLECTIONS_AND_MEMBERS,
    in_allprop: true,
    ..Live::PLAIN
};

/// RFC 4918 §15.1.
pub static CREATIONDATE: Live = Live {
    name: &Name::dav("creationdate"),
    fields: Fields::CREATED,
    read: Read::With(|reading, out| {
        let created = match reading.subject {
            Subject::Collection(collection) => collection.created,
            Subject::Member(_, member) => member.created,
            Subject::Principal(_) => None,
        };
        Ok(written(
            created.map(|time| time.write_rfc3339(out.buffer())),
        ))
    }),
    ..BASE
};

/// RFC 4918 §15.2.
pub static DISPLAYNAME: Live = Live {
    name: &DISPLAYNAME_NAME,
    on: On::ALL,
    uses: &[DISPLAYNAME_NAME],
    read: Read::With(read_displayname),
    write: Write::Stored(check_displayname),
    ..BASE
};

/// RFC 4918 §15.3.
pub static GETCONTENTLANGUAGE: Live = Live {
    name: &Name::dav("getcontentlanguage"),
    on: On::MEMBERS,
    write: Write::Stored(any_value),
    ..BASE
};

/// RFC 4918 §15.4.
pub static GETCONTENTLENGTH: Live = Live {
    name: &Name::dav("getcontentlength"),
    on: On::MEMBERS,
    fields: Fields::LENGTH,
    read: Read::With(|reading, out| {
        Ok(written(
            reading
                .subject
                .member()
                .map(|member| out.number(member.length)),
        ))
    }),
    ..BASE
};

/// RFC 4918 §15.5.
pub static GETCONTENTTYPE: Live = Live {
    name: &Name::dav("getcontenttype"),
    on: On::MEMBERS,
    fields: Fields::CONTENT_TYPE,
    read: Read::With(|reading, out| {
        let content_type = reading
            .subject
            .member()
            .and_then(|member| member.content_type.as_deref());
        Ok(written(
            content_type.map(|content_type| out.text(content_type)),
        ))
    }),
    ..BASE
};

/// RFC 4918 §15.6.
pub static GETETAG: Live = Live {
    name: &Name::dav("getetag"),
    on: On::MEMBERS,
    fields: Fields::ETAG,
    read: Read::With(|reading, out| {
        let Some(member) = reading.subject.member() else {
            return Ok(Value::Missing);
        };
        // An opaque tag of ours may hold anything but quotes: `&` and `<` have to be escaped.
        out.raw(b"\"");
        out.ascii(member.etag.as_bytes());
        out.raw(b"\"");
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 4918 §15.7.
pub static GETLASTMODIFIED: Live = Live {
    name: &Name::dav("getlastmodified"),
    fields: Fields::MODIFIED,
    read: Read::With(|reading, out| {
        let modified: Option<Time> = match reading.subject {
            Subject::Collection(collection) => collection.modified,
            Subject::Member(_, member) => member.modified,
            Subject::Principal(_) => None,
        };
        Ok(written(
            modified.map(|time| time.write_http_date(out.buffer())),
        ))
    }),
    ..BASE
};

/// RFC 4918 §15.8.
pub static LOCKDISCOVERY: Live = Live {
    name: &Name::dav("lockdiscovery"),
    fields: Fields::LOCKS,
    read: Read::With(|reading, out| {
        let path = match reading.subject {
            _ if reading.locks.is_empty() => return Ok(Value::Written),
            Subject::Collection(collection) => collection.path.clone(),
            Subject::Member(collection, member) => collection.path.join(&member.name),
            Subject::Principal(_) => return Ok(Value::Missing),
        };
        for lock in reading.locks.iter().filter(|lock| lock.covers(&path)) {
            write_active_lock(reading.ctx, out, lock);
        }
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 4918 §15.9.
pub static RESOURCETYPE: Live = Live {
    name: &Name::dav("resourcetype"),
    on: On::ALL,
    read: Read::With(|reading, out| {
        match reading.subject {
            Subject::Collection(collection) => {
                out.raw(b"<D:collection/>");
                for name in reading.ctx.profile.kind(&collection.kind).resourcetype {
                    out.empty(name);
                }
            }
            Subject::Member(..) => {}
            // RFC 3744 §4.
            Subject::Principal(_) => out.raw(b"<D:principal/>"),
        }
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 4918 §15.10.
pub static SUPPORTEDLOCK: Live = Live {
    name: &Name::dav("supportedlock"),
    read: Read::With(|_, out| {
        for scope in ["exclusive", "shared"] {
            let entry = format!(
                "<D:lockentry><D:lockscope><D:{scope}/></D:lockscope>\
                 <D:locktype><D:write/></D:locktype></D:lockentry>"
            );
            out.raw(entry.as_bytes());
        }
        Ok(Value::Written)
    }),
    ..BASE
};

fn written(value: Option<()>) -> Value {
    match value {
        Some(()) => Value::Written,
        None => Value::Missing,
    }
}

/// What was set, else the name that a principal has in the directory.
pub fn read_displayname(reading: &Reading<'_, '_>, out: &mut Writer) -> Result<Value, Error> {
    if let Some(stored) = reading.subject.find_stored(&DISPLAYNAME_NAME) {
        let element = xml::parse(&stored.xml, &xml::Limits::default())?;
        if let Some(lang) = element.lang() {
            out.attribute("xml:lang", lang);
        }
        out.text(&element.text());
        return Ok(Value::Written);
    }
    match reading.subject {
        Subject::Principal(principal) => {
            out.text(&principal.displayname);
            Ok(Value::Written)
        }
        Subject::Collection(_) | Subject::Member(..) => Ok(Value::Missing),
    }
}

fn check_displayname(_: &Context<'_>, element: &xml::Element) -> Result<(), Error> {
    match element.elements().next() {
        None => Ok(()),
        Some(_) => Err(Error::Conflict("a display name is text alone".to_owned())),
    }
}
