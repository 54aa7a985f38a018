//! Snapshot files: opened, unpacked and read with their path in every error.

mod file;
mod unpacked;

use std::io::Read;
use std::path::Path;

use heap::{Analysis, Error, Kept, Loss, Outline, Overview, Recovered, Snapshot};
use units::Count;

use crate::args::ReadingArgs;
use crate::cache::{Cache, Fingerprint};
use crate::exit::Exit;
use crate::failure::{Failure, warn_in_detail};

/// A snapshot with what DevTools computes when it loads one.
pub(crate) struct Opened {
    pub(crate) snapshot: Snapshot,
    pub(crate) analysis: Analysis,
}

/// What a snapshot file is in sum: from the cache if it was seen before, else by reading it.
pub(crate) fn overview(path: &Path, reading: ReadingArgs) -> Result<Overview, Failure> {
    // What is recovered is not what the file holds, and the loss must be told each time.
    let cache = Cache::of_user().filter(|_| !reading.no_cache && !reading.recover);
    // Without a fingerprint the file cannot be read either, or is no file; `open` says so.
    let seen = || Fingerprint::of(path).ok().flatten();
    let Some((cache, before)) = cache.and_then(|cache| Some((cache, seen()?))) else {
        let opened = open(path, reading)?;
        return Ok(opened.overview());
    };
    if let Some(known) = cache.get(&before) {
        return Ok(known);
    }
    let overview = open(path, reading)?.overview();
    // What changed under the reader's hands is neither the one state nor the other.
    if seen().is_some_and(|after| after == before) {
        // A cache that cannot be written is no reason to withhold the answer.
        let _ = cache.put(&before, &overview);
    }
    Ok(overview)
}

/// Reads and analyzes a snapshot file, plain, gzip or Zstandard.
pub(crate) fn open(path: &Path, reading: ReadingArgs) -> Result<Opened, Failure> {
    let snapshot = read(path, reading)?;
    let analysis = Analysis::of(&snapshot);
    Ok(Opened { snapshot, analysis })
}

/// Reads a snapshot file likewise, for what takes half the time and memory: to be the base of a
/// comparison.
pub(crate) fn outline(path: &Path, reading: ReadingArgs) -> Result<(Snapshot, Outline), Failure> {
    let snapshot = read(path, reading)?;
    let outline = Outline::of(&snapshot);
    Ok((snapshot, outline))
}

/// Reads and analyzes a snapshot file whose bytes pass through `watch` on their way. What is lost of a
/// damaged one is not told: it is for faces that have the terminal for themselves.
pub(crate) fn open_watched(
    path: &Path,
    reading: ReadingArgs,
    watch: impl FnOnce(Box<dyn Read + Send>, Option<u64>) -> Box<dyn Read + Send>,
) -> Result<Opened, Failure> {
    let (snapshot, _) = read_through(path, reading, watch)?;
    let analysis = Analysis::of(&snapshot);
    Ok(Opened { snapshot, analysis })
}

fn read(path: &Path, reading: ReadingArgs) -> Result<Snapshot, Failure> {
    let (snapshot, loss) = read_through(path, reading, |reader, _| reader)?;
    if let Some(loss) = loss {
        tell_loss(path, &loss);
    }
    Ok(snapshot)
}

fn read_through(
    path: &Path,
    reading: ReadingArgs,
    through: impl FnOnce(Box<dyn Read + Send>, Option<u64>) -> Box<dyn Read + Send>,
) -> Result<(Snapshot, Option<Loss>), Failure> {
    let (reader, size) = reader(path)?;
    let reader = through(reader, size);
    let damaged = |error: Error| {
        let place = locate(path, &error).map(|byte| format!("the record stands at byte {byte}"));
        cannot_read(path, &error)
            .causes(place)
            .hint(hint(&error, path, reading))
    };
    match reading.recover {
        false => {
            let snapshot = heap::parse(reader, size).map_err(damaged)?;
            Ok((snapshot, None))
        }
        true => {
            let Recovered { snapshot, loss } = heap::recover(reader, size).map_err(damaged)?;
            Ok((snapshot, loss))
        }
    }
}

/// The bytes of a snapshot file, plain, gzip or Zstandard, and how many they are if that is known.
pub(crate) fn reader(path: &Path) -> Result<(Box<dyn Read + Send>, Option<u64>), Failure> {
    let failed = |error: &dyn std::error::Error| cannot_read(path, error);
    let file = file::open(path)
        .map_err(|refused| failed(&refused.error).hint(refused.hint.map(str::to_owned)))?;
    unpacked::reader(file).map_err(|error| failed(&error))
}

fn cannot_read(path: &Path, error: &dyn std::error::Error) -> Failure {
    let path = path.display();
    let message = format!("cannot read heap snapshot `{path}`: {error}");
    Failure::new(Exit::Usage, message)
}

/// At which byte the record stands that an error is about, if the file can be read again.
fn locate(path: &Path, error: &Error) -> Option<u64> {
    if !matches!(error, Error::Index { .. } | Error::Number { .. }) {
        return None;
    }
    let file = file::open(path).ok()?;
    file.size?;
    let (reader, _) = unpacked::reader(file).ok()?;
    heap::locate(reader, error)
}

impl Opened {
    fn overview(&self) -> Overview {
        Overview::of(&self.snapshot, &self.analysis)
    }
}

/// What can be done about bytes that are no whole snapshot.
fn hint(error: &Error, path: &Path, reading: ReadingArgs) -> Option<String> {
    let is_no_snapshot = match error {
        Error::Read { source, .. } => {
            let is_of_it =
                |inner: &(dyn std::error::Error + 'static)| inner.is::<unpacked::TooDense>();
            let bomb = source.get_ref().is_some_and(|inner| is_of_it(inner));
            return bomb.then(|| {
                "if it is a snapshot all the same, unpack it first: a plain file may have any size".into()
            });
        }
        Error::TooLarge { .. } => return None,
        Error::Empty | Error::Missing(_) | Error::Header(_) => true,
        Error::Syntax { offset, .. } => *offset == 0,
        _ => false,
    };
    Some(match (is_no_snapshot, reading.recover) {
        (true, _) => "give a file that V8 wrote: *.heapsnapshot, plain, .gz or .zst".into(),
        (false, true) => "nothing of it can be recovered: take the snapshot again".into(),
        (false, false) => format!(
            "take it again; or `leakscope summary --recover {}` shows what is whole, as every view does",
            path.display()
        ),
    })
}

fn tell_loss(path: &Path, loss: &Loss) {
    let Loss {
        error,
        nodes,
        edges,
        strings,
        missing_names,
    } = loss;
    let whole = |kept: &Kept| match kept.expected {
        Some(expected) => format!("{} of {}", Count(kept.found), Count(expected)),
        None => Count(kept.found).to_string(),
    };
    let message = format!(
        "only what is whole of `{}` is shown: {error}",
        path.display()
    );
    let lines = [
        format!("nodes: {}; edges: {}", whole(nodes), whole(edges)),
        format!(
            "strings: {}; {} names and types are missing",
            Count(*strings),
            Count(*missing_names)
        ),
        "sizes and distances are those of what is left, not of the heap that was".into(),
    ];
    warn_in_detail(&message, &lines);
}
