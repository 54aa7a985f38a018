//! HTTP/1.1 over one connection, one exchange after another (RFC 9112).
//!
//! Reads and writes without a task of its own and without copying what nobody keeps: next to the
//! system calls an exchange costs about a microsecond. Whatever the server sends, memory is bounded
//! by the longest head and by what the caller keeps.

use std::io::Write as _;
use std::mem::MaybeUninit;
use std::time::Instant;

use httparse::Status;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::proxy::Proxy;
use super::stream::Stream;
use super::{Headers, Request, Response};
use crate::cause::Cause;

/// Node.js refuses heads above 16 KiB; some servers send more cookies than that.
const LONGEST_HEAD: usize = 64 << 10;
const MOST_HEADERS: usize = 128;

/// What is read at once: at first, and where a body is long.
const SMALL_READ: usize = 4 << 10;
const LARGE_READ: usize = 64 << 10;

/// Bodies up to this are sent in one write with their head.
const JOINED_BODY: usize = 16 << 10;

/// A connection that speaks HTTP/1.1.
#[derive(Debug)]
pub(super) struct Http1 {
    stream: Stream,
    /// The proxy that the other end is, if it is one.
    via: Option<Proxy>,
    /// What came and was not yet used: `incoming[at..]`.
    incoming: Vec<u8>,
    at: usize,
    outgoing: Vec<u8>,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyEnd {
    After(u64),
    Chunked,
    AtClose,
}

impl Http1 {
    pub(super) fn new(stream: Stream, via: Option<Proxy>) -> Self {
        Self {
            stream,
            via,
            incoming: Vec::new(),
            at: 0,
            outgoing: Vec::new(),
        }
    }

    /// Whether another request can be sent: the server has neither closed nor sent anything since.
    pub(super) fn is_usable(&self) -> bool {
        self.at == self.incoming.len() && self.stream.is_quiet()
    }

    /// Sends a request, reads the response to its end, and says whether the connection can stay.
    pub(super) async fn exchange(
        &mut self,
        request: &Request<'_>,
    ) -> Result<(Response, bool), Cause> {
        self.write_head(request);
        let joined = request.body.len() <= JOINED_BODY;
        if joined {
            self.outgoing.extend_from_slice(request.body);
        }
        let sent_at = Instant::now();
        let mut sent = self.stream.write_all(&self.outgoing).await;
        if !joined && sent.is_ok() {
            sent = self.stream.write_all(request.body).await;
        }
        let sent = match sent {
            Ok(()) => self.stream.flush().await,
            failed => failed,
        };
        // A server may answer and close before it has read everything: its answer counts.
        let head = match (self.read_head(request.method).await, sent) {
            (Err(_), Err(not_sent)) => return Err(not_sent.into()),
            (head, _) => head?,
        };
        let Head {
            mut response,
            end,
            can_stay,
        } = head;
        response.times.first_byte = sent_at.elapsed();
        let keep = request.keep;
        match end {
            BodyEnd::After(0) => {}
            BodyEnd::After(length) => self.read_exactly(length, &mut response, keep).await?,
            BodyEnd::Chunked => self.read_chunks(&mut response, keep).await?,
            BodyEnd::AtClose => self.read_to_end(&mut response, keep).await?,
        }
        response.times.total = sent_at.elapsed();
        self.shrink();
        Ok((response, can_stay))
    }

    fn write_head(&mut self, request: &Request<'_>) {
        let has = |name| {
            request
                .headers
                .iter()
                .any(|(n, _)| n.eq_ignore_ascii_case(name))
        };
        let out = &mut self.outgoing;
        out.clear();
        out.extend_from_slice(request.method.as_bytes());
        out.push(b' ');
        if self.via.is_some() {
            out.extend_from_slice(b"http://");
            out.extend_from_slice(request.target.authority().as_bytes());
        }
        out.extend_from_slice(request.path.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\n");
        let mut line = |name: &str, value: &str| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value.as_bytes());
            out.extend_from_slice(b"\r\n");
        };
        if !has("host") {
            line("host", request.target.host_header());
        }
        for (name, value) in request.headers {
            line(name, value);
        }
        if let Some(authorization) = self.via.as_ref().and_then(|via| via.authorization.as_ref()) {
            line("proxy-authorization", authorization);
        }
        let has_length = has("content-length") || has("transfer-encoding");
        let wants_length =
            !request.body.is_empty() || matches!(request.method, "POST" | "PUT" | "PATCH");
        if wants_length && !has_length {
            // Writing to a vector cannot fail.
            let _ = write!(out, "content-length: {}\r\n", request.body.len());
        }
        out.extend_from_slice(b"\r\n");
    }

