//! Who is measured: leakscope, and the other readers of heap snapshots at pinned versions.
//!
//! Every tool is asked for the same thing: load a snapshot with distances, dominators and retained
//! sizes, and sum up by class; or load two, and compare.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::parity;
use crate::steps::{self, Result, cargo, root, say, target};

use super::snapshots::{Pair, folder};

/// What a tool is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Summary,
    Diff,
}

/// A tool that can be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// The program and its words, before those that name the task and the files.
    words: Vec<String>,
    /// What each task is called; `None` if the tool has no such thing.
    summary: &'static [&'static str],
    diff: Option<&'static [&'static str]>,
    /// Where it may keep what it has seen; its first look is then not measured.
    pub(crate) cache: Option<PathBuf>,
}

pub(crate) const NAMES: [&str; 4] = ["leakscope", "devtools", "heap-snapshot", "memlab"];

/// What V8 may use for a peer that runs on Node.js, in MiB.
const NODE_HEAP: &str = "--max-old-space-size=18000";

impl Task {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Diff => "diff",
        }
    }
}

impl Tool {
    /// What does a task on a pair of snapshots; `None` if the tool cannot do it.
    pub(crate) fn command(&self, task: Task, pair: &Pair) -> Option<Command> {
        let (first, rest) = self.words.split_first()?;
        let mut command = Command::new(first);
        command.args(rest);
        command.envs(self.cache.iter().map(|folder| ("XDG_CACHE_HOME", folder)));
        match task {
            Task::Summary => command.args(self.summary).arg(&pair.base),
            Task::Diff => command.args(self.diff?).arg(&pair.base).arg(&pair.later),
        };
        Some(command)
    }
}

/// The tools of these names that run here; the others are said to be left out, and why.
///
/// `program` is a leakscope that is built already; without one it is built.
pub(crate) fn tools(names: &[String], program: Option<&Path>) -> Result<Vec<Tool>> {
    let wanted = |name: &str| names.iter().any(|wanted| wanted == name);
    let leakscope = leakscope(program)?;
    let again = second_look(&leakscope);
    let mut tools = vec![leakscope, again];
    if names.iter().any(|name| name != "leakscope") {
        install()?;
    }
    if wanted("devtools") {
        tools.push(devtools()?);
    }
    if wanted("heap-snapshot") {
        tools.extend(heap_snapshot());
    }
    if wanted("memlab") {
        tools.push(memlab());
    }
    Ok(tools)
}

fn leakscope(program: Option<&Path>) -> Result<Tool> {
    let built = target().join("release/leakscope");
    if program.is_none() {
        let words = ["build", "--release", "--package", "leakscope"];
        steps::step("build leakscope", &mut cargo(&words))?;
    }
    Ok(Tool {
        name: "leakscope",
        words: vec![text(program.unwrap_or(&built))],
        summary: &["summary", "--no-cache"],
        diff: Some(&["diff", "--no-cache"]),
        cache: None,
    })
}

/// The same file looked at again.
fn second_look(leakscope: &Tool) -> Tool {
    Tool {
        name: "leakscope, second look",
        summary: &["summary"],
        diff: None,
        cache: Some(folder().join("cache")),
        ..leakscope.clone()
    }
}

fn packages() -> PathBuf {
    folder().join("peers")
}

/// Installs the peers that npm has, exactly as the lock file says.
fn install() -> Result {
    let from = root().join("crates/xtask/bench/heap");
    parity::install_packages("the peers", &from, &packages())?;
    for script in ["memlab.js", "devtools.mjs"] {
        parity::copy(&from.join(script), &packages().join(script))?;
    }
    Ok(())
}

/// DevTools' engine on the newest Node.js that the tests have.
fn devtools() -> Result<Tool> {
    parity::install()?;
    let node = target().join("node/node_modules/node-26/bin/node");
    let script = packages().join("devtools.mjs");
    let worker = target().join("devtools/worker.mjs");
    Ok(Tool {
        name: "devtools",
        words: vec![text(&node), NODE_HEAP.into(), text(&script), text(&worker)],
        summary: &["summary"],
        diff: Some(&["diff"]),
        cache: None,
    })
}

fn memlab() -> Tool {
    let script = text(&packages().join("memlab.js"));
    Tool {
        name: "memlab",
        words: vec!["node".into(), NODE_HEAP.into(), script],
        summary: &[],
        diff: None,
        cache: None,
    }
}

/// Its published program needs glibc 2.39. Where the system's is older, one beside it will do.
fn heap_snapshot() -> Option<Tool> {
    let package = packages().join("node_modules/@heap-snapshot/linux-x64");
    let program = text(&package.join("heap-snapshot"));
    let library = folder().join("glibc/usr/lib/x86_64-linux-gnu");
    let loader = text(&library.join("ld-linux-x86-64.so.2"));
    let beside = vec![
        loader,
        "--library-path".into(),
        text(&library),
        program.clone(),
    ];
    let words = [vec![program], beside]
        .into_iter()
        .find(|words| starts(words));
    if words.is_none() {
        say(
            "`heap-snapshot` does not start here and is left out: it needs glibc 2.39. Unpacking the packages\n\
             libc6 and libgcc-s1 of Debian 13 (`dpkg-deb -x PACKAGE.deb DIR`) makes it run, with this DIR:",
        );
        say(&format!("  {}", folder().join("glibc").display()));
    }
    words.map(|words| Tool {
        name: "heap-snapshot",
        words,
        summary: &["summary"],
        diff: Some(&["diff"]),
        cache: None,
    })
}

fn starts(words: &[String]) -> bool {
    let status = Command::new(&words[0])
        .args(&words[1..])
        .arg("--help")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
