//! One WebSocket connection, and nothing of what it is used for (RFC 6455).
//!
//! What the server says is taken in at every moment, also while we send: a server that waits for
//! its answers to be read must not wait for ever. Whoever holds the connection is handed every
//! message as it comes and decides whether to keep it. Idle connections hold no buffers: ten
//! thousand of them are an ordinary load.

mod deflate;
mod frames;
mod handshake;

use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::HeaderMap;
use hyper::body::Bytes;
use scenario::Target;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use crate::cause::Cause;
use crate::transport::{Proxy, Stream, Transport};
use deflate::Deflate;
use frames::{Assembler, Incoming, Opcode};

/// How long the server may take to answer our close, as in the `ws` package half of it.
const CLOSE_WITHIN: Duration = Duration::from_secs(15);

/// How long after the closing handshake the server may take to close the connection, as it is the
/// one to do so; what is then closed by us is as good.
const END_WITHIN: Duration = Duration::from_secs(2);

/// What is read at once; on the stack, so that nobody holds it while nothing comes.
const READ: usize = 8 << 10;

/// Buffers above this are given back when they are empty.
const KEPT: usize = 1 << 10;

const NORMAL: u16 = 1000;
/// What a close without a code counts as.
const NO_CODE: u16 = 1005;

/// Where a connection goes, and what its first request says.
pub(crate) struct Opening<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) target: &'a Target,
    /// Instead of the proxy that the environment names.
    pub(crate) proxy: Option<&'a Proxy>,
    /// Path and query; begins with `/`.
    pub(crate) path: &'a str,
    /// Sent with the request; `Sec-WebSocket-Protocol` among them.
    pub(crate) headers: HeaderMap,
    /// Whether the server is offered to compress messages.
    pub(crate) compress: bool,
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
    stream: Stream,
    incoming: Incoming,
    assembler: Assembler,
    /// Encoded frames; `outgoing[sent..]` waits to be written.
    outgoing: Vec<u8>,
    sent: usize,
    deflate: Option<Box<Deflate>>,
    /// What the server closed with, once it has.
    closed: Option<u16>,
    close_sent: bool,
}

impl Connection {
    /// Connects, and goes through the opening handshake.
    pub(crate) async fn open(opening: Opening<'_>) -> Result<Self, Cause> {
        let opened = timeout(opening.within, open(&opening)).await;
        opened.unwrap_or(Err(Cause::timeout()))
    }

