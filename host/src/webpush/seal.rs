//! Messages that only the device can read. RFC 8291, in the coding of RFC 8188.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use storage::EndpointKeys;

const SALT_LEN: usize = 16;
const KEY_LEN: usize = 16;
const NONCE_LEN: usize = 12;
/// The record size that every user agent takes. RFC 8291 §4.
const RECORD_SIZE: usize = 4096;
/// Ends the last record. RFC 8188 §2.
const LAST_RECORD: u8 = 2;
/// The tag of the cipher.
const TAG_LEN: usize = 16;

/// Encrypts a message with keys of its own. Fails if the device's key is no point of the curve, or
/// there is nothing random.
pub fn seal(keys: &EndpointKeys, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let random = SystemRandom::new();
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let our_public = ours.compute_public_key()?;
    let mut salt = [0; SALT_LEN];
    random.fill(&mut salt)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &keys.public_key);
    agree_ephemeral(ours, &theirs, |secret| {
        let key = key_of(secret, keys, our_public.as_ref())?;
        encode(&key, &salt, our_public.as_ref(), message)
    })?
}

/// The input keying material. RFC 8291 §3.4.
fn key_of(secret: &[u8], keys: &EndpointKeys, our_public: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let prk = Salt::new(HKDF_SHA256, &keys.auth_secret).extract(secret);
    expand(
        &prk,
        &[b"WebPush: info\0", &keys.public_key, our_public],
        32,
    )
}

/// The coding `aes128gcm`, of one record. RFC 8188 §2.
fn encode(
    key: &[u8],
    salt: &[u8; SALT_LEN],
    key_id: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    let prk = Salt::new(HKDF_SHA256, salt).extract(key);
    let key = expand(&prk, &[b"Content-Encoding: aes128gcm\0"], KEY_LEN)?;
    // The first record's: the number 0 changes nothing. RFC 8188 §2.3.
    let nonce = expand(&prk, &[b"Content-Encoding: nonce\0"], NONCE_LEN)?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    let nonce = Nonce::try_assume_unique_for_key(&nonce)?;
    let record_size = RECORD_SIZE.max(message.len() + 1 + TAG_LEN);
    let record_size = u32::try_from(record_size).map_err(|_| Unspecified)?;
    let mut record = [message, &[LAST_RECORD]].concat();
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record)?;
    let mut coded = salt.to_vec();
    coded.extend(record_size.to_be_bytes());
    coded.push(u8::try_from(key_id.len()).map_err(|_| Unspecified)?);
    coded.extend_from_slice(key_id);
    coded.append(&mut record);
    Ok(coded)
}

/// So many bytes of HKDF. RFC 5869 §2.3.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(prk: &Prk, info: &[&[u8]], len: usize) -> Result<Vec<u8>, Unspecified> {
    let mut bytes = vec![0; len];
    prk.expand(info, Length(len))?.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64.decode(text.replace([' ', '\n'], "")).unwrap()
    }

    #[test]
    fn rfc8188_s3_1_example() {
        let key = bytes("yqdlZ-tYemfogSmv7Ws5PQ");
        let salt = bytes("I1BsxtFttlv3u_Oo94xnmw").try_into().unwrap();
        let coded = encode(&key, &salt, b"", b"I am the walrus").unwrap();
        assert_eq!(
            BASE64.encode(coded),
            "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg"
        );
    }

    #[test]
    fn rfc8291_s5_and_appendix_a_example() {
        let keys = EndpointKeys {
            public_key: bytes(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx
                 aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            )
            .into(),
            auth_secret: bytes("BTBZMqHH6r4Tts7J_aSIgg").into(),
        };
        let secret = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let our_public = bytes(
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg
             Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
        );
        let key = key_of(&secret, &keys, &our_public).unwrap();
        let ikm = "S4lYMb_L0FxCeq0WhDx813KgSYqU26kOyzWUdsXYyrg";
        assert_eq!(BASE64.encode(&key), ikm);
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let message = b"When I grow up, I want to be a watermelon";
        let coded = encode(&key, &salt, &our_public, message).unwrap();
        let expected = bytes(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml
             mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8
             8pfeW0KbunFT06SuDKoJH9Ql87S1QUrdirN6GcG7sFz1y1sqLgVi1VhjVkHsUoEs
             bI_0LpXMuGvnzQ",
        );
        assert_eq!(coded, expected);
    }

    #[test]
    fn s3_1_every_message_has_a_key_of_its_own_and_a_point_is_checked() {
        let theirs = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
        let public = theirs.compute_public_key().unwrap();
        let mut keys = EndpointKeys {
            public_key: public.as_ref().to_vec().into(),
            auth_secret: vec![1; 16].into(),
        };
        let (one, other) = (seal(&keys, b"x").unwrap(), seal(&keys, b"x").unwrap());
        assert!(one[..16] != other[..16] && one[21..86] != other[21..86]);
        assert_eq!(one.len(), 86 + 1 + 1 + TAG_LEN);
        // RFC 8291 §4: a longer one is still one record.
        let long = seal(&keys, &[0; 5000]).unwrap();
        assert_eq!(long[16..20], 5017_u32.to_be_bytes());
        keys.public_key = vec![4; 65].into();
        assert!(seal(&keys, b"x").is_err());
    }
}
