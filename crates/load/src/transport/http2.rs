//! HTTP/2 over TLS, by hyper: many exchanges over one connection.

use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::stream::Stream;
use super::{Headers, Request, Response};
use crate::cause::Cause;

/// Headers that HTTP/2 does without, or spells otherwise.
const OF_HTTP1: [&str; 6] = [
    "connection",
    "host",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// A connection that speaks HTTP/2.
#[derive(Debug, Clone)]
pub(super) struct Http2 {
    sender: SendRequest<Full<Bytes>>,
}

impl Http2 {
    pub(super) async fn start(stream: Stream) -> Result<Self, Cause> {
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        // Ends when the last sender is dropped, or the server closes: requests are told why.
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    pub(super) fn is_usable(&self) -> bool {
        !self.sender.is_closed()
    }

    pub(super) async fn exchange(mut self, request: &Request<'_>) -> Result<Response, Cause> {
        self.sender.ready().await?;
        let built = build(request)?;
        let sent_at = Instant::now();
        let answer = self.sender.send_request(built).await?;
        let mut response = Response {
            status: answer.status().as_u16(),
            ..Response::default()
        };
        response.times.first_byte = sent_at.elapsed();
        response.headers = headers(answer.headers());
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                response.take_in(&data, request.keep);
            }
        }
        response.times.total = sent_at.elapsed();
        Ok(response)
    }
}

fn build(request: &Request<'_>) -> Result<http::Request<Full<Bytes>>, Cause> {
    let header = |name: &str| {
        let found = request
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    };
    let authority = header("host").unwrap_or(request.target.host_header());
    let uri = format!("https://{authority}{}", request.path);
    let mut builder = http::Request::builder().method(request.method).uri(&uri);
    for (name, value) in request.headers {
        if !OF_HTTP1.iter().any(|old| name.eq_ignore_ascii_case(old)) {
            builder = builder.header(*name, *value);
        }
    }
    let body = Full::from(request.body.to_vec());
    let built = builder.body(body);
    built.map_err(|error| Cause(format!("`{} {uri}` is no request: {error}", request.method)))
}

fn headers(map: &http::HeaderMap) -> Headers {
    let mut headers = Headers::with_capacity(0, map.len());
    for (name, value) in map {
        headers.push(name.as_str().as_bytes(), value.as_bytes());
    }
    headers
}
