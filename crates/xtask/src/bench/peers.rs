//! Who is measured: leakscope, and the other readers of heap snapshots at pinned versions.
//!
//! Every tool is asked for the same thing: load a snapshot with distances, dominators and retained
//! sizes, and sum up by class; or load two, and compare.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
}

pub(crate) const NAMES: [&str; 3] = ["leakscope", "heap-snapshot", "memlab"];

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
        match task {
            Task::Summary => command.args(self.summary).arg(&pair.base),
            Task::Diff => command.args(self.diff?).arg(&pair.base).arg(&pair.later),
        };
        Some(command)
    }
}

/// The tools of these names that run here; the others are said to be left out, and why.
pub(crate) fn tools(names: &[String]) -> Result<Vec<Tool>> {
    let wanted = |name: &str| names.iter().any(|wanted| wanted == name);
    let mut tools = vec![leakscope()?];
    if wanted("heap-snapshot") || wanted("memlab") {
        install()?;
    }
    if wanted("heap-snapshot") {
        tools.extend(heap_snapshot());
    }
    if wanted("memlab") {
        tools.push(memlab());
    }
    Ok(tools)
}

fn leakscope() -> Result<Tool> {
    steps::step(
        "build leakscope",
        &mut cargo(&["build", "--release", "--package", "leakscope"]),
    )?;
    Ok(Tool {
        name: "leakscope",
        words: vec![text(&target().join("release/leakscope"))],
        summary: &["summary"],
        diff: Some(&["diff"]),
    })
}

fn packages() -> PathBuf {
    folder().join("peers")
}

/// Installs the peers that npm has, exactly as the lock file says.
fn install() -> Result {
    let from = root().join("crates/xtask/bench/heap");
    let to = packages();
    let failed = |error| format!("cannot prepare `{}`: {error}", to.display());
    fs::create_dir_all(&to).map_err(failed)?;
    let lock = "package-lock.json";
    let is_same = fs::read(from.join(lock)).ok() == fs::read(to.join(lock)).ok();
    for file in ["package.json", lock, "memlab.js"] {
        fs::copy(from.join(file), to.join(file)).map_err(failed)?;
    }
    if is_same && to.join("node_modules").exists() {
        return Ok(());
    }
    let words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    steps::step("install the peers", &mut steps::program(&words, &to))
}

fn memlab() -> Tool {
    let script = text(&packages().join("memlab.js"));
    Tool {
        name: "memlab",
        words: vec!["node".into(), NODE_HEAP.into(), script],
        summary: &[],
        diff: None,
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
