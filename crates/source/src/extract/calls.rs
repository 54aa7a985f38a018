//! Every call and every `new`, by the name of what is called.

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, MemberExpression};

use super::Extraction;
use super::names::symbol_ix;
use crate::facts::{CallFact, SymbolIx};

impl<'a> Extraction<'_, 'a> {
    pub(super) fn calls(&mut self, node: AstKind<'a>) {
        let (callee, at) = match node {
            AstKind::CallExpression(call) => (&call.callee, self.at_call(call)),
            AstKind::NewExpression(new) => {
                (&new.callee, self.at_start(new.node_id.get(), new.span))
            }
            _ => return,
        };
        if let Some(name) = name_of(callee) {
            let name = name.into();
            let head = self.head_of(callee);
            self.facts.calls.push(CallFact { name, head, at });
        }
    }

    /// The variable that a callee begins with.
    fn head_of(&self, callee: &Expression<'_>) -> Option<SymbolIx> {
        let mut callee = callee.get_inner_expression();
        while let Some(member) = callee.get_member_expr() {
            callee = member.object().get_inner_expression();
        }
        let Expression::Identifier(id) = callee else {
            return None;
        };
        let reference = self.scoping.get_reference(id.reference_id.get()?);
        reference.symbol_id().map(symbol_ix)
    }
}

fn name_of<'e>(callee: &'e Expression<'_>) -> Option<&'e str> {
    match callee.get_inner_expression() {
        Expression::Identifier(identifier) => Some(identifier.name.as_str()),
        other => other
            .get_member_expr()
            .and_then(MemberExpression::static_property_name),
    }
}
