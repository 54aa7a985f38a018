//! Classes over several snapshots of one process: which grow at every step, and how fast.
//!
//! Snapshots are taken in one at a time and let go again: what stays are the sums of their
//! classes.

use std::cmp::Ordering;
use std::collections::HashMap;

use heap::Overview;
use serde::Serialize;

use crate::listing::{Column, Filter, Listed, Listing, PageOf};

/// Classes over several snapshots.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// The snapshots, in the order given.
    pub snapshots: Vec<TrendSnapshot>,
    /// The classes, by the slope of their size if nothing else was asked for.
    pub classes: Vec<TrendClass>,
    /// Which of the classes these are.
    pub page: PageOf,
}

/// One of the snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrendSnapshot {
    /// What it is called.
    pub name: String,
    /// Nodes of the graph.
    pub nodes: u64,
    /// What everything that can be reached takes, in bytes.
    pub total_size: u64,
}

/// One class over the snapshots: each list has a number for each of them. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendClass {
    /// The class's name.
    pub class: String,
    /// Objects.
    pub counts: Vec<u64>,
    /// Their own sizes.
    pub shallow_sizes: Vec<u64>,
    /// What would be freed with all of them.
    pub retained_sizes: Vec<u64>,
    /// Objects gained from one snapshot to the next: the median of the slopes between all pairs.
    pub count_slope: f64,
    /// Bytes of their own gained from one snapshot to the next, likewise.
    pub size_slope: f64,
    /// Whether the number of objects rises.
    pub growth: TrendGrowth,
}

/// Whether a number rises over the snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrendGrowth {
    /// At every step.
    EveryStep,
    /// At some steps, and falls at none.
    NeverFalls,
    /// It stays, falls, or goes up and down.
    None,
}

/// Takes snapshots in, one after another.
#[derive(Debug, Default)]
pub struct TrendBuilder {
    snapshots: Vec<TrendSnapshot>,
    classes: HashMap<String, Vec<[u64; 3]>>,
}

impl TrendBuilder {
    /// Takes a snapshot in.
    pub fn add(&mut self, name: &str, overview: &Overview) {
        let at = self.snapshots.len();
        self.snapshots.push(TrendSnapshot {
            name: name.to_owned(),
            nodes: overview.n_nodes,
            total_size: overview.statistics.total,
        });
        for sums in &overview.aggregates {
            let name = sums.name.to_string();
            let class = self.classes.entry(name).or_default();
            class.resize(at + 1, [0; 3]);
            let [count, shallow, retained] = &mut class[at];
            *count += sums.count;
            *shallow += sums.shallow_size;
            *retained += sums.retained_size;
        }
    }

    /// What was taken in last comes first.
    pub fn reverse(&mut self) {
        let n_snapshots = self.snapshots.len();
        self.snapshots.reverse();
        for class in self.classes.values_mut() {
            class.resize(n_snapshots, [0; 3]);
            class.reverse();
        }
    }

    /// The classes over all snapshots taken in.
    #[must_use]
    pub fn trend(&self, listing: &Listing<TrendClass>) -> Trend {
        let n_snapshots = self.snapshots.len();
        let page = listing.page(self.classes.iter().map(|(class, sums)| {
            let mut sums = sums.clone();
            sums.resize(n_snapshots, [0; 3]);
            TrendClass::of(class.clone(), &sums)
        }));
        Trend {
            snapshots: self.snapshots.clone(),
            classes: page.rows,
            page: page.of,
        }
    }
}

impl TrendClass {
    fn of(class: String, sums: &[[u64; 3]]) -> Self {
        let column = |at: usize| sums.iter().map(|sums| sums[at]).collect::<Vec<u64>>();
        let (counts, shallow_sizes) = (column(0), column(1));
        Self {
            class,
            count_slope: slope(&counts),
            size_slope: slope(&shallow_sizes),
            growth: growth(&counts),
            retained_sizes: column(2),
            counts,
            shallow_sizes,
        }
    }
}

