//! A heap snapshot on its way into a file.
//!
//! Invariant: under the final name there is a whole snapshot or nothing. Memory: a few pieces of
//! 100 KiB, whatever the size of the heap.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use recording::SnapshotFacts;
use serde_json::json;

use super::wire::{Notice, Wire};
use crate::Error;

pub(super) async fn take(
    wire: &Wire,
    path: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<SnapshotFacts, Error> {
    let started = Instant::now();
    let failed = |source| Error::SnapshotFile {
        path: path.to_owned(),
        source,
    };
    let mut part = Part::create(path).map_err(failed)?;
    let params = json!({ "reportProgress": true });
    let mut notices = wire.ask_with_notices("HeapProfiler.takeHeapSnapshot", &params)?;
    while let Some(notice) = notices.next().await {
        match notice {
            Notice::Chunk(chunk) => part.write(&chunk).map_err(failed)?,
            Notice::Progress(done, total) => progress(done, total),
            Notice::Script(_) => {}
        }
    }
    notices.answer().await?;
    if !part.is_whole() {
        return Err(Error::SnapshotCut {
            path: path.to_owned(),
            bytes: part.bytes,
        });
    }
    let bytes = part.bytes;
    part.finish().map_err(failed)?;
    let file = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(SnapshotFacts {
        file,
        bytes,
        took: started.elapsed().into(),
    })
}

/// A file under a temporary name, removed unless finished.
struct Part {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
    bytes: u64,
    /// The last bytes written that are not white space.
    end: [u8; 2],
    is_finished: bool,
}

impl Part {
    fn create(path: &Path) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let temporary = PathBuf::from(name);
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        let path = path.to_owned();
        Ok(Self {
            file,
            temporary,
            path,
            bytes: 0,
            end: [0; 2],
            is_finished: false,
        })
    }

    fn write(&mut self, chunk: &str) -> io::Result<()> {
        self.file.write_all(chunk.as_bytes())?;
        self.bytes += chunk.len() as u64;
        let shown = chunk
            .bytes()
            .rev()
            .filter(|byte| !byte.is_ascii_whitespace());
        let [before, last] = self.end;
        self.end = match shown.take(2).collect::<Vec<_>>()[..] {
            [] => [before, last],
            [only] => [last, only],
            [newest, newer, ..] => [newer, newest],
        };
        Ok(())
    }

    /// V8 ends a snapshot with the list of strings, and that with the object.
    fn is_whole(&self) -> bool {
        self.end == *b"]}"
    }

    fn finish(mut self) -> io::Result<()> {
        std::fs::rename(&self.temporary, &self.path)?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_finished {
            // It may be gone with its folder.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_gets_its_name_only_when_finished_and_is_private() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("a.heapsnapshot");
        let files = || std::fs::read_dir(dir.path()).unwrap().count();
        let mut part = Part::create(&path).unwrap();
        part.write("{\"snapshot\":{},\"strings\":[").unwrap();
        assert!(!part.is_whole() && !path.exists());
        drop(part);
        assert_eq!(files(), 0);

        let mut part = Part::create(&path).unwrap();
        for chunk in ["{\"strings\":[\"a\"", "]", "\n", "}\n"] {
            part.write(chunk).unwrap();
        }
        assert!(part.is_whole());
        part.finish().unwrap();
        assert_eq!(files(), 1);
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
