//! What `redact` is told.

use std::path::PathBuf;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RedactArgs {
    /// Heap snapshots, plain, .gz or .zst; those of one process are best given together
    #[arg(value_name = "SNAPSHOT", required = true)]
    pub(crate) snapshots: Vec<PathBuf>,

    /// Where the redacted snapshot goes, packed if it ends in .gz or .zst; `-` for stdout [default:
    /// NAME.redacted.heapsnapshot beside the snapshot]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Replace the output if it exists
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// The program's source, a file or a folder of .js and .ts files: the names in its code stay
    #[arg(long, value_name = "PATH")]
    pub(crate) source: Vec<PathBuf>,

    /// File of the secret that the replacements depend on: with the same secret the same text gives
    /// the same replacement [default: one of your own, made on first use]
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}
