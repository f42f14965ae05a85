//! A principal of the directory as a card.

use module::{Kind, Principal};
use vcard::escape;

/// The card of a principal: vCard 3.0, which every program reads. `members` are those of a group.
pub(super) fn write(tenant: &str, principal: &Principal, members: &[String]) -> Vec<u8> {
    let mut text = String::from("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:");
    text.push_str(&object_uid(tenant, &principal.id));
    let mut name = String::new();
    escape(&mut name, &principal.display_name);
    text.push_str(&format!("\r\nFN:{name}\r\nN:{name};;;;\r\n"));
    match principal.kind {
        Kind::User => {}
        Kind::Group => text.push_str("X-ADDRESSBOOKSERVER-KIND:group\r\n"),
        Kind::Room => text.push_str("X-ADDRESSBOOKSERVER-KIND:location\r\n"),
        Kind::Resource => text.push_str("X-ADDRESSBOOKSERVER-KIND:device\r\n"),
    }
    for (at, address) in principal.addresses.iter().enumerate() {
        let preferred = if at == 0 { ",PREF" } else { "" };
        text.push_str(&format!("EMAIL;TYPE=INTERNET{preferred}:"));
        escape(&mut text, address);
        text.push_str("\r\n");
    }
    for member in members {
        let uid = object_uid(tenant, member);
        text.push_str(&format!("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{uid}\r\n"));
    }
    text.push_str("END:VCARD\r\n");
    text.into_bytes()
}

/// A UUID that a principal always has, and no other one. RFC 9562 §5.8.
fn object_uid(tenant: &str, id: &str) -> String {
    let [a, b] = digest(&[tenant.as_bytes(), id.as_bytes()]);
    format!(
        "{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xFFFF,
        a & 0xFFF,
        b >> 48 & 0x3FFF | 0x8000,
        b & 0xFFFF_FFFF_FFFF
    )
}

/// A digest of some texts: FNV-1a twice, from different beginnings.
pub(super) fn digest(parts: &[&[u8]]) -> [u64; 2] {
    [0xcbf2_9ce4_8422_2325_u64, 0x9e37_79b9_7f4a_7c15].map(|start| {
        let bytes = parts.iter().flat_map(|part| part.iter().chain(b"\0"));
        let hash = bytes.fold(start, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        });
        // The last bytes must matter to all bits.
        let mixed = (hash ^ hash >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ mixed >> 32
    })
}
