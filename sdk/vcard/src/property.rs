//! One property of a card: its name, parameters and value, and the bytes that it stands in.

use std::borrow::Cow;

use vcard_rs::tree::line::VcardLine;
use vcard_rs::tree::param::node::VcardParamNode;

use crate::encoding::{decode_charset, decode_quoted_printable};
use crate::text::{decode_parameter, split, unescape};
use crate::{Error, Fault, Version};

/// A property as it stands in a card. RFC 6350 §3.3.
#[derive(Clone, Debug)]
pub struct Property<'a> {
    syntax: VcardLine<'a>,
    /// The value as it stands there, its folds removed.
    value: Cow<'a, [u8]>,
    wire: &'a [u8],
    line: usize,
    version: Version,
    embeds: bool,
}

impl<'a> Property<'a> {
    /// Takes the property at the beginning of `bytes`, and gives what is left. `line` is that of
    /// the first byte. None if there are but empty lines.
    pub(crate) fn take(
        bytes: &'a [u8],
        line: usize,
        version: Version,
    ) -> Result<Option<(Self, &'a [u8])>, Error> {
        let blank = bytes
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t'))
            .count();
        let (skipped, content) = bytes.split_at_checked(blank).unwrap_or((bytes, &[]));
        if content.is_empty() {
            return Ok(None);
        }
        let line = line + lines(skipped);
        let (syntax, rest) = VcardLine::take(content).map_err(|error| {
            use vcard_rs::tree::error::VcardParseError;
            match error {
                VcardParseError::NonUtf8Header(_) => Fault::NotUtf8.at(line),
                _ => Fault::NoColon.at(line),
            }
        })?;
        let wire = content
            .get(..content.len() - rest.len())
            .unwrap_or_default();
        let value = value(&syntax, wire);
        let property = Self {
            syntax,
            value,
            wire,
            line,
            version,
            embeds: false,
        };
        Ok(Some((property, rest)))
    }

    /// The group before the name: `item1` in `item1.TEL`. RFC 6350 §3.3.
    pub fn group(&self) -> Option<&str> {
        self.syntax.group()
    }

    /// The name as it is spelled, without the group.
    pub fn name(&self) -> &str {
        self.syntax.bare_name()
    }

    /// Whether this is its name, in whatever case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// The line of the input that it begins in, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The version of the card that it is from.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The bytes that it stands in, folds and the line's ending included.
    pub fn wire(&self) -> &'a [u8] {
        self.wire
    }

    /// Whether a whole card follows in [`Property::wire`]: an AGENT of vCard 2.1.
    pub fn embeds(&self) -> bool {
        self.embeds
    }

    /// The parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        self.syntax.params.iter().map(|node| Parameter {
            node,
            version: self.version,
        })
    }

    /// The first value of a parameter, decoded.
    pub fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        let found = self.parameters().find(|parameter| parameter.is(name));
        found.and_then(|parameter| parameter.into_first())
    }

    /// The values of all `TYPE` parameters, also where `TYPE=` is left out or a list of them stands
    /// in one pair of quotes.
    pub fn types(&self) -> Vec<String> {
        let mut types = Vec::new();
        for parameter in self.parameters().filter(|parameter| parameter.is("TYPE")) {
            for value in parameter.values() {
                types.extend(value.split(',').map(|word| word.trim().to_owned()));
            }
        }
        types.retain(|word| !word.is_empty());
        types
    }

    /// The value as it stands there, still escaped, its folds removed and what vCard 2.1 wraps
    /// around it taken off.
    pub fn raw(&self) -> Cow<'_, str> {
        let charset = self.parameter("CHARSET");
        if !self.is_quoted_printable() {
            return decode_charset(&self.value, charset.as_deref());
        }
        let octets = decode_quoted_printable(&self.value);
        let text = decode_charset(&octets, charset.as_deref()).into_owned();
        // A line break inside stands for itself here, and would end the line elsewhere.
        if self.version == Version::V2_1 || !text.contains(['\r', '\n']) {
            return Cow::Owned(text);
        }
        Cow::Owned(text.replace("\r\n", "\\n").replace(['\r', '\n'], "\\n"))
    }

    /// The value without its escapes, structured or not.
    pub fn text(&self) -> Cow<'_, str> {
        match self.raw() {
            Cow::Borrowed(raw) => unescape(raw, self.version),
            Cow::Owned(raw) => Cow::Owned(unescape(&raw, self.version).into_owned()),
        }
    }

    /// The value as a list of texts, separated by commas. RFC 6350 §3.3.
    pub fn list(&self) -> Vec<String> {
        let raw = self.raw();
        split(&raw, ',')
            .map(|part| unescape(part, self.version).into_owned())
            .collect()
    }

    /// The value as components, separated by semicolons, which are lists each. RFC 6350 §3.3.
    pub fn components(&self) -> Vec<Vec<String>> {
        if self.version == Version::V2_1 {
            return self.components_2_1();
        }
        let raw = self.raw();
        split(&raw, ';')
            .map(|component| {
                split(component, ',')
                    .map(|part| unescape(part, self.version).into_owned())
                    .collect()
            })
            .collect()
    }

    /// In vCard 2.1, a component is no list, and is wrapped by itself.
    fn components_2_1(&self) -> Vec<Vec<String>> {
        let mut components = Vec::new();
        let mut component: Vec<u8> = Vec::new();
        let mut escaped = false;
        for &byte in self.value.iter() {
            match byte {
                b';' if !escaped => components.push(std::mem::take(&mut component)),
                b';' => {
                    component.pop();
                    component.push(byte);
                }
                _ => component.push(byte),
            }
            escaped = byte == b'\\';
        }
        components.push(component);
        let quoted_printable = self.is_quoted_printable();
        let charset = self.parameter("CHARSET");
        let decode = |octets: Vec<u8>| match quoted_printable {
            true => {
                decode_charset(&decode_quoted_printable(&octets), charset.as_deref()).into_owned()
            }
            false => decode_charset(&octets, charset.as_deref()).into_owned(),
        };
        components
            .into_iter()
            .map(|octets| vec![decode(octets)])
            .collect()
    }

    /// Whether the value is base64, by whatever name. RFC 2426 §2.4.1.
    pub fn is_base64(&self) -> bool {
        self.parameter("ENCODING").is_some_and(|name| {
            name.eq_ignore_ascii_case("b") || name.eq_ignore_ascii_case("base64")
        })
    }

    pub(crate) fn is_quoted_printable(&self) -> bool {
        self.parameter("ENCODING")
            .is_some_and(|name| name.eq_ignore_ascii_case("quoted-printable"))
    }

    pub(crate) fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    pub(crate) fn set_embedded(&mut self, wire: &'a [u8]) {
        self.wire = wire;
        self.embeds = true;
    }
}

