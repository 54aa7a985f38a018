//! HTTP requests.

use super::Reader;
use super::fields::Fields;
use crate::tree::{Kind, Node};
use crate::{
    Body, ByEndpoint, Expectation, HttpRequest, Part, PartContent, Step, Target, Template,
};

impl Reader<'_> {
    pub(super) fn request(&mut self, node: &Node, method: String) -> Option<Step> {
        let mut fields = Fields::of(node, "a request", self)?;
        fields.without_effect(&[
            ("timeout", "`config.timeout` bounds every response"),
            ("transform", "it belongs into a `capture`"),
            ("setContentLengthHeader", "`content-length` is always sent"),
            (
                "retry",
                "nothing is sent twice: a request fails with its connection",
            ),
        ]);
        let url_node = fields.take("url").or_else(|| fields.take("uri"));
        fields.take("uri");
        let url = url_node.and_then(|node| self.template(node, "`url`"));
        let name_node = fields.take("name");
        let name = name_node.and_then(|n| self.template(n, "`name`"));
        let query = fields
            .take("qs")
            .map(|n| self.json_fields(n, "`qs`"))
            .unwrap_or_default();
        let own_headers = fields
            .take("headers")
            .map(|n| self.headers(n))
            .unwrap_or_default();
        let cookies = fields
            .take("cookie")
            .map(|n| self.templates(n, "`cookie`"))
            .unwrap_or_default();
        let body = self.body(&mut fields);
        let auth = fields.take("auth").and_then(|n| self.auth(n));
        let captures = fields
            .take("capture")
            .map(|n| self.captures(n))
            .unwrap_or_default();
        let matches = fields
            .take("match")
            .map(|n| self.matches(n))
            .unwrap_or_default();
        let expect = fields.take("expect");
        let expectations = expect.map(|n| self.expectations(n)).unwrap_or_default();
        let before_request = self.functions(&mut fields, "beforeRequest");
        let after_response = self.functions(&mut fields, "afterResponse");
        let condition = fields
            .take("ifTrue")
            .and_then(|n| self.condition(n, "`ifTrue`"));
        let probability = fields
            .take("probability")
            .and_then(|n| self.number(n, "`probability`"));
        let mut truth = |key| {
            let node = fields.take(key)?;
            self.truth(node, key)
        };
        let follows_redirects = truth("followRedirect").unwrap_or(true);
        let decompresses = truth("gzip").unwrap_or(true);
        fields.finish(self);
        if url_node.is_none() {
            let hint = Some("write it as in `url: /path`".to_owned());
            self.error(node.place, "a request without `url`", hint);
        }
        let url = url?;
        let endpoint = self.endpoint(url_node, name_node);
        let headers = self.all_headers(own_headers, &body, decompresses);
        Some(Step::Request(Box::new(HttpRequest {
            method,
            url,
            name,
            endpoint,
            query,
            headers,
            cookies,
            body,
            auth,
            captures,
            matches,
            expectations: if self.has_expect {
                expectations
            } else {
                Vec::new()
            },
            before_request,
            after_response,
            condition,
            probability,
            follows_redirects,
            decompresses,
            source: node.to_value(),
        })))
    }

    /// The script's headers and the request's, and those that follow from what it carries.
    fn all_headers(
        &self,
        own: Vec<(String, Template)>,
        body: &Body,
        decompresses: bool,
    ) -> Vec<(String, Template)> {
        let mut headers = self.header_defaults.clone();
        for (name, value) in own {
            match headers.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => headers.push((name, value)),
            }
        }
        let content_type = match body {
            Body::Json(_) => Some("application/json"),
            Body::Form(_) => Some("application/x-www-form-urlencoded"),
            _ => None,
        };
        let encoding = decompresses.then_some("gzip, deflate, br");
        for (name, value) in [
            ("content-type", content_type),
            ("accept-encoding", encoding),
        ] {
            if let Some(value) = value
                && !headers.iter().any(|(known, _)| known == name)
            {
                headers.push((name.to_owned(), Template::fixed(value)));
            }
        }
        headers
    }

    fn body(&mut self, fields: &mut Fields<'_>) -> Body {
        let json = fields.take("json");
        let text = fields.take("body");
        let form = fields.take("form");
        let parts = fields.take("formData");
        let given = [
            ("json", json),
            ("body", text),
            ("form", form),
            ("formData", parts),
        ];
        let mut given = given
            .into_iter()
            .filter_map(|(key, node)| Some((key, node?)));
        let Some((key, node)) = given.next() else {
            return Body::Empty;
        };
        for (other, node) in given {
            let message = format!("`{other}` has no effect beside `{key}`");
            self.warning(node.place, message, None);
        }
        match key {
            "json" => match is_falsy(node) {
                true => Body::Empty,
                false => Body::Json(self.json(node, "`json`")),
            },
            "body" => match &node.kind {
                Kind::Scalar(serde_json::Value::Null) => Body::Empty,
                Kind::Scalar(_) => self
                    .template(node, "`body`")
                    .map_or(Body::Empty, Body::Text),
                _ => {
                    let hint = "use `json` to send a document with its content type";
                    let message = "`body` is no text and is sent as JSON";
                    self.warning(node.place, message, Some(hint.into()));
                    Body::Json(self.json(node, "`body`"))
                }
            },
            "form" => Body::Form(self.json_fields(node, "`form`")),
            _ => Body::Multipart(self.parts(node)),
        }
    }

    fn parts(&mut self, node: &Node) -> Vec<Part> {
        let Some(map) = self.map(node, "`formData`") else {
            return Vec::new();
        };
        let mut parts = Vec::new();
        for (key, node) in map {
            let part = match &node.kind {
                Kind::Map(_) => self.part(key.name.clone(), node),
                _ => Some(Part {
                    name: key.name.clone(),
                    content: PartContent::Text(self.json(node, "`formData`")),
                    content_type: None,
                }),
            };
            parts.extend(part);
        }
        parts
    }

    fn part(&mut self, name: String, node: &Node) -> Option<Part> {
        let mut fields = Fields::of(node, "a part of `formData`", self)?;
        let file = fields.take("fromFile");
        let value = fields.take("value");
        let content_type = fields
            .take("contentType")
            .and_then(|n| self.template(n, "`contentType`"));
        fields.finish(self);
        let content = match (file, value) {
            (Some(node), _) => {
                let file = self.template(node, "`fromFile`")?;
                self.check_is_there(node, file.as_fixed());
                PartContent::File(file)
            }
            (None, Some(value)) => PartContent::Text(self.json(value, "`value`")),
            (None, None) => {
                let hint = "give it a `value`, or a file with `fromFile`";
                self.error(node.place, "a part without contents", Some(hint.into()));
                return None;
            }
        };
        Some(Part {
            name,
            content,
            content_type,
        })
    }

    fn auth(&mut self, node: &Node) -> Option<(Template, Template)> {
        let mut fields = Fields::of(node, "`auth`", self)?;
        let user = fields.take("user").or_else(|| fields.take("username"));
        let pass = fields.take("pass").or_else(|| fields.take("password"));
        fields.take("username");
        fields.take("password");
        fields.finish(self);
        let user = user.and_then(|n| self.template(n, "`user`"));
        let pass = pass.and_then(|n| self.template(n, "`pass`"));
        Some((
            user.unwrap_or_else(|| Template::fixed("")),
            pass.unwrap_or_else(|| Template::fixed("")),
        ))
    }

    /// The index of the request's endpoint, where its name does not depend on the session.
    fn endpoint(&mut self, url: Option<&Node>, name: Option<&Node>) -> Option<usize> {
        let url = url?.to_value();
        let url = url.as_str()?;
        let name = name.map(Node::to_value);
        let name = name.as_ref().map(crate::value::text);
        if !self.by_endpoint.groups_dynamic && has_placeholder(url, name.as_deref()) {
            return None;
        }
        let base = self.base.as_ref()?;
        let named = self.by_endpoint.name(base, url, name.as_deref())?;
        let at = self.endpoints.iter().position(|known| *known == named);
        Some(at.unwrap_or_else(|| {
            self.endpoints.push(named);
            self.endpoints.len() - 1
        }))
    }
}

