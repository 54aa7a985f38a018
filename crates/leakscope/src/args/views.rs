//! What the commands are told that show snapshots on disk: what they share here, and one file for
//! each group of them.

mod classes;
mod kinds;
mod objects;
mod series;

use std::path::PathBuf;

use explore::{Filter, Wanted};

pub(crate) use classes::{DiffArgs, StatisticsArgs, SummaryArgs};
pub(crate) use kinds::{ClosuresArgs, CollectionsArgs, DetachedArgs, StringsArgs};
pub(crate) use objects::{
    ContainmentArgs, DominatorsArgs, NodesArgs, ObjectArgs, PathArgs, RetainersArgs,
};
pub(crate) use series::{HoldersArgs, TrendArgs};

/// The snapshot of a view of one.
#[derive(Debug, clap::Args)]
pub(crate) struct SnapshotArgs {
    /// Heap snapshot, plain, .gz or .zst
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) snapshot: PathBuf,

    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

/// How snapshot files are read.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct ReadingArgs {
    /// Read the whole file even if it was seen before, and keep nothing for the next time
    #[arg(long)]
    pub(crate) no_cache: bool,

    /// Show what is whole of a damaged file; what is lost is told on stderr
    #[arg(long)]
    pub(crate) recover: bool,
}

/// How deep a tree is unfolded.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct TreeArgs {
    /// Levels of the tree; below the first, each object shows its first 10 rows at most
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = depth)]
    pub(crate) depth: usize,
}

fn depth(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(depth @ 1..=200) => Ok(depth),
        _ => Err("must be between 1 and 200".into()),
    }
}

/// How much of a table to print, and how.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Rows")]
pub(crate) struct TableArgs {
    /// Rows to print [default: 30 in a table, all in JSON]
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<usize>,

    /// Leave out this many rows at the front, to see the next page
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) skip: usize,

    /// Column to sort by, from its natural end; `+COLUMN` ascending, `-COLUMN` descending
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(crate) sort: Option<String>,

    /// Turn the order around
    #[arg(long)]
    pub(crate) reverse: bool,

    /// Only rows whose class or name holds this text, whatever its case; or /REGEX/
    #[arg(long, value_name = "TEXT", value_parser = Filter::parse)]
    pub(crate) filter: Option<Filter>,

    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

impl TableArgs {
    /// What is wanted of a list, where a screen takes `screen` rows of it.
    pub(crate) fn wanted(&self, screen: usize) -> Wanted {
        Wanted {
            sort: self.sort.clone(),
            reverse: self.reverse,
            filter: self.filter.clone(),
            least: None,
            skip: self.skip,
            top: self.top.or((!self.json).then_some(screen)),
        }
    }
}
