//! The table of options: names, types, defaults and what they are for. Parsing, the documentation
//! and the warnings about misspelt names all come from it. Names and meanings are those of
//! Cyrus where it has them.

use std::time::Duration;

/// What an option's value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Printable ASCII, as clients show it.
    Realm,
    /// A file or folder.
    Path,
    /// Words between white space.
    List,
    /// `on` or `off`, and Cyrus's other ways to say it.
    Switch,
    /// A whole number, perhaps negative.
    Integer,
    /// `5m`, `1h30m`; a bare number has this unit.
    Duration(char),
    /// `64M`, in steps of 1024; a bare number has this unit.
    Bytes(char),
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl Kind {
    /// What a value must look like, for people.
    pub fn expected(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Realm => "up to 200 printable characters of ASCII".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::List => "words separated by spaces".to_owned(),
            Self::Switch => "`on` or `off`".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Duration(unit) => {
                format!(
                    "a duration like `90s`, `5m`, `1h30m` or `2d` (a bare number is in `{unit}`)"
                )
            }
            Self::Bytes('B') => "a size like `512`, `64K`, `10M` or `2G`".to_owned(),
            Self::Bytes(unit) => {
                format!("a size like `512B`, `64K`, `10M` or `2G` (a bare number is in `{unit}`)")
            }
            Self::Choice(words) => format!("one of `{}`", words.join("`, `")),
        }
    }

    /// Says whether a value is of this kind.
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Text | Self::Path | Self::List => true,
            Self::Realm => value.len() <= 200 && value.bytes().all(|b| matches!(b, b' '..=b'~')),
            Self::Switch => parse_switch(value).is_some(),
            Self::Integer => value.parse::<i64>().is_ok(),
            Self::Duration(unit) => parse_duration(value, unit).is_some(),
            Self::Bytes(unit) => parse_bytes(value, unit).is_some(),
            Self::Choice(words) => words.contains(&value),
        }
    }
}

/// An option of the host.
#[derive(Clone, Copy, Debug)]
pub struct OptionDef {
    /// Its name.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// What holds without it: a value, or none if `help` says what happens.
    pub default: Option<&'static str>,
    /// What it is for.
    pub help: &'static str,
    /// Where it may stand.
    pub scope: Scope,
}

/// Where an option may stand, and for whom it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the main file, for all.
    Host,
    /// In the main file for all, in a tenant's file for that tenant instead.
    Tenants,
    /// In any file, for the tenant that the file is of, the main file's own included.
    Own,
}

impl OptionDef {
    /// It may stand in a tenant's file; without it the main file's value holds.
    const fn of_tenants(mut self) -> Self {
        self.scope = Scope::Tenants;
        self
    }

    /// Each tenant has its own, and none without one.
    const fn own(mut self) -> Self {
        self.scope = Scope::Own;
        self
    }
}

const fn option(
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    help: &'static str,
) -> OptionDef {
    OptionDef {
        name,
        kind,
        default,
        help,
        scope: Scope::Host,
    }
}

