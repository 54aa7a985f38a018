//! The places that give a property to an object, and the calls that add a listener.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, AssignmentExpression, AssignmentOperator, AssignmentTarget, Expression,
    MemberExpression, PropertyKey, PropertyKind,
};
use oxc_span::GetSpan;

use super::{Extraction, targets};
use crate::SiteKind;
use crate::facts::{ListenerFact, MemberFact, Target};

/// The methods that add a listener for the event that is their first argument.
const LISTENING: [&str; 6] = [
    "on",
    "once",
    "addListener",
    "addEventListener",
    "prependListener",
    "prependOnceListener",
];

impl<'a> Extraction<'_, 'a> {
    pub(super) fn members(&mut self, node: AstKind<'a>) {
        let found = match node {
            AstKind::PropertyDefinition(field) => {
                let creates = field.value.as_ref().is_some_and(creates);
                let at = self.at_start(field.node_id.get(), field.key.span());
                name_of(&field.key).map(|name| (name, SiteKind::Field, creates, at))
            }
            AstKind::ObjectProperty(property)
                if property.kind == PropertyKind::Init && !property.value.is_function() =>
            {
                let at = self.at_start(property.node_id.get(), property.span);
                let creates = creates(&property.value);
                name_of(&property.key).map(|name| (name, SiteKind::Key, creates, at))
            }
            AstKind::AssignmentExpression(assignment) => self.assigned(assignment),
            _ => None,
        };
        if let Some((name, kind, creates, at)) = found {
            self.facts.members.push(MemberFact {
                name,
                kind,
                creates,
                at,
            });
        }
    }

    fn assigned(
        &self,
        assignment: &AssignmentExpression<'a>,
    ) -> Option<(Box<str>, SiteKind, bool, crate::facts::At)> {
        use AssignmentOperator::{Assign, LogicalNullish, LogicalOr};
        let gives = matches!(assignment.operator, Assign | LogicalNullish | LogicalOr);
        let target = self.target_of_left(&assignment.left).filter(|_| gives)?;
        let Target::Member(name) = target else {
            return None;
        };
        let kind = if is_of_this(&assignment.left) {
            SiteKind::OwnProperty
        } else {
            SiteKind::Assigned
        };
        let at = self.at_start(assignment.node_id.get(), assignment.span);
        Some((name, kind, creates(&assignment.right), at))
    }

    pub(super) fn listeners(&mut self, node: AstKind<'a>) {
        let AstKind::CallExpression(call) = node else {
            return;
        };
        let callee = call.callee.get_inner_expression().get_member_expr();
        let Some(method) = callee.and_then(MemberExpression::static_property_name) else {
            return;
        };
        if call.arguments.len() < 2 || !LISTENING.contains(&method) {
            return;
        }
        let first = call.arguments.first().and_then(Argument::as_expression);
        let event = first
            .and_then(|first| self.known_text(first))
            .map(Into::into);
        let at = self.at_call(call);
        self.facts.listeners.push(ListenerFact {
            event,
            method: method.into(),
            at,
        });
    }
}

fn name_of(key: &PropertyKey<'_>) -> Option<Box<str>> {
    let private = || key.private_name().map(|name| format!("#{name}").into());
    key.static_name()
        .map(|name| (*name).into())
        .or_else(private)
}

fn is_of_this(left: &AssignmentTarget<'_>) -> bool {
    let member = left
        .as_simple_assignment_target()
        .and_then(|left| left.as_member_expression());
    member.is_some_and(|m| {
        matches!(
            targets::unwrapped(m.object()),
            Expression::ThisExpression(_)
        )
    })
}

/// Whether an expression makes an object, or may.
fn creates(value: &Expression<'_>) -> bool {
    match targets::unwrapped(value) {
        Expression::ArrayExpression(_)
        | Expression::ObjectExpression(_)
        | Expression::NewExpression(_)
        | Expression::CallExpression(_) => true,
        Expression::LogicalExpression(logical) => {
            !matches!(
                targets::unwrapped(&logical.right),
                Expression::LogicalExpression(_)
            ) && creates(&logical.right)
        }
        Expression::AssignmentExpression(chained) => {
            matches!(
                targets::unwrapped(&chained.right),
                Expression::ArrayExpression(_)
                    | Expression::ObjectExpression(_)
                    | Expression::NewExpression(_)
            )
        }
        _ => false,
    }
}
