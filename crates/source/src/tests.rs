//! What the questions answer, on small texts.

mod calls;

use super::*;

/// A text with a `▸` at each place that a question is asked from; the marks are taken out.
struct Marked {
    file: SourceFile,
    marks: Vec<Position>,
}

fn marked(text: &str) -> Marked {
    let mut marks = Vec::new();
    let mut plain = String::new();
    for (i, part) in text.split('▸').enumerate() {
        if i > 0 {
            let line_start = plain.rfind('\n').map_or(0, |at| at + 1);
            let column = plain[line_start..].encode_utf16().count();
            let line = plain.matches('\n').count();
            let narrow = |n| u32::try_from(n).unwrap();
            marks.push(Position {
                line: narrow(line),
                column: narrow(column),
            });
        }
        plain.push_str(part);
    }
    Marked {
        file: SourceFile::parse(&plain, "file:///srv/server.js"),
        marks,
    }
}

impl Marked {
    fn additions(&self, name: &str) -> Vec<String> {
        told(&self.file.additions(name, self.marks[0]))
    }

    fn declaration(&self, name: &str) -> Option<(u32, SiteKind)> {
        let site = self.file.declaration(name, self.marks[0])?;
        Some((site.position.line, site.kind))
    }
}

/// `line function: text`
fn told(additions: &[Addition]) -> Vec<String> {
    let function = |a: &Addition| a.function.as_ref().map_or("-".into(), |f| f.name.clone());
    let tell = |a: &Addition| {
        assert_eq!(a.site.function, a.function.as_ref().map(|f| f.name.clone()));
        format!("{} {}: {}", a.site.position.line, function(a), a.site.text)
    };
    additions.iter().map(tell).collect()
}

