//! The project's own chores. `cargo xtask` lists them.

mod app;
mod bench;
mod corpus;
mod demo;
mod fuzz;
mod parity;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask demo         build leakscope, and hunt the leak of the example calculator, then of its mended twin
cargo xtask test         install what the tests need, and run all of them
cargo xtask ci           what CI runs: the same as test
cargo xtask app          build the page of `leakscope open` with npm, for the next build of leakscope to embed
cargo xtask app-test     try that page in Chromium
cargo xtask tidy         check the project's own rules: arrows between crates, names, documents
cargo xtask corpus       hunt in small services of which the truth is known [--node PROGRAM] [--at-once N] [NAME…]; --of-every-rule: those of CI
cargo xtask parity FILE… compare what the engine says of heap snapshots with DevTools' engine, node by node
cargo xtask fuzz         feed the snapshot parser with damage for a while [--seconds N]
cargo xtask bench heap   measure the heap engine beside other readers of heap snapshots
cargo xtask bench load   measure the load engine beside other generators
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["demo"] => demo::demo(),
        ["parity", ref files @ ..] if !files.is_empty() => parity::given(files),
        ["test" | "ci"] => test::test(),
        ["app"] => app::build(),
        ["app-test"] => app::build().and_then(|()| app::test()),
        ["tidy"] => tidy::report(),
        ["fuzz", ref order @ ..] => fuzz::fuzz(order),
        ["corpus", ref words @ ..] => corpus::corpus(words),
        ["bench", "heap", ref order @ ..] => bench::heap::bench(order),
        ["bench", "load", ref order @ ..] => bench::load::bench(order),
        _ => {
            steps::say(USAGE);
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            steps::say(&format!("error: {}", failure.text));
            ExitCode::from(failure.code)
        }
    }
}
