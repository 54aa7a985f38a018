//! The opening handshake (RFC 6455, section 4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use httparse::Status;
use sha1_smol::Sha1;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Opening;
use super::deflate::{self, Deflate};
use crate::cause::Cause;
use crate::transport::Stream;

/// Appended to the key before it is hashed, says the RFC.
const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const LONGEST_HEAD: usize = 64 << 10;
const MOST_HEADERS: usize = 128;

/// What came of it.
pub(super) struct Shaken {
    pub(super) deflate: Option<Deflate>,
    /// What came right behind the server's answer: its first frames.
    pub(super) rest: Vec<u8>,
}

pub(super) async fn shake(stream: &mut Stream, opening: &Opening<'_>) -> Result<Shaken, Cause> {
    let mut bytes = [0; 16];
    fastrand::fill(&mut bytes);
    let key = STANDARD.encode(bytes);
    stream.write_all(&request(opening, &key)).await?;
    stream.flush().await?;
    let mut head = Vec::with_capacity(512);
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(Cause::closed());
        }
        if let Some(shaken) = answer(&head, opening, &key)? {
            return Ok(shaken);
        }
        if head.len() > LONGEST_HEAD {
            return Err(Cause("the response's head is too long".into()));
        }
    }
}

fn request(opening: &Opening<'_>, key: &str) -> Vec<u8> {
    let mut request = Vec::with_capacity(512);
    let mut put = |parts: &[&[u8]]| {
        for part in parts {
            request.extend_from_slice(part);
        }
    };
    put(&[b"GET ", opening.path.as_bytes(), b" HTTP/1.1\r\n"]);
    if !opening.headers.contains_key("host") {
        put(&[b"host: ", opening.target.host_header().as_bytes(), b"\r\n"]);
    }
    put(&[b"upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n"]);
    put(&[b"sec-websocket-key: ", key.as_bytes(), b"\r\n"]);
    if opening.compress {
        put(&[
            b"sec-websocket-extensions: ",
            deflate::OFFER.as_bytes(),
            b"\r\n",
        ]);
    }
    for (name, value) in &opening.headers {
        put(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
    put(&[b"\r\n"]);
    request
}

/// What the server has agreed to, once its whole answer is there.
fn answer(bytes: &[u8], opening: &Opening<'_>, key: &str) -> Result<Option<Shaken>, Cause> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut fields);
    let length = match response.parse(bytes) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(_) => return Err(Cause("the response is no HTTP".into())),
    };
    let status = response.code.unwrap_or_default();
    if status != 101 {
        return Err(Cause(format!(
            "the server refused the WebSocket (status {status})"
        )));
    }
    let header = |name: &str| {
        let found = response
            .headers
            .iter()
            .find(|f| f.name.eq_ignore_ascii_case(name));
        found.and_then(|field| std::str::from_utf8(field.value).ok())
    };
    let hash = Sha1::from(format!("{key}{MAGIC}")).digest().bytes();
    if header("sec-websocket-accept").map(str::trim) != Some(&STANDARD.encode(hash)) {
        return Err(Cause("the server's handshake is not of WebSocket".into()));
    }
    let extensions = header("sec-websocket-extensions").filter(|e| !e.trim().is_empty());
    let deflate = match extensions {
        Some(answer) if opening.compress => Some(Deflate::agreed(answer)?),
        Some(_) => return Err(super::frames::broken("an extension that was not asked for")),
        None => None,
    };
    Ok(Some(Shaken {
        deflate,
        rest: bytes[length..].to_vec(),
    }))
}
