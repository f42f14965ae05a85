//! Where zone data comes from: the IANA database in the module, or a folder of the operator's with
//! compiled zones (`zoneinfo_dir`), as systems have them. What the folder has takes the place of what
//! the module has; for what it lacks or cannot be read the module's own stands in.

use icalendar::tzdb::{self, Zone};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest file that is a zone, in bytes.
const ZONE_LEN_MAX: u64 = 256 << 10;

/// The most zones that a folder may have besides those of the module.
const MORE_MAX: usize = 1000;

/// How deep the names of zones go: `America/Argentina/Ushuaia`.
const DEPTH_MAX: usize = 3;

/// The zone data of a request.
pub(crate) struct Database {
    folder: Option<PathBuf>,
}

impl Database {
    /// What the operator says.
    pub(crate) fn open() -> Self {
        let told = module::option("zoneinfo_dir");
        let told = told.filter(|told| !told.trim().is_empty());
        Self {
            folder: told.map(|told| PathBuf::from(told.trim())),
        }
    }

    /// The zone of this name, in any case if the module knows it.
    pub(crate) fn zone(&self, name: &str) -> Option<Zone> {
        let known = Zone::iana(name);
        let name = known.as_ref().map_or(name, Zone::name).to_owned();
        self.read(&name).or(known)
    }

    /// The zone that the folder has under this name.
    fn read(&self, name: &str) -> Option<Zone> {
        let folder = self.folder.as_ref().filter(|_| is_name(name))?;
        let path = folder.join(name);
        let metadata = fs::metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len() > ZONE_LEN_MAX {
            return None;
        }
        Zone::from_tzif(name, fs::read(&path).ok()?)
    }

    /// The names of all zones that are no aliases.
    pub(crate) fn zones(&self) -> Vec<String> {
        let mut names: Vec<String> = tzdb::zones().map(str::to_owned).collect();
        if let Some(folder) = &self.folder {
            let known: BTreeSet<&str> = tzdb::names().collect();
            let mut more = Vec::new();
            list(folder, "", DEPTH_MAX, &mut |name| {
                if !known.contains(name) && more.len() < MORE_MAX && self.read(name).is_some() {
                    more.push(name.to_owned());
                }
            });
            names.extend(more);
            names.sort_by_key(|name| name.to_ascii_lowercase());
        }
        names
    }

    /// The release of the database.
    pub(crate) fn version(&self) -> String {
        let folder = self.folder.as_ref();
        let told = folder.and_then(|folder| {
            // "# version 2026a", as zic's own input begins; macOS and BSD have a file with nothing
            // else.
            let zones = fs::read_to_string(folder.join("tzdata.zi")).ok();
            let first = zones.and_then(|text| {
                let line = text.lines().next()?;
                Some(line.strip_prefix("# version ")?.trim().to_owned())
            });
            first.or_else(|| {
                let text = fs::read_to_string(folder.join("+VERSION")).ok()?;
                Some(text.trim().to_owned())
            })
        });
        let is_version = |told: &String| {
            !told.is_empty() && told.len() < 40 && told.chars().all(|c| c.is_ascii_graphic())
        };
        told.filter(is_version)
            .unwrap_or_else(|| tzdb::version().to_owned())
    }

    /// A number that changes when the data of a zone does.
    pub(crate) fn fingerprint(&self, name: &str) -> u64 {
        match &self.folder {
            // Without reading it.
            None => tzdb::fingerprint(name).unwrap_or_default(),
            Some(_) => self.zone(name).map_or(0, |zone| zone.fingerprint()),
        }
    }

    /// A number that changes when the data of any zone does; none for those of the module, which
    /// their version says.
    pub(crate) fn state(&self) -> Option<u64> {
        self.folder.as_ref()?;
        let zones = self.zones().into_iter();
        Some(zones.fold(0, |state: u64, name| {
            state.rotate_left(5) ^ self.fingerprint(&name).wrapping_mul(0x0100_0000_01B3)
        }))
    }
}

/// Whether a name can be that of a zone, and leads nowhere else.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let mut letters = part.bytes();
        letters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|letter| letter.is_ascii_alphanumeric() || b"_+-".contains(&letter))
    };
    name.len() <= 255 && name.split('/').count() <= DEPTH_MAX && name.split('/').all(is_part)
}

/// Calls with the names of all that is in a folder.
fn list(folder: &Path, prefix: &str, depth: usize, call: &mut dyn FnMut(&str)) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().map(|name| format!("{prefix}{name}")) else {
            continue;
        };
        // The same zones in other forms.
        let is_other = ["posix", "right"].contains(&name.as_str());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 1 && !is_other => {
                list(&entry.path(), &format!("{name}/"), depth - 1, call);
            }
            Ok(kind) if !kind.is_dir() && is_name(&name) => call(&name),
            _ => {}
        }
    }
}
