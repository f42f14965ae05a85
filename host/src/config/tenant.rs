//! What holds for one tenant: the main file's options, with those of the tenant's own file over
//! them.

use super::options::{self, Scope};
use super::syntax::{self, Line};
use super::{Config, ConfigError, Values};
use std::path::Path;

impl Config {
    /// Reads a tenant's file.
    pub fn load_tenant(&self, file: &Path) -> Result<Self, ConfigError> {
        let mut files = Vec::new();
        let lines = syntax::read(file, &mut files)?;
        let mut config = self.of_tenant(lines, file)?;
        config.files = files;
        Ok(config)
    }

    /// Takes a tenant's options that are parsed already.
    pub fn of_tenant(&self, lines: Vec<Line>, file: &Path) -> Result<Self, ConfigError> {
        let mut values = Values::collect(lines)?;
        let of_host = |name: &str| scope(name) == Scope::Host;
        if let Some((name, place)) = values.places.iter().find(|(name, _)| of_host(name)) {
            return Err(ConfigError::OfMainFile {
                place: place.clone(),
                name: name.clone(),
            });
        }
        for (name, value) in &self.set {
            if scope(name) != Scope::Own && !values.is_set(name) {
                values.set.insert(name.clone(), value.clone());
            }
        }
        Self::from_values(values, Some(file))
    }
}

/// Options of modules may stand anywhere.
fn scope(name: &str) -> Scope {
    options::find(name).map_or(Scope::Tenants, |option| option.scope)
}

impl Values {
    /// Domains and Host names, in lower case.
    pub(super) fn domains(&self) -> Result<Vec<String>, ConfigError> {
        let mut domains = Vec::new();
        for option in ["domains", "defaultdomain"] {
            for word in self.list(option) {
                let domain = word.trim_end_matches('.').to_lowercase();
                if !is_domain(&domain) {
                    let expected = "names like `example.org`, without port and `@`";
                    return Err(self.refuse(option, expected.to_owned()));
                }
                if !domains.contains(&domain) {
                    domains.push(domain);
                }
            }
        }
        Ok(domains)
    }
}

fn is_domain(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut labels = name.split('.');
    labels.all(|label| !label.is_empty() && label.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main(text: &str) -> Config {
        let file = Path::new("imapd.conf");
        let text = format!("configdirectory: /state\n{text}");
        Config::from_lines(syntax::parse(&text, file).unwrap(), Some(file)).unwrap()
    }

    fn tenant(main: &Config, text: &str) -> Result<Config, ConfigError> {
        let file = Path::new("a.conf");
        main.of_tenant(syntax::parse(text, file)?, file)
    }

    #[test]
    fn a_tenant_has_what_the_main_file_says_unless_its_own_says_otherwise() {
        let main = main(
            "servername: main\nadmins: root\ndomains: main.example\ntls_server_cert: /c\n\
             tls_server_key: /k\nautocreate_quota: 5\nstamp_albums: 3\nstamp_colour: red\n",
        );
        let config = tenant(&main, "autocreate_quota: 7\nstamp_colour: blue\n").unwrap();
        assert_eq!(config.servername, "main");
        assert_eq!(config.quota_bytes, Some(7 << 10));
        assert_eq!(config.set["stamp_albums"], "3");
        assert_eq!(config.set["stamp_colour"], "blue");
        // What is the main file's own tenant's.
        assert!(config.admins.is_empty() && config.domains.is_empty());
        assert_eq!(config.tls, None);
        assert_eq!(main.quota_bytes, Some(5 << 10));
    }

    #[test]
    fn options_of_the_main_file_are_errors_with_file_and_line() {
        let main = main("");
        for name in ["listen", "configdirectory", "moduledir", "log", "tenantdir"] {
            let text = format!("servername: x\n{name}: 127.0.0.1:1");
            let error = tenant(&main, &text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("a.conf:2: `{name}`")), "{error}");
        }
        let error = tenant(&main, "tls_server_cert: /x")
            .unwrap_err()
            .to_string();
        assert!(error.contains("a.conf:1") && error.contains("tls_server_key"));
    }

    #[test]
    fn domains_are_names_in_lower_case() {
        let config = main("domains: Example.ORG. example.org\ndefaultdomain: b.test\n");
        assert_eq!(config.domains, ["example.org", "b.test"]);
        for bad in ["a@b.test", "a.test:80", "*", "a..b", "/etc", "[::1]"] {
            let error = tenant(&config, &format!("domains: {bad}")).unwrap_err();
            assert!(error.to_string().contains("example.org"), "{bad}");
        }
    }
}
