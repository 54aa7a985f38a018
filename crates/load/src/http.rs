//! HTTP steps: a request as the script has it, its response, and what the script makes of that.
//!
//! Owns requests' contents: addresses, headers, bodies, cookies, redirects, captures, expectations.
//! Must not know how bytes travel. What a script says was worked out when it was read; a plain
//! request borrows all of it.

mod changed;
mod cookies;
mod decode;
mod judge;
mod multipart;
mod outgoing;
mod url;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use scenario::{HttpRequest, Script, Target};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::Meter;
use crate::cause::Cause;
use crate::meter::EndpointNames;
use crate::processor::Call;
use crate::session::Session;
use crate::transport::{Connections, Request, Response, ResponseFacts};
use cookies::Jar;
use outgoing::Outgoing;

pub(crate) use judge::keep;
pub(crate) use url::{origin, split as split_url, write_query};

/// Bytes of a body that are kept where the script looks into it; the rest is only counted.
const KEPT: usize = 64 << 20;

/// As in got, which Artillery uses.
const MOST_REDIRECTS: u32 = 10;

/// What a virtual user keeps between requests.
pub(crate) struct HttpUser {
    connections: Arc<Connections>,
    jar: Jar,
}

impl HttpUser {
    pub(crate) fn new(script: &Script) -> Self {
        Self {
            connections: Arc::default(),
            jar: Jar::new(&script.settings.http),
        }
    }

    /// The same user in a part of the flow that goes on at the same time.
    pub(crate) fn fork(&self) -> Self {
        Self {
            connections: Arc::clone(&self.connections),
            jar: self.jar.clone(),
        }
    }

    pub(crate) fn join(&mut self, fork: Self) {
        self.jar.join(fork.jar);
    }
}

/// Where a request went in the end, and what came back.
struct Answered<'t> {
    response: Response,
    target: Cow<'t, Target>,
    path: Cow<'t, str>,
}

impl Answered<'_> {
    fn url(&self) -> String {
        origin(&self.target) + &self.path
    }
}

impl<'a> Session<'a> {
    /// Sends a request and reads its response to the end. A status is not a failure, whatever it
    /// says: it is counted.
    pub(crate) async fn request(&mut self, step: &'a HttpRequest) -> Result<(), Cause> {
        if let Some(probability) = step.probability
            && (self.scope.draw() * 100.0) >= probability
        {
            return Ok(());
        }
        if let Some(condition) = &step.condition
            && !self.holds(condition).await?
        {
            return Ok(());
        }
        let has_hooks = !self.scenario.hooks.before_request.is_empty()
            || !self.scenario.hooks.after_response.is_empty()
            || !step.before_request.is_empty()
            || !step.after_response.is_empty();
        match has_hooks {
            false => self.plain_request(step).await,
            true => Box::pin(self.hooked_request(step)).await,
        }
    }

    async fn plain_request(&mut self, step: &HttpRequest) -> Result<(), Cause> {
        let answered = self.exchange(step, step.needs_body()).await?;
        self.take_in(step, &answered, None)
    }

    /// A request with functions of the processor around it.
    async fn hooked_request(&mut self, step: &HttpRequest) -> Result<(), Cause> {
        let scenario = self.scenario;
        let mut written = changed::for_functions(step, self.target);
        let original = written.clone();
        for name in scenario
            .hooks
            .before_request
            .iter()
            .chain(&step.before_request)
        {
            let name = self.filled(name);
            if self.has_function(&name) {
                let call = Call {
                    request: written,
                    ..Call::new("beforeRequest", &name)
                };
                written = self.call(call).await?.request;
            }
        }
        let step = match written == original {
            true => Cow::Borrowed(step),
            false => Cow::Owned(changed::apply(step, &original, &written).map_err(Cause)?),
        };
        let after: Vec<&String> = scenario
            .hooks
            .after_response
            .iter()
            .chain(&step.after_response)
            .collect();
        let answered = self
            .exchange(&step, step.needs_body() || !after.is_empty())
            .await?;
        let body = decode::body(&answered.response);
        let judged = self.take_in(&step, &answered, Some(&body));
        for name in after {
            let name = self.filled(name);
            if self.has_function(&name) {
                written["url"] = answered.url().into();
                let call = Call {
                    request: written.clone(),
                    response: seen_by_functions(&answered, &body),
                    ..Call::new("afterResponse", &name)
                };
                self.call(call).await?;
            }
        }
        judged
    }

    fn filled(&mut self, name: &str) -> String {
        match scenario::Template::parse(name) {
            Ok(template) => template.render(&mut self.scope).into_owned(),
            Err(_) => name.to_owned(),
        }
    }

