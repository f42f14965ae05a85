//! The values of options as a file has them, and what they mean: words, numbers, sizes, addresses.

use super::options::{self, Kind};
use super::syntax::{self, Line, Place};
use super::{ConfigError, Prefix};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The values that stand in the file, with those of the table behind them.
pub(super) struct Values {
    /// By name.
    pub(super) set: HashMap<String, String>,
    /// Where each stands.
    pub(super) places: Vec<(String, Place)>,
}

impl Values {
    /// Reads a file, and says which files that were.
    pub(super) fn load(file: Option<&Path>) -> Result<(Self, Vec<PathBuf>), ConfigError> {
        let Some(file) = file else {
            return Ok((Self::collect(Vec::new())?, Vec::new()));
        };
        let mut files = Vec::new();
        let lines = syntax::read(file, &mut files)?;
        Ok((Self::collect(lines)?, files))
    }

    pub(super) fn collect(lines: Vec<Line>) -> Result<Self, ConfigError> {
        let mut set = HashMap::new();
        let mut places: Vec<(String, Place)> = Vec::new();
        let mut specific = Vec::new();
        for Line { name, value, place } in lines {
            // Cyrus: an option with the service's name before it holds for that service alone.
            let bare = match name.strip_prefix("http_") {
                Some(bare) if options::find(&name).is_none() && options::find(bare).is_some() => {
                    specific.push(bare.to_owned());
                    bare.to_owned()
                }
                _ if specific.contains(&name) => continue,
                _ => name.clone(),
            };
            if let Some(option) = options::find(&bare)
                && !option.kind.accepts(&value)
            {
                return Err(ConfigError::Value {
                    place,
                    name,
                    value,
                    expected: option.kind.expected(),
                });
            }
            let first = places.iter().find(|(other, _)| *other == bare);
            if let Some((_, first)) = first
                && bare == name
            {
                return Err(ConfigError::Twice {
                    place,
                    first: first.clone(),
                    name,
                });
            }
            places.retain(|(other, _)| *other != bare);
            set.insert(bare.clone(), value);
            places.push((bare, place));
        }
        Ok(Self { set, places })
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    /// The value in the file, or the default of the table.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let default = || options::find(name).and_then(|option| option.default);
        self.set.get(name).map(String::as_str).or_else(default)
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let words = self.get(name).unwrap_or_default().split_whitespace();
        words.map(str::to_owned).collect()
    }

    pub(super) fn switch(&self, name: &str) -> bool {
        self.get(name)
            .and_then(options::parse_switch)
            .unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> i64 {
        let value = self.get(name).unwrap_or_default();
        match options::find(name).map(|option| option.kind) {
            Some(Kind::Bytes(unit)) => options::parse_bytes(value, unit),
            _ => value.parse().ok(),
        }
        .unwrap_or_default()
    }

    pub(super) fn duration(&self, name: &str) -> Duration {
        let value = self.get(name).unwrap_or_default();
        match options::find(name).map(|option| option.kind) {
            Some(Kind::Duration(unit)) => options::parse_duration(value, unit),
            _ => None,
        }
        .unwrap_or_default()
    }

    /// A limit, of which 0 and below mean none.
    pub(super) fn limit(&self, name: &str) -> Option<u64> {
        u64::try_from(self.number(name))
            .ok()
            .filter(|limit| *limit > 0)
    }

    /// A number of connections, of which 0 means any.
    pub(super) fn connections(&self, name: &str) -> Result<Option<u32>, ConfigError> {
        let number = self.count(name, 0)?;
        Ok(Some(number).filter(|number| *number > 0))
    }

    pub(super) fn count<T: TryFrom<i64>>(
        &self,
        name: &str,
        at_least: i64,
    ) -> Result<T, ConfigError> {
        let number = self.number(name);
        T::try_from(number)
            .ok()
            .filter(|_| number >= at_least)
            .ok_or_else(|| self.refuse(name, format!("a number, {at_least} or more")))
    }

    pub(super) fn size(&self, name: &str, at_least: i64) -> Result<usize, ConfigError> {
        let least = format!("a size of {} MiB or more", at_least >> 20);
        self.count(name, at_least)
            .map_err(|_| self.refuse(name, least))
    }

    pub(super) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, ConfigError> {
        let pair = |word: String| match word.split_once(':') {
            Some((module, interface)) if !module.is_empty() && !interface.is_empty() => {
                Ok((module.to_owned(), interface.to_owned()))
            }
            _ => Err(self.refuse(name, "words like `module:interface`".to_owned())),
        };
        self.list(name).into_iter().map(pair).collect()
    }

    pub(super) fn folders(&self) -> Result<Vec<(String, PathBuf)>, ConfigError> {
        let expected = || {
            let expected = "words like `module:/folder`".to_owned();
            self.refuse("module_folders", expected)
        };
        let pairs = self.pairs("module_folders").map_err(|_| expected())?;
        let absolute = |(module, folder): (String, String)| match folder.starts_with('/') {
            true => Ok((module, PathBuf::from(folder))),
            false => Err(expected()),
        };
        let mut folders: Vec<_> = pairs.into_iter().map(absolute).collect::<Result<_, _>>()?;
        for (name, module) in options::FOLDER_OPTIONS {
            let Some(folder) = self.path(name) else {
                continue;
            };
            if !folder.is_absolute() {
                return Err(self.refuse(name, "a path that begins with `/`".to_owned()));
            }
            folders.push((module.to_owned(), folder));
        }
        Ok(folders)
    }

    pub(super) fn realms(&self) -> HashMap<&'static str, String> {
        let realm = |(option, module): (&str, &'static str)| {
            let realm = self.set.get(option).filter(|realm| !realm.is_empty())?;
            Some((module, realm.to_string()))
        };
        options::REALM_OPTIONS
            .into_iter()
            .filter_map(realm)
            .collect()
    }

