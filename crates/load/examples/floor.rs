//! The least that a load can cost: what is sent, by hand, and nothing else.
//!
//! - `floor get PORT CONNECTIONS REQUESTS`: keep-alive GETs over raw sockets
//! - `floor session PORT SESSIONS AT_ONCE`: WebSocket sessions of three messages, by fastwebsockets
//! - `floor echo PORT CONNECTIONS MESSAGES`: round trips of a short message, by fastwebsockets

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, handshake};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

type Fallible<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;
type Socket = FragmentCollector<TokioIo<Upgraded>>;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\n\r\n";
const HEAD_END: &[u8] = b"\r\n\r\n";
const BODY: usize = 25;

fn main() -> Fallible {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
    let (Some(what), Some(port), Some(first), Some(second)) =
        (words.first(), number(1), number(2), number(3))
    else {
        return Err("usage: floor get|session|echo PORT N M".into());
    };
    let port = u16::try_from(port)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match what.as_str() {
            "get" => shared(first, second, |left| get(port, left)).await,
            "session" => shared(second, first, |left| sessions(port, left)).await,
            "echo" => shared(first, second, |left| echo(port, left)).await,
            _ => Err("usage: floor get|session|echo PORT N M".into()),
        }
    })
}

/// `users` tasks that share `units` of work.
async fn shared<F>(users: u64, units: u64, work: impl Fn(Arc<AtomicU64>) -> F) -> Fallible
where
    F: Future<Output = Fallible> + Send + 'static,
{
    let left = Arc::new(AtomicU64::new(units));
    let mut tasks = JoinSet::new();
    for _ in 0..users {
        tasks.spawn(work(Arc::clone(&left)));
    }
    while let Some(result) = tasks.join_next().await {
        result??;
    }
    Ok(())
}

/// Takes one unit of what is left.
fn take(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(1)
    })
    .is_ok()
}

async fn get(port: u16, left: Arc<AtomicU64>) -> Fallible {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let mut response = Vec::with_capacity(4096);
    while take(&left) {
        stream.write_all(REQUEST).await?;
        response.clear();
        loop {
            if stream.read_buf(&mut response).await? == 0 {
                return Err("the server closed".into());
            }
            let end = response.windows(4).position(|four| four == HEAD_END);
            if end.is_some_and(|end| response.len() >= end + 4 + BODY) {
                break;
            }
        }
    }
    Ok(())
}

async fn connect(port: u16) -> Fallible<Socket> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let request = http::Request::builder()
        .uri(format!("http://127.0.0.1:{port}/"))
        .header("host", format!("127.0.0.1:{port}"))
        .header("upgrade", "websocket")
        .header("connection", "upgrade")
        .header("sec-websocket-key", handshake::generate_key())
        .header("sec-websocket-version", "13")
        .body(Empty::<Bytes>::new())?;
    let (socket, _response) = handshake::client(&TokioExecutor::new(), request, stream).await?;
    Ok(FragmentCollector::new(socket))
}

async fn send(socket: &mut Socket, text: &[u8]) -> Fallible {
    let payload = Payload::Borrowed(text);
    Ok(socket.write_frame(Frame::text(payload)).await?)
}

async fn sessions(port: u16, left: Arc<AtomicU64>) -> Fallible {
    while take(&left) {
        let mut socket = connect(port).await?;
        for text in [&b"1"[..], b"2", b"+"] {
            send(&mut socket, text).await?;
        }
        socket.write_frame(Frame::close(1000, b"")).await?;
        // Some servers close the connection rather than answer the close.
        while socket
            .read_frame()
            .await
            .is_ok_and(|frame| frame.opcode != OpCode::Close)
        {}
    }
    Ok(())
}

async fn echo(port: u16, left: Arc<AtomicU64>) -> Fallible {
    let mut socket = connect(port).await?;
    while take(&left) {
        send(&mut socket, b"sixteen bytes it").await?;
        socket.read_frame().await?;
    }
    Ok(())
}