/// The marks stand where `HeapProfiler.startSampling` of Node.js 18 to 24 says that these functions
/// start, and where a snapshot's `locations` has their closures.
#[test]
fn functions_start_where_v8_says() {
    let text = "\
function plain▸(a) { return alloc(a); }
const named = function inner ▸(a) { return alloc(a); };
const arrow = ▸(a) => alloc(a), arrow1 = ▸a => alloc(a);
const asyncArrow = ▸async (a) => alloc(a), asyncArrow1 = ▸async a => alloc(a);
async function asyncPlain▸(a) { return alloc(a); }
async function * agen ▸(a) { yield alloc(a); }
class K {
  constructor▸(a) { this.x = alloc(a); }
  async am▸(a) { return alloc(a); }
  get g▸() { return alloc(1); }
  set g▸(a) { alloc(a); }
  static sm ▸(a) { return alloc(a); }
  #priv▸(a) { return alloc(a); }
  ['comp' + 1]▸(a) { return alloc(a); }
  arrowField = ▸(a) => alloc(a);
  *gm▸(a) { yield alloc(a); }
}
const o = { m▸(a) { return alloc(a); }, get p▸() { return 1; }, f: function ▸(a) {}, w: ▸(a) => a,
  async /*c*/ *q▸(a) {}, async [`a${1}`]▸(b) {}, 'quoted key'▸(a) {} };
const é = '日本語😀'; const after = ▸(a) => alloc(a); function afterToo▸(a) { return alloc(a); }
function defaults▸(a = (▸() => alloc(1))()) { return a; }
(function iife▸() { alloc(1); })();
Old.prototype.grow = function ▸(a) { return alloc(a); };
module.exports = function /* x */ run /* y */ ▸() { return 1; };
▸class D { }
(▸() => { alloc(1); })();
";
    let marked = marked(text);
    let facts = &marked.file.facts;
    let class_k =
        |f: &&facts::FunctionFact| marked.file.text[f.start as usize..].starts_with("class K");
    let is_ours = |f: &&facts::FunctionFact| !class_k(f);
    let mut starts: Vec<_> = facts.functions.iter().filter(is_ours).collect();
    starts.sort_by_key(|f| f.start);
    let positions = starts
        .iter()
        .map(|f| marked.file.lines.position(&marked.file.text, f.start));
    assert_eq!(positions.collect::<Vec<_>>(), marked.marks);
    let names: Vec<_> = starts.iter().map(|f| &*f.name).collect();
    let expected = [
        "plain",
        "inner",
        "arrow",
        "arrow1",
        "asyncArrow",
        "asyncArrow1",
        "asyncPlain",
        "agen",
        "K",
        "am",
        "get g",
        "set g",
        "sm",
        "#priv",
        "(anonymous)",
        "arrowField",
        "gm",
        "m",
        "get p",
        "f",
        "w",
        "q",
        "(anonymous)",
        "quoted key",
        "after",
        "afterToo",
        "defaults",
        "(anonymous)",
        "iife",
        "Old.grow",
        "run",
        "D",
        "(anonymous)",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_calculators_leak_is_found_from_its_cleanup() {
    let calculator = marked(
        "'use strict';
const clients = [];
let nextId = 0;
server.on('connection', onConnection);
function onConnection(ws) {
  const id = nextId++;
  clients[id] = {connection: ws, ops: []};
  ws.on('message', (m) => { clients[id].ops.push(Number(m)); });
}
function cleanup▸() {
  for (const c of clients) c.connection.terminate();
  clients.length = 0;
}",
    );
    let declared = calculator
        .file
        .declaration("clients", calculator.marks[0])
        .unwrap();
    assert_eq!(declared.text, "const clients = [];");
    assert_eq!(declared.position, Position { line: 1, column: 6 });
    assert_eq!((declared.function, declared.kind), (None, SiteKind::Const));
    let additions = calculator.file.additions("clients", calculator.marks[0]);
    let line = "6 onConnection: clients[id] = {connection: ws, ops: []};";
    assert_eq!(told(&additions), [line]);
    let function = additions[0].function.as_ref().unwrap();
    assert_eq!(
        function.start,
        Position {
            line: 4,
            column: 21
        }
    );
    assert_eq!(function.end, Position { line: 8, column: 1 });
    assert_eq!(additions[0].how, How::Element);
}

#[test]
fn names_mean_what_the_function_sees() {
    let text = "const list = [];
function outer() {
  const list = new Map();
  return function inner▸(list) { list.push(1); seen.set(list); };
}
list.push(0);
const seen = list;";
    let shadowed = marked(text);
    assert_eq!(shadowed.declaration("list"), Some((2, SiteKind::Const)));
    assert_eq!(shadowed.additions("list"), [""; 0]);
    assert_eq!(shadowed.declaration("nowhere"), None);
    let inside = Position {
        line: 3,
        column: 40,
    };
    let parameter = shadowed.file.declaration("list", inside).unwrap();
    assert_eq!(
        (parameter.kind, parameter.position.column),
        (SiteKind::Parameter, 24)
    );
    assert_eq!(parameter.function.as_deref(), Some("inner"));
    let module = Position { line: 0, column: 0 };
    let told = told(&shadowed.file.additions("list", module));
    assert_eq!(
        told[0],
        "3 inner: return function inner(list) { list.push(1); seen.set(list); };"
    );
    assert_eq!(told[1], "5 -: list.push(0);");
    assert_eq!(told.len(), 2);
}

#[test]
fn every_way_to_add_is_known() {
    let adds = |statement: &str| {
        let text = format!("let x = []; function f(k, v) {{ {statement} }} function g▸() {{}}");
        let additions = marked(&text);
        let found = additions.file.additions("x", additions.marks[0]);
        found.into_iter().map(|a| a.how).collect::<Vec<_>>()
    };
    let call = |method: &str| vec![How::Call(method.into())];
    assert_eq!(adds("x[k] = v"), [How::Element]);
    assert_eq!(adds("x[x.length] = v"), [How::Element]);
    assert_eq!(adds("x[k] ||= v"), [How::Element]);
    assert_eq!(adds("(x ??= [])[k] = v"), [How::Element]);
    assert_eq!(adds("x.push(v)"), call("push"));
    assert_eq!(adds("x?.push(v)"), call("push"));
    assert_eq!(adds("x['push'](v)"), call("push"));
    assert_eq!(adds("x.splice(0, 0, v)"), call("splice"));
    assert_eq!(adds("x.on('data', v)"), call("on"));
    assert_eq!(adds("x.push.apply(x, v)"), call("push"));
    assert_eq!(adds("Array.prototype.push.call(x, v)"), call("push"));
    assert_eq!(adds("Object.assign(x, v)"), call("assign"));
    assert_eq!(adds("x = x.concat(v)"), [How::Reassigned]);
    assert_eq!(adds("x = [...x, v]"), [How::Reassigned]);
    assert_eq!(adds("x = { v, next: x }"), [How::Reassigned]);
    assert_eq!(adds("x = new Node(v, x)"), [How::Reassigned]);
    assert_eq!(adds("x = k ? x.concat(v) : x"), [How::Reassigned]);
    assert_eq!(adds("x = x.then(() => v)"), [How::Reassigned]);
    assert_eq!(adds("x = Buffer.concat([x, v])"), [How::Reassigned]);
    assert_eq!(adds("const old = x; x = () => old(v)"), [How::Reassigned]);
    assert_eq!(adds("x = x + v"), [How::Reassigned]);
    assert_eq!(adds("x += v"), [How::Appended]);
    assert_eq!(adds("x[k].push(v)"), [How::Inside]);
    assert_eq!(adds("x.get(k).push(v)"), [How::Inside]);
    assert_eq!(adds("(x[k] ??= []).push(v)"), [How::Element]);
    assert_eq!(adds("x.next = v"), [How::Property]);
    assert_eq!(adds("x.track(v)"), [How::Property]);
    assert_eq!(adds("x.finally(v)"), [How::Reaction]);
    assert_eq!(adds("(async () => { await x; })()"), [How::Reaction]);
    assert_eq!(adds("Promise.race([v, x])"), [How::Reaction]);
    let silent = [
        "x[k] = null",
        "x[k] = undefined",
        "delete x[k]",
        "x.splice(0, 1)",
        "x.length = 0",
        "x = x + 1",
        "x += 1",
        "x = x || []",
        "x = x.filter(v)",
        "x = x.next",
        "x.get(k)",
        "x.pop()",
        "x.clear()",
        "const x = []; x.push(v)",
        "y.x.push(v)",
        "x = f(x)",
        "Promise.all(x)",
    ];
    for statement in silent {
        assert_eq!(adds(statement), [], "{statement}");
    }
}

#[test]
fn other_names_for_the_same_object_count() {
    let adds = |text: &str| marked(text).additions("x");
    let with_alias = "const x = []; const same = x; let again = same;
function f(v) { again.push(v) } function g▸() {}";
    assert_eq!(adds(with_alias).len(), 1);
    let exported = "const x = new Map(); module.exports = { all: x };
function f(v) { state.all.set(v, v) } function g▸() {}";
    assert_eq!(adds(exported).len(), 1);
    let kept = "function make() { const x = []; this.x = x; return function g▸() {} }
make.prototype.add = function (v) { this.x.push(v) }";
    assert!(adds(kept)[0].starts_with("1 make.add:"));
}

#[test]
fn members_are_declared_and_added_to() {
    let text = "class Hub {
  #sockets = new Set();
  rooms;
  static all = {};
  constructor() { this.rooms = new Map(); this.log = null; }
  join(room, ws) {
    this.#sockets.add(ws);
    const { rooms } = this;
    rooms.set(room, ws);
    Hub.all[room] = ws;
  }
  write(line) { this.log = { line, before: this.log }; }
}
const options = { log: [], get rooms() { return 1 } };
other.rooms = 5; cache = {}; cache[1] = 2;
";
    let file = SourceFile::parse(text, "hub.mjs");
    let declared = |name: &str| {
        let site = file.member_declaration(name).unwrap();
        (site.position.line, site.kind, site.function)
    };
    let constructor = Some("Hub".to_owned());
    assert_eq!(declared("#sockets"), (1, SiteKind::Field, None));
    assert_eq!(declared("rooms"), (4, SiteKind::OwnProperty, constructor));
    assert_eq!(declared("all"), (3, SiteKind::Field, None));
    assert_eq!(declared("cache"), (14, SiteKind::Assigned, None));
    assert_eq!(file.member_declaration("nothing"), None);
    let added = |name: &str| told(&file.member_additions(name));
    assert_eq!(added("#sockets"), ["6 join: this.#sockets.add(ws);"]);
    assert_eq!(added("rooms"), ["8 join: rooms.set(room, ws);"]);
    assert_eq!(added("all"), ["9 join: Hub.all[room] = ws;"]);
    assert_eq!(
        added("log"),
        ["11 write: write(line) { this.log = { line, before: this.log }; }"]
    );
    assert_eq!(
        added("cache"),
        ["14 -: other.rooms = 5; cache = {}; cache[1] = 2;"]
    );
}

#[test]
fn class_code_belongs_to_the_class() {
    let text = "const all = [];
class Session { id = all.push(this); static first = all.push(1); static { all.push(2) } }
function g▸() {}";
    let found = marked(text);
    let additions = found.file.additions("all", found.marks[0]);
    let starts: Vec<_> = additions
        .iter()
        .map(|a| a.function.as_ref().unwrap().start)
        .collect();
    let at = |column| Position { line: 1, column };
    assert_eq!(starts, [at(0), at(37), at(37)]);
    assert!(
        additions
            .iter()
            .all(|a| a.function.as_ref().unwrap().name == "Session")
    );
    for column in [0, 14, 16] {
        assert!(
            found.file.declaration("all", at(column)).is_some(),
            "{column}"
        );
    }
}

#[test]
fn listeners_are_found_by_event() {
    let text = "const READY = 'ready';
wss.on('connection', (ws) => {
  ws.once('close', done);
  process.on(READY, () => ws.send('hi'));
  bus
    .addListener(topic, f)
    .on(`data`, g);
  on('close', f);
});
emitter.on('close');";
    let file = SourceFile::parse(text, "a.js");
    let found = |event: Option<&str>| told(&file.listener_additions(event));
    let connection = "callback of on('connection')";
    assert_eq!(
        found(Some("close")),
        [format!("2 {connection}: ws.once('close', done);")]
    );
    assert_eq!(
        found(Some("connection")),
        ["1 -: wss.on('connection', (ws) => {"]
    );
    let ready = format!("3 {connection}: process.on(READY, () => ws.send('hi'));");
    assert_eq!(found(Some("ready")), [ready]);
    assert_eq!(
        found(Some("data")),
        [format!("6 {connection}: .on(`data`, g);")]
    );
    assert_eq!(found(None).len(), 5);
    let unnamed = [format!("4 {connection}: bus")];
    assert_eq!(found(Some("elsewhere")), unnamed);
}

#[test]
fn minified_and_non_ascii_texts_keep_their_columns() {
    let minified = marked(
        "const a='日本語😀',b=new Map,c=e=>{b.set(e,{e})},d=▸()=>b.size;function f(x){b.set(x,1)}",
    );
    assert_eq!(minified.marks[0].column, 48);
    let additions = minified.file.additions("b", minified.marks[0]);
    let starts: Vec<_> = additions
        .iter()
        .map(|a| a.function.as_ref().unwrap().start)
        .collect();
    let expected = [
        Position {
            line: 0,
            column: 28,
        },
        Position {
            line: 0,
            column: 69,
        },
    ];
    assert_eq!(starts, expected);
    let filler = "z(1);".repeat(2000);
    let long = marked(&format!(
        "{filler}const q=[];function w(v){{q.push(v)}}{filler}▸y()"
    ));
    assert_eq!(long.additions("q"), ["0 w: q.push(v)"]);
}

#[test]
fn each_language_is_read() {
    let additions = |text: &str, url: &str| {
        let file = SourceFile::parse(text, url);
        file.additions("x", Position { line: 0, column: 0 }).len()
    };
    assert_eq!(
        additions(
            "#!/usr/bin/env node\nconst x = []; x.push(1); return;",
            "a.js"
        ),
        1
    );
    assert_eq!(
        additions("\u{feff}const x = []; x.push(1); with (x) {}", "a.cjs"),
        1
    );
    assert_eq!(
        additions("import y from 'y'; const x = []; x.push(await y);", "a.js"),
        1
    );
    assert_eq!(
        additions(
            "const x = []; await 1; x.push(import.meta.url);",
            "a.mjs?v=1"
        ),
        1
    );
    let typed =
        "const x: Map<string, number> = new Map(); (x as any)!.set('a', 1 satisfies number)";
    assert_eq!(additions(typed, "file:///srv/a.ts"), 1);
    assert_eq!(additions(typed, "a.mts"), 1);
    assert_eq!(additions(typed, "no ending at all"), 1);
    assert_eq!(additions("const x = []; x.push(1)", ""), 1);
}

#[test]
fn bad_texts_answer_nothing() {
    let anywhere = [0, 1, u32::MAX].map(|n| Position { line: n, column: n });
    for text in [
        "",
        "const x = [; }",
        "\0\0",
        "function",
        "x.push(",
        "`${",
        "/*",
        "class {",
        "(\r",
    ] {
        let file = SourceFile::parse(text, "a.js");
        for position in anywhere {
            assert_eq!(file.declaration("x", position), None, "{text}");
            assert_eq!(file.additions("x", position), [], "{text}");
        }
        assert_eq!(file.member_declaration("x"), None);
        assert_eq!(file.member_additions("x"), []);
        assert_eq!(file.listener_additions(None), []);
    }
    for part in [
        "[", "(", "!", "a=>", "{", "a?", "`${", "if(a)", "-", "a=", "new ", "x.push(",
    ] {
        let text = part.repeat(20_000);
        assert_eq!(
            SourceFile::parse(&text, "a.js").listener_additions(None),
            [],
            "{part}"
        );
        let text = part.repeat(1_000_000);
        assert_eq!(
            SourceFile::parse(&text, "a.js").listener_additions(None),
            [],
            "{part}"
        );
    }
    let data = format!("x.on('a', [{}]);", "[1, 'a+b'],\n".repeat(20_000));
    assert_eq!(
        SourceFile::parse(&data, "a.js")
            .listener_additions(None)
            .len(),
        1
    );
    let chain = format!("const x = []; x.push(1{});", " + 1".repeat(20_000));
    let file = SourceFile::parse(&chain, "a.js");
    assert_eq!(file.additions("x", anywhere[0]).len(), 1);
}

#[test]
fn what_a_function_adds_is_known_without_a_name() {
    let text = "const notes = new Map();\n\
        function note(key) {\n  notes.get(key).push(1);\n}\n\
        function both(list, emitter) {\n  notes.get(1).push(2);\n  list.push(3);\n  \
        emitter.on('x', () => {});\n}\n";
    let file = SourceFile::parse(text, "a.js");
    let lines = |line, column| -> Vec<u32> {
        let start = Position { line, column };
        let found = file.additions_in(start);
        found.iter().map(|a| a.site.position.line).collect()
    };
    assert_eq!(lines(1, 13), [2]);
    assert_eq!(
        lines(4, 13),
        [6, 7],
        "what may add is told only when nothing surely does"
    );
    assert_eq!(lines(0, 0), [0; 0]);
}

#[test]
fn a_place_knows_its_line_and_its_function_by_where_the_name_begins() {
    let text = "\
▸function plain(a) {
  ▸push(a);
}
const ▸arrow = ▸async (a) => a;
class Shop { ▸async close() { ▸end(); } }
▸top();
";
    let Marked { file, marks } = marked(text);
    let line = |mark: usize| file.line_at(marks[mark]).unwrap();
    assert_eq!(line(1).text, "push(a);");
    assert_eq!(line(1).function.as_deref(), Some("plain"));
    assert_eq!(line(5).function.as_deref(), Some("close"));
    assert_eq!(line(6).function, None);
    let function = |mark: usize| file.function_at(marks[mark]);
    assert_eq!(function(0).as_deref(), Some("plain"));
    assert_eq!(function(1), None);
    assert_eq!(function(3).as_deref(), Some("arrow"));
    assert_eq!(function(4).as_deref(), Some("close"));
    assert_eq!(function(6), None);
}

