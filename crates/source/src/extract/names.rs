//! Declared variables, and which of them are other names for something.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentOperator, BindingPattern, Expression, ObjectPattern, VariableDeclarator,
};
use oxc_semantic::{ScopeId, SymbolFlags, SymbolId};
use oxc_span::GetSpan;

use super::{Extraction, targets};
use crate::SiteKind;
use crate::facts::{ScopeIx, Symbol, SymbolIx, Target};

impl<'a> Extraction<'_, 'a> {
    pub(super) fn symbols(&mut self) {
        for symbol in self.scoping.symbol_ids() {
            let declaration = self.scoping.symbol_declaration(symbol);
            let name_span = self.scoping.symbol_span(symbol);
            let whole = self.nodes.kind(declaration).span();
            let at = self.at(declaration, name_span.start, whole);
            let scope = ScopeIx(scope_number(self.scoping.symbol_scope_id(symbol)));
            let kind = self.symbol_kind(symbol);
            let name = self.scoping.symbol_name(symbol);
            let of_name = self.facts.symbols_by_name.entry(name.into()).or_default();
            of_name.push(symbol_ix(symbol));
            self.facts.symbols.push(Symbol { scope, kind, at });
        }
    }

    fn symbol_kind(&self, symbol: SymbolId) -> SiteKind {
        let flags = self.scoping.symbol_flags(symbol);
        let declaration = self.nodes.kind(self.scoping.symbol_declaration(symbol));
        let parameter = matches!(
            declaration,
            AstKind::FormalParameter(_) | AstKind::FormalParameterRest(_)
        );
        match () {
            () if parameter => SiteKind::Parameter,
            () if flags.contains(SymbolFlags::CatchVariable) => SiteKind::Caught,
            () if flags.contains(SymbolFlags::Import) => SiteKind::Import,
            () if flags.contains(SymbolFlags::Class) => SiteKind::Class,
            () if flags.contains(SymbolFlags::Function) => SiteKind::Function,
            () if flags.contains(SymbolFlags::ConstVariable) => SiteKind::Const,
            () if flags.contains(SymbolFlags::BlockScopedVariable) => SiteKind::Let,
            () => SiteKind::Var,
        }
    }

    /// Notes the plain copies of a reference that a node makes, and the constants that are text.
    pub(super) fn aliases(&mut self, node: AstKind<'a>) {
        match node {
            AstKind::VariableDeclarator(declarator) => self.declarator(declarator),
            AstKind::AssignmentExpression(assignment)
                if assignment.operator == AssignmentOperator::Assign =>
            {
                let copy = self.target_of_left(&assignment.left);
                let original = self.target_of(&assignment.right);
                self.note_alias(copy, original);
            }
            AstKind::ObjectProperty(property) => {
                let copy = property
                    .key
                    .static_name()
                    .map(|name| Target::Member((*name).into()));
                let original = self.target_of(&property.value);
                self.note_alias(copy, original);
            }
            AstKind::ObjectPattern(pattern) => self.destructured(pattern),
            _ => {}
        }
    }

    fn declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        let BindingPattern::BindingIdentifier(id) = &declarator.id else {
            return;
        };
        let Some(symbol) = id.symbol_id.get() else {
            return;
        };
        let Some(init) = &declarator.init else { return };
        let copy = Target::Symbol(symbol_ix(symbol));
        if self
            .scoping
            .symbol_flags(symbol)
            .contains(SymbolFlags::ConstVariable)
            && let Some(text) = targets::text(init)
        {
            self.texts.insert(copy.clone(), text);
        }
        let original = self.target_of(init);
        self.note_alias(Some(copy), original);
    }

    /// `{ list }` and `{ list: mine = [] }` on the left side copy the property `list`.
    fn destructured(&mut self, pattern: &ObjectPattern<'a>) {
        for property in &pattern.properties {
            let bound = match &property.value {
                BindingPattern::AssignmentPattern(with_default) => &with_default.left,
                plain => plain,
            };
            let BindingPattern::BindingIdentifier(id) = bound else {
                continue;
            };
            let copy = id
                .symbol_id
                .get()
                .map(|symbol| Target::Symbol(symbol_ix(symbol)));
            let original = property
                .key
                .static_name()
                .map(|n| Target::Member((*n).into()));
            self.note_alias(copy, original);
        }
    }

    fn note_alias(&mut self, copy: Option<Target>, original: Option<Target>) {
        if let (Some(copy), Some(original)) = (copy, original)
            && copy != original
        {
            self.facts.aliases.note(copy, original);
        }
    }

    /// The text of an expression that is a literal or a constant.
    pub(super) fn known_text(&self, expression: &Expression<'a>) -> Option<&'a str> {
        let constant = || self.texts.get(&self.target_of(expression)?).copied();
        targets::text(expression).or_else(constant)
    }
}

pub(super) fn symbol_ix(symbol: SymbolId) -> SymbolIx {
    SymbolIx(u32::try_from(symbol.index()).unwrap_or(u32::MAX))
}

fn scope_number(scope: ScopeId) -> u32 {
    u32::try_from(scope.index()).unwrap_or(u32::MAX)
}
