//! The configuration: a file in the syntax of `imapd.conf(5)`, parsed once into a valid value.

pub mod http;
mod limits;
pub mod lmtp;
pub mod metrics;
pub mod options;
pub mod smtp;
pub mod syntax;
mod tenant;
mod values;
pub mod webpush;

use self::http::HttpOptions;
use lmtp::LmtpOptions;
use metrics::MetricsOptions;
use options::OPTIONS;
use runtime::UsageLimits;
use smtp::SmtpOptions;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use syntax::{Line, Place, SyntaxError};
use values::Values;
use webpush::WebPushOptions;

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file can't be read.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A value is not what the option takes.
    #[error("{place}: `{value}` is no value for `{name}`: expected {expected}")]
    Value {
        /// Where.
        place: Place,
        /// The option.
        name: String,
        /// The value.
        value: String,
        /// What it should look like.
        expected: String,
    },
    /// An option stands in the file twice.
    #[error("{place}: `{name}` was set before, at {first}: remove one of the two")]
    Twice {
        /// Where.
        place: Place,
        /// Where it was set first.
        first: Place,
        /// The option.
        name: String,
    },
    /// An option stands in a tenant's file that holds for all tenants.
    #[error("{place}: `{name}` can't be of one tenant: it belongs in the main file")]
    OfMainFile {
        /// Where.
        place: Place,
        /// The option.
        name: String,
    },
    /// There is no option in a file any more.
    #[error("{} has no options any more", .0.display())]
    Emptied(PathBuf),
    /// Options don't go together, or one is missing.
    #[error("{0}")]
    Incomplete(String),
}

/// How much the Server field tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerInfo {
    /// Name and version.
    On,
    /// The name.
    Min,
    /// Nothing.
    Off,
}

/// Where in the configuration a module lies elsewhere than it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The module.
    pub module: String,
    /// The path it names.
    pub from: String,
    /// The path to use.
    pub to: String,
}

/// Everything that the operator decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that it came from, if there is one.
    pub file: Option<PathBuf>,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// Addresses for plain HTTP.
    pub listen: Vec<String>,
    /// Nobody chose these: they don't hold where the service manager hands over sockets.
    pub listen_is_default: bool,
    /// Addresses for HTTPS.
    pub tls_listen: Vec<String>,
    /// Certificate chain and key, where there is TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The state folder.
    pub configdirectory: PathBuf,
    /// The folder of tenants.
    pub tenantdir: PathBuf,
    /// Domains and Host names of the tenant.
    pub domains: Vec<String>,
    /// Where the tenant's store is, if not in the state folder.
    pub tenant_store: Option<PathBuf>,
    /// The folder of modules.
    pub moduledir: PathBuf,
    /// The modules to serve; none for all.
    pub httpmodules: Option<Vec<String>>,
    /// Interfaces granted: (module, interface).
    pub module_grants: Vec<(String, String)>,
    /// Folders that modules may read: (module, folder).
    pub module_folders: Vec<(String, PathBuf)>,
    /// Other places for modules.
    pub module_prefixes: Vec<Prefix>,
    /// What modules ask for passwords of, by name; the server's name if a module is not there.
    pub realms: HashMap<&'static str, String>,
    /// What modules may use, by name; `*` for those that are not named.
    pub module_limits: Vec<(String, UsageLimits)>,
    /// What the tenant may use.
    pub tenant_limits: UsageLimits,
    /// Memory of an instance, in bytes.
    pub module_memory: usize,
    /// CPU time of a request.
    pub module_cpu: Duration,
    /// Instances that may live at once.
    pub module_instances: u32,
    /// Instances that may wait for their principal's next request, besides.
    pub module_warm: u32,
    /// Threads that run modules.
    pub module_threads: usize,
    /// Folder of static files.
    pub httpdocroot: Option<PathBuf>,
    /// The only paths served from it; none for all.
    pub httpallowedurls: Option<Vec<String>>,
    /// How long an idle connection is kept.
    pub httptimeout: Duration,
    /// How many connections there may be; none for as many as there can be open files.
    pub maxconnections: Option<u32>,
    /// How many of them one client may have.
    pub maxconnections_per_host: Option<u32>,
    /// How many may begin in a second; none for any number.
    pub maxconnectionrate: Option<u32>,
    /// How many of them from one client.
    pub maxconnectionrate_per_host: Option<u32>,
    /// What HTTP may do beyond the plain.
    pub http: HttpOptions,
    /// Biggest body of a request.
    pub maxmessagesize: u64,
    /// The server's name.
    pub servername: String,
    /// How much the Server field tells.
    pub serverinfo: ServerInfo,
    /// Whether passwords are taken without TLS, on every listener.
    pub allowplaintext: bool,
    /// Users who administer.
    pub admins: Vec<String>,
    /// Whether user names are folded to lower case.
    pub username_tolower: bool,
    /// How long answers to repeated wrong passwords are held back.
    pub failedloginpause: Duration,
    /// Bytes that each user may store.
    pub quota_bytes: Option<u64>,
    /// Messages that each user may store.
    pub quota_messages: Option<u64>,
    /// How long is remembered what was removed.
    pub tombstone_expiry: Duration,
    /// How long an upload waits for its use.
    pub upload_expiry: Duration,
    /// Bytes of uploads that wait, for each user.
    pub upload_allowance: u64,
    /// Mail that comes in.
    pub lmtp: LmtpOptions,
    /// Mail that is sent.
    pub smtp: SmtpOptions,
    /// What is posted to push services.
    pub webpush: WebPushOptions,
    /// What is logged.
    pub log: String,
    /// The log has lines of JSON.
    pub log_json: bool,
    /// Metrics.
    pub metrics: MetricsOptions,
    /// Everything that stands in the file, for modules.
    pub set: HashMap<String, String>,
    /// Addresses given by the command line.
    command_line: Vec<String>,
    /// Options that the host does not know, with their places.
    unknown: Vec<(String, Place)>,
}

