//! `scenarios`: the kinds of sessions.

use super::Reader;
use super::fields::Fields;
use crate::diagnostic::did_you_mean;
use crate::tree::{Kind, Node};
use crate::{Engine, Scenario};

impl Reader<'_> {
    pub(super) fn scenarios(&mut self, node: &Node, default: Engine) -> Vec<Scenario> {
        let list = self.list(node, "`scenarios`");
        if list.is_empty() && matches!(node.kind, Kind::List(_)) {
            let hint = "nothing would be sent";
            self.error(node.place, "`scenarios` is empty", Some(hint.into()));
        }
        let scenarios: Vec<Scenario> = list
            .iter()
            .filter_map(|node| self.scenario(node, default))
            .collect();
        let is_taken = |scenario: &Scenario| scenario.weight > 0.0;
        if !scenarios.is_empty() && !scenarios.iter().any(is_taken) {
            let hint = "give one a weight above 0";
            self.error(node.place, "no scenario is ever taken", Some(hint.into()));
        }
        scenarios
    }

    pub(super) fn scenario(&mut self, node: &Node, default: Engine) -> Option<Scenario> {
        let mut fields = Fields::of(node, "a scenario", self)?;
        let name = fields.take("name").and_then(|n| self.text(n, "`name`"));
        let engine = match fields.take("engine") {
            Some(node) => self.engine(node),
            None => Some(default),
        };
        let weight_node = fields.take("weight");
        let weight = weight_node
            .and_then(|n| self.number(n, "`weight`"))
            .unwrap_or(1.0);
        if let Some(place) = weight_node.map(|n| n.place).filter(|_| weight <= 0.0) {
            let hint = Some("remove the scenario, or give it a weight above 0".to_owned());
            self.warning(place, "a scenario that is never taken", hint);
        }
        let hooks = self.hooks(&mut fields);
        let socketio = fields.take("socketio").map(|n| self.socketio_settings(n));
        let flow = fields.take("flow");
        fields.finish(self);
        let Some(flow) = flow else {
            let hint = Some("it lists what a session does".to_owned());
            self.error(node.place, "a scenario without `flow`", hint);
            return None;
        };
        let engine = engine?;
        let flow = self.flow(flow, engine);
        Some(Scenario {
            name,
            weight,
            engine,
            hooks,
            socketio,
            flow,
        })
    }

    pub(super) fn engine(&mut self, node: &Node) -> Option<Engine> {
        let name = self.text(node, "`engine`")?;
        match name.as_str() {
            "http" => return Some(Engine::Http),
            "ws" => return Some(Engine::Ws),
            "socketio" | "socketio-v3" => return Some(Engine::SocketIo),
            "playwright" => {
                let hint = "there are `http`, `ws` and `socketio`";
                let message = "the engine `playwright` is not supported";
                self.error(node.place, message, Some(hint.into()));
            }
            _ => {
                let hint = did_you_mean(&name, ["http", "ws", "socketio"]);
                let hint = hint.or(Some("use `http`, `ws` or `socketio`".into()));
                self.error(node.place, format!("unknown engine `{name}`"), hint);
            }
        }
        None
    }
}
