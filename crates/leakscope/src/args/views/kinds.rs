//! What the views of one kind of objects are told.

use super::{SnapshotArgs, TableArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct StringsArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CollectionsArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    /// List only those with nothing in them
    #[arg(long, group = "fill")]
    pub(crate) empty: bool,

    /// List only those that use less than a quarter of room for 16 entries or more
    #[arg(long, group = "fill")]
    pub(crate) sparse: bool,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ClosuresArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DetachedArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}
