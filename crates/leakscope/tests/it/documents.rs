//! A verdict as other programs read it: JSON by its published schema, JUnit, SARIF, Markdown.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Done, examples, read_json, tool};
use crate::hunts::leaking;

/// `leakscope judge` on the shared run, in a folder of its own.
fn judge(args: &[&str]) -> (tempfile::TempDir, Done) {
    let dir = tempfile::TempDir::new().unwrap();
    let done = judge_in(dir.path(), args);
    (dir, done)
}

/// `leakscope judge` on the shared run, from a folder.
pub(crate) fn judge_in(dir: &Path, args: &[&str]) -> Done {
    let output = Command::new(env!("CARGO_BIN_EXE_leakscope"))
        .arg("judge")
        .arg(leaking().0.run_dir())
        .args(args)
        .current_dir(dir)
        .output()
        .unwrap();
    Done::of(&output)
}

/// The number of the calculator's line that adds.
fn adding_line() -> usize {
    let text = std::fs::read_to_string(examples().join("calc-server/server.js")).unwrap();
    let adds = |line: &str| line.trim_start().starts_with("clients[id] = ");
    text.lines().position(adds).unwrap() + 1
}

fn check_valid(schema: &Value, instance: &Value) {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.enable_format_assertions();
    compiler
        .add_resource("schema.json", schema.clone())
        .unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(instance, index) {
        panic!("{error:#}");
    }
}

#[test]
fn the_verdict_is_valid_by_its_published_schema_which_knows_all_its_fields() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let schema = read_json(&docs.join("verdict.schema.json"));
    let verdict = read_json(&leaking().0.run_dir().join("verdict.json"));
    check_valid(&schema, &verdict);
    let mut told = BTreeSet::new();
    declared(&schema, &mut told);
    let mut used = BTreeSet::new();
    fields(&verdict, &mut used);
    let unknown: Vec<_> = used.difference(&told).collect();
    assert!(unknown.is_empty(), "not in the schema: {unknown:?}");
    let mut damaged = verdict.clone();
    damaged["suspects"][0]["grade"] = "C".into();
    let broken = std::panic::catch_unwind(|| check_valid(&schema, &damaged));
    assert!(
        broken.is_err(),
        "a schema that allows everything checks nothing"
    );
}

fn declared(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(properties) = map.get("properties").and_then(Value::as_object) {
                names.extend(properties.keys().cloned());
            }
            map.values().for_each(|value| declared(value, names));
        }
        Value::Array(values) => values.iter().for_each(|value| declared(value, names)),
        _ => {}
    }
}

fn fields(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            names.extend(map.keys().cloned());
            map.values().for_each(|value| fields(value, names));
        }
        Value::Array(values) => values.iter().for_each(|value| fields(value, names)),
        _ => {}
    }
}

#[test]
fn sarif_is_valid_and_says_the_line_that_adds() {
    let (dir, done) = judge(&["--sarif", "leak.sarif"]);
    done.check_code(1);
    let sarif = read_json(&dir.path().join("leak.sarif"));
    let schema = read_json(&tool(
        "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json",
    ));
    check_valid(&schema, &sarif);
    let result = &sarif["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.ends_with("calc-server/server.js"), "{uri}");
    assert_eq!(place["region"]["startLine"], adding_line());
    assert_eq!(result["level"], "error");
}

#[test]
fn junit_counts_its_failures_and_says_the_line() {
    let (_dir, done) = judge(&["--junit", "-"]);
    done.check_code(1);
    let document = roxmltree::Document::parse(&done.stdout).unwrap();
    let cases = || {
        document
            .descendants()
            .filter(|n| n.has_tag_name("testcase"))
    };
    let failed = document
        .descendants()
        .filter(|n| n.has_tag_name("failure"))
        .count();
    let suite = document
        .descendants()
        .find(|n| n.has_tag_name("testsuite"))
        .unwrap();
    assert_eq!(
        suite.attribute("tests"),
        Some(&*cases().count().to_string())
    );
    assert_eq!(suite.attribute("failures"), Some(&*failed.to_string()));
    let leak = cases()
        .find(|n| n.attribute("classname") == Some("leakscope.leak"))
        .unwrap();
    assert_eq!(leak.attribute("line"), Some(&*adding_line().to_string()));
    assert!(
        leak.attribute("name")
            .unwrap()
            .starts_with("Array `clients` at ")
    );
}

#[test]
fn markdown_has_the_answer_and_the_line() {
    let (dir, done) = judge(&["--markdown", "comment.md"]);
    done.check_code(1);
    assert!(done.stdout.starts_with("LEAKING"), "{}", done.stdout);
    let text = std::fs::read_to_string(dir.path().join("comment.md")).unwrap();
    for part in [
        "<!-- leakscope -->\n",
        "leakscope: LEAKING",
        "exactly 1 WebSocket per session",
        &format!("server.js:{}`", adding_line()),
        "clients[id] = ",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

#[test]
fn two_documents_do_not_share_stdout_and_a_folder_must_be_there() {
    let (_dir, done) = judge(&["--json", "-", "--sarif", "-"]);
    done.check_error(2, &["--json -", "--sarif -", "hint: "]);
    let (_dir, done) = judge(&["--markdown", "nowhere/comment.md"]);
    done.check_error(2, &["--markdown nowhere/comment.md", "no such folder"]);
}
