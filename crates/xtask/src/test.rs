//! `cargo xtask test`: everything that must hold, on a machine that has only Rust and Node.js.

use std::fs;

use crate::steps::{self, Result, cargo, program, root, step, target};

pub(crate) fn test() -> Result {
    steps::check_toolchain()?;
    steps::check_node()?;
    let server = root().join("examples/calc-server");
    steps::npm_ci("install the example's packages", &server)?;
    install_other_nodes()?;
    step("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    step(
        "clippy",
        &mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ]),
    )?;
    step(
        "tests",
        &mut cargo(&["test", "--workspace", "--no-fail-fast"]),
    )?;
    step(
        "the example's own tests",
        &mut program(&["npm", "test"], &server),
    )
}

/// Other majors of Node.js, out of the way of the sources.
fn install_other_nodes() -> Result {
    let from = root().join("crates/leakscope/tests/node");
    let to = target().join("node");
    let failed = |error| format!("cannot prepare `{}`: {error}", to.display());
    fs::create_dir_all(&to).map_err(failed)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(from.join(file), to.join(file)).map_err(failed)?;
    }
    steps::npm_ci("install other majors of Node.js", &to)
}
