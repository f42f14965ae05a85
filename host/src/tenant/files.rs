//! The folder of tenants: a file `NAME.conf` each, in the syntax of the main file.

use super::DEFAULT;
use crate::config::{Config, ConfigError};
use std::io;
use std::path::{Path, PathBuf};

/// Longest name of a tenant, in bytes: it becomes the name of a folder.
const NAME_LEN_MAX: usize = 64;

/// Why a tenant is not served, or not as its file says now.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The folder can't be read.
    #[error("can't read the folder of tenants {}: {reason}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The file's name can't be a tenant's.
    #[error(
        "{}: `{name}` can't be a tenant's name: 1 to {NAME_LEN_MAX} letters, digits, `-` and `.`, the first a letter or digit, and not `{DEFAULT}`",
        file.display()
    )]
    Name {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
    },
    /// What is in the file can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It would have another store, and that can't be used.
    #[error("{0}")]
    Store(String),
    /// Another tenant has the domain already.
    #[error(
        "tenants `{first}` and `{second}` both have `{domain}`: take it out of one of their files"
    )]
    Claimed {
        /// Who has it.
        first: String,
        /// Who wants it, too.
        second: String,
        /// The domain or Host name.
        domain: String,
    },
}

/// A file in the folder of tenants.
pub struct TenantFile {
    /// The tenant's name.
    pub name: String,
    /// What it says, with the main file's options behind it.
    pub config: Result<Config, TenantError>,
}

/// Reads the folder, ordered by name. One that isn't there has no tenants.
pub fn read(main: &Config) -> Result<Vec<TenantFile>, TenantError> {
    let folder = &main.tenantdir;
    let failed = |reason| TenantError::Folder {
        folder: folder.clone(),
        reason,
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        // Editors leave files with other endings, or with a dot before the name.
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.extension().is_none_or(|ending| ending != "conf") || stem.starts_with('.') {
            continue;
        }
        files.push(TenantFile {
            config: load(main, &stem, &path),
            name: stem.into_owned(),
        });
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

fn load(main: &Config, name: &str, file: &Path) -> Result<Config, TenantError> {
    if !is_name(name) || name == DEFAULT {
        return Err(TenantError::Name {
            file: file.to_owned(),
            name: name.to_owned(),
        });
    }
    let mut config = main.load_tenant(file)?;
    if config.domains.is_empty() {
        config.domains.push(name.to_lowercase());
    }
    Ok(config)
}

/// Whether a tenant may be called so.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins && name.len() <= NAME_LEN_MAX && name.chars().all(plain) && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere() {
        for name in ["a", "example.org", "A-1", "9"] {
            assert!(is_name(name), "{name}");
        }
        let long = "a".repeat(65);
        for name in [
            "", ".", "..", "a..b", ".a", "-a", "a/b", "a b", "a\0", "ä", &long,
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn files_are_read_each_for_itself() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let main = folder.path().join("imapd.conf");
        let place = folder.path().display();
        std::fs::write(
            &main,
            format!("tenantdir: {place}\nconfigdirectory: {place}\n"),
        )
        .unwrap();
        let mut main = Config::load(Some(&main)).unwrap();
        put("b.conf", "domains: b.test\n");
        put("a.conf", "\nlisten: *:80\n");
        put("D.test.conf", "stamp_albums: 1");
        put("default.conf", "domains: c.test\n");
        put(".b.conf.swp", "nonsense");
        put(".x.conf", "nonsense");
        put("readme", "nonsense");
        let files = read(&main).unwrap();
        let of = |name: &str| files.iter().find(|file| file.name == name).unwrap();
        let reason = |name: &str| of(name).config.as_ref().unwrap_err().to_string();
        assert_eq!(files.len(), 5, "imapd.conf lies there, too");
        assert_eq!(of("b").config.as_ref().unwrap().domains, ["b.test"]);
        assert_eq!(of("D.test").config.as_ref().unwrap().domains, ["d.test"]);
        assert!(reason("a").contains("a.conf:2: `listen`"));
        assert!(reason("default").contains("can't be a tenant's name"));
        main.tenantdir = folder.path().join("none");
        assert!(read(&main).unwrap().is_empty());
    }
}
