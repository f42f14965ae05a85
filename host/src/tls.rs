//! TLS: the certificate and what is spoken. One certificate for all names; a resolver that
//! chooses by SNI and can be replaced while running takes the place of [`certificate`] later.

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

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
pub fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let resolver = rustls::sign::SingleCertAndKey::from(certificate(cert, key, &provider)?);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Reads a certificate chain and its key, and checks that they belong together.
fn certificate(
    cert: &Path,
    key: &Path,
    provider: &rustls::crypto::CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let failed = |option, file: &Path, reason: String| TlsError::File {
        option,
        file: file.display().to_string(),
        reason,
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|error| failed("tls_server_cert", cert, error.to_string()))?;
    if chain.is_empty() {
        let reason = "no certificate in PEM form".to_owned();
        return Err(failed("tls_server_cert", cert, reason));
    }
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| failed("tls_server_key", key, error.to_string()))?;
    Ok(CertifiedKey::from_der(chain, secret, provider)?)
}
