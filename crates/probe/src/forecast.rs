//! What a heap snapshot will cost the service, and whether there is room for it.
//!
//! V8 keeps a copy of the graph outside the heap until the last byte is written. The figures are
//! per node of the graph and were measured; `docs/process.md` says how. Where the most that a heap
//! of that size can hold fits, nothing is counted; else the live objects are, which is a short pause
//! of its own.

use std::fmt;
use std::path::Path;

use thiserror::Error as ThisError;
use units::{Bytes, Count, Elapsed};

use crate::{Error, Headroom, Inspector};

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

/// What one snapshot costs, and what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    heap: u64,
    nodes: u64,
    is_counted: bool,
    headroom: Option<Headroom>,
    /// Bytes that are free on the disk.
    disk: Option<u64>,
}

/// What there is too little of.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum Lack {
    /// Of memory: the kernel might end the service.
    #[error("a heap snapshot needs {} of memory, and there is {headroom}", Bytes(*needed))]
    Memory {
        /// Bytes.
        needed: u64,
        /// What can be had.
        headroom: Headroom,
    },
    /// Of the disk.
    #[error("a heap snapshot needs {} on the disk, and {} are free", Bytes(*needed), Bytes(*free))]
    Disk {
        /// Bytes.
        needed: u64,
        /// Bytes.
        free: u64,
    },
}

impl Forecast {
    /// What a snapshot of an isolate will cost, and what its process may take and `folder` can hold.
    /// Where the most that its heap can hold does not fit, its objects are counted, which ends a
    /// profile that is being taken.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn of(inspector: &Inspector, pid: Option<u32>, folder: &Path) -> Result<Self, Error> {
        let mut forecast = Self::at_most(inspector, pid, folder).await?;
        if forecast.lack().is_some() {
            forecast.nodes = inspector.live_nodes().await?;
            forecast.is_counted = true;
        }
        Ok(forecast)
    }

    /// Likewise, without counting: as much as its heap can hold.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn at_most(
        inspector: &Inspector,
        pid: Option<u32>,
        folder: &Path,
    ) -> Result<Self, Error> {
        let heap = inspector.heap_spaces().await?.used;
        Ok(Self {
            heap,
            nodes: heap / LEAST_NODE,
            is_counted: false,
            headroom: pid.and_then(Headroom::of),
            disk: free_space(folder),
        })
    }

    /// With what an earlier one has counted: no more can have come than the heap has grown by.
    #[must_use]
    pub fn knowing(mut self, earlier: &Self) -> Self {
        let grown = self.heap.saturating_sub(earlier.heap) / LEAST_NODE;
        self.nodes = self.nodes.min(earlier.nodes + grown);
        self.is_counted = grown == 0 && earlier.is_counted;
        self
    }

    /// With the objects that a snapshot has been seen to hold.
    #[must_use]
    pub fn with_nodes(mut self, nodes: u64) -> Self {
        self.nodes = nodes;
        self.is_counted = true;
        self
    }

    /// What there is too little of, if anything.
    #[must_use]
    pub fn lack(&self) -> Option<Lack> {
        let needed = self.memory();
        let short = self.headroom.as_ref();
        let short = short.filter(|h| h.bytes < needed.saturating_add(RESERVE));
        if let Some(headroom) = short {
            let headroom = headroom.clone();
            return Some(Lack::Memory { needed, headroom });
        }
        let needed = self.file();
        let free = self.disk.filter(|&free| free < needed)?;
        Some(Lack::Disk { needed, free })
    }

    /// In half a line.
    #[must_use]
    pub fn brief(&self) -> String {
        let left = self.headroom.as_ref();
        let left = left.map_or(String::new(), |h| format!(" of {} left", Bytes(h.bytes)));
        format!(
            "up to {}{left} each, and the service stands still for up to {}",
            Bytes(self.memory()),
            self.pause()
        )
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
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_most = if self.is_counted { "" } else { "at most " };
        let left = self.headroom.as_ref();
        let left = left.map_or(String::new(), |headroom| format!(" (there is {headroom})"));
        write!(
            f,
            "heap {}, {at_most}{} objects: it needs up to {}{left} of memory, and stands still for \
             up to {}",
            Bytes(self.heap),
            Count(self.nodes),
            Bytes(self.memory()),
            self.pause()
        )
    }
}

fn free_space(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryLimit;

    fn forecast(headroom: Option<u64>, disk: Option<u64>) -> Forecast {
        let limit = MemoryLimit::Cgroup {
            path: "/sys/fs/cgroup/service".into(),
            limit: 1 << 30,
        };
        Forecast {
            heap: 1 << 30,
            nodes: (1 << 30) / LEAST_NODE,
            is_counted: false,
            headroom: headroom.map(|bytes| Headroom { bytes, limit }),
            disk,
        }
    }

    #[test]
    fn what_was_counted_before_bounds_what_may_have_come_since() {
        let counted = forecast(None, None).with_nodes(1000);
        let now = forecast(None, None).knowing(&counted);
        assert_eq!((now.nodes, now.is_counted), (1000, true));
        let grown = Forecast {
            heap: counted.heap + 10 * LEAST_NODE,
            ..counted.clone()
        };
        let now = Forecast {
            nodes: grown.heap / LEAST_NODE,
            ..grown
        };
        let now = now.knowing(&counted);
        assert_eq!((now.nodes, now.is_counted), (1010, false));
        // Never more than the heap can hold.
        let small = Forecast {
            heap: 640,
            nodes: 20,
            ..forecast(None, None)
        };
        assert_eq!(small.knowing(&counted).nodes, 20);
    }

    #[test]
    fn what_it_costs_fits_into_a_line() {
        let costs = forecast(Some(3 << 30), None).with_nodes(100_000);
        assert_eq!(
            costs.brief(),
            "up to 143.1 MiB of 3.0 GiB left each, and the service stands still for up to 400 ms"
        );
    }

    #[test]
    fn what_is_lacking_is_told_with_figures() {
        assert_eq!(forecast(None, None).lack(), None);
        let enough = forecast(None, None).memory() + RESERVE;
        assert_eq!(forecast(Some(enough), Some(u64::MAX)).lack(), None);
        assert!(forecast(Some(enough - 1), None).lack().is_some());
        let memory = forecast(Some(1 << 20), None).lack().unwrap().to_string();
        assert!(
            memory.contains("there is 1.0 MiB left of the 1.0 GiB of cgroup"),
            "{memory}"
        );
        let disk = forecast(None, Some(5 << 20)).lack().unwrap().to_string();
        assert!(disk.contains("on the disk, and 5.0 MiB are free"), "{disk}");
    }
}
