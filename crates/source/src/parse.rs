//! From text to syntax tree to facts.
//!
//! Owns the choice of language and the protection against texts that nest too deep: the parser and
//! the scope analysis recurse, so they run on a stack of their own that is large for the text. Only
//! the part of it that is used takes memory. A script that V8 has loaded nests a few thousand
//! levels at most, since V8's own parser recurses on a stack of 1 MB.

use std::thread;

use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{Semantic, SemanticBuilder};
use oxc_span::SourceType;

use crate::extract;
use crate::facts::Facts;

/// What one level of nesting takes of the stack: measured below 6 KiB without optimization.
const STACK_PER_LEVEL: usize = 8 << 10;
const LEAST_STACK: usize = 4 << 20;
const MOST_STACK: usize = 1 << 30;

/// The facts of a text; none if it does not parse.
pub(crate) fn facts(text: &str, url: &str) -> Facts {
    read(text, url, extract::facts)
}

/// The names that stand in a text's code; none if it does not parse.
pub(crate) fn names(text: &str, url: &str) -> Vec<String> {
    read(text, url, extract::identifiers)
}

/// What is made of an analyzed text.
type Extract<T> = fn(&Semantic<'_>) -> T;

fn read<T: Default + Send>(text: &str, url: &str, extract: Extract<T>) -> T {
    // A text nests one level a byte at most.
    let for_text = text.len().saturating_mul(STACK_PER_LEVEL);
    let stack = for_text.clamp(LEAST_STACK, MOST_STACK);
    if stack == MOST_STACK && levels_at_most(text) > MOST_STACK / STACK_PER_LEVEL {
        return T::default();
    }
    thread::scope(|scope| {
        let builder = thread::Builder::new()
            .name("parse".into())
            .stack_size(stack);
        let parsing = builder.spawn_scoped(scope, || in_some_language(text, url, extract));
        parsing
            .ok()
            .and_then(|handle| handle.join().ok())
            .unwrap_or_default()
    })
}

/// The first language that takes the text without a complaint; else the first in which the parser
/// got to the end.
fn in_some_language<T: Default>(text: &str, url: &str, extract: Extract<T>) -> T {
    let mut second_best = None;
    for language in languages(url) {
        match in_language(text, language, extract) {
            Attempt::Flawless(facts) => return facts,
            Attempt::Flawed(facts) => second_best = second_best.or(Some(facts)),
            Attempt::Failed => {}
        }
    }
    second_best.unwrap_or_default()
}

enum Attempt<T> {
    Flawless(T),
    Flawed(T),
    Failed,
}

fn in_language<T>(text: &str, language: SourceType, extract: Extract<T>) -> Attempt<T> {
    let allocator = Allocator::default();
    let options = ParseOptions {
        allow_return_outside_function: true,
        preserve_parens: false,
        ..ParseOptions::default()
    };
    let parsed = Parser::new(&allocator, text, language)
        .with_options(options)
        .parse();
    if parsed.panicked {
        return Attempt::Failed;
    }
    let analyzed = SemanticBuilder::new()
        .with_build_nodes(true)
        .build(&parsed.program);
    let facts = extract(&analyzed.semantic);
    if parsed.diagnostics.is_empty() {
        Attempt::Flawless(facts)
    } else {
        Attempt::Flawed(facts)
    }
}

/// The languages to try, the likeliest first.
fn languages(url: &str) -> Vec<SourceType> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let common_js = SourceType::cjs();
    let module = SourceType::mjs();
    let typed = SourceType::ts();
    match ending {
        "mjs" => vec![module, common_js],
        "ts" | "mts" | "cts" => vec![typed, common_js, module],
        "tsx" => vec![SourceType::tsx(), typed],
        "jsx" => vec![SourceType::jsx(), module],
        _ => vec![common_js, module, SourceType::jsx(), typed],
    }
}

/// A generous estimate of how deep a text nests, without parsing it: the brackets open, and what
/// stands in a row without any of `;`, `,`, `{` and `}`. Brackets in comments and regular
/// expressions make it too large by a few, not by the hundred thousand that it takes.
fn levels_at_most(text: &str) -> usize {
    let mut open = 0_usize;
    let mut in_a_row = 0;
    let mut most = 0;
    let mut in_word = false;
    let mut quote = None;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if let Some(end) = quote {
            match byte {
                b'\\' => _ = bytes.next(),
                _ if byte == end || byte == b'\n' => quote = None,
                _ => {}
            }
            continue;
        }
        let starts_word = is_of_word(byte) && !in_word;
        in_word = is_of_word(byte);
        match byte {
            b'\'' | b'"' => quote = Some(byte),
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ if starts_word || byte.is_ascii_punctuation() => in_a_row += 1,
            _ => {}
        }
        if matches!(byte, b';' | b',' | b'{' | b'}') {
            in_a_row = 0;
        }
        most = most.max(open + in_a_row);
    }
    most
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'_' | b'$')
}
