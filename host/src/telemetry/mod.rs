//! Telemetry: what one user's clients say and what they are answered, word by word, for the
//! operator who looks for the reason of a trouble. As Cyrus: it is on for a user for as long as
//! there is a folder `log/<user>` in the state folder. For another tenant than the default one it is
//! `log/<tenant>:<user>`: neither has a colon in its name.
//!
//! Credentials are taken out before anything is written, and nobody waits for the disk.

mod redact;
mod transcript;
mod writer;

pub use transcript::{Copy, Transcript};

use crate::http::trace_id::TraceId;
use crate::tenant;
use arc_swap::ArcSwap;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use writer::Writer;

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// More users than this are not watched.
const USERS_MAX: usize = 10_000;

/// Who is watched, and where it is written.
pub struct Telemetry {
    place: ArcSwap<Place>,
}

/// A folder of telemetry.
struct Place {
    folder: PathBuf,
    watched: ArcSwap<HashSet<String>>,
    writer: Arc<Writer>,
}

impl Telemetry {
    /// Watches the folder `log` of the state folder, once [`Telemetry::look_for_ever`] runs.
    pub fn new(configdirectory: &Path) -> Self {
        Self {
            place: ArcSwap::from_pointee(Place::new(configdirectory.join("log"))),
        }
    }

    /// Watches the folder of this state folder from now on. Transcripts that have begun are written
    /// where they began.
    pub fn follow(&self, configdirectory: &Path) {
        let folder = configdirectory.join("log");
        if self.place.load().folder != folder {
            self.place.store(Arc::new(Place::new(folder)));
        }
    }

    /// Begins a transcript, if this user of this tenant is watched.
    pub fn of(&self, of: &str, user: Option<&str>, trace: &TraceId) -> Option<Transcript> {
        let place = self.place.load();
        let watched = place.watched.load();
        // Mostly nobody is.
        if watched.is_empty() {
            return None;
        }
        let user = user?;
        let name = match of {
            tenant::DEFAULT => user.to_owned(),
            of => format!("{of}:{user}"),
        };
        watched
            .contains(&name)
            .then(|| Transcript::new(place.writer.clone(), name.into(), trace.clone()))
    }

    /// Looks who is to be watched, again and again.
    pub async fn look_for_ever(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let place = self.place.load_full();
            let folder = place.folder.clone();
            if let Ok(found) = tokio::task::spawn_blocking(move || look(&folder)).await
                && found != **place.watched.load()
            {
                tracing::info!("telemetry is on for {} users", found.len());
                place.watched.store(Arc::new(found));
            }
        }
    }
}

impl Place {
    fn new(folder: PathBuf) -> Self {
        Self {
            watched: ArcSwap::from_pointee(look(&folder)),
            writer: Arc::new(Writer::new(folder.clone())),
            folder,
        }
    }
}

/// Lists the folders; none if there is no folder of folders.
fn look(folder: &Path) -> HashSet<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return HashSet::new();
    };
    let folders = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders
        .filter_map(|entry| entry.file_name().into_string().ok())
        .take(USERS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    #[test]
    fn only_who_has_a_folder_is_watched() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::create_dir_all(log.join("alice")).unwrap();
        std::fs::create_dir_all(log.join("acme:bob")).unwrap();
        std::fs::write(log.join("carol"), b"a file").unwrap();
        let telemetry = Telemetry::new(folder.path());
        let trace = TraceId::of(&HeaderMap::new());
        let watched = |tenant, user| telemetry.of(tenant, user, &trace).is_some();
        assert!(watched("default", Some("alice")));
        assert!(watched("acme", Some("bob")));
        for (tenant, user) in [
            ("acme", Some("alice")),
            ("default", Some("bob")),
            ("default", Some("carol")),
            ("default", None),
        ] {
            assert!(!watched(tenant, user), "{tenant} {user:?}");
        }
    }
}
