//! `capture`, `match` and `expect`: what is taken from responses.

use serde_json::Value;

use super::Reader;
use super::fields::Fields;
use crate::capture::Index;
use crate::diagnostic::did_you_mean;
use crate::expect::{EXPECTATIONS, check_jmespath};
use crate::tree::{Key, Kind, Node};
use crate::{Capture, Expectation, Extract, Match};

impl Reader<'_> {
    pub(super) fn captures(&mut self, node: &Node) -> Vec<Capture> {
        let items = self.list_or_one(node);
        items
            .into_iter()
            .filter_map(|item| self.capture(item))
            .collect()
    }

    fn capture(&mut self, node: &Node) -> Option<Capture> {
        let mut fields = Fields::of(node, "a capture", self)?;
        let extract = self.extract(&mut fields, node, "capture");
        let name = fields.take("as").and_then(|n| self.text(n, "`as`"));
        let strict = fields
            .take("strict")
            .and_then(|n| self.truth(n, "`strict`"));
        let transform = fields
            .take("transform")
            .and_then(|n| self.text(n, "`transform`"));
        fields.finish(self);
        let Some(name) = name else {
            let hint = "say what variable it is kept in, as in `as: id`";
            self.warning(
                node.place,
                "a capture without `as` keeps nothing",
                Some(hint.into()),
            );
            return None;
        };
        Some(Capture {
            extract: extract?,
            name,
            strict,
            transform,
        })
    }

    pub(super) fn matches(&mut self, node: &Node) -> Vec<Match> {
        let items = self.list_or_one(node);
        items
            .into_iter()
            .filter_map(|item| self.one_match(item))
            .collect()
    }

    fn one_match(&mut self, node: &Node) -> Option<Match> {
        let mut fields = Fields::of(node, "a match", self)?;
        let extract = self.extract(&mut fields, node, "match");
        let value = fields.take("value").map(|n| self.json(n, "`value`"));
        let is_strict = fields
            .take("strict")
            .and_then(|n| self.truth(n, "`strict`"));
        fields.finish(self);
        let Some(value) = value else {
            let hint = "say with `value` what it has to be";
            self.warning(
                node.place,
                "a match without `value` does nothing",
                Some(hint.into()),
            );
            return None;
        };
        Some(Match {
            extract: extract?,
            value,
            is_strict: is_strict.unwrap_or(true),
        })
    }

    fn extract(&mut self, fields: &mut Fields<'_>, node: &Node, what: &str) -> Option<Extract> {
        let mut sources = ["json", "xpath", "regexp", "header", "selector"]
            .map(|key| (key, fields.take(key)))
            .into_iter()
            .filter_map(|(key, node)| Some((key, node?)));
        let source = sources.next();
        if let Some((second, node)) = sources.next() {
            let message = format!("a second way to find the value, `{second}`, has no effect");
            self.warning(node.place, message, None);
        }
        let mut option = |key| fields.take(key);
        let (group, flags) = (option("group"), option("flags"));
        let (attribute, index, multiple) = (option("attr"), option("index"), option("multiple"));
        let Some((kind, source)) = source else {
            let hint = "find the value with `json`, `regexp`, `header`, `selector` or `xpath`";
            let message = format!("a {what} of nothing");
            self.error(node.place, message, Some(hint.into()));
            return None;
        };
        let text = self.text(source, &format!("`{kind}`"))?;
        let mut optional = |node: Option<&Node>, what| node.and_then(|n| self.text(n, what));
        let group = optional(group, "`group`");
        let flags = optional(flags, "`flags`").unwrap_or_default();
        let attribute = optional(attribute, "`attr`");
        let index = optional(index, "`index`");
        let is_list = multiple.and_then(|n| self.truth(n, "`multiple`")) == Some(false);
        let extract = match kind {
            "json" => Extract::json(&text, is_list),
            "regexp" => Extract::regexp(&text, group, &flags),
            "header" => Extract::header(&text),
            "selector" => match index.as_deref() {
                None => Extract::selector(&text, attribute, Index::At(0)),
                Some("random") => Extract::selector(&text, attribute, Index::Random),
                Some("last") => Extract::selector(&text, attribute, Index::Last),
                Some(at) => match at.parse() {
                    Ok(at) => Extract::selector(&text, attribute, Index::At(at)),
                    Err(_) => Err(format!("`{at}` is neither a number, `random` nor `last`")),
                },
            },
            _ => Extract::xpath(&text),
        };
        match extract {
            Ok(extract) => Some(extract),
            Err(why) => {
                self.error(source.place, format!("`{kind}`: {why}"), None);
                None
            }
        }
    }

    pub(super) fn expectations(&mut self, node: &Node) -> Vec<Expectation> {
        if !self.has_expect {
            let hint = "switch it on with `plugins: {expect: {}}` in `config`";
            let message = "`expect` has no effect without its plug-in";
            self.warning(node.place, message, Some(hint.into()));
        }
        let mut expectations = Vec::new();
        for item in self.list_or_one(node) {
            let Some(map) = self.map(item, "an expectation") else {
                continue;
            };
            // Of a list's items, Artillery takes the first key.
            for (key, node) in map {
                expectations.extend(self.expectation(key, node));
            }
        }
        expectations
    }

    fn expectation(&mut self, key: &Key, node: &Node) -> Option<Expectation> {
        let name = key.name.as_str();
        Some(match name {
            "statusCode" => Expectation::StatusCode(self.json(node, name)),
            "notStatusCode" => Expectation::NotStatusCode(self.json(node, name)),
            "contentType" => Expectation::ContentType(self.template(node, name)?),
            "hasHeader" => Expectation::HasHeader(self.template(node, name)?),
            "headerEquals" => {
                let items = self.list(node, "`headerEquals`");
                let [header, value] = items else {
                    let hint = "write it as in `headerEquals: [x-cache, HIT]`";
                    let message = "`headerEquals` needs a name and a value";
                    self.error(node.place, message, Some(hint.into()));
                    return None;
                };
                let header = self.template(header, name)?;
                Expectation::HeaderEquals(header, self.template(value, name)?)
            }
            "hasProperty" => Expectation::HasProperty(self.template(node, name)?),
            "notHasProperty" => Expectation::NotHasProperty(self.template(node, name)?),
            "equals" => {
                let items = self.list(node, "`equals`").iter();
                Expectation::Equals(items.filter_map(|n| self.template(n, name)).collect())
            }
            "matchesRegexp" => Expectation::MatchesRegexp(self.template(node, name)?),
            "cdnHit" => Expectation::CdnHit(match node.kind {
                Kind::Scalar(Value::Bool(truth)) => truth,
                _ => self.truth(node, name)?,
            }),
            "jmespath" | "jpath" => {
                let path = self.text(node, name)?;
                if let Err(why) = check_jmespath(&path) {
                    self.error(node.place, format!("`{name}`: {why}"), None);
                }
                Expectation::JmesPath(path)
            }
            // It tells what a `jmespath` beside it means.
            "description" => return None,
            _ => {
                let hint = did_you_mean(name, EXPECTATIONS);
                let message = format!("unknown expectation `{name}`");
                self.warning(key.place, message, hint);
                return None;
            }
        })
    }
}