/// Every option of the host. Others belong to modules, which name theirs when they are loaded.
#[rustfmt::skip]
pub static OPTIONS: &[OptionDef] = &[
    option("listen", Kind::List, Some("127.0.0.1:8080"),
        "Addresses to answer plain HTTP on: `127.0.0.1:8080`, `[::1]:8080`, `*:80`, `localhost:0`. `none` for no plain listener. The default holds only if `tls_listen` is not set either."),
    option("tls_listen", Kind::List, None,
        "Addresses to answer HTTPS on. Needs `tls_server_cert` and `tls_server_key`."),
    option("tls_server_cert", Kind::Path, None,
        "PEM file with the server's certificate and those that lead to its authority.").own(),
    option("tls_server_key", Kind::Path, None,
        "PEM file with the private key of the certificate.").own(),
    option("configdirectory", Kind::Path, None,
        "The state folder, where everything is kept. Without it `$STATE_DIRECTORY`, `$XDG_STATE_HOME/chapar` or `~/.local/state/chapar`, the first that is set."),
    option("tenantdir", Kind::Path, None,
        "The folder of tenants: a file `NAME.conf` each. Without it `tenants.d` in the state folder."),
    option("domains", Kind::List, None,
        "Mail domains and Host names of the tenant: requests for these hosts are its, and elsewhere those of users `NAME@DOMAIN`. Without it, in a tenant's file, the tenant's name.").own(),
    option("defaultdomain", Kind::Text, None,
        "One more of the `domains`; Cyrus's name for it.").own(),
    option("tenant_store", Kind::Path, None,
        "Folder of the tenant's store. Without it `tenants/NAME` in the state folder.").own(),
    option("moduledir", Kind::Path, None,
        "The folder of modules. Without it `modules` beside the program."),
    option("httpmodules", Kind::List, Some("*"),
        "The modules to serve, by name; `*` for whatever lies in the module folder.").of_tenants(),
    option("module_grants", Kind::List, None,
        "Interfaces granted to modules beyond the harmless ones: `module:interface`, with `*` for all of either. The modules that come with the host get what they ask for, unless they are named here."),
    option("module_folders", Kind::List, None,
        "Folders that modules may read, and no more: `module:/folder`. A module sees none but those, each at its own path."),
    option("zoneinfo_dir", Kind::Path, None,
        "A folder of compiled time zones, such as `/usr/share/zoneinfo`, that `tzdist` serves instead of its own; short for `module_folders: tzdist:…`. What it lacks is the module's."),
    option("module_prefixes", Kind::List, None,
        "Other places for modules: `module:/its/path=/other/path`."),
    option("davdriveprefix", Kind::Text, Some("/dav/drive"),
        "Short for `module_prefixes: webdav:/dav/drive=…`. Cyrus's value, a mailbox name without a slash, changes nothing."),
    option("calendarprefix", Kind::Text, Some("/dav/calendars"),
        "Short for `module_prefixes: caldav:/dav/calendars=…`. Cyrus's value, a mailbox name without a slash, changes nothing."),
    option("addressbookprefix", Kind::Text, Some("/dav/addressbooks"),
        "Short for `module_prefixes: carddav:/dav/addressbooks=…`. Cyrus's value, a mailbox name without a slash, changes nothing."),
    option("module_memory", Kind::Bytes('B'), Some("256M"),
        "Memory that a module may use for one request."),
    option("module_cpu", Kind::Duration('s'), Some("10s"),
        "CPU time that a module may use for one request."),
    option("module_instances", Kind::Integer, Some("128"),
        "How many instances of modules may live at once."),
    option("module_warm", Kind::Integer, Some("1024"),
        "How many instances may wait, besides, for the next request of the user they served last: a few seconds each, 2 MiB on the average. When there are more, those go first whose tenant has most."),
    option("tenant_limits", Kind::List, None,
        "What a tenant may use: `requests=20` at once (more wait), `rate=50` a second, `cpu=2s` a request, `cpu_minute=30s`, `memory=64M` an instance, `body=1G` a request. What is not named has no limit of its own.").of_tenants(),
    option("module_limits", Kind::List, None,
        "What a module may use, for all tenants together: words as of `tenant_limits`, each after `module:`, or `*:` for modules that are not named. The tighter of two limits holds."),
    option("module_threads", Kind::Integer, Some("0"),
        "Threads that run modules; 0 for one per processor."),
    option("httpdocroot", Kind::Path, None,
        "Folder of static files, served wherever no module is. Without it a page says what runs here.").of_tenants(),
    option("httpallowedurls", Kind::List, None,
        "The only paths served from `httpdocroot`. Without it all are.").of_tenants(),
    option("httptimeout", Kind::Duration('m'), Some("5m"),
        "How long an idle connection is kept; 0 closes it after each answer."),
    option("maxconnections", Kind::Integer, Some("0"),
        "Connections that are open at once; what comes beyond is answered 503, or closed where there is TLS. 0 for as many as open files allow."),
    option("maxconnections_per_host", Kind::Integer, Some("256"),
        "How many of them one address may have (of IPv6, one /64); 0 for any number, behind a proxy. The machine itself may always have any number."),
    option("maxconnectionrate", Kind::Integer, Some("0"),
        "New connections in a second, on the average of four; 0 for any number."),
    option("maxconnectionrate_per_host", Kind::Integer, Some("50"),
        "How many of them from one address (of IPv6, one /64); 0 for any number, behind a proxy. The machine itself may always open any number."),
    option("httpallowcompress", Kind::Switch, Some("on"),
        "Whether answers are compressed (zstd, br, gzip) for clients that can read it.").of_tenants(),
    option("httpallowcors", Kind::Text, None,
        "Origins whose pages may read answers, like `https://app.example.org https://*.example.com`; `!` before one excludes it, and the last that matches decides. One that only a bare `*` lets in gets no credentials. Without it there are none.").of_tenants(),
    option("httpallowtrace", Kind::Switch, Some("off"),
        "Whether TRACE sends requests back, without credentials.").of_tenants(),
    option("httphsts", Kind::Duration('s'), Some("10m"),
        "How long browsers that came by TLS come by nothing else (Strict-Transport-Security); 0 for not to say so.").of_tenants(),
    option("http_h2_altsvc", Kind::Text, None,
        "`host:port` where HTTP/2 over TLS is answered, told to those who came without TLS (Alt-Svc).").of_tenants(),
    option("lmtp_listen", Kind::List, None,
        "Where mail is taken by LMTP: paths of sockets, like `/run/chapar/lmtp`, and addresses with a port. Whoever can connect there may deliver. Without it there is none."),
    option("lmtp_over_quota_perm_failure", Kind::Switch, Some("off"),
        "Whether mail for somebody over quota is refused for good (552), or may come again (452).").of_tenants(),
    option("smtp_backend", Kind::Choice(&["none", "host", "sendmail"]), Some("none"),
        "What takes the mail that modules send: nothing, the server at `smtp_host`, or the program `sendmail`.").of_tenants(),
    option("smtp_host", Kind::Text, Some("localhost:587"),
        "The server that takes mail by SMTP, and its port.").of_tenants(),
    option("smtp_tls", Kind::Choice(&["none", "may", "encrypt", "wrapper"]), Some("may"),
        "Whether it is spoken to over TLS: never, if it offers STARTTLS, always by STARTTLS, always from the first byte on. Its certificate must hold for its name.").of_tenants(),
    option("smtp_auth_authname", Kind::Text, None,
        "The name to sign in with there. Without it nobody signs in.").of_tenants(),
    option("smtp_auth_password", Kind::Text, None,
        "The password of that name.").of_tenants(),
    option("sendmail", Kind::Path, Some("/usr/sbin/sendmail"),
        "The program that takes mail, as `sendmail(8)` does."),
    option("push_destinations", Kind::Choice(&["public", "any", "none"]), Some("public"),
        "Where the push services of users may be that are told of changes by HTTPS: at public addresses, at any, which lets users make the server connect inside its network, or nowhere."),
    option("push_contact", Kind::Text, None,
        "Whom push services may turn to: `mailto:` with an address, or an `https:` URL. Without it the postmaster at the server's name."),
    option("maxmessagesize", Kind::Bytes('B'), Some("0"),
        "Biggest body of a request, and biggest message; 0 for the most that the store takes (4G).").of_tenants(),
    option("servername", Kind::Text, None,
        "The server's name in realms and pages. Without it the machine's host name.").of_tenants(),
    option("caldav_realm", Kind::Realm, None,
        "What clients show when they ask for a password of calendars: printable ASCII. Without it `servername`.").of_tenants(),
    option("carddav_realm", Kind::Realm, None,
        "The same for contacts.").of_tenants(),
    option("dav_realm", Kind::Realm, None,
        "The same for files and for principals.").of_tenants(),
    option("rss_realm", Kind::Realm, None,
        "The same for feeds.").of_tenants(),
    option("serverinfo", Kind::Choice(&["on", "min", "off"]), Some("on"),
        "How much the Server field tells: name and version, the name, nothing."),
    option("allowplaintext", Kind::Switch, Some("off"),
        "Whether passwords are taken without TLS. Without a configuration file they are, from the machine itself."),
    option("admins", Kind::List, None,
        "Users who administer: they see and may change the rights of everything.").own(),
    option("username_tolower", Kind::Switch, Some("on"),
        "Whether user names are the same in upper and lower case.").of_tenants(),
    option("failedloginpause", Kind::Duration('s'), Some("3s"),
        "How long answers to repeated wrong passwords are held back.").of_tenants(),
    option("autocreate_quota", Kind::Bytes('K'), Some("-1"),
        "Bytes that each user may store unless set otherwise; 0 or -1 for no limit.").of_tenants(),
    option("autocreate_quota_messages", Kind::Integer, Some("-1"),
        "Messages that each user may store unless set otherwise; 0 or -1 for no limit.").of_tenants(),
    option("tombstone_expiry", Kind::Duration('d'), Some("90d"),
        "How long is remembered what was removed: a client that was away for longer synchronises anew.").of_tenants(),
    option("upload_expiry", Kind::Duration('h'), Some("1d"),
        "How long an upload waits to be used.").of_tenants(),
    option("upload_allowance", Kind::Bytes('B'), Some("1G"),
        "Bytes of uploads that may wait, for each user; 0 or -1 for no limit.").of_tenants(),
    option("log", Kind::Text, Some("info"),
        "What is logged: `error`, `warn`, `info`, `debug`, or filters like `info,chapar::request=off`. `RUST_LOG` in the environment overrides it."),
    option("log_format", Kind::Choice(&["text", "json"]), Some("text"),
        "How lines of the log look: for people, or an object of JSON each."),
    option("prometheus_enabled", Kind::Switch, Some("off"),
        "Whether metrics are served at `/metrics`."),
    option("prometheus_need_auth", Kind::Choice(&["none", "user", "admin"]), Some("admin"),
        "Who may read `/metrics`: anyone, who is signed in, or only `admins`."),
    option("prometheus_listen", Kind::List, None,
        "Addresses that serve `/metrics`, `/healthz` and `/readyz` alone, over plain HTTP and without sign-in."),
    option("otlp_endpoint", Kind::Text, None,
        "URL of a collector that spans of requests are sent to, by OTLP over HTTP: `http://127.0.0.1:4318`; `/v1/traces` is added. In builds with the feature `otlp`."),
];

