//! One WebSocket connection, and nothing of what it is used for.
//!
//! What the server says is taken in at every moment, also while we send: a server that waits for
//! its answers to be read must not wait for ever. Whoever holds the connection is handed every
//! message as it comes and decides whether to keep it.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::HeaderMap;
use hyper::body::Bytes;
use scenario::Target;
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, CloseCode, Message, Payload, WebSocketStream};

use crate::cause::Cause;
use crate::transport::{Stream, Transport};

/// How long the server may take to answer our close, as in the `ws` package half of it.
const CLOSE_WITHIN: Duration = Duration::from_secs(15);

/// Where a connection goes, and what its first request says.
pub(crate) struct Opening<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) target: &'a Target,
    /// Path and query; begins with `/`.
    pub(crate) path: &'a str,
    /// Sent with the request; `Sec-WebSocket-Protocol` among them.
    pub(crate) headers: HeaderMap,
    /// How long it may take.
    pub(crate) within: Duration,
}

/// A whole message, as it came or is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// UTF-8, checked.
    Text(Bytes),
    Binary(Bytes),
}

/// An open connection.
pub(crate) struct Connection {
    socket: WebSocketStream<Stream>,
}

impl Connection {
    /// Connects, and goes through the opening handshake.
    pub(crate) async fn open(opening: Opening<'_>) -> Result<Self, Cause> {
        let limit = opening.within;
        let opened = timeout(limit, open(opening)).await;
        let socket = opened.unwrap_or(Err(Cause::timeout()))?;
        Ok(Self { socket })
    }

    /// Sends one message, handing `taken` what comes meanwhile.
    pub(crate) async fn send(
        &mut self,
        frame: Frame,
        within: Duration,
        mut taken: impl FnMut(Frame),
    ) -> Result<(), Cause> {
        let sending = async {
            poll_fn(|cx| {
                self.take_in(cx, &mut taken)?;
                Poll::Ready(Ok::<_, Cause>(ready!(self.socket.poll_ready_unpin(cx))?))
            })
            .await?;
            self.socket.start_send_unpin(frame.into())?;
            poll_fn(|cx| {
                self.take_in(cx, &mut taken)?;
                Poll::Ready(Ok(ready!(self.socket.poll_flush_unpin(cx))?))
            })
            .await
        };
        timeout(within, sending)
            .await
            .unwrap_or(Err(Cause::timeout()))
    }

    /// The next message. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Frame, Cause> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The closing handshake. Messages that are still on their way are handed to `taken`.
    pub(crate) async fn close(mut self, mut taken: impl FnMut(Frame)) -> Result<(), Cause> {
        let closing = async {
            self.socket
                .send(Message::close(Some(CloseCode::NORMAL_CLOSURE), ""))
                .await?;
            while let Some(message) = self.socket.next().await {
                frame(message?).into_iter().for_each(&mut taken);
            }
            Ok(())
        };
        timeout(CLOSE_WITHIN, closing)
            .await
            .unwrap_or(Err(Cause("timeout in close".into())))
    }

    /// Takes in everything that is there; an error if the server has closed.
    fn take_in(
        &mut self,
        cx: &mut Context<'_>,
        taken: &mut impl FnMut(Frame),
    ) -> Result<(), Cause> {
        while let Poll::Ready(frame) = self.poll_next(cx) {
            taken(frame?);
        }
        Ok(())
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, Cause>> {
        loop {
            let message = match ready!(self.socket.poll_next_unpin(cx)) {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Poll::Ready(Err(error.into())),
                None => return Poll::Ready(Err(Cause::closed())),
            };
            if message.is_close() {
                let code = message.as_close().map_or(1005, |(code, _)| u16::from(code));
                let cause = format!("the server closed the connection (code {code})");
                return Poll::Ready(Err(Cause(cause)));
            }
            if let Some(frame) = frame(message) {
                return Poll::Ready(Ok(frame));
            }
        }
    }
}

/// A message's contents; nothing if it is a ping or a pong or a close.
fn frame(message: Message) -> Option<Frame> {
    let is_text = message.is_text();
    if !is_text && !message.is_binary() {
        return None;
    }
    let bytes = Bytes::from(message.into_payload());
    Some(if is_text {
        Frame::Text(bytes)
    } else {
        Frame::Binary(bytes)
    })
}

impl From<Frame> for Message {
    fn from(frame: Frame) -> Self {
        match frame {
            // Checked again here: a text may have been put together from anything.
            Frame::Text(bytes) => match str::from_utf8(&bytes) {
                Ok(_) => Self::text(Payload::from(bytes)),
                Err(_) => Self::binary(bytes),
            },
            Frame::Binary(bytes) => Self::binary(bytes),
        }
    }
}

async fn open(opening: Opening<'_>) -> Result<WebSocketStream<Stream>, Cause> {
    let Opening { target, path, .. } = opening;
    let (stream, _times) = opening.transport.open(target, None).await?;
    let url = format!("ws://{}{path}", target.host_header());
    let invalid = |_| Cause(format!("`{url}` is no URL"));
    let uri = url.parse::<http::Uri>().map_err(invalid)?;
    let mut builder = ClientBuilder::from_uri(uri);
    let mut last_name = None;
    for (name, value) in opening.headers {
        // A name stands once before all of its values.
        last_name = name.or(last_name);
        if let Some(name) = &last_name {
            builder = builder.add_header(name.clone(), value)?;
        }
    }
    let (socket, _response) = builder.connect_on(stream).await?;
    Ok(socket)
}
