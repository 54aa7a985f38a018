//! The command line as it was said; nothing is resolved here. One file for each group of commands.

mod demands;
mod hunt;
mod load;
mod mcp;
mod open;
mod outputs;
mod process;
mod redact;
mod spans;
mod views;
mod watch;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

pub(crate) use self::load::{
    LoadArgs, LoadCommand, MergeArgs, QuickArgs, RunArgs, ScriptArgs, SpreadArg,
};
pub(crate) use self::watch::WatchArgs;
pub(crate) use demands::DemandArgs;
pub(crate) use hunt::{HuntArgs, JudgeArgs};
pub(crate) use mcp::McpArgs;
pub(crate) use open::OpenArgs;
pub(crate) use outputs::OutputArgs;
pub(crate) use process::{CaptureArgs, GcArgs, ProfileArgs, SubjectArgs};
pub(crate) use redact::RedactArgs;
pub(crate) use views::{
    ClosuresArgs, CollectionsArgs, ContainmentArgs, DetachedArgs, DiffArgs, DominatorsArgs,
    HoldersArgs, NodesArgs, ObjectArgs, PathArgs, ReadingArgs, RetainersArgs, SnapshotArgs,
    StatisticsArgs, StringsArgs, SummaryArgs, TableArgs, TrendArgs,
};

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
  3    inconclusive; for a load: the plan was not kept
  4    the service did not start, did not get ready, or died
  5    not one session got through, a budget is exceeded, an alert ended a watch, or the load failed
       its `ensure` checks
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
    Hunt(Box<HuntArgs>),
    /// Perform a load script of Artillery or Minigun
    Load(Box<LoadArgs>),
    /// Judge the folder of an earlier run again, without the service
    Judge(JudgeArgs),
    /// Look at a run or at heap snapshots in the browser
    Open(OpenArgs),
    /// Force a full garbage collection in a running service, and say what it freed
    Gc(GcArgs),
    /// Take heap snapshots of a running service, now or when it is time for one
    Snapshot(CaptureArgs),
    /// Sample where a running service allocates what is alive, as a heap profile for DevTools
    Profile(ProfileArgs),
    /// Watch a running service: memory, heap, sockets, event loop; a live chart, alerts, and whether
    /// it looks like a leak so far
    Watch(Box<WatchArgs>),
    /// List the classes of a heap snapshot by retained size, or the objects of a class
    Summary(SummaryArgs),
    /// Compare two heap snapshots of one process by class, and list what grew in place
    Diff(DiffArgs),
    /// Follow the classes through several heap snapshots of one process
    Trend(TrendArgs),
    /// Find the objects that refer to more and more from one heap snapshot to the next
    Holders(HoldersArgs),
    /// Show everything that a heap snapshot tells of one object
    Object(ObjectArgs),
    /// Show what refers to an object, by distance from the roots, and the path that keeps it alive
    Retainers(RetainersArgs),
    /// Show the path from the roots to an object, or the paths to all objects of a class
    Path(PathArgs),
    /// Show what an object refers to, from the roots down
    Containment(ContainmentArgs),
    /// Show what would be freed with an object, as a tree or merged by class
    Dominators(DominatorsArgs),
    /// Show what the memory of a heap snapshot is used for
    Statistics(StatisticsArgs),
    /// List strings that are there twice, the largest, and those kept for a part of them
    Strings(StringsArgs),
    /// List maps, sets, arrays and large objects by how full they are
    Collections(CollectionsArgs),
    /// List functions with the variables that their closures keep
    Closures(ClosuresArgs),
    /// List detached nodes: DOM nodes that are in no document any more, and what is kept for them
    Detached(DetachedArgs),
    /// Answer an agent's questions about runs and snapshots, over the Model Context Protocol
    Mcp(McpArgs),
    /// Print every node of a heap snapshot as tab-separated values: id, class, distance, self size,
    /// retained size, dominator's id
    Nodes(NodesArgs),
    /// Remove the contents of strings from heap snapshots, to give them away: the graph, the sizes
    /// and the names in the program's code stay
    Redact(RedactArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }
}
