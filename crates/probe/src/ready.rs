//! How a service says that it is ready.

use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::output::Output;
use crate::{Error, procfs};

/// One attempt to find out takes no longer.
const ATTEMPT: Duration = Duration::from_secs(2);

/// The sign by which a service is taken to be ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// This port accepts connections.
    Port {
        /// A name or an address, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// This URL answers a GET with a status below 400. See [`Ready::at_url`].
    Url(http::Uri),
    /// It prints a line that contains this text.
    Line(String),
}

impl Ready {
    /// Ready when `url`, over plain HTTP, answers.
    ///
    /// # Errors
    /// [`Error::ReadyUrl`] if it is no `http://` URL with a host.
    pub fn at_url(url: &str) -> Result<Self, Error> {
        let parsed = url.parse::<http::Uri>().ok();
        let usable = parsed.filter(|u| u.scheme_str() == Some("http") && u.host().is_some());
        usable.map(Self::Url).ok_or_else(|| Error::ReadyUrl {
            url: url.to_owned(),
        })
    }

    /// Fails if something else already gives the sign: the load would go to the wrong process.
    ///
    /// # Errors
    /// [`Error::PortTaken`] with the process that listens, where it can be told.
    pub fn check_free(&self) -> Result<(), Error> {
        let Some(port) = self.port().filter(|&port| procfs::is_listened_on(port)) else {
            return Ok(());
        };
        let owner = procfs::listeners(port, &procfs::pids())
            .first()
            .map(|&pid| {
                let name = procfs::name(pid).unwrap_or_default();
                format!("process {pid} ({name})")
            });
        Err(Error::PortTaken { port, owner })
    }

    /// The port on which the service is expected to listen, where the sign says so.
    pub(crate) fn port(&self) -> Option<u16> {
        match self {
            Self::Port { port, .. } => Some(*port),
            Self::Url(url) => Some(url.port_u16().unwrap_or(80)),
            Self::Line(_) => None,
        }
    }

    /// Whether the sign is there now; if not, what is missing.
    pub(crate) async fn look(&self, output: &Output) -> Result<(), String> {
        match self {
            Self::Port { host, port } => {
                let connected = tokio::time::timeout(ATTEMPT, TcpStream::connect((&**host, *port)));
                match connected.await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) => {
                        Err(format!("port {port} of `{host}` does not accept ({error})"))
                    }
                    Err(_) => Err(format!("port {port} of `{host}` does not answer")),
                }
            }
            Self::Url(url) => match tokio::time::timeout(ATTEMPT, status(url)).await {
                Ok(Ok(status)) if status.as_u16() < 400 => Ok(()),
                Ok(Ok(status)) => Err(format!("`{url}` answers {status}")),
                Ok(Err(error)) => Err(format!("`{url}` does not answer ({error})")),
                Err(_) => Err(format!("`{url}` does not answer")),
            },
            Self::Line(text) => {
                let found = output
                    .text()
                    .lines()
                    .any(|line| line.contains(text.as_str()));
                found
                    .then_some(())
                    .ok_or_else(|| format!("it printed no line with `{text}`"))
            }
        }
    }
}

/// The status with which a URL answers a GET on a connection of its own.
async fn status(url: &http::Uri) -> Result<http::StatusCode, Box<dyn std::error::Error>> {
    let host = url.host().unwrap_or_default();
    let address = (host.trim_matches(['[', ']']), url.port_u16().unwrap_or(80));
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    let path = url
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    let request = http::Request::get(path)
        .header(
            http::header::HOST,
            url.authority().map_or("", http::uri::Authority::as_str),
        )
        .body(Empty::<Bytes>::new())?;
    tokio::select! {
        response = sender.send_request(request) => Ok(response?.status()),
        ended = connection => Err(ended.err().map_or("the connection was closed".into(), Into::into)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_can_be_waited_for() {
        assert!(Ready::at_url("http://127.0.0.1:8080/health?deep=1").is_ok());
        for url in [
            "https://127.0.0.1/",
            "127.0.0.1:8080",
            "http://",
            "",
            "http://a b/",
        ] {
            let error = Ready::at_url(url).unwrap_err();
            assert!(error.to_string().contains(&format!("`{url}`")), "{error}");
        }
    }
}
