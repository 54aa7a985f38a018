//! `cargo xtask corpus [--node PROGRAM] [NAME…]`: leakscope against small services of which the
//! truth is known, and the score.
//!
//! Owns the comparison of a verdict with `truth.json`; see `crates/testkit/services/README.md`.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::steps::{self, Result, cargo, root, say, step, target};

/// What a figure per session may be off by, as part of it.
const TOLERANCE: f64 = 0.02;

/// One service for every rule that decides or asks for more whatever the machine's pace; they run in
/// CI. `enough_data`, `backlog` and `external_growth` have tests of their own in the verdict: a hunt has
/// its rounds or fails, what is released in a drain may be released before, and what holds external
/// memory is mostly seen in the snapshots.
const OF_EVERY_RULE: [&str; 13] = [
    "array-audit-log",
    "env-rewritten",
    "error-one-in-twenty",
    "files-left-open",
    "growing-with-time",
    "keys-by-chance",
    "lru-cache-filling",
    "numbers-map",
    "recent-by-tenant",
    "resets-one-in-ten",
    "text-journal",
    "ttl-sessions",
    "wasm-memory",
];

/// Hunts that run at once: most of their time is waiting.
const AT_ONCE: usize = 3;

pub(crate) fn corpus(words: &[&str]) -> Result {
    if words == ["--of-every-rule"] {
        return of_every_rule();
    }
    let (node, names) = match words {
        ["--node", node, names @ ..] => (*node, names),
        names => ("node", names),
    };
    steps::check_node()?;
    score(node, names, Build::Release)
}

/// The part of the corpus that CI runs, with the build that its tests have made already.
pub(crate) fn of_every_rule() -> Result {
    score("node", &OF_EVERY_RULE, Build::Debug)
}

/// Which build of leakscope hunts.
#[derive(Clone, Copy)]
enum Build {
    Release,
    Debug,
}

impl Build {
    fn program(self) -> PathBuf {
        target().join(match self {
            Self::Release => "release/leakscope",
            Self::Debug => "debug/leakscope",
        })
    }
}

fn score(node: &str, names: &[&str], build: Build) -> Result {
    steps::npm_ci("install the services' packages", &services())?;
    let mut arguments = vec!["build", "--package", "leakscope"];
    if matches!(build, Build::Release) {
        arguments.push("--release");
    }
    step("build leakscope", &mut cargo(&arguments))?;
    let all = all_services()?;
    let wanted = |name: &String| names.is_empty() || names.contains(&name.as_str());
    let chosen: Vec<String> = all.into_iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(format!("no service of that name in `{}`", services().display()).into());
    }
    let next = std::sync::atomic::AtomicUsize::new(0);
    let right = std::sync::atomic::AtomicUsize::new(0);
    let order = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(name) = chosen.get(next.fetch_add(1, order)) {
                    let wrong = hunt(name, node, build).unwrap_or_else(|e| vec![e.text]);
                    right.fetch_add(usize::from(wrong.is_empty()), order);
                    let told = if wrong.is_empty() { "right" } else { "WRONG" };
                    say(&format!("{told}  {name:<30} {}", wrong.join("; ")));
                }
            });
        }
    });
    let right = right.into_inner();
    say(&format!("{right} of {} right", chosen.len()));
    match right == chosen.len() {
        true => Ok(()),
        false => Err(format!("{} services are judged wrong", chosen.len() - right).into()),
    }
}

fn services() -> PathBuf {
    root().join("crates/testkit/services")
}

fn all_services() -> Result<Vec<String>> {
    let failed = |error| format!("cannot list `{}`: {error}", services().display());
    let entries = fs::read_dir(services()).map_err(failed)?.flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("truth.json").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// Hunts in one service; what is wrong with the verdict.
fn hunt(name: &str, node: &str, build: Build) -> Result<Vec<String>> {
    let dir = services().join(name);
    let out = target().join("corpus").join(name);
    let verdict = out.with_extension("json");
    fs::create_dir_all(target().join("corpus")).map_err(|error| error.to_string())?;
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let port = free.map_err(|error| format!("no port is free: {error}"))?;
    let port = port.port().to_string();
    let load = read_json(&dir.join("load.json"))?;
    let of_script = load["config"]["target"].as_str().unwrap_or_default();
    let output = Command::new(build.program())
        .args(["hunt", "--load", "load.json", "--overwrite", "--target"])
        .arg(of_script.replace("8080", &port))
        .arg("--out")
        .arg(&out)
        .arg("--json")
        .arg(&verdict)
        .args(["--", node, "server.js"])
        .current_dir(&dir)
        .env("PORT", port)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start leakscope: {error}"))?;
    if !matches!(output.status.code(), Some(0 | 1 | 3)) {
        let text = String::from_utf8_lossy(&output.stderr);
        let error = text.lines().find(|line| line.starts_with("error"));
        return Ok(vec![error.unwrap_or("it was ended by a signal").to_owned()]);
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Ok(wrong(
        &read_json(&dir.join("truth.json"))?,
        &read_json(&verdict)?,
        &told,
    ))
}

fn read_json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?)
}

