//! What `hunt` and `judge` are told.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{DemandArgs, EXIT_CODES, OutputArgs};

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct HuntArgs {
    /// Load script in the Minigun or Artillery format, JSON or YAML [default: load.json, load.yml
    /// or load.yaml beside you]
    #[arg(long, value_name = "SCRIPT")]
    pub(crate) load: Option<PathBuf>,

    /// Send the load here instead of to the script's target
    #[arg(long, value_name = "URL")]
    pub(crate) target: Option<String>,

    /// Where the script's functions run
    #[arg(long, value_name = "ENGINE", value_enum, default_value_t)]
    pub(crate) processor: super::load::ProcessorArg,

    /// A look while you work: two rounds, half the sessions, short warm-up. Sees what leaks in every
    /// session; a rare leak may pass, and a cache that fills slowly may leave it inconclusive
    #[arg(long, conflicts_with = "thorough")]
    pub(crate) quick: bool,

    /// For a night: five rounds, twice the sessions, long warm-up and rest. Sees a leak in one of some
    /// hundred sessions, and tells large caches from leaks; takes about four times as long
    #[arg(long)]
    pub(crate) thorough: bool,

    /// As it is done by hand: the script's own load without a pause, and snapshots at the start,
    /// halfway and after. Less exact, for sessions are in flight at the second
    #[arg(
        long,
        conflicts_with_all = ["quick", "thorough", "rounds", "sessions", "rate", "load_cmd", "traffic"]
    )]
    pub(crate) walkthrough: bool,

    /// Measured rounds; at least two must agree [default: 3; 2 with --quick, 5 with --thorough]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=9))]
    pub(crate) rounds: Option<u32>,

    /// Sessions of the first round; the others run about two, three, … times as many [default: 101;
    /// 53 with --quick, 211 with --thorough]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(10..=1_000_000))]
    pub(crate) sessions: Option<u64>,

    /// Sessions that arrive per second [default: the script's highest rate, at least 50]
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    pub(crate) rate: Option<f64>,

    /// Folder for what the run leaves behind [default: leakscope-run-DATE-TIME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Replace the run that the folder holds already
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// The service is ready when this URL answers [default: when the target's port accepts]
    #[arg(long, value_name = "URL", group = "ready")]
    pub(crate) ready_url: Option<String>,

    /// The service is ready when this loopback port accepts connections
    #[arg(long, value_name = "PORT", group = "ready")]
    pub(crate) ready_port: Option<u16>,

    /// The service is ready when it prints a line that contains this text
    #[arg(long, value_name = "TEXT", group = "ready")]
    pub(crate) ready_line: Option<String>,

    /// Seconds until the service must be ready
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, value_parser = seconds)]
    pub(crate) ready_timeout: f64,

    /// Seconds that the heap gets after each round to come to rest [default: 10; 30 with --thorough]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) max_settle: Option<f64>,

    /// KiB between two allocations that V8's profiler notes, to tell which line adds: fewer see
    /// smaller leaks, more cost the service less
    #[arg(long, value_name = "KIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=16_384))]
    pub(crate) sampling: u64,

    /// At the end, clear what holds a leak in the running service, collect, and count what went: nine
    /// tenths prove it. The service is broken afterwards, and ended
    #[arg(long)]
    pub(crate) prove: bool,

    /// Take heap snapshots even where there may be too little memory or disk for them
    #[arg(long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) demands: DemandArgs,

    #[command(flatten)]
    pub(crate) outputs: OutputArgs,

    /// Hunt in a service that runs already: a process id, the HOST:PORT of its inspector, or a part of
    /// its command line. It goes on afterwards
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["command", "prove"])]
    pub(crate) attach: Option<String>,

    /// Take the load from this command instead of a script: `k6 run load.js`. Run once or more in each
    /// round; requests and connections are counted inside the service
    #[arg(long, value_name = "COMMAND", conflicts_with = "load")]
    pub(crate) load_cmd: Option<String>,

    /// Take the load from whoever comes: a round lasts until as many requests were counted
    #[arg(long, conflicts_with_all = ["load", "load_cmd"])]
    pub(crate) traffic: bool,

    /// The service's command line
    #[arg(
        last = true,
        required_unless_present = "attach",
        value_name = "COMMAND"
    )]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct JudgeArgs {
    /// The run's folder
    #[arg(value_name = "DIR")]
    pub(crate) run: PathBuf,

    #[command(flatten)]
    pub(crate) demands: DemandArgs,

    #[command(flatten)]
    pub(crate) outputs: OutputArgs,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && (0.1..=86_400.0).contains(&value) => Ok(value),
        Ok(_) => Err("must be between 0.1 and 86400".into()),
        Err(_) => Err("must be a number of seconds".into()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && (0.01..=100_000.0).contains(&value) => Ok(value),
        Ok(_) => Err("must be between 0.01 and 100000".into()),
        Err(_) => Err("must be a number of sessions per second".into()),
    }
}
