//! Running other programs step by step: each with a heading, the first failure ends it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest major of Node.js that leakscope is made for.
const OLDEST_NODE: u32 = 18;

pub(crate) type Result<T = ()> = std::result::Result<T, String>;

/// The top folder of the checkout.
pub(crate) fn root() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    crates.ancestors().nth(2).unwrap_or(crates).to_owned()
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Says something to whoever runs this; a closed stderr is nobody's loss.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A program in a folder of the checkout.
pub(crate) fn program(words: &[&str], dir: &Path) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(dir);
    command
}

/// Cargo in the top folder.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(words).current_dir(root());
    command
}

/// Runs a command under a heading; its failure is an error.
pub(crate) fn step(heading: &str, command: &mut Command) -> Result {
    match code_of(heading, command)? {
        Some(0) => Ok(()),
        Some(code) => Err(format!("`{heading}` failed with exit code {code}")),
        None => Err(format!("`{heading}` was ended by a signal")),
    }
}

/// Runs a command under a heading and gives its exit code; `None` if a signal ended it.
pub(crate) fn code_of(heading: &str, command: &mut Command) -> Result<Option<i32>> {
    say(&format!("\n=== {heading}"));
    let status = command.status().map_err(|error| {
        format!(
            "cannot start `{}`: {error}",
            command.get_program().to_string_lossy()
        )
    })?;
    Ok(status.code())
}

/// Fails if Node.js or npm is missing, or Node.js is too old.
pub(crate) fn check_node() -> Result {
    let missing = |name: &str| {
        format!("`{name}` is missing: install Node.js {OLDEST_NODE} or newer, with npm")
    };
    let output = Command::new("node")
        .arg("--version")
        .output()
        .map_err(|_| missing("node"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|m| m.parse().ok());
    if major.is_none_or(|major: u32| major < OLDEST_NODE) {
        return Err(format!(
            "Node.js {version} is too old: {OLDEST_NODE} or newer is needed"
        ));
    }
    Command::new("npm")
        .arg("--version")
        .output()
        .map_err(|_| missing("npm"))?;
    Ok(())
}

/// Installs the packages of a folder exactly as its lock file says.
pub(crate) fn npm_ci(heading: &str, dir: &Path) -> Result {
    step(
        heading,
        &mut program(&["npm", "ci", "--no-audit", "--no-fund"], dir),
    )
}
