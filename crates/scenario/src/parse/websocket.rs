//! Steps over a WebSocket.

use serde_json::Value;

use super::Reader;
use super::fields::Fields;
use super::transport::merge_protocols;
use crate::tree::{Kind, Node};
use crate::{Connect, Reply, Send, Step};

impl Reader<'_> {
    pub(super) fn websocket_step(&mut self, node: &Node) -> Option<Step> {
        let mut fields = Fields::of(node, "a step", self)?;
        let (connect, wait) = (fields.take("connect"), fields.take("wait"));
        let send = fields.take("send");
        fields.finish(self);
        match (connect, wait, send) {
            (Some(node), ..) => self.connect(node),
            (None, Some(node), _) => {
                let mut fields = Fields::of(node, "`wait`", self)?;
                let reply = self.reply(&mut fields);
                fields.finish(self);
                Some(Step::Wait(Box::new(reply)))
            }
            (None, None, Some(node)) => self.send(node),
            _ => None,
        }
    }

    pub(super) fn reply(&mut self, fields: &mut Fields<'_>) -> Reply {
        let captures = fields.take("capture").map(|n| self.captures(n));
        let matches = fields.take("match").map(|n| self.matches(n));
        Reply {
            captures: captures.unwrap_or_default(),
            matches: matches.unwrap_or_default(),
        }
    }

    fn send(&mut self, node: &Node) -> Option<Step> {
        let is_awaited = |name| node.get(name).is_some();
        if !is_awaited("capture") && !is_awaited("match") {
            if let Some(payload) = node.get("payload") {
                let hint = "write `send: …`, or wait for an answer with `capture` or `match`";
                let message = "`payload` without an answer is sent as part of the document";
                self.warning(payload.place, message, Some(hint.into()));
            }
            let payload = self.json(node, "`send`");
            return Some(Step::Send(Box::new(Send {
                payload,
                reply: None,
            })));
        }
        let mut fields = Fields::of(node, "`send`", self)?;
        let payload = fields.take("payload");
        let reply = self.reply(&mut fields);
        fields.finish(self);
        let Some(payload) = payload else {
            // Nothing to send: it only waits.
            return Some(Step::Wait(Box::new(reply)));
        };
        let payload = self.json(payload, "`payload`");
        Some(Step::Send(Box::new(Send {
            payload,
            reply: Some(reply),
        })))
    }

    fn connect(&mut self, node: &Node) -> Option<Step> {
        if let Kind::Scalar(_) = node.kind {
            return Some(Step::Connect(Box::new(Connect::To {
                target: Some(self.template(node, "`connect`")?),
                headers: None,
                subprotocols: None,
                has_compression: None,
                proxy: None,
            })));
        }
        let mut fields = Fields::of(node, "`connect`", self)?;
        fields.without_effect(super::transport::OF_WEBSOCKETS);
        if let Some(function) = fields.take("function") {
            let name = self.text(function, "`function`")?;
            self.needs_processor(function, "connect");
            fields.finish(self);
            return Some(Step::Connect(Box::new(Connect::Function(name))));
        }
        let target = fields
            .take("target")
            .and_then(|n| self.template(n, "`target`"));
        let mut headers = fields.take("headers").map(|n| self.headers(n));
        let mut subprotocols = fields
            .take("subprotocols")
            .map(|n| self.texts(n, "`subprotocols`"));
        if let Some(headers) = &mut headers {
            let mut protocols = subprotocols.take().unwrap_or_default();
            merge_protocols(headers, &mut protocols);
            subprotocols = (!protocols.is_empty()).then_some(protocols);
        }
        let proxy = fields.take("proxy").and_then(|n| self.proxy(n));
        let has_compression = fields
            .take("perMessageDeflate")
            .map(|n| !matches!(n.kind, Kind::Scalar(Value::Bool(false) | Value::Null)));
        fields.take("rejectUnauthorized");
        fields.finish(self);
        Some(Step::Connect(Box::new(Connect::To {
            target,
            headers,
            subprotocols,
            has_compression,
            proxy,
        })))
    }
}
