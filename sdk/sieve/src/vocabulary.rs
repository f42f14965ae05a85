//! Commands, tests and what they take: one table each, of RFC 5228 and the extensions.

/// A kind of argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One string.
    Text,
    /// A string, or a list of strings.
    Texts,
    /// A number.
    Number,
}

/// A command or a test.
#[derive(Debug)]
pub struct Word {
    /// Its name.
    pub name: &'static str,
    /// The extension that it belongs to.
    pub extension: Option<&'static str>,
    /// The tags that it takes.
    pub tags: &'static [&'static [Tag]],
    /// A group of tags of which one must be there.
    pub must: Option<&'static str>,
    /// An argument before the others that may be left out, and the extension that it needs.
    pub optional: Option<(Kind, &'static str)>,
    /// Its arguments that are no tags.
    pub arguments: &'static [Kind],
    /// Which tests it takes.
    pub tests: Tests,
    /// It has a block.
    pub block: bool,
}

/// Which tests a command or a test takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tests {
    /// None.
    None,
    /// One.
    One,
    /// One or more, in parentheses.
    Some,
}

/// A tag.
#[derive(Debug)]
pub struct Tag {
    /// Its name, without the colon.
    pub name: &'static str,
    /// What it says: there is only one tag of a group.
    pub group: &'static str,
    /// The extension that it belongs to.
    pub extension: Option<&'static str>,
    /// What follows it.
    pub value: Option<Kind>,
}

/// Extensions that scripts may require, besides those of comparators that need not be required.
pub const EXTENSIONS: [&str; 18] = [
    "body",
    "comparator-i;ascii-numeric",
    "copy",
    "date",
    "encoded-character",
    "envelope",
    "ereject",
    "fileinto",
    "imap4flags",
    "index",
    "mailbox",
    "reject",
    "relational",
    "special-use",
    "subaddress",
    "vacation",
    "vacation-seconds",
    "variables",
];

/// Comparators, and the extension that each needs. RFC 5228 §2.7.3.
pub const COMPARATORS: [(&str, Option<&str>); 3] = [
    ("i;octet", None),
    ("i;ascii-casemap", None),
    ("i;ascii-numeric", Some("comparator-i;ascii-numeric")),
];

const fn tag(name: &'static str, group: &'static str, extension: Option<&'static str>) -> Tag {
    Tag {
        name,
        group,
        extension,
        value: None,
    }
}

const fn valued(
    name: &'static str,
    group: &'static str,
    extension: Option<&'static str>,
    value: Kind,
) -> Tag {
    Tag {
        name,
        group,
        extension,
        value: Some(value),
    }
}

/// MATCH-TYPE and COMPARATOR: RFC 5228 §2.7, RFC 5231.
const MATCH: &[Tag] = &[
    tag("is", "match type", None),
    tag("contains", "match type", None),
    tag("matches", "match type", None),
    valued("count", "match type", Some("relational"), Kind::Text),
    valued("value", "match type", Some("relational"), Kind::Text),
    valued("comparator", "comparator", None, Kind::Text),
];
/// ADDRESS-PART: RFC 5228 §2.7.4, RFC 5233.
const ADDRESS_PART: &[Tag] = &[
    tag("all", "address part", None),
    tag("localpart", "address part", None),
    tag("domain", "address part", None),
    tag("user", "address part", Some("subaddress")),
    tag("detail", "address part", Some("subaddress")),
];
/// RFC 5260 §6.
const INDEX: &[Tag] = &[
    valued("index", ":index", Some("index"), Kind::Number),
    tag("last", ":last", Some("index")),
];
/// RFC 5260 §4.
const ZONE: &[Tag] = &[valued("zone", "zone", None, Kind::Text)];
const ORIGINAL_ZONE: &[Tag] = &[tag("originalzone", "zone", None)];
const SIZE: &[Tag] = &[
    tag("over", "of :over and :under", None),
    tag("under", "of :over and :under", None),
];
/// RFC 5173 §5.
const TRANSFORM: &[Tag] = &[
    tag("raw", "body transform", None),
    tag("text", "body transform", None),
    valued("content", "body transform", None, Kind::Texts),
];
/// RFC 3894.
const COPY: &[Tag] = &[tag("copy", ":copy", Some("copy"))];
/// RFC 5232 §5.
const FLAGS: &[Tag] = &[valued("flags", ":flags", Some("imap4flags"), Kind::Texts)];
/// RFC 5490 §3.2, RFC 8579 §4.
const MAILBOX: &[Tag] = &[
    tag("create", ":create", Some("mailbox")),
    valued("specialuse", ":specialuse", Some("special-use"), Kind::Text),
];
/// RFC 5229 §4.1.
const MODIFIERS: &[Tag] = &[
    tag("lower", "of :lower and :upper", None),
    tag("upper", "of :lower and :upper", None),
    tag("lowerfirst", "of :lowerfirst and :upperfirst", None),
    tag("upperfirst", "of :lowerfirst and :upperfirst", None),
    tag("quotewildcard", ":quotewildcard", None),
    tag("length", ":length", None),
];
/// RFC 5230 §4, RFC 6131.
const VACATION: &[Tag] = &[
    valued("days", "period", None, Kind::Number),
    valued("seconds", "period", Some("vacation-seconds"), Kind::Number),
    valued("subject", ":subject", None, Kind::Text),
    valued("from", ":from", None, Kind::Text),
    valued("addresses", ":addresses", None, Kind::Texts),
    tag("mime", ":mime", None),
    valued("handle", ":handle", None, Kind::Text),
];

