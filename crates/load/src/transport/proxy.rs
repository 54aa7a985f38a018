//! Proxies: which one stands before a target, and asking it for a tunnel.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scenario::Target;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::stream::Socket;
use crate::cause::Cause;

/// A head longer than this is no answer to `CONNECT`.
const LONGEST_HEAD: usize = 16 << 10;

/// An HTTP proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(super) address: Target,
    /// The value of `proxy-authorization`, if the URL names a user.
    pub(super) authorization: Option<String>,
}

/// Why a text is no proxy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{url}` is no proxy: {why}")]
pub struct ProxyError {
    url: String,
    why: String,
}

impl Proxy {
    /// Parses `http://[user:password@]host:port`; the scheme may be missing.
    ///
    /// # Errors
    /// If it names no host, or another scheme.
    pub fn parse(url: &str) -> Result<Self, ProxyError> {
        let full = match url.contains("://") {
            true => url.to_owned(),
            false => format!("http://{url}"),
        };
        let wrong = |why: String| ProxyError {
            url: without_password(url),
            why,
        };
        let address = Target::parse(&full).map_err(|error| wrong(error.to_string()))?;
        if address.is_tls() || full.to_ascii_lowercase().starts_with("ws") {
            return Err(wrong("only `http://` proxies are supported".to_owned()));
        }
        let user = full
            .split_once("://")
            .and_then(|(_, rest)| rest.split(['/', '?']).next()?.rsplit_once('@'));
        let authorization =
            user.map(|(user, _)| format!("Basic {}", STANDARD.encode(percent_decoded(user))));
        Ok(Self {
            address,
            authorization,
        })
    }
}

fn without_password(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => url.to_owned(),
    }
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    bytes
}

/// Which proxy stands before which target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Before `http` and `ws` targets.
    pub plain: Option<Proxy>,
    /// Before `https` and `wss` targets.
    pub tls: Option<Proxy>,
    /// Hosts and domains that are asked directly; `*` for all.
    pub except: Vec<String>,
}

impl Proxies {
    pub(super) fn before(&self, target: &Target) -> Option<&Proxy> {
        let proxy = match target.is_tls() {
            true => self.tls.as_ref(),
            false => self.plain.as_ref(),
        };
        proxy.filter(|_| target.socket_path().is_none() && !self.is_excepted(target.host()))
    }

    fn is_excepted(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.except.iter().any(|entry| {
            let entry = entry.trim().to_ascii_lowercase();
            let domain = entry.trim_start_matches("*.").trim_start_matches('.');
            entry == "*"
                || host == domain
                || (!domain.is_empty()
                    && host
                        .strip_suffix(domain)
                        .is_some_and(|before| before.ends_with('.')))
        })
    }
}

/// Asks a proxy for a tunnel to `target`; afterwards the socket is as good as one to the target.
pub(super) async fn tunnel(
    socket: &mut Socket,
    proxy: &Proxy,
    target: &Target,
) -> Result<(), Cause> {
    let authority = target.authority();
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n");
    if let Some(authorization) = &proxy.authorization {
        request += &format!("proxy-authorization: {authorization}\r\n");
    }
    request += "\r\n";
    socket.write_all(request.as_bytes()).await?;
    // Byte by byte: what follows the head belongs to the target.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST_HEAD {
            return Err(Cause("the proxy's answer is no HTTP".into()));
        }
        head.push(socket.read_u8().await?);
    }
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut answer = httparse::Response::new(&mut fields);
    match answer.parse(&head).map(|_| answer.code) {
        Ok(Some(200..=299)) => Ok(()),
        Ok(Some(code)) => Err(Cause(format!(
            "the proxy refused the tunnel (status {code})"
        ))),
        _ => Err(Cause("the proxy's answer is no HTTP".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_parsed_with_their_user() {
        let proxy = Proxy::parse("http://me:se%3Acret@127.0.0.1:3128").unwrap();
        assert_eq!(proxy.address.authority(), "127.0.0.1:3128");
        // `me:se:cret`
        assert_eq!(
            proxy.authorization.as_deref(),
            Some("Basic bWU6c2U6Y3JldA==")
        );
        assert_eq!(Proxy::parse("cache:80").unwrap().authorization, None);
        let error = Proxy::parse("socks5://me:secret@cache:1").unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn the_right_proxy_stands_before_a_target() {
        let proxies = Proxies {
            plain: Proxy::parse("a:1").ok(),
            tls: Proxy::parse("b:2").ok(),
            except: vec!["localhost".into(), ".example".into()],
        };
        let before = |url: &str| {
            let target = Target::parse(url).unwrap();
            proxies
                .before(&target)
                .map(|proxy| proxy.address.host().to_owned())
        };
        assert_eq!(before("http://x.org").as_deref(), Some("a"));
        assert_eq!(before("wss://x.org").as_deref(), Some("b"));
        assert_eq!(before("http://localhost:1"), None);
        assert_eq!(before("http://shop.example"), None);
        assert_eq!(before("http://notexample").as_deref(), Some("a"));
    }
}
