//! The statements that show that something may have a bound: they take from it, measure it, or
//! write to it in a circle.
//!
//! Owns what counts as a limit. It is a hint, not a proof: a list that is only ever emptied on an
//! error has one as well.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentExpression, AssignmentOperator, BinaryOperator, Expression, MemberExpression,
    UnaryOperator,
};

use super::Extraction;
use super::targets::{private_field, unwrapped};
use crate::facts::Target;

/// Methods that take something from the object that they are called on.
const REMOVING: [&str; 15] = [
    "delete",
    "clear",
    "pop",
    "shift",
    "splice",
    "remove",
    "del",
    "evict",
    "prune",
    "dequeue",
    "poll",
    "off",
    "removeListener",
    "removeEventListener",
    "removeAllListeners",
];

/// Methods whose result has less in it than the object that they are called on.
const SHORTENING: [&str; 4] = ["slice", "filter", "subarray", "substring"];

impl<'a> Extraction<'_, 'a> {
    pub(super) fn limits(&mut self, node: AstKind<'a>) {
        let limited = match node {
            AstKind::CallExpression(call) => {
                let callee = call.callee.get_inner_expression().get_member_expr();
                let removes = |name: &str| REMOVING.contains(&name);
                callee
                    .filter(|callee| callee.static_property_name().is_some_and(removes))
                    .and_then(|callee| self.target_of(callee.object()))
            }
            AstKind::UnaryExpression(unary) if unary.operator == UnaryOperator::Delete => {
                let member = unwrapped(&unary.argument).as_member_expression();
                member.and_then(|member| self.target_of(member.object()))
            }
            AstKind::BinaryExpression(comparison) if comparison.operator.is_compare() => self
                .measured(&comparison.left)
                .or_else(|| self.measured(&comparison.right)),
            AstKind::AssignmentExpression(assignment) => self.limited_by(assignment),
            _ => None,
        };
        self.facts.limits.extend(limited);
    }

    /// `x` of `x.size`, `x.length`, `Object.keys(x).length`.
    fn measured(&self, expression: &Expression<'a>) -> Option<Target> {
        let member = unwrapped(expression).as_member_expression()?;
        let counts = matches!(
            member.static_property_name()?,
            "size" | "length" | "byteLength"
        );
        if !counts {
            return None;
        }
        match unwrapped(member.object()) {
            Expression::CallExpression(call) if private_field(call).is_none() => {
                let of = call.arguments.first()?.as_expression()?;
                self.target_of(of)
            }
            object => self.target_of(object),
        }
    }

    fn limited_by(&self, assignment: &AssignmentExpression<'a>) -> Option<Target> {
        if assignment.operator != AssignmentOperator::Assign {
            return None;
        }
        let left = assignment.left.as_simple_assignment_target()?;
        if let Some(member) = left.as_member_expression() {
            if member.static_property_name() == Some("length") {
                return self.target_of(member.object());
            }
            if let MemberExpression::ComputedMemberExpression(element) = member
                && goes_round(&element.expression)
            {
                return self.target_of(&element.object);
            }
        }
        let target = self.target_of_left(&assignment.left)?;
        let starts_anew = match unwrapped(&assignment.right) {
            Expression::CallExpression(call) => {
                let callee = call.callee.get_inner_expression().get_member_expr()?;
                let shortens = SHORTENING.contains(&callee.static_property_name()?);
                shortens && self.target_of(callee.object()).as_ref() == Some(&target)
            }
            empty => {
                // A constructor gives a property its first value in the same way.
                matches!(target, Target::Symbol(_)) && is_empty(empty)
            }
        };
        starts_anew.then_some(target)
    }
}

/// `[]`, `{}`, `''`, `null`, `new …`; not the `WeakMap` of a private field, which is made once.
fn is_empty(value: &Expression<'_>) -> bool {
    match value {
        Expression::ArrayExpression(array) => array.elements.is_empty(),
        Expression::ObjectExpression(object) => object.properties.is_empty(),
        Expression::StringLiteral(text) => text.value.is_empty(),
        Expression::NewExpression(new) => !new.callee.is_specific_id("WeakMap"),
        Expression::NullLiteral(_) => true,
        _ => false,
    }
}

/// Whether an index comes back to where it was: `x[n % 100] = value`.
fn goes_round(index: &Expression<'_>) -> bool {
    let Expression::BinaryExpression(sum) = unwrapped(index) else {
        return false;
    };
    matches!(
        sum.operator,
        BinaryOperator::Remainder | BinaryOperator::BitwiseAnd
    )
}
