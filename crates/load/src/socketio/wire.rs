//! Engine.IO, version 4 of its protocol: messages over long polling, a WebSocket, or the first
//! and then the second.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};
use scenario::Target;
use serde::Deserialize;
use tokio::time::timeout;

use crate::cause::Cause;
use crate::transport::{Connections, Request, Response, Transport};
use crate::websocket::{Connection, Frame, Opening};

/// What separates packets in one body (`\x1e`).
const SEPARATOR: char = '\u{1e}';

/// Longer than this no poll is kept; servers say a megabyte by themselves.
const LONGEST_POLL: usize = 16 << 20;

/// Where and how.
pub(super) struct Address {
    pub(super) transport: Arc<Transport>,
    pub(super) target: Target,
    /// With the slash at its end.
    pub(super) path: String,
    /// `&name=value` for each.
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) within: Duration,
    pub(super) polls: bool,
    pub(super) uses_websocket: bool,
}

/// What a server says first.
#[derive(Debug, Deserialize)]
struct Handshake {
    sid: String,
    #[serde(default)]
    upgrades: Vec<String>,
}

/// A connection that carries messages.
pub(super) enum Wire {
    WebSocket(Box<Connection>, VecDeque<String>),
    Polling(Box<Polling>),
}

impl Wire {
    /// Opens a connection as the script asks for it.
    pub(super) async fn open(address: &Address) -> Result<Self, Cause> {
        if !address.polls {
            let mut connection = address.websocket(None).await?;
            let first = timeout(address.within, connection.next()).await;
            let first = text(&first.unwrap_or(Err(Cause::timeout()))?);
            handshake(&first)?;
            return Ok(Self::WebSocket(Box::new(connection), VecDeque::new()));
        }
        let mut polling = Polling::open(address).await?;
        let can_upgrade = polling.upgrades.iter().any(|name| name == "websocket");
        if !address.uses_websocket || !can_upgrade {
            return Ok(Self::Polling(Box::new(polling)));
        }
        let mut connection = address.websocket(Some(&polling.sid)).await?;
        let mut early = std::mem::take(&mut polling.incoming);
        let upgrading = upgrade(&mut connection, address.within, &mut early);
        timeout(address.within, upgrading)
            .await
            .unwrap_or(Err(Cause::timeout()))?;
        Ok(Self::WebSocket(Box::new(connection), early))
    }

    /// Sends a message.
    pub(super) async fn send(&mut self, message: &str, within: Duration) -> Result<(), Cause> {
        let packet = format!("4{message}");
        self.send_packet(packet, within).await
    }

    async fn send_packet(&mut self, packet: String, within: Duration) -> Result<(), Cause> {
        match self {
            Self::WebSocket(connection, incoming) => {
                let frame = Frame::Text(packet.into());
                let sending = connection.send(frame, within, |frame| {
                    incoming.push_back(text(&frame));
                });
                sending.await
            }
            Self::Polling(polling) => polling.post(packet, within).await,
        }
    }

    /// The next message. Dropping the future loses nothing.
    pub(super) async fn next(&mut self, within: Duration) -> Result<String, Cause> {
        loop {
            let packet = match self {
                Self::WebSocket(connection, incoming) => match incoming.pop_front() {
                    Some(packet) => packet,
                    None => text(&connection.next().await?),
                },
                Self::Polling(polling) => polling.next().await?,
            };
            match packet.chars().next() {
                Some('4') => return Ok(packet[1..].to_owned()),
                Some('2') => {
                    let pong = format!("3{}", &packet[1..]);
                    self.send_packet(pong, within).await?;
                }
                Some('1') => return Err(Cause::closed()),
                // Binary attachments and what else there is.
                _ => {}
            }
        }
    }

    /// Ends the connection in good order.
    pub(super) async fn close(self, within: Duration) -> Result<(), Cause> {
        match self {
            Self::WebSocket(connection, _) => connection.close(|_| {}).await,
            Self::Polling(mut polling) => polling.post("1".into(), within).await,
        }
    }
}

/// The probe and the switch to the WebSocket; what comes meanwhile is kept.
async fn upgrade(
    connection: &mut Connection,
    within: Duration,
    early: &mut VecDeque<String>,
) -> Result<(), Cause> {
    let mut send = async |connection: &mut Connection, packet: &'static str| {
        let frame = Frame::Text(packet.into());
        let sending = connection.send(frame, within, |frame| early.push_back(text(&frame)));
        sending.await
    };
    send(connection, "2probe").await?;
    let answer = text(&connection.next().await?);
    if answer != "3probe" {
        return Err(Cause(
            "the server did not answer the probe of Engine.IO".into(),
        ));
    }
    send(connection, "5").await
}

