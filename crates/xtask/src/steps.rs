//! Running other programs step by step: each with a heading, the first failure ends it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest major of Node.js that leakscope is made for.
const OLDEST_NODE: u32 = 18;

pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

/// Why a chore ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) text: String,
    /// What the chore ends with: the code of the step that failed, never 0.
    pub(crate) code: u8,
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self { text, code: 1 }
    }
}

impl Failure {
    /// The failure of a step that ended with `code`.
    pub(crate) fn with_code(text: String, code: i32) -> Self {
        let code = u8::try_from(code).ok().filter(|&code| code != 0);
        Self {
            text,
            code: code.unwrap_or(1),
        }
    }
}

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
        Some(code) => {
            let text = format!("`{heading}` failed with exit code {code}");
            Err(Failure::with_code(text, code))
        }
        None => Err(format!("`{heading}` was ended by a signal").into()),
    }
}

/// Runs a command under a heading and gives its exit code; `None` if a signal ended it.
pub(crate) fn code_of(heading: &str, command: &mut Command) -> Result<Option<i32>> {
    say(&format!("\n=== {heading}"));
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .map_err(|error| format!("cannot start `{name}`: {error}"))?;
    Ok(status.code())
}

/// Fails if Node.js or npm is missing, or Node.js is too old.
pub(crate) fn check_node() -> Result {
    let hint = format!("install Node.js {OLDEST_NODE} or newer, with npm");
    let version = version_of("node", &[], &hint)?;
    let numbers = version.trim_start_matches('v');
    let major = numbers
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    if major.is_none_or(|major: u32| major < OLDEST_NODE) {
        return Err(format!("Node.js {version} is too old: {hint}").into());
    }
    version_of("npm", &[], &hint).map(drop)
}

/// Whether Node.js is of this major and minor version or newer.
pub(crate) fn node_is_at_least(wanted: (u32, u32)) -> bool {
    let version = version_of("node", &[], "").unwrap_or_default();
    let mut numbers = version.trim_start_matches('v').split('.');
    let mut number = || numbers.next().and_then(|number| number.parse::<u32>().ok());
    match (number(), number()) {
        (Some(major), Some(minor)) => (major, minor) >= wanted,
        _ => false,
    }
}

/// Fails if a part of the Rust toolchain is missing that the checks need.
pub(crate) fn check_toolchain() -> Result {
    for (part, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let hint = format!("`rustup component add {component}` installs it");
        version_of("cargo", &[part], &hint)?;
    }
    Ok(())
}

/// What a tool says of its version; without it, an error with what to do.
fn version_of(tool: &str, words: &[&str], hint: &str) -> Result<String> {
    let output = Command::new(tool).args(words).arg("--version").output();
    match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        _ => {
            let called = [&[tool], words].concat().join(" ");
            Err(format!("`{called}` is missing or does not run: {hint}").into())
        }
    }
}

/// Installs the packages of a folder exactly as its lock file says.
pub(crate) fn npm_ci(heading: &str, dir: &Path) -> Result {
    step(
        heading,
        &mut program(&["npm", "ci", "--no-audit", "--no-fund"], dir),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_gives_its_own_code_and_never_success() {
        let shell = |script: &str| step("try", &mut program(&["sh", "-c", script], &root()));
        assert!(shell("exit 0").is_ok());
        assert_eq!(shell("exit 7").unwrap_err().code, 7);
        assert_eq!(shell("kill -9 $$").unwrap_err().code, 1);
        assert_eq!(Failure::with_code(String::new(), 0).code, 1);
        let missing = step("try", &mut program(&["no-such-program-anywhere"], &root()));
        assert!(
            missing
                .unwrap_err()
                .text
                .contains("`no-such-program-anywhere`")
        );
    }

    #[test]
    fn a_missing_tool_comes_with_what_to_do() {
        let failure = version_of("no-such-tool", &["part"], "get it").unwrap_err();
        assert_eq!(
            failure.text,
            "`no-such-tool part` is missing or does not run: get it"
        );
    }
}
