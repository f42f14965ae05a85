//! The key by which push services know this server, and what it signs. RFC 8292.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::HeaderValue;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The key's file in the state folder.
const FILE: &str = "vapid.key";
/// How long what is signed holds, in seconds: RFC 8292 §2 allows 24 hours.
const VALID_S: i64 = 12 * 3600;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum VapidError {
    /// The file can't be read, or written.
    #[error("{FILE} in the state folder: {0}")]
    File(#[from] io::Error),
    /// The file holds something else.
    #[error("{FILE} in the state folder is no private key of P-256 in PEM (PKCS #8)")]
    NotAKey,
    /// Nothing random.
    #[error("no key can be made: there is nothing random")]
    Random,
}

/// The server's key.
pub struct Vapid {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Vapid {
    /// Reads the key in the state folder; makes one if there is none. Whoever has subscriptions for
    /// one key gets nothing by another, so it stays as long as the folder does.
    pub fn load(folder: &Path) -> Result<Self, VapidError> {
        let file = folder.join(FILE);
        let random = SystemRandom::new();
        let pem = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(&file, &random)?;
                // Another process may have been faster.
                fs::read(&file)?
            }
            read => read?,
        };
        let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_| VapidError::NotAKey)?;
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            der.secret_pkcs8_der(),
            &random,
        );
        let key = key.map_err(|_| VapidError::NotAKey)?;
        Ok(Self { key, random })
    }

    /// The public key: an uncompressed point.
    pub fn public_key(&self) -> Bytes {
        Bytes::copy_from_slice(self.key.public_key().as_ref())
    }

    /// An Authorization field for a push service, by its origin. RFC 8292 §2, §3.
    pub fn authorization(&self, origin: &str, contact: &str, now_s: i64) -> Option<HeaderValue> {
        let claims = serde_json::json!({
            "aud": origin,
            "exp": now_s.saturating_add(VALID_S),
            "sub": contact,
        });
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.key.sign(&self.random, signed.as_bytes()).ok()?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let key = URL_SAFE_NO_PAD.encode(self.key.public_key());
        // No space behind the comma: py-vapid, which services verify with, knows none.
        let mut value =
            HeaderValue::try_from(format!("vapid t={signed}.{signature},k={key}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Makes a key that nobody else may read, and puts it in place unless there is one.
fn make(file: &Path, random: &SystemRandom) -> Result<(), VapidError> {
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random);
    let text = STANDARD.encode(der.map_err(|_| VapidError::Random)?);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    let draft = file.with_extension(format!("draft-{}", uuid::Uuid::new_v4().simple()));
    let written = write(&draft, &pem).and_then(|()| match fs::hard_link(&draft, file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = fs::remove_file(&draft);
    written?;
    removed?;
    if let Some(folder) = file.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use std::os::unix::fs::PermissionsExt;

    /// Verifies a field as a push service does, and returns the claims. RFC 8292 §4.2.
    fn verify(field: &str) -> serde_json::Value {
        let parameters = field.strip_prefix("vapid ").unwrap();
        let (token, key) = parameters.split_once(',').unwrap();
        let token = token.trim().strip_prefix("t=").unwrap();
        let key = key.trim().strip_prefix("k=").unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(key))
            .verify(signed.as_bytes(), &decode(signature))
            .unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let header: serde_json::Value = serde_json::from_slice(&decode(header)).unwrap();
        assert_eq!(header, serde_json::json!({ "typ": "JWT", "alg": "ES256" }));
        serde_json::from_slice(&decode(claims)).unwrap()
    }

    #[test]
    fn rfc8292_s2_4_what_is_signed_is_as_in_the_example() {
        let claims = verify(
            "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3\
             B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.\
             i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, \
             k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs",
        );
        let folder = tempfile::tempdir().unwrap();
        let vapid = Vapid::load(folder.path()).unwrap();
        let expires = 1_453_523_768;
        let field = vapid
            .authorization(
                "https://push.example.net",
                "mailto:push@example.com",
                expires - VALID_S,
            )
            .unwrap();
        assert_eq!(verify(field.to_str().unwrap()), claims);
        assert!(field.is_sensitive());
    }

    #[test]
    fn the_key_is_made_once_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let first = Vapid::load(folder.path()).unwrap().public_key();
        assert_eq!((first.len(), first[0]), (65, 4));
        assert_eq!(Vapid::load(folder.path()).unwrap().public_key(), first);
        let file = folder.path().join(FILE);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::write(&file, "something else").unwrap();
        let refused = Vapid::load(folder.path()).err().unwrap();
        assert!(matches!(refused, VapidError::NotAKey), "{refused}");
        fs::remove_file(&file).unwrap();
        assert_ne!(Vapid::load(folder.path()).unwrap().public_key(), first);
    }
}
