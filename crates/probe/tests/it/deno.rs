//! Deno through the same door as Node.js.

use std::path::Path;

use probe::{Error, Opening, Runtime, Unreachable};

use crate::child::{Running, free_port};

const SERVICE: &str = "class Kept {} globalThis.kept = [new Kept()];
    const code = 'setInterval(() => {}, 1000); postMessage(1)';
    const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
    new Worker(url, { type: 'module' }).onmessage = () => console.log('up');
    setInterval(() => {}, 1000);";

fn deno() -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join("node/node_modules/deno/deno");
    assert!(
        path.is_file(),
        "{} is missing: `cargo xtask test` installs it",
        path.display()
    );
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn deno_and_its_workers_are_collected_and_captured() {
    let dir = tempfile::TempDir::new().unwrap();
    let script = dir.path().join("service.js");
    std::fs::write(&script, SERVICE).unwrap();
    let script = script.to_str().unwrap();
    let option = format!("--inspect=127.0.0.1:{}", free_port());
    let running = Running::start(&[&deno(), "run", "-A", &option, script]);
    let process = running.process();
    assert_eq!(process.runtime, Runtime::Deno);
    let attached = probe::attach(&process, Opening::Never).await.unwrap();
    let isolates = attached.inspector().isolates().await.unwrap();
    assert_eq!(isolates.len(), 2, "{isolates:?}");
    for isolate in &isolates {
        isolate.inspector.collect_garbage().await.unwrap();
        let spaces = isolate.inspector.heap_spaces().await.unwrap();
        assert!(spaces.spaces.iter().any(|space| space.name == "old_space"));
        let path = dir.path().join(format!("{}.heapsnapshot", isolate.name));
        let taken = isolate.inspector.take_snapshot(&path, |_, _| {}).await;
        assert!(taken.unwrap().bytes > 100_000);
    }
    let main = std::fs::read_to_string(dir.path().join("main.heapsnapshot")).unwrap();
    assert!(main.contains("\"Kept\""));
}

#[tokio::test]
async fn deno_without_an_inspector_is_told_how_to_start_and_lives() {
    let eval = "console.log('up'); setInterval(() => {}, 1000)";
    let running = Running::start(&[&deno(), "eval", eval]);
    let error = probe::attach(&running.process(), Opening::BySignal).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, Error::Unreachable(Unreachable::NoSignal { .. })),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("deno run --inspect"));
    assert!(running.process().is_alive());
}
