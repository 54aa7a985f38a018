//! What the commands are told that ask a service that runs: `gc`, `snapshot`, `profile`.

use std::ffi::OsString;

use super::EXIT_CODES;

/// The service, and which of its isolates.
#[derive(Debug, clap::Args)]
pub(crate) struct SubjectArgs {
    /// The service: a process id, the HOST:PORT of its inspector, or a part of its command line
    #[arg(value_name = "TARGET", required_unless_present = "command")]
    pub(crate) target: Option<String>,

    /// Which heaps: `main`, `all`, `worker-N`, a part of a worker's name or script, the id of a
    /// child process, or both as `PID/worker-N`
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub(crate) isolate: String,

    /// Start this command instead, and end it when done; its output goes to stderr
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "target")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct GcArgs {
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,

    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}
