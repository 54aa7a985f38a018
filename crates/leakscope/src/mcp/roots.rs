//! The folders that agents may read in, and the check that a path lies in one of them.
//!
//! Invariant: of a path that leads out, by `..`, as an absolute path or through a symbolic link,
//! not even its existence is told.

use std::path::{Component, Path, PathBuf};

use mcp::Problem;
use report::printable;

use crate::exit::Exit;
use crate::failure::Failure;

/// Folders without symbolic links in their paths.
#[derive(Debug)]
pub(super) struct Roots(Vec<PathBuf>);

impl Roots {
    /// Of the folders given, or the current one.
    pub(super) fn of(given: &[PathBuf]) -> Result<Self, Failure> {
        let here = [PathBuf::from(".")];
        let given = if given.is_empty() { &here } else { given };
        let real = |folder: &PathBuf| {
            let shown = printable(&folder.display().to_string());
            let failed = |why: &str| {
                Failure::new(Exit::Usage, format!("cannot use `--root {shown}`: {why}"))
                    .hint(Some("give a folder that holds runs or heap snapshots"))
            };
            let path = (folder.canonicalize()).map_err(|error| failed(&error.to_string()))?;
            match path.is_dir() {
                true => Ok(path),
                false => Err(failed("it is no folder")),
            }
        };
        given.iter().map(real).collect::<Result<_, _>>().map(Self)
    }

    /// The one that relative paths begin at, and that runs are made in.
    pub(super) fn first(&self) -> &Path {
        self.0.first().map_or(Path::new("."), PathBuf::as_path)
    }

    pub(super) fn all(&self) -> &[PathBuf] {
        &self.0
    }

    /// The real path of what an agent named.
    pub(super) fn resolve(&self, wanted: &str) -> Result<PathBuf, Problem> {
        let mut missing = false;
        for root in &self.0 {
            let path = plain(&root.join(wanted));
            if !self.hold(&path) {
                continue;
            }
            match path.canonicalize() {
                Ok(real) if self.hold(&real) => return Ok(real),
                Ok(_) => {}
                Err(_) => missing = true,
            }
        }
        let shown = printable(wanted);
        Err(match missing {
            true => Problem::new(format!("there is no `{shown}`"))
                .hint("`list` shows the runs and snapshots there are"),
            false => Problem::new(format!(
                "`{shown}` is outside of the folders that may be read"
            ))
            .hint("the user allows another folder by starting `leakscope mcp --root DIR`"),
        })
    }

    /// Whether a real path lies in one of them.
    pub(super) fn hold(&self, path: &Path) -> bool {
        self.0.iter().any(|root| path.starts_with(root))
    }

    /// A path as agents see it, and as [`Roots::resolve`] takes it.
    pub(super) fn shown(&self, path: &Path) -> String {
        match path.strip_prefix(self.first()) {
            Ok(inside) if inside.as_os_str().is_empty() => ".".into(),
            Ok(inside) => inside.display().to_string(),
            Err(_) => path.display().to_string(),
        }
    }
}

/// A path without `.` and `..`, taken by its words alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            _ => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_leads_out_is_refused_whether_it_exists_or_not() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("secret.heapsnapshot");
        fs::write(&outside, "{}").unwrap();
        let root = dir.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("mine.heapsnapshot"), "{}").unwrap();
        symlink(&outside, root.join("link.heapsnapshot")).unwrap();
        let roots = Roots::of(std::slice::from_ref(&root)).unwrap();
        let inside = roots.resolve("mine.heapsnapshot").unwrap();
        assert_eq!(roots.shown(&inside), "mine.heapsnapshot");
        assert_eq!(
            roots.resolve("./x/../mine.heapsnapshot"),
            Ok(inside.clone())
        );
        assert_eq!(roots.resolve(inside.to_str().unwrap()), Ok(inside));
        let absolute = outside.to_str().unwrap().to_owned();
        for path in [
            "../secret.heapsnapshot",
            "../nothing-here",
            "/etc/passwd",
            "/no/such/file",
            "link.heapsnapshot",
            &absolute,
        ] {
            let problem = roots.resolve(path).unwrap_err();
            assert!(problem.message.contains("outside"), "{path}: {problem:?}");
        }
        let problem = roots.resolve("nothing").unwrap_err();
        assert!(problem.message.contains("no `nothing`"), "{problem:?}");
    }

    #[test]
    fn a_root_must_be_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(Roots::of(&[file]).is_err());
        assert!(Roots::of(&[dir.path().join("missing")]).is_err());
    }
}