#[test]
fn the_names_of_code_are_told_and_its_texts_are_not() {
    let text = "class Session { #token = 'secret1'; open(user) { this.sockets[`secret2`] = user; } }\n\
        // secret3\nconst limits = { largest: 1, 'secret-4': 2, ['secret5']: /secret6/ };";
    let expected = [
        "#token", "Session", "largest", "limits", "open", "sockets", "user",
    ];
    assert_eq!(names(text, "app.js"), expected);
    assert_eq!(names("not ( a script", "app.js"), [""; 0]);
}

#[test]
fn what_adds_inside_or_by_spelling_is_told_when_asked_for() {
    let Marked { file, marks } = marked(
        "const lists = new Map();
         const f = ▸(k) => {
           if (!lists.has(k)) lists.set(k, []);
           lists.get(k).push(1);
         };
         function g(lists) { lists.set(1, 2); }",
    );
    let lines = |found: Vec<Addition>| {
        let found = found.iter().map(|a| a.site.position.line);
        found.collect::<Vec<_>>()
    };
    assert_eq!(lines(file.additions_inside("lists", marks[0])), [3]);
    assert_eq!(lines(file.additions("lists", marks[0])), [2]);
    assert_eq!(lines(file.additions_spelled("lists")), [2, 5]);
}

