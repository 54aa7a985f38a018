//! Events over Socket.IO.

use super::Reader;
use super::fields::Fields;
use crate::tree::{Kind, Node};
use crate::{Answer, Emit, JsonTemplate, Reply, Step, Template};

impl Reader<'_> {
    pub(super) fn emit(&mut self, node: &Node) -> Option<Step> {
        let mut fields = Fields::of(node, "a step", self)?;
        let emit = fields.take("emit")?;
        let namespace = fields
            .take("namespace")
            .and_then(|n| self.template(n, "`namespace`"));
        let response = fields.take("response");
        let acknowledge = fields.take("acknowledge");
        fields.finish(self);
        let arguments = self.arguments(emit)?;
        let response = response.and_then(|n| self.answer(n, "`response`"));
        if let (Some(node), None) = (node.get("response"), &response) {
            let hint = "name the event with `on`";
            self.warning(node.place, "a `response` to no event", Some(hint.into()));
        }
        let acknowledge = acknowledge.and_then(|n| match &n.kind {
            // `acknowledge: true` only waits for it.
            Kind::Scalar(_) => Some(Answer {
                event: None,
                data: None,
                is_joined: false,
                reply: Reply::default(),
            }),
            _ => self.answer(n, "`acknowledge`"),
        });
        Some(Step::Emit(Box::new(Emit {
            arguments,
            namespace: namespace.unwrap_or_else(|| Template::fixed("")),
            response,
            acknowledge,
        })))
    }

    fn arguments(&mut self, node: &Node) -> Option<Vec<JsonTemplate>> {
        match &node.kind {
            Kind::List(items) if !items.is_empty() => {
                Some(items.iter().map(|item| self.json(item, "`emit`")).collect())
            }
            Kind::Map(_) => {
                let mut fields = Fields::of(node, "`emit`", self)?;
                let channel = fields.take("channel");
                let data = fields.take("data");
                fields.finish(self);
                let Some(channel) = channel else {
                    let hint = "name the event with `channel`";
                    self.error(node.place, "an `emit` of no event", Some(hint.into()));
                    return None;
                };
                let mut arguments = vec![self.json(channel, "`channel`")];
                arguments.extend(data.map(|n| self.json(n, "`data`")));
                Some(arguments)
            }
            Kind::Scalar(_) => Some(vec![JsonTemplate::text(self.template(node, "`emit`")?)]),
            Kind::List(_) => {
                let hint = "its first item is the event's name";
                self.error(node.place, "an `emit` of nothing", Some(hint.into()));
                None
            }
        }
    }

    fn answer(&mut self, node: &Node, what: &'static str) -> Option<Answer> {
        let mut fields = Fields::of(node, what, self)?;
        let event = fields.take("channel").or_else(|| fields.take("on"));
        fields.take("on");
        let data = fields.take("data").or_else(|| fields.take("args"));
        fields.take("args");
        let is_joined = fields
            .take("concat")
            .and_then(|n| self.truth(n, "`concat`"))
            .unwrap_or(false);
        let reply = self.answer_reply(&mut fields);
        fields.finish(self);
        let event = event.and_then(|n| self.template(n, "`on`"));
        if what == "`response`" && event.is_none() {
            return None;
        }
        Some(Answer {
            event,
            data: data.map(|n| self.json(n, "`data`")),
            is_joined,
            reply,
        })
    }

    /// What is captured and matched; from the first argument where nothing else is said.
    fn answer_reply(&mut self, fields: &mut Fields<'_>) -> Reply {
        let mut first_argument = |key| {
            let mut node: Node = fields.take(key).cloned()?;
            let sources = ["json", "xpath", "regexp", "header", "selector"];
            if let Kind::Map(map) = &mut node.kind
                && !map
                    .iter()
                    .any(|(key, _)| sources.contains(&key.name.as_str()))
            {
                let key = crate::tree::Key {
                    place: node.place,
                    name: "json".into(),
                };
                map.push((key, Node::at(node.place, "$.0".into())));
            }
            Some(node)
        };
        let (capture, matching) = (first_argument("capture"), first_argument("match"));
        Reply {
            captures: capture.map(|n| self.captures(&n)).unwrap_or_default(),
            matches: matching.map(|n| self.matches(&n)).unwrap_or_default(),
        }
    }
}
