//! Body parts: RFC 8621 §4.1.4.

use crate::charset;
use crate::content_type::Parametrised;
use crate::header::{Field, Header};
use crate::text::cut;
use crate::transfer::{self, Encoding};
use std::borrow::Cow;
use std::ops::Range;

/// The longest boundary that is looked for, in bytes. RFC 2046 §5.1.1 allows 70.
const BOUNDARY_MAX: usize = 256;

/// A part of a message: an EmailBodyPart.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Its header section.
    pub header: Header<'a>,
    /// Where its contents lie in the message, as they are encoded there.
    pub range: Range<usize>,
    /// How its contents are encoded.
    pub encoding: Encoding,
    /// Its media type, in lower case and without parameters: `text/plain` if none is said, and
    /// `message/rfc822` in a digest.
    pub type_: String,
    /// Its number, as IMAP counts: `2.1` is the first part of the second one, `1` the only one. The
    /// message itself has none if it is a multipart. RFC 9051 §6.4.5.1.
    pub section: String,
    /// The numbers in [`Message::parts`](crate::Message::parts) of those that it is made of.
    pub sub_parts: Vec<usize>,
    pub(crate) parent: Option<usize>,
    pub(crate) boundary: Option<String>,
    /// It is a multipart that lies too deep to be taken apart.
    pub(crate) is_cut: bool,
    charset: Option<String>,
    disposition: Option<Parametrised>,
    name: Option<String>,
    pub(crate) contents: &'a [u8],
}

/// The text of a part: an EmailBodyValue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyValue {
    /// The text, with LF between lines.
    pub value: String,
    /// Something was not as its charset or encoding would have it.
    pub is_encoding_problem: bool,
    /// The text goes on.
    pub is_truncated: bool,
}

impl<'a> Part<'a> {
    /// What a header section says of its part, whose contents are yet to be found.
    pub(crate) fn new(header: Header<'a>, default_type: &str) -> Self {
        // Deviation: where there are several, the first is what other readers go by; if that is a
        // multipart, nothing of it would be seen otherwise.
        let field = header.all("Content-Type").next();
        // RFC 2045 §5.2: what can't be understood is taken as if it were not there.
        let said = field.and_then(|field| Parametrised::parse(&field));
        let said = said.filter(Parametrised::is_type);
        let type_ = said.as_ref().map_or(default_type, |said| &said.value);
        let of_type = |name| said.as_ref().and_then(|said| said.parameter(name));
        let implicit = (field.is_none() || type_.starts_with("text/")).then_some("us-ascii");
        let charset = of_type("charset").or(implicit).map(str::to_owned);
        let boundary = of_type("boundary")
            .filter(|_| type_.starts_with("multipart/"))
            .map(|boundary| boundary.trim_end().to_owned())
            .filter(|boundary| (1..=BOUNDARY_MAX).contains(&boundary.len()));
        let disposition = header.last("Content-Disposition");
        let disposition = disposition.and_then(|field| Parametrised::parse(&field));
        let name = disposition
            .as_ref()
            .and_then(|said| said.parameter("filename"))
            .or_else(|| of_type("name"))
            .map(str::to_owned);
        let encoding = header.last("Content-Transfer-Encoding");
        let encoding = encoding.map(|field| Encoding::named(&field.unfolded()));
        Self {
            type_: type_.to_owned(),
            encoding: encoding.unwrap_or_default(),
            range: 0..0,
            section: String::new(),
            sub_parts: Vec::new(),
            parent: None,
            boundary,
            is_cut: false,
            charset,
            disposition,
            name,
            contents: b"",
            header,
        }
    }

    /// Says whether it is made of parts.
    pub fn is_multipart(&self) -> bool {
        self.type_.starts_with("multipart/")
    }

    /// Says whether it is something to look at or listen to in line.
    pub fn is_media(&self) -> bool {
        ["image/", "audio/", "video/"]
            .iter()
            .any(|kind| self.type_.starts_with(kind))
    }

    /// What it is called by clients: none for multiparts.
    pub fn part_id(&self) -> Option<&str> {
        (!self.is_multipart()).then_some(&self.section)
    }

    /// The charset that its Content-Type says or implies.
    pub fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// Its disposition, in lower case.
    pub fn disposition(&self) -> Option<&str> {
        self.disposition.as_ref().map(|said| said.value.as_str())
    }

    /// The name of its file.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its Content-ID, without angle brackets.
    pub fn cid(&self) -> Option<String> {
        let field = self.header.last("Content-ID")?;
        let ids = field.message_ids().and_then(|ids| ids.into_iter().next());
        // Many forget the brackets.
        ids.or_else(|| Some(field.unfolded().trim().to_owned()))
            .filter(|id| !id.is_empty())
    }

    /// The tags of its languages: RFC 3282.
    pub fn language(&self) -> Option<Vec<String>> {
        let field = self.header.last("Content-Language")?;
        let value = field.unfolded();
        let tag = |tag: &str| {
            let tag = tag.split('(').next().unwrap_or_default();
            tag.trim().to_owned()
        };
        Some(
            value
                .split(',')
                .map(tag)
                .filter(|tag| !tag.is_empty())
                .collect(),
        )
    }

    /// Its URI: RFC 2557.
    pub fn location(&self) -> Option<String> {
        let field = self.header.last("Content-Location")?;
        let mut value = field.text();
        // RFC 2557 §4.4.1: white space in an URI comes from folding.
        value.retain(|char| !char.is_whitespace());
        Some(value)
    }

    /// How many octets it has when decoded.
    pub fn size(&self) -> usize {
        match self.is_multipart() {
            true => self.contents.len(),
            false => transfer::decoded_len(self.contents, self.encoding),
        }
    }

    /// Its octets, decoded.
    pub fn decoded(&self) -> Cow<'a, [u8]> {
        transfer::decode(self.contents, self.encoding)
    }

    /// All fields of its header section.
    pub fn fields(&self) -> &[Field<'a>] {
        self.header.fields()
    }

    /// Its text, of which no more than the first `max` octets are told if that is not 0: cut between
    /// characters, and outside of a tag of HTML. RFC 8621 §4.2.
    pub fn body_value(&self, max: usize) -> BodyValue {
        let max = if max == 0 { usize::MAX } else { max };
        // A charset takes up to four octets for what UTF-8 needs one for, and lines lose one each.
        let enough = max.saturating_mul(4).saturating_add(64);
        let (octets, is_whole) = transfer::decode_prefix(self.contents, self.encoding, enough);
        let decoded = charset::decode_prefix(&octets, self.charset(), is_whole);
        let mut value = match decoded.text.contains("\r\n") {
            true => decoded.text.replace("\r\n", "\n"),
            false => decoded.text.into_owned(),
        };
        let is_truncated = value.len() > max || !is_whole;
        if is_truncated {
            value.truncate(cut(&value, max).len());
            if self.type_ == "text/html"
                && let Some(tag) = value.rfind('<')
                && !value.get(tag..).unwrap_or_default().contains('>')
            {
                value.truncate(tag);
            }
        }
        BodyValue {
            value,
            is_encoding_problem: decoded.is_problem || self.encoding == Encoding::Unknown,
            is_truncated,
        }
    }
}