/// What the store takes when `maxmessagesize` is 0.
const MESSAGE_SIZE_MAX: u64 = 4 << 30;

impl Config {
    /// Reads a file; without one, every option has its default.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let (values, files) = Values::load(file)?;
        let mut config = Self::from_values(values, file)?;
        config.files = files;
        Ok(config)
    }

    /// Reads the file again. Addresses that the command line gave stay. A file that had options and
    /// has none is half written, or emptied by a full disk: nobody means all defaults by it.
    pub fn again(&self) -> Result<Self, ConfigError> {
        let (values, files) = Values::load(self.file.as_deref())?;
        if let Some(file) = &self.file
            && values.set.is_empty()
            && !self.set.is_empty()
        {
            return Err(ConfigError::Emptied(file.clone()));
        }
        let mut config = Self::from_values(values, self.file.as_deref())?;
        config.files = files;
        config.listen_at(self.command_line.clone());
        Ok(config)
    }

    /// Takes the addresses of the command line instead of those of the file, if there are any.
    pub fn listen_at(&mut self, addresses: Vec<String>) {
        if !addresses.is_empty() {
            self.listen.clone_from(&addresses);
            self.listen_is_default = false;
        }
        self.command_line = addresses;
    }

    /// Takes options that are parsed already.
    pub fn from_lines(lines: Vec<Line>, file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_values(Values::collect(lines)?, file)
    }

    fn from_values(values: Values, file: Option<&Path>) -> Result<Self, ConfigError> {
        let unknown = values
            .places
            .iter()
            .filter(|(name, _)| options::find(name).is_none())
            .map(|(name, place)| (name.clone(), place.clone()))
            .collect();
        let tls_listen = values.addresses("tls_listen")?;
        let listen = match values.addresses("listen")? {
            words if words == ["none"] => Vec::new(),
            _ if !values.is_set("listen") && !tls_listen.is_empty() => Vec::new(),
            words => words,
        };
        let configdirectory = match values.path("configdirectory") {
            Some(path) => path,
            None => default_state_folder()?,
        };
        let servername = values.text("servername").unwrap_or_else(host_name);
        Ok(Self {
            file: file.map(Path::to_owned),
            files: Vec::new(),
            command_line: Vec::new(),
            tls: values.tls(&tls_listen)?,
            listen,
            listen_is_default: !values.is_set("listen"),
            tls_listen,
            tenantdir: values
                .path("tenantdir")
                .unwrap_or_else(|| configdirectory.join("tenants.d")),
            configdirectory,
            domains: values.domains()?,
            tenant_store: values.path("tenant_store"),
            moduledir: values.path("moduledir").unwrap_or_else(default_moduledir),
            httpmodules: Some(values.list("httpmodules")).filter(|names| names != &["*"]),
            module_grants: with_shipped(values.pairs("module_grants")?),
            module_folders: values.folders()?,
            module_prefixes: values.prefixes()?,
            realms: values.realms(),
            module_limits: limits::of_modules(&values)?,
            tenant_limits: limits::of_tenant(&values)?,
            module_memory: values.size("module_memory", 1 << 20)?,
            module_cpu: values.duration("module_cpu"),
            module_instances: values.count("module_instances", 1)?,
            module_warm: values.count("module_warm", 0)?,
            module_threads: values.count::<usize>("module_threads", 0)?,
            httpdocroot: values.path("httpdocroot"),
            httpallowedurls: values
                .is_set("httpallowedurls")
                .then(|| values.list("httpallowedurls")),
            httptimeout: values.duration("httptimeout"),
            maxconnections: values.connections("maxconnections")?,
            maxconnections_per_host: values.connections("maxconnections_per_host")?,
            maxconnectionrate: values.connections("maxconnectionrate")?,
            maxconnectionrate_per_host: values.connections("maxconnectionrate_per_host")?,
            http: HttpOptions::read(&values)?,
            maxmessagesize: values.limit("maxmessagesize").unwrap_or(MESSAGE_SIZE_MAX),
            webpush: WebPushOptions::read(&values, &servername)?,
            servername,
            serverinfo: match values.text("serverinfo").as_deref() {
                Some("off") => ServerInfo::Off,
                Some("min") => ServerInfo::Min,
                _ => ServerInfo::On,
            },
            allowplaintext: values.switch("allowplaintext"),
            admins: values.list("admins"),
            username_tolower: values.switch("username_tolower"),
            failedloginpause: values.duration("failedloginpause"),
            quota_bytes: values.limit("autocreate_quota"),
            quota_messages: values.limit("autocreate_quota_messages"),
            log_json: values.text("log_format").as_deref() == Some("json"),
            lmtp: LmtpOptions::read(&values)?,
            smtp: SmtpOptions::read(&values)?,
            metrics: MetricsOptions::read(&values)?,
            tombstone_expiry: values.duration("tombstone_expiry"),
            upload_expiry: values.duration("upload_expiry"),
            upload_allowance: values.limit("upload_allowance").unwrap_or(u64::MAX),
            log: values.text("log").unwrap_or_default(),
            set: values.set,
            unknown,
        })
    }

    /// Says whether a password may be taken without TLS on a listener. Without a file it may from
    /// the machine itself; with one the operator decides.
    pub fn plaintext_allowed(&self, loopback: bool) -> bool {
        self.allowplaintext || (self.file.is_none() && loopback)
    }

    /// Warnings about options that neither the host nor a loaded module knows.
    pub fn warnings<'a>(&'a self, of_modules: &'a [&'a str]) -> Vec<String> {
        let known = || {
            OPTIONS
                .iter()
                .map(|o| o.name)
                .chain(of_modules.iter().copied())
        };
        self.unknown
            .iter()
            .filter(|(name, _)| !of_modules.contains(&name.as_str()))
            .map(|(name, place)| match options::nearest(name, known()) {
                Some(near) => format!(
                    "{place}: `{name}` is no option of the host or of a loaded module, and is ignored; did you mean `{near}`?"
                ),
                None => format!(
                    "{place}: `{name}` is no option of the host or of a loaded module, and is ignored"
                ),
            })
            .collect()
    }
}