/// How many lines end in `bytes`.
pub(crate) fn lines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// The value of a line. It is a piece of `wire` unless that is folded.
fn value<'a>(syntax: &VcardLine<'a>, wire: &'a [u8]) -> Cow<'a, [u8]> {
    if syntax.wire.is_empty() {
        let parameter = |node: &VcardParamNode<'_>| {
            let values: usize = node.values.iter().map(|value| value.get().len() + 1).sum();
            1 + node.name.get().len() + values
        };
        let head = syntax.name.get().len() + syntax.params.iter().map(parameter).sum::<usize>();
        let end = wire.len().saturating_sub(syntax.eol.get().len());
        let value = wire.get(head + 1..end).unwrap_or_default();
        // A line end that somebody has made CR LF of twice.
        return Cow::Borrowed(value.strip_suffix(b"\r").unwrap_or(value));
    }
    if std::str::from_utf8(wire).is_ok() {
        return Cow::Owned(syntax.value.to_string().into_bytes());
    }
    let mut node = syntax.value.clone();
    node.escaper = vcard_rs::tree::codec::mode::VcardEscaper::V2_1;
    Cow::Owned(node.decode_bytes().into_owned())
}

/// A parameter. RFC 6350 §5.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'p> {
    node: &'p VcardParamNode<'p>,
    version: Version,
}

/// The encodings that vCard 2.1 names without `ENCODING=`.
const ENCODINGS: [&str; 4] = ["QUOTED-PRINTABLE", "BASE64", "7BIT", "8BIT"];

/// The places of values that vCard 2.1 names without `VALUE=`.
const PLACES: [&str; 4] = ["INLINE", "CONTENT-ID", "CID", "URL"];

impl<'p> Parameter<'p> {
    /// Its name. One that stands alone is a type, an encoding or a place of vCard 2.1.
    pub fn name(&self) -> &'p str {
        let name = self.node.name.get();
        let among = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        match self.is_bare() {
            true if among(&ENCODINGS) => "ENCODING",
            true if among(&PLACES) => "VALUE",
            true => "TYPE",
            false => name,
        }
    }

    /// Whether this is its name, in whatever case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// Its values, decoded.
    pub fn values(&self) -> impl Iterator<Item = Cow<'p, str>> {
        let version = self.version;
        self.raw_values()
            .map(move |raw| decode_parameter(raw, version))
    }

    /// Its values as they stand there.
    pub fn raw_values(&self) -> impl Iterator<Item = &'p str> {
        let bare = self.is_bare().then(|| self.node.name.get());
        bare.into_iter()
            .chain(self.node.values.iter().map(|value| value.get()))
    }

    /// Whether it is a value without a name.
    pub fn is_bare(&self) -> bool {
        self.node.values.is_empty()
    }

    fn into_first(self) -> Option<Cow<'p, str>> {
        self.values().next()
    }
}
