//! The project's own chores. `cargo xtask` lists them.

mod demo;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask demo    build leakscope, and hunt the leak of the example calculator, then of its mended twin
cargo xtask test    install what the tests need, and run all of them
cargo xtask tidy    check the project's own rules: arrows between crates, names, documents
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["demo"] => demo::demo(),
        ["test"] => test::test(),
        ["tidy"] => tidy::report(),
        _ => {
            steps::say(USAGE);
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            steps::say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
