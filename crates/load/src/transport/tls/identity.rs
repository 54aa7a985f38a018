//! Who we are: a client's certificate with its key, as PEM or PKCS#12, encrypted or not.

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::SecretDocument;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{TlsError, TlsOptions, certificates};

/// A certificate with those that vouch for it, and its key.
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The one that the options give, if they do.
pub(super) fn identity(options: &TlsOptions) -> Result<Option<Identity>, TlsError> {
    let passphrase = options.passphrase.as_deref();
    if let Some(pfx) = &options.pfx {
        return of_pfx(pfx, passphrase.unwrap_or_default()).map(Some);
    }
    match (&options.certificate, &options.key) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate, "client's certificate")?;
            Ok(Some((chain, key_of_pem(key, passphrase)?)))
        }
        (None, None) => Ok(None),
        _ => Err(TlsError::Pair),
    }
}

fn of_pfx(bytes: &[u8], passphrase: &str) -> Result<Identity, TlsError> {
    let failed = |error: p12_keystore::error::Error| TlsError::Pfx(error.to_string());
    let store = KeyStore::from_pkcs12(bytes, passphrase, Pkcs12ImportPolicy::Strict);
    let store = store.map_err(failed)?;
    let (_, chain) = store
        .private_key_chain()
        .ok_or_else(|| TlsError::Pfx("it holds no key with its certificate".to_owned()))?;
    let certificates = chain.certs().iter();
    let certificates = certificates.map(|one| CertificateDer::from(one.as_der().to_vec()));
    let key = PrivatePkcs8KeyDer::from(chain.key().as_der().to_vec());
    Ok((certificates.collect(), key.into()))
}

