//! Passwords into what is stored of them, and the check. Argon2id (RFC 9106) for passwords that
//! clients send, SCRAM keys (RFC 5802 §3, RFC 7677) for those that they will prove to know.
//!
//! # Not supported
//! SASLprep (RFC 4013): a password is the bytes that its user typed. All clients send UTF-8.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;
use storage::Credentials;

/// Why a password can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// It is empty or too long.
    #[error("a password has between 1 and {LEN_MAX} bytes")]
    Length,
    /// It has a control character.
    #[error("a password can't have control characters")]
    Control,
    /// The system gives no random bytes, or the hash can't be computed.
    #[error("can't hash the password: {0}")]
    Hash(String),
}

const LEN_MAX: usize = 1024;

/// RFC 7677 §4 asks for 4096 at least.
const SCRAM_ITERATIONS: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
const SCRAM_SALT_LEN: usize = 16;

/// A hash that no password has, to be checked for users who do not exist: the answer takes as long
/// as for those who do.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Returns what is stored of a password. Takes tens of milliseconds of CPU.
pub fn derive(password: &str) -> Result<Credentials, PasswordError> {
    if password.is_empty() || password.len() > LEN_MAX {
        return Err(PasswordError::Length);
    }
    if password.chars().any(char::is_control) {
        return Err(PasswordError::Control);
    }
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| PasswordError::Hash(error.to_string()))?;
    Ok(Credentials {
        argon2id: hash.to_string(),
        scram_sha_256: scram(
            password,
            pbkdf2::PBKDF2_HMAC_SHA256,
            hmac::HMAC_SHA256,
            &digest::SHA256,
        )?,
        scram_sha_1: scram(
            password,
            pbkdf2::PBKDF2_HMAC_SHA1,
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
        )?,
    })
}

/// Checks a password against what is stored; none for a user who does not exist. Takes tens of
/// milliseconds of CPU either way.
pub fn verify(password: &str, argon2id: Option<&str>) -> bool {
    let known = argon2id.and_then(|hash| argon2::PasswordHash::new(hash).ok());
    let exists = known.is_some();
    let Some(hash) = known.or_else(|| argon2::PasswordHash::new(NOBODY).ok()) else {
        return false;
    };
    let matches = Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok();
    matches && exists
}

/// `iterations$salt$stored-key$server-key`. RFC 5802 §3.
fn scram(
    password: &str,
    derivation: pbkdf2::Algorithm,
    mac: hmac::Algorithm,
    hash: &'static digest::Algorithm,
) -> Result<String, PasswordError> {
    let mut salt = [0; SCRAM_SALT_LEN];
    getrandom::fill(&mut salt).map_err(|error| PasswordError::Hash(error.to_string()))?;
    Ok(scram_with(
        password,
        &salt,
        SCRAM_ITERATIONS,
        derivation,
        mac,
        hash,
    ))
}

fn scram_with(
    password: &str,
    salt: &[u8],
    iterations: NonZeroU32,
    derivation: pbkdf2::Algorithm,
    mac: hmac::Algorithm,
    hash: &'static digest::Algorithm,
) -> String {
    let mut salted = vec![0; hash.output_len()];
    pbkdf2::derive(
        derivation,
        iterations,
        salt,
        password.as_bytes(),
        &mut salted,
    );
    let key = hmac::Key::new(mac, &salted);
    let client_key = hmac::sign(&key, b"Client Key");
    let stored_key = digest::digest(hash, client_key.as_ref());
    let server_key = hmac::sign(&key, b"Server Key");
    format!(
        "{iterations}${}${}${}",
        BASE64.encode(salt),
        BASE64.encode(stored_key),
        BASE64.encode(server_key)
    )
}

/// Returns a password that nobody has chosen: 100 bits, without letters that look alike.
pub fn random() -> Result<String, PasswordError> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).map_err(|error| PasswordError::Hash(error.to_string()))?;
    let mut password = String::new();
    for (position, byte) in bytes.iter().enumerate() {
        if position > 0 && position % 5 == 0 {
            password.push('-');
        }
        let letter = ALPHABET
            .get(usize::from(byte % 32))
            .copied()
            .unwrap_or(b'x');
        password.push(char::from(letter));
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_password_verifies_and_no_other() {
        let credentials = derive("open sesame").unwrap();
        assert!(credentials.argon2id.starts_with("$argon2id$"));
        assert!(verify("open sesame", Some(&credentials.argon2id)));
        assert!(!verify("open sesam", Some(&credentials.argon2id)));
        assert!(!verify("", Some("")));
        assert!(!verify("x", None));
        assert!(argon2::PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn passwords_are_bounded() {
        assert!(matches!(derive(""), Err(PasswordError::Length)));
        assert!(matches!(
            derive(&"x".repeat(1025)),
            Err(PasswordError::Length)
        ));
        assert!(matches!(derive("a\nb"), Err(PasswordError::Control)));
    }

    #[test]
    fn rfc5802_s5_keys_are_those_of_the_example() {
        // The exchange of RFC 5802 §5: user "user", password "pencil", i=4096.
        let salt = BASE64.decode("QSXCR+Q6sek8bf92").unwrap();
        let keys = scram_with(
            "pencil",
            &salt,
            NonZeroU32::new(4096).unwrap(),
            pbkdf2::PBKDF2_HMAC_SHA1,
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
        );
        assert_eq!(
            keys,
            "4096$QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=$D+CSWLOshSulAsxiupA+qs2/fTE="
        );
    }

    #[test]
    fn random_passwords_differ() {
        let password = random().unwrap();
        assert_eq!(password.len(), 23);
        assert_ne!(password, random().unwrap());
    }
}
