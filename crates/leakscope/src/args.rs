//! The command line as it was said; nothing is resolved here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes:
  0    clean, or done
  1    leaking
  2    the command line, the script or a file given is wrong
  3    inconclusive
  4    the service did not start, did not get ready, or died
  5    not one session got through
  6    a file could not be written
  130  interrupted";

/// Finds memory leaks in Node.js services: starts the service, runs the load, decides by
/// arithmetic, and names the holder, the retaining path and the line.
#[derive(Debug, Parser)]
#[command(version, styles = STYLES, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a service, put load on it, and say whether it leaks and where
    Hunt(HuntArgs),
    /// Judge the folder of an earlier run again, without the service
    Judge(JudgeArgs),
    /// List the classes of a heap snapshot by retained size
    Summary(SummaryArgs),
    /// Compare two heap snapshots of one process by class
    Diff(DiffArgs),
    /// Show what keeps an object alive
    Retainers(RetainersArgs),
    /// Print every node of a heap snapshot as tab-separated values: id, class, distance, self size,
    /// retained size, dominator's id
    Nodes(NodesArgs),
}

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

    /// Measured rounds; at least two must agree
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=9))]
    pub(crate) rounds: u32,

    /// Sessions of the first round; the others run about two, three, … times as many
    #[arg(long, value_name = "N", default_value_t = 101, value_parser = clap::value_parser!(u64).range(10..=1_000_000))]
    pub(crate) sessions: u64,

    /// Sessions that arrive per second [default: the script's highest rate, at least 50]
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    pub(crate) rate: Option<f64>,

    /// Folder for what the run leaves behind [default: leakscope-run-DATE-TIME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Replace the run that the folder holds already
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// Write the verdict as JSON to this file, `-` for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

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

    /// Seconds that the heap gets after each round to come to rest
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    pub(crate) max_settle: f64,

    /// The service's command line
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct JudgeArgs {
    /// The run's folder
    #[arg(value_name = "DIR")]
    pub(crate) run: PathBuf,

    /// Write the verdict as JSON to this file, `-` for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// How much of a table to print, and how.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TableArgs {
    /// Rows to print [default: 30 in a table, all in JSON]
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<usize>,

    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

impl TableArgs {
    /// Leaves as many rows as were asked for.
    pub(crate) fn cut<T>(&self, rows: &mut Vec<T>) {
        rows.truncate(self.top.unwrap_or(usize::MAX));
    }

    /// Leaves as many rows as were asked for, or as many as fit a screen.
    pub(crate) fn cut_to_default<T>(&self, rows: &mut Vec<T>) {
        const ROWS_OF_A_SCREEN: usize = 30;
        rows.truncate(self.top.unwrap_or(ROWS_OF_A_SCREEN));
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct NodesArgs {
    /// Heap snapshot, plain or .gz
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) snapshot: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SummaryArgs {
    /// Heap snapshot, plain or .gz
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) snapshot: PathBuf,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// The earlier heap snapshot
    #[arg(value_name = "BASE")]
    pub(crate) base: PathBuf,

    /// The later heap snapshot
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) snapshot: PathBuf,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RetainersArgs {
    /// Heap snapshot, plain or .gz
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) snapshot: PathBuf,

    /// An object's id, as `@123`, or a class name for its object with the largest retained size
    #[arg(value_name = "OBJECT")]
    pub(crate) object: String,

    #[command(flatten)]
    pub(crate) table: TableArgs,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }
}