    async fn read_head(&mut self, method: &str) -> Result<Head, Cause> {
        loop {
            if self.at < self.incoming.len()
                && let Some((head, length)) = parse_head(&self.incoming[self.at..], method)?
            {
                self.at += length;
                match head.response.status {
                    101 => return Err(Cause("the server switched protocols unasked".into())),
                    100..=199 => continue,
                    _ => return Ok(head),
                }
            }
            if self.incoming.len() - self.at > LONGEST_HEAD {
                return Err(Cause("the response's head is too long".into()));
            }
            if self.read_more(SMALL_READ).await? == 0 {
                return Err(Cause::closed());
            }
        }
    }

    /// Reads what there is, at most so much; 0 at the end.
    async fn read_more(&mut self, at_most: usize) -> Result<usize, Cause> {
        if self.at == self.incoming.len() {
            self.incoming.clear();
            self.at = 0;
        }
        self.incoming.reserve(at_most);
        Ok(self.stream.read_buf(&mut self.incoming).await?)
    }

    async fn read_exactly(
        &mut self,
        length: u64,
        response: &mut Response,
        keep: usize,
    ) -> Result<(), Cause> {
        let mut left = length;
        loop {
            let there = self.incoming.len() - self.at;
            let take = usize::try_from(left).map_or(there, |left| left.min(there));
            response.take_in(&self.incoming[self.at..self.at + take], keep);
            self.at += take;
            left -= take as u64;
            if left == 0 {
                return Ok(());
            }
            let size = if left > SMALL_READ as u64 {
                LARGE_READ
            } else {
                SMALL_READ
            };
            if self.read_more(size).await? == 0 {
                return Err(Cause::closed());
            }
        }
    }

    async fn read_to_end(&mut self, response: &mut Response, keep: usize) -> Result<(), Cause> {
        loop {
            response.take_in(&self.incoming[self.at..], keep);
            self.at = self.incoming.len();
            if self.read_more(LARGE_READ).await? == 0 {
                return Ok(());
            }
        }
    }

    async fn read_chunks(&mut self, response: &mut Response, keep: usize) -> Result<(), Cause> {
        loop {
            let size = self.chunk_size().await?;
            if size == 0 {
                return self.skip_trailers().await;
            }
            self.read_exactly(size, response, keep).await?;
            let end = self.line().await?;
            if !self.incoming[end.0..end.1].is_empty() {
                return Err(garbage());
            }
        }
    }

    async fn chunk_size(&mut self) -> Result<u64, Cause> {
        let (from, to) = self.line().await?;
        let line = std::str::from_utf8(&self.incoming[from..to]).map_err(|_| garbage())?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        u64::from_str_radix(digits, 16).map_err(|_| garbage())
    }

    async fn skip_trailers(&mut self) -> Result<(), Cause> {
        for _ in 0..MOST_HEADERS {
            let (from, to) = self.line().await?;
            if from == to {
                return Ok(());
            }
        }
        Err(garbage())
    }

    /// Where the next line is, without its end; it counts as used.
    async fn line(&mut self) -> Result<(usize, usize), Cause> {
        let mut seen = 0;
        loop {
            let there = &self.incoming[self.at..];
            if let Some(at) = there[seen..].iter().position(|&b| b == b'\n') {
                let from = self.at;
                let mut to = from + seen + at;
                self.at = to + 1;
                if to > from && self.incoming[to - 1] == b'\r' {
                    to -= 1;
                }
                return Ok((from, to));
            }
            seen = there.len();
            if seen > SMALL_READ {
                return Err(garbage());
            }
            // What was used lies before; without this a long chunked body would pile up.
            self.incoming.drain(..self.at);
            self.at = 0;
            if self.read_more(SMALL_READ).await? == 0 {
                return Err(Cause::closed());
            }
        }
    }

    /// A user that waits needs no large buffers.
    fn shrink(&mut self) {
        if self.at == self.incoming.len() {
            self.incoming.clear();
            self.at = 0;
            self.incoming.shrink_to(SMALL_READ);
        }
        self.outgoing.shrink_to(SMALL_READ);
    }
}

