//! A heap snapshot by the shortest way: the service writes it itself, into a pipe of ours.
//!
//! As messages of the inspector, every byte of a snapshot is made a UTF-16 string, escaped, framed
//! and unescaped again while the service stands still. A pipe costs it what a file would. It is
//! named by `/proc/PID/fd/N`, so there is nothing to clean up: if we end, the name is gone and
//! the service's next write fails, which V8 takes for the end of its work. Where the service cannot
//! reach the pipe (another machine, PID namespace or user, Deno, a permission model that forbids
//! files), nothing has happened yet, and the messages remain.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use recording::SnapshotFacts;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

use super::Inspector;
use super::snapshot::{Incoming, Packing};
use crate::Error;

/// Bytes in the pipe at most, so that the service seldom waits for us.
#[cfg(target_os = "linux")]
const PIPE: usize = 1 << 20;

/// Bytes that are read at once.
const BLOCK: usize = 256 << 10;

/// How long the service may take for a MiB of its heap: eight times what it does on a slow machine.
const PER_MIB: Duration = Duration::from_secs(1);

impl Inspector {
    /// Takes a heap snapshot as [`Inspector::take_packed_snapshot`] does, but has the service write
    /// it into a pipe: it stands still for no longer than by `v8.writeHeapSnapshot`. `progress` is
    /// told how many bytes have come. `None` if the service cannot reach the pipe; nothing has
    /// happened then.
    ///
    /// # Errors
    /// If the file cannot be written, the service ends, or it does not answer in the time that a
    /// heap of its size may take; no half file stays then.
    pub async fn take_piped_snapshot(
        &self,
        path: &Path,
        packing: Packing,
        mut progress: impl FnMut(u64),
    ) -> Result<Option<SnapshotFacts>, Error> {
        let Ok((mut pipe, writer)) = open() else {
            return Ok(None);
        };
        let Ok(expression) = expression(&writer) else {
            return Ok(None);
        };
        let heap = self.heap_spaces().await?.used;
        let mib = u32::try_from(heap >> 20).unwrap_or(u32::MAX);
        let limit = self.patience.saturating_mul(5) + PER_MIB.saturating_mul(mib);
        let patient = self.clone().with_patience(limit);
        let asked = patient.evaluate_in_console::<bool>(&expression);
        tokio::pin!(asked);
        let mut file = Incoming::create(path, packing)?;
        // Our own way to write keeps the pipe open until the service has answered.
        let mut writer = Some(writer);
        let mut block = vec![0; BLOCK];
        let mut bytes = 0;
        loop {
            tokio::select! {
                answer = &mut asked, if writer.is_some() => match answer {
                    Ok(true) => writer = None,
                    Ok(false) => return Ok(None),
                    // No Node.js: Deno has no `require` there.
                    Err(Error::Refused { .. }) if bytes == 0 => return Ok(None),
                    Err(error) => return Err(error),
                },
                read = pipe.read(&mut block) => {
                    let n = read.map_err(|source| Error::SnapshotFile {
                        path: path.to_owned(),
                        source,
                    })?;
                    if n == 0 {
                        break;
                    }
                    file.feed(&block[..n])?;
                    bytes += n as u64;
                    progress(bytes);
                }
            }
        }
        file.finish().map(Some)
    }
}

fn open() -> std::io::Result<(Receiver, OwnedFd)> {
    let (reader, writer) = std::io::pipe()?;
    // A small one is slower, not wrong.
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(&writer, PIPE);
    Ok((Receiver::from_owned_fd(reader.into())?, writer.into()))
}

/// What the service is asked: whether it was written. That the path leads to our pipe and not to what has
/// the same name elsewhere is seen by the pipe's number.
fn expression(writer: &OwnedFd) -> std::io::Result<String> {
    let stat = rustix::fs::fstat(writer)?;
    let path = format!("/proc/{}/fd/{}", std::process::id(), writer.as_raw_fd());
    Ok(format!(
        "(() => {{
  const load = process.getBuiltinModule ?? require;
  const path = {path};
  try {{
    const {{ dev, ino }} = load('fs').statSync(path);
    if (dev !== {dev} || ino !== {ino}) return false;
  }} catch {{
    return false;
  }}
  try {{
    load('v8').writeHeapSnapshot(path);
  }} catch (error) {{
    if (error.code === 'ERR_ACCESS_DENIED') return false;
    throw error;
  }}
  return true;
}})()",
        path = json!(path),
        dev = stat.st_dev,
        ino = stat.st_ino,
    ))
}
