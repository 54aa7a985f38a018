//! Files changed at random, from seeds: what the fuzz target does for long is done here for a while.

use super::corpus::corpus;
use super::invariants;

/// Changed files of each one in the corpus.
const ROUNDS: u64 = 400;

/// `splitmix64`: any seed gives a good stream.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// Pieces that mean something in a snapshot.
const PIECES: [&[u8]; 14] = [
    b",",
    b"]",
    b"[",
    b"}",
    b"{",
    b"\"",
    b"\\",
    b"-1",
    b"0",
    b"4294967296",
    b"18446744073709551616",
    b"\0",
    b"\"edges\":[",
    b"\"strings\":[",
];

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] = (random.next() & 0xff) as u8,
            1 => bytes[at] = b'0' + random.below(10) as u8,
            2 => {
                let end = (at + 1 + random.below(20)).min(bytes.len());
                bytes.drain(at..end);
            }
            3 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            4 => {
                let end = (at + random.below(200)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, copy);
            }
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.is_empty() {
            return;
        }
    }
}

#[test]
fn files_changed_at_random_break_nothing() {
    for (i, (_, original)) in corpus().into_iter().enumerate() {
        for round in 0..ROUNDS {
            let mut bytes = original.clone();
            mutate(&mut bytes, &mut Random(i as u64 * ROUNDS + round));
            invariants::check(&bytes);
        }
    }
}
