//! `cargo xtask fuzz`: libFuzzer on the snapshot parser, on the stable toolchain.
//!
//! The compiler's coverage for libFuzzer needs no nightly; only sanitizers do, and safe Rust has
//! little use for them. What is found is kept below `target`; the corpus in the repository is where
//! each run begins, and only people add to it.

use std::fs;
use std::path::Path;

use crate::steps::{self, Failure, Result, cargo, root, step, target};

pub(crate) const USAGE: &str = "\
cargo xtask fuzz [--seconds N]
  --seconds  how long [default: 60]
";

/// How long a run of everything spends here.
pub(crate) const SECONDS_IN_CI: u32 = 30;

/// Coverage the way libFuzzer wants it.
const FLAGS: [&str; 7] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Bytes of an input, seconds for one, and MiB that the process may take.
const LIMITS: [&str; 3] = ["-max_len=8192", "-timeout=10", "-rss_limit_mb=1024"];

pub(crate) fn fuzz(words: &[&str]) -> Result {
    let seconds = match words {
        [] => Some(60),
        ["--seconds", seconds] => seconds.parse().ok(),
        _ => None,
    };
    let seconds = seconds.ok_or_else(|| Failure::with_code(USAGE.into(), 2))?;
    run(seconds)
}

/// Fails if any input breaks an invariant of the parser.
pub(crate) fn run(seconds: u32) -> Result {
    let crate_dir = root().join("crates/heap/fuzz");
    let build_dir = target().join("fuzz");
    let found = build_dir.join("corpus");
    fs::create_dir_all(&found)
        .map_err(|error| format!("cannot create `{}`: {error}", found.display()))?;
    let host = host()?;
    let manifest = text(&crate_dir.join("Cargo.toml"));
    let words = [
        "build",
        "--release",
        "--target",
        &host,
        "--manifest-path",
        &manifest,
    ];
    let mut build = cargo(&words);
    build
        .env("RUSTFLAGS", FLAGS.join(" "))
        .env("CARGO_TARGET_DIR", &build_dir);
    step("build the fuzz target", &mut build)?;
    let program = text(&build_dir.join(&host).join("release/parse"));
    let words = [
        &*program,
        &*text(&found),
        &*text(&crate_dir.join("corpus/parse")),
        &format!("-dict={}", text(&crate_dir.join("snapshot.dict"))),
        &format!("-artifact_prefix={}/", text(&build_dir)),
        &format!("-max_total_time={seconds}"),
        "-print_final_stats=1",
        "-verbosity=1",
    ];
    let words = [&words[..], &LIMITS].concat();
    step(
        &format!("fuzz the snapshot parser for {seconds} s"),
        &mut steps::program(&words, &root()),
    )
}

/// The platform that is built for: naming it keeps build scripts free of the flags.
fn host() -> Result<String> {
    let output = std::process::Command::new("rustc").arg("-vV").output();
    let output = output.map_err(|error| format!("cannot start `rustc`: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host
        .ok_or("`rustc -vV` names no host".to_owned())?
        .to_owned())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
