//! What the script makes of a response: values kept, values compared, expectations.

use std::borrow::Cow;

use scenario::{Capture, Document, Expectation, HttpRequest, JsonTemplate, Match};
use serde_json::Value;

use super::{Answered, decode};
use crate::cause::Cause;
use crate::session::Session;
use crate::transport::Response;
use crate::variables::Variables;

/// A header's value as JavaScript has it: cookies as a list, others joined.
pub(super) fn header(response: &Response, name: &str) -> Option<Value> {
    let mut values = response.headers.all(name);
    let first = values.next()?;
    let others: Vec<&str> = values.collect();
    if name == "set-cookie" {
        let all = std::iter::once(first).chain(others);
        return Some(all.map(Value::from).collect());
    }
    let mut joined = first.to_owned();
    for other in others {
        joined.push_str(", ");
        joined.push_str(other);
    }
    (!joined.is_empty()).then(|| joined.into())
}

/// Keeps what is captured, if nothing failed; whether all that has to be there is.
pub(crate) fn keep(
    document: &Document<'_>,
    captures: &[Capture],
    matches: &[Match],
    is_strict: bool,
    scope: &mut Variables<'_>,
) -> (bool, Vec<(String, String)>) {
    let mut is_good = true;
    let mut kept = Vec::with_capacity(captures.len());
    let mut transforms = Vec::new();
    for capture in captures {
        let found = capture.extract.find(document, scope);
        let found = found.filter(|value| value != "");
        if found.is_none() && capture.strict.unwrap_or(is_strict) {
            is_good = false;
        }
        kept.push((&capture.name, found));
        if let Some(code) = &capture.transform {
            transforms.push((capture.name.clone(), code.clone()));
        }
    }
    for one in matches {
        is_good &= one.holds(document, scope) || !one.is_strict;
    }
    if is_good {
        for (name, value) in kept {
            match value {
                Some(value) => scope.set_at(name, value),
                // As an undefined value does, it hides what was there before.
                None => scope.unset(name),
            }
        }
    }
    (is_good, transforms)
}

impl Session<'_> {
    /// Looks at a response. `body` is its body decoded, where that is done already.
    pub(super) fn take_in(
        &mut self,
        step: &HttpRequest,
        answered: &Answered<'_>,
        body: Option<&[u8]>,
    ) -> Result<(), Cause> {
        let plugin = self.script.settings.plugins.expect.as_ref();
        let expects_200 = plugin.is_some_and(|p| p.expects_200) && step.expectations.is_empty();
        let is_looked_at = !step.captures.is_empty()
            || !step.matches.is_empty()
            || !step.expectations.is_empty()
            || expects_200
            || self.script.uses_last_body;
        if !is_looked_at {
            return Ok(());
        }
        let response = &answered.response;
        let body = match body {
            Some(body) => Cow::Borrowed(body),
            None => decode::body(response),
        };
        let header = |name: &str| header(response, name);
        let document = Document::new(&body, &header);
        let is_json = || {
            let content_type = response.headers.get("content-type");
            content_type.is_some_and(|t| t.starts_with("application/json"))
        };
        if self.script.uses_last_body
            && is_json()
            && let Some(json) = document.json()
        {
            self.scope.set("$", json.clone());
        }
        let is_strict = self.script.settings.http.is_capture_strict;
        let (captures, matches) = (&step.captures, &step.matches);
        let (is_good, transforms) = keep(&document, captures, matches, is_strict, &mut self.scope);
        let is_met = match expects_200 {
            true => {
                let ok = Expectation::StatusCode(JsonTemplate::Fixed("200".into()));
                self.expect(&[ok], response.status, &document)
            }
            false => self.expect(&step.expectations, response.status, &document),
        };
        if is_good {
            self.transform(transforms)?;
        } else {
            return Err(Cause("Failed capture or match".into()));
        }
        match plugin {
            Some(plugin) if !is_met && plugin.fails_sessions => {
                let name = step.name.as_ref().filter(|_| plugin.uses_only_names);
                let shown = match name {
                    Some(name) => name.render(&mut self.scope).into_owned(),
                    None => answered.url(),
                };
                Err(Cause(format!("Failed expectations for request {shown}")))
            }
            _ => Ok(()),
        }
    }

    /// Whether all expectations are met. Each is counted; what is not met is said.
    fn expect(
        &mut self,
        expectations: &[Expectation],
        status: u16,
        document: &Document<'_>,
    ) -> bool {
        let mut all_met = true;
        for expectation in expectations {
            let checked = expectation.check(status, document, &mut self.scope);
            let outcome = if checked.is_met { "ok" } else { "failed" };
            self.meter.count(&format!("plugins.expect.{outcome}"), 1);
            let counter = format!("plugins.expect.{outcome}.{}", checked.kind);
            self.meter.count(&counter, 1);
            all_met &= checked.is_met;
        }
        all_met
    }

    /// Minigun's `transform`: what a line of JavaScript makes of the variables.
    pub(crate) fn transform(&mut self, transforms: Vec<(String, String)>) -> Result<(), Cause> {
        for (name, code) in transforms {
            let value = crate::processor::evaluate(&code, &self.scope.all());
            let value = value.map_err(|why| Cause(format!("`{code}` failed: {why}")))?;
            self.scope.set(&name, value);
        }
        Ok(())
    }
}
