//! What `load` is told: Artillery's options by their own names, and ours.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Subcommand;
use load::Segment;

use super::EXIT_CODES;

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
pub(crate) struct LoadArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LoadCommand>,

    #[command(flatten)]
    pub(crate) script: ScriptArgs,

    #[command(flatten)]
    pub(crate) run: RunArgs,

    #[command(flatten)]
    pub(crate) cloud: CloudArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LoadCommand {
    /// Send requests to one URL, without a script
    Quick(QuickArgs),
    /// Check a script and show its plan, without sending anything
    Check(CheckArgs),
    /// Put the reports of a plan's segments together, and hold the whole against `ensure`
    Merge(MergeArgs),
}

/// The script, and what is laid over it.
#[derive(Debug, clap::Args)]
pub(crate) struct ScriptArgs {
    /// Load script in the Minigun or Artillery format, JSON or YAML
    #[arg(value_name = "SCRIPT", required = true)]
    pub(crate) script: Option<PathBuf>,

    /// Send the load here instead of to the script's target
    #[arg(short, long, value_name = "URL")]
    pub(crate) target: Option<String>,

    /// Configuration that is laid over the script's own
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Further script files that are laid over the first
    #[arg(short, long, value_name = "FILE", num_args = 1..)]
    pub(crate) input: Vec<PathBuf>,

    /// One of the script's `environments`
    #[arg(short, long, value_name = "NAME")]
    pub(crate) environment: Option<String>,

    /// Variables as JSON, in addition to the script's
    #[arg(short, long, value_name = "JSON")]
    pub(crate) variables: Option<String>,

    /// JSON that replaces parts of the script
    #[arg(long, value_name = "JSON")]
    pub(crate) overrides: Option<String>,

    /// The CSV file of the script's `payload`
    #[arg(short, long, value_name = "FILE")]
    pub(crate) payload: Option<PathBuf>,

    /// Do not verify certificates
    #[arg(short = 'k', long)]
    pub(crate) insecure: bool,

    /// Only the scenarios with this name, or whose name matches this regular expression
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario_name: Option<String>,

    /// A file of environment variables, one `NAME=value` a line
    #[arg(long, value_name = "FILE", visible_alias = "dotenv")]
    pub(crate) env_file: Option<PathBuf>,

    /// One session only
    #[arg(short, long)]
    pub(crate) solo: bool,

    /// How arrivals are spread where the script does not say it
    #[arg(long, value_name = "HOW", value_enum)]
    pub(crate) arrivals: Option<SpreadArg>,

    /// What the plan and every session draw follows from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Where the script's functions run
    #[arg(long, value_name = "ENGINE", value_enum, default_value_t)]
    pub(crate) processor: ProcessorArg,

    /// Take a finding about the script for an error, however small
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Where a script's functions run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ProcessorArg {
    /// In leakscope itself, without Node.js's own modules
    #[default]
    Embedded,
    /// In a Node.js process beside it
    Node,
}

impl From<ProcessorArg> for load::ProcessorKind {
    fn from(arg: ProcessorArg) -> Self {
        match arg {
            ProcessorArg::Embedded => Self::Embedded,
            ProcessorArg::Node => Self::Node,
        }
    }
}

/// How arrivals are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SpreadArg {
    /// As evenly as the rate allows
    Uniform,
    /// As a Poisson process
    Poisson,
}

/// How a load is performed and what it leaves behind.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Write the report as JSON to this file, `-` for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Write a line of JSON for every session to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) log_sessions: Option<PathBuf>,

    /// Serve the metrics as Prometheus text on this address while the load lasts
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,

    /// Run every N-th arrival of the plan only, beginning with the i-th
    #[arg(long, value_name = "i/N", default_value = "1/1")]
    pub(crate) segment: Segment,

    /// Wait until this moment: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) start_at: Option<jiff::Timestamp>,
}

/// What Artillery's cloud is told; accepted, so that no command line has to be changed.
#[derive(Debug, clap::Args)]
pub(crate) struct CloudArgs {
    #[arg(long, hide = true)]
    pub(crate) record: bool,
    #[arg(long, hide = true, value_name = "KEY")]
    pub(crate) key: Option<String>,
    #[arg(long, hide = true, value_name = "TAGS")]
    pub(crate) tags: Option<String>,
    #[arg(long, hide = true, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[arg(long, hide = true, value_name = "NOTE")]
    pub(crate) note: Option<String>,
    #[arg(long, hide = true, value_name = "N")]
    pub(crate) count: Option<u64>,
    #[arg(long, hide = true, value_name = "PLATFORM")]
    pub(crate) platform: Option<String>,
    #[arg(long, hide = true, value_name = "OPTION")]
    pub(crate) platform_opt: Vec<String>,
}

impl CloudArgs {
    /// The options that were given.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let all = [
            ("--record", self.record),
            ("--key", self.key.is_some()),
            ("--tags", self.tags.is_some()),
            ("--name", self.name.is_some()),
            ("--note", self.note.is_some()),
            ("--count", self.count.is_some()),
            ("--platform", self.platform.is_some()),
            ("--platform-opt", !self.platform_opt.is_empty()),
        ];
        let given = all.into_iter().filter(|(_, given)| *given);
        given.map(|(name, _)| name).collect()
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct QuickArgs {
    /// What is asked for; `ws://` and `wss://` send messages
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// Users, all from the start
    #[arg(short, long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) count: u64,

    /// Requests of each user, one after another
    #[arg(short, long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) num: u64,

    /// Do not verify certificates
    #[arg(short = 'k', long)]
    pub(crate) insecure: bool,

    /// Write the report as JSON to this file, `-` for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) script: ScriptArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MergeArgs {
    /// The segments' reports, in any order
    #[arg(value_name = "FILE", required = true)]
    pub(crate) reports: Vec<PathBuf>,

    /// Write the whole report as JSON to this file, `-` for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

fn moment(text: &str) -> Result<jiff::Timestamp, String> {
    let said = "must be a time as 2026-01-31T12:00:00Z, or seconds since 1970";
    match text.parse::<i64>() {
        Ok(seconds) => jiff::Timestamp::from_second(seconds).map_err(|_| said.to_owned()),
        Err(_) => text.parse().map_err(|_| said.to_owned()),
    }
}
