//! Questions to a thread that waits in `Atomics.wait`, as those of pools do between two jobs.
//!
//! It hears the inspector, but its event loop does not turn, and V8 puts collections and, in newer
//! versions, snapshots off to its next turn. So both are asked of the thread's own JavaScript, which
//! runs at once: Node.js' `v8.writeHeapSnapshot`, and V8's `gc` function, which is there only while
//! it is got hold of. Object ids are the same in snapshots of either kind.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Instant;

use recording::SnapshotFacts;

use super::Inspector;
use super::whole::Whole;
use crate::Error;

/// Older engines do not know the options, and collect all the same.
const COLLECT: &str = "(() => {
    const key = Symbol.for('leakscope.gc');
    if (!globalThis[key]) {
        const v8 = process.getBuiltinModule?.('v8') ?? require('v8');
        const vm = process.getBuiltinModule?.('vm') ?? require('vm');
        v8.setFlagsFromString('--expose-gc');
        const value = vm.runInNewContext('gc');
        v8.setFlagsFromString('--no-expose-gc');
        Object.defineProperty(globalThis, key, { value });
    }
    const gc = globalThis[key];
    gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    gc();
    return true;
})()";

/// Bytes of a snapshot that are checked at a time.
const BLOCK: usize = 256 << 10;

impl Inspector {
    /// Collects at once, without a turn of the event loop; not quite as much as
    /// [`Inspector::collect_garbage`].
    ///
    /// # Errors
    /// [`Error::Silent`] if the thread does not even hear.
    pub async fn collect_without_turn(&self) -> Result<(), Error> {
        self.ask("Runtime.discardConsoleEntries", &serde_json::json!({}))
            .await?;
        self.evaluate_in_console::<bool>(COLLECT).await.map(drop)
    }

    /// Has the service write a snapshot itself, at once, without a turn of the event loop. The file
    /// `path` gets its name only when it is whole.
    ///
    /// # Errors
    /// If the service does not answer, cannot write there, or what it wrote is not whole.
    pub async fn have_snapshot_written(&self, path: &Path) -> Result<SnapshotFacts, Error> {
        let started = Instant::now();
        // The service may be in another folder.
        let absolute = std::path::absolute(path).map_err(|source| failed(path, source))?;
        let mut temporary = absolute.into_os_string();
        temporary.push(format!(".{}.part", std::process::id()));
        let temporary = Path::new(&temporary);
        let quoted = serde_json::Value::from(temporary.to_string_lossy().into_owned());
        let expression = format!(
            "(process.getBuiltinModule?.('v8') ?? require('v8')).writeHeapSnapshot({quoted})"
        );
        let patient = self.clone().with_patience(self.patience * 5);
        let written = patient.evaluate_in_console::<String>(&expression).await;
        let taken = written.and_then(|_| {
            let bytes = check(temporary, path)?;
            let renamed = std::fs::rename(temporary, path);
            renamed.map_err(|source| failed(path, source))?;
            Ok(SnapshotFacts {
                file: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                bytes,
                took: started.elapsed().into(),
            })
        });
        if taken.is_err() {
            // There may be none; the failure has been told already.
            let _ = std::fs::remove_file(temporary);
        }
        taken
    }
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::SnapshotFile {
        path: path.to_owned(),
        source,
    }
}

/// The size of the snapshot in a file, which is whole.
fn check(temporary: &Path, path: &Path) -> Result<u64, Error> {
    let failed = |source| failed(path, source);
    let cut = |what| Error::SnapshotCut {
        path: path.to_owned(),
        what,
    };
    let mut file = match File::open(temporary) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(cut(
                "the service did not write it where it was asked to".into()
            ));
        }
        file => file.map_err(failed)?,
    };
    let mut whole = Whole::new();
    let mut block = vec![0; BLOCK];
    let mut bytes = 0;
    loop {
        match file.read(&mut block).map_err(failed)? {
            0 => break,
            n => {
                whole.feed(&block[..n]).map_err(cut)?;
                bytes += n as u64;
            }
        }
    }
    whole.finish().map_err(cut)?;
    Ok(bytes)
}
