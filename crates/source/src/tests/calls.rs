//! What is called, made and written out.

use super::*;

#[test]
fn calls_are_found_by_the_name_of_what_is_called() {
    let text = "fs.openSync(a);\nopen(b);\nconst w = new Worker(c);\nw.close();";
    let file = SourceFile::parse(text, "a.js");
    let lines = |names: &[&str]| {
        let calls = file.calls(names);
        calls
            .iter()
            .map(|c| c.site.position.line)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&["openSync", "Worker"]), [0, 2]);
    assert_eq!(lines(&["open"]), [1]);
    assert_eq!(lines(&["destroy"]), [0; 0]);
}

#[test]
fn objects_are_found_by_the_properties_that_they_are_written_with() {
    let text = "f({ a, b: 1 });\nconst x = { 'a': 2, b, c };\ng({ a, ...x });\nh({ b, a });";
    let file = SourceFile::parse(text, "a.js");
    let lines = |names: &[&str]| {
        let found = file.literals(names);
        found
            .iter()
            .map(|l| l.site.position.line)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&["a", "b"]), [0, 3]);
    assert_eq!(lines(&["c", "a"]), [1]);
    assert_eq!(lines(&["a", "z"]), [0; 0]);
}

#[test]
fn the_calls_of_a_function_are_those_of_its_own_code() {
    let script = marked("function outer▸() { app.get(() => inner()); res.send(1); } other();");
    assert_eq!(
        told(&script.file.calls_in(script.marks[0])),
        [
            "0 outer: function outer() { app.get(() => inner()); res.send(1); } other();",
            "0 outer: function outer() { app.get(() => inner()); res.send(1); } other();",
        ]
    );
    let names = script.file.calls_in(script.marks[0]);
    let names: Vec<&How> = names.iter().map(|call| &call.how).collect();
    let call = |name: &str| How::Call(name.into());
    assert_eq!(names, [&call("get"), &call("send")]);
}

#[test]
fn classes_are_known_by_name() {
    let file = SourceFile::parse("class Listener {} const Timeout = 1;", "file:///srv/a.js");
    assert!(file.has_class("Listener"));
    assert!(!file.has_class("Timeout"));
}

#[test]
fn calls_of_what_a_package_exports_are_known() {
    let calls = |text: &str| {
        let file = SourceFile::parse(text, "file:///srv/server.js");
        let found = file.calls_into("debug");
        found.into_iter().map(|call| call.how).collect::<Vec<_>>()
    };
    let call = |name: &str| vec![How::Call(name.into())];
    let required = "const debug = require('debug'); function log(id) { return debug(id); }";
    assert_eq!(calls(required), call("debug"));
    let part = "const { Log: Made } = require('debug/src/log'); const log = () => new Made();";
    assert_eq!(calls(part), call("Made"));
    let module = "import * as debug from 'debug'; export const log = (id) => debug.make.log(id);";
    assert_eq!(calls(module), call("log"));
    let compiled = "const debug_1 = __importDefault(require('debug')); debug_1.default('a');";
    assert_eq!(calls(compiled), call("default"));
    let late = "const { log } = await import('debug'); log('a'); console.log('b');";
    assert_eq!(calls(late), call("log"));
    let another = "const debug = require('debug-fixed'); debug('a'); require('debug');";
    assert_eq!(calls(another), []);
}