#[test]
fn private_fields_of_older_targets_are_entries_of_their_weak_maps() {
    for statement in [
        "__classPrivateFieldGet(this, _list, 'f').push(1)",
        "tslib_1.__classPrivateFieldGet(self, _list, 'f').push(1)",
        "__privateGet(this, _list)[key] = value",
        "_class_private_field_get(this, _list).set(key, value)",
        "_classPrivateFieldGet2(_list, this).push(1)",
    ] {
        let text = format!("var _list; function use▸() {{ {statement}; }} _list = new WeakMap();");
        let Marked { file, marks } = marked(&text);
        let found = file.additions_inside("_list", marks[0]);
        assert_eq!(found.len(), 1, "{statement}");
        assert!(!file.may_be_bounded("_list", marks[0]), "{statement}");
    }
    for statement in [
        "__classPrivateFieldGet(this, _list, 'f').shift()",
        "if (__classPrivateFieldGet(this, _list, 'f').size > max) drop()",
    ] {
        let text = format!("const _list = new WeakMap(); function use▸() {{ {statement}; }}");
        let Marked { file, marks } = marked(&text);
        assert!(file.may_be_bounded("_list", marks[0]), "{statement}");
    }
}

#[test]
fn what_is_taken_from_measured_or_written_in_a_circle_may_be_bounded() {
    for statement in [
        "all.delete(key)",
        "delete all[key]",
        "if (all.size > 100) drop()",
        "while (100 <= Object.keys(all).length) drop()",
        "all[n % 100] = value",
        "all.length = 0",
        "all = []",
        "all = all.slice(-100)",
        "const same = all; same.shift()",
    ] {
        let text = format!("let all = make(); function use▸() {{ {statement}; }}");
        let script = marked(&text);
        assert!(
            script.file.may_be_bounded("all", script.marks[0]),
            "{statement}"
        );
    }
    for statement in [
        "all.set(key, value)",
        "all[key] = value",
        "all = [...all, value]",
        "all = all.concat(value)",
        "all = { value, next: last }",
        "console.log(all.size)",
        "other.delete(key)",
        "for (const each of all) each.length = 0",
    ] {
        let text = format!("let all = make(); function use▸() {{ {statement}; }}");
        let script = marked(&text);
        assert!(
            !script.file.may_be_bounded("all", script.marks[0]),
            "{statement}"
        );
    }
}

