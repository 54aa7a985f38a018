//! A virtual user that makes HTTP/1.1 requests, on one connection that is kept alive.

use std::fmt::Write;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper_util::rt::TokioIo;
use scenario::{Body, HttpRequest, Scope, Step, Target, Template};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::cause::Cause;
use crate::session::{Session, Walk};

const AGENT: &str = concat!("leakscope/", env!("CARGO_PKG_VERSION"));

pub(crate) struct HttpUser<'u, 'a> {
    session: &'u mut Session<'a>,
    /// The connection, and to whom it is.
    connection: Option<(Target, SendRequest<Full<Bytes>>)>,
}

impl<'u, 'a> HttpUser<'u, 'a> {
    pub(crate) fn new(session: &'u mut Session<'a>) -> Self {
        Self {
            session,
            connection: None,
        }
    }

    pub(crate) async fn perform(mut self, flow: &[Step]) -> Result<(), Cause> {
        let mut walk = Walk::new(flow);
        while let Some(step) = walk.next(&mut self.session.scope) {
            match step {
                Step::Request(request) => {
                    let limit = self.session.script.timeout;
                    let asking = timeout(limit, self.request(request));
                    asking.await.unwrap_or(Err(Cause::timeout()))?;
                }
                Step::Think(span) => sleep(*span).await,
                Step::Send(_) | Step::Loop { .. } => {}
            }
        }
        Ok(())
    }

    /// Sends a request and reads its response to the end. A status is not a failure, whatever it
    /// says: it is counted.
    async fn request(&mut self, step: &HttpRequest) -> Result<(), Cause> {
        let (target, path) = self.address(step)?;
        let request = self.build(step, &target, &path)?;
        let mut sender = self.connected(&target).await?;
        let sent_at = Instant::now();
        self.session.meter.request_sent();
        let response = sender.send_request(request).await?;
        self.session
            .meter
            .response_came(response.status().as_u16(), sent_at.elapsed());
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            let length = frame?.data_ref().map_or(0, Bytes::len);
            self.session.meter.downloaded(length as u64);
        }
        self.connection = Some((target, sender));
        Ok(())
    }

    /// The connection to `target`: the one we have, unless the server has closed it meanwhile.
    async fn connected(&mut self, target: &Target) -> Result<SendRequest<Full<Bytes>>, Cause> {
        if let Some((to, mut sender)) = self.connection.take()
            && to.authority() == target.authority()
            && sender.ready().await.is_ok()
        {
            return Ok(sender);
        }
        let stream = TcpStream::connect((target.host(), target.port())).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends when the sender is dropped, or the server closes: the request is told why.
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Whom to ask, and for what path.
    fn address(&mut self, step: &HttpRequest) -> Result<(Target, String), Cause> {
        let scope = &mut self.session.scope;
        let url = step.url.render(scope);
        let no_url = |why: &dyn std::fmt::Display| Cause(format!("`{url}` is no URL: {why}"));
        let (target, mut path) = match url.find("://") {
            Some(scheme_end) => {
                let target = Target::parse(&url).map_err(|error| no_url(&error))?;
                let path_at = url[scheme_end + 3..]
                    .find(['/', '?'])
                    .map(|at| at + scheme_end + 3);
                (target, path_at.map_or("/", |at| &url[at..]).to_owned())
            }
            None => (
                self.session.target.clone(),
                format!("{}{url}", self.session.target.path()),
            ),
        };
        if target.is_tls() {
            return Err(no_url(&"TLS is not supported yet"));
        }
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        if let Some(fragment) = path.find('#') {
            path.truncate(fragment);
        }
        if !step.query.is_empty() {
            path.push(if path.contains('?') { '&' } else { '?' });
            path += &form(&step.query, scope);
        }
        Ok((target, path))
    }

    fn build(
        &mut self,
        step: &HttpRequest,
        target: &Target,
        path: &str,
    ) -> Result<Request<Full<Bytes>>, Cause> {
        let scope = &mut self.session.scope;
        let (body, content_type) = match &step.body {
            Body::Empty => (String::new(), None),
            Body::Text(text) => (text.render(scope).into_owned(), None),
            Body::Json(json) => (json.render(scope).into_owned(), Some("application/json")),
            Body::Form(fields) => (
                form(fields, scope),
                Some("application/x-www-form-urlencoded"),
            ),
        };
        let mut request = Request::builder().method(step.method).uri(path);
        if let Some(headers) = request.headers_mut() {
            headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
            headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
            if let Ok(host) = HeaderValue::try_from(target.authority()) {
                headers.insert(HOST, host);
            }
            if let Some(content_type) = content_type {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            }
            for (name, value) in self.session.script.headers.iter().chain(&step.headers) {
                set_header(headers, name, &value.render(scope))?;
            }
        }
        let built = request.body(Full::from(body));
        built.map_err(|error| Cause(format!("`{} {path}` is no request: {error}", step.method)))
    }
}

fn set_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Cause> {
    let parsed = HeaderName::try_from(name)
        .ok()
        .zip(HeaderValue::try_from(value).ok());
    let (name, value) = parsed.ok_or_else(|| Cause(format!("`{name}: {value}` is no header")))?;
    headers.insert(name, value);
    Ok(())
}

/// Fields as a query or a form has them.
fn form(fields: &[(String, Template)], scope: &mut dyn Scope) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        escape_into(&mut text, name);
        text.push('=');
        escape_into(&mut text, &value.render(scope));
    }
    text
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn escape_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_escaped() {
        let mut text = String::new();
        escape_into(&mut text, "a b&c=d/é~");
        assert_eq!(text, "a%20b%26c%3Dd%2F%C3%A9~");
    }
}
