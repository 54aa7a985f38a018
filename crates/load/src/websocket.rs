//! A virtual user with one WebSocket connection.
//!
//! What the server says is taken in at every moment, also while we send: a server that waits for
//! its answers to be read must not wait for ever.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use scenario::Step;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, CloseCode, Message, WebSocketStream};

use crate::cause::Cause;
use crate::session::{Session, Walk};

/// How long the server may take to answer our close, as in the `ws` package half of it.
const CLOSE_WITHIN: Duration = Duration::from_secs(15);

pub(crate) struct WebSocketUser<'u, 'a> {
    session: &'u mut Session<'a>,
    socket: WebSocketStream<TcpStream>,
}

impl<'u, 'a> WebSocketUser<'u, 'a> {
    pub(crate) async fn connect(session: &'u mut Session<'a>) -> Result<Self, Cause> {
        let connecting = timeout(session.script.timeout, connect(session));
        let socket = connecting.await.unwrap_or(Err(Cause::timeout()))?;
        Ok(Self { session, socket })
    }

    /// Goes through the flow, then closes the connection and waits until the server has, too.
    pub(crate) async fn perform(mut self, flow: &[Step]) -> Result<(), Cause> {
        let mut walk = Walk::new(flow);
        while let Some(step) = walk.next(&mut self.session.scope) {
            match step {
                Step::Send(text) => {
                    let text = text.render(&mut self.session.scope).into_owned();
                    self.send(Message::text(text)).await?;
                    self.session.meter.message_sent();
                }
                Step::Think(span) => self.listen(*span).await?,
                Step::Request(_) | Step::Loop { .. } => {}
            }
        }
        self.close().await
    }

    async fn send(&mut self, message: Message) -> Result<(), Cause> {
        let limit = self.session.script.timeout;
        let sending = async {
            poll_fn(|cx| {
                self.take_in(cx)?;
                Poll::Ready(Ok::<_, Cause>(ready!(self.socket.poll_ready_unpin(cx))?))
            })
            .await?;
            self.socket.start_send_unpin(message)?;
            poll_fn(|cx| {
                self.take_in(cx)?;
                Poll::Ready(Ok(ready!(self.socket.poll_flush_unpin(cx))?))
            })
            .await
        };
        timeout(limit, sending)
            .await
            .unwrap_or(Err(Cause::timeout()))
    }

    /// Takes in what comes for so long.
    async fn listen(&mut self, span: Duration) -> Result<(), Cause> {
        let listening = poll_fn(|cx| match self.take_in(cx) {
            Ok(()) => Poll::Pending,
            Err(cause) => Poll::Ready(Err(cause)),
        });
        timeout(span, listening).await.unwrap_or(Ok(()))
    }

    /// Takes in everything that is there; an error if the server has closed.
    fn take_in(&mut self, cx: &mut Context<'_>) -> Result<(), Cause> {
        while let Poll::Ready(message) = self.socket.poll_next_unpin(cx) {
            match message {
                Some(Ok(message)) if message.is_text() || message.is_binary() => {
                    self.session.meter.message_received();
                }
                Some(Ok(message)) if message.is_close() => {
                    let code = message.as_close().map_or(1005, |(code, _)| u16::from(code));
                    return Err(Cause(format!(
                        "the server closed the connection (code {code})"
                    )));
                }
                Some(Ok(_ping_or_pong)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err(Cause::closed()),
            }
        }
        Ok(())
    }

    /// The closing handshake. Answers that are still on their way are taken in.
    async fn close(mut self) -> Result<(), Cause> {
        let closing = async {
            self.socket
                .send(Message::close(Some(CloseCode::NORMAL_CLOSURE), ""))
                .await?;
            while let Some(message) = self.socket.next().await {
                let message = message?;
                if message.is_text() || message.is_binary() {
                    self.session.meter.message_received();
                }
            }
            Ok(())
        };
        timeout(CLOSE_WITHIN, closing)
            .await
            .unwrap_or(Err(Cause("timeout in close".into())))
    }
}

async fn connect(session: &mut Session<'_>) -> Result<WebSocketStream<TcpStream>, Cause> {
    let target = session.target;
    let stream = TcpStream::connect((target.host(), target.port())).await?;
    stream.set_nodelay(true)?;
    let path = if target.path().is_empty() {
        "/"
    } else {
        target.path()
    };
    let url = format!("ws://{}{path}", target.authority());
    let invalid = |_| Cause(format!("`{url}` is no URL"));
    let uri = url.parse::<http::Uri>().map_err(invalid)?;
    let mut builder = ClientBuilder::from_uri(uri);
    for (name, value) in &session.script.headers {
        let value = value.render(&mut session.scope);
        let header = |_| Cause(format!("`{name}: {value}` is no header"));
        let parsed = http::HeaderName::try_from(name.as_str()).map_err(|_| header(()))?;
        let value = http::HeaderValue::try_from(&*value).map_err(|_| header(()))?;
        builder = builder.add_header(parsed, value)?;
    }
    let (socket, _response) = builder.connect_on(stream).await?;
    Ok(socket)
}
