//! Which type a property of vCard 4.0 has, and whether its value has a structure. RFC 6350 §6,
//! RFC 7095 §3.5.

/// How a value is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One value.
    Single,
    /// Values separated by commas. RFC 7095 §3.3.1.3.
    List,
    /// Components separated by semicolons. RFC 7095 §3.3.1.3.
    Structured,
}

/// What a property of a name is, in lower case: the type that it has by default, and its shape.
/// Unknown ones have the type `unknown`. RFC 7095 §5.1.
pub(super) fn of(name: &str) -> (&'static str, Shape) {
    match name {
        "adr" | "n" | "org" | "gender" | "clientpidmap" => ("text", Shape::Structured),
        "nickname" | "categories" => ("text", Shape::List),
        "email" | "expertise" | "fn" | "hobby" | "interest" | "kind" | "note" | "prodid"
        | "role" | "tel" | "title" | "tz" | "version" | "xml" | "birthplace" | "deathplace"
        | "gramgender" | "pronouns" | "jsprop" => ("text", Shape::Single),
        "caladruri" | "caluri" | "contact-uri" | "fburl" | "geo" | "impp" | "key" | "logo"
        | "member" | "org-directory" | "photo" | "related" | "socialprofile" | "sound"
        | "source" | "uid" | "url" => ("uri", Shape::Single),
        "anniversary" | "bday" | "deathdate" => ("date-and-or-time", Shape::Single),
        "created" | "rev" => ("timestamp", Shape::Single),
        "lang" | "language" => ("language-tag", Shape::Single),
        _ => ("unknown", Shape::Single),
    }
}

/// Whether a value of this type has the escapes and the structure of a text.
pub(super) fn is_text(kind: &str) -> bool {
    kind == "text"
}
