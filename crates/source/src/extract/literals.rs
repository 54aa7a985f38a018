//! Every object that is written out with its properties, by their names.

use oxc_ast::AstKind;
use oxc_ast::ast::ObjectPropertyKind;

use super::Extraction;
use crate::facts::LiteralFact;

impl<'a> Extraction<'_, 'a> {
    pub(super) fn literals(&mut self, node: AstKind<'a>) {
        let AstKind::ObjectExpression(object) = node else {
            return;
        };
        let names = object
            .properties
            .iter()
            .filter_map(|property| match property {
                ObjectPropertyKind::ObjectProperty(property) => property.key.static_name(),
                ObjectPropertyKind::SpreadProperty(_) => None,
            });
        let names = names
            .map(|name| name.into_owned().into_boxed_str())
            .collect();
        let at = self.at_start(object.node_id.get(), object.span);
        self.facts.literals.push(LiteralFact { names, at });
    }
}
