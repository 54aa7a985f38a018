//! A request with everything filled in.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scenario::{Body, HttpRequest, Scope, Target, Tracing};

use super::{multipart, url};
use crate::Surroundings;
use crate::cause::Cause;
use crate::transport::{is_header_name, is_header_value};
use crate::variables::Variables;

/// What is sent, borrowed from the script wherever there was nothing to fill in.
pub(super) struct Outgoing<'s> {
    pub(super) method: Cow<'s, str>,
    headers: Vec<(Cow<'s, str>, Cow<'s, str>)>,
    pub(super) body: Cow<'s, [u8]>,
}

impl<'s> Outgoing<'s> {
    pub(super) fn new(
        step: &'s HttpRequest,
        scope: &mut Variables<'_>,
        surroundings: &Surroundings,
    ) -> Result<Self, Cause> {
        let mut headers = Vec::with_capacity(step.headers.len() + 2);
        for (name, value) in &step.headers {
            // A header that is one variable which is not there is not sent.
            let Some(value) = value.render_defined(scope) else {
                continue;
            };
            if !is_header_name(name) || !is_header_value(&value) {
                return Err(Cause(format!("`{name}: {value}` is no header")));
            }
            headers.push((Cow::Borrowed(&name[..]), value));
        }
        let mut outgoing = Self {
            method: Cow::Borrowed(&step.method),
            headers,
            body: Cow::Borrowed(&[]),
        };
        if let Some((user, password)) = &step.auth {
            let plain = format!("{}:{}", user.render(scope), password.render(scope));
            outgoing.set("authorization", format!("Basic {}", STANDARD.encode(plain)));
        }
        outgoing.fill_body(&step.body, scope, surroundings)?;
        Ok(outgoing)
    }

    fn fill_body(
        &mut self,
        body: &'s Body,
        scope: &mut Variables<'_>,
        surroundings: &Surroundings,
    ) -> Result<(), Cause> {
        let bytes = |text: Cow<'s, str>| match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        self.body = match body {
            Body::Empty => Cow::Borrowed(&[]),
            Body::Text(text) => bytes(text.render_defined(scope).unwrap_or_default()),
            Body::Json(json) => bytes(json.render(scope).unwrap_or_default()),
            Body::Form(fields) => {
                let mut text = String::new();
                url::write_form(&mut text, fields, scope);
                Cow::Owned(text.into_bytes())
            }
            Body::Multipart(parts) => {
                let (content_type, body) = multipart::build(parts, scope, surroundings)?;
                self.set("content-type", content_type);
                Cow::Owned(body)
            }
        };
        // The transport says how long a body is; that there is none has to be said of these.
        if self.body.is_empty() && matches!(&*self.method, "POST" | "PUT" | "PATCH") {
            self.set("content-length", "0".to_owned());
        }
        Ok(())
    }

    /// The headers as they go to the transport.
    pub(super) fn headers(&self) -> Vec<(&str, &str)> {
        let headers = self.headers.iter();
        headers.map(|(name, value)| (&**name, &**value)).collect()
    }

    pub(super) fn set(&mut self, name: &'static str, value: String) {
        match self.headers.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = Cow::Owned(value),
            None => self.headers.push((Cow::Borrowed(name), Cow::Owned(value))),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known == name)
    }

    fn remove(&mut self, names: &[&str]) {
        self.headers.retain(|(name, _)| !names.contains(&&**name));
    }

    /// A W3C trace context of this request's own.
    pub(super) fn trace(&mut self, tracing: &Tracing, scope: &mut dyn Scope) {
        let random = u128::from(scope.random()) << 64 | u128::from(scope.random());
        let mut trace = format!("{random:032x}");
        trace.replace_range(..tracing.prefix.len(), &tracing.prefix);
        let parent = scope.random();
        let flags = u8::from(tracing.is_sampled);
        self.set(
            "traceparent",
            format!("00-{trace}-{parent:016x}-{flags:02}"),
        );
    }

    /// What becomes of the request when it is sent elsewhere: as in got, which Artillery uses, only
    /// 303 makes it a GET.
    pub(super) fn redirect(&mut self, status: u16, from: &Target, to: &Target) {
        let is_safe = matches!(&*self.method, "GET" | "HEAD");
        if status == 303 && !is_safe {
            self.method = Cow::Borrowed("GET");
            self.body = Cow::Borrowed(&[]);
            self.remove(&["content-type", "content-length", "content-encoding"]);
        }
        // Cookies are put on anew for where it goes.
        self.remove(&["cookie", "host"]);
        if from.host() != to.host() || from.port() != to.port() {
            self.remove(&["authorization"]);
        }
    }
}
