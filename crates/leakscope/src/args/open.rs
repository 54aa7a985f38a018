//! What `open` is told.

use std::path::PathBuf;

use super::ReadingArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct OpenArgs {
    /// Folder of a run, or heap snapshots of one process in the order they were taken
    #[arg(value_name = "RUN|SNAPSHOT", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    /// Listen on this loopback port [default: any that is free]
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) port: u16,

    /// Print the address, and start no browser
    #[arg(long)]
    pub(crate) no_browser: bool,

    /// Show it in this terminal, not in a browser
    #[arg(long, conflicts_with_all = ["port", "no_browser"])]
    pub(crate) tui: bool,

    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}
