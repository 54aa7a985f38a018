//! One memory reading, as the kernel and V8 give it.

use serde::{Deserialize, Serialize};
use units::Elapsed;

/// What the kernel says of a process, in bytes and counts.
///
/// A field is `None` where the kernel does not say (another user's process, another system).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryFigures {
    /// Resident set size, as `ps -o rss`.
    pub rss: u64,
    /// Virtual size, as `ps -o vsz`.
    pub vsz: u64,
    /// Proportional set size: shared pages divided by their users.
    pub pss: Option<u64>,
    /// Unique set size: pages nobody else maps.
    pub uss: Option<u64>,
    /// Swapped-out bytes.
    pub swap: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Open file descriptors.
    pub fds: Option<u64>,
    /// Of these, sockets.
    pub sockets: Option<u64>,
}

/// What V8 says of its isolate, in bytes: `process.memoryUsage()`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeapFigures {
    /// Bytes V8 reserved for its heap.
    pub heap_total: u64,
    /// Bytes of it in use, garbage included.
    pub heap_used: u64,
    /// Bytes outside the heap held by objects in it.
    pub external: u64,
    /// Of these, `ArrayBuffer` contents.
    pub array_buffers: u64,
}

/// The collections of garbage since the readings began, those that were asked for included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GcFigures {
    /// How many.
    pub count: u64,
    /// How long the service stood still for them, in microseconds.
    pub pause_us: u64,
}

/// One reading of the service's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Since the start of the run.
    pub at: Elapsed,
    /// The kernel's figures.
    pub memory: MemoryFigures,
    /// V8's figures, where an inspector answered in time.
    pub heap: Option<HeapFigures>,
    /// V8's collections, where the service could count them.
    #[serde(default)]
    pub gc: Option<GcFigures>,
    /// Sessions created so far in the whole run.
    pub sessions: u64,
}

/// The columns of `samples.csv`: bytes unless the name says otherwise, empty where unknown.
pub const SAMPLES_HEADER: &str = "at_s,sessions,rss,vsz,pss,uss,swap,threads,fds,sockets,\
                                  heap_total,heap_used,external,array_buffers,gcs,gc_pause_us";

impl Sample {
    /// The sample as one line of `samples.csv`, without the line end.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let cell = |value: Option<u64>| value.map_or_else(String::new, |v| v.to_string());
        let memory = &self.memory;
        let heap = |field: fn(&HeapFigures) -> u64| cell(self.heap.as_ref().map(field));
        [
            format!("{:.3}", self.at.as_secs_f64()),
            self.sessions.to_string(),
            memory.rss.to_string(),
            memory.vsz.to_string(),
            cell(memory.pss),
            cell(memory.uss),
            cell(memory.swap),
            cell(memory.threads),
            cell(memory.fds),
            cell(memory.sockets),
            heap(|h| h.heap_total),
            heap(|h| h.heap_used),
            heap(|h| h.external),
            heap(|h| h.array_buffers),
            cell(self.gc.map(|gc| gc.count)),
            cell(self.gc.map(|gc| gc.pause_us)),
        ]
        .join(",")
    }
}

impl Sample {
    /// A line of `samples.csv` without its line end; `None` if it is none.
    #[must_use]
    pub fn from_csv(line: &str) -> Option<Self> {
        let mut cells = line.split(',');
        let seconds: f64 = cells.next()?.parse().ok()?;
        let numbers = cells.map(|cell| match cell {
            "" => Some(None),
            digits => digits.parse::<u64>().ok().map(Some),
        });
        let numbers = numbers.collect::<Option<Vec<Option<u64>>>>()?;
        let &[
            sessions,
            rss,
            vsz,
            pss,
            uss,
            swap,
            threads,
            fds,
            sockets,
            ref heap @ ..,
        ] = numbers.as_slice()
        else {
            return None;
        };
        let &[heap_total, heap_used, external, array_buffers, ref gc @ ..] = heap else {
            return None;
        };
        // A run of an older version has no collections.
        let gc = match *gc {
            [] | [None, _] => None,
            [Some(count), pause_us] => Some(GcFigures {
                count,
                pause_us: pause_us.unwrap_or_default(),
            }),
            _ => return None,
        };
        if !(0.0..1e9).contains(&seconds) {
            return None;
        }
        Some(Self {
            at: Elapsed {
                nanos: (seconds * 1e9).round() as u64,
            },
            memory: MemoryFigures {
                rss: rss?,
                vsz: vsz?,
                pss,
                uss,
                swap,
                threads,
                fds,
                sockets,
            },
            heap: heap_used.map(|heap_used| HeapFigures {
                heap_total: heap_total.unwrap_or_default(),
                heap_used,
                external: external.unwrap_or_default(),
                array_buffers: array_buffers.unwrap_or_default(),
            }),
            gc,
            sessions: sessions?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_as_many_cells_as_the_header_and_leaves_unknowns_empty() {
        let sample = Sample {
            at: Elapsed {
                nanos: 1_250_000_000,
            },
            memory: MemoryFigures {
                rss: 10,
                vsz: 20,
                pss: Some(5),
                ..MemoryFigures::default()
            },
            heap: None,
            gc: Some(GcFigures {
                count: 7,
                pause_us: 1500,
            }),
            sessions: 3,
        };
        let line = sample.to_csv();
        assert_eq!(line, "1.250,3,10,20,5,,,,,,,,,,7,1500");
        assert_eq!(line.split(',').count(), SAMPLES_HEADER.split(',').count());
        assert_eq!(Sample::from_csv(&line), Some(sample));
        let unknown = Sample { gc: None, ..sample };
        assert_eq!(Sample::from_csv(&unknown.to_csv()), Some(unknown));
    }

    #[test]
    fn a_line_of_an_older_version_tells_of_no_collections() {
        let sample = Sample::from_csv("1.250,3,10,20,5,,,,,,1,2,3,4").unwrap();
        assert_eq!(sample.gc, None);
        assert_eq!(sample.heap.map(|heap| heap.heap_used), Some(2));
    }

    #[test]
    fn what_is_no_line_is_no_sample() {
        for line in [
            "",
            SAMPLES_HEADER,
            "1.5,3,10",
            "x,3,10,20,5,,,,,,,,,",
            "-1,3,10,20,5,,,,,,,,,",
            "1.5,3,10,20,5,,,,,,,,,,7",
            "1.5,3,10,20,5,,,,,,,,,,7,8,9",
        ] {
            assert_eq!(Sample::from_csv(line), None, "{line}");
        }
    }
}