fn has_placeholder(url: &str, name: Option<&str>) -> bool {
    url.contains("{{") || name.is_some_and(|name| name.contains("{{"))
}

/// Whether JavaScript takes it for nothing to send.
fn is_falsy(node: &Node) -> bool {
    match &node.kind {
        Kind::Scalar(value) => !crate::value::is_truthy(value),
        _ => false,
    }
}

impl ByEndpoint {
    /// What an endpoint is called in metrics, from a request's URL and name; nothing if the
    /// request is left out.
    #[must_use]
    pub fn name(&self, base: &Target, url: &str, name: Option<&str>) -> Option<String> {
        if name.is_none() && self.ignores_unnamed {
            return None;
        }
        if let (Some(name), true) = (name, self.uses_only_names) {
            return Some(name.to_owned());
        }
        let mut endpoint = String::new();
        let path = match url.find("://") {
            Some(at) => {
                let rest = &url[at + 3..];
                if let Ok(target) = Target::parse(url) {
                    if target.host() != base.host() {
                        endpoint += target.host();
                    }
                    if target.port() != base.port() {
                        endpoint += &format!(":{}", target.port());
                    }
                }
                rest.find(['/', '?'])
                    .map_or("/", |at| &rest[at..])
                    .to_owned()
            }
            None => format!("{}{url}", base.path()),
        };
        let path = path.split('#').next().unwrap_or_default();
        endpoint += match self.strips_query {
            true => path.split('?').next().unwrap_or_default(),
            false => path,
        };
        if let Some(name) = name {
            endpoint += &format!(" ({name})");
        }
        Some(endpoint)
    }
}

impl HttpRequest {
    /// Whether anything is taken from the response's body.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        let is_taken = |extract: &crate::Extract| extract.needs_body();
        self.captures
            .iter()
            .any(|capture| is_taken(&capture.extract))
            || self.matches.iter().any(|one| is_taken(&one.extract))
            || self.expectations.iter().any(Expectation::needs_body)
    }
}
