//! The order and the number of steps.

use std::time::{Duration, Instant};

use crate::server::{Server, answer, failure, http_script, json, lines_of, run, run_heard};
use load::ProcessorKind;

#[tokio::test]
async fn loops_count_as_in_artillery() {
    let lines = lines_of(
        "
      - loop: [{get: {url: '/a{{ $loopCount }}'}}]
        count: 2
      - loop: [{get: {url: '/b{{ $loopCount }}'}}]
        count: 3-5
      - loop: [{get: {url: '/c{{ $loopElement }}'}}]
        over: [x, y]
      - loop: [{loop: [{get: {url: '/d{{ i }}{{ $loopCount }}'}}], count: 2}]
        count: 2
        loopValue: i
      - loop: [{get: {url: /never}}]
        over: nobody
      - loop: [{get: {url: '/e{{ $loopCount }}'}}]
        whileTrue: $loopCount < 2
      - get: {url: '/{{ $loopCount }}'}
",
    )
    .await;
    let expected = [
        "/a0", "/a1", "/b3", "/b4", "/cx", "/cy", "/d00", "/d01", "/d10", "/d11", "/e0", "/e1",
        "/2",
    ];
    assert_eq!(lines, expected.map(|path| format!("GET {path}")));
}

#[tokio::test]
async fn a_loop_goes_over_what_was_captured() {
    let server = Server::start(|_| json(r#"{"items": [{"id": 1}, {"id": 2}]}"#)).await;
    let flow = "
      - get: {url: /, capture: {json: $.items, as: items}}
      - loop: [{get: {url: '/{{ $loopElement.id }}'}}]
        over: items
      - loop: [{get: {url: '/x{{ item.id }}'}}]
        over: '{{ items }}'
        loopElement: item
";
    run(&http_script(flow), server.port).await;
    assert_eq!(
        server.lines()[1..],
        ["GET /1", "GET /2", "GET /x1", "GET /x2"]
    );
}

#[tokio::test]
async fn conditions_and_chance_leave_requests_out() {
    let lines = lines_of(
        "
      - get: {url: /no, ifTrue: nobody}
      - get: {url: /yes, ifTrue: 'target ~= \"http\" and 1 < 2'}
      - get: {url: /never, probability: 0}
      - get: {url: /always, probability: 100}
      - - get: {url: /nested}
        - [{get: {url: /deeper}}]
",
    )
    .await;
    let expected = ["GET /yes", "GET /always", "GET /nested", "GET /deeper"];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn half_a_chance_is_taken_half_the_time() {
    let flow = "      - loop: [{get: {url: /, probability: 50}}]\n        count: 400\n";
    let taken = lines_of(flow).await.len();
    assert!((140..260).contains(&taken), "{taken}");
}

#[tokio::test]
async fn steps_in_parallel_have_the_same_variables_and_leave_theirs() {
    let server = Server::start(|seen| json(&format!(r#"{{"id": "{}"}}"#, &seen.line[5..]))).await;
    let flow = "
      - parallel:
          - get: {url: '/a', capture: {json: $.id, as: a}}
          - get: {url: '/b', capture: {json: $.id, as: b}}
        limit: 2
      - get: {url: '/{{ a }}{{ b }}'}
";
    let outcome = run(&http_script(flow), server.port).await;
    assert_eq!(outcome.ledger().completed, 1, "{:?}", outcome.ledger());
    let seen = server.seen();
    assert_eq!(seen[2].line, "GET /ab");
    assert_ne!(seen[0].connection, seen[1].connection);
}

#[tokio::test]
async fn a_pause_is_kept_and_can_be_filled_in() {
    let server = Server::start(|_| answer(200, &[], "")).await;
    let script = http_script("      - think: '{{ pause }}'\n      - think: 0.05\n");
    let script = script.replace("scenarios:", "  variables: {pause: 50ms}\nscenarios:");
    let began = Instant::now();
    assert_eq!(run(&script, server.port).await.ledger().completed, 1);
    assert!(began.elapsed() >= Duration::from_millis(100));
    let nonsense = script.replace("50ms", "soon");
    let cause = failure(&run(&nonsense, server.port).await);
    assert_eq!(cause, "`soon` is no span of time to think");
}

#[tokio::test]
async fn before_and_after_run_once_and_share_what_they_capture() {
    let server = Server::start(|_| json(r#"{"token": "t0k"}"#)).await;
    let script = "
config: {target: 'http://127.0.0.1:PORT'}
before: {flow: [{post: {url: /login, capture: {json: $.token, as: token}}}]}
after: {flow: [{get: {url: '/logout/{{ token }}'}}]}
scenarios: [{flow: [{get: {url: '/{{ token }}'}}, {log: 'has {{ token }}'}]}]
";
    let here = std::path::Path::new(".");
    let (outcome, heard) = run_heard(here, script, server.port, 2, ProcessorKind::Embedded).await;
    let lines = ["POST /login", "GET /t0k", "GET /t0k", "GET /logout/t0k"];
    assert_eq!(server.lines(), lines);
    assert_eq!(outcome.tally.counter("http.requests"), 2);
    assert_eq!(heard, ["has t0k", "has t0k"]);
}

#[tokio::test]
async fn what_a_server_does_wrong_is_counted_under_its_name() {
    let flow = "      - get: {url: /}\n";
    // Nobody listens where a listener has just gone.
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    assert_eq!(
        failure(&run(&http_script(flow), gone).await),
        "ECONNREFUSED"
    );
    let nowhere = "      - get: {url: 'ftp://x/'}\n";
    let cause = failure(&run(&http_script(nowhere), gone).await);
    assert!(cause.contains("is no URL"), "{cause}");
}
