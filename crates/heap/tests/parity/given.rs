//! Files that somebody names: `cargo xtask parity FILE…`.

use std::path::PathBuf;

use crate::compare::check;

/// Paths, as `PATH` has them: files of one process, in the order they were taken.
const VARIABLE: &str = "LEAKSCOPE_PARITY_FILES";

#[test]
#[ignore = "needs files: `cargo xtask parity FILE…` names them"]
fn files_that_were_named_are_seen_as_devtools_sees_them() {
    let paths = std::env::var_os(VARIABLE).expect("the variable with the paths is set");
    let files: Vec<PathBuf> = std::env::split_paths(&paths).collect();
    check(&[files], 40);
}
