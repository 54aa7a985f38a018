//! What the views of single objects are told.

use super::{SnapshotArgs, TableArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct NodesArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RetainersArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    /// An object's id, as `@123`, or a class name for its object with the largest retained size
    #[arg(value_name = "OBJECT")]
    pub(crate) object: String,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}
