//! What a request is made of.

use std::io::Write;

use crate::server::{Seen, Server, answer, http_script, lines_of, run, run_in};

async fn seen(flow: &str) -> Vec<Seen> {
    seen_with("", flow).await
}

/// The requests of a flow, with more lines of `config`.
async fn seen_with(config: &str, flow: &str) -> Vec<Seen> {
    let server = Server::start(|_| answer(200, &[], "")).await;
    let script = http_script(flow).replace("scenarios:", &format!("{config}scenarios:"));
    let outcome = run(&script, server.port).await;
    assert_eq!(outcome.ledger().completed, 1, "{:?}", outcome.ledger());
    server.seen()
}

#[tokio::test]
async fn every_method_and_address_goes_out_as_written() {
    let lines = lines_of(
        "      - get: {url: '/a?b=1#c'}\n      - post: {url: /p}\n      - put: {uri: /p}\n\
         \x20     - patch: {url: /p}\n      - delete: {url: /p}\n      - head: {url: /p}\n\
         \x20     - options: {url: /p}\n      - purge: {url: /p}\n      - get: {url: 'x y'}\n\
         \x20     - get: {url: '{{ target }}/full'}\n\
         \x20     - get: {url: '/q?old=1', qs: {a: 'b c', n: [1, 2], e: 'é'}}\n",
    )
    .await;
    assert_eq!(
        lines,
        [
            "GET /a?b=1",
            "POST /p",
            "PUT /p",
            "PATCH /p",
            "DELETE /p",
            "HEAD /p",
            "OPTIONS /p",
            "PURGE /p",
            "GET /x%20y",
            "GET /full",
            "GET /q?a=b+c&n=1&n=2&e=%C3%A9",
        ]
    );
}

#[tokio::test]
async fn bodies_have_their_content_types() {
    let flow = "      - post: {url: /, json: {a: '{{ n }}', b: ['{{ s }}!', null]}}\n\
                \x20     - post: {url: /, body: 'plain {{ n }}'}\n\
                \x20     - post: {url: /, form: {a: 'b&c', n: '{{ n }}'}}\n\
                \x20     - post: {url: /, json: {a: 1}, headers: {Content-Type: application/vnd.x+json}}\n\
                \x20     - post: {url: /}\n";
    let config = "  variables: {n: 7, s: x}\n";
    let seen = seen_with(config, flow).await;
    let bodies: Vec<String> = seen.iter().map(Seen::text).collect();
    assert_eq!(
        bodies,
        [
            r#"{"a":7,"b":["x!",null]}"#,
            "plain 7",
            "a=b%26c&n=7",
            r#"{"a":1}"#,
            ""
        ]
    );
    let types: Vec<_> = seen.iter().map(|s| s.header("content-type")).collect();
    assert_eq!(
        types,
        [
            Some("application/json"),
            None,
            Some("application/x-www-form-urlencoded"),
            Some("application/vnd.x+json"),
            None
        ]
    );
}

#[tokio::test]
async fn headers_are_merged_whatever_their_capitals() {
    let config =
        "  http: {defaults: {headers: {X-A: default, X-B: '{{ n }}'}}}\n  variables: {n: 7}\n";
    let flow = "      - get: {url: /, headers: {x-a: own, x-none: '{{ nobody }}'}}\n\
                \x20     - get: {url: /, gzip: false, headers: {User-Agent: me}, auth: {user: u, pass: 'p{{ n }}'}}\n";
    let seen = seen_with(config, flow).await;
    assert_eq!(seen[0].header("x-a"), Some("own"));
    assert_eq!(seen[0].header("x-b"), Some("7"));
    assert_eq!(seen[0].header("x-none"), None);
    assert_eq!(seen[0].header("accept-encoding"), Some("gzip, deflate, br"));
    let agent = seen[0].header("user-agent").unwrap();
    assert!(agent.starts_with("leakscope/"), "{agent}");
    assert_eq!(seen[1].header("user-agent"), Some("me"));
    assert_eq!(seen[1].header("accept-encoding"), None);
    assert_eq!(seen[1].header("authorization"), Some("Basic dTpwNw=="));
    assert_eq!(seen[0].connection, seen[1].connection);
}