impl Response {
    pub(super) fn take_in(&mut self, bytes: &[u8], keep: usize) {
        self.body_bytes += bytes.len() as u64;
        let room = keep.saturating_sub(self.body.len());
        self.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

fn garbage() -> Cause {
    Cause("the response is no HTTP".into())
}

struct Head {
    response: Response,
    end: BodyEnd,
    can_stay: bool,
}

/// The head at the start of `bytes` and its length, if it is all there.
fn parse_head(bytes: &[u8], method: &str) -> Result<Option<(Head, usize)>, Cause> {
    // Clearing four kilobytes would cost more than reading what most responses have.
    let mut fields = [MaybeUninit::uninit(); MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let length = match parser.parse_response_with_uninit_headers(&mut parsed, bytes, &mut fields) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Cause("the response has too many headers".into()));
        }
        Err(_) => return Err(garbage()),
    };
    let status = parsed.code.unwrap_or_default();
    let mut headers = Headers::with_capacity(length, parsed.headers.len());
    let mut can_stay = parsed.version == Some(1);
    let mut chunked = false;
    let mut content_length = None;
    for field in &*parsed.headers {
        headers.push(field.name.as_bytes(), field.value);
        match field.name.len() {
            10 if field.name.eq_ignore_ascii_case("connection") => {
                can_stay = stays(field.value, can_stay);
            }
            14 if field.name.eq_ignore_ascii_case("content-length") => {
                let said = content_length_of(field.value).ok_or_else(garbage)?;
                if content_length.is_some_and(|before| before != said) {
                    return Err(garbage());
                }
                content_length = Some(said);
            }
            17 if field.name.eq_ignore_ascii_case("transfer-encoding") => {
                let value = field.value.to_ascii_lowercase();
                chunked = value.trim_ascii().ends_with(b"chunked");
            }
            _ => {}
        }
    }
    let end = match (status, chunked, content_length) {
        (204 | 304 | 100..=199, ..) => BodyEnd::After(0),
        _ if method == "HEAD" => BodyEnd::After(0),
        (_, true, _) => BodyEnd::Chunked,
        (_, _, Some(length)) => BodyEnd::After(length),
        _ => BodyEnd::AtClose,
    };
    let response = Response {
        status,
        headers,
        ..Response::default()
    };
    let head = Head {
        response,
        end,
        can_stay: can_stay && end != BodyEnd::AtClose,
    };
    Ok(Some((head, length)))
}

/// Whether a `connection` header lets the connection stay.
fn stays(value: &[u8], default: bool) -> bool {
    let has = |word: &[u8]| {
        value
            .split(|&b| b == b',')
            .any(|part| part.trim_ascii().eq_ignore_ascii_case(word))
    };
    match (has(b"close"), has(b"keep-alive")) {
        (true, _) => false,
        (_, true) => true,
        _ => default,
    }
}

fn content_length_of(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?.trim();
    // `parse` would take a sign.
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end_of(head: &str, method: &str) -> (BodyEnd, bool) {
        let (head, _) = parse_head(head.as_bytes(), method).unwrap().unwrap();
        (head.end, head.can_stay)
    }

    #[test]
    fn a_body_ends_where_its_head_says() {
        let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        assert_eq!(
            end_of(&head("Content-Length: 7\r\n"), "GET"),
            (BodyEnd::After(7), true)
        );
        assert_eq!(
            end_of(&head("Content-Length: 7\r\n"), "HEAD"),
            (BodyEnd::After(0), true)
        );
        let chunked = head("Transfer-Encoding: gzip, Chunked\r\nconnection: x, Close\r\n");
        assert_eq!(end_of(&chunked, "GET"), (BodyEnd::Chunked, false));
        assert_eq!(end_of(&head(""), "GET"), (BodyEnd::AtClose, false));
        assert_eq!(
            end_of("HTTP/1.1 204 No\r\n\r\n", "GET"),
            (BodyEnd::After(0), true)
        );
        let old = "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n";
        assert_eq!(
            end_of(&format!("{old}\r\n"), "GET"),
            (BodyEnd::After(1), false)
        );
        let kept = format!("{old}connection: keep-alive\r\n\r\n");
        assert_eq!(end_of(&kept, "GET"), (BodyEnd::After(1), true));
    }

    #[test]
    fn heads_that_are_none_are_refused() {
        for head in [
            "SSH-2.0-OpenSSH_9.6\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
        ] {
            assert!(parse_head(head.as_bytes(), "GET").is_err(), "{head:?}");
        }
        assert!(parse_head(b"HTTP/1.1 200 O", "GET").unwrap().is_none());
    }
}