/// Adds what the modules have that came with the host: everything they ask for, unless the
/// operator has said what they get.
fn with_shipped(mut grants: Vec<(String, String)>) -> Vec<(String, String)> {
    let shipped = env!("CHAPAR_SHIPPED_MODULES")
        .split(' ')
        .filter(|name| !name.is_empty());
    let silent = shipped.filter(|name| !grants.iter().any(|(module, _)| module == name));
    let added: Vec<_> = silent
        .map(|name| (name.to_owned(), "*".to_owned()))
        .collect();
    grants.extend(added);
    grants
}

fn default_state_folder() -> Result<PathBuf, ConfigError> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = variable("STATE_DIRECTORY") {
        return Ok(folder.into());
    }
    if let Some(folder) = variable("XDG_STATE_HOME") {
        return Ok(PathBuf::from(folder).join("chapar"));
    }
    if let Some(home) = variable("HOME") {
        return Ok(PathBuf::from(home).join(".local/state/chapar"));
    }
    Err(ConfigError::Incomplete(
        "there is no place for the state folder: set `configdirectory` in the configuration file, or HOME in the environment".to_owned(),
    ))
}

fn default_moduledir() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.parent().unwrap_or(Path::new(".")).join("modules")
}

fn host_name() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    if name.is_empty() {
        "localhost".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let file = Path::new("imapd.conf");
        let text = format!("configdirectory: /state\n{text}");
        Config::from_lines(syntax::parse(&text, file)?, Some(file))
    }

    #[test]
    fn defaults_hold_without_a_value() {
        let config = load("").unwrap();
        assert_eq!(config.listen, ["127.0.0.1:8080"]);
        assert_eq!(config.httpmodules, None);
        assert_eq!(config.httptimeout, Duration::from_secs(300));
        assert_eq!(config.maxmessagesize, MESSAGE_SIZE_MAX);
        assert_eq!(config.quota_bytes, None);
        assert!(!config.servername.is_empty());
    }

    #[test]
    fn a_file_that_was_emptied_is_no_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("imapd.conf");
        std::fs::write(&file, "configdirectory: /state\n").unwrap();
        let config = Config::load(Some(&file)).unwrap();
        for emptied in ["", "\n# configdirectory: /state\n"] {
            std::fs::write(&file, emptied).unwrap();
            let again = config.again().unwrap_err().to_string();
            assert!(
                again.ends_with("imapd.conf has no options any more"),
                "{again}"
            );
        }
        // One that never had any is all defaults.
        let config = Config::from_lines(Vec::new(), Some(&file)).unwrap();
        assert!(config.again().is_ok());
    }

    #[test]
    fn values_are_typed() {
        let config = load(
            "listen: 127.0.0.1:80 [::1]:80\nhttpmodules: a b\nmodule_grants: a:blob b:quota\n\
             autocreate_quota: 100\nmodule_prefixes: a:/x=/y\nhttptimeout: 1\nhttp_servername: s",
        )
        .unwrap();
        assert_eq!(config.listen.len(), 2);
        assert_eq!(config.httpmodules, Some(vec!["a".into(), "b".into()]));
        let of = |module: &str| {
            let grants = config.module_grants.iter();
            grants
                .filter(|(to, _)| to == module)
                .map(|(_, what)| what.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("a"), ["blob"]);
        let shipped = env!("CHAPAR_SHIPPED_MODULES").split(' ').next().unwrap();
        assert_eq!(of(shipped), ["*"]);
        let less = load(&format!("module_grants: {shipped}:mailbox")).unwrap();
        assert!(
            less.module_grants
                .contains(&(shipped.to_owned(), "mailbox".to_owned()))
        );
        assert!(
            !less
                .module_grants
                .contains(&(shipped.to_owned(), "*".to_owned()))
        );
        assert_eq!(config.quota_bytes, Some(102_400));
        assert_eq!(config.module_prefixes[0].to, "/y");
        let files = load("davdriveprefix: /files/").unwrap().module_prefixes;
        assert_eq!(files[0].to, "/files");
        assert!(
            load("davdriveprefix: #drive")
                .unwrap()
                .module_prefixes
                .is_empty()
        );
        let moved = load("calendarprefix: /cal\naddressbookprefix: #addressbooks");
        let moved = moved.unwrap().module_prefixes;
        assert_eq!((moved.len(), moved[0].module.as_str()), (1, "caldav"));
        let realms = load("dav_realm: Files\nrss_realm: News").unwrap().realms;
        let named = ["webdav", "principals", "rss", "caldav"].map(|module| realms.get(module));
        let named = named.map(|realm| realm.map(String::as_str));
        assert_eq!(named, [Some("Files"), Some("Files"), Some("News"), None]);
        for good in [
            "caldav_accept_invalid_rrules: yes",
            "webdav_attachments_baseurl: https://calendar.example.org:8443/at/",
            "caldav_maxdatetime: 20380119T031407Z",
            "icalendar_max_size: 10M",
        ] {
            assert!(load(good).is_ok(), "{good}");
        }
        let folders = load("module_folders: a:/srv/a\nzoneinfo_dir: /usr/share/zoneinfo");
        let (a, tzdist) = ("a".to_owned(), "tzdist".to_owned());
        assert_eq!(
            folders.unwrap().module_folders,
            [(a, "/srv/a".into()), (tzdist, "/usr/share/zoneinfo".into())]
        );
        assert_eq!(config.httptimeout, Duration::from_secs(60));
        assert_eq!(config.servername, "s");
    }

    #[test]
    fn limits_are_of_tenants_and_of_modules() {
        let text = "tenant_limits: rate=5 cpu_minute=1m body=1M\n\
                    module_limits: *:requests=9 webdav:cpu=2s webdav:memory=64M";
        let config = load(text).unwrap();
        let expected = UsageLimits {
            rate: Some(5),
            cpu_minute: Some(Duration::from_secs(60)),
            body: Some(1 << 20),
            ..UsageLimits::default()
        };
        assert_eq!(config.tenant_limits, expected);
        let [(any, of_any), (webdav, of_webdav)] = &config.module_limits[..] else {
            panic!("{:?}", config.module_limits);
        };
        assert_eq!((any.as_str(), webdav.as_str()), ("*", "webdav"));
        assert_eq!(of_any.requests, Some(9));
        assert_eq!(of_webdav.memory, Some(64 << 20));
        assert_eq!(of_webdav.cpu, Some(Duration::from_secs(2)));
    }

    #[test]
    fn bad_values_say_where_and_what_is_expected() {
        for (text, expected) in [
            (
                "allowplaintext: maybe",
                "imapd.conf:2: `maybe` is no value for `allowplaintext`: expected `on` or `off`",
            ),
            ("serverinfo: all", "one of `on`, `min`, `off`"),
            ("module_memory: 5", "1 MiB or more"),
            ("module_instances: 0", "1 or more"),
            ("module_grants: webdav", "module:interface"),
            ("module_prefixes: webdav:/x", "module:/its/path"),
            ("caldav_realm: Kalender für alle", "ASCII"),
            ("caldav_accept_invalid_rrules: perhaps", "`on` or `off`"),
            (
                "webdav_attachments_baseurl: calendar.example.org",
                "https://",
            ),
            (
                "webdav_attachments_baseurl: https://a.example/?x",
                "https://",
            ),
            ("caldav_maxdatetime: 2038-01-19", "20380119T031407Z"),
            ("icalendar_max_size: big", "a size"),
            ("module_folders: tzdist:x", "module:/folder"),
            ("zoneinfo_dir: zones", "a path that begins with `/`"),
            ("tenant_limits: rate=0", "rate=50"),
            ("tenant_limits: webdav:rate=5", "rate=50"),
            ("module_limits: rate=5", "`module:` or `*:`"),
            ("admins: a\nadmins: b", "was set before, at imapd.conf:2"),
            (
                "listen: 127.0.0.1:99999",
                "imapd.conf:2: `127.0.0.1:99999` is no value for `listen`: expected addresses",
            ),
            ("tls_listen: *:443", "needs `tls_server_cert`"),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn unknown_options_are_a_warning_unless_a_module_knows_them() {
        let config = load("htpmodules: a\nstamp_albums: 3\n").unwrap();
        let warnings = config.warnings(&["stamp_albums"]);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("did you mean `httpmodules`?"));
        assert_eq!(config.set["stamp_albums"], "3");
    }

    #[test]
    fn plaintext_is_for_loopback_without_a_file_and_by_choice_with_one() {
        let with_file = load("").unwrap();
        assert!(!with_file.plaintext_allowed(true));
        assert!(
            load("allowplaintext: yes")
                .unwrap()
                .plaintext_allowed(false)
        );
        let without = Config {
            file: None,
            ..with_file
        };
        assert!(without.plaintext_allowed(true));
        assert!(!without.plaintext_allowed(false));
    }
}
