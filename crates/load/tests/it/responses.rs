//! What is made of responses: captures, matches, expectations, metrics by endpoint.

use std::io::Write;

use crate::server::{Server, answer, failure, http_script, json, run};

#[tokio::test]
async fn what_is_captured_is_filled_in_later() {
    let server = Server::start(|seen| match seen.line.as_str() {
        "GET /json" => json(r#"{"user": {"id": 7, "name": "Ada"}, "list": [1, 2]}"#),
        "GET /html" => answer(
            200,
            &["content-type: text/html", "X-Token: t0k"],
            "<form><input name=csrf value=abc></form><p>code: 42</p>",
        ),
        "GET /xml" => answer(
            200,
            &["content-type: text/xml"],
            "<o><i id='1'/><i id='2'/></o>",
        ),
        _ => answer(200, &[], ""),
    })
    .await;
    let flow = "
      - get:
          url: /json
          capture:
            - {json: $.user.id, as: id}
            - {json: $.list, as: list}
            - {json: '$.user', as: user.copy}
      - get:
          url: /html
          capture:
            - {selector: 'input[name=csrf]', attr: value, as: csrf}
            - {regexp: 'code: (\\d+)', group: 1, as: code}
            - {header: x-token, as: token}
      - get: {url: /xml, capture: {xpath: '//i[2]/@id', as: second}}
      - post: {url: '/{{ id }}/{{ csrf }}/{{ code }}/{{ token }}/{{ second }}', json: {list: '{{ list }}', n: '{{ user.copy.name }}'}}
";
    let outcome = run(&http_script(flow), server.port).await;
    assert_eq!(outcome.ledger().completed, 1, "{:?}", outcome.ledger());
    let last = server.seen().pop().unwrap();
    assert_eq!(last.line, "POST /7/abc/42/t0k/2");
    assert_eq!(last.text(), r#"{"list":[1,2],"n":"Ada"}"#);
}

#[tokio::test]
async fn compressed_bodies_are_looked_into() {
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zlib = |text: &str| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let server = Server::start(move |seen| match seen.line.as_str() {
        "GET /gzip" => answer(200, &["content-encoding: gzip"], gzip(r#"{"a": 1}"#)),
        "GET /deflate" => answer(200, &["content-encoding: deflate"], zlib(r#"{"a": 2}"#)),
        // `{"a": 3}` as Node's `brotliCompressSync` writes it.
        "GET /br" => answer(
            200,
            &["content-encoding: br"],
            b"\x8b\x03\x80{\"a\": 3}\x03".to_vec(),
        ),
        _ => answer(200, &[], ""),
    })
    .await;
    let flow = "
      - get: {url: /gzip, capture: {json: $.a, as: g}}
      - get: {url: /deflate, capture: {json: $.a, as: d}}
      - get: {url: /br, capture: {json: $.a, as: b}}
      - get: {url: '/{{ g }}{{ d }}{{ b }}'}
";
    let outcome = run(&http_script(flow), server.port).await;
    assert_eq!(outcome.ledger().completed, 1, "{:?}", outcome.ledger());
    assert_eq!(server.lines().pop().unwrap(), "GET /123");
}

#[tokio::test]
async fn a_capture_that_finds_nothing_fails_the_session_if_it_is_strict() {
    let server = Server::start(|_| json(r#"{"a": 1, "empty": ""}"#)).await;
    let strict = "      - get: {url: /, capture: {json: $.b, as: b}}\n      - get: {url: /next}\n";
    let outcome = run(&http_script(strict), server.port).await;
    assert_eq!(failure(&outcome), "Failed capture or match");
    assert_eq!(server.lines().len(), 1);
    let empty = strict.replace("$.b", "$.empty");
    assert_eq!(
        run(&http_script(&empty), server.port).await.ledger().failed,
        1
    );
    let lax = strict.replace("as: b", "as: b, strict: false");
    assert_eq!(
        run(&http_script(&lax), server.port)
            .await
            .ledger()
            .completed,
        1
    );
    let script = http_script(strict);
    let script = script.replace(
        "scenarios:",
        "  http: {defaults: {strictCapture: false}}\nscenarios:",
    );
    assert_eq!(run(&script, server.port).await.ledger().completed, 1);
}

#[tokio::test]
async fn a_match_that_does_not_hold_fails_the_session() {
    let server = Server::start(|_| json(r#"{"a": 1, "s": "x"}"#)).await;
    for (matching, completes) in [
        ("{json: $.a, value: 1}", true),
        ("{json: $.a, value: '{{ one }}'}", true),
        ("{json: $.a, value: '1'}", false),
        ("{json: $.a, value: 2}", false),
        ("{json: $.a, value: 2, strict: false}", true),
        ("[{json: $.a, value: 1}, {json: $.s, value: y}]", false),
        ("{regexp: '\"s\": \"(.)\"', group: 1, value: x}", true),
    ] {
        let flow = format!("      - get: {{url: /, match: {matching}}}\n");
        let script = http_script(&flow).replace("scenarios:", "  variables: {one: 1}\nscenarios:");
        let ledger = run(&script, server.port).await.ledger();
        assert_eq!(ledger.completed, u64::from(completes), "{matching}");
    }
}

#[tokio::test]
async fn expectations_are_counted_and_may_fail_sessions() {
    let server = Server::start(|_| json(r#"{"a": 1}"#)).await;
    let flow = "
      - get:
          url: /x
          expect:
            - statusCode: [200, 201]
            - contentType: json
            - hasProperty: a
            - statusCode: 404
      - get: {url: /y}
";
    let with = |options: &str| {
        let plugin = format!("  plugins: {{expect: {options}}}\nscenarios:");
        http_script(flow).replace("scenarios:", &plugin)
    };
    let outcome = run(&with("{}"), server.port).await;
    assert_eq!(outcome.ledger().completed, 1);
    let counter = |name: &str| outcome.tally.counter(name);
    assert_eq!(counter("plugins.expect.ok"), 3);
    assert_eq!(counter("plugins.expect.failed"), 1);
    assert_eq!(counter("plugins.expect.ok.statusCode"), 1);
    assert_eq!(counter("plugins.expect.failed.statusCode"), 1);
    let strict = with("{reportFailuresAsErrors: true, expectDefault200: true}");
    let cause = failure(&run(&strict, server.port).await);
    let expected = format!(
        "Failed expectations for request http://127.0.0.1:{}/x",
        server.port
    );
    assert_eq!(cause, expected);
}

#[tokio::test]
async fn each_endpoint_has_its_metrics() {
    let server =
        Server::start(|_| answer(200, &["server-timing: db;dur=1, total;dur=12.5"], "")).await;
    let flow = "
      - loop: [{get: {url: '/item/{{ $loopCount }}?q=1'}}]
        count: 3
      - get: {url: /named, name: the name}
";
    let outcome = run(&http_script(flow), server.port).await;
    let namespace = "plugins.metrics-by-endpoint";
    let counter = |name: &str| outcome.tally.counter(&format!("{namespace}.{name}"));
    assert_eq!(counter("/item/{{ $loopCount }}.codes.200"), 3);
    assert_eq!(counter("/named (the name).codes.200"), 1);
    let timing = &outcome.tally.times[&format!("{namespace}.server-timing./named (the name)")];
    assert_eq!(timing.count(), 1);
}

#[tokio::test]
async fn minigun_s_last_body_and_transform_work() {
    let server = Server::start(|_| json(r#"{"name": "ada", "n": 2}"#)).await;
    let script = r#"{ "config": { "target": "http://127.0.0.1:PORT" },
	"scenarios": [{ "flow": [
		{ "get": { "url": "/", "capture": { "json": "$.name", "as": "name", "transform": "this.name.toUpperCase()" } } },
		{ "get": { "url": "/{{ name }}/{{ $.n }}" } }
	] }] }"#;
    let outcome = run(script, server.port).await;
    assert_eq!(outcome.ledger().completed, 1, "{:?}", outcome.ledger());
    assert_eq!(server.lines()[1], "GET /ADA/2");
}
