//! Functions of the processor, in the embedded engine and in Node.js.

use std::path::Path;

use load::{Outcome, Processor, ProcessorKind};

use crate::server::{Server, answer, failure, http_script, json, run_heard};

/// Runs `flow` with these functions in either engine, and hands what came of it to `check`.
async fn both(code: &str, scenario: &str, check: impl Fn(&Outcome, &Server, &[String])) {
    for kind in [ProcessorKind::Embedded, ProcessorKind::Node] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("functions.js"), code).unwrap();
        let server = Server::start(|_| json(r#"{"id": 7}"#)).await;
        let script = format!(
            "config:\n  target: http://127.0.0.1:PORT\n  processor: ./functions.js\nscenarios:\n  - {scenario}"
        );
        let heard = run_heard(folder.path(), &script, server.port, 2, kind).await;
        check(&heard.0, &server, &heard.1);
    }
}

#[tokio::test]
async fn functions_are_called_around_everything() {
    let code = "
let calls = 0;  // Common to all sessions.
module.exports = {
  begin(context, events, done) { context.vars.n = ++calls; return done(); },
  sign: async (req, context, events) => {
    req.headers['X-Sign'] = `s${context.vars.n}`;
    req.url = req.url + '?id={{ n }}';
    await new Promise((resolve) => setTimeout(resolve, 5));
  },
  look(req, res, context, events, done) {
    context.vars.id = JSON.parse(res.body).id + res.statusCode;
    events.emit('counter', 'seen', 2);
    events.emit('histogram', 'size', res.body.length);
    done();
  },
  again(context, done) { return done(context.vars.$loopCount < 2); },
  isFirst(vars) { return vars.n === 1; },
  body(req, context, events, done) { req.json = { made: context.vars.n }; done(); },
  end: async function (context) { console.log('end', context.vars.id, context.scenario.name); },
};
";
    let scenario = "name: main
    beforeScenario: begin
    afterScenario: [end]
    beforeRequest: sign
    flow:
      - get: {url: /a, afterResponse: [look]}
      - loop: [{post: {url: '/b{{ id }}', beforeRequest: body}}]
        whileTrue: again
      - get: {url: /first, ifTrue: isFirst}
";
    both(code, scenario, |outcome, server, heard| {
        assert_eq!(
            outcome.ledger().completed,
            2,
            "{:?} {heard:?}",
            outcome.ledger()
        );
        let lines = [
            "GET /a?id=1",
            "POST /b207?id=1",
            "POST /b207?id=1",
            "GET /first?id=1",
            "GET /a?id=2",
            "POST /b207?id=2",
            "POST /b207?id=2",
        ];
        assert_eq!(server.lines(), lines);
        let seen = server.seen();
        assert_eq!(seen[0].header("x-sign"), Some("s1"));
        assert_eq!(seen[1].text(), r#"{"made":1}"#);
        assert_eq!(seen[1].header("content-type"), Some("application/json"));
        assert_eq!(outcome.tally.counter("seen"), 4);
        assert_eq!(outcome.tally.times["size"].count(), 2);
        assert_eq!(heard, ["end 207 main", "end 207 main"]);
    })
    .await;
}

#[tokio::test]
async fn a_function_s_failure_is_the_session_s() {
    let code = "
exports.fail = (context, events, done) => done(new Error('not today'));
exports.throws = () => { throw new Error('thrown') };
exports.rejects = async () => { throw 'rejected' };
exports.tell = (error, req, context, events, done) => { console.log('told', error.message); done(); };
";
    for (name, cause) in [
        ("fail", "not today"),
        ("throws", "thrown"),
        ("rejects", "rejected"),
    ] {
        let scenario =
            format!("onError: tell\n    flow: [{{function: {name}}}, {{get: {{url: /}}}}]\n");
        both(code, &scenario, |outcome, server, heard| {
            let ledger = outcome.ledger();
            assert_eq!(ledger.failures, [(cause.to_owned(), 2)].into(), "{heard:?}");
            assert_eq!(server.lines(), [""; 0]);
            assert_eq!(heard[0], format!("told {cause}"));
        })
        .await;
    }
}

#[tokio::test]
async fn modules_of_both_kinds_are_loaded_with_files_of_their_own() {
    for (name, code) in [
        (
            "f.js",
            "const lib = require('./lib'); exports.f = (c) => { c.vars.x = lib.x };",
        ),
        (
            "f.mjs",
            "import { x } from './more.mjs'; export function f(context) { context.vars.x = x }",
        ),
        (
            "e.js",
            "export const f = async (context) => { context.vars.x = 5 };",
        ),
        (
            "c.mjs",
            "import lib, { x } from './lib.js'; export const f = (c) => { c.vars.x = lib.x === x ? x : 0 };",
        ),
        (
            "t.ts",
            "import type { Context } from 'artillery';\nimport { five } from './typed.js';\n\
             export const f = (context: Context): void => { context.vars.x = five as number };",
        ),
        (
            "r.ts",
            "const { five } = require('./typed-too'); exports.f = (c: any) => { c.vars.x = five };",
        ),
        (
            "unsaid",
            "module.exports = { f: (c: { vars: any }) => { c.vars.x = 5 } };",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = if name == "unsaid" { "unsaid.ts" } else { name };
        std::fs::write(folder.path().join(file), code).unwrap();
        let typed = "enum Number { Five = 5 }\nexport const five: number = Number.Five;";
        std::fs::write(folder.path().join("typed.ts"), typed).unwrap();
        let typed = "const five: number = 5; module.exports = { five };";
        std::fs::write(folder.path().join("typed-too.ts"), typed).unwrap();
        std::fs::write(folder.path().join("lib.js"), "module.exports = {x: 5};").unwrap();
        std::fs::write(folder.path().join("more.mjs"), "export const x = 5;").unwrap();
        let server = Server::start(|_| answer(200, &[], "")).await;
        let script = http_script("      - function: f\n      - get: {url: '/{{ x }}'}\n");
        let processor = format!("  processor: {name}\nscenarios:");
        let script = script.replace("scenarios:", &processor);
        let kind = ProcessorKind::Embedded;
        let (outcome, _) = run_heard(folder.path(), &script, server.port, 1, kind).await;
        assert_eq!(
            outcome.ledger().completed,
            1,
            "{name} {:?}",
            outcome.ledger()
        );
        assert_eq!(server.lines(), ["GET /5"], "{name}");
    }
}

async fn start(code: &str, kind: ProcessorKind) -> Result<(), load::ProcessorError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.js");
    std::fs::write(&path, code).unwrap();
    Processor::start(&path, kind, None).await.map(|_| ())
}

#[tokio::test]
async fn what_only_node_has_is_refused_by_name_and_runs_there() {
    for (code, module) in [
        ("const fs = require('fs');", "`fs` is a module of Node.js"),
        (
            "const { createHash } = require('node:crypto');",
            "`node:crypto` is a module of Node.js",
        ),
        ("require('faker')", "`faker` is an npm package"),
    ] {
        let error = start(code, ProcessorKind::Embedded).await.unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains(module), "{shown}");
        assert!(
            error.hint().unwrap().contains("--processor node"),
            "{shown}"
        );
    }
    let code = "const fs = require('fs'); exports.f = () => fs.existsSync('.');";
    start(code, ProcessorKind::Node).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_broken_or_not_there_says_so() {
    for kind in [ProcessorKind::Embedded, ProcessorKind::Node] {
        let error = start("this is no JavaScript", kind).await.unwrap_err();
        assert!(error.to_string().contains("f.js"), "{error}");
        let error = start("throw new Error('at once')", kind).await.unwrap_err();
        assert!(error.to_string().contains("at once"), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.ts");
    std::fs::write(&path, "export const a: number = 1;\nexport const = 2;").unwrap();
    let slip = Processor::start(&path, ProcessorKind::Embedded, None).await;
    let shown = slip.unwrap_err().to_string();
    assert!(shown.contains("f.ts:2:14: "), "{shown}");
    let missing = Processor::start(Path::new("/none.js"), ProcessorKind::Embedded, None).await;
    assert!(missing.unwrap_err().to_string().contains("cannot read"));
}

#[tokio::test]
async fn a_node_that_ends_fails_whoever_waits() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("f.js"),
        "exports.f = () => process.exit(3);",
    )
    .unwrap();
    let server = Server::start(|_| answer(200, &[], "")).await;
    let script = http_script("      - function: f\n");
    let script = script.replace("scenarios:", "  processor: f.js\nscenarios:");
    let (outcome, _) = run_heard(folder.path(), &script, server.port, 1, ProcessorKind::Node).await;
    assert!(failure(&outcome).contains("the processor has ended"));
}
