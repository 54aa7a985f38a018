//! A heap snapshot on its way into a file.
//!
//! Invariant: under the final name there is a whole snapshot or nothing. Memory: a few pieces of
//! 100 KiB, whatever the size of the heap, and what the compressor needs.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use recording::SnapshotFacts;
use serde_json::json;

use super::whole::Whole;
use super::wire::{Notice, Wire};
use crate::Error;

/// How hard the compressor tries: its default, about a tenth of the size.
const ZSTD_LEVEL: i32 = 3;

/// How a snapshot is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// V8's own text, which DevTools opens.
    Plain,
    /// That, compressed with Zstandard.
    Zstd,
}

pub(super) async fn take(
    wire: &Wire,
    (path, packing): (&Path, Packing),
    patience: Duration,
    mut progress: impl FnMut(u64, u64),
) -> Result<SnapshotFacts, Error> {
    const METHOD: &str = "HeapProfiler.takeHeapSnapshot";
    let mut file = Incoming::create(path, packing)?;
    let params = json!({ "reportProgress": true });
    let mut notices = wire.ask_with_notices(METHOD, &params)?;
    // A large heap is collected before the first word of it comes.
    let limit = patience * 5;
    loop {
        let notice = tokio::time::timeout(limit, notices.next()).await;
        let silent = |_| Error::Silent {
            method: METHOD,
            limit: limit.into(),
        };
        match notice.map_err(silent)? {
            Some(Notice::Chunk(chunk)) => file.feed(chunk.as_bytes())?,
            Some(Notice::Progress(done, total)) => progress(done, total),
            Some(Notice::Script(_) | Notice::Objects(_)) => {}
            None => break,
        }
    }
    notices.answer().await?;
    file.finish()
}

/// A snapshot that is coming in.
pub(super) struct Incoming {
    path: PathBuf,
    part: Part,
    whole: Whole,
    started: Instant,
}

impl Incoming {
    pub(super) fn create(path: &Path, packing: Packing) -> Result<Self, Error> {
        let started = Instant::now();
        let created = Part::create(path, packing);
        let part = created.map_err(|source| Error::SnapshotFile {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            part,
            whole: Whole::new(),
            started,
        })
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let fed = self.whole.feed(bytes);
        fed.map_err(|what| self.cut(what))?;
        let written = self.part.write(bytes);
        written.map_err(|source| Error::SnapshotFile {
            path: self.path.clone(),
            source,
        })
    }

    /// Gives the file its name, if all of it is there.
    pub(super) fn finish(self) -> Result<SnapshotFacts, Error> {
        let took = self.started.elapsed().into();
        self.whole.finish().map_err(|what| self.cut(what))?;
        let path = self.path;
        let bytes = self.part.finish().map_err(|source| Error::SnapshotFile {
            path: path.clone(),
            source,
        })?;
        let file = path.file_name().unwrap_or_default();
        Ok(SnapshotFacts {
            file: file.to_string_lossy().into_owned(),
            bytes,
            took,
        })
    }

    fn cut(&self, what: String) -> Error {
        Error::SnapshotCut {
            path: self.path.clone(),
            what,
        }
    }
}

/// A file under a temporary name, removed unless finished.
struct Part {
    /// `None` only while it is finished.
    sink: Option<Sink>,
    temporary: PathBuf,
    path: PathBuf,
}

enum Sink {
    Plain(File),
    Packed(zstd::Encoder<'static, File>),
}

impl Part {
    fn create(path: &Path, packing: Packing) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let temporary = PathBuf::from(name);
        let mut options = OpenOptions::new();
        // Never through somebody else's link.
        options.write(true).create_new(true).mode(0o600);
        let file = match options.open(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Left by one who had our process id, and was killed.
                std::fs::remove_file(&temporary)?;
                options.open(&temporary)?
            }
            file => file?,
        };
        let mut part = Self {
            sink: None,
            temporary,
            path: path.to_owned(),
        };
        part.sink = Some(match packing {
            Packing::Plain => Sink::Plain(file),
            Packing::Zstd => Sink::Packed(zstd::Encoder::new(file, ZSTD_LEVEL)?),
        });
        Ok(part)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.sink {
            Some(Sink::Plain(file)) => file.write_all(bytes),
            Some(Sink::Packed(encoder)) => encoder.write_all(bytes),
            None => Ok(()),
        }
    }

    /// Gives the file its name, and its size.
    fn finish(mut self) -> io::Result<u64> {
        let file = match self.sink.take() {
            Some(Sink::Plain(file)) => file,
            Some(Sink::Packed(encoder)) => encoder.finish()?,
            None => return Ok(0),
        };
        let bytes = file.metadata()?.len();
        std::fs::rename(&self.temporary, &self.path)?;
        Ok(bytes)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After it was given its name there is none of this; a failure has been told already.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_part_becomes_a_private_file_or_nothing() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("a.heapsnapshot");
        let files = || std::fs::read_dir(dir.path()).unwrap().count();
        for packing in [Packing::Plain, Packing::Zstd] {
            let mut part = Part::create(&path, packing).unwrap();
            part.write(b"half").unwrap();
            assert!(!path.exists());
            drop(part);
            assert_eq!(files(), 0);
        }
        let mut part = Part::create(&path, Packing::Zstd).unwrap();
        part.write(b"all of it").unwrap();
        let bytes = part.finish().unwrap();
        let written = std::fs::read(&path).unwrap();
        assert_eq!((files(), bytes), (1, written.len() as u64));
        assert_eq!(zstd::decode_all(written.as_slice()).unwrap(), b"all of it");
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_a_killed_one_left_is_written_over_and_links_are_not_followed() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("a.heapsnapshot");
        let elsewhere = dir.path().join("elsewhere");
        let temporary = format!("{}.{}.part", path.display(), std::process::id());
        std::os::unix::fs::symlink(&elsewhere, &temporary).unwrap();
        let mut part = Part::create(&path, Packing::Plain).unwrap();
        part.write(b"secret").unwrap();
        part.finish().unwrap();
        assert!(!elsewhere.exists());
        assert_eq!(std::fs::read(&path).unwrap(), b"secret");
    }
}