fn text(frame: &Frame) -> String {
    match frame {
        Frame::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        // Attachments are left out.
        Frame::Binary(_) => "b".to_owned(),
    }
}

fn handshake(packet: &str) -> Result<Handshake, Cause> {
    let parsed = packet
        .strip_prefix('0')
        .and_then(|json| serde_json::from_str(json).ok());
    parsed.ok_or_else(|| Cause("the server does not speak Engine.IO 4".into()))
}

impl Address {
    fn url(&self, transport: &str, sid: Option<&str>) -> String {
        let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
        let Self { path, query, .. } = self;
        format!("{path}?EIO=4&transport={transport}{query}{sid}")
    }

    async fn websocket(&self, sid: Option<&str>) -> Result<Connection, Cause> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let parsed = HeaderName::try_from(&name[..]).ok();
            let parsed = parsed.zip(HeaderValue::try_from(&value[..]).ok());
            let no_header = || Cause(format!("`{name}: {value}` is no header"));
            let (name, value) = parsed.ok_or_else(no_header)?;
            headers.append(name, value);
        }
        let opening = Opening {
            transport: &self.transport,
            target: &self.target,
            proxy: None,
            path: &self.url("websocket", sid),
            headers,
            compress: false,
            within: self.within,
        };
        Connection::open(opening).await
    }
}

/// Long polling.
pub(super) struct Polling {
    sid: String,
    upgrades: Vec<String>,
    link: Arc<Link>,
    within: Duration,
    /// The poll that is on its way; kept here, so that none is ever given up.
    poll: Option<BoxFuture<'static, Result<Response, Cause>>>,
    incoming: VecDeque<String>,
}

/// What every request of a poller needs.
struct Link {
    transport: Arc<Transport>,
    connections: Connections,
    target: Target,
    path: String,
    headers: Vec<(String, String)>,
}

impl Link {
    async fn send(&self, method: &str, body: &str) -> Result<Response, Cause> {
        let own = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let mut headers: Vec<_> = own.collect();
        if !body.is_empty() {
            headers.push(("content-type", "text/plain;charset=UTF-8"));
        }
        let request = Request {
            method,
            target: &self.target,
            path: &self.path,
            headers: &headers,
            body: body.as_bytes(),
            keep: LONGEST_POLL,
        };
        let response = self.connections.send(&self.transport, &request).await?;
        match response.status {
            200 => Ok(response),
            status => Err(Cause(format!("the server answered a poll with {status}"))),
        }
    }
}

fn packets(response: &Response) -> Vec<String> {
    let body = String::from_utf8_lossy(&response.body);
    body.split(SEPARATOR).map(str::to_owned).collect()
}

impl Polling {
    async fn open(address: &Address) -> Result<Self, Cause> {
        let link = |path| Link {
            transport: Arc::clone(&address.transport),
            connections: Connections::default(),
            target: address.target.clone(),
            path,
            headers: address.headers.clone(),
        };
        let first = link(address.url("polling", None));
        let response = timeout(address.within, first.send("GET", "")).await;
        let response = response.unwrap_or(Err(Cause::timeout()))?;
        let mut incoming: VecDeque<String> = packets(&response).into();
        let Handshake { sid, upgrades } = handshake(&incoming.pop_front().unwrap_or_default())?;
        let link = Arc::new(link(address.url("polling", Some(&sid))));
        Ok(Self {
            sid,
            upgrades,
            link,
            within: address.within,
            poll: None,
            incoming,
        })
    }

    async fn post(&mut self, packet: String, within: Duration) -> Result<(), Cause> {
        let posting = timeout(within.min(self.within), self.link.send("POST", &packet));
        posting.await.unwrap_or(Err(Cause::timeout()))?;
        Ok(())
    }

    async fn next(&mut self) -> Result<String, Cause> {
        loop {
            if let Some(packet) = self.incoming.pop_front() {
                return Ok(packet);
            }
            let poll = self.poll.get_or_insert_with(|| {
                let link = Arc::clone(&self.link);
                Box::pin(async move { link.send("GET", "").await })
            });
            let response = poll.await;
            self.poll = None;
            self.incoming.extend(packets(&response?));
        }
    }
}
