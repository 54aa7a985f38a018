//! Arguments to exit code.
//!
//! Owns the command line: what was said is parsed here, what it means is resolved once per command
//! in its own file. The answer goes to stdout, progress and hints to stderr.

mod args;
mod cache;
mod demands;
mod evidence;
mod exit;
mod failure;
mod files;
mod hunt;
mod judge;
mod load;
mod mcp;
mod open;
mod origins;
mod outputs;
mod process;
mod progress;
mod proofs;
mod proxies;
mod redact;
mod runs;
mod scrapes;
mod scripts;
mod settings;
mod signals;
mod snapshots;
mod targets;
mod views;
mod watch;
mod words;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::Exit;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // `--help` and `--version` come this way too, and are answers, not errors.
            let _ = error.print();
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Clean
            };
            return exit.into();
        }
    };
    let result = match args.command {
        Command::Hunt(args) => hunt::hunt(&args),
        Command::Load(args) => load::load(&args),
        Command::Judge(args) => judge::judge(&args),
        Command::Open(args) => open::open(&args),
        Command::Gc(args) => process::gc(&args),
        Command::Snapshot(args) => process::snapshot(&args),
        Command::Profile(args) => process::profile(&args),
        Command::Summary(args) => views::summary(&args),
        Command::Diff(args) => views::diff(&args),
        Command::Retainers(args) => views::retainers(&args),
        Command::Trend(args) => views::trend(&args),
        Command::Holders(args) => views::holders(&args),
        Command::Object(args) => views::object(&args),
        Command::Path(args) => views::path(&args),
        Command::Containment(args) => views::containment(&args),
        Command::Dominators(args) => views::dominators(&args),
        Command::Statistics(args) => views::statistics(&args),
        Command::Strings(args) => views::strings(&args),
        Command::Collections(args) => views::collections(&args),
        Command::Closures(args) => views::closures(&args),
        Command::Detached(args) => views::detached(&args),
        Command::Mcp(args) => mcp::mcp(&args),
        Command::Nodes(args) => views::nodes(&args),
        Command::Watch(args) => watch::watch(&args),
        Command::Redact(args) => redact::redact(&args),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // A reader that has gone has had enough, and wants no words either.
            if failure.exit != Exit::Clean {
                failure.print();
            }
            failure.exit.into()
        }
    }
}
