//! From the syntax tree to facts: one pass over its nodes.
//!
//! Owns the order of work: scopes and functions first, then names, then every node that adds,
//! declares or listens. Must not recurse into expressions without a bound of its own: the list of
//! nodes is flat, and what an expression mentions is looked up by position.

mod additions;
mod calls;
mod functions;
mod imports;
mod limits;
mod literals;
mod members;
mod names;
mod targets;

use std::collections::HashMap;

use oxc_ast::AstKind;
use oxc_semantic::{AstNodes, NodeId, Scoping, Semantic};
use oxc_span::{GetSpan, Span};

use crate::facts::{At, Facts, FunctionIx, Target};

/// The facts of an analyzed script.
pub(crate) fn facts(semantic: &Semantic<'_>) -> Facts {
    let mut extraction = Extraction {
        nodes: semantic.nodes(),
        scoping: semantic.scoping(),
        functions: HashMap::new(),
        mentions: HashMap::new(),
        texts: HashMap::new(),
        facts: Facts::default(),
    };
    extraction.scopes();
    extraction.functions();
    extraction.symbols();
    extraction.mentions();
    for node in semantic.nodes().iter() {
        extraction.imports(node.kind());
        extraction.aliases(node.kind());
        extraction.members(node.kind());
        extraction.additions(node.kind());
        extraction.listeners(node.kind());
        extraction.calls(node.kind());
        extraction.limits(node.kind());
        extraction.literals(node.kind());
    }
    let mut facts = extraction.facts;
    facts.additions.sort_by_key(|fact| fact.at.span.start);
    facts.listeners.sort_by_key(|fact| fact.at.offset);
    facts
}

/// Every identifier of a script's code: variables, functions, classes, members, labels aside. What
/// stands in strings, templates and comments is none.
pub(crate) fn identifiers(semantic: &Semantic<'_>) -> Vec<String> {
    let names = semantic
        .nodes()
        .iter()
        .filter_map(|node| match node.kind() {
            AstKind::IdentifierName(name) => Some(name.name.to_string()),
            AstKind::IdentifierReference(name) => Some(name.name.to_string()),
            AstKind::BindingIdentifier(name) => Some(name.name.to_string()),
            AstKind::PrivateIdentifier(name) => Some(format!("#{}", name.name)),
            _ => None,
        });
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

struct Extraction<'s, 'a> {
    nodes: &'s AstNodes<'a>,
    scoping: &'s Scoping,
    /// The functions by the node that is their code.
    functions: HashMap<NodeId, FunctionIx>,
    /// Where each target is mentioned, in the order of the text.
    mentions: HashMap<Target, Vec<u32>>,
    /// The constants that are plain text.
    texts: HashMap<Target, &'a str>,
    facts: Facts,
}

impl<'a> Extraction<'_, 'a> {
    /// Where a node stands whose line is told by `offset`.
    fn at(&self, node: NodeId, offset: u32, span: Span) -> At {
        At {
            offset,
            span: span.start..span.end,
            function: self.enclosing_function(node),
        }
    }

    /// Where a node stands that is told by its first line.
    fn at_start(&self, node: NodeId, span: Span) -> At {
        self.at(node, span.start, span)
    }

    /// The function whose code a node is part of; of a function, the one around it.
    fn enclosing_function(&self, node: NodeId) -> Option<FunctionIx> {
        self.nodes
            .ancestor_ids(node)
            .find_map(|id| self.functions.get(&id).copied())
    }

    fn parent(&self, node: NodeId) -> AstKind<'a> {
        self.nodes.parent_kind(node)
    }

    /// Whether `span` mentions the target.
    fn mentions_within(&self, target: &Target, span: Span) -> bool {
        let Some(all) = self.mentions.get(target) else {
            return false;
        };
        let first = all.partition_point(|&at| at < span.start);
        all.get(first).is_some_and(|&at| at < span.end)
    }

    fn mentions(&mut self) {
        for node in self.nodes.iter() {
            if let Some(target) = self.target_of_node(node.kind()) {
                let span = node.kind().span();
                // A property is mentioned where its own name stands, at the end.
                let at = match target {
                    Target::Symbol(_) => span.start,
                    Target::Member(_) => span.end.saturating_sub(1),
                };
                self.mentions.entry(target).or_default().push(at);
            }
        }
        for all in self.mentions.values_mut() {
            all.sort_unstable();
        }
    }
}
