//! Opening what a path names, without ever waiting for it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{OFlags, fcntl_setfl};

/// A file that can be read from its beginning to its end.
pub(super) struct Readable {
    pub(super) file: File,
    /// In bytes; `None` for a pipe.
    pub(super) size: Option<u64>,
}

/// Why there is none, and what to do.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: io::Error,
    pub(super) hint: Option<&'static str>,
}

/// Opens a regular file or a pipe that somebody writes to.
pub(super) fn open(path: &Path) -> Result<Readable, Refused> {
    // A pipe without a writer would be waited for otherwise; so it is just empty.
    let flags = i32::from_ne_bytes(OFlags::NONBLOCK.bits().to_ne_bytes());
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    if kind.is_dir() {
        return Err(Refused {
            error: io::ErrorKind::IsADirectory.into(),
            hint: Some("give one of the *.heapsnapshot files in it"),
        });
    }
    if kind.is_char_device() || kind.is_block_device() {
        return Err(Refused {
            error: io::Error::other("it is a device"),
            hint: Some("give a file that V8 wrote: *.heapsnapshot, plain, .gz or .zst"),
        });
    }
    fcntl_setfl(&file, OFlags::empty()).map_err(io::Error::from)?;
    let size = kind.is_file().then_some(metadata.len());
    Ok(Readable { file, size })
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self { error, hint: None }
    }
}
