//! What the views of several snapshots in a row are told.

use std::path::PathBuf;

use super::{ReadingArgs, TableArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct TrendArgs {
    /// Heap snapshots of one process, the earliest first
    #[arg(value_name = "SNAPSHOT", num_args = 2.., required = true)]
    pub(crate) snapshots: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) reading: ReadingArgs,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct HoldersArgs {
    /// Heap snapshots of one process, the earliest first; three tell more than two
    #[arg(value_name = "SNAPSHOT", num_args = 2.., required = true)]
    pub(crate) snapshots: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) reading: ReadingArgs,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}
