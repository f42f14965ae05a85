//! GET of a whole collection as one file: what protocols share of exporting.

use crate::error::NUMBER_OF_MATCHES_WITHIN_LIMITS;
use crate::property::Subject;
use crate::property::rfc4918::DISPLAYNAME_NAME;
use crate::request::{Response, ResponseBody, Status};
use crate::resource::{Collection, Etag, Fields, Member, Resource, Stored, Want};
use crate::store::Listing;
use crate::{Context, Error, percent_encode};

/// Answers up to this length are sent at once, longer ones in pieces.
const PIECE_LEN: usize = 256 << 10;

/// The longest file that is made as a whole, in bytes.
pub const WHOLE_LEN_MAX: usize = 16 << 20;

/// More of a collection's name is not in the file's: file systems take 255 bytes.
const NAME_CHARS_MAX: usize = 60;

/// How the bodies of a collection become one file.
pub struct Export<'e> {
    /// The media type of the file.
    pub content_type: &'e str,
    /// What makes the entity tag of this file another than that of files in other formats.
    pub variant: &'e str,
    /// The end of the file's name, with its dot.
    pub extension: &'e str,
    /// Adds what stands before all bodies. It is not called for who has the file already.
    pub begin: &'e Begin<'e>,
    /// What stands after all bodies.
    pub end: &'e [u8],
    /// What makes another file of the whole, for formats that are not written piece by piece. A
    /// whole longer than [`WHOLE_LEN_MAX`] fails with `DAV:number-of-matches-within-limits`.
    pub convert: Option<&'e Convert<'e>>,
}

/// See [`Export::begin`].
pub type Begin<'b> = dyn Fn(&mut Vec<u8>) -> Result<(), Error> + 'b;

/// See [`Export::convert`].
pub type Convert<'c> = dyn Fn(Vec<u8>) -> Result<Vec<u8>, Error> + 'c;

/// Answers GET and HEAD of a collection with all its bodies, each as `write` adds it.
pub fn run(
    ctx: &Context<'_>,
    collection: &Collection,
    export: &Export<'_>,
    mut write: impl FnMut(&Member, &mut Vec<u8>) -> Result<(), Error>,
) -> Result<Response, Error> {
    let etag = etag(collection, export.variant);
    let etag = etag.as_ref();
    let mut response = Response::new(Status::OK);
    response.set("Content-Type", export.content_type);
    if let Some(etag) = etag {
        response.set("ETag", etag.quoted());
    }
    response.set("Vary", "Accept");
    response.set("X-Content-Type-Options", "nosniff");
    // Whoever subscribes asks again and again: the answer is known before anything is read.
    if let (Some(known), Some(etag)) = (ctx.header("If-None-Match"), etag)
        && known.split(',').any(|tag| etag.matches(tag))
    {
        response.status = Status::NOT_MODIFIED;
        return Ok(response);
    }
    let disposition = disposition(ctx, collection, export.extension)?;
    response.set("Content-Disposition", disposition);
    let mut out = Vec::new();
    (export.begin)(&mut out)?;
    let mut after: Option<String> = None;
    loop {
        let listing = Listing {
            want: Want {
                fields: Fields::BODY.and(Fields::LENGTH),
                stored: Stored::None,
            },
            members: true,
            after: after.as_deref(),
            limit: ctx.profile.limits.page,
            ..Listing::default()
        };
        let page = ctx.store.children(collection, &listing)?;
        for member in &page.members {
            write(member, &mut out)?;
            match export.convert {
                Some(_) if out.len() > WHOLE_LEN_MAX => {
                    return Err(NUMBER_OF_MATCHES_WITHIN_LIMITS.error());
                }
                Some(_) => {}
                None => send_piece(ctx, &response, &mut out)?,
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    out.extend_from_slice(export.end);
    if let Some(convert) = export.convert {
        out = convert(out)?;
    }
    response.body = match ctx.is_streaming() {
        true => {
            ctx.send(&out)?;
            ResponseBody::Streamed
        }
        false => ResponseBody::Bytes(out),
    };
    Ok(response)
}

/// Sends what is there, once it is long enough.
fn send_piece(ctx: &Context<'_>, response: &Response, out: &mut Vec<u8>) -> Result<(), Error> {
    if out.len() >= PIECE_LEN {
        if !ctx.is_streaming() {
            ctx.send_head(Status::OK, &response.headers)?;
        }
        ctx.send(out)?;
        out.clear();
    }
    Ok(())
}

/// The tag of all that is in a collection: of its state, which no two contents share. None for one
/// that has no state.
fn etag(collection: &Collection, variant: &str) -> Option<Etag> {
    let id = Some(&collection.id).filter(|id| !id.is_empty())?;
    Etag::new(&format!("{id}-{}{variant}", collection.state))
}

/// RFC 6266 §4.1; the name is encoded (§4.3), so that it can hold anything. It is what people call the
/// collection, if they do.
fn disposition(
    ctx: &Context<'_>,
    collection: &Collection,
    extension: &str,
) -> Result<String, Error> {
    let want = Want {
        stored: Stored::Names(&[DISPLAYNAME_NAME]),
        ..Want::default()
    };
    let said = match ctx.find(&collection.path, &want)? {
        Some(Resource::Collection(found)) => {
            Subject::Collection(&found).stored_text(&DISPLAYNAME_NAME)?
        }
        _ => None,
    };
    let name = said.as_deref().or(collection.path.name());
    let name: String = name
        .unwrap_or("export")
        .chars()
        .take(NAME_CHARS_MAX)
        .map(|character| match character {
            '/' | '\\' => '_',
            character if character.is_control() => '_',
            character => character,
        })
        .collect();
    let mut out = String::from("attachment; filename*=utf-8''");
    percent_encode(&mut out, &name);
    out.push_str(extension);
    Ok(out)
}
