//! The scopes and functions of a script, each function with the position and the name that V8
//! gives it.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrowFunctionExpression, CallExpression, Class, ClassElement, Expression, Function,
    MethodDefinitionKind, PropertyKey, PropertyKind,
};
use oxc_semantic::{NodeId, ScopeId};
use oxc_span::{GetSpan, Span};

use super::Extraction;
use super::targets;
use crate::facts::{FunctionFact, FunctionIx, Scope, ScopeIx};

const ANONYMOUS: &str = "(anonymous)";

impl<'a> Extraction<'_, 'a> {
    pub(super) fn scopes(&mut self) {
        for scope in self.scoping.scope_descendants_from_root() {
            let span = self.nodes.kind(self.scoping.get_node_id(scope)).span();
            let parent = self.scoping.scope_parent_id(scope).map(scope_ix);
            self.facts.scopes.push(Scope {
                parent,
                span: span.start..span.end,
            });
        }
    }

    pub(super) fn functions(&mut self) {
        for node in self.nodes.iter() {
            match node.kind() {
                AstKind::Function(function) => self.function(function),
                AstKind::ArrowFunctionExpression(arrow) => self.arrow(arrow),
                AstKind::Class(class) => self.class(class),
                _ => {}
            }
        }
    }

    fn function(&mut self, function: &Function<'a>) {
        let id = function.node_id.get();
        let own = function.id.as_ref().map(|id| id.name.to_string());
        let name = own.unwrap_or_else(|| self.name_from_place(id));
        let start = function.params.span.start;
        self.code(id, name, start..function.span.end, function.scope_id.get());
    }

    fn arrow(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        let id = arrow.node_id.get();
        let name = self.name_from_place(id);
        self.code(
            id,
            name,
            arrow.span.start..arrow.span.end,
            arrow.scope_id.get(),
        );
    }

    /// The constructor that a class has without writing it, and the code that sets its fields.
    fn class(&mut self, class: &Class<'a>) {
        let name = self.class_name(class);
        let scope = class.scope_id.get();
        let span = class.span;
        let initializer = self.function_fact(name.clone(), span.start..span.end, scope);
        let mut first_static = None;
        for element in &class.body.body {
            let (node, is_static) = match element {
                ClassElement::PropertyDefinition(p) if p.value.is_some() => {
                    (p.node_id.get(), p.r#static)
                }
                ClassElement::AccessorProperty(p) if p.value.is_some() => {
                    (p.node_id.get(), p.r#static)
                }
                ClassElement::StaticBlock(block) => (block.node_id.get(), true),
                _ => continue,
            };
            let ix = match (is_static, first_static) {
                (false, _) => initializer,
                (true, Some(ix)) => Some(ix),
                (true, None) => {
                    let range = element.span().start..span.end;
                    first_static = self.function_fact(name.clone(), range, scope);
                    first_static
                }
            };
            if let Some(ix) = ix {
                self.functions.insert(node, ix);
            }
        }
    }

    fn code(
        &mut self,
        node: NodeId,
        name: String,
        range: std::ops::Range<u32>,
        scope: Option<ScopeId>,
    ) {
        if let Some(ix) = self.function_fact(name, range, scope) {
            self.functions.insert(node, ix);
        }
    }

    fn function_fact(
        &mut self,
        name: String,
        range: std::ops::Range<u32>,
        scope: Option<ScopeId>,
    ) -> Option<FunctionIx> {
        let scope = scope?;
        let outside = self.scoping.scope_parent_id(scope).unwrap_or(scope);
        let ix = FunctionIx(u32::try_from(self.facts.functions.len()).ok()?);
        self.facts.functions.push(FunctionFact {
            name: name.into(),
            start: range.start,
            end: range.end,
            outside: scope_ix(outside),
            inside: scope_ix(scope),
        });
        Some(ix)
    }

    fn class_name(&self, class: &Class<'a>) -> String {
        let own = class.id.as_ref().map(|id| id.name.to_string());
        own.unwrap_or_else(|| self.name_from_place(class.node_id.get()))
    }

    /// The name that a function or class without one gets from where it stands.
    fn name_from_place(&self, node: NodeId) -> String {
        let name = match self.parent(node) {
            AstKind::VariableDeclarator(d) => d.id.get_identifier_name().map(|n| n.to_string()),
            AstKind::AssignmentPattern(p) => p.left.get_identifier_name().map(|n| n.to_string()),
            AstKind::FormalParameter(p) => p.pattern.get_identifier_name().map(|n| n.to_string()),
            AstKind::AssignmentExpression(a) => targets::written(&a.left),
            AstKind::PropertyDefinition(p) => key(&p.key),
            AstKind::AccessorProperty(p) => key(&p.key),
            AstKind::ObjectProperty(p) => key(&p.key).map(|name| accessor(p.kind, &name)),
            AstKind::MethodDefinition(m) => match m.kind {
                MethodDefinitionKind::Constructor => self.name_of_class_around(node),
                MethodDefinitionKind::Get => key(&m.key).map(|name| format!("get {name}")),
                MethodDefinitionKind::Set => key(&m.key).map(|name| format!("set {name}")),
                MethodDefinitionKind::Method => key(&m.key),
            },
            AstKind::CallExpression(call) => callback_of(call, self.nodes.kind(node).span()),
            AstKind::NewExpression(new) => match new.callee.get_inner_expression() {
                Expression::Identifier(id) => Some(format!("callback of {}", id.name)),
                _ => None,
            },
            AstKind::ExportDefaultDeclaration(_) => Some("default".into()),
            _ => None,
        };
        name.unwrap_or_else(|| ANONYMOUS.into())
    }

    fn name_of_class_around(&self, node: NodeId) -> Option<String> {
        self.nodes.ancestor_kinds(node).find_map(|kind| match kind {
            AstKind::Class(class) => Some(self.class_name(class)),
            _ => None,
        })
    }
}

fn scope_ix(scope: ScopeId) -> ScopeIx {
    ScopeIx(u32::try_from(scope.index()).unwrap_or(u32::MAX))
}

fn key(key: &PropertyKey<'_>) -> Option<String> {
    let private = || key.private_name().map(|name| format!("#{name}"));
    key.static_name().map(Into::into).or_else(private)
}

fn accessor(kind: PropertyKind, name: &str) -> String {
    match kind {
        PropertyKind::Init => name.to_owned(),
        PropertyKind::Get => format!("get {name}"),
        PropertyKind::Set => format!("set {name}"),
    }
}

/// `callback of on('connection')`; nothing for what is called rather than given to a call.
fn callback_of(call: &CallExpression<'_>, function: Span) -> Option<String> {
    if call.callee.span().contains_inclusive(function) {
        return None;
    }
    let callee = call.callee.get_inner_expression();
    let name = match callee {
        Expression::Identifier(id) => id.name.as_str(),
        _ => callee.get_member_expr()?.static_property_name()?,
    };
    let event = call
        .arguments
        .first()
        .and_then(|first| targets::text(first.as_expression()?));
    match event {
        Some(event) if event.len() <= 40 => Some(format!("callback of {name}('{event}')")),
        _ => Some(format!("callback of {name}")),
    }
}
