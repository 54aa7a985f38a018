//! Names of the processor's functions, and conditions.

use super::Reader;
use super::fields::Fields;
use crate::tree::Node;
use crate::{Condition, Hooks};

impl Reader<'_> {
    pub(super) fn hooks(&mut self, fields: &mut Fields<'_>) -> Hooks {
        let mut names = |key| self.functions(fields, key);
        Hooks {
            before_scenario: names("beforeScenario"),
            after_scenario: names("afterScenario"),
            before_request: names("beforeRequest"),
            after_response: names("afterResponse"),
            on_error: names("onError"),
        }
    }

    pub(super) fn functions(&mut self, fields: &mut Fields<'_>, key: &'static str) -> Vec<String> {
        let Some(node) = fields.take(key) else {
            return Vec::new();
        };
        let names = self.texts(node, key);
        if !names.is_empty() {
            self.needs_processor(node, key);
        }
        names
    }

    /// Notes that something calls a function where there are none.
    pub(super) fn needs_processor(&mut self, node: &Node, what: &str) {
        if !self.has_processor {
            let hint = "name the file of functions with `processor` in `config`";
            let message = format!("`{what}` calls a function, and there is no processor");
            self.warning(node.place, message, Some(hint.into()));
        }
    }

    pub(super) fn condition(&mut self, node: &Node, what: &str) -> Option<Condition> {
        self.expression(node, what).map(Condition::Expression)
    }
}
