//! Where is posted to, and where never. Users name the URLs, so that without bounds they could make
//! the server knock at doors that only it can reach. RFC 8620 §8.6.

use http::Uri;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest URL.
const URL_LEN_MAX: usize = 2048;

/// What an URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Name or address of the host, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What the Host field says.
    pub authority: String,
    /// Path and query.
    pub target: String,
    /// The origin, in its Unicode serialization. RFC 6454 §6.1.
    pub origin: String,
}

impl Destination {
    /// Reads an `https` URL; says what is wrong with another one.
    pub fn parse(url: &str) -> Result<Self, String> {
        if url.len() > URL_LEN_MAX {
            return Err(format!("the URL has more than {URL_LEN_MAX} bytes"));
        }
        let uri: Uri = url.parse().map_err(|_| "this is no URL".to_owned())?;
        if uri.scheme_str() != Some("https") {
            return Err("the URL must begin with https://".to_owned());
        }
        let authority = uri.authority().ok_or("the URL names no host")?;
        if authority.as_str().contains('@') {
            return Err("the URL must not have a user in it".to_owned());
        }
        let host = authority.host().to_ascii_lowercase();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare.is_empty() || authority.as_str().ends_with(':') {
            return Err("the URL names no host, or no port after the colon".to_owned());
        }
        let port = authority.port_u16().unwrap_or(443);
        if port == 0 || (authority.port().is_some() && authority.port_u16().is_none()) {
            return Err("the port of the URL is none".to_owned());
        }
        let named = match port {
            443 => host.clone(),
            port => format!("{host}:{port}"),
        };
        Ok(Self {
            host: bare.to_owned(),
            port,
            target: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
            origin: format!("https://{named}"),
            authority: named,
        })
    }
}

/// Refuses what is no URL to post to.
pub fn check_any(url: &str) -> Result<(), String> {
    Destination::parse(url).map(drop)
}

/// Refuses as well what is certainly not in public. What a name leads to is looked at when it is
/// posted to.
pub fn check_public(url: &str) -> Result<(), String> {
    let host = Destination::parse(url)?.host;
    let address = host.parse::<IpAddr>();
    let is_local = host == "localhost" || host.ends_with(".localhost");
    match is_local || address.is_ok_and(|address| !is_public(address)) {
        false => Ok(()),
        true => Err(format!(
            "nothing is posted to {host}, which is not in public"
        )),
    }
}

/// Whether an address is of the public Internet: none of the special ones that the registries of
/// RFC 6890 have, nor one that contains such a one.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // "This network", private, loopback, link-local, private again.
        (0 | 10 | 127, ..) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Shared by carriers; protocol assignments; the old 6to4 relays.
        (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) => true,
        // Documentation and benchmarks.
        (192, 0, 2) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224..=255, ..) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [a, b, c, d, e, f, g, h] = segments;
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match (a, b, c, d, e, f) {
        // IPv4 in other clothes: mapped (RFC 4291 §2.5.5.2), translated (RFC 6052 §2.1), 6to4
        // (RFC 3056 §2).
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => is_public_v4(v4(g, h)),
        (0x2002, ..) => is_public_v4(v4(b, c)),
        // Protocol assignments, Teredo among them; documentation.
        (0x2001, 0..=0x1ff, ..) | (0x2001, 0xdb8, ..) | (0x3fff, 0..=0xfff, ..) => false,
        // Global unicast, RFC 4291 §2.4: the rest is loopback, local, multicast or unassigned.
        _ => (0x2000..=0x3fff).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_url_says_where() {
        let read = Destination::parse("https://Push.Example.net/p/a?b=c").unwrap();
        assert_eq!(read.host, "push.example.net");
        assert_eq!(read.target, "/p/a?b=c");
        assert_eq!(
            (read.port, read.authority.as_str()),
            (443, "push.example.net")
        );
        let read = Destination::parse("https://[2600::1]:8443").unwrap();
        assert_eq!((read.host.as_str(), read.target.as_str()), ("2600::1", "/"));
        // RFC 6454 §6.1: the port stands there if it is not the scheme's.
        assert_eq!(read.origin, "https://[2600::1]:8443");
        let read = Destination::parse("https://a.test:443/").unwrap();
        assert_eq!(read.origin, "https://a.test");
        for wrong in [
            "http://a.test/",
            "/p/a",
            "https://",
            "https:///a",
            "https://user@a.test/",
            "https://a.test:0/",
            "https://a.test:99999/",
            "https://a.test:/",
            "https://a b/",
            "gopher",
        ] {
            assert!(Destination::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rfc8620_s8_6_what_is_not_public_is_not_posted_to() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "172.32.0.1",
            "2600::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for url in [
            "https://127.0.0.1/",
            "https://[::1]:8443/p",
            "https://localhost/",
        ] {
            assert!(check_public(url).is_err(), "{url}");
            assert_eq!(check_any(url), Ok(()), "{url}");
        }
        assert_eq!(check_public("https://push.example.net/"), Ok(()));
    }
}