/// Options with a name of their own for what `module_prefixes` does: (option, module, its path).
pub const PREFIX_OPTIONS: [(&str, &str, &str); 3] = [
    ("davdriveprefix", "webdav", "/dav/drive"),
    ("calendarprefix", "caldav", "/dav/calendars"),
    ("addressbookprefix", "carddav", "/dav/addressbooks"),
];

/// Options for what modules ask for passwords of: (option, module).
pub const REALM_OPTIONS: [(&str, &str); 5] = [
    ("caldav_realm", "caldav"),
    ("carddav_realm", "carddav"),
    ("dav_realm", "webdav"),
    ("dav_realm", "principals"),
    ("rss_realm", "rss"),
];

/// Options with a name of their own for what `module_folders` does: (option, module).
pub const FOLDER_OPTIONS: [(&str, &str); 1] = [("zoneinfo_dir", "tzdist")];

/// Finds an option by name.
pub fn find(name: &str) -> Option<&'static OptionDef> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// Finds the name that was probably meant.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(4))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Parses a switch as Cyrus does.
pub fn parse_switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "on" | "yes" | "y" | "true" | "t" => Some(true),
        "0" | "off" | "no" | "n" | "false" | "f" => Some(false),
        _ => None,
    }
}

/// Parses `1h30m`; a bare number has the given unit.
pub fn parse_duration(value: &str, unit: char) -> Option<Duration> {
    let mut seconds: u64 = 0;
    let mut rest = value.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(digits)?;
        let mut tail = tail.chars();
        let scale = match tail.next().unwrap_or(unit).to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(scale)?)?;
        rest = tail.as_str();
    }
    Some(Duration::from_secs(seconds))
}

