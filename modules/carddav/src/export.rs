//! GET of a whole address book: one file of all its cards, as they are stored, in one version of
//! vCard, or as an array of jCards.

use dav::method::export::{self, Export};
use dav::{Context, Error, Resource, Response};

use crate::representation::Form;

/// Answers GET and HEAD of an address book.
pub(crate) fn get(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Collection(book) = resource else {
        return Ok(None);
    };
    let form = Form::accepted(ctx);
    let export = match form {
        Form::Jcard => Export {
            content_type: form.content_type(),
            variant: "-j",
            extension: ".json",
            begin: &|out| {
                out.push(b'[');
                Ok(())
            },
            end: b"]\n",
            convert: None,
        },
        Form::Stored | Form::Vcard(_) => Export {
            content_type: form.content_type(),
            variant: match form {
                Form::Vcard(vcard::Version::V4_0) => "-4",
                Form::Vcard(_) => "-3",
                _ => "",
            },
            extension: ".vcf",
            begin: &|_| Ok(()),
            end: b"",
            convert: None,
        },
    };
    let mut is_first = true;
    let response = export::run(ctx, book, &export, |member, out| {
        let stored = member.body.as_deref().unwrap_or_default();
        let converted = form.of_card(stored);
        let card = converted.as_deref().unwrap_or(stored);
        match form {
            // What others stored and cannot be read would break the array for all the rest.
            Form::Jcard if converted.is_none() => return Ok(()),
            Form::Jcard => {
                if !std::mem::take(&mut is_first) {
                    out.extend_from_slice(b",\n");
                }
                out.extend_from_slice(card);
            }
            Form::Stored | Form::Vcard(_) => {
                out.extend_from_slice(card);
                if !card.ends_with(b"\n") {
                    out.extend_from_slice(b"\r\n");
                }
            }
        }
        Ok(())
    })?;
    Ok(Some(response))
}
