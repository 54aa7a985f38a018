//! Which variables stand for a module, or a part of one.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, BindingPattern, Expression, ImportDeclaration, VariableDeclarator};

use super::names::symbol_ix;
use super::{Extraction, targets};

/// How many wrappers (`__importStar(require(…)).default`) are looked through.
const WRAPPERS: usize = 8;

impl<'a> Extraction<'_, 'a> {
    pub(super) fn imports(&mut self, node: AstKind<'a>) {
        match node {
            AstKind::ImportDeclaration(import) => self.imported(import),
            AstKind::VariableDeclarator(declarator) => self.required(declarator),
            _ => {}
        }
    }

    fn imported(&mut self, import: &ImportDeclaration<'a>) {
        for specifier in import.specifiers.iter().flatten() {
            self.note_import(specifier.local(), import.source.value.as_str());
        }
    }

    fn required(&mut self, declarator: &VariableDeclarator<'a>) {
        let Some(module) = declarator.init.as_ref().and_then(module) else {
            return;
        };
        for id in names(&declarator.id) {
            self.note_import(id, module);
        }
    }

    fn note_import(&mut self, id: &oxc_ast::ast::BindingIdentifier<'a>, module: &str) {
        if let Some(symbol) = id.symbol_id.get() {
            self.facts.imports.insert(symbol_ix(symbol), module.into());
        }
    }
}

/// The names that a declaration binds: its own, or those of the properties it takes.
fn names<'p, 'a>(pattern: &'p BindingPattern<'a>) -> Vec<&'p oxc_ast::ast::BindingIdentifier<'a>> {
    match pattern {
        BindingPattern::BindingIdentifier(id) => vec![id],
        BindingPattern::ObjectPattern(object) => {
            let properties = object.properties.iter();
            properties
                .filter_map(|property| match &property.value {
                    BindingPattern::BindingIdentifier(id) => Some(&**id),
                    _ => None,
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The module that a value is, or is a part of: `require(…)`, `await import(…)`, also wrapped.
fn module<'a>(value: &Expression<'a>) -> Option<&'a str> {
    let mut value = value;
    for _ in 0..WRAPPERS {
        value = match targets::unwrapped(value) {
            Expression::CallExpression(call) => {
                let first = call.arguments.first().and_then(Argument::as_expression)?;
                if call.callee.is_specific_id("require") {
                    return targets::text(first);
                }
                first
            }
            Expression::AwaitExpression(awaited) => &awaited.argument,
            Expression::ImportExpression(import) => return targets::text(&import.source),
            other => other.get_member_expr()?.object(),
        };
    }
    None
}