/// The median of the slopes between all pairs (Theil and Sen).
fn slope(values: &[u64]) -> f64 {
    let mut slopes = Vec::new();
    for (at, &earlier) in values.iter().enumerate() {
        for (steps, &later) in values[at..].iter().enumerate().skip(1) {
            slopes.push((later as f64 - earlier as f64) / steps as f64);
        }
    }
    slopes.sort_by(f64::total_cmp);
    match (slopes.len(), slopes.len() / 2) {
        (0, _) => 0.0,
        (n, middle) if n.is_multiple_of(2) => (slopes[middle - 1] + slopes[middle]) / 2.0,
        (_, middle) => slopes[middle],
    }
}

fn growth(values: &[u64]) -> TrendGrowth {
    let mut steps = values.windows(2).map(|pair| pair[1].cmp(&pair[0]));
    let rises = steps.clone().filter(|step| step.is_gt()).count();
    match rises {
        0 => TrendGrowth::None,
        _ if rises + 1 == values.len() => TrendGrowth::EveryStep,
        _ if steps.all(Ordering::is_ge) => TrendGrowth::NeverFalls,
        _ => TrendGrowth::None,
    }
}

impl Listed for TrendClass {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::descending("size-slope", |a, b| a.size_slope.total_cmp(&b.size_slope)),
            Column::descending("count-slope", |a, b| {
                a.count_slope.total_cmp(&b.count_slope)
            }),
            Column::descending("count", |a, b| a.counts.last().cmp(&b.counts.last())),
            Column::descending("shallow", |a, b| {
                a.shallow_sizes.last().cmp(&b.shallow_sizes.last())
            }),
            Column::descending("retained", |a, b| {
                a.retained_sizes.last().cmp(&b.retained_sizes.last())
            }),
            Column::ascending("growth", |a, b| a.growth.cmp(&b.growth)),
            Column::ascending("class", |a, b| a.class.cmp(&b.class)),
        ]
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.passes(&self.class)
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.class.cmp(&other.class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Opened, all};

    fn view(counts: &[usize]) -> Trend {
        let mut builder = TrendBuilder::default();
        for (number, count) in counts.iter().enumerate() {
            let text = format!(
                "root -> a*{count}:A 10 property a
                 root -> b*7:B 10 property b"
            );
            builder.add(&format!("{number}"), &Opened::of(&text).overview());
        }
        builder.trend(&all())
    }

    #[test]
    fn a_class_that_grows_at_every_step_is_told_from_one_that_swings() {
        for (counts, growth, slope) in [
            ([1, 3, 5, 9], TrendGrowth::EveryStep, 2.0 + 1.0 / 3.0),
            ([1, 5, 5, 9], TrendGrowth::NeverFalls, 2.0 + 1.0 / 3.0),
            ([9, 1, 12, 2], TrendGrowth::None, 0.0),
        ] {
            let view = view(&counts);
            let a = view.classes.iter().find(|c| c.class == "A").unwrap();
            assert_eq!(a.growth, growth, "{counts:?}");
            if growth != TrendGrowth::None {
                assert!((a.count_slope - slope).abs() < 0.01, "{}", a.count_slope);
                assert!((a.size_slope - 10.0 * slope).abs() < 0.1);
            }
            let b = view.classes.iter().find(|c| c.class == "B").unwrap();
            assert_eq!((b.growth, b.count_slope), (TrendGrowth::None, 0.0));
            assert_eq!(b.counts, [7, 7, 7, 7]);
        }
    }

    #[test]
    fn a_class_that_comes_later_was_none_before() {
        let mut builder = TrendBuilder::default();
        let late = Opened::of("root -> a*4:A 8 property a").overview();
        let early = Opened::of("root -> b:B 8 property b").overview();
        builder.add("late", &late);
        builder.add("early", &early);
        builder.reverse();
        let view = builder.trend(&all());
        assert_eq!(view.snapshots[0].name, "early");
        let a = view.classes.iter().find(|c| c.class == "A").unwrap();
        assert_eq!((&*a.counts, &*a.shallow_sizes), (&[0, 4][..], &[0, 32][..]));
        let b = view.classes.iter().find(|c| c.class == "B").unwrap();
        assert_eq!(b.counts, [1, 0]);
    }
}
