//! `cargo xtask corpus [--node PROGRAM] [--at-once N] [NAME…]`: leakscope against small services of
//! which the truth is known, and the score.
//!
//! What a `truth.json` says is in `crates/testkit/services/README.md`.

mod truth;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::steps::{self, Result, cargo, root, say, step, target};
use truth::{Mistake, Question, mistakes};

/// One service for every rule that decides or asks for more, whatever the machine's pace; they run
/// in CI. For `enough_data` a hunt is ended early, by a test of its own.
const OF_EVERY_RULE: [&str; 17] = [
    "array-audit-log",
    "env-rewritten",
    "error-one-in-twenty",
    "external-text",
    "files-left-open",
    "flight-recorder",
    "flushed-when-quiet",
    "growing-with-time",
    "keys-by-chance",
    "lists-of-few-tenants",
    "lru-cache-filling",
    "numbers-map",
    "recent-by-tenant",
    "resets-one-in-ten",
    "text-journal",
    "ttl-sessions",
    "wasm-memory",
];

/// Hunts that run at once, unless told otherwise: most of their time is waiting.
const AT_ONCE: usize = 3;

pub(crate) fn corpus(words: &[&str]) -> Result {
    let mut run = Run {
        node: "node",
        at_once: AT_ONCE,
        build: Build::Release,
    };
    let mut rest = words;
    loop {
        rest = match rest {
            ["--of-every-rule"] => return of_every_rule(),
            ["--node", node, rest @ ..] => {
                run.node = node;
                rest
            }
            ["--at-once", number, rest @ ..] => {
                let wanted = number.parse().ok().filter(|&n: &usize| n > 0);
                run.at_once =
                    wanted.ok_or_else(|| format!("`--at-once {number}`: not a number of hunts"))?;
                rest
            }
            [word, ..] if word.starts_with('-') => {
                return Err(format!(
                    "`{word}` is no option of `cargo xtask corpus`, or lacks its value"
                )
                .into());
            }
            names => {
                steps::check_node()?;
                return run.score(names);
            }
        }
    }
}

/// The part of the corpus that CI runs, with the build that its tests have made already.
pub(crate) fn of_every_rule() -> Result {
    let run = Run {
        node: "node",
        at_once: AT_ONCE,
        build: Build::Debug,
    };
    run.score(&OF_EVERY_RULE)
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

/// How the services are hunted in.
struct Run<'a> {
    node: &'a str,
    at_once: usize,
    build: Build,
}

impl Run<'_> {
    fn score(&self, names: &[&str]) -> Result {
        steps::npm_ci("install the services' packages", &services())?;
        let mut arguments = vec!["build", "--package", "leakscope"];
        if matches!(self.build, Build::Release) {
            arguments.push("--release");
        }
        step("build leakscope", &mut cargo(&arguments))?;
        let all = all_services()?;
        if let Some(unknown) = names.iter().find(|name| !all.iter().any(|n| n == *name)) {
            return Err(format!("no service `{unknown}` in `{}`", services().display()).into());
        }
        let chosen = |name: &String| names.is_empty() || names.contains(&name.as_str());
        let chosen: Vec<String> = all.into_iter().filter(chosen).collect();
        let next = std::sync::atomic::AtomicUsize::new(0);
        let score = Mutex::new(Score::default());
        std::thread::scope(|scope| {
            for _ in 0..self.at_once {
                scope.spawn(|| {
                    let order = std::sync::atomic::Ordering::Relaxed;
                    while let Some(name) = chosen.get(next.fetch_add(1, order)) {
                        let (truth, wrong) = self.hunt(name);
                        let text: Vec<&str> = wrong.iter().map(|m| m.text.as_str()).collect();
                        let told = if wrong.is_empty() { "right" } else { "WRONG" };
                        say(&format!("{told}  {name:<30} {}", text.join("; ")));
                        let mut score = score.lock().unwrap_or_else(PoisonError::into_inner);
                        score.add(&truth, &wrong);
                    }
                });
            }
        });
        score
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .tell()
    }

    /// Hunts in one service: its truth, and what is wrong with the verdict.
    fn hunt(&self, name: &str) -> (Value, Vec<Mistake>) {
        let truth = read_json(&services().join(name).join("truth.json"));
        let found = truth.and_then(|truth| {
            let (verdict, told) = self.verdict_on(name)?;
            Ok((mistakes(&truth, &verdict, &told), truth))
        });
        match found {
            Ok((wrong, truth)) => (truth, wrong),
            Err(failure) => {
                let (question, text) = (Question::Verdict, failure.text);
                (Value::Null, vec![Mistake { question, text }])
            }
        }
    }

    /// The verdict on one service, and what the hunt told on its way there.
    fn verdict_on(&self, name: &str) -> Result<(Value, String)> {
        let dir = services().join(name);
        let out = target().join("corpus").join(name);
        let verdict = out.with_extension("json");
        fs::create_dir_all(target().join("corpus")).map_err(|error| error.to_string())?;
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| format!("no port is free: {error}"))?;
        let port = port.port().to_string();
        let load = read_json(&dir.join("load.json"))?;
        let of_script = load["config"]["target"].as_str().unwrap_or_default();
        let output = Command::new(self.build.program())
            .args(["hunt", "--load", "load.json", "--overwrite", "--target"])
            .arg(of_script.replace("8080", &port))
            .arg("--out")
            .arg(&out)
            .arg("--json")
            .arg(&verdict)
            .args(["--", self.node, "server.js"])
            .current_dir(&dir)
            .env("PORT", port)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("cannot start leakscope: {error}"))?;
        let told = String::from_utf8_lossy(&output.stderr);
        if !matches!(output.status.code(), Some(0 | 1 | 3)) {
            let error = told.lines().find(|line| line.starts_with("error"));
            return Err(error.unwrap_or("it was ended by a signal").into());
        }
        Ok((read_json(&verdict)?, told.into_owned()))
    }
}

/// How many of the truths' questions were answered right.
#[derive(Default)]
struct Score {
    /// Of each of [`Question::ALL`]: right answers, and all.
    answers: [(usize, usize); Question::ALL.len()],
    wrong_services: usize,
}

impl Score {
    fn add(&mut self, truth: &Value, wrong: &[Mistake]) {
        self.wrong_services += usize::from(!wrong.is_empty());
        let no_verdict = wrong.iter().any(|m| m.question == Question::Verdict);
        for (question, (rights, all)) in Question::ALL.into_iter().zip(&mut self.answers) {
            if question.asked(truth) {
                let right = !no_verdict && wrong.iter().all(|m| m.question != question);
                *rights += usize::from(right);
                *all += 1;
            }
        }
    }

    fn tell(self) -> Result {
        for (question, (right, all)) in Question::ALL.into_iter().zip(self.answers) {
            say(&format!("{:<20} {right} of {all} right", question.told()));
        }
        match self.wrong_services {
            0 => Ok(()),
            n => Err(format!("{n} services are judged wrong").into()),
        }
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

fn read_json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?)
}
