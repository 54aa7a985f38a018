//! What the views of single objects are told.

use super::{SnapshotArgs, TableArgs, TreeArgs};

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
    pub(crate) tree: TreeArgs,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PathArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    /// An object's id, as `@123`, or a class name for its object with the largest retained size
    #[arg(value_name = "OBJECT")]
    pub(crate) object: String,

    /// Take all objects of the class together, by the names on their paths
    #[arg(long)]
    pub(crate) group: bool,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ObjectArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    /// An object's id, as `@123`, or a class name for its object with the largest retained size
    #[arg(value_name = "OBJECT")]
    pub(crate) object: String,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ContainmentArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    /// Where to begin: an object's id, as `@123`, or a class name [default: the root]
    #[arg(value_name = "OBJECT")]
    pub(crate) object: Option<String>,

    #[command(flatten)]
    pub(crate) tree: TreeArgs,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DominatorsArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    /// Where to begin: an object's id, as `@123`, or a class name [default: the root]
    #[arg(value_name = "OBJECT")]
    pub(crate) object: Option<String>,

    /// Merge the objects of one class that hang from one class
    #[arg(long)]
    pub(crate) by_class: bool,

    #[command(flatten)]
    pub(crate) tree: TreeArgs,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}
