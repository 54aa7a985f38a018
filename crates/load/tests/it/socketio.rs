//! Socket.IO steps, against the real server of npm.

use crate::node_server::NodeServer;
use crate::server::{failure, run};

fn script(config: &str, flow: &str) -> String {
    format!(
        "config:\n  target: http://127.0.0.1:PORT\n  timeout: 2\n{config}scenarios:\n  - engine: socketio\n    flow:\n{flow}"
    )
}

const FLOW: &str = "
      - emit: {channel: echo, data: 'hi {{ n }}'}
        response: {channel: echoed, data: hi}
      - emit: [echo, {a: '{{ n }}'}, 2]
        response:
          on: echoed
          args: [{a: 7}, 2]
          capture: {json: '$.0.a', as: a}
      - emit: [ask, why]
        acknowledge: {data: {n: 2}, match: {value: 're: why'}, capture: {json: '$.1.n', as: two}}
      - emit: [in two]
        response: {on: part, data: two}
      - think: 0.7
      - emit: [echo, '{{ a }}{{ two }}']
        namespace: /admin
        acknowledge: {}
";

/// Every transport, with pings of the server in between.
#[tokio::test]
async fn events_go_and_come_over_every_transport() {
    // Nobody acknowledges `echo`.
    let flow = FLOW.replace(
        "        acknowledge: {}\n",
        "        response: {on: echoed}\n",
    );
    for (transports, first, then) in [
        ("[websocket]", "websocket", "websocket"),
        ("[polling]", "polling", "polling"),
        ("[polling, websocket]", "websocket", "websocket"),
    ] {
        let server = NodeServer::start("server.js", "/socket.io").await;
        let config = format!(
            "  variables: {{'n': 7}}\n  socketio: {{transports: {transports}, query: {{user: 'ada'}}, \
             extraHeaders: {{x-user: grace}}, auth: {{t: '{{{{ n }}}}'}}}}\n"
        );
        let outcome = run(&script(&config, &flow), server.port).await;
        let ledger = outcome.ledger();
        assert_eq!(ledger.completed, 1, "{transports} {ledger:?}");
        assert_eq!(outcome.tally.counter("socketio.emit"), 5);
        assert_eq!(outcome.tally.times["socketio.response_time"].count(), 5);
        let mut said = server.said().await;
        let closed = said.split_off(said.len() - 2);
        assert!(
            closed.iter().all(|line| line.starts_with("close /")),
            "{closed:?}"
        );
        let expected = [
            format!("open / ada grace {{\"t\":7}} {first}"),
            format!("echo / [\"hi 7\"] {then}"),
            format!("echo / [{{\"a\":7}},2] {then}"),
            format!("open /admin ada grace {{\"t\":7}} {then}"),
            format!("echo /admin [\"72\"] {then}"),
        ];
        assert_eq!(said, expected, "{transports}");
    }
}

#[tokio::test]
async fn what_does_not_come_or_is_not_right_fails_the_session() {
    let server = NodeServer::start("server.js", "/socket.io").await;
    for (step, cause) in [
        (
            "emit: [echo, x]\n        response: {on: never}",
            "response timeout",
        ),
        (
            "emit: [echo, x]\n        response: {on: echoed, data: y}",
            "data is not valid",
        ),
        (
            "emit: [echo, x]\n        acknowledge: {data: x}",
            "response timeout",
        ),
        (
            "emit: [ask, x]\n        acknowledge: {data: {n: 3}}",
            "data is not valid",
        ),
        (
            "emit: [ask, x]\n        acknowledge: {match: {value: x}}",
            "Failed match",
        ),
        ("emit: [echo, x]\n        namespace: /closed", "not for you"),
    ] {
        let script = script("", &format!("      - {step}\n"));
        assert_eq!(failure(&run(&script, server.port).await), cause, "{step}");
    }
}

#[tokio::test]
async fn requests_and_events_are_in_one_flow() {
    let server = NodeServer::start("server.js", "/own/path/").await;
    let flow = "
      - get: {url: /login, capture: {json: $.token, as: token}}
      - loop: [{emit: [echo, '{{ token }}{{ $loopCount }}']}]
        count: 2
      - emit: [ask, last]
        acknowledge: true
";
    let config = "  socketio: {path: /own/path}\n";
    let outcome = run(&script(config, flow), server.port).await;
    assert_eq!(outcome.ledger().completed, 1, "{:?}", outcome.ledger());
    let said = server.said().await;
    let expected = [
        "http /login",
        "echo / [\"t0k0\"] websocket",
        "echo / [\"t0k1\"] websocket",
    ];
    assert_eq!(said[1..4], expected);
}
