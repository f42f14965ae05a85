//! The properties of access control and of principals. RFC 3744 §4, §5.
//!
//! None of them is in `DAV:allprop`: §5 says that they SHOULD NOT be.

use xml::{Name, Writer};

use super::{Live, Read, Reading, Subject, Value};
use crate::access::{self, Privilege};
use crate::body::acl::write_ace;
use crate::error::HREF;
use crate::profile::On;
use crate::resource::Fields;
use crate::{Error, Profile, Rights};

/// All of them.
pub static ALL: &[&Live] = &[
    &OWNER,
    &GROUP,
    &SUPPORTED_PRIVILEGE_SET,
    &CURRENT_USER_PRIVILEGE_SET,
    &ACL,
    &ACL_RESTRICTIONS,
    &INHERITED_ACL_SET,
    &PRINCIPAL_COLLECTION_SET,
    &PRINCIPAL_URL,
    &ALTERNATE_URI_SET,
    &GROUP_MEMBER_SET,
    &GROUP_MEMBERSHIP,
];

const BASE: Live = Live {
    name: &Name::dav(""),
    on: On {
        principals: false,
        ..On::ALL
    },
    ..Live::PLAIN
};

const OF_PRINCIPALS: Live = Live {
    on: On::PRINCIPALS,
    ..BASE
};

/// RFC 3744 §5.1.
pub static OWNER: Live = Live {
    name: &Name::dav("owner"),
    on: On::ALL,
    fields: Fields::OWNER,
    read: Read::With(|reading, out| {
        let owner = match reading.subject {
            Subject::Principal(principal) => Some(principal.href.clone()),
            Subject::Collection(collection) | Subject::Member(collection, _) => {
                match &collection.owner {
                    Some(owner) => reading.ctx.principal_href(owner)?,
                    None => None,
                }
            }
        };
        if let Some(owner) = owner {
            out.leaf(&HREF, &owner);
        }
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 3744 §5.2: there are no owning groups here, so it is empty.
pub static GROUP: Live = Live {
    name: &Name::dav("group"),
    read: Read::With(|_, _| Ok(Value::Written)),
    ..BASE
};

/// RFC 3744 §5.3.
pub static SUPPORTED_PRIVILEGE_SET: Live = Live {
    name: &Name::dav("supported-privilege-set"),
    read: Read::With(|reading, out| {
        let profile = reading.ctx.profile;
        for root in access::all(profile).filter(|privilege| privilege.parent.is_none()) {
            write_supported(profile, out, root);
        }
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 3744 §5.4.
pub static CURRENT_USER_PRIVILEGE_SET: Live = Live {
    name: &Name::dav("current-user-privilege-set"),
    on: On::ALL,
    read: Read::With(|reading, out| {
        for held in access::to_privileges(reading.ctx.profile, rights(reading)) {
            out.raw(b"<D:privilege>");
            out.empty(&held.name);
            out.raw(b"</D:privilege>");
        }
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 3744 §5.5.
pub static ACL: Live = Live {
    name: &Name::dav("acl"),
    fields: Fields::OWNER,
    read: Read::With(|reading, out| {
        let Some(collection) = reading.subject.collection() else {
            return Ok(Value::Missing);
        };
        // §3.6: reading the list is a privilege of its own.
        if !rights(reading).has(Rights::ADMINISTER) {
            return Ok(Value::Forbidden);
        }
        for entry in reading.ctx.store.acl(collection)? {
            write_ace(reading.ctx, out, &entry)?;
        }
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 3744 §5.6.
pub static ACL_RESTRICTIONS: Live = Live {
    name: &Name::dav("acl-restrictions"),
    read: Read::With(|_, out| {
        out.raw(b"<D:no-invert/>");
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 3744 §5.7: every collection has a list of its own.
pub static INHERITED_ACL_SET: Live = Live {
    name: &Name::dav("inherited-acl-set"),
    read: Read::With(|_, _| Ok(Value::Written)),
    ..BASE
};

/// RFC 3744 §5.8.
pub static PRINCIPAL_COLLECTION_SET: Live = Live {
    name: &Name::dav("principal-collection-set"),
    on: On::ALL,
    read: Read::With(|reading, out| {
        for href in reading.ctx.store.principal_collections() {
            out.leaf(&HREF, &href);
        }
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 3744 §4.1.
pub static ALTERNATE_URI_SET: Live = Live {
    name: &Name::dav("alternate-URI-set"),
    read: Read::With(|reading, out| {
        let Subject::Principal(principal) = reading.subject else {
            return Ok(Value::Missing);
        };
        for uri in &principal.alternate_uris {
            out.leaf(&HREF, uri);
        }
        Ok(Value::Written)
    }),
    ..OF_PRINCIPALS
};

/// RFC 3744 §4.2.
pub static PRINCIPAL_URL: Live = Live {
    name: &Name::dav("principal-URL"),
    read: Read::With(|reading, out| {
        let Subject::Principal(principal) = reading.subject else {
            return Ok(Value::Missing);
        };
        out.leaf(&HREF, &principal.href);
        Ok(Value::Written)
    }),
    ..OF_PRINCIPALS
};

/// RFC 3744 §4.3.
pub static GROUP_MEMBER_SET: Live = Live {
    name: &Name::dav("group-member-set"),
    read: Read::With(|reading, out| match reading.subject {
        Subject::Principal(principal) => write_principals(reading, out, &principal.members),
        Subject::Collection(_) | Subject::Member(..) => Ok(Value::Missing),
    }),
    ..OF_PRINCIPALS
};

/// RFC 3744 §4.4.
pub static GROUP_MEMBERSHIP: Live = Live {
    name: &Name::dav("group-membership"),
    read: Read::With(|reading, out| match reading.subject {
        Subject::Principal(principal) => write_principals(reading, out, &principal.groups),
        Subject::Collection(_) | Subject::Member(..) => Ok(Value::Missing),
    }),
    ..OF_PRINCIPALS
};

fn rights(reading: &Reading<'_, '_>) -> Rights {
    match reading.subject {
        Subject::Principal(principal) => principal.rights,
        Subject::Collection(collection) | Subject::Member(collection, _) => collection.rights,
    }
}

fn write_principals(
    reading: &Reading<'_, '_>,
    out: &mut Writer,
    ids: &[String],
) -> Result<Value, Error> {
    for id in ids {
        if let Some(href) = reading.ctx.principal_href(id)? {
            out.leaf(&HREF, &href);
        }
    }
    Ok(Value::Written)
}

fn write_supported(profile: &Profile, out: &mut Writer, privilege: &Privilege) {
    out.raw(b"<D:supported-privilege><D:privilege>");
    out.empty(&privilege.name);
    out.raw(b"</D:privilege>");
    if privilege.is_abstract {
        out.raw(b"<D:abstract/>");
    }
    out.raw(b"<D:description xml:lang=\"en\">");
    out.text(privilege.description);
    out.raw(b"</D:description>");
    for part in access::all(profile) {
        if part.parent.as_ref() == Some(&privilege.name) {
            write_supported(profile, out, part);
        }
    }
    out.raw(b"</D:supported-privilege>");
}
