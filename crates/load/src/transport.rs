//! The way to the target: sockets, TLS, proxies, and the connections a virtual user keeps.
//!
//! Owns everything between a name and a byte stream, and HTTP/1.1 and HTTP/2 on top of it. Must not
//! know flows, templates or counts: callers ask for one exchange or one stream and count
//! themselves. Nothing is ever sent twice: a connection that fails takes its request with it.

mod connections;
mod dial;
mod http1;
mod http2;
mod proxy;
mod stream;
mod tls;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

pub(crate) use connections::Connections;
pub(crate) use stream::Stream;

pub use proxy::{Proxies, Proxy, ProxyError};
pub use tls::{TlsError, TlsOptions};

/// What a script and the command line say about connections.
#[derive(Debug, Clone)]
pub struct TransportOptions {
    /// Certificates: whom to trust, and who we are.
    pub tls: TlsOptions,
    /// Proxies for HTTP requests.
    pub proxies: Proxies,
    /// Before WebSockets, instead of those.
    pub websocket_proxy: Option<Proxy>,
    /// Whether HTTP/2 is offered to servers behind TLS; HTTP/1.1 always is.
    pub http2: bool,
    /// At most so many connections, shared by all virtual users, instead of their own.
    pub pool: Option<usize>,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            tls: TlsOptions::default(),
            proxies: Proxies::default(),
            websocket_proxy: None,
            http2: true,
            pool: None,
        }
    }
}

/// The way to the target, shared by all virtual users of a load.
#[derive(Debug)]
pub struct Transport {
    options: TransportOptions,
    /// Addresses of hosts, the one that answered last first, and when they were looked up.
    addresses: Mutex<HashMap<String, (Instant, Vec<SocketAddr>)>>,
    /// Built on first use: reading the system's certificates takes longer than a short run.
    tls: OnceLock<Result<tls::Configs, TlsError>>,
    /// Connections shared by all users, if they are pooled.
    pool: Option<(Semaphore, Connections)>,
}

impl Transport {
    /// A way to the target with these options. Certificates that are given are checked here.
    ///
    /// # Errors
    /// If a certificate or key cannot be understood.
    pub fn new(options: TransportOptions) -> Result<Arc<Self>, TlsError> {
        let pool = options.pool.map(|size| {
            let permits = Semaphore::new(size.clamp(1, Semaphore::MAX_PERMITS));
            (permits, Connections::default())
        });
        let transport = Self {
            options,
            addresses: Mutex::default(),
            tls: OnceLock::new(),
            pool,
        };
        if transport.options.tls.has_own_certificates() {
            transport.tls_configs().map_err(Clone::clone)?;
        }
        Ok(Arc::new(transport))
    }

    fn tls_configs(&self) -> Result<&tls::Configs, &TlsError> {
        self.tls
            .get_or_init(|| tls::Configs::new(&self.options.tls, self.options.http2))
            .as_ref()
    }

    /// Does the slow part of an encrypted connection ahead of time.
    pub(crate) fn warm_up(&self, target: &scenario::Target) {
        if target.is_tls() {
            // An error comes back with the first connection, where it is counted.
            let _ = self.tls_configs();
        }
    }
}

/// One HTTP request. The transport adds `host` and `content-length` where they are missing.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// In capitals.
    pub(crate) method: &'a str,
    pub(crate) target: &'a scenario::Target,
    /// From the slash on, with the query, without a fragment.
    pub(crate) path: &'a str,
    /// Names in small letters; checked by [`is_header_name`] and [`is_header_value`].
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
    /// Bytes of the response's body that are kept; the rest is read, counted and dropped.
    pub(crate) keep: usize,
}

/// One HTTP response, read to its end.
#[derive(Debug, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    /// Its first bytes, as many as were to be kept; still encoded as the server sent it.
    pub(crate) body: Vec<u8>,
    /// The length of the whole body as it came.
    pub(crate) body_bytes: u64,
    pub(crate) times: Times,
}

impl Response {
    /// What is counted of it. `intended` is when its request should have begun.
    pub(crate) fn facts(&self, intended: Instant) -> ResponseFacts {
        let since_first_byte = self.times.total.saturating_sub(self.times.first_byte);
        ResponseFacts {
            status: self.status,
            body_bytes: self.body_bytes,
            since_intended: intended.elapsed().saturating_sub(since_first_byte),
            times: self.times,
        }
    }
}

/// What is counted of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResponseFacts {
    pub(crate) status: u16,
    pub(crate) body_bytes: u64,
    /// From when the request should have begun until the first byte of the response.
    pub(crate) since_intended: Duration,
    pub(crate) times: Times,
}

/// When things happened within one exchange.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Times {
    /// How long the connection took to make, if it was made for this request.
    pub(crate) connect: Option<ConnectTimes>,
    /// From the last byte of the request's head handed to the system until the first of the response.
    pub(crate) first_byte: Duration,
    /// From the same moment until the response's last byte.
    pub(crate) total: Duration,
}

/// The parts of making a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ConnectTimes {
    pub(crate) dns: Duration,
    pub(crate) tcp: Duration,
    pub(crate) tls: Option<Duration>,
}

/// A response's header lines, as they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers {
    text: Vec<u8>,
    /// Where each name and value lies in `text`.
    fields: Vec<[(u32, u32); 2]>,
}

#[allow(dead_code, reason = "read by captures and cookies")]
impl Headers {
    /// The first value under a name, whatever its capitals; `None` too where it is no text.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.iter();
        let (_, value) = fields.find(|(field, _)| field.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// Every value under a name that is text.
    pub(crate) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> + 's {
        self.iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// Every header line in order, with the name as the server wrote it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().filter_map(|&[name, value]| {
            let at = |(from, to): (u32, u32)| &self.text[from as usize..to as usize];
            Some((std::str::from_utf8(at(name)).ok()?, at(value)))
        })
    }

    fn with_capacity(bytes: usize, fields: usize) -> Self {
        Self {
            text: Vec::with_capacity(bytes),
            fields: Vec::with_capacity(fields),
        }
    }

    fn push(&mut self, name: &[u8], value: &[u8]) {
        let mut put = |bytes: &[u8]| {
            let from = self.text.len() as u32;
            self.text.extend_from_slice(bytes);
            (from, self.text.len() as u32)
        };
        let field = [put(name), put(value)];
        self.fields.push(field);
    }
}

/// Whether a text can be a header's name.
pub(crate) fn is_header_name(name: &str) -> bool {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(is_token)
}

/// Whether a text can be a header's value: no line breaks or other control characters.
pub(crate) fn is_header_value(value: &str) -> bool {
    value
        .bytes()
        .all(|b| b == b'\t' || (b >= 0x20 && b != 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_whatever_their_capitals() {
        let mut headers = Headers::default();
        headers.push(b"Set-Cookie", b"a=1");
        headers.push(b"set-cookie", b"b=2");
        headers.push(b"X-Bytes", b"\xff");
        assert_eq!(headers.get("SET-COOKIE"), Some("a=1"));
        assert_eq!(
            headers.all("set-cookie").collect::<Vec<_>>(),
            ["a=1", "b=2"]
        );
        assert_eq!(headers.get("x-bytes"), None);
        assert_eq!(headers.iter().count(), 3);
    }

    #[test]
    fn nothing_can_be_smuggled_in_with_a_header() {
        assert!(is_header_name("x-a_b"));
        for name in ["", "a b", "a:b", "a\r\nb", "ä"] {
            assert!(!is_header_name(name), "{name:?}");
        }
        assert!(is_header_value("text/html; q=\"ä\"\t"));
        assert!(!is_header_value("a\r\nb: c"));
    }
}
