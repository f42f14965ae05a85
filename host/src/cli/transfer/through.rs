//! Files that a module takes: each is put at a path of the module's, in the user's name, as a client
//! would. So calendar objects, cards and files come to where they belong, checked and indexed by the
//! module that knows what they are.

use super::import::Tally;
use super::shown;
use crate::cli::CliError;
use crate::config::Config;
use crate::server::{module_set, runtime_config};
use crate::tenant::{Open, Site, Snapshot};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_TYPE, HeaderValue, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use runtime::{Answer, AnswerBody, Identity, ModuleSet, Request, Runtime, SignIn};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use storage::{Actor, Store};

/// As much is shown of why a module refuses.
const REASON_LEN_MAX: usize = 300;

/// Puts files at a path, for a user.
pub async fn put(
    config: &Config,
    tenant: &str,
    store: Arc<dyn Store>,
    user: &str,
    at: &str,
    from: &[PathBuf],
) -> Result<Tally, CliError> {
    let mut files = Vec::new();
    for path in from {
        let here = list(path);
        files.extend(here.map_err(|error| {
            CliError::Refused(format!("can't read {}: {error}", path.display()))
        })?);
    }
    let groups = store.groups(user).await?;
    let site = Site::new(tenant, Arc::new(config.clone()));
    site.take_store(store);
    let open = site.open().await?;
    let snapshot = Snapshot::new(Arc::new(config.clone()), Vec::new());
    let set = ModuleSet {
        // A server that runs has use for what this does not need.
        sweeps: false,
        ..module_set(&snapshot)
    };
    let how = runtime_config(config);
    let runtime = tokio::task::spawn_blocking(move || Runtime::start(how, set)).await;
    let runtime = runtime.map_err(|error| CliError::Refused(error.to_string()))??;
    let putting = Putting {
        runtime,
        open,
        identity: Identity {
            actor: Actor {
                principal: Some(user.to_owned()),
                groups,
                ..Actor::default()
            },
            sign_in: SignIn::Host,
        },
        authority: config.servername.clone(),
        at: at.trim_end_matches('/').to_owned(),
    };
    let bar = shown::bar("importing", files.len());
    let mut tally = Tally::default();
    for file in &files {
        match putting.put(file).await {
            Ok(true) => tally.imported += 1,
            Ok(false) => tally.there += 1,
            Err(reason) => {
                tally.failed += 1;
                println!("{}: {reason}", file.display());
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(tally)
}

/// A file, or those in a folder, by name.
fn list(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = entries.collect::<io::Result<Vec<PathBuf>>>()?;
    files.retain(|file| file.is_file());
    files.sort();
    Ok(files)
}

struct Putting {
    runtime: Runtime,
    open: Arc<Open>,
    identity: Identity,
    authority: String,
    at: String,
}

impl Putting {
    /// Puts a file; false if there is one of its name already.
    async fn put(&self, file: &Path) -> Result<bool, String> {
        let bytes = fs::read(file).map_err(|error| error.to_string())?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let path = format!("{}/{}", self.at, encode(&name));
        let tenant = &self.open.tenant;
        let Some(route) = self.runtime.modules(tenant).route(&path) else {
            return Err(format!("no module answers at {path}"));
        };
        let media_type = mime_guess::from_path(file).first_or_octet_stream();
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
        if let Ok(value) = HeaderValue::from_str(media_type.as_ref()) {
            headers.insert(CONTENT_TYPE, value);
        }
        let length = bytes.len() as u64;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let request = Request {
            method: "PUT".to_owned(),
            scheme: "https".to_owned(),
            authority: self.authority.clone(),
            path,
            query: None,
            headers,
            body: Some(Box::pin(stream::iter([Ok(Bytes::from(bytes))]))),
            body_length: Some(length),
            received: i64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(i64::MAX),
        };
        let handled = self
            .runtime
            .handle(&route, tenant, self.identity.clone(), request);
        let answer = handled.await.map_err(|error| error.to_string())?;
        match answer.status {
            status if status.is_success() => Ok(true),
            StatusCode::PRECONDITION_FAILED => Ok(false),
            status => Err(format!("{status} {}", reason(answer).await)),
        }
    }
}

/// What a module says, on one line.
async fn reason(answer: Answer) -> String {
    let mut bytes = Vec::new();
    match answer.body {
        AnswerBody::Bytes(all) => bytes.extend_from_slice(&all),
        AnswerBody::Stream(mut pieces) => {
            while let Some(Ok(piece)) = pieces.next().await {
                bytes.extend_from_slice(&piece);
            }
        }
        AnswerBody::None | AnswerBody::Blob(_) | AnswerBody::Subscription(_) => {}
    }
    let text = String::from_utf8_lossy(&bytes);
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(REASON_LEN_MAX).collect()
}

/// A name as a segment of a path. RFC 3986 §3.3.
fn encode(name: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let byte = |byte: u8| match unreserved(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_segments_of_paths() {
        assert_eq!(encode("a b/ü%.ics"), "a%20b%2F%C3%BC%25.ics");
    }
}