    /// Sends one message, handing `taken` what comes meanwhile.
    pub(crate) async fn send(
        &mut self,
        frame: Frame,
        within: Duration,
        mut taken: impl FnMut(Frame),
    ) -> Result<(), Cause> {
        let (opcode, payload) = match &frame {
            // Checked again here: a text may have been put together from anything.
            Frame::Text(bytes) if str::from_utf8(bytes).is_ok() => (Opcode::Text, bytes),
            Frame::Text(bytes) | Frame::Binary(bytes) => (Opcode::Binary, bytes),
        };
        match &mut self.deflate {
            Some(deflate) => {
                let compressed = deflate.compress(payload);
                frames::encode(&mut self.outgoing, opcode, true, &compressed);
            }
            None => frames::encode(&mut self.outgoing, opcode, false, payload),
        }
        let mut step = |cx: &mut Context<'_>| {
            self.take_in(cx, &mut taken)?;
            self.poll_flush(cx)
        };
        // Most messages are written at once: no timer is needed for them.
        let at_once = poll_fn(|cx| Poll::Ready(step(cx))).await;
        match at_once {
            Poll::Ready(result) => result,
            Poll::Pending => timeout(within, poll_fn(step))
                .await
                .unwrap_or(Err(Cause::timeout())),
        }
    }

    /// The next message. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Frame, Cause> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The closing handshake. Messages that are still on their way are handed to `taken`.
    pub(crate) async fn close(mut self, mut taken: impl FnMut(Frame)) -> Result<(), Cause> {
        self.say_close(NORMAL);
        let closing = poll_fn(|cx| {
            // Even if nothing more can be sent, the server may have said its part.
            let flushed = self.poll_flush(cx);
            loop {
                match ready!(self.poll_next(cx)) {
                    Ok(frame) => taken(frame),
                    Err(_) if self.closed.is_some() => return Poll::Ready(Ok(())),
                    Err(cause) => {
                        return Poll::Ready(match flushed {
                            Poll::Ready(Err(not_sent)) => Err(not_sent),
                            _ => Err(cause),
                        });
                    }
                }
            }
        });
        let closed = timeout(CLOSE_WITHIN, closing).await;
        closed.unwrap_or(Err(Cause("timeout in close".into())))?;
        let end = timeout(END_WITHIN, poll_fn(|cx| self.poll_end(cx)));
        // Whether the server closes or we do: both have said their part.
        let _ = end.await;
        Ok(())
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
            while let Some(part) = self.assembler.take(&mut self.incoming)? {
                if let Some(frame) = self.understand(part, cx)? {
                    return Poll::Ready(Ok(frame));
                }
            }
            if ready!(self.poll_read(cx))? == 0 {
                return Poll::Ready(Err(Cause::closed()));
            }
        }
    }

    /// A data message as it was meant; what is about the connection is dealt with.
    fn understand(
        &mut self,
        part: frames::Part,
        cx: &mut Context<'_>,
    ) -> Result<Option<Frame>, Cause> {
        let frames::Part {
            opcode,
            compressed,
            payload,
        } = part;
        match opcode {
            Opcode::Ping => {
                frames::encode(&mut self.outgoing, Opcode::Pong, false, &payload);
                self.flush_if_possible(cx)?;
                Ok(None)
            }
            Opcode::Pong | Opcode::Continuation => Ok(None),
            Opcode::Close => {
                let code = payload
                    .first_chunk()
                    .map_or(NO_CODE, |&c| u16::from_be_bytes(c));
                self.closed = Some(code);
                self.say_close(if code == NO_CODE { NORMAL } else { code });
                self.flush_if_possible(cx)?;
                let cause = format!("the server closed the connection (code {code})");
                Err(Cause(cause))
            }
            Opcode::Text | Opcode::Binary => {
                let payload = match (&mut self.deflate, compressed) {
                    (_, false) => payload,
                    (Some(deflate), true) => deflate.decompress(&payload)?.into(),
                    (None, true) => return Err(frames::broken("an unknown extension")),
                };
                match opcode {
                    Opcode::Text if str::from_utf8(&payload).is_err() => {
                        Err(frames::broken("a text that is no UTF-8"))
                    }
                    Opcode::Text => Ok(Some(Frame::Text(payload))),
                    _ => Ok(Some(Frame::Binary(payload))),
                }
            }
        }
    }

    fn say_close(&mut self, code: u16) {
        if !self.close_sent {
            self.close_sent = true;
            frames::encode(
                &mut self.outgoing,
                Opcode::Close,
                false,
                &code.to_be_bytes(),
            );
        }
    }

    fn flush_if_possible(&mut self, cx: &mut Context<'_>) -> Result<(), Cause> {
        match self.poll_flush(cx) {
            // What is left goes out with the next message.
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
            Poll::Ready(Err(cause)) => Err(cause),
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, Cause>> {
        let mut space = [MaybeUninit::uninit(); READ];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        self.incoming.push(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Reads until the server has closed the connection; nothing of it matters any more.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Ok(1..) = ready!(self.poll_read(cx)) {
            self.incoming.clear();
        }
        Poll::Ready(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        while self.sent < self.outgoing.len() {
            let rest = &self.outgoing[self.sent..];
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(Cause::closed())),
                written => self.sent += written,
            }
        }
        self.sent = 0;
        self.outgoing.clear();
        self.outgoing.shrink_to(KEPT);
        Pin::new(&mut self.stream)
            .poll_flush(cx)
            .map_err(Cause::from)
    }
}

async fn open(opening: &Opening<'_>) -> Result<Connection, Cause> {
    let transport = opening.transport;
    let (mut stream, _times) = transport.open(opening.target, opening.proxy).await?;
    let shaken = handshake::shake(&mut stream, opening).await?;
    let mut incoming = Incoming::default();
    incoming.push(&shaken.rest);
    Ok(Connection {
        stream,
        incoming,
        assembler: Assembler::default(),
        outgoing: Vec::new(),
        sent: 0,
        deflate: shaken.deflate.map(Box::new),
        closed: None,
        close_sent: false,
    })
}
