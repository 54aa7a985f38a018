//! By what a file is known again without reading it whole.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// So many blocks, from the first to the last, are looked at.
const N_BLOCKS: u64 = 32;
const BLOCK: u64 = 4096;

/// A file in one state, as this build of leakscope sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    name: String,
    text: Vec<u8>,
}

impl Fingerprint {
    /// Of a regular file; `None` for what can be read only once.
    ///
    /// Where the content changed and the size did not, the times tell: the kernel sets the one of the
    /// last change, and no program can set it back. The blocks are for file systems that keep neither.
    pub(crate) fn of(path: &Path) -> io::Result<Option<Self>> {
        let path = path.canonicalize()?;
        // Opening a pipe would wait for its other end.
        if !path.metadata()?.is_file() {
            return Ok(None);
        }
        let file = File::open(&path)?;
        let metadata = file.metadata()?;
        let mut text = Vec::new();
        write!(
            text,
            "{} {} {}",
            env!("CARGO_PKG_VERSION"),
            build()?,
            path.display()
        )?;
        for number in [
            i64::from_ne_bytes(metadata.dev().to_ne_bytes()),
            i64::from_ne_bytes(metadata.ino().to_ne_bytes()),
            i64::from_ne_bytes(metadata.size().to_ne_bytes()),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ctime(),
            metadata.ctime_nsec(),
        ] {
            write!(text, " {number}")?;
        }
        write!(text, " {:016x}", sample(&file, metadata.size())?)?;
        Ok(Some(Self {
            name: format!("{:016x}", digest(path.as_os_str().as_encoded_bytes())),
            text,
        }))
    }

    /// What its entry is called: it stays the same when the file changes.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }
}

/// Tells this build from another of the same version, which may count differently.
fn build() -> io::Result<String> {
    let program = std::env::current_exe()?.metadata()?;
    Ok(format!(
        "{}.{}.{}",
        program.size(),
        program.mtime(),
        program.mtime_nsec()
    ))
}

/// The digest of blocks spread evenly over a file.
fn sample(file: &File, size: u64) -> io::Result<u64> {
    let last = size.saturating_sub(BLOCK);
    let mut bytes = Vec::new();
    for i in 0..N_BLOCKS {
        let mut block = [0; BLOCK as usize];
        let at = u128::from(last) * u128::from(i) / u128::from(N_BLOCKS - 1);
        let at = u64::try_from(at).unwrap_or(last);
        let n = file.read_at(&mut block, at)?;
        bytes.extend_from_slice(&block[..n]);
    }
    Ok(digest(&bytes))
}

/// FNV-1a: tells damage and accidents, not an attacker, who could as well change the snapshot.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let mix = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    bytes.iter().fold(OFFSET, mix)
}
