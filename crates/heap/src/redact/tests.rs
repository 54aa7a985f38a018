//! What a redacted snapshot keeps and loses, on small heaps; with real processes in the binary's
//! tests.

use super::*;
use crate::{Aggregate, Analysis, NodeIx, Snapshot};

const SERVICE: &str = "root     -> server:Server 48          property app
    server   -> sessions:Map 64           property sessions
    sessions -> session*10:Session7 96    element
    ctor:closure/Session7 32
    server   -> ctor                      property Session7
    session  -> plain*10:Object 32        property s3cr3t-key-of-alice
    plain    -> text*10:string/s3cr3t-text 40  property \"s3cr3t, \\\"quoted\\\"\"
    plain    -> text                      property id
    server   -> account:Account 16        element 81726354
    server   -> word:regexp/s3cr3t-regexp 16  context capturedByName
    session  ~> server                    weak";

fn redacted(bytes: &[u8], names: HashSet<String>) -> (Vec<u8>, Redacted) {
    let mut out = Vec::new();
    let redaction = Redaction {
        key: [3; 16],
        names,
    };
    let done = redact(bytes, &mut out, &redaction).unwrap();
    (out, done)
}

type NodeFigures = (u64, u64, u64);
type ClassFigures = (u64, i64, u64, u64);

/// What a summary is made of, without the names.
fn figures(snapshot: &Snapshot) -> (Vec<NodeFigures>, Vec<ClassFigures>) {
    let analysis = Analysis::of(snapshot);
    let node = |node: NodeIx| {
        let (own, all) = (analysis.shallow_size(node), analysis.retained_size(node));
        (snapshot.node_id(node).0, own, all)
    };
    let class = |class: &Aggregate| {
        (
            class.count,
            class.distance,
            class.shallow_size,
            class.retained_size,
        )
    };
    let mut classes: Vec<_> = analysis.aggregates().iter().map(class).collect();
    classes.sort_unstable();
    (snapshot.nodes().map(node).collect(), classes)
}

#[test]
fn graph_and_figures_are_the_same_and_the_texts_are_gone() {
    let bytes = testkit::heap(SERVICE);
    let (out, done) = redacted(&bytes, HashSet::new());
    let text = String::from_utf8(out.clone()).unwrap();
    for secret in [
        "s3cr3t", "alice", "81726354", "Account", "quoted", "sessions",
    ] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    for name in ["Server", "Session7", "capturedByName", "\"id\""] {
        assert!(text.contains(name), "{name} is not in {text}");
    }
    assert!(done.strings > done.kept && done.indexes == 1, "{done:?}");
    let parse = |bytes: &[u8]| crate::parse(bytes, None).unwrap();
    assert_eq!(figures(&parse(&out)), figures(&parse(&bytes)));
    assert_eq!(redacted(&out, HashSet::new()).1.strings, done.strings);
}

#[test]
fn what_is_known_from_the_source_stays() {
    let bytes = testkit::heap(SERVICE);
    let (out, _) = redacted(
        &bytes,
        HashSet::from(["Account", "sessions"].map(str::to_owned)),
    );
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("\"Account\"") && text.contains("\"sessions\""));
    let names = names_of_code(&bytes[..]).unwrap();
    assert_eq!(
        names,
        HashSet::from(["Session7".to_owned(), "capturedByName".to_owned()])
    );
}

#[test]
fn it_does_not_matter_how_the_bytes_arrive() {
    struct Dripping<'a>(&'a [u8]);
    impl Read for Dripping<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let n = self.0.len().min(into.len()).min(1);
            into[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }
    let bytes = testkit::heap(SERVICE);
    let (whole, _) = redacted(&bytes, HashSet::new());
    let mut out = Vec::new();
    let redaction = Redaction {
        key: [3; 16],
        ..Redaction::default()
    };
    redact(Dripping(&bytes), &mut out, &redaction).unwrap();
    assert!(out == whole);
}

#[test]
fn a_text_where_only_numbers_belong_does_not_get_through() {
    let text = String::from_utf8(testkit::heap(SERVICE)).unwrap();
    let damaged = text.replacen("\"nodes\":[", "\"nodes\":[s3cr3t", 1);
    let redact = |text: &str| {
        let mut out = Vec::new();
        let result = redact(text.as_bytes(), &mut out, &Redaction::default());
        (result, String::from_utf8(out).unwrap())
    };
    let (result, out) = redact(&damaged);
    assert!(matches!(result, Err(Error::Syntax { .. })) && !out.contains("s3cr3t"));

    let titled = text
        .replacen(
            "{\"snapshot\":{",
            "{\"snapshot\":{\"title\":\"s3cr3t-title\",",
            1,
        )
        .replacen(
            "\"nodes\":[",
            "\"notes\":[[1,{\"s3cr3t-note\":2}]],\"nodes\":[",
            1,
        );
    let (result, out) = redact(&titled);
    assert!(result.is_ok(), "{result:?}");
    assert!(!out.contains("title") && !out.contains("note\"") && out.contains("notes"));
    for cut in (1..text.len()).step_by(97) {
        assert!(redact(&text[..cut]).0.is_err(), "cut at {cut}");
    }
}
