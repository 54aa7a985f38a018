//! What the views by class are told.

use std::path::PathBuf;

use super::{ReadingArgs, SnapshotArgs, TableArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct SummaryArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    /// List the objects of this class instead of the classes
    #[arg(value_name = "CLASS")]
    pub(crate) class: Option<String>,

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

    /// List the new and the deleted objects of this class instead of the classes
    #[arg(value_name = "CLASS")]
    pub(crate) class: Option<String>,

    #[command(flatten)]
    pub(crate) reading: ReadingArgs,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}
