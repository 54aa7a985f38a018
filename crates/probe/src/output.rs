//! The service's own output: a private file that it writes and we only read, or our own stderr.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// No more than this much of the end is read for a tail.
const TAIL_BYTES: u64 = 64 << 10;

/// What Node.js prints because of the inspector that we asked for: not the service's own words.
const INSPECTOR_CHATTER: [&str; 4] = [
    "Debugger listening on ws://",
    "For help, see: https://nodejs.org/",
    "Debugger attached.",
    "Waiting for the debugger to disconnect",
];

/// The file that holds stdout and stderr in the order in which they were written.
#[derive(Debug)]
pub(crate) struct Output {
    /// `None` where it goes to our own stderr, and cannot be read.
    path: Option<PathBuf>,
    /// Where it begins in the file: what is before is of an earlier start.
    begin: u64,
}

impl Output {
    /// Makes the file, and a handle for the service to write with.
    pub(crate) fn create(path: &Path) -> io::Result<(Self, File)> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)?;
        let output = Self {
            path: Some(path.to_owned()),
            begin: file.metadata()?.len(),
        };
        Ok((output, file))
    }

    /// A handle for the service to write to our stderr with.
    pub(crate) fn of_stderr() -> io::Result<(Self, File)> {
        let file = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let output = Self {
            path: None,
            begin: 0,
        };
        Ok((output, file))
    }

    /// Everything written so far. An unreadable file reads as empty: it is looked at again.
    pub(crate) fn text(&self) -> String {
        self.read_from(self.begin)
    }

    /// The last `n` lines that are the service's own.
    pub(crate) fn tail(&self, n: usize) -> Vec<String> {
        let metadata = self.path.as_ref().map(std::fs::metadata);
        let size = metadata.map_or(0, |metadata| metadata.map_or(0, |m| m.len()));
        let text = self.read_from(size.saturating_sub(TAIL_BYTES).max(self.begin));
        let own = |line: &&str| {
            !INSPECTOR_CHATTER
                .iter()
                .any(|words| line.starts_with(words))
        };
        let mut lines: Vec<String> = text
            .lines()
            .rev()
            .filter(own)
            .take(n)
            .map(Into::into)
            .collect();
        lines.reverse();
        lines
    }

    fn read_from(&self, offset: u64) -> String {
        let mut bytes = Vec::new();
        let Some(path) = &self.path else {
            return String::new();
        };
        let read = File::open(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(offset))?;
            file.read_to_end(&mut bytes)
        });
        if read.is_err() {
            return String::new();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_tail_is_the_services_own_words() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("service.log");
        let (output, mut file) = Output::create(&path).unwrap();
        writeln!(
            file,
            "Debugger listening on ws://127.0.0.1:1/2\nFor help, see: https://nodejs.org/"
        )
        .unwrap();
        for i in 0..30_000 {
            writeln!(file, "line {i}").unwrap();
        }
        writeln!(file, "Debugger attached.\nno database").unwrap();
        assert_eq!(output.tail(3), ["line 29998", "line 29999", "no database"]);
        assert!(output.text().starts_with("Debugger listening"));
    }

    #[test]
    fn what_an_earlier_start_has_written_is_not_of_this_one() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("service.log");
        let (_, mut file) = Output::create(&path).unwrap();
        writeln!(file, "ready").unwrap();
        let (output, mut file) = Output::create(&path).unwrap();
        assert_eq!(output.text(), "");
        writeln!(file, "starts").unwrap();
        assert_eq!(output.text(), "starts\n");
        assert_eq!(output.tail(5), ["starts"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "ready\nstarts\n");
    }
}
