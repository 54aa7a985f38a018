//! What a load script does once around its sessions, in a hunt.

use crate::harness::Hunt;

/// Prints the path of every request that is not a session's.
const LISTING: &str = "require('node:http').createServer((request, response) => {
        if (request.url !== '/') console.log(`asked for ${request.url}`);
        response.end('ok');
    }).listen(process.env.PORT, '127.0.0.1');";

#[test]
fn before_and_after_are_performed_once_and_the_verdict_does_not_hang_on_them() {
    let hunt = Hunt::on(&["node", "-e", LISTING])
        .http_load()
        .arg("--sessions=11")
        .arg("--rounds=2");
    let script = serde_json::json!({
        "config": {"target": "http://127.0.0.1:1", "phases": [{"duration": 1, "arrivalRate": 50}]},
        "before": {"flow": [{"get": {"url": "/before", "capture": {"regexp": "(.*)", "as": "said"}}}]},
        "scenarios": [{"flow": [{"get": {"url": "/"}}]}],
        "after": {"flow": [
            {"get": {"url": "/after/{{ said }}"}},
            {"get": {"url": "/", "match": {"regexp": ".*", "value": "something else"}}},
        ]},
    });
    std::fs::write(hunt.dir.path().join("http.json"), script.to_string()).unwrap();
    let done = hunt.run();
    assert!(matches!(done.code, Some(0 | 3)), "{}", done.stderr);
    let log = std::fs::read_to_string(hunt.run_dir().join("service.log")).unwrap();
    let asked: Vec<&str> = log
        .lines()
        .filter_map(|l| l.strip_prefix("asked for "))
        .collect();
    assert_eq!(asked, ["/before", "/after/ok"]);
    let warning = "warning: `after` of the script failed: ";
    assert!(done.stderr.contains(warning), "{}", done.stderr);
    hunt.check_nothing_is_left();
}
