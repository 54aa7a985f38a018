//! `cargo xtask test`: everything that must hold, on a machine that has only Rust and Node.js.

use crate::app;
use crate::corpus;
use crate::fuzz;
use crate::parity;
use crate::steps::{self, Result, cargo, program, root, step};

pub(crate) fn test() -> Result {
    steps::check_toolchain()?;
    steps::check_node()?;
    let server = root().join("examples/calc-server");
    steps::npm_ci("install the example's packages", &server)?;
    let servers = root().join("crates/load/tests/node");
    steps::npm_ci(
        "install the servers that scripts are performed against",
        &servers,
    )?;
    app::build()?;
    parity::install()?;
    let has_chromium = parity::install_chromium();
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
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast"]);
    if !has_chromium {
        tests.env("LEAKSCOPE_WITHOUT_CHROMIUM", "1");
    }
    step("tests", &mut tests)?;
    if has_chromium {
        app::test()?;
    }
    corpus::of_every_rule()?;
    fuzz::run(fuzz::SECONDS_IN_CI)?;
    step(
        "the example's own tests",
        &mut program(&["npm", "test"], &server),
    )
}
