//! What `mcp` is told.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct McpArgs {
    /// Folder that agents may read runs and snapshots in; may be given several times [default: the
    /// current folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Vec<PathBuf>,

    /// Command that agents may hunt, in quotes: the service's, or all that stands after
    /// `leakscope hunt`; may be given several times [default: none]
    #[arg(long, value_name = "COMMAND", allow_hyphen_values = true)]
    pub(crate) allow_hunt: Vec<String>,
}
