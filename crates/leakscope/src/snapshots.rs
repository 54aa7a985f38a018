//! Snapshot files: opened, unpacked and read with their path in every error.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use heap::{Analysis, Overview, Snapshot};

use crate::args::ReadingArgs;
use crate::cache::{Cache, Fingerprint};
use crate::exit::Exit;
use crate::failure::Failure;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A snapshot with what DevTools computes when it loads one.
pub(crate) struct Opened {
    pub(crate) snapshot: Snapshot,
    pub(crate) analysis: Analysis,
}

/// What a snapshot file is in sum: from the cache if it was seen before, else by reading it.
pub(crate) fn overview(path: &Path, reading: ReadingArgs) -> Result<Overview, Failure> {
    let cache = Cache::of_user().filter(|_| !reading.no_cache);
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

/// Reads and analyzes a snapshot file, plain or gzip.
pub(crate) fn open(path: &Path, _: ReadingArgs) -> Result<Opened, Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::new(
            Exit::Usage,
            format!("cannot read heap snapshot `{}`: {error}", path.display()),
        )
    };
    let file = File::open(path).map_err(|error| failed(&error))?;
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    if metadata.is_dir() {
        let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
        return Err(failed(&error).hint(Some("give one of the *.heapsnapshot files in it")));
    }
    let mut buffered = BufReader::with_capacity(1 << 20, file);
    let is_gzip = buffered
        .fill_buf()
        .map_err(|error| failed(&error))?
        .starts_with(&GZIP_MAGIC);
    let reader: Box<dyn Read + Send> = match is_gzip {
        true => Box::new(MultiGzDecoder::new(buffered)),
        false => Box::new(
            buffered
                .into_inner_rewound()
                .map_err(|error| failed(&error))?,
        ),
    };
    let size_hint = (!is_gzip).then_some(metadata.len());
    let snapshot = heap::parse(reader, size_hint).map_err(|error| {
        failed(&error).hint(Some("a snapshot that was cut short must be taken again"))
    })?;
    let analysis = Analysis::of(&snapshot);
    Ok(Opened { snapshot, analysis })
}

impl Opened {
    fn overview(&self) -> Overview {
        Overview::of(&self.snapshot, &self.analysis)
    }
}

/// A reader that has only been peeked into.
trait Rewound {
    fn into_inner_rewound(self) -> std::io::Result<File>;
}

impl Rewound for BufReader<File> {
    fn into_inner_rewound(self) -> std::io::Result<File> {
        use std::io::Seek;
        let mut file = self.into_inner();
        file.rewind()?;
        Ok(file)
    }
}
