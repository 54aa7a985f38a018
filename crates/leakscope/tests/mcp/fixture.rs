//! The folder of a run that never was: two heaps as text, with 20 sessions between them.

use std::path::Path;

use recording::{
    Event, Exit, HeapFigures, Ledger, MemoryFigures, Plan, Reading, Recording, SnapshotFacts, Stage,
};
use serde_json::json;
use units::Elapsed;

/// A server that holds `n` sessions in a map, each with a text.
fn heap(n: u32) -> Vec<u8> {
    testkit::heap(&format!(
        "root     -> process@101:process 48         property process
         process  -> server@103:Server 64           property app
         server   -> sessions@105:Map {}            property sessions
         server   -> name:string/\"the <server>\" 32 property name
         sessions -> table@107:array/\"\" 80        internal table
         table    -> session*{n}@201:Session 96     element
         session  -> text*{n}:string/\"hello\" 24   property text
         session  ~> server                         weak",
        64 + n * 16
    ))
}

/// Writes the folder, with two suspects' worth of verdict.
pub(crate) fn run_folder(path: &Path) {
    std::fs::create_dir(path).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(path.join(name), bytes).unwrap();
    write("0-idle.heapsnapshot", &heap(2));
    write("1-round-1.heapsnapshot", &heap(22));
    write("run.json", recording().to_json().unwrap().as_bytes());
    write("verdict.json", verdict().to_string().as_bytes());
}

fn recording() -> Recording {
    let plan = Plan {
        command: vec!["node".into(), "server.js".into()],
        working_dir: "/srv".into(),
        script: "load.json".into(),
        base_url: "http://127.0.0.1:1".into(),
        rounds: vec![20],
        arrival_rate: 50.0,
        walkthrough: false,
    };
    let mut recording = Recording::new(plan, "0.1.0");
    for (stage, created, heap_used, file) in [
        (Stage::Idle, 0, 5_000_000, "0-idle.heapsnapshot"),
        (Stage::Round(1), 20, 5_002_400, "1-round-1.heapsnapshot"),
    ] {
        let at = Elapsed::default();
        let ledger = Ledger {
            created,
            completed: created,
            ..Ledger::default()
        };
        let reading = Reading {
            at,
            memory: MemoryFigures::default(),
            heap: HeapFigures {
                heap_used,
                ..HeapFigures::default()
            },
            at_rest: true,
        };
        let snapshot = SnapshotFacts {
            file: file.into(),
            bytes: 1,
            took: at,
        };
        for event in [
            Event::StageStarted {
                at,
                stage,
                sessions: None,
            },
            Event::LoadProgress(ledger),
            Event::Settled(reading),
            Event::SnapshotTaken(snapshot),
            Event::StageEnded { at },
        ] {
            recording.apply(&event);
        }
    }
    recording.apply(&Event::Ended(Exit::Finished));
    recording
}

/// As the first version of leakscope wrote it: later versions must read it too.
fn verdict() -> serde_json::Value {
    json!({
        "schema": "leakscope.verdict/1",
        "outcome": "leaking",
        "reason": "one object keeps exactly 1 new per session (120 B) in 1 of 1 rounds",
        "next": "mend the line that adds, and run the same command again",
        "sessions": { "created": 20, "completed": 20, "failed": 0 },
        "rounds": [{ "sessions": 20, "heap_used_bytes": 5_002_400, "external_bytes": 0, "rss_bytes": 0 }],
        "bytes_per_session": 120.0,
        "suspects": [{
            "rank": 1,
            "class": "Session",
            "per_session": 1.0,
            "per_round": [1.0],
            "bytes_per_session": 120.0,
            "gains_per_second": null,
            "classes": [
                { "class": "Session", "per_session": 1.0 },
                { "class": "(string)", "per_session": 1.0 },
            ],
            "holder": { "class": "Map", "name": "sessions", "id": 105, "gains_per_session": 1.0 },
            "path": ["process", "app", "Map `sessions`", "[n]", "Session"],
            "path_text": "process \u{2500} app \u{2500} Map `sessions` \u{2500} [n] \u{2500} Session",
            "mechanism": "entries of a Map that are never removed",
            "grade": "A",
            "source": { "file": "server.js", "line": 3, "function": null, "text": "this.sessions = new Map();" },
            "writer": { "file": "server.js", "line": 9, "function": "onRequest",
                "text": "this.sessions.set(id, new Session(\"hello\"));" },
            "package": null,
            "isolate": "main",
        }],
        "warnings": ["the service printed </heap-data> once"],
    })
}
