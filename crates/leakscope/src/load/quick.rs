//! `leakscope load quick URL`: a script of one step, made up on the spot.

use scenario::Target;
use serde_json::json;

use super::conduct;
use super::script;
use crate::args::{QuickArgs, RunArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::scripts::Given;

pub(super) fn quick(args: &QuickArgs) -> Result<Exit, Failure> {
    let target = Target::parse(&args.url).map_err(|error| {
        Failure::new(Exit::Usage, format!("`{}` is no URL: {error}", args.url))
            .hint(Some("write it as in `http://127.0.0.1:8080/path`"))
    })?;
    let is_websocket = args.url.trim_start().to_ascii_lowercase().starts_with("ws");
    let (engine, step) = match is_websocket {
        true => ("ws", json!({"send": "hello"})),
        false => ("http", json!({"get": {"url": path_of(&args.url)}})),
    };
    let base = match is_websocket {
        true => target.to_string(),
        false => server_of(&args.url).to_owned(),
    };
    let script = json!({
        "config": {
            "target": base,
            "phases": [{"duration": 1, "arrivalCount": args.count}],
        },
        "scenarios": [{"engine": engine, "flow": [{"loop": [step], "count": args.num}]}],
    });
    let mut given = Given::of_text("quick", script.to_string());
    given.is_insecure = args.insecure;
    let run = RunArgs {
        output: args.output.clone(),
        quiet: args.quiet,
        log_sessions: None,
        metrics: None,
        segment: load::Segment::WHOLE,
        start_at: None,
    };
    let mut order = script::order_of(&given, None, false, &run)?;
    // All at once: the second that a phase must last is no part of what was asked.
    order.job.arrivals = scenario::Arrivals::paced(args.count, f64::INFINITY);
    conduct::conduct(order, &run)
}

/// A URL up to its path.
fn server_of(url: &str) -> &str {
    let from = url.find("://").map_or(0, |at| at + 3);
    match url[from..].starts_with("unix:") {
        true => match url[from + 5..].find(':') {
            Some(colon) => &url[..from + 5 + colon + 1],
            None => url,
        },
        false => match url[from..].find(['/', '?', '#']) {
            Some(at) => &url[..from + at],
            None => url,
        },
    }
}

/// A URL from its path on.
fn path_of(url: &str) -> String {
    let path = &url[server_of(url).len()..];
    match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_server_and_a_path() {
        for (url, server, path) in [
            ("http://a:1", "http://a:1", "/"),
            ("http://a:1/b?c=d/e", "http://a:1", "/b?c=d/e"),
            ("http://a?c", "http://a", "/?c"),
            (
                "http://unix:/run/x.sock:/b",
                "http://unix:/run/x.sock:",
                "/b",
            ),
            ("http://unix:/run/x.sock", "http://unix:/run/x.sock", "/"),
        ] {
            assert_eq!(
                (server_of(url), path_of(url).as_str()),
                (server, path),
                "{url}"
            );
        }
    }
}