/// In what a verdict differs from the truth, or what was `told` on the way; what the truth leaves out
/// may be anything.
fn wrong(truth: &Value, verdict: &Value, told: &str) -> Vec<String> {
    if truth["outcome"] != verdict["outcome"] {
        return vec![format!("{}: {}", verdict["outcome"], verdict["reason"])];
    }
    if !truth["rule"].is_null() && truth["rule"] != verdict["rule"] {
        return vec![format!("rule is {}", verdict["rule"])];
    }
    if let Some(more) = truth["more"].as_str() {
        let mut lines = told.lines().map(str::trim_start);
        if !lines.any(|line| line.starts_with("more ") && line.contains(more)) {
            return vec![format!("it did not go on because `{more}`")];
        }
    }
    if truth["outcome"] != "leaking" || truth["nobody"] == true {
        return Vec::new();
    }
    let suspect = &verdict["suspects"][0];
    if suspect.is_null() {
        return vec!["nobody is suspected".into()];
    }
    let mut wrong = Vec::new();
    let places = suspect["isolates"].as_array().map_or(0, Vec::len);
    if truth["isolates"]
        .as_u64()
        .is_some_and(|n| n != places as u64)
    {
        wrong.push(format!("it is said to leak in {places} isolates"));
    }
    let mut differs = |what: &str, is: &Value| wrong.push(format!("{what} is {is}"));
    let holder = &suspect["holder"];
    for (key, is) in [
        ("holder", &holder["class"]),
        ("name", &holder["name"]),
        ("package", &suspect["package"]),
        ("isolate_kind", &suspect["isolates"][0]["kind"]),
        ("isolate_script", &suspect["isolates"][0]["script"]),
    ] {
        if !truth[key].is_null() && truth[key] != *is {
            differs(key, is);
        }
    }
    let classes = suspect["classes"].as_array().map(Vec::as_slice);
    let mut classes = classes.unwrap_or_default().iter().map(|c| &c["class"]);
    if !truth["class"].is_null() && !classes.any(|class| *class == truth["class"]) {
        differs("class", &suspect["class"]);
    }
    if let Some(rate) = truth["per_session"].as_f64() {
        let agrees = |is: &Value| {
            let is = is.as_f64();
            is.is_some_and(|is| (is - rate).abs() <= TOLERANCE * rate)
        };
        let of_class = suspect["classes"].as_array().into_iter().flatten();
        let of_class = of_class.filter(|class| class["class"] == truth["class"]);
        let mut rates = of_class.map(|class| &class["per_session"]);
        let of_suspect = [&holder["gains_per_session"], &suspect["per_session"]];
        if !of_suspect.into_iter().any(agrees) && !rates.any(agrees) {
            differs("gains_per_session", &holder["gains_per_session"]);
        }
    }
    if let Some(part) = truth["writer"].as_str() {
        let lines = [&suspect["writer"], &suspect["in_package"]];
        let mut texts = lines.iter().filter_map(|line| line["text"].as_str());
        if !texts.any(|text| text.contains(part)) {
            differs("writer", &suspect["writer"]);
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_verdict_is_held_against_the_truth() {
        let truth = json!({ "outcome": "leaking", "holder": "Map", "name": "sessions",
            "class": "Session", "per_session": 1, "writer": "sessions.set(" });
        let verdict = |name: &str, rate: f64| {
            json!({ "outcome": "leaking", "suspects": [{ "class": "Session", "per_session": rate,
                "classes": [{ "class": "Session", "per_session": rate }],
                "holder": { "class": "Map", "name": name, "gains_per_session": rate },
                "writer": { "text": "sessions.set(id, session);" } }] })
        };
        assert_eq!(wrong(&truth, &verdict("sessions", 1.01), ""), [""; 0]);
        assert_eq!(
            wrong(&truth, &verdict("cache", 1.0), ""),
            ["name is \"cache\""]
        );
        assert_eq!(
            wrong(&truth, &verdict("sessions", 1.5), ""),
            ["gains_per_session is 1.5"]
        );
        let mut of_child = truth.clone();
        of_child["isolates"] = 2.into();
        of_child["isolate_kind"] = "cluster-child".into();
        assert_eq!(
            wrong(&of_child, &verdict("sessions", 1.0), ""),
            ["it is said to leak in 0 isolates", "isolate_kind is null"]
        );
        let mut found = verdict("sessions", 1.0);
        let child = json!({ "kind": "cluster-child", "script": "server.js" });
        found["suspects"][0]["isolates"] = json!([child, child]);
        assert_eq!(wrong(&of_child, &found, ""), [""; 0]);
        let clean = json!({ "outcome": "clean", "reason": "nothing grows" });
        assert_eq!(wrong(&truth, &clean, ""), ["\"clean\": \"nothing grows\""]);
        assert_eq!(wrong(&clean, &clean, ""), [""; 0]);
        let by_rule = json!({ "outcome": "clean", "rule": "backlog", "more": "slowly" });
        let found = json!({ "outcome": "clean", "rule": "backlog" });
        let told = "  more      it fills slowly: a drain will tell";
        assert_eq!(wrong(&by_rule, &found, told), [""; 0]);
        assert_eq!(
            wrong(&by_rule, &found, ""),
            ["it did not go on because `slowly`"]
        );
        assert_eq!(wrong(&by_rule, &clean, told), ["rule is null"]);
    }
}
