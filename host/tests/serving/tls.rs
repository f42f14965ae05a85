//! HTTPS: the handshake, ALPN, and an answer through it.

use crate::support::{Answer, read_all, start};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::io::Write;
use std::sync::Arc;

fn fixture(name: &str) -> String {
    format!(
        "{}/tests/serving/fixtures/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn client(versions: &[&'static rustls::SupportedProtocolVersion], alpn: &[u8]) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(fixture("cert.pem")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
}

#[test]
fn tls_1_2_and_1_3_with_http_1_1_and_2() {
    let options = format!(
        "tls_listen: 127.0.0.1:0\ntls_server_cert: {}\ntls_server_key: {}",
        fixture("cert.pem"),
        fixture("key.pem")
    );
    let server = start(&options, &[]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut stream = StreamOwned::new(client(&[version], b"http/1.1"), server.connect());
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).unwrap();
        assert_eq!(Answer::parse(&read_all(&mut stream)).status, 200);
    }
    let mut stream = StreamOwned::new(client(&[&rustls::version::TLS13], b"h2"), server.connect());
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .unwrap();
    stream.flush().unwrap();
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));
}

#[test]
fn plain_http_on_the_tls_port_does_no_harm() {
    let options = format!(
        "tls_listen: 127.0.0.1:0\ntls_server_cert: {}\ntls_server_key: {}",
        fixture("cert.pem"),
        fixture("key.pem")
    );
    let server = start(&options, &[]);
    assert!(
        !server
            .send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .starts_with("HTTP")
    );
}
