//! HTTPS: the handshake, ALPN, and an answer through it.

use crate::support::{Answer, Running, read_all, start};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
    StreamOwned,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::io::Write;
use std::sync::Arc;

pub fn fixture(name: &str) -> String {
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
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Whether a server shows this certificate, in PEM form, to whoever asks for a name.
pub fn shown(server: &Running, name: &'static str, certificate: &[u8]) -> bool {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyName(provider())))
        .with_no_client_auth();
    let name = ServerName::try_from(name).unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, server.connect());
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    assert!(read_all(&mut stream).starts_with("HTTP/1.1 200"));
    let expected = CertificateDer::from_pem_slice(certificate).unwrap();
    stream.conn.peer_certificates().unwrap().first() == Some(&expected)
}

/// Takes a certificate whatever name it is for.
#[derive(Debug)]
struct AnyName(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
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
        let answer = Answer::parse(&read_all(&mut stream));
        assert_eq!(answer.status, 200);
        // RFC 6797 §6.1.1
        let hsts = answer.field("strict-transport-security");
        assert_eq!(hsts, Some("max-age=600"));
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
