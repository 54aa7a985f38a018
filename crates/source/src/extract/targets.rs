//! Which variable or property an expression stands for.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentTarget, CallExpression, ChainElement, Expression, IdentifierReference,
    MemberExpression, SimpleAssignmentTarget,
};

use super::Extraction;
use super::names::symbol_ix;
use crate::facts::Target;

/// How many wrappers (`(x ||= y) ?? z`) are looked through.
const WRAPPERS: usize = 8;

/// The left side of an assignment.
pub(super) enum Left<'e, 'a> {
    /// A variable or a property known by name.
    Target(Target),
    /// An element of something, or a property of something: what it belongs to.
    Part(&'e Expression<'a>),
}

impl<'a> Extraction<'_, 'a> {
    /// The variable or property that an expression evaluates to, seen through `x || []`,
    /// `x ??= []`, parentheses, optional chains and TypeScript's casts. A private field of an older
    /// target is the `WeakMap` that has its values.
    pub(super) fn target_of(&self, expression: &Expression<'a>) -> Option<Target> {
        let mut expression = expression;
        for _ in 0..WRAPPERS {
            expression = match unwrapped(expression) {
                Expression::Identifier(id) => return self.variable(id),
                Expression::CallExpression(call) => return self.variable(private_field(call)?),
                Expression::LogicalExpression(logical) => &logical.left,
                Expression::AssignmentExpression(assignment) => {
                    return self.target_of_left(&assignment.left);
                }
                Expression::ChainExpression(chain) => {
                    return member_of_chain(&chain.expression).and_then(member);
                }
                plain => return plain.as_member_expression().and_then(member),
            };
        }
        None
    }

    pub(super) fn target_of_left(&self, left: &AssignmentTarget<'a>) -> Option<Target> {
        match left {
            AssignmentTarget::AssignmentTargetIdentifier(id) => self.variable(id),
            _ => left
                .as_simple_assignment_target()?
                .as_member_expression()
                .and_then(member),
        }
    }

    /// What the container is that an element or a nested container belongs to: `x` of `x[key]`,
    /// `x.get(key)`, `x[key] ??= []`.
    pub(super) fn container_of(&self, expression: &Expression<'a>) -> Option<Target> {
        let mut expression = expression;
        for _ in 0..WRAPPERS {
            expression = match unwrapped(expression) {
                Expression::ComputedMemberExpression(element) => {
                    return self.target_of(&element.object);
                }
                Expression::CallExpression(call) => {
                    let callee = call.callee.get_inner_expression().get_member_expr()?;
                    let reads = matches!(callee.static_property_name()?, "get" | "at");
                    return self.target_of(callee.object()).filter(|_| reads);
                }
                Expression::LogicalExpression(logical) => &logical.left,
                Expression::AssignmentExpression(assignment) => {
                    let left = assignment.left.as_simple_assignment_target()?;
                    let SimpleAssignmentTarget::ComputedMemberExpression(element) = left else {
                        return None;
                    };
                    return self.target_of(&element.object);
                }
                _ => return None,
            };
        }
        None
    }

    /// What an assignment's left side is. Patterns are left out.
    pub(super) fn left<'e>(&self, left: &'e AssignmentTarget<'a>) -> Option<Left<'e, 'a>> {
        if let Some(target) = self.target_of_left(left) {
            return Some(Left::Target(target));
        }
        let member = left.as_simple_assignment_target()?.as_member_expression()?;
        Some(Left::Part(member.object()))
    }

    /// The target that a node mentions by itself.
    pub(super) fn target_of_node(&self, node: AstKind<'a>) -> Option<Target> {
        let named = |name: &str| Some(Target::Member(name.into()));
        match node {
            AstKind::IdentifierReference(id) => self.variable(id),
            AstKind::StaticMemberExpression(member) => named(&member.property.name),
            AstKind::PrivateFieldExpression(member) => named(&private(&member.field.name)),
            AstKind::ComputedMemberExpression(member) => named(text(&member.expression)?),
            _ => None,
        }
    }

    fn variable(&self, id: &IdentifierReference<'a>) -> Option<Target> {
        let reference = self.scoping.get_reference(id.reference_id.get()?);
        Some(match reference.symbol_id() {
            Some(symbol) => Target::Symbol(symbol_ix(symbol)),
            None => Target::Member(id.name.as_str().into()),
        })
    }
}

/// The name that a left side is written with, as V8 infers a function's name from it: without
/// `this` and `prototype`.
pub(super) fn written(left: &AssignmentTarget<'_>) -> Option<String> {
    if let AssignmentTarget::AssignmentTargetIdentifier(id) = left {
        return Some(id.name.to_string());
    }
    let mut names: Vec<String> = Vec::new();
    let mut member = left.as_simple_assignment_target()?.as_member_expression();
    while let Some(here) = member {
        let name = match here {
            MemberExpression::PrivateFieldExpression(private_field) => {
                private(&private_field.field.name)
            }
            other => other
                .static_property_name()
                .unwrap_or("prototype")
                .to_owned(),
        };
        names.push(name);
        let object = unwrapped(here.object());
        if let Expression::Identifier(id) = object {
            names.push(id.name.to_string());
        }
        member = object.as_member_expression();
    }
    names.retain(|name| name != "prototype");
    names.reverse();
    (!names.is_empty()).then(|| names.join("."))
}

/// The value of a literal text.
pub(super) fn text<'a>(expression: &Expression<'a>) -> Option<&'a str> {
    match unwrapped(expression) {
        Expression::StringLiteral(literal) => Some(literal.value.as_str()),
        Expression::TemplateLiteral(template) => Some(template.single_quasi()?.as_str()),
        _ => None,
    }
}

/// The `WeakMap` in which compilers keep the private fields of older targets, where a call reads one:
/// `__classPrivateFieldGet(this, _field, "f")` of TypeScript, `__privateGet(this, _field)` of esbuild,
/// `_class_private_field_get(this, _field)` of SWC, `_classPrivateFieldGet(_field, this)` of Babel. The
/// map is the last argument that is a plain name.
pub(super) fn private_field<'e, 'a>(
    call: &'e CallExpression<'a>,
) -> Option<&'e IdentifierReference<'a>> {
    let helper = match unwrapped(&call.callee) {
        Expression::Identifier(id) => id.name.as_str(),
        callee => callee.as_member_expression()?.static_property_name()?,
    };
    let helper = helper.replace('_', "").to_ascii_lowercase();
    let reads = helper.contains("privatefieldget") || helper.contains("privateget");
    let mut arguments = call
        .arguments
        .iter()
        .rev()
        .filter_map(|a| a.as_expression());
    let map = arguments.find_map(|argument| match unwrapped(argument) {
        Expression::Identifier(id) => Some(&**id),
        _ => None,
    });
    map.filter(|_| reads)
}

pub(super) fn unwrapped<'e, 'a>(expression: &'e Expression<'a>) -> &'e Expression<'a> {
    expression.get_inner_expression()
}

fn member(member: &MemberExpression<'_>) -> Option<Target> {
    let name = match member {
        MemberExpression::PrivateFieldExpression(here) => private(&here.field.name),
        other => other.static_property_name()?.to_owned(),
    };
    Some(Target::Member(name.into()))
}

fn member_of_chain<'e, 'a>(element: &'e ChainElement<'a>) -> Option<&'e MemberExpression<'a>> {
    element.member_expression()
}

fn private(name: &str) -> String {
    format!("#{name}")
}
