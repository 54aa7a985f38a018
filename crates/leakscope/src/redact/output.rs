//! Where a redacted snapshot goes: a private file under a temporary name until it is whole, packed
//! as its name says; or stdout.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Stdout, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::write::GzEncoder;
use zstd::stream::write::Encoder;

use crate::exit::Exit;
use crate::failure::Failure;

const BUFFER: usize = 256 << 10;

/// Zstandard's own default.
const ZSTANDARD_LEVEL: i32 = 3;

/// `dir/app.heapsnapshot.zst` gives `dir/app.redacted.heapsnapshot.zst`.
pub(super) fn name_for(snapshot: &Path) -> PathBuf {
    let name = snapshot.file_name().unwrap_or_default().to_string_lossy();
    let (name, packing) = [".gz", ".zst"]
        .iter()
        .find_map(|packing| Some((name.strip_suffix(packing)?, *packing)))
        .unwrap_or((&name, ""));
    let stem = name.strip_suffix(".heapsnapshot").unwrap_or(name);
    snapshot.with_file_name(format!("{stem}.redacted.heapsnapshot{packing}"))
}

/// Refuses an output that would cost something.
pub(super) fn check(snapshot: &Path, output: &Path, overwrite: bool) -> Result<(), Failure> {
    let Ok(existing) = fs::canonicalize(output) else {
        return Ok(());
    };
    let is_itself = fs::canonicalize(snapshot).is_ok_and(|snapshot| snapshot == existing);
    if is_itself {
        let message = format!("`{}` would replace itself", snapshot.display());
        return Err(
            Failure::new(Exit::Usage, message).hint(Some("name another file with `--output FILE`"))
        );
    }
    if existing.is_file() && !overwrite {
        let message = format!("`{}` exists already", output.display());
        return Err(Failure::new(Exit::Usage, message).hint(Some(
            "give `--overwrite` to replace it, or another name with `--output FILE`",
        )));
    }
    Ok(())
}

/// A file that is being written. Dropped unfinished, it is gone.
pub(super) struct Output {
    sink: Option<Sink>,
    /// The temporary and the final name; `None` for stdout.
    names: Option<(PathBuf, PathBuf)>,
    unfinished: Unfinished,
}

/// The file that is being written, known to whoever ends the process while another thread writes.
#[derive(Clone, Default)]
pub(super) struct Unfinished(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    #[default]
    Nothing,
    Being(PathBuf),
    /// Nothing is begun or finished any more.
    Over,
}

impl Unfinished {
    /// Removes what is not finished, and lets nothing be finished afterwards.
    pub(super) fn abandon(&self) {
        if let State::Being(temporary) = std::mem::replace(&mut *self.state(), State::Over) {
            // It may be gone with its folder.
            let _ = fs::remove_file(temporary);
        }
    }

    /// Goes from one state to another, unless it is over.
    fn enter(&self, next: State, step: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut state = self.state();
        if matches!(*state, State::Over) {
            return Err(io::Error::other("interrupted"));
        }
        step()?;
        *state = next;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Sink {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstandard(Encoder<'static, BufWriter<File>>),
    Stdout(BufWriter<Stdout>),
}

impl Output {
    pub(super) fn create(path: &Path, unfinished: &Unfinished) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self {
                sink: Some(Sink::Stdout(BufWriter::with_capacity(BUFFER, io::stdout()))),
                names: None,
                unfinished: unfinished.clone(),
            });
        }
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(format!(".{}.part", std::process::id()));
        let temporary = PathBuf::from(temporary);
        let mut file = None;
        unfinished.enter(State::Being(temporary.clone()), || {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            file = Some(options.open(&temporary)?);
            Ok(())
        })?;
        let file = file.ok_or_else(|| io::Error::other("interrupted"))?;
        let file = BufWriter::with_capacity(BUFFER, file);
        let sink = match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => Sink::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            Some("zst") => Sink::Zstandard(Encoder::new(file, ZSTANDARD_LEVEL)?),
            _ => Sink::Plain(file),
        };
        Ok(Self {
            sink: Some(sink),
            names: Some((temporary, path.to_owned())),
            unfinished: unfinished.clone(),
        })
    }

    /// Completes it and gives it its name.
    pub(super) fn finish(mut self) -> io::Result<()> {
        match self.sink.take() {
            Some(Sink::Plain(mut file)) => file.flush()?,
            Some(Sink::Gzip(file)) => file.finish()?.flush()?,
            Some(Sink::Zstandard(file)) => file.finish()?.flush()?,
            Some(Sink::Stdout(mut stdout)) => stdout.flush()?,
            None => {}
        }
        if let Some((temporary, path)) = &self.names {
            self.unfinished
                .enter(State::Nothing, || fs::rename(temporary, path))?;
        }
        self.names = None;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Some(Sink::Plain(file)) => file.write(bytes),
            Some(Sink::Gzip(file)) => file.write(bytes),
            Some(Sink::Zstandard(file)) => file.write(bytes),
            Some(Sink::Stdout(stdout)) => stdout.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // An archive is complete only when it is finished.
        match &mut self.sink {
            Some(Sink::Plain(file)) => file.flush(),
            Some(Sink::Stdout(stdout)) => stdout.flush(),
            _ => Ok(()),
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some((temporary, _)) = &self.names {
            // It may be gone with its folder.
            let _ = fs::remove_file(temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_named_after_its_snapshot() {
        let named = |name: &str| name_for(Path::new(name)).display().to_string();
        assert_eq!(named("d/a.heapsnapshot"), "d/a.redacted.heapsnapshot");
        assert_eq!(named("a.heapsnapshot.zst"), "a.redacted.heapsnapshot.zst");
        assert_eq!(named("a.b.gz"), "a.b.redacted.heapsnapshot.gz");
    }

    #[test]
    fn an_output_is_there_only_when_it_is_finished() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("a.heapsnapshot.gz");
        let files = || fs::read_dir(dir.path()).unwrap().count();
        let mut output = Output::create(&path, &Unfinished::default()).unwrap();
        output.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(output);
        assert_eq!(files(), 0);
        let unfinished = Unfinished::default();
        let mut output = Output::create(&path, &unfinished).unwrap();
        output.write_all(b"whole").unwrap();
        unfinished.abandon();
        assert_eq!(files(), 0);
        assert!(output.finish().is_err() && Output::create(&path, &unfinished).is_err());
        assert_eq!(files(), 0);
        let mut output = Output::create(&path, &Unfinished::default()).unwrap();
        output.write_all(b"whole").unwrap();
        output.finish().unwrap();
        let mut text = String::new();
        let mut unpacked = flate2::read::GzDecoder::new(File::open(&path).unwrap());
        io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
        assert_eq!((text.as_str(), files()), ("whole", 1));
    }
}
