//! What `watch` is told.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use watch::Alert;

use super::EXIT_CODES;

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct WatchArgs {
    /// The service: a process id, the HOST:PORT of its inspector, or a part of its command line
    #[arg(value_name = "TARGET", required_unless_present_any = ["command", "follow"])]
    pub(crate) target: Option<String>,

    /// Watch whatever process has NAME in its command line: wait for it, and for the next one when
    /// it ends
    #[arg(long, value_name = "NAME", conflicts_with = "target")]
    pub(crate) follow: Option<String>,

    /// Time between two readings, as 500ms, 1s or 1m
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = span)]
    pub(crate) every: Duration,

    /// End after this time [default: when the service ends, or at Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    pub(crate) duration: Option<Duration>,

    /// Show every process of the tree by itself instead of their sum
    #[arg(long)]
    pub(crate) by_process: bool,

    /// Open the inspector of a Node.js process that has none open (by SIGUSR1, closed again at the
    /// end), to see V8's heap, the event loop and collections
    #[arg(long)]
    pub(crate) inspect: bool,

    /// Write every reading as a line of CSV, to a file or to stdout
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) csv: Option<PathBuf>,

    /// Write every reading as a line of JSON, to a file or to stdout
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,

    /// Serve the latest reading as Prometheus text at this address, as 127.0.0.1:9464
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,

    /// Tell when a condition has held: `rss > 512MiB for 1m`, `heap grows 1MiB/min for 10m`; may be
    /// given several times
    #[arg(long, value_name = "RULE")]
    pub(crate) alert: Vec<Alert>,

    /// What an alert does besides: `exit` (with code 5), `snapshot`, or a command to run; may be
    /// given several times
    #[arg(long, value_name = "ACTION", requires = "alert")]
    pub(crate) on_alert: Vec<String>,

    /// Folder for the snapshots of alerts [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Start this command and watch it
    #[arg(last = true, value_name = "COMMAND", conflicts_with_all = ["target", "follow"])]
    pub(crate) command: Vec<OsString>,
}

fn span(text: &str) -> Result<Duration, String> {
    let span = super::spans::span(text)?;
    match (0.05..=31_536_000.0).contains(&span.as_secs_f64()) {
        true => Ok(span),
        false => Err("must be between 50ms and a year".into()),
    }
}
