//! What a heap snapshot will cost the service, and whether there is room for it.
//!
//! V8 keeps a copy of the graph outside the heap until the last byte is written. The figures are
//! per node of the graph and were measured; `docs/process.md` says how. Where the most that a heap
//! of that size can hold fits, nothing is counted; else the live objects are, which is a short pause
//! of its own.

use std::path::Path;

use probe::{Headroom, Inspector, Process};
use units::{Bytes, Count, Elapsed};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::targets::failed;

/// Bytes of heap per node, at least: a heap of nothing but small objects and numbers.
const LEAST_NODE: u64 = 32;

/// Bytes that V8 needs per node while it takes a snapshot, with the edges that a node has: about
/// 350, but up to this where the nodes are elements of one large array.
const MEMORY_PER_NODE: u64 = 1_500;

/// Bytes of the file per node.
const FILE_PER_NODE: u64 = 110;

/// Nanoseconds that the service stands still per node.
const PAUSE_PER_NODE: u64 = 4_000;

/// What must be left after all that, for the service itself.
const RESERVE: u64 = 32 << 20;

/// What one snapshot costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Forecast {
    heap: u64,
    nodes: u64,
    is_counted: bool,
}

impl Forecast {
    fn of_size(heap: u64) -> Self {
        Self {
            heap,
            nodes: heap / LEAST_NODE,
            is_counted: false,
        }
    }

    /// Bytes of memory that V8 takes for it.
    fn memory(&self) -> u64 {
        self.nodes * MEMORY_PER_NODE
    }

    /// Bytes of the file; texts are written as they are.
    fn file(&self) -> u64 {
        self.nodes * FILE_PER_NODE + self.heap / 4
    }

    fn pause(&self) -> Elapsed {
        Elapsed {
            nanos: self.nodes * PAUSE_PER_NODE,
        }
    }

    fn text(&self, headroom: Option<&Headroom>) -> String {
        let at_most = if self.is_counted { "" } else { "at most " };
        let left = headroom.map_or(String::new(), |headroom| format!(" (there is {headroom})"));
        format!(
            "heap {}, {at_most}{} objects: it needs up to {}{left} of memory, and stands still for \
             up to {}",
            Bytes(self.heap),
            Count(self.nodes),
            Bytes(self.memory()),
            self.pause()
        )
    }
}

/// Checks that there is room for a snapshot, and says in a line what it will cost.
///
/// # Errors
/// With the figures, if there is not.
pub(super) async fn check(
    inspector: &Inspector,
    process: Option<&Process>,
    folder: &Path,
) -> Result<String, Failure> {
    let heap = inspector.heap_spaces().await.map_err(|e| failed(&e))?.used;
    let headroom = process.and_then(|process| Headroom::of(process.pid));
    let disk = free_space(folder);
    let mut forecast = Forecast::of_size(heap);
    if lack(&forecast, headroom.as_ref(), disk).is_some() {
        let nodes = inspector.live_nodes().await.map_err(|e| failed(&e))?;
        forecast.nodes = nodes;
        forecast.is_counted = true;
    }
    let text = forecast.text(headroom.as_ref());
    match lack(&forecast, headroom.as_ref(), disk) {
        None => Ok(text),
        Some(lack) => Err(Failure::new(Exit::Service, lack.what)
            .causes([text])
            .hint(Some(lack.hint))),
    }
}

/// What there is too little of.
#[derive(Debug, PartialEq, Eq)]
struct Lack {
    what: String,
    hint: &'static str,
}

fn lack(forecast: &Forecast, headroom: Option<&Headroom>, disk: Option<u64>) -> Option<Lack> {
    let short = headroom.filter(|h| h.bytes < forecast.memory().saturating_add(RESERVE));
    if let Some(headroom) = short {
        return Some(Lack {
            what: format!(
                "a heap snapshot needs {} of memory, and there is {headroom}",
                Bytes(forecast.memory())
            ),
            hint: "`--force` takes it all the same; the kernel may end the service for it",
        });
    }
    let short = disk.filter(|&free| free < forecast.file());
    short.map(|free| Lack {
        what: format!(
            "a heap snapshot needs {} on the disk, and {} are free",
            Bytes(forecast.file()),
            Bytes(free)
        ),
        hint: "free some space, or choose a folder on another disk with `--dir DIR`; `--zstd` needs \
               about a tenth, `--force` tries it all the same",
    })
}

fn free_space(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
mod tests {
    use probe::MemoryLimit;

    use super::*;

    fn left(bytes: u64) -> Headroom {
        Headroom {
            bytes,
            limit: MemoryLimit::Cgroup {
                path: "/sys/fs/cgroup/service".into(),
                limit: 1 << 30,
            },
        }
    }

    #[test]
    fn what_is_lacking_is_told_with_figures() {
        let forecast = Forecast::of_size(1 << 30);
        assert_eq!(lack(&forecast, None, None), None);
        let enough = left(forecast.memory() + RESERVE);
        assert_eq!(lack(&forecast, Some(&enough), Some(u64::MAX)), None);
        let memory = lack(&forecast, Some(&left(1 << 20)), None).unwrap().what;
        assert!(
            memory.contains("there is 1.0 MiB left of the 1.0 GiB of cgroup"),
            "{memory}"
        );
        let disk = lack(&forecast, None, Some(5 << 20)).unwrap().what;
        assert!(disk.contains("on the disk, and 5.0 MiB are free"), "{disk}");
    }
}
