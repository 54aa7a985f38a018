//! A virtual user that makes HTTP/1.1 requests, on one connection that is kept alive.

use std::fmt::Write;

use scenario::{Body, HttpRequest, JsonTemplate, Scope, Span, Step, Target};
use tokio::time::{sleep, timeout};

use crate::cause::Cause;
use crate::session::{Session, Walk};
use crate::transport::{Connections, Request, is_header_name, is_header_value};

pub(crate) struct HttpUser<'u, 'a> {
    session: &'u mut Session<'a>,
    connections: Connections,
}

impl<'u, 'a> HttpUser<'u, 'a> {
    pub(crate) fn new(session: &'u mut Session<'a>) -> Self {
        Self {
            session,
            connections: Connections::default(),
        }
    }

    pub(crate) async fn perform(mut self, flow: &[Step]) -> Result<(), Cause> {
        let mut walk = Walk::new(flow);
        while let Some(step) = walk.next(&mut self.session.scope) {
            match step {
                Step::Request(request) => {
                    let limit = self.session.script.settings.timeout;
                    let asking = timeout(limit, self.request(request));
                    asking.await.unwrap_or(Err(Cause::timeout()))?;
                }
                Step::Think(think) => {
                    if let Span::Fixed(span) = think.span {
                        sleep(span).await;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Sends a request and reads its response to the end. A status is not a failure, whatever it
    /// says: it is counted.
    async fn request(&mut self, step: &HttpRequest) -> Result<(), Cause> {
        let intended = self.session.intended_start();
        let (target, path) = self.address(step)?;
        let (headers, body) = self.build(step)?;
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let request = Request {
            method: &step.method,
            target: &target,
            path: &path,
            headers: &headers,
            body: body.as_bytes(),
            keep: 0,
        };
        let meter = self.session.meter;
        meter.request_sent();
        let answering = self.connections.send(self.session.transport, &request);
        let response = answering.await?;
        meter.response_came(&response.facts(intended));
        Ok(())
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

    /// The request's headers and body.
    fn build(&mut self, step: &HttpRequest) -> Result<(Vec<(String, String)>, String), Cause> {
        let scope = &mut self.session.scope;
        let body = match &step.body {
            Body::Text(text) => text.render(scope).into_owned(),
            Body::Json(json) => json.render(scope).unwrap_or_default().into_owned(),
            Body::Form(fields) => form(fields, scope),
            Body::Empty | Body::Multipart(_) => String::new(),
        };
        let mut headers = Vec::new();
        for (name, value) in &step.headers {
            set_header(&mut headers, name, &value.render(scope))?;
        }
        Ok((headers, body))
    }
}

fn set_header(headers: &mut Vec<(String, String)>, name: &str, value: &str) -> Result<(), Cause> {
    if !is_header_name(name) || !is_header_value(value) {
        return Err(Cause(format!("`{name}: {value}` is no header")));
    }
    headers.retain(|(before, _)| !before.eq_ignore_ascii_case(name));
    headers.push((name.to_ascii_lowercase(), value.to_owned()));
    Ok(())
}

/// Fields as a query or a form has them.
fn form(fields: &[(String, JsonTemplate)], scope: &mut dyn Scope) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        escape_into(&mut text, name);
        text.push('=');
        escape_into(&mut text, &value.field_texts(scope).concat());
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