    /// Sends the request, follows redirects, and counts all of it.
    async fn exchange<'s>(
        &mut self,
        step: &'s HttpRequest,
        needs_body: bool,
    ) -> Result<Answered<'s>, Cause>
    where
        'a: 's,
    {
        let mut intended = self.intended_start();
        let (mut target, mut path) = self.address(step)?;
        let mut outgoing = self.outgoing(step, &target, &path)?;
        let keep = if needs_body || self.script.uses_last_body {
            KEPT
        } else {
            0
        };
        let limit = self.limit();
        for _ in 0..=MOST_REDIRECTS {
            let headers = outgoing.headers();
            let request = Request {
                method: &outgoing.method,
                target: &target,
                path: &path,
                headers: &headers,
                body: &outgoing.body,
                keep,
            };
            self.meter.request_sent();
            let sending = self.http.connections.send(self.transport, &request);
            let response = timeout(limit, sending).await;
            let response = response.unwrap_or(Err(Cause::timeout()));
            let response = response.map_err(|cause| {
                let cause = cause.of_exchange();
                self.count_endpoint_error(step, &cause);
                cause
            })?;
            let facts = response.facts(intended);
            self.count_response(&facts);
            self.http.jar.take_in(&response.headers, &target, &path);
            let location = match response.status {
                300..400 if step.follows_redirects && response.status != 304 => {
                    response.headers.get("location")
                }
                _ => None,
            };
            let Some(location) = location else {
                self.count_answer(step, &response, &facts);
                return Ok(Answered {
                    response,
                    target,
                    path,
                });
            };
            let next = url::join(&target, &path, location);
            let (next_target, next_path) = next.map_err(Cause)?;
            drop(headers);
            outgoing.redirect(response.status, &target, &next_target);
            target = Cow::Owned(next_target);
            path = Cow::Owned(next_path);
            self.http.jar.apply(&mut outgoing, &target, &path);
            intended = Instant::now();
        }
        Err(Cause(format!(
            "redirected more than {MOST_REDIRECTS} times"
        )))
    }

    /// Whom to ask, and for what path.
    fn address<'s>(
        &mut self,
        step: &'s HttpRequest,
    ) -> Result<(Cow<'a, Target>, Cow<'s, str>), Cause> {
        let url = step.url.render(&mut self.scope);
        let (target, path) = match url::split(&url) {
            Some(parts) => {
                let (target, path) = parts.map_err(Cause)?;
                (Cow::Owned(target), Cow::Owned(path))
            }
            None => {
                let prefix = self.target.path();
                let path = match url::needs_no_work(prefix, &url) {
                    true => url,
                    false => Cow::Owned(url::path_under(prefix, &url)),
                };
                (Cow::Borrowed(self.target), path)
            }
        };
        if step.query.is_empty() {
            return Ok((target, path));
        }
        // As in got: what is given apart replaces the query of the URL.
        let mut path = path.split('?').next().unwrap_or_default().to_owned();
        path.push('?');
        write_query(&mut path, &step.query, &mut self.scope);
        Ok((target, Cow::Owned(path)))
    }

    fn count_response(&mut self, facts: &ResponseFacts) {
        self.meter.response_came(facts);
        if self.script.settings.http.has_extended_metrics {
            if let Some(connect) = facts.times.connect {
                self.meter.time("http.dns", connect.dns);
                self.meter.time("http.tcp", connect.tcp);
                if let Some(tls) = connect.tls {
                    self.meter.time("http.tls", tls);
                }
            }
            self.meter.time("http.total", facts.times.total);
        }
    }

    /// Counts what a step has come to, redirects or not.
    fn count_answer(&mut self, step: &HttpRequest, response: &Response, facts: &ResponseFacts) {
        if let Some(satisfying) = self.script.settings.plugins.apdex {
            // To the last byte, as Artillery has it; all three are there once there is a response.
            let since_first_byte = facts.times.total.saturating_sub(facts.times.first_byte);
            let class = apdex(facts.since_intended + since_first_byte, satisfying);
            for name in APDEX {
                self.meter.count(name, u64::from(name == class));
            }
        }
        let Some(endpoint) = self.endpoint(step) else {
            return;
        };
        let namespace = &self.script.settings.plugins.by_endpoint.namespace[..];
        match step.endpoint {
            Some(at) => self.meter.endpoint_answered(at, facts, || EndpointNames {
                response_time: format!("{namespace}.response_time.{endpoint}"),
                codes: format!("{namespace}.{endpoint}.codes."),
            }),
            None => {
                let code = facts.status.to_string();
                self.named(&[namespace, ".response_time.", &endpoint], |meter, name| {
                    meter.time(name, facts.since_intended);
                });
                let codes = [namespace, ".", &endpoint, ".codes.", &code];
                self.named(&codes, |meter, name| meter.count(name, 1));
            }
        }
        let timing = response.headers.get("server-timing").and_then(total_of);
        if let Some(timing) = timing {
            self.named(&[namespace, ".server-timing.", &endpoint], |meter, name| {
                meter.time(name, timing);
            });
        }
    }

    /// Counts under a name that is put together, without a text of its own for every request.
    fn named(&mut self, parts: &[&str], count: impl FnOnce(&Meter, &str)) {
        self.scratch.clear();
        parts.iter().for_each(|part| self.scratch.push_str(part));
        count(self.meter, &self.scratch);
    }

    fn count_endpoint_error(&mut self, step: &HttpRequest, cause: &Cause) {
        if let Some(endpoint) = self.endpoint(step) {
            let namespace = &self.script.settings.plugins.by_endpoint.namespace;
            let name = format!("{namespace}.{endpoint}.errors.{}", cause.0);
            self.meter.count(&name, 1);
        }
    }

    fn endpoint(&mut self, step: &HttpRequest) -> Option<Cow<'a, str>> {
        let script = self.script;
        if let Some(at) = step.endpoint {
            return script
                .endpoints
                .get(at)
                .map(|name| Cow::Borrowed(&name[..]));
        }
        let plugin = &script.settings.plugins.by_endpoint;
        if plugin.groups_dynamic {
            return None;
        }
        let url = step.url.render(&mut self.scope);
        let name = step.name.as_ref().map(|name| name.render(&mut self.scope));
        plugin
            .name(self.target, &url, name.as_deref())
            .map(Cow::Owned)
    }

    /// The request as it is sent: method, headers, body.
    fn outgoing<'s>(
        &mut self,
        step: &'s HttpRequest,
        target: &Target,
        path: &str,
    ) -> Result<Outgoing<'s>, Cause> {
        for (name, value) in self
            .script
            .settings
            .http
            .cookies
            .iter()
            .chain(&step.cookies)
        {
            let value = value.render(&mut self.scope).into_owned();
            self.http.jar.set(name, &value, target);
        }
        let mut outgoing = Outgoing::new(step, &mut self.scope, self.surroundings)?;
        if let Some(tracing) = &self.script.settings.http.tracing {
            outgoing.trace(tracing, &mut self.scope);
        }
        self.http.jar.apply(&mut outgoing, target, path);
        Ok(outgoing)
    }
}

