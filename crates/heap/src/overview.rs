//! What is left of a snapshot when the graph is let go: counts, statistics, and the sums by class.
//!
//! Owns the bytes that an [`Overview`] can be kept as, so that a second look at a file needs no
//! second load. Must not know where they are kept, nor for how long. The bytes hold no version of
//! their own: whoever keeps them must hand back only what the same program wrote.
//!
//! Reading never trusts: what is cut short, too long or out of range is no overview, and no length
//! that is read makes room for more than is there.

use crate::analysis::{Aggregate, Analysis, Statistics};
use crate::snapshot::Snapshot;

/// Counts and sums of one snapshot: all that its Summary and Statistics show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Nodes of the graph.
    pub n_nodes: u64,
    /// Edges of the graph.
    pub n_edges: u64,
    /// Sums by kind.
    pub statistics: Statistics,
    /// Sums by class, in the order of [`Analysis::aggregates`].
    pub aggregates: Vec<Aggregate>,
}

impl Overview {
    /// Of a snapshot at hand.
    #[must_use]
    pub fn of(snapshot: &Snapshot, analysis: &Analysis) -> Self {
        Self {
            n_nodes: snapshot.n_nodes() as u64,
            n_edges: snapshot.n_edges() as u64,
            statistics: *analysis.statistics(),
            aggregates: analysis.aggregates().to_vec(),
        }
    }

    /// As bytes, about 60 and two names for each class.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut put = |value: u64| bytes.extend_from_slice(&value.to_le_bytes());
        put(self.n_nodes);
        put(self.n_edges);
        fields(&self.statistics).into_iter().for_each(&mut put);
        put(self.aggregates.len() as u64);
        for class in &self.aggregates {
            put_class(&mut bytes, class);
        }
        bytes
    }

    /// From what [`Self::to_bytes`] gave; `None` if it is not exactly that.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let n_nodes = take(&mut rest)?;
        let n_edges = take(&mut rest)?;
        let mut statistics = Statistics::default();
        for field in fields_mut(&mut statistics) {
            *field = take(&mut rest)?;
        }
        let n_classes = take(&mut rest)?;
        let mut aggregates = Vec::new();
        for _ in 0..n_classes {
            aggregates.push(take_class(&mut rest)?);
        }
        rest.is_empty().then_some(Self {
            n_nodes,
            n_edges,
            statistics,
            aggregates,
        })
    }
}

fn fields(statistics: &Statistics) -> [u64; 8] {
    fields_mut(&mut { *statistics }).map(|field| *field)
}

fn fields_mut(statistics: &mut Statistics) -> [&mut u64; 8] {
    let Statistics {
        total,
        native_total,
        typed_arrays,
        v8heap_total,
        code,
        js_arrays,
        strings,
        system,
    } = statistics;
    [
        total,
        native_total,
        typed_arrays,
        v8heap_total,
        code,
        js_arrays,
        strings,
        system,
    ]
}

fn put_class(bytes: &mut Vec<u8>, class: &Aggregate) {
    let distance = class.distance.cast_unsigned();
    for value in [
        class.count,
        distance,
        class.shallow_size,
        class.retained_size,
    ] {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    for text in [&class.name, &class.key] {
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let (value, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_le_bytes(*value))
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(take(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(str::from_utf8(text).ok()?.to_owned())
}

fn take_class(rest: &mut &[u8]) -> Option<Aggregate> {
    Some(Aggregate {
        count: take(rest)?,
        distance: take(rest)?.cast_signed(),
        shallow_size: take(rest)?,
        retained_size: take(rest)?,
        name: take_text(rest)?,
        key: take_text(rest)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Overview {
        let class = |name: &str, distance| Aggregate {
            name: name.to_owned(),
            key: format!("1,2,3,{name}"),
            count: 7,
            distance,
            shallow_size: 1 << 40,
            retained_size: u64::MAX,
        };
        Overview {
            n_nodes: 3,
            n_edges: 4,
            statistics: Statistics {
                total: 10,
                native_total: 1,
                typed_arrays: 2,
                v8heap_total: 3,
                code: 4,
                js_arrays: 5,
                strings: 6,
                system: 7,
            },
            aggregates: vec![class("Größe", -5), class("", 100_000_000)],
        }
    }

    #[test]
    fn what_was_kept_comes_back() {
        let overview = sample();
        let back = Overview::from_bytes(&overview.to_bytes());
        assert_eq!(back, Some(overview));
    }

    #[test]
    fn nothing_else_is_an_overview() {
        let bytes = sample().to_bytes();
        for cut in 0..bytes.len() {
            assert_eq!(Overview::from_bytes(&bytes[..cut]), None, "cut at {cut}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(Overview::from_bytes(&longer), None);
        // Every length that is too large by far asks for no memory.
        for at in (0..bytes.len() - 8).step_by(8) {
            let mut wrong = bytes.clone();
            wrong[at..at + 8].fill(0xff);
            let _ = Overview::from_bytes(&wrong);
        }
    }
}
