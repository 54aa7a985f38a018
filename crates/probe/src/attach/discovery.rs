//! What can be inspected at a port: the list that every inspector gives over HTTP.
//!
//! Node.js and Deno list one thing for each process, Chrome one for each page and worker. Source:
//! the HTTP endpoints of the Chrome DevTools Protocol, `/json/list`.

use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde::Deserialize;

use super::Unreachable;
use super::network::Network;
use crate::target::Endpoint;
use crate::{Error, Inspector};

/// An inspector answers at once: a thread of its own does so, or a browser's idle one.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A longer list is none.
const LIST_LIMIT: usize = 4 << 20;

/// One thing that can be inspected.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    #[serde(default)]
    title: String,
    #[serde(default)]
    url: String,
    #[serde(default, rename = "type")]
    kind: String,
    web_socket_debugger_url: String,
}

impl Page {
    /// The path of its address.
    fn path(&self) -> &str {
        let (_, address) = self
            .web_socket_debugger_url
            .split_once("://")
            .unwrap_or_default();
        address.split_once('/').map_or("", |(_, path)| path)
    }

    /// Whether an id names it: its path, or the last part of that.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.path() == id || self.path().rsplit('/').next() == Some(id)
    }

    /// Connects to it. The host it gives may be another one seen from here: ours counts.
    pub(super) async fn connect(
        &self,
        network: &Network,
        host: &str,
        port: u16,
    ) -> Result<Inspector, Error> {
        let url = format!("ws://{}/{}", authority(host, port), self.path());
        let stream = network.connect(host, port).await;
        let stream = stream.map_err(|error| no_answer(host, port, &error))?;
        Inspector::connect_on(&url, stream).await
    }
}

/// The things that can be inspected at a port.
///
/// # Errors
/// [`Unreachable::NoAnswer`] if it is no inspector's.
pub(super) async fn pages(network: &Network, host: &str, port: u16) -> Result<Vec<Page>, Error> {
    let listing = tokio::time::timeout(ANSWER_WITHIN, list(network, host, port)).await;
    let listing = listing.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let text = listing.map_err(|error| no_answer(host, port, &error))?;
    serde_json::from_slice::<Vec<serde_json::Value>>(&text)
        .map(|entries| {
            // What a debugger holds already has no address, and cannot be asked.
            let page = |entry| serde_json::from_value(entry).ok();
            entries.into_iter().filter_map(page).collect()
        })
        .map_err(|_| {
            let error = io::Error::other("what listens there does not answer as an inspector");
            no_answer(host, port, &error)
        })
}

/// The only thing there, or the only page of a browser among its workers and extensions.
pub(super) fn only(endpoint: &Endpoint, mut pages: Vec<Page>) -> Result<Page, Error> {
    if pages.len() > 1 && pages.iter().any(|page| page.kind == "page") {
        pages.retain(|page| page.kind == "page");
    }
    if pages.len() > 1 {
        let row = |page: &Page| {
            let address = format!(
                "ws://{}/{}",
                authority(&endpoint.host, endpoint.port),
                page.path()
            );
            (
                address,
                format!("{}  {} {}", page.kind, page.title, page.url),
            )
        };
        return Err(Unreachable::SeveralPages {
            address: endpoint.to_string(),
            pages: pages.iter().map(row).collect(),
        }
        .into());
    }
    pages.pop().ok_or_else(|| {
        let error = io::Error::other("the inspector there lists nothing that can be inspected");
        no_answer(&endpoint.host, endpoint.port, &error)
    })
}

fn no_answer(host: &str, port: u16, error: &io::Error) -> Error {
    Unreachable::NoAnswer {
        address: authority(host, port),
        reason: error.to_string(),
    }
    .into()
}

fn authority(host: &str, port: u16) -> String {
    Endpoint {
        host: host.to_owned(),
        port,
        id: None,
    }
    .to_string()
}

async fn list(network: &Network, host: &str, port: u16) -> io::Result<Bytes> {
    let stream = TokioIo::new(network.connect(host, port).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream)
        .await
        .map_err(io::Error::other)?;
    let request = http::Request::get("/json/list")
        .header(http::header::HOST, authority(host, port))
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let asking = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        let body = Limited::new(response.into_body(), LIST_LIMIT);
        let collected = body.collect().await.map_err(io::Error::other)?;
        Ok(collected.to_bytes())
    };
    tokio::pin!(asking);
    tokio::select! {
        biased;
        answer = &mut asking => answer,
        ended = connection => match ended {
            // All of the answer may be there already.
            Ok(()) => asking.await,
            Err(error) => Err(io::Error::other(error)),
        },
    }
}
