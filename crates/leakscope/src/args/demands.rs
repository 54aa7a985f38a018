//! What a run is held against besides the rules.

use std::path::PathBuf;

#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Demands")]
pub(crate) struct DemandArgs {
    /// Check a figure, as `bytes/session < 1KiB`, `rss < 300MiB` or `WebSocket/session < 0.01`; may
    /// be given again
    #[arg(long, value_name = "BUDGET")]
    pub(crate) budget: Vec<String>,

    /// Compare with the folder of an earlier run: is it fixed?
    #[arg(long, value_name = "RUN")]
    pub(crate) compare: Option<PathBuf>,

    /// File with growth that is accepted, and budgets [default: .leakscope.toml here or above]
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
}
