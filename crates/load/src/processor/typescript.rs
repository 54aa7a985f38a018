//! Processors in TypeScript: what is only there for the compiler is taken away.
//!
//! As esbuild does it for Artillery: nothing is checked; types go, and with them imports that nothing
//! but types needs; enumerations, namespaces and properties of constructors' parameters become
//! JavaScript. Source: oxc's transformer.

use std::path::Path;

use oxc_allocator::Allocator;
use oxc_codegen::Codegen;
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use oxc_transformer::{TransformOptions, Transformer};

/// Whether a file's name says that it is TypeScript.
pub(super) fn is_typescript(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("ts" | "mts" | "cts"))
}

/// The JavaScript that a text in TypeScript stands for; or what is wrong with it, and where.
pub(super) fn to_javascript(path: &Path, text: &str) -> Result<String, String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, SourceType::ts()).parse();
    if let Some(error) = parsed.diagnostics.first() {
        return Err(at(path, text, error));
    }
    let mut program = parsed.program;
    let built = SemanticBuilder::new().with_enum_eval(true).build(&program);
    let scoping = built.semantic.into_scoping();
    let transformed = Transformer::new(&allocator, path, &TransformOptions::default())
        .build_with_scoping(scoping, &mut program);
    match transformed.diagnostics.first() {
        Some(error) => Err(at(path, text, error)),
        None => Ok(Codegen::new().build(&program).code),
    }
}

fn at(path: &Path, text: &str, error: &oxc_diagnostics::OxcDiagnostic) -> String {
    let label = error.labels.first();
    let offset = label.map_or(0, |label| label.span().start as usize);
    let before = text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    format!("{}:{line}:{column}: {}", path.display(), error.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_go_and_what_means_something_stays() {
        let text = "import type { Context } from 'artillery';\nimport { Events } from 'artillery';\n\
            enum Level { Low = 1, High }\n\
            interface Vars { [name: string]: unknown }\n\
            class Signer { constructor(private readonly key: string) {} \
            sign<T extends string>(this: Signer, text: T): string { return this.key + text!; } }\n\
            export async function sign(context: Context & { vars: Vars }, events: Events): Promise<void> {\n\
            context.vars.level = Level.High as number;\n\
            context.vars.sign = new Signer('k').sign('x') satisfies string;\n}\n";
        let code = to_javascript(Path::new("a.ts"), text).unwrap();
        for gone in [
            "artillery",
            "interface",
            "Context",
            ": string",
            " as ",
            "satisfies",
        ] {
            assert!(!code.contains(gone), "`{gone}` is in {code}");
        }
        for kept in [
            "export async function sign(context, events)",
            "this.key = key",
        ] {
            assert!(code.contains(kept), "`{kept}` is not in {code}");
        }
    }

    #[test]
    fn what_is_no_typescript_is_told_with_its_place() {
        let error = to_javascript(Path::new("a.ts"), "const a = 1;\nconst = 2;\n").unwrap_err();
        assert!(error.starts_with("a.ts:2:7: "), "{error}");
    }
}
