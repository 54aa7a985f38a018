//! The edges of a depth-first walk that lead back or across, given in by source, taken out by
//! target.
//!
//! Turning all of them around at once would need them twice, and a jump through memory for each.
//! So they are dealt into blocks of targets as they are met, three bytes for most: the way from
//! the source before, and the target within the block. A block is small enough to be sorted in a
//! cache when its turn comes, and is let go then.

/// Targets of one block: two bytes tell them apart.
const BLOCK: usize = 1 << 16;

/// Bytes that a block grows by: not moved, so that growing costs no copy.
const CHUNK: usize = 1 << 15;

/// The longest an edge can be: a byte that says so, the way from the source before, the target.
const LONGEST: usize = 7;

/// From here on the way from the source before has four bytes of its own.
const FAR: u32 = 0xff;

/// Edges by the block of their target.
#[derive(Default)]
pub(super) struct Crossing {
    blocks: Vec<Dealt>,
}

/// The edges to one block of targets, by source.
#[derive(Default)]
struct Dealt {
    chunks: Vec<Vec<u8>>,
    n_edges: usize,
    last_source: u32,
}

/// The sources of the edges to one block of targets, by target.
#[derive(Default)]
pub(super) struct Sources {
    /// Where those of each target begin.
    first: Vec<u32>,
    in_order: Vec<u32>,
}

impl Crossing {
    /// Adds an edge. Sources must not descend.
    #[inline]
    pub(super) fn add(&mut self, source: u32, target: u32) {
        let block = target as usize / BLOCK;
        if block >= self.blocks.len() {
            self.blocks.resize_with(block + 1, Dealt::default);
        }
        self.blocks[block].add(source, (target as usize % BLOCK) as u16);
    }

    /// The numbers of the blocks that may have edges are below this.
    pub(super) fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The targets of a block.
    pub(super) fn targets(block: usize) -> std::ops::Range<usize> {
        block * BLOCK..(block + 1) * BLOCK
    }

    /// Sorts the edges to a block of targets into `sources`, and lets them go.
    pub(super) fn take(&mut self, block: usize, sources: &mut Sources) {
        std::mem::take(&mut self.blocks[block]).sort(sources);
    }
}

impl Dealt {
    #[inline]
    fn add(&mut self, source: u32, target: u16) {
        let has_room = |chunk: &Vec<u8>| chunk.len() + LONGEST <= CHUNK;
        if !self.chunks.last().is_some_and(has_room) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let Some(chunk) = self.chunks.last_mut() else {
            return;
        };
        let way = source - self.last_source;
        self.last_source = source;
        self.n_edges += 1;
        let [low, high] = target.to_le_bytes();
        if way < FAR {
            chunk.extend_from_slice(&[way as u8, low, high]);
        } else {
            let [a, b, c, d] = way.to_le_bytes();
            chunk.extend_from_slice(&[FAR as u8, a, b, c, d, low, high]);
        }
    }

    /// Calls `take` with the source of each edge and its target in the block, in the order of
    /// sources.
    #[inline]
    fn each(&self, mut take: impl FnMut(u32, usize)) {
        let mut source = 0;
        for chunk in &self.chunks {
            let mut rest = &**chunk;
            while let Some((&way, mut after)) = rest.split_first() {
                let mut way = u32::from(way);
                if let (FAR, Some((far, after_far))) = (way, after.split_first_chunk::<4>()) {
                    way = u32::from_le_bytes(*far);
                    after = after_far;
                }
                let Some((target, after)) = after.split_first_chunk::<2>() else {
                    break;
                };
                rest = after;
                source += way;
                take(source, usize::from(u16::from_le_bytes(*target)));
            }
        }
    }

    fn sort(self, into: &mut Sources) {
        let Sources { first, in_order } = into;
        // Where the targets begin is written one place behind: filling moves it on.
        first.clear();
        first.resize(BLOCK + 2, 0);
        self.each(|_, target| first[target + 2] += 1);
        let mut sum = 0;
        for first in first.iter_mut() {
            sum += *first;
            *first = sum;
        }
        in_order.clear();
        in_order.resize(self.n_edges, 0);
        self.each(|source, target| {
            let slot = &mut first[target + 1];
            in_order[*slot as usize] = source;
            *slot += 1;
        });
    }
}

impl Sources {
    /// The sources of a target, which is of the block that was sorted last.
    #[inline]
    pub(super) fn of(&self, target: usize) -> std::ops::Range<usize> {
        let within = target % BLOCK;
        self.first[within] as usize..self.first[within + 1] as usize
    }

    /// All sources of the block, those of each target side by side.
    #[inline]
    pub(super) fn all(&self) -> &[u32] {
        &self.in_order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_come_back_by_target() {
        let mut crossing = Crossing::default();
        let mut expected: Vec<(u32, u32)> = Vec::new();
        for i in 0..40_000_u32 {
            // Mostly near the one before, at times far.
            let source = i / 3 + i / 100 * 300;
            let target = i.wrapping_mul(2_654_435_761) % 200_000;
            crossing.add(source, target);
            expected.push((target, source));
        }
        expected.sort_unstable();
        let mut found = Vec::new();
        let mut sources = Sources::default();
        for block in 0..crossing.n_blocks() {
            crossing.take(block, &mut sources);
            for target in Crossing::targets(block) {
                let of_target = &sources.all()[sources.of(target)];
                found.extend(of_target.iter().map(|&source| (target as u32, source)));
            }
        }
        assert!(found == expected);
    }
}
