//! The names in a program's source text: what its code says is no secret.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use run::Folder;

use crate::exit::Exit;
use crate::failure::Failure;

const EXTENSIONS: [&str; 8] = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"];

/// Folders within folders that are followed.
const DEEPEST: usize = 64;

/// The names in the files, and in all files of the folders.
pub(super) fn names(paths: &[PathBuf]) -> Result<HashSet<String>, Failure> {
    let mut names = HashSet::new();
    for path in paths {
        let failed = |error: std::io::Error| {
            let message = format!("cannot read the source `{}`: {error}", path.display());
            Failure::new(Exit::Usage, message)
        };
        match path.is_dir() {
            true => add_folder(path, DEEPEST, &mut names),
            false => add_file(path, &mut names).map_err(failed)?,
        }
    }
    Ok(names)
}

/// The names in the scripts of the run that a snapshot lies with, if it does.
pub(super) fn names_of_run(snapshot: &Path) -> HashSet<String> {
    let folder = snapshot.parent().unwrap_or(Path::new("."));
    let scripts = Folder::open(folder).read_scripts();
    let of_script = |script: &run::ScriptText| source::names(&script.text, &script.url);
    scripts.iter().flat_map(of_script).collect()
}

/// What cannot be read in a folder gives no names: more is redacted then, not less.
fn add_folder(folder: &Path, depth: usize, names: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_source = path
            .extension()
            .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known));
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => add_folder(&path, depth - 1, names),
            Ok(kind) if kind.is_file() && is_source => {
                let _ = add_file(&path, names);
            }
            _ => {}
        }
    }
}

fn add_file(path: &Path, names: &mut HashSet<String>) -> std::io::Result<()> {
    let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    names.extend(source::names(&text, &path.to_string_lossy()));
    Ok(())
}
