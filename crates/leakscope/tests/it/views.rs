//! Tables from snapshots on disk, checked against what the run is known to have done.

use std::path::Path;
use std::process::Command;

pub(crate) fn leakscope(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_leakscope"))
        .args(args)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

pub(crate) fn answer(args: &[&str]) -> String {
    let (code, stdout, stderr) = leakscope(args);
    assert_eq!(code, Some(0), "{args:?}: {stderr}");
    stdout
}

/// The views on the snapshots of the leaking calculator, whose last round ran 307 sessions.
pub(crate) fn check_views(run: &Path) {
    let file = |name: &str| run.join(name).to_str().unwrap().to_owned();
    let (base, last) = (
        file("3-round-2.heapsnapshot"),
        file("4-round-3.heapsnapshot"),
    );

    let diff: serde_json::Value =
        serde_json::from_str(&answer(&["diff", &base, &last, "--json"])).unwrap();
    let classes = diff["classes"].as_array().unwrap();
    let sockets = classes.iter().find(|c| c["class"] == "WebSocket").unwrap();
    assert_eq!(
        (&sockets["new"], &sockets["deleted"]),
        (&307.into(), &0.into())
    );
    let table = answer(&["diff", &base, &last]);
    assert!(table.lines().next().unwrap().contains("# Delta"), "{table}");

    let summary: serde_json::Value =
        serde_json::from_str(&answer(&["summary", &last, "--json"])).unwrap();
    let classes = summary["classes"].as_array().unwrap();
    let sockets = classes.iter().find(|c| c["class"] == "WebSocket").unwrap();
    let n_nodes = summary["nodes"].as_u64().unwrap();
    assert!(sockets["count"].as_u64().unwrap() >= 619, "{sockets}");
    let page = answer(&["summary", &last, "--top", "3"]);
    let rest = format!("… and {} more classes", classes.len() - 3);
    assert!(page.contains(&rest), "`{rest}` is not in {page}");

    let retainers = answer(&["retainers", &last, "WebSocket"]);
    for words in [
        "WebSocket @",
        "Retaining path",
        "clients \u{2192} Array @",
        "Retainers",
    ] {
        assert!(retainers.contains(words), "`{words}` is not in {retainers}");
    }
    assert_eq!(answer(&["nodes", &last]).lines().count() as u64, n_nodes);
    check_refusals(&last);
}

fn check_refusals(snapshot: &str) {
    let (code, _, stderr) = leakscope(&["retainers", snapshot, "WebSock"]);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("did you mean `") && stderr.contains("WebSocket"),
        "{stderr}"
    );
    // V8's ids of objects are odd.
    let (code, _, stderr) = leakscope(&["retainers", snapshot, "@4"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("no object `@4`"), "{stderr}");

    let dir = tempfile::TempDir::new().unwrap();
    let cut = dir.path().join("cut.heapsnapshot");
    let whole = std::fs::read(snapshot).unwrap();
    for share in [0, 1, 4, 9] {
        std::fs::write(&cut, &whole[..whole.len() * share / 10]).unwrap();
        let (code, stdout, stderr) = leakscope(&["summary", cut.to_str().unwrap()]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(
            stderr.contains("cut.heapsnapshot") && stderr.contains("hint: "),
            "{stderr}"
        );
    }
}

#[test]
fn files_that_are_no_snapshots_are_refused_with_their_name() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("x.heapsnapshot");
    for text in ["", "{}", "[1,2]", "not a snapshot", "\u{1f}\u{8b}"] {
        std::fs::write(&path, text).unwrap();
        let (code, _, stderr) = leakscope(&["summary", path.to_str().unwrap()]);
        assert_eq!(code, Some(2), "{text}: {stderr}");
        assert!(stderr.contains("x.heapsnapshot"), "{stderr}");
    }
    let (code, _, stderr) = leakscope(&["summary", "/nonexistent.heapsnapshot"]);
    assert_eq!(code, Some(2), "{stderr}");
    let (code, _, stderr) = leakscope(&["summary", dir.path().to_str().unwrap()]);
    assert_eq!(code, Some(2), "{stderr}");
}