#[test]
fn a_property_may_be_bounded_by_any_script_that_takes_from_it() {
    let cache = "class Cache { #all = new Map(); constructor() { this.list = []; }
        set(k, v) { if (this.#all.size >= this.max) this.#all.delete(first(this.#all)); } }";
    let script = SourceFile::parse(cache, "cache.js");
    assert!(script.member_may_be_bounded("#all"));
    assert!(!script.member_may_be_bounded("list"));
}

#[test]
fn variables_of_blocks_that_grow_are_found_from_the_closures_within() {
    let check = |text: &str, expected: &[&str]| {
        let marked = marked(text);
        let found = marked.file.grown_in_blocks(marked.marks[0]);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, expected, "{text}");
    };
    let worker = |mark_at: &str| {
        format!(
            "const outside = [];\n\
             if (isMain) {{ const other = []; other.push(1); }} else {{\n\
               const jobs = [], done = new Map(), fixed = [];\n\
               on('message', {mark_at}(job) => {{ const own = []; own.push(job); jobs.push(own); \
             done.set(job, fixed); outside.push(1); }});\n}}"
        )
    };
    check(&worker("▸"), &["jobs", "done"]);
    let text = "const all = [];\non('x', ▸() => all.push(1));";
    check(text, &[]);
    let text = "function f() { for (;;) { let list = []; on(▸() => list.push(1)); } }";
    check(text, &["list"]);
    check("not ( a text▸", &[]);
}
