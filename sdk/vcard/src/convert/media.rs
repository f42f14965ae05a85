//! Pictures, sounds and keys: inline with a type in vCard 3.0, `data:` URIs in 4.0.
//! RFC 2426 §3.1.4, RFC 6350 §6.2.4, RFC 2397.

use super::draft::Draft;

/// Properties whose value is a file, or says where one is.
pub(super) const MEDIA: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

/// Types that say what a property is for, and not what format it has.
const PURPOSES: [&str; 3] = ["home", "work", "pref"];

/// Formats whose names in vCard 3.0 are not the end of their media type.
const FORMATS: [(&str, &str, &str); 4] = [
    ("KEY", "PGP", "application/pgp-keys"),
    ("KEY", "X509", "application/pkix-cert"),
    ("SOUND", "WAVE", "audio/wav"),
    ("PHOTO", "JPG", "image/jpeg"),
];

/// Beginnings of base64 by which formats are known, where no type is said (Apple's Contacts).
const MAGIC: [(&str, &str); 5] = [
    ("/9j/", "image/jpeg"),
    ("iVBOR", "image/png"),
    ("R0lG", "image/gif"),
    ("UklGR", "image/webp"),
    ("SUQz", "audio/mpeg"),
];

const UNKNOWN: &str = "application/octet-stream";

/// vCard 3.0 to 4.0.
pub(super) fn to_uri(draft: &mut Draft, is_base64: bool) {
    let purpose = |word: &str| PURPOSES.iter().any(|p| p.eq_ignore_ascii_case(word));
    if is_base64 {
        draft.remove("ENCODING");
        draft.remove("VALUE");
        let format = draft.take_types(|word| !purpose(word));
        let data: String = draft.value.split_whitespace().collect();
        let media_type = match format.first() {
            Some(format) => media_type(&draft.name, format),
            None => sniff(&data).to_owned(),
        };
        draft.value = format!("data:{media_type};base64,{data}");
        return;
    }
    let value = draft.parameter("VALUE").and_then(<[String]>::first);
    let is_text = value.is_some_and(|value| value.eq_ignore_ascii_case("text"));
    if !is_text && is_uri(&draft.value) {
        draft.remove("VALUE");
    } else if draft.name.eq_ignore_ascii_case("KEY") {
        // The default for a key is text in vCard 3.0, and a URI in 4.0.
        draft.set("VALUE", "text");
    } else {
        return;
    }
    let format = draft.take_types(|word| !purpose(word));
    if let Some(format) = format
        .first()
        .filter(|_| draft.parameter("MEDIATYPE").is_none())
    {
        let media_type = media_type(&draft.name, format);
        draft.set("MEDIATYPE", media_type);
    }
}

/// vCard 4.0 to 3.0.
pub(super) fn to_inline(draft: &mut Draft) {
    let media_type = draft.remove("MEDIATYPE");
    if let Some((of_data, data)) = base64_of(&draft.value) {
        let (of_data, data) = (of_data.to_owned(), percent_decode(data));
        draft.remove("VALUE");
        draft.set("ENCODING", "b");
        if let Some(format) = format(&draft.name, &of_data) {
            draft.add_type(&format);
        }
        draft.value = data;
        return;
    }
    if draft.has("VALUE", "text") {
        draft.remove("VALUE");
    } else {
        draft.set("VALUE", "uri");
    }
    if let Some(format) = media_type.and_then(|media_type| format(&draft.name, &media_type)) {
        draft.add_type(&format);
    }
}

/// The media type and the data of a `data:` URI in base64. RFC 2397 §3.
fn base64_of(uri: &str) -> Option<(&str, &str)> {
    let scheme = uri.get(..5)?;
    let (head, data) = uri.get(5..)?.split_once(',')?;
    // Some programs escape the comma as in a text.
    let head = head.strip_suffix('\\').unwrap_or(head);
    let media_type = head.get(..head.len().checked_sub(7)?)?;
    let is_base64 = head
        .get(media_type.len()..)?
        .eq_ignore_ascii_case(";base64");
    (is_base64 && scheme.eq_ignore_ascii_case("data:")).then_some((media_type, data))
}

/// Base64 in a URI may have its `+`, `/` and `=` escaped.
fn percent_decode(data: &str) -> String {
    let mut decoded = data.replace("\\,", ",");
    for (escape, char) in [
        ("%2B", "+"),
        ("%2F", "/"),
        ("%3D", "="),
        ("%20", ""),
        ("%0D", ""),
        ("%0A", ""),
    ] {
        if decoded.contains('%') {
            decoded = decoded
                .replace(escape, char)
                .replace(&escape.to_lowercase(), char);
        }
    }
    decoded
}

fn media_type(name: &str, format: &str) -> String {
    let known = FORMATS.iter().find(|(property, known, _)| {
        (property.eq_ignore_ascii_case(name) || *property == "PHOTO")
            && known.eq_ignore_ascii_case(format)
    });
    let format = format.to_ascii_lowercase();
    match known {
        Some((_, _, media_type)) => (*media_type).to_owned(),
        None if format.contains('/') => format,
        None => format!("{}/{format}", family(name)),
    }
}

/// What vCard 3.0 calls a media type. None for the one that says nothing.
fn format(name: &str, media_type: &str) -> Option<String> {
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if media_type.is_empty() || media_type.eq_ignore_ascii_case(UNKNOWN) {
        return None;
    }
    let known = FORMATS.iter().find(|(property, _, known)| {
        property.eq_ignore_ascii_case(name) && known.eq_ignore_ascii_case(media_type)
    });
    let (of, format) = media_type.split_once('/').unwrap_or(("", media_type));
    Some(match known {
        Some((_, "JPG", _)) => "JPEG".to_owned(),
        Some((_, format, _)) => (*format).to_owned(),
        None if of.eq_ignore_ascii_case(family(name)) => format.to_ascii_uppercase(),
        None => media_type.to_owned(),
    })
}

fn family(name: &str) -> &'static str {
    match name.to_ascii_uppercase().as_str() {
        "SOUND" => "audio",
        "KEY" => "application",
        _ => "image",
    }
}

fn sniff(data: &str) -> &'static str {
    let known = MAGIC.iter().find(|(begin, _)| data.starts_with(begin));
    known.map_or(UNKNOWN, |(_, media_type)| media_type)
}

/// Whether a text begins with the scheme of a URI. RFC 3986 §3.1.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else {
        return false;
    };
    let mut bytes = scheme.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}
