//! Where a script's load goes.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

/// A server's address, and the path that relative URLs are appended to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    scheme: String,
    host: String,
    port: u16,
    path: String,
    host_header: String,
    /// The Unix socket it listens on, instead of host and port.
    socket: Option<String>,
}

/// Why a text is no target.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetError {
    /// Not `http`, `https`, `ws` or `wss`.
    #[error("it begins with none of `http://`, `https://`, `ws://`, `wss://`")]
    Scheme,
    /// Nothing between the scheme and the path.
    #[error("it names no host")]
    Host,
    /// Not a number up to 65535.
    #[error("`{0}` is no port")]
    Port(String),
    /// A Unix socket without a path.
    #[error("it names no socket: write `http://unix:/path/to/socket:/path/of/url`")]
    Socket,
}

impl Target {
    /// Parses an absolute URL. A query or fragment, and names before an `@`, are dropped: a target
    /// has none. `http://unix:/run/app.sock:/path` is a server on a Unix socket.
    ///
    /// # Errors
    /// If the scheme is unknown, or the host or port is missing or malformed.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(TargetError::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" | "ws" => 80,
            "https" | "wss" => 443,
            _ => return Err(TargetError::Scheme),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        if let Some(socket) = rest.strip_prefix("unix:") {
            return Self::on_socket(scheme, default_port, socket);
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let address = authority
            .rsplit_once('@')
            .map_or(authority, |(_, address)| address);
        // A bracketed IPv6 address has colons of its own.
        let (host, port) = match address.strip_prefix('[').and_then(|a| a.split_once(']')) {
            Some((host, after)) => (host, after.strip_prefix(':')),
            None => match address.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (address, None),
            },
        };
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(TargetError::Host);
        }
        let port = match port {
            None => default_port,
            Some(text) => match text.parse() {
                Ok(port @ 1..) => port,
                _ => return Err(TargetError::Port(text.to_owned())),
            },
        };
        let path = path.trim_end_matches('/').to_owned();
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
            path,
            host_header: address.to_owned(),
            socket: None,
        })
    }

    fn on_socket(scheme: String, port: u16, text: &str) -> Result<Self, TargetError> {
        let (socket, path) = text.split_once(':').unwrap_or((text, ""));
        if socket.is_empty() {
            return Err(TargetError::Socket);
        }
        Ok(Self {
            scheme,
            host: "localhost".to_owned(),
            port,
            path: path.trim_end_matches('/').to_owned(),
            host_header: "localhost".to_owned(),
            socket: Some(socket.to_owned()),
        })
    }

    /// The path of the Unix socket that it listens on, if it is one.
    #[must_use]
    pub fn socket_path(&self) -> Option<&str> {
        self.socket.as_deref()
    }

    /// Whether a connection to one is a connection to the other.
    #[must_use]
    pub fn same_server(&self, other: &Self) -> bool {
        self.port == other.port
            && self.host == other.host
            && self.is_tls() == other.is_tls()
            && self.socket == other.socket
    }

    /// The host, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own if none was given.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What comes before every relative URL's path: empty, or `/…` without a slash at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The host as a `Host` header has it: with its port, unless that is the scheme's own.
    #[must_use]
    pub fn host_header(&self) -> &str {
        &self.host_header
    }

    /// The host and port, always both.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.scheme.as_str(), "https" | "wss")
    }

    /// Whether it is this machine by its very name.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        // On a Unix socket the host is always `localhost`.
        let is_name = self.host.eq_ignore_ascii_case("localhost");
        is_name
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Some(socket) => write!(f, "{}://unix:{socket}:{}", self.scheme, self.path),
            None => write!(f, "{}://{}{}", self.scheme, self.authority(), self.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_parsed_and_shown_with_their_port() {
        for (text, shown) in [
            ("ws://localhost:8080", "ws://localhost:8080"),
            ("HTTP://127.0.0.1", "http://127.0.0.1:80"),
            (
                "https://shop.example/api/?x=1",
                "https://shop.example:443/api",
            ),
            ("ws://me:secret@[::1]:9000/a/b#c", "ws://[::1]:9000/a/b"),
            (
                "http://unix:/run/app.sock:/api/",
                "http://unix:/run/app.sock:/api",
            ),
            ("ws://unix:/run/app.sock", "ws://unix:/run/app.sock:"),
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_target_says_why() {
        for (text, error) in [
            ("localhost:8080", TargetError::Scheme),
            ("ftp://x", TargetError::Scheme),
            ("http:///path", TargetError::Host),
            ("http://a b", TargetError::Host),
            ("http://unix:", TargetError::Socket),
            ("http://a:0", TargetError::Port("0".into())),
            ("http://a:http", TargetError::Port("http".into())),
            ("ws://[::1]:99999", TargetError::Port("99999".into())),
        ] {
            assert_eq!(Target::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn loopback_is_known_by_name_and_address() {
        for host in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "0.0.0.0",
        ] {
            assert!(
                Target::parse(&format!("http://{host}:1"))
                    .unwrap()
                    .is_loopback(),
                "{host}"
            );
        }
        for host in ["10.0.0.1", "shop.example", "localhost.example", "[fe80::1]"] {
            assert!(
                !Target::parse(&format!("http://{host}:1"))
                    .unwrap()
                    .is_loopback(),
                "{host}"
            );
        }
    }
}