    pub(super) fn prefixes(&self) -> Result<Vec<Prefix>, ConfigError> {
        let expected = || {
            let expected = "words like `module:/its/path=/other/path`".to_owned();
            self.refuse("module_prefixes", expected)
        };
        let pairs = self.pairs("module_prefixes").map_err(|_| expected())?;
        let prefix = |(module, paths): (String, String)| match paths.split_once('=') {
            Some((from, to)) if from.starts_with('/') && to.starts_with('/') => Ok(Prefix {
                module,
                from: from.to_owned(),
                to: to.to_owned(),
            }),
            _ => Err(expected()),
        };
        let mut prefixes: Vec<Prefix> = pairs.into_iter().map(prefix).collect::<Result<_, _>>()?;
        for (name, module, from) in options::PREFIX_OPTIONS {
            if let Some(to) = self
                .set
                .get(name)
                .filter(|to| to.starts_with('/') && to.len() > 1)
            {
                prefixes.push(Prefix {
                    module: module.to_owned(),
                    from: from.to_owned(),
                    to: to.trim_end_matches('/').to_owned(),
                });
            }
        }
        Ok(prefixes)
    }

    pub(super) fn tls(
        &self,
        tls_listen: &[String],
    ) -> Result<Option<(PathBuf, PathBuf)>, ConfigError> {
        match (self.path("tls_server_cert"), self.path("tls_server_key")) {
            (Some(cert), Some(key)) => Ok(Some((cert, key))),
            (None, None) if tls_listen.is_empty() => Ok(None),
            (Some(_), None) => Err(self.refuse("tls_server_cert", "`tls_server_key` too".to_owned())),
            (None, Some(_)) => Err(self.refuse("tls_server_key", "`tls_server_cert` too".to_owned())),
            (None, None) => Err(ConfigError::Incomplete(
                "`tls_listen` needs `tls_server_cert` and `tls_server_key`: name the PEM files of the certificate chain and of its key".to_owned(),
            )),
        }
    }

    /// Addresses, as far as their form tells: names are looked up when the listeners open.
    pub(super) fn addresses(&self, name: &str) -> Result<Vec<String>, ConfigError> {
        let words = self.list(name);
        let is_address = |word: &String| {
            word.rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        if words == ["none"] || words.iter().all(is_address) {
            return Ok(words);
        }
        let expected = "addresses with a port up to 65535, like `127.0.0.1:8080` or `*:443`";
        Err(self.refuse(name, expected.to_owned()))
    }

    pub(super) fn refuse(&self, name: &str, expected: String) -> ConfigError {
        match self.places.iter().find(|(other, _)| other == name) {
            Some((_, place)) => ConfigError::Value {
                place: place.clone(),
                name: name.to_owned(),
                value: self.get(name).unwrap_or_default().to_owned(),
                expected,
            },
            None => ConfigError::Incomplete(format!("`{name}`: expected {expected}")),
        }
    }
}
