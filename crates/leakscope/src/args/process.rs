//! What the commands are told that ask a service that runs: `gc`, `snapshot`, `profile`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use watch::Alert;

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

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CaptureArgs {
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,

    /// Write one snapshot to this file [default: heapdump-SECONDS.MICROSECONDS.heapsnapshot]
    #[arg(short, long, value_name = "FILE", conflicts_with = "dir")]
    pub(crate) output: Option<PathBuf>,

    /// Folder for the files
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,

    /// Compress with Zstandard while it comes
    #[arg(long)]
    pub(crate) zstd: bool,

    /// Snapshots to take; 0 for as many as are asked for
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) count: Option<u32>,

    /// Take one now and another each time this has passed: 60s, 5m, 1h
    #[arg(long, value_name = "SPAN", value_parser = super::spans::span)]
    pub(crate) every: Option<Duration>,

    /// Take one whenever leakscope gets SIGUSR2
    #[arg(long)]
    pub(crate) on_signal: bool,

    /// Take one when this has come true: `rss > 512MiB`, `heap > 80% for 1m`, `heap grows 1MiB/min
    /// for 10m`
    #[arg(long, value_name = "CONDITION", value_parser = super::spans::condition)]
    pub(crate) when: Option<Alert>,

    /// Take one when the heap is this close to its limit: `--when 'heap > 90%'`
    #[arg(long, conflicts_with = "when")]
    pub(crate) near_limit: bool,

    /// Take it even if memory or disk space are likely to run out
    #[arg(long)]
    pub(crate) force: bool,

    /// Print JSON instead of file names
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct ProfileArgs {
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,

    /// Write the profile to this file [default: heap-SECONDS.MICROSECONDS.heapprofile]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// How long to look: 30s, 5m
    #[arg(long = "for", value_name = "SPAN", default_value = "30s", value_parser = super::spans::span)]
    pub(crate) span: Duration,

    /// Note an allocation about every so many bytes
    #[arg(long, value_name = "SIZE", default_value = "32KiB", value_parser = super::spans::size)]
    pub(crate) interval: u64,

    /// Keep what was freed again: everything that was allocated, not only what is alive
    #[arg(long)]
    pub(crate) all: bool,
}
