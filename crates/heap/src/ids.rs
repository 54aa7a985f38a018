//! Nodes in the order of their ids.
//!
//! Cost: three passes over the nodes, 16 bytes each while they run (a radix sort, eleven bits at a
//! time, from the lowest).

use crate::snapshot::NodeIx;

const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// The nodes with these ids; those with one id in the order given.
pub(crate) fn in_order(ids: &[u32]) -> Vec<NodeIx> {
    let pairs = ids.iter().zip(0..);
    let mut pairs: Vec<(u32, u32)> = pairs.map(|(&id, node)| (id, node)).collect();
    if !ids.is_sorted() {
        let mut other = vec![(0, 0); pairs.len()];
        for digit in 0..u32::BITS.div_ceil(DIGIT_BITS) {
            sort_by_digit(digit, &pairs, &mut other);
            std::mem::swap(&mut pairs, &mut other);
        }
    }
    pairs.into_iter().map(|(_, node)| NodeIx(node)).collect()
}

fn sort_by_digit(digit: u32, from: &[(u32, u32)], to: &mut [(u32, u32)]) {
    let digit = |id: u32| (id >> (digit * DIGIT_BITS)) as usize % DIGITS;
    let mut next = [0; DIGITS];
    for &(id, _) in from {
        next[digit(id)] += 1;
    }
    let mut start = 0;
    for next in &mut next {
        start += std::mem::replace(next, start);
    }
    for &pair in from {
        let place = &mut next[digit(pair.0)];
        to[*place] = pair;
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn ids_are_sorted_and_equals_stay_in_order() {
        let scattered = (0..5000_u32).map(|i| i.wrapping_mul(2_654_435_761) >> (i % 3 * 9));
        let ids: Vec<u32> = scattered.chain([7, 7, u32::MAX, 0, 7]).collect();
        let mut expected: Vec<u32> = (0..ids.len() as u32).collect();
        expected.sort_by_key(|&node| ids[node as usize]);
        let found: Vec<u32> = in_order(&ids).into_iter().map(|node| node.0).collect();
        assert!(found == expected);
        assert_eq!(in_order(&[1, 3, 5]).len(), 3);
    }
}
