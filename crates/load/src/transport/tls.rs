//! Certificates: whom to trust, and who we are.

mod identity;

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use thiserror::Error;

/// What a script and the command line say about TLS.
#[derive(Debug, Clone)]
pub struct TlsOptions {
    /// Whether the server's certificate is checked.
    pub verify: bool,
    /// The same for WebSockets, where it differs.
    pub verify_websocket: Option<bool>,
    /// Certificates to trust instead of the system's, as PEM texts.
    pub ca: Vec<Vec<u8>>,
    /// Our own certificate with its chain, as a PEM text.
    pub certificate: Option<Vec<u8>>,
    /// The key of our own certificate, as a PEM text.
    pub key: Option<Vec<u8>>,
    /// Both in one, as PKCS#12; counts more than they do.
    pub pfx: Option<Vec<u8>>,
    /// What the key or `pfx` is encrypted with.
    pub passphrase: Option<String>,
    /// The name to ask for and check, where it is not the target's host.
    pub server_name: Option<String>,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self {
            verify: true,
            verify_websocket: None,
            ca: Vec::new(),
            certificate: None,
            key: None,
            pfx: None,
            passphrase: None,
            server_name: None,
        }
    }
}

impl TlsOptions {
    pub(super) fn has_own_certificates(&self) -> bool {
        let is_somebody = self.certificate.is_some() || self.key.is_some() || self.pfx.is_some();
        is_somebody || !self.ca.is_empty()
    }
}

/// Why encrypted connections cannot be made at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TlsError {
    /// A text that should hold certificates holds none that can be read.
    #[error("the {0} is no PEM certificate: {1}")]
    Certificate(&'static str, String),
    /// A text that should hold a private key holds none.
    #[error("the client's key is no PEM private key: {0}")]
    Key(String),
    /// A key is encrypted, and nothing was said to decrypt it with.
    #[error("the client's key is encrypted, and there is no `passphrase`")]
    NoPassphrase,
    /// A key is encrypted with something else.
    #[error("the `passphrase` does not fit the client's key, or its encryption is not known")]
    Passphrase,
    /// A key is encrypted in a way that was given up long ago.
    #[error("the client's key is encrypted in OpenSSL's old way")]
    OldKey,
    /// A PKCS#12 file cannot be used.
    #[error("the client's `pfx` cannot be read: {0}")]
    Pfx(String),
    /// A certificate without its key, or the other way round.
    #[error("a client certificate needs its key, and a key its certificate")]
    Pair,
    /// The certificate and the key do not belong together, or are of an unknown kind.
    #[error("the client's certificate and key cannot be used: {0}")]
    Client(String),
    /// No certificate to trust was found on this machine.
    #[error("this machine has no trusted certificates: give some with `tls.ca`")]
    NoRoots,
}

impl TlsError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoPassphrase => Some("give it in `config.tls.passphrase`, as `{{ $env.NAME }}`"),
            Self::OldKey => {
                Some("`openssl pkcs8 -topk8 -in OLD.pem -out NEW.pem` encrypts it anew")
            }
            Self::Pfx(_) => Some(
                "it must be PKCS#12, encrypted with `config.tls.passphrase`; \
                 `openssl pkcs12 -in FILE -info -noout` says more",
            ),
            _ => None,
        }
    }
}

/// TLS as HTTP and as WebSocket need it: they offer different protocols.
#[derive(Debug)]
pub(super) struct Configs {
    pub(super) http: Arc<ClientConfig>,
    pub(super) websocket: Arc<ClientConfig>,
}

impl Configs {
    pub(super) fn new(options: &TlsOptions, http2: bool) -> Result<Self, TlsError> {
        let mut http = config(options, options.verify)?;
        let websocket = match options.verify_websocket {
            Some(verify) if verify != options.verify => config(options, verify)?,
            _ => http.clone(),
        };
        http.alpn_protocols = match http2 {
            true => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            false => vec![b"http/1.1".to_vec()],
        };
        Ok(Self {
            http: Arc::new(http),
            websocket: Arc::new(websocket),
        })
    }
}

fn config(options: &TlsOptions, verify: bool) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Client(error.to_string()))?;
    let builder = match verify {
        true => builder.with_root_certificates(roots(options)?),
        false => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TrustsAnyone(provider))),
    };
    match identity::identity(options)? {
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| TlsError::Client(error.to_string())),
        None => Ok(builder.with_no_client_auth()),
    }
}

/// The certificates given, or those of the system.
fn roots(options: &TlsOptions) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for text in &options.ca {
        for certificate in certificates(text, "CA")? {
            roots
                .add(certificate)
                .map_err(|error| TlsError::Certificate("CA", error.to_string()))?;
        }
    }
    if options.ca.is_empty() {
        // Broken entries of the system's store are nothing a load test could mend.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(TlsError::NoRoots);
        }
    }
    Ok(roots)
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match parsed {
        Ok(list) if list.is_empty() => Err(TlsError::Certificate(what, "it holds none".to_owned())),
        Ok(list) => Ok(list),
        Err(error) => Err(TlsError::Certificate(what, error.to_string())),
    }
}

/// Takes any certificate, but still makes the server prove that it has the key to it.
#[derive(Debug)]
struct TrustsAnyone(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustsAnyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_that_are_none_say_so() {
        let broken = |options: TlsOptions| config(&options, options.verify).unwrap_err();
        let garbage = TlsOptions {
            ca: vec![b"garbage".to_vec()],
            ..TlsOptions::default()
        };
        assert_eq!(
            broken(garbage),
            TlsError::Certificate("CA", "it holds none".into())
        );
        let alone = TlsOptions {
            verify: false,
            key: Some(Vec::new()),
            ..TlsOptions::default()
        };
        assert_eq!(broken(alone), TlsError::Pair);
    }
}
