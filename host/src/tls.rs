//! TLS: which certificate a client is shown, and what is spoken. The name that a client asks for
//! (SNI, RFC 6066 §3) picks the tenant's; others get the main file's.

use crate::tenant::Snapshot;
use arc_swap::ArcSwap;
use ring::digest;
use rustls::crypto::{CryptoProvider, ring as provider};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read, or has not what it should.
    #[error("`{option}`: {file}: {reason}")]
    File {
        /// The option that names the file.
        option: &'static str,
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// Certificate and key can't be used.
    #[error("certificate and key can't be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Makes what accepts TLS connections: TLS 1.2 and 1.3, HTTP/2 preferred.
pub fn acceptor(snapshot: Arc<ArcSwap<Snapshot>>) -> Result<TlsAcceptor, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ByName(snapshot)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Picks certificates as the configuration in force says.
struct ByName(Arc<ArcSwap<Snapshot>>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let snapshot = self.0.load();
        let default = snapshot.default_site();
        let site = hello.server_name().map(|name| snapshot.site(name));
        let own = site.and_then(|site| site.certificate());
        let certificate = own.or_else(|| default.certificate())?;
        Some(certificate.key.clone())
    }
}

impl fmt::Debug for ByName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByName")
    }
}

/// A certificate chain with its key.
pub struct Certificate {
    key: Arc<CertifiedKey>,
    /// SHA-256 of the two files: those that are the same need not be parsed again.
    files: [Vec<u8>; 2],
}

impl Certificate {
    /// Reads a chain and its key, and checks that they belong together. None if the files are
    /// those of `before`.
    pub fn read(cert: &Path, key: &Path, before: Option<&Self>) -> Result<Option<Self>, TlsError> {
        let cert = File::read("tls_server_cert", cert)?;
        let key = File::read("tls_server_key", key)?;
        let files = [cert.digest(), key.digest()];
        if before.is_some_and(|before| before.files == files) {
            return Ok(None);
        }
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&cert.bytes).collect();
        let chain = chain.map_err(|error| cert.failed(error))?;
        if chain.is_empty() {
            return Err(cert.failed("no certificate in PEM form"));
        }
        let secret =
            PrivateKeyDer::from_pem_slice(&key.bytes).map_err(|error| key.failed(error))?;
        let provider: CryptoProvider = provider::default_provider();
        let key = Arc::new(CertifiedKey::from_der(chain, secret, &provider)?);
        Ok(Some(Self { key, files }))
    }
}

/// A file that an option names.
struct File<'a> {
    option: &'static str,
    path: &'a Path,
    bytes: Vec<u8>,
}

impl<'a> File<'a> {
    fn read(option: &'static str, path: &'a Path) -> Result<Self, TlsError> {
        let mut file = Self {
            option,
            path,
            bytes: Vec::new(),
        };
        file.bytes = std::fs::read(path).map_err(|error| file.failed(error))?;
        Ok(file)
    }

    fn digest(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &self.bytes)
            .as_ref()
            .to_vec()
    }

    fn failed(&self, reason: impl ToString) -> TlsError {
        TlsError::File {
            option: self.option,
            file: self.path.display().to_string(),
            reason: reason.to_string(),
        }
    }
}

/// Makes what connects to others: it trusts the authorities that this machine trusts.
pub fn outgoing() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    let (trusted, _) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if trusted == 0 {
        return Err("this machine has no certificates of authorities to trust".to_owned());
    }
    let provider = Arc::new(provider::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
