//! WebSocket steps, against a server that answers each message in its way.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_websockets::{Message, ServerBuilder};

use crate::node_server::NodeServer;
use crate::server::{failure, run};

type Log = Arc<Mutex<Vec<String>>>;

/// A server that answers `MESSAGE` with the lines that `answers` makes of it, and logs the requests
/// and the messages.
async fn server(answers: fn(&str) -> Vec<String>) -> (u16, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let log = Log::default();
    let all = Arc::clone(&log);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let all = Arc::clone(&all);
            tokio::spawn(async move {
                let (request, mut socket) = ServerBuilder::new().accept(stream).await.unwrap();
                let header = |name: &str| {
                    let value = request.headers().get(name);
                    value
                        .map(|v| v.to_str().unwrap().to_owned())
                        .unwrap_or_default()
                };
                let opened = format!(
                    "{} [{}] [{}]",
                    request.uri().path(),
                    header("x-user"),
                    header("sec-websocket-protocol")
                );
                all.lock().unwrap().push(opened);
                while let Some(Ok(message)) = socket.next().await {
                    let Some(text) = message.as_text() else {
                        continue;
                    };
                    all.lock().unwrap().push(text.to_owned());
                    for answer in answers(text) {
                        socket.send(Message::text(answer)).await.unwrap();
                    }
                }
            });
        }
    });
    (port, log)
}

fn script(config: &str, flow: &str) -> String {
    format!(
        "config:\n  target: ws://127.0.0.1:PORT\n  timeout: 1\n{config}scenarios:\n  - engine: ws\n    flow:\n{flow}"
    )
}

fn echo(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

#[tokio::test]
async fn messages_go_out_as_written() {
    let (port, log) = server(echo).await;
    let flow = "
      - send: '1'
      - send: 2
      - send: {a: '{{ n }}', b: [true]}
      - send: 'x{{ n }}'
      - loop: [{send: 'l{{ $loopCount }}'}]
        count: 2
      - think: 0.02
";
    let outcome = run(&script("  variables: {n: 7}\n", flow), port).await;
    let ledger = outcome.ledger();
    assert_eq!(
        (
            ledger.completed,
            ledger.messages_sent,
            ledger.messages_received
        ),
        (1, 6, 6)
    );
    let expected = [
        "/ [] []",
        "1",
        "2",
        r#"{"a":7,"b":[true]}"#,
        "x7",
        "l0",
        "l1",
    ];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[tokio::test]
async fn an_answer_is_waited_for_among_others() {
    let (port, log) = server(|text| {
        vec![
            r#"{"type": "noise"}"#.into(),
            format!(r#"{{"type": "answer", "of": "{text}"}}"#),
        ]
    })
    .await;
    let flow = "
      - send:
          payload: a
          match: {json: $.type, value: answer}
          capture: {json: $.of, as: of}
      - send: 'got {{ of }}'
      - wait: {match: {json: $.of, value: got a}, capture: {json: $.type, as: type}}
      - send: '{{ type }}'
";
    let outcome = run(&script("", flow), port).await;
    let ledger = outcome.ledger();
    assert_eq!(ledger.completed, 1, "{ledger:?}");
    assert_eq!(log.lock().unwrap()[1..], ["a", "got a", "answer"]);
    assert_eq!(outcome.tally.times["websocket.response_time"].count(), 1);
}

#[tokio::test]
async fn an_answer_that_does_not_come_fails_the_session() {
    let (port, _) = server(echo).await;
    let wrong = "      - send: {payload: '{\"a\": 1}', match: {json: $.a, value: 2}}\n";
    let cause = failure(&run(&script("", wrong), port).await);
    assert_eq!(cause, "Failed capture or match");
    let nothing = "      - wait: {capture: {json: $.a, as: a}}\n";
    assert_eq!(
        failure(&run(&script("", nothing), port).await),
        "response timeout"
    );
}

#[tokio::test]
async fn connections_are_opened_as_the_script_says() {
    let (port, log) = server(|_| Vec::new()).await;
    let config = "  ws: {headers: {X-User: '{{ who }}', Sec-WebSocket-Protocol: 'a, b'}}\n  variables: {who: ada}\n";
    for (connect, opened) in [
        ("", "/ [ada] [a, b]"),
        (
            "      - connect: '{{ target }}/{{ who }}'\n",
            "/ada [ada] [a, b]",
        ),
        (
            "      - connect: {headers: {X-User: other}}\n",
            "/ [other] [a, b]",
        ),
        (
            "      - connect: {target: 'ws://127.0.0.1:PORT/x', subprotocols: [c]}\n",
            "/x [ada] [c]",
        ),
    ] {
        log.lock().unwrap().clear();
        let flow = format!("{connect}      - send: hi\n");
        // The server picks no protocol, which a client may live with.
        let outcome = run(&script(config, &flow), port).await;
        assert_eq!(log.lock().unwrap()[0], opened, "{:?}", outcome.ledger());
    }
}

#[tokio::test]
async fn a_function_may_say_how_to_connect() {
    let (port, log) = server(|_| Vec::new()).await;
    let folder = tempfile::tempdir().unwrap();
    let code = "exports.how = (params, context, done) => { params.target += '/by-function'; \
                params.options.headers = {'X-User': 'f'}; context.vars.x = 'set'; return done(); }";
    std::fs::write(folder.path().join("f.js"), code).unwrap();
    let flow = "      - connect: {function: how}\n      - send: '{{ x }}'\n";
    let script = script("  processor: f.js\n", flow);
    crate::server::run_in(folder.path(), &script, port, 1).await;
    assert_eq!(*log.lock().unwrap(), ["/by-function [f] []", "set"]);
}

/// Sends messages to npm's `ws`, which compresses every one by these options, and wants them back.
async fn check_compression(options: &str, agreed: &str) {
    let server = NodeServer::start("deflate.js", options).await;
    let long = "long ".repeat(50_000);
    let flow = format!(
        "
      - loop:
          - send: {{payload: 'again and again and again', match: {{regexp: '^again and again and again$', value: 'again and again and again'}}}}
        count: 3
      - send: {{payload: '{long}', match: {{regexp: '^long long .* long $', value: '{long}'}}}}
      - send: {{payload: 'ab', match: {{regexp: '^ab$', value: 'ab'}}}}
"
    );
    let config = "  ws: {perMessageDeflate: true}\n";
    let outcome = run(&script(config, &flow), server.port).await;
    let ledger = outcome.ledger();
    let counts = (
        ledger.completed,
        ledger.messages_sent,
        ledger.messages_received,
    );
    assert_eq!(counts, (1, 5, 5), "{options}: {ledger:?}");
    let again = "message 25 again and ag";
    let expected = [
        &format!("open {agreed}"),
        again,
        again,
        again,
        "message 250000 long long lo",
        "message 2 ab",
        "close 1000",
    ];
    assert_eq!(server.said().await, expected, "{options}");
}

#[tokio::test]
async fn messages_are_compressed_as_npm_s_ws_does() {
    check_compression("{}", "permessage-deflate").await;
    for (option, agreed) in [
        (
            r#"{"serverNoContextTakeover": true}"#,
            "server_no_context_takeover",
        ),
        (
            r#"{"clientNoContextTakeover": true}"#,
            "client_no_context_takeover",
        ),
        (
            r#"{"serverMaxWindowBits": 10}"#,
            "server_max_window_bits=10",
        ),
    ] {
        check_compression(option, &format!("permessage-deflate; {agreed}")).await;
    }
}
