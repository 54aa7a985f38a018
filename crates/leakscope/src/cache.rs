//! What is known of snapshots already seen, kept in the user's cache folder.
//!
//! Owns the files there: `$XDG_CACHE_HOME/leakscope`, or `~/.cache/leakscope`. They may be deleted at
//! any time. An entry counts only if it is whole and was written by this very build about a file
//! that has not changed since; everything else is as if it were not there. Nothing that goes wrong
//! here is an error: without a cache the answer takes longer, and is the same.
//!
//! A heap holds secrets, and a summary the names in it: files are the user's alone. The oldest
//! give way when all together grow too large.

mod fingerprint;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use heap::Overview;

pub(crate) use fingerprint::Fingerprint;

/// Changes with the form of an entry.
const MAGIC: &[u8] = b"leakscope cache 1\n";
const EXTENSION: &str = "overview";
const UNFINISHED: &str = "unfinished";

/// Bytes of all entries together.
const LIMIT: u64 = 64 << 20;

/// After so long nobody is still writing a file.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A folder of entries.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    limit: u64,
}

impl Cache {
    /// The user's; `None` if the environment names no place for one.
    pub(crate) fn of_user() -> Option<Self> {
        let absolute = |name| {
            let path = PathBuf::from(std::env::var_os(name)?);
            path.is_absolute().then_some(path)
        };
        let caches =
            absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
        Some(Self {
            folder: caches.join("leakscope"),
            limit: LIMIT,
        })
    }

    /// What was kept of a file.
    pub(crate) fn get(&self, file: &Fingerprint) -> Option<Overview> {
        let mut entry = File::open(self.path(file)).ok()?;
        let mut bytes = Vec::new();
        (&mut entry).take(self.limit).read_to_end(&mut bytes).ok()?;
        let overview = Overview::from_bytes(opened(&bytes, file.text())?)?;
        // Those used last are the last to give way; a folder that cannot be written keeps its order.
        let _ = entry.set_modified(SystemTime::now());
        Some(overview)
    }

    /// Keeps what is known of a file, and makes room for it.
    pub(crate) fn put(&self, file: &Fingerprint, overview: &Overview) -> io::Result<()> {
        let bytes = sealed(file.text(), &overview.to_bytes());
        if bytes.len() as u64 > self.limit / 4 {
            return Ok(());
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let path = self.path(file);
        let unfinished = path.with_extension(format!("{}.{UNFINISHED}", std::process::id()));
        let written =
            write_private(&unfinished, &bytes).and_then(|()| fs::rename(&unfinished, path));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        self.evict()
    }

    /// One file's entry: a later state of the same file takes its place.
    fn path(&self, file: &Fingerprint) -> PathBuf {
        self.folder.join(file.name()).with_extension(EXTENSION)
    }

    /// Removes the oldest entries until all fit, and what a killed process left unfinished.
    fn evict(&self) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let path = entry.path();
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let modified = metadata.modified()?;
            let is = |wanted: &str| {
                path.extension()
                    .is_some_and(|extension| extension == wanted)
            };
            if is(EXTENSION) {
                entries.push((modified, metadata.len(), path));
            } else if is(UNFINISHED) && modified.elapsed().is_ok_and(|age| age > ABANDONED) {
                fs::remove_file(path)?;
            }
        }
        entries.sort();
        let mut total: u64 = entries.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in entries {
            if total <= self.limit {
                break;
            }
            fs::remove_file(path)?;
            total -= bytes;
        }
        Ok(())
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}

/// An entry: the magic, the fingerprint, the body's digest, the body.
fn sealed(fingerprint: &[u8], body: &[u8]) -> Vec<u8> {
    let length = (fingerprint.len() as u64).to_le_bytes();
    let digest = fingerprint::digest(body).to_le_bytes();
    [MAGIC, &length, fingerprint, &digest, body].concat()
}

/// The body of an entry that is whole and about this very file.
fn opened<'b>(entry: &'b [u8], fingerprint: &[u8]) -> Option<&'b [u8]> {
    let rest = entry.strip_prefix(MAGIC)?;
    let rest = rest.strip_prefix(&(fingerprint.len() as u64).to_le_bytes())?;
    let rest = rest.strip_prefix(fingerprint)?;
    let (digest, body) = rest.split_first_chunk()?;
    (u64::from_le_bytes(*digest) == fingerprint::digest(body)).then_some(body)
}

#[cfg(test)]
mod tests;
