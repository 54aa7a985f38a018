//! `cargo xtask demo`: the main job on the example calculator, leaking and repaired.

use std::net::TcpListener;
use std::path::Path;

use crate::app;
use crate::steps::{self, Failure, Result, cargo, program, root, say, target};

pub(crate) fn demo() -> Result {
    steps::check_node()?;
    let server = root().join("examples/calc-server");
    steps::npm_ci("install the example's packages", &server)?;
    app::build_if_possible()?;
    steps::step(
        "build leakscope",
        &mut cargo(&["build", "--release", "--package", "leakscope"]),
    )?;
    hunt(&server, "server.js", "leaking", 1)?;
    hunt(&server, "fixed.js", "fixed", 0)?;
    say("\nThe reports lie in");
    for name in ["leaking", "fixed"] {
        say(&format!(
            "  {}",
            run_dir(name).join("report.html").display()
        ));
    }
    say(&format!(
        "Look around in the first with\n  {} open {}",
        target().join("release/leakscope").display(),
        run_dir("leaking").display()
    ));
    Ok(())
}

fn run_dir(name: &str) -> std::path::PathBuf {
    target().join("demo").join(name)
}

/// Hunts on one file of the example and expects an exit code.
fn hunt(server: &Path, file: &str, name: &str, expected: i32) -> Result {
    let leakscope = target().join("release/leakscope");
    let run = run_dir(name);
    let port = port()?;
    let url = format!("ws://localhost:{port}");
    let words = [
        &*leakscope.to_string_lossy(),
        "hunt",
        "--load",
        "../load.json",
        "--target",
        &url,
        "--overwrite",
        "--out",
        &run.to_string_lossy(),
        "--",
        "node",
        file,
    ];
    let heading = format!("leakscope hunt --load ../load.json -- node {file}");
    let mut command = program(&words, server);
    command.env("PORT", port.to_string());
    match steps::code_of(&heading, &mut command)? {
        Some(code) if code == expected => Ok(()),
        Some(code) => {
            let text = format!("`{heading}` ended with exit code {code}, not {expected}");
            Err(Failure::with_code(text, code))
        }
        None => Err(format!("`{heading}` was ended by a signal").into()),
    }
}

/// The example's own port, or a free one if something listens there.
fn port() -> Result<u16> {
    const OWN: u16 = 8080;
    if TcpListener::bind(("127.0.0.1", OWN)).is_ok() {
        return Ok(OWN);
    }
    free_port()
}

/// A port that nothing listens on.
pub(crate) fn free_port() -> Result<u16> {
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let address = free.map_err(|error| format!("no port is free: {error}"))?;
    Ok(address.port())
}