fn key_of_pem(pem: &[u8], passphrase: Option<&str>) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = String::from_utf8_lossy(pem);
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(TlsError::OldKey);
    }
    let failed = |error: &dyn std::fmt::Display| TlsError::Key(error.to_string());
    let Some(at) = text.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") else {
        return PrivateKeyDer::from_pem_slice(pem).map_err(|error| failed(&error));
    };
    let passphrase = passphrase.ok_or(TlsError::NoPassphrase)?;
    let (_, encrypted) = SecretDocument::from_pem(&text[at..]).map_err(|error| failed(&error))?;
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(encrypted.as_bytes())
        .map_err(|error| failed(&error))?;
    let key = encrypted
        .decrypt(passphrase)
        .map_err(|_| TlsError::Passphrase)?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    // Made by `openssl req -x509`, `pkcs12 -export`, the same with `-legacy`, `pkcs8 -topk8` and
    // `ec -aes256`, all of the passphrase `secret`.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
     MIIBeDCCAR+gAwIBAgIUCYOus7dcVplwHXq1jv8yiBubgGswCgYIKoZIzj0EAwIw\n\
     ETEPMA0GA1UEAwwGY2xpZW50MCAXDTI2MTEyNTIyMTY0N1oYDzIxMjYxMTAxMjIx\n\
     NjQ3WjARMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n\
     AAS+NSSKlwbCndbYvju6Y4+n3BJOwL5pN8IYjrJ3TAh2ekgTIDs7PtvBrLH9FRN9\n\
     FmOalfsIGZN7XEZlpQ5dbAt0o1MwUTAdBgNVHQ4EFgQUIE2OMB790rpoEhTRPiN2\n\
     wnAjbwAwHwYDVR0jBBgwFoAUIE2OMB790rpoEhTRPiN2wnAjbwAwDwYDVR0TAQH/\n\
     BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBDVmU771YBXeynF98chJVn8pYuWcaO\n\
     kXb5ySsrwzYWmgIgcWErNIcliPgaP0AC7l14A2UQU0q4cH7Dxa4HgbX7tEo=\n\
     -----END CERTIFICATE-----\n";
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
     MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLYV5oqxSmpJSdQdZ\n\
     fLVgTvN1XtWTNLZpU39B2lS1KdahRANCAAS+NSSKlwbCndbYvju6Y4+n3BJOwL5p\n\
     N8IYjrJ3TAh2ekgTIDs7PtvBrLH9FRN9FmOalfsIGZN7XEZlpQ5dbAt0\n\
     -----END PRIVATE KEY-----\n";
    const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\
     MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg/XrfPqhBAdwICCAAw\n\
     DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFOTes0enbXzj60CSfVPaRMEgZAQ\n\
     /YQJ5vLkJos4rfsX2zM8c7wI9Ki1yhRytVSnsakHLgy8XY5ARyc9LzdJCSNNBWiV\n\
     vsqO1H5uE1v/lKArKnIjbM6m8Hu40RdM61PeIzwXMKm98vHJ8T4tvBeogynhwvnY\n\
     uC8ZQet78c0x8KVId5WndH9TwHUt3cbTfVkqPJ1yKDEXzXbZNyehKwChRIyqSJ0=\n\
     -----END ENCRYPTED PRIVATE KEY-----\n";
    const OLD_ENCRYPTED: &str = "-----BEGIN EC PRIVATE KEY-----\n\
     Proc-Type: 4,ENCRYPTED\n\
     DEK-Info: AES-256-CBC,1E71C76B746A1E59E21B0AFF68D4D55D\n\
     \n\
     jJslmGCZ5a4yrOPuHIkHU+8jJQUlecB7dIsVRmd+HA7U9nf9pe/8AR506oSF7jE2\n\
     d//qm32enNjgMnS9MK9LlRGZNug3yZSJs6CL3lNDC4+Y4SOwtjw+sg3bR5FoBwfE\n\
     BwfN2IRkAYfnzWzGN1woaTR7nS7E0tHG418Cj+tMStQ=\n\
     -----END EC PRIVATE KEY-----\n";
    const PFX: &str = "MIIEDAIBAzCCA8IGCSqGSIb3DQEHAaCCA7MEggOvMIIDqzCCAmIGCSqGSIb3DQEHBqCCAlMwggJPAgEAMIIC\
     SAYJKoZIhvcNAQcBMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAh9NygIBW2+UQICCAAwDAYIKoZI\
     hvcNAgkFADAdBglghkgBZQMEASoEEAwQ1TMpra7lri1A1gj7Ct6AggHgzdf6L/7jG6TRnnofLOWPwMzq93DS\
     62NrsptTxBrIs5qvlK1BcYYp+mxA51Wt1vyV0+PjKjhAQES2BpTonC5TDJ4ErvuZw0az8DRUPwNnEYeViJqU\
     MvVP8hhrpJszYIOjNnuvhE742000aFXnlw/6eWMNP5qsChzHzMJ77aARaZknAo8eu4eAxbxxtordiZitr0Ag\
     LH+2KQPr0dWJDSAZfaFdAnfoydH91XN5w+A1GSjSVCuZ9u+rqiPIYr/vxcIlkjaWUK8FEIVn7D9A+BrfO06I\
     qgan4UcKEvPK8OXgNe4eVvncKllIXlXO84D06anzHqY4fDaAVnxIDhrou5LRhMv1QZCABchP+QY7g+P2Au/2\
     kpZ4O3ayzxrnwcBH3FD2WlLuSJQz9RIL4SFDwmzflG4ROoprdAiStcxJhxsDLYC1Fw+RL4YWRmd7AtaW6a+e\
     asM2nrvCNREUVxDLJKrPzydJ2LPakDztC/BFlqvo54pTaYY3kn/Gu/QfDyOoGIlpCayIqGVjQm94SKUkUgTn\
     BAsDH2O7D8ZUU97MucSK8sy+Arz/2i659tiNo4dNt4WjCvvVTlTgql12/MoYhTKCufynkwnGDEZphwZdSJnP\
     R5I5f+jI6gWTiKLfyfI336S/MIIBQQYJKoZIhvcNAQcBoIIBMgSCAS4wggEqMIIBJgYLKoZIhvcNAQwKAQKg\
     ge8wgewwVwYJKoZIhvcNAQUNMEowKQYJKoZIhvcNAQUMMBwECCm9D701WNSjAgIIADAMBggqhkiG9w0CCQUA\
     MB0GCWCGSAFlAwQBKgQQEbZaBP0y/xrULuOY5/f6AASBkI9f+4IITL7Aa04VN8KtpvObONuo+tf+3qNA+4ye\
     yeSX8mhTVyk+SXgrzEw0R30wXzH948Qw5ymNZk/2Oz3HE3DcYlgk+jreCObVP2+mSRFUJBul2kcs7o8ScbNX\
     BTjZl7M7vEhcUbRHjcQWSoWNAvZjFRcUbpbdDO9+HTOgSgNUUaIeNkI+GBLFHzB4qU9gwDElMCMGCSqGSIb3\
     DQEJFTEWBBT2AL3aSMdFW335BVtX2TQQEoylnTBBMDEwDQYJYIZIAWUDBAIBBQAEINzX87UdbUh92n3AcD1+\
     uFHOtHTXwmJK0U95kKhEOggoBAgp8Ph5LIOnuAICCAA=";
    const OLD_PFX: &str = "MIIDegIBAzCCA0AGCSqGSIb3DQEHAaCCAzEEggMtMIIDKTCCAh8GCSqGSIb3DQEHBqCCAhAwggIMAgEAMIIC\
     BQYJKoZIhvcNAQcBMBwGCiqGSIb3DQEMAQYwDgQIN6HzydSTxlICAggAgIIB2GbQIodBLsC4jeN0vJQk6b1J\
     YX3+LXBSgaPsfg3A50V9q/g7ZCtaGjF91RrfNhtPijGCBZjpGfnYn+Z8LY+8XaYebPEq5Um4vbD1Kdk0wiJU\
     LO4V4eQ6ui5Z40I5KWw31lo9lb6FqPvmI5sEfyFRGRHuNXyIODV9IOFnkeVhsQlQhhzP6e+FRWqhlACc4mVi\
     g3xqjeO6fBagksHGGZBlcLwP/ghH370yGNzrqouq/Da+3Ia2Mdn7roVwDp2zeOrsEAL6YVTqpin2p7VQbWK5\
     BaqOFk26XWBZg67VprNH/Q+iEi4jDLaGvxWqlIBeeeE0KBcUkA4rIX5ccgsJgyq6uo2yTL39RqZN+2/YPPxC\
     jLa5voE32a1bAEvxyJ1sSTyBdnoXAP0R6w7CHYPB7X/QwmzBr9S4VJ6Bvi417h60tuFhnHYA6jNI0G8NS/y+\
     wb8Exe0yJBtXof5AV36DebvurGvZ+o/WD+wjusNMej5sNS2BAtRi+r3lPvv6HTBf0awxFWlyw+mrCsdYGvNv\
     bq2NIcezxCf+xVVnp8EsvHiwUoopWmT3xl+8J6iu3M2pOW7KAX+OgPXtcZrnIw18X99bwphItrveu/r4bxKg\
     ZkPQmqzXo+4owgUEv5YwggECBgkqhkiG9w0BBwGggfQEgfEwge4wgesGCyqGSIb3DQEMCgECoIG0MIGxMBwG\
     CiqGSIb3DQEMAQMwDgQI2Pw+6TZlkScCAggABIGQMOQTD5o5urYOfRVHUxQifmRZ/mbUiTK/UKTWChiedABC\
     1bF3cDUX/D8GsFFaGd1r3vw2FRnLd+JItk9YTQRAO+ppnVIqUahpES12SAr5Gq19+DGPbZEyx9U5E2Rr6TXg\
     2EQ+E+P4K3QjH22LLLDTdm45gdohPoqRMMe+I0zN61SgXr8czeGfhD1tEGz5nqwjMSUwIwYJKoZIhvcNAQkV\
     MRYEFPYAvdpIx0VbffkFW1fZNBASjKWdMDEwITAJBgUrDgMCGgUABBRoj46DeP4+jukpPlhtkmVIORTbMQQI\
     H9YRObFfNN8CAggA";

    fn of(key: &str, passphrase: Option<&str>) -> Result<Option<Identity>, TlsError> {
        identity(&TlsOptions {
            certificate: Some(CERTIFICATE.into()),
            key: Some(key.into()),
            passphrase: passphrase.map(str::to_owned),
            ..TlsOptions::default()
        })
    }

    fn of_base64(pfx: &str, passphrase: &str) -> Result<Option<Identity>, TlsError> {
        identity(&TlsOptions {
            pfx: Some(STANDARD.decode(pfx).unwrap()),
            passphrase: Some(passphrase.to_owned()),
            ..TlsOptions::default()
        })
    }

    #[test]
    fn whatever_it_is_packed_in_it_is_the_same() {
        let plain = of(KEY, None).unwrap();
        assert!(plain.is_some());
        assert_eq!(of(ENCRYPTED, Some("secret")).unwrap(), plain);
        assert_eq!(of_base64(PFX, "secret").unwrap(), plain);
        assert_eq!(of_base64(OLD_PFX, "secret").unwrap(), plain);
    }

    #[test]
    fn what_does_not_open_is_told_with_what_to_do() {
        assert_eq!(of(ENCRYPTED, None).unwrap_err(), TlsError::NoPassphrase);
        assert_eq!(of(ENCRYPTED, Some("x")).unwrap_err(), TlsError::Passphrase);
        let old = of(OLD_ENCRYPTED, Some("secret")).unwrap_err();
        assert!(old.hint().unwrap().contains("openssl pkcs8 -topk8"));
        for (pfx, passphrase) in [(PFX, "x"), (OLD_PFX, ""), ("AAAA", "secret")] {
            let error = of_base64(pfx, passphrase).unwrap_err();
            assert!(
                matches!(error, TlsError::Pfx(_)) && error.hint().is_some(),
                "{error}"
            );
        }
    }
}
