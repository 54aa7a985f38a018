//! Small servers: each connection is handed to a function on a thread of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1_smol::Sha1;

/// A port on which every connection is handed to `talk`. Lasts as long as the test's process.
pub(crate) fn serve(talk: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let talk = Arc::new(talk);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let talk = Arc::clone(&talk);
            std::thread::spawn(move || talk(stream));
        }
    });
    port
}

/// A port that nobody listens on.
pub(crate) fn nobody() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Reads a request's head; `None` when the client has closed.
pub(crate) fn read_head(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => return Some(lines),
            line => lines.push(line.to_owned()),
        }
    }
}

/// Holds a connection until the client gives up.
pub(crate) fn hold(mut stream: TcpStream) {
    let mut bytes = [0; 1024];
    while matches!(stream.read(&mut bytes), Ok(1..)) {}
}

/// A port that answers every request with `answer`, and keeps connections alive.
pub(crate) fn answering(answer: &'static str) -> u16 {
    serve(move |stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        while read_head(&mut reader).is_some() {
            if writer.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    })
}

/// The answer that a decent server gives.
pub(crate) const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/// A port that answers one request per connection with `answer` and closes.
pub(crate) fn answering_once(answer: impl AsRef<[u8]> + Send + Sync + 'static) -> u16 {
    serve(move |mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        if read_head(&mut reader).is_some() {
            // Whoever does not want it any more need not have it.
            let _ = stream.write_all(answer.as_ref());
        }
    })
}

/// Goes through the server's part of a WebSocket's opening; `None` if the client wants none.
pub(crate) fn open_websocket(stream: &mut TcpStream) -> Option<BufReader<TcpStream>> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let head = read_head(&mut reader)?;
    let key = head.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then(|| value.trim().to_owned())
    })?;
    let magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    let accept = STANDARD.encode(Sha1::from(key + magic).digest().bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).ok()?;
    Some(reader)
}

/// A frame of a client, without its mask: its first byte and its payload.
pub(crate) fn read_frame(reader: &mut impl Read) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    reader.read_exact(&mut head).ok()?;
    let length = match head[1] & 0x7f {
        126 => {
            let mut long = [0; 2];
            reader.read_exact(&mut long).ok()?;
            u64::from(u16::from_be_bytes(long))
        }
        127 => {
            let mut long = [0; 8];
            reader.read_exact(&mut long).ok()?;
            u64::from_be_bytes(long)
        }
        short => u64::from(short),
    };
    let mut mask = [0; 4];
    reader.read_exact(&mut mask).ok()?;
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    reader.read_exact(&mut payload).ok()?;
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Some((head[0], payload))
}

/// What a server has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) sessions: AtomicU64,
    pub(crate) messages: AtomicU64,
}

impl Seen {
    pub(crate) fn counts(&self) -> (u64, u64) {
        let count = |count: &AtomicU64| count.load(Ordering::SeqCst);
        (count(&self.sessions), count(&self.messages))
    }
}

/// A port that counts sessions and messages over WebSocket, and echoes messages.
pub(crate) fn echoing() -> (u16, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let counts = Arc::clone(&seen);
    let port = serve(move |mut stream| {
        let Some(mut reader) = open_websocket(&mut stream) else {
            return;
        };
        counts.sessions.fetch_add(1, Ordering::SeqCst);
        while let Some((first, payload)) = read_frame(&mut reader) {
            let is_close = first & 0x0f == 8;
            let mut frame = vec![first, payload.len() as u8];
            frame.extend(&payload);
            if !is_close {
                counts.messages.fetch_add(1, Ordering::SeqCst);
            }
            if stream.write_all(&frame).is_err() || is_close {
                return;
            }
        }
    });
    (port, seen)
}