#[tokio::test]
async fn a_header_cannot_smuggle_another_one_in() {
    let server = Server::start(|_| answer(200, &[], "")).await;
    let flow = "      - get: {url: /, headers: {x: \"a\\r\\ny: b\"}}\n";
    let outcome = run(&http_script(flow), server.port).await;
    assert_eq!(outcome.ledger().failed, 1);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn cookies_are_kept_per_user() {
    let server = Server::start(|seen| match seen.line.as_str() {
        "GET /login" => answer(
            200,
            &[
                "set-cookie: id=1; Path=/; HttpOnly",
                "set-cookie: b=2; Path=/other",
            ],
            "",
        ),
        _ => answer(200, &[], ""),
    })
    .await;
    let flow = "      - get: {url: /}\n      - get: {url: /login}\n      - get: {url: /a}\n\
                \x20     - get: {url: /other/x, cookie: {c: '{{ n }}'}}\n";
    let script = http_script(flow).replace("scenarios:", "  variables: {n: 3}\nscenarios:");
    run_in(std::path::Path::new("."), &script, server.port, 2).await;
    let seen = server.seen();
    let cookies: Vec<_> = seen.iter().map(|s| s.header("cookie")).collect();
    let of_one = [None, None, Some("id=1"), Some("id=1; b=2; c=3")];
    assert_eq!(cookies, [of_one, of_one].concat());
    assert_ne!(seen[0].connection, seen[4].connection);
}

#[tokio::test]
async fn redirects_are_followed_as_browsers_do() {
    let server = Server::start(|seen| match seen.line.as_str() {
        "POST /see" => answer(303, &["location: /seen?x=1"], ""),
        "POST /keep" => answer(307, &["location: /kept"], ""),
        "GET /loop" => answer(302, &["location: loop"], ""),
        _ => answer(200, &[], ""),
    })
    .await;
    let flow = "      - post: {url: /see, json: {a: 1}}\n      - post: {url: /keep, body: b}\n\
                \x20     - post: {url: /see, followRedirect: false}\n      - get: {url: /loop}\n";
    let outcome = run(&http_script(flow), server.port).await;
    let lines = server.lines();
    let expected = [
        "POST /see",
        "GET /seen?x=1",
        "POST /keep",
        "POST /kept",
        "POST /see",
    ];
    assert_eq!(lines[..5], expected);
    assert_eq!(lines.len(), 5 + 11);
    let seen = server.seen();
    assert_eq!((seen[1].text(), seen[3].text()), ("".into(), "b".into()));
    assert_eq!(seen[1].header("content-type"), None);
    assert_eq!(
        crate::server::failure(&outcome),
        "redirected more than 10 times"
    );
    // Of a step's endpoint, only what it came to counts.
    let see = |code: u16| {
        let name = format!("plugins.metrics-by-endpoint./see.codes.{code}");
        outcome.tally.counter(&name)
    };
    assert_eq!(
        (see(200), see(303), outcome.tally.counter("http.codes.303")),
        (1, 1, 2)
    );
}

#[tokio::test]
async fn files_are_uploaded() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(folder.path().join("a.png")).unwrap();
    file.write_all(b"\x89PNG\r\n").unwrap();
    let server = Server::start(|_| answer(200, &[], "")).await;
    let flow = "      - post: {url: /, formData: {name: Ada, file: {fromFile: ./a.png}}}\n";
    let outcome = run_in(folder.path(), &http_script(flow), server.port, 1).await;
    assert_eq!(outcome.ledger().completed, 1);
    let seen = &server.seen()[0];
    let content_type = seen.header("content-type").unwrap();
    assert!(content_type.starts_with("multipart/form-data; boundary="));
    let body = seen.text();
    for part in [
        "name=\"name\"\r\n\r\nAda\r\n",
        "filename=\"a.png\"\r\ncontent-type: image/png",
    ] {
        assert!(body.contains(part), "{body}");
    }
}

#[tokio::test]
async fn payloads_are_dealt_in_order_and_cast() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "name,age\nAda,36\n\"Grace, H.\",85\n";
    std::fs::write(folder.path().join("users.csv"), csv).unwrap();
    let server = Server::start(|_| answer(200, &[], "")).await;
    let config = "  payload:\n    - {path: users.csv, fields: [name, age], order: sequence, skipHeader: true}\n\
                  \x20   - {path: users.csv, fields: [n, a], loadAll: true, name: all}\n";
    let flow = "      - post: {url: /, json: {name: '{{ name }}', age: '{{ age }}', first: '{{ all[1].n }}'}}\n";
    let script = http_script(flow).replace("scenarios:", &format!("{config}scenarios:"));
    run_in(folder.path(), &script, server.port, 3).await;
    let bodies: Vec<String> = server.seen().iter().map(Seen::text).collect();
    assert_eq!(
        bodies,
        [
            r#"{"name":"Ada","age":36,"first":"Ada"}"#,
            r#"{"name":"Grace, H.","age":85,"first":"Ada"}"#,
            r#"{"name":"Ada","age":36,"first":"Ada"}"#,
        ]
    );
}

#[tokio::test]
async fn the_environment_and_the_test_are_known() {
    let flow = "      - get: {url: '/{{ $env.COLOR }}/{{ $processEnvironment.COLOR }}/{{ $environment }}/{{ $testId }}'}\n\
                \x20     - get: {url: '/{{ $uuid }}'}\n      - get: {url: '/{{ $uuid }}'}\n\
                \x20     - get: {url: '/{{ $randomNumber(5,5) }}/{{ $randomString(4) }}'}\n";
    let seen = seen(flow).await;
    assert_eq!(seen[0].line, "GET /red/red/test/t1");
    assert_eq!(seen[1].line, seen[2].line);
    assert_eq!(seen[1].line.len(), "GET /".len() + 36);
    assert_eq!(seen[3].line.len(), "GET /5/abcd".len());
}

#[tokio::test]
async fn every_request_can_have_a_trace() {
    let config = "  http: {distributedTracing: {traceIdPrefix: 'beef', sampled: false}}\n";
    let seen = seen_with(config, "      - get: {url: /}\n      - get: {url: /}\n").await;
    let traces: Vec<&str> = seen
        .iter()
        .map(|s| s.header("traceparent").unwrap())
        .collect();
    assert_ne!(traces[0], traces[1]);
    for trace in traces {
        assert!(
            trace.starts_with("00-beef") && trace.ends_with("-00"),
            "{trace}"
        );
        assert_eq!(trace.len(), 55);
    }
}
