//! Snapshot files: opened, unpacked and read with their path in every error.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use heap::{Analysis, Snapshot};

use crate::exit::Exit;
use crate::failure::Failure;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A snapshot with what DevTools computes when it loads one.
pub(crate) struct Opened {
    pub(crate) snapshot: Snapshot,
    pub(crate) analysis: Analysis,
}

/// Reads and analyzes a snapshot file, plain or gzip.
pub(crate) fn open(path: &Path) -> Result<Opened, Failure> {
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
