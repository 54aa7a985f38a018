//! The bytes of a snapshot out of a file that may be packed: by its first bytes, not by its name.
//!
//! An archive can promise more than any memory holds. Invariant: no more comes out than
//! [`MOST_DENSE`] times what was read, so that memory stays within a multiple of the file.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder;

use super::file::Readable;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTANDARD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Of its skippable frames, the first byte's lower half aside.
const SKIPPABLE: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];

/// Bytes out for a byte in. Real snapshots have 5 to 10, very regular ones 50.
const MOST_DENSE: u64 = 250;

/// So much comes out in any case.
const ALWAYS_ALLOWED: u64 = 16 << 20;

const BUFFER: usize = 1 << 20;

/// An archive that holds too much for its size.
#[derive(Debug)]
pub(super) struct TooDense;

impl std::error::Error for TooDense {}

impl fmt::Display for TooDense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it unpacks to more than {MOST_DENSE} times its size")
    }
}

/// What is in a file, and how many bytes that is, if it is known.
pub(super) fn reader(readable: Readable) -> io::Result<(Box<dyn Read + Send>, Option<u64>)> {
    let Readable { mut file, size } = readable;
    let mut start = Vec::new();
    (&mut file)
        .take(ZSTANDARD.len() as u64)
        .read_to_end(&mut start)?;
    let is_gzip = start.starts_with(&GZIP);
    let is_zstandard = start == ZSTANDARD || is_skippable(&start);
    let whole = Cursor::new(start).chain(file);
    if !is_gzip && !is_zstandard {
        return Ok((Box::new(whole), size));
    }
    let n_packed = Arc::new(AtomicU64::new(0));
    let packed = BufReader::with_capacity(
        BUFFER,
        Counted {
            file: whole,
            n_read: Arc::clone(&n_packed),
        },
    );
    let reader: Box<dyn Read + Send> = match is_gzip {
        true => Box::new(Bounded::new(MultiGzDecoder::new(packed), n_packed)),
        false => Box::new(Bounded::new(zstandard(packed)?, n_packed)),
    };
    Ok((reader, None))
}

fn is_skippable(start: &[u8]) -> bool {
    let first = start.first().map(|byte| byte & 0xf0);
    first == Some(SKIPPABLE[0]) && start[1..] == SKIPPABLE[1..]
}

fn zstandard<R: BufRead>(packed: R) -> io::Result<Decoder<'static, R>> {
    Decoder::with_buffer(packed)
}

/// Counts what is read of a file.
struct Counted {
    file: Chain<Cursor<Vec<u8>>, File>,
    n_read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(into)?;
        self.n_read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Ends with an error where more comes out than can be meant.
struct Bounded<R> {
    unpacked: R,
    n_unpacked: u64,
    n_packed: Arc<AtomicU64>,
}

impl<R> Bounded<R> {
    fn new(unpacked: R, n_packed: Arc<AtomicU64>) -> Self {
        Self {
            unpacked,
            n_unpacked: 0,
            n_packed,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.unpacked.read(into)?;
        self.n_unpacked += n as u64;
        let n_packed = self.n_packed.load(Ordering::Relaxed);
        match self.n_unpacked > ALWAYS_ALLOWED + MOST_DENSE * n_packed {
            true => Err(io::Error::other(TooDense)),
            false => Ok(n),
        }
    }
}

#[cfg(test)]
mod tests;
