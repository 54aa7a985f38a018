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

    /// Count only what DevTools' filter of this name keeps
    #[arg(long, value_name = "FILTER")]
    pub(crate) only: Option<Only>,

    #[command(flatten)]
    pub(crate) table: TableArgs,
}

/// DevTools' filters.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Only {
    /// What would be free without detached DOM nodes
    Detached,
    /// What would be free if nothing had been told to a console
    Console,
    /// What would be free without the handlers of DOM events
    EventHandlers,
    /// What would be free without the variables of closures
    Contexts,
    /// Strings whose text another string has too
    DuplicatedStrings,
}

impl From<Only> for heap::Filter {
    fn from(only: Only) -> Self {
        match only {
            Only::Detached => Self::RetainedByDetachedDomNodes,
            Only::Console => Self::RetainedByConsole,
            Only::EventHandlers => Self::RetainedByEventHandlers,
            Only::Contexts => Self::RetainedByContexts,
            Only::DuplicatedStrings => Self::DuplicatedStrings,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct StatisticsArgs {
    #[command(flatten)]
    pub(crate) source: SnapshotArgs,

    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
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