/// A response as functions of the processor see it.
fn seen_by_functions(answered: &Answered<'_>, body: &[u8]) -> Value {
    let mut headers = serde_json::Map::new();
    for (name, _) in answered.response.headers.iter() {
        let name = name.to_ascii_lowercase();
        if let Some(value) = judge::header(&answered.response, &name) {
            headers.insert(name, value);
        }
    }
    let times = &answered.response.times;
    let millis = |time: std::time::Duration| (time.as_secs_f64() * 1000.0).round();
    json!({
        "statusCode": answered.response.status,
        "headers": headers,
        "body": String::from_utf8_lossy(body),
        "url": answered.url(),
        "timings": { "phases": {
            "firstByte": millis(times.first_byte),
            "total": millis(times.total),
        } },
    })
}

/// The classes of responses by their time.
const APDEX: [&str; 3] = ["apdex.satisfied", "apdex.tolerated", "apdex.frustrated"];

/// How a response of this time counts, by the milliseconds that satisfy (the Apdex Alliance's rule).
fn apdex(time: std::time::Duration, satisfying: f64) -> &'static str {
    let [satisfied, tolerated, frustrated] = APDEX;
    let millis = time.as_secs_f64() * 1000.0;
    if millis <= satisfying {
        satisfied
    } else if millis <= 4.0 * satisfying {
        tolerated
    } else {
        frustrated
    }
}

/// The total of a `Server-Timing` header.
fn total_of(header: &str) -> Option<std::time::Duration> {
    let (_, after) = header.split_once("total;dur=")?;
    let end = after.find(|c: char| !c.is_ascii_digit() && c != '.');
    let millis: f64 = after[..end.unwrap_or(after.len())].parse().ok()?;
    std::time::Duration::try_from_secs_f64(millis / 1000.0).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::apdex;

    #[test]
    fn the_apdex_has_three_classes() {
        for (millis, class) in [
            (0, "apdex.satisfied"),
            (500, "apdex.satisfied"),
            (501, "apdex.tolerated"),
            (2000, "apdex.tolerated"),
            (2001, "apdex.frustrated"),
        ] {
            assert_eq!(apdex(Duration::from_millis(millis), 500.0), class);
        }
    }
}