/// Parses `64M` or `64 MiB`, in steps of 1024; a bare number has the given unit. `-1` is allowed
/// where Cyrus uses it for "no limit".
pub fn parse_bytes(value: &str, unit: char) -> Option<i64> {
    let value = value.trim();
    if value == "-1" {
        return Some(-1);
    }
    let digits = value
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(value.len());
    let (number, suffix) = value.split_at_checked(digits)?;
    let suffix = suffix.trim_start().to_ascii_uppercase();
    let unit = unit.to_string();
    let suffix = if suffix.is_empty() { &unit } else { &suffix };
    let shift = match suffix.as_str() {
        "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_of_their_kind() {
        for option in OPTIONS {
            if let Some(default) = option.default {
                assert!(option.kind.accepts(default), "{}", option.name);
            }
            assert_eq!(OPTIONS.iter().filter(|o| o.name == option.name).count(), 1);
        }
    }

    #[test]
    fn durations_add_up() {
        let seconds = |text| parse_duration(text, 'm').map(|d| d.as_secs());
        assert_eq!(seconds("5"), Some(300));
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("1h30m"), Some(5400));
        assert_eq!(seconds("2d"), Some(172_800));
        for bad in ["", "x", "5x", "m", "-5", "99999999999999999999d"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_are_in_steps_of_1024() {
        assert_eq!(parse_bytes("10", 'K'), Some(10_240));
        assert_eq!(parse_bytes("10", 'B'), Some(10));
        assert_eq!(parse_bytes("10 MiB", 'B'), Some(10 << 20));
        assert_eq!(parse_bytes("2g", 'B'), Some(2 << 30));
        assert_eq!(parse_bytes("-1", 'K'), Some(-1));
        for bad in ["", "M", "1X", "-2", "9999999999T"] {
            assert_eq!(parse_bytes(bad, 'B'), None, "{bad}");
        }
    }

    #[test]
    fn the_nearest_name_is_found_and_strangers_are_not() {
        let names = || OPTIONS.iter().map(|o| o.name);
        assert_eq!(nearest("htpmodules", names()), Some("httpmodules"));
        assert_eq!(nearest("allowplaintxt", names()), Some("allowplaintext"));
        assert_eq!(nearest("sieve_extensions", names()), None);
    }

    #[test]
    fn the_documentation_names_every_option() {
        let page = include_str!("../../docs/imapd.conf.md");
        for option in OPTIONS {
            let mark = match option.scope {
                Scope::Host => "",
                Scope::Tenants => " ᵗ",
                Scope::Own => " ᵒ",
            };
            let row = format!(
                "| `{}`{mark} | {} | {} |",
                option.name,
                option.default.map(|d| format!("`{d}`")).unwrap_or_default(),
                option.help.replace('|', "\\|")
            );
            assert!(
                page.contains(&row),
                "docs/imapd.conf.md lacks this row:\n{row}"
            );
        }
    }
}