const PLAIN: Word = Word {
    name: "",
    extension: None,
    tags: &[],
    must: None,
    optional: None,
    arguments: &[],
    tests: Tests::None,
    block: false,
};

const fn word(name: &'static str, arguments: &'static [Kind]) -> Word {
    Word {
        name,
        arguments,
        ..PLAIN
    }
}

const fn of(extension: &'static str, name: &'static str, arguments: &'static [Kind]) -> Word {
    Word {
        extension: Some(extension),
        ..word(name, arguments)
    }
}

/// RFC 5232 §3: a variable may stand before the flags.
const fn flag_action(name: &'static str) -> Word {
    Word {
        optional: Some((Kind::Text, "variables")),
        ..of("imap4flags", name, &[Kind::Texts])
    }
}

/// All commands.
pub const COMMANDS: [Word; 16] = [
    Word {
        tests: Tests::One,
        block: true,
        ..word("if", &[])
    },
    Word {
        tests: Tests::One,
        block: true,
        ..word("elsif", &[])
    },
    Word {
        block: true,
        ..word("else", &[])
    },
    word("require", &[Kind::Texts]),
    word("stop", &[]),
    word("discard", &[]),
    Word {
        tags: &[FLAGS],
        ..word("keep", &[])
    },
    Word {
        tags: &[COPY],
        ..word("redirect", &[Kind::Text])
    },
    Word {
        tags: &[COPY, FLAGS, MAILBOX],
        ..of("fileinto", "fileinto", &[Kind::Text])
    },
    // RFC 5429 §2.
    of("reject", "reject", &[Kind::Text]),
    of("ereject", "ereject", &[Kind::Text]),
    flag_action("setflag"),
    flag_action("addflag"),
    flag_action("removeflag"),
    Word {
        tags: &[MODIFIERS],
        ..of("variables", "set", &[Kind::Text, Kind::Text])
    },
    Word {
        tags: &[VACATION],
        ..of("vacation", "vacation", &[Kind::Text])
    },
];

/// All tests.
pub const TESTS: [Word; 17] = [
    Word {
        tags: &[MATCH, ADDRESS_PART, INDEX],
        ..word("address", &[Kind::Texts, Kind::Texts])
    },
    Word {
        tests: Tests::Some,
        ..word("allof", &[])
    },
    Word {
        tests: Tests::Some,
        ..word("anyof", &[])
    },
    Word {
        tags: &[MATCH, ADDRESS_PART],
        ..of("envelope", "envelope", &[Kind::Texts, Kind::Texts])
    },
    word("exists", &[Kind::Texts]),
    word("false", &[]),
    Word {
        tags: &[MATCH, INDEX],
        ..word("header", &[Kind::Texts, Kind::Texts])
    },
    Word {
        tests: Tests::One,
        ..word("not", &[])
    },
    Word {
        tags: &[SIZE],
        must: Some("of :over and :under"),
        ..word("size", &[Kind::Number])
    },
    word("true", &[]),
    Word {
        tags: &[MATCH, TRANSFORM],
        ..of("body", "body", &[Kind::Texts])
    },
    Word {
        tags: &[MATCH, ZONE, ORIGINAL_ZONE, INDEX],
        ..of("date", "date", &[Kind::Text, Kind::Text, Kind::Texts])
    },
    Word {
        tags: &[MATCH, ZONE],
        ..of("date", "currentdate", &[Kind::Text, Kind::Texts])
    },
    Word {
        tags: &[MATCH],
        optional: Some((Kind::Texts, "variables")),
        ..of("imap4flags", "hasflag", &[Kind::Texts])
    },
    of("mailbox", "mailboxexists", &[Kind::Texts]),
    Word {
        optional: Some((Kind::Text, "special-use")),
        ..of("special-use", "specialuse_exists", &[Kind::Texts])
    },
    Word {
        tags: &[MATCH],
        ..of("variables", "string", &[Kind::Texts, Kind::Texts])
    },
];

/// The command of this name.
pub fn command(name: &str) -> Option<&'static Word> {
    COMMANDS.iter().find(|word| word.name == name)
}

/// The test of this name.
pub fn test(name: &str) -> Option<&'static Word> {
    TESTS.iter().find(|word| word.name == name)
}
