//! What a load is measured against: HTTP on one port, WebSocket echoes on the next, on one thread.
//!
//! `target PORT [--freeze]`: with `--freeze` the whole server stands still for half a second every
//! 3.5 s, and says before when it gave each answer since the last time, in nanoseconds since 1970.

#![expect(clippy::print_stdout, reason = "its answer")]

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_websockets::ServerBuilder;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
    content-length: 25\r\n\r\n{\"id\":12345,\"name\":\"x y\"}";

/// When the last answers were given.
type Answered = Rc<RefCell<Vec<u128>>>;

const FROZEN: Duration = Duration::from_millis(500);
const BETWEEN: Duration = Duration::from_millis(3500);

fn main() -> io::Result<()> {
    let mut words = std::env::args().skip(1);
    let port = words.next().and_then(|port| port.parse().ok());
    let port: u16 = port.ok_or_else(|| io::Error::other("usage: target PORT [--freeze]"))?;
    let freezes = words.next().is_some();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answered = freezes.then(Answered::default);
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let http = listen(port)?;
        let echo = listen(port + 1)?;
        println!("listening");
        if let Some(answered) = &answered {
            tokio::task::spawn_local(freeze(Rc::clone(answered)));
        }
        tokio::spawn(async move {
            while let Ok((stream, _)) = echo.accept().await {
                tokio::spawn(echo_messages(stream));
            }
        });
        while let Ok((stream, _)) = http.accept().await {
            tokio::task::spawn_local(answer(stream, answered.clone()));
        }
        Ok(())
    })
}

/// With room for everybody who comes during a freeze: the kernel would drop the others, and they
/// would try again a second later.
fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], port).into())?;
    socket.listen(4096)
}

/// Answers every request head with the same; a client that has gone is nobody's loss.
async fn answer(mut stream: TcpStream, answered: Option<Answered>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            bytes.drain(..end + 4);
            stream.write_all(ANSWER).await?;
            if let Some(answered) = &answered {
                answered.borrow_mut().push(now());
            }
        }
    }
}

async fn echo_messages(stream: TcpStream) -> Result<(), tokio_websockets::Error> {
    stream.set_nodelay(true)?;
    let (_request, mut socket) = ServerBuilder::new().accept(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn freeze(answered: Answered) {
    loop {
        tokio::time::sleep(BETWEEN).await;
        let from = now();
        let mut line = format!("answered before {from}:");
        for at in answered.take() {
            line += &format!(" {at}");
        }
        // Nobody reads it any more: then the end of this process is near.
        let _ = writeln!(io::stdout(), "{line}");
        let left = FROZEN.saturating_sub(Duration::from_nanos((now() - from) as u64));
        let span = rustix::time::Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        // Of the thread, and so of everything that the server does.
        let _ = rustix::thread::nanosleep(&span);
    }
}

fn now() -> u128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos())
}
