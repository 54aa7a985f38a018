//! What the commands are told that show snapshots on disk.

use std::path::PathBuf;

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
