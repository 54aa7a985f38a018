//! Decimal numbers out of bytes, many at a time: the hot loop of the parser.
//!
//! Owns the two passes over a block of a flat array of numbers: [`survey`] finds the digits, 64
//! bytes to a mask, counts the numbers and finds where the array stops; [`convert`] turns the
//! numbers into 32-bit values. Must not know what the numbers mean.
//!
//! Signs, dots and blanks separate numbers, as in DevTools (`HeapSnapshotLoader.ts`). The masks
//! make the loops free of branches that depend on a digit: a number of four digits costs as much
//! as one of nine. Cost (`perf record` of `benches/engine.rs` on 100 MB): the survey 0.05 and the
//! conversion 0.3 ns a byte. [`convert_wide`], digit by digit, serves what the fast way cannot:
//! values of more than 32 bits, and processors without AVX2.

#![expect(
    unsafe_code,
    reason = "the hot loop of the parser: measured, each block argued"
)]

/// Bytes of a block's buffer before its text: a number's digits are loaded with what is before.
pub(super) const BEFORE: usize = 32;

/// Bytes of a block's buffer behind its text: masks cover 64 bytes.
pub(super) const BEHIND: usize = 64;

/// What a block holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// Numbers that end in the block.
    pub(super) numbers: usize,
    /// The first byte that is neither of a number nor between numbers.
    pub(super) stop: Option<usize>,
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b',' | b'\n' | b' ' | b'-' | b'\r' | b'\t' | b'.')
}

/// Looks a text over that does not end in a digit, and leaves in `masks` which bytes are digits.
///
/// `buffer` holds [`BEFORE`] bytes, the `len` bytes of the text, and [`BEHIND`] bytes.
pub(super) fn survey(buffer: &[u8], len: usize, masks: &mut Vec<u64>) -> Survey {
    let text = &buffer[BEFORE..];
    masks.clear();
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the processor has what the function is compiled for.
        return unsafe { survey_avx2(text, len, masks) };
    }
    survey_with(text, len, masks, classes)
}

/// The numbers of a text that was surveyed. What `out` then holds are their lower 32 bits; `false`
/// if one has more, or if this processor has no fast way: then nothing in `out` is of use.
pub(super) fn convert(buffer: &[u8], survey: Survey, masks: &[u64], out: &mut Vec<u32>) -> bool {
    // Values are written ahead.
    out.resize(survey.numbers + AHEAD, 0);
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the processor has what the function is compiled for.
        let fits = unsafe { avx2::convert(buffer, masks, out) };
        out.truncate(survey.numbers);
        return fits;
    }
    let _ = (buffer, masks);
    false
}

/// The numbers of a text digit by digit; what 64 bits cannot hold is their greatest value.
pub(super) fn convert_wide(text: &[u8]) -> impl Iterator<Item = u64> + '_ {
    text.split(|byte| !byte.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| {
            digits.iter().fold(0_u64, |number, digit| {
                number
                    .saturating_mul(10)
                    .saturating_add(u64::from(digit - b'0'))
            })
        })
}

/// Values that may be written beyond those of the blocks before: 64 bytes hold 32 numbers, and
/// numbers are written in pairs.
const AHEAD: usize = 34;

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("popcnt")
}

/// Of 64 bytes: which are digits, and which are neither digit, comma nor line end.
type Classes = (u64, u64);

fn classes(bytes: &[u8; 64]) -> Classes {
    let (mut digits, mut others) = (0, 0);
    for (at, &byte) in bytes.iter().enumerate() {
        let is_digit = byte.is_ascii_digit();
        digits |= u64::from(is_digit) << at;
        others |= u64::from(!(is_digit || byte == b',' || byte == b'\n')) << at;
    }
    (digits, others)
}

#[inline(always)]
fn survey_with(
    text: &[u8],
    len: usize,
    masks: &mut Vec<u64>,
    classes: impl Fn(&[u8; 64]) -> Classes,
) -> Survey {
    let mut found = Survey {
        numbers: 0,
        stop: None,
    };
    let mut before = 0;
    let (blocks, _) = text.as_chunks::<64>();
    for (number, block) in blocks.iter().take(len / 64 + 1).enumerate() {
        let (mut digits, mut others) = classes(block);
        let left = len - number * 64;
        if left < 64 {
            let valid = (1 << left) - 1;
            digits &= valid;
            others &= valid;
        }
        while others != 0 && found.stop.is_none() {
            let at = others.trailing_zeros() as usize;
            if is_separator(block[at]) {
                others &= others - 1;
            } else {
                found.stop = Some(number * 64 + at);
                digits &= (1 << at) - 1;
            }
        }
        let ends = !digits & (digits << 1 | before);
        before = digits >> 63;
        found.numbers += ends.count_ones() as usize;
        masks.push(digits);
        if found.stop.is_some() {
            break;
        }
    }
    found
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn survey_avx2(text: &[u8], len: usize, masks: &mut Vec<u64>) -> Survey {
    survey_with(text, len, masks, |block| avx2::classes(block))
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! The same with 32 bytes at a time.

    use std::arch::x86_64::*;

    use super::{AHEAD, BEFORE, Classes};

    /// Twice sixteen bytes: those from `n` on keep the last `n` of sixteen bytes.
    static KEEP: [u8; 32] = {
        let mut keep = [0; 32];
        let mut at = 16;
        while at < 32 {
            keep[at] = 0xff;
            at += 1;
        }
        keep
    };

    #[target_feature(enable = "avx2")]
    fn half(bytes: &[u8; 32]) -> (u32, u32) {
        // SAFETY: the load needs no alignment, and the array has its 32 bytes.
        let text = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        let value = _mm256_sub_epi8(text, _mm256_set1_epi8(b'0'.cast_signed()));
        let digits = _mm256_cmpeq_epi8(_mm256_min_epu8(value, _mm256_set1_epi8(9)), value);
        let commas = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b','.cast_signed()));
        let lines = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b'\n'.cast_signed()));
        let known = _mm256_or_si256(digits, _mm256_or_si256(commas, lines));
        (
            _mm256_movemask_epi8(digits).cast_unsigned(),
            !_mm256_movemask_epi8(known).cast_unsigned(),
        )
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn classes(bytes: &[u8; 64]) -> Classes {
        let (halves, _) = bytes.as_chunks::<32>();
        let (low, high) = (half(&halves[0]), half(&halves[1]));
        (
            u64::from(low.0) | u64::from(high.0) << 32,
            u64::from(low.1) | u64::from(high.1) << 32,
        )
    }

    /// The masks are those of `survey` for this buffer; `out` has room for all numbers that end by
    /// them, and for [`AHEAD`].
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    pub(super) fn convert(buffer: &[u8], masks: &[u64], out: &mut [u32]) -> bool {
        assert!(
            buffer.len() >= BEFORE + masks.len() * 64,
            "the masks are those of the buffer"
        );
        let mut written = 0;
        let mut before = 0_u64;
        // Where the number starts that ran over the end of the last block, from this block's start.
        let mut open = 0_isize;
        let mut sums = _mm256_setzero_si256();
        let mut longest = 0;
        for (number, &digits) in masks.iter().enumerate() {
            let shifted = digits << 1 | before;
            let mut starts = digits & !shifted;
            let mut ends = !digits & shifted;
            let n = ends.count_ones() as usize;
            let next_open = 63 - starts.leading_zeros() as isize;
            let has_start = starts != 0;
            let mut start = starts.trailing_zeros() as isize;
            let after_first = starts & starts.wrapping_sub(1);
            (start, starts) = match before {
                0 => (start, after_first),
                _ => (open, starts),
            };
            let room: &mut [u32; AHEAD] = out[written..]
                .first_chunk_mut()
                .expect("there is room for all numbers");
            let mut filled = 0;
            while filled < n {
                let end_a = ends.trailing_zeros() as isize;
                ends &= ends.wrapping_sub(1);
                let end_b = ends.trailing_zeros() as isize;
                ends &= ends.wrapping_sub(1);
                let start_b = starts.trailing_zeros() as isize;
                starts &= starts.wrapping_sub(1);
                let (len_a, len_b) = (end_a - start, end_b - start_b);
                start = starts.trailing_zeros() as isize;
                starts &= starts.wrapping_sub(1);
                longest |= len_a | len_b;
                let (len_a, len_b) = (len_a.min(16), len_b.min(16));
                // SAFETY: both ends are at most 64, so the sixteen bytes before them lie between
                // `BEFORE` bytes before the block and its end: in the buffer, by the assertion.
                // Lengths are from 0 to 16, where KEEP has sixteen bytes more. No load needs to
                // be aligned.
                let (text, keep) = unsafe {
                    let block = buffer.as_ptr().add(BEFORE + number * 64);
                    let text = |end| _mm_loadu_si128(block.offset(end - 16).cast());
                    let keep = |len| _mm_loadu_si128(KEEP.as_ptr().offset(len).cast());
                    (
                        _mm256_set_m128i(text(end_b), text(end_a)),
                        _mm256_set_m128i(keep(len_b), keep(len_a)),
                    )
                };
                let pair = values(text, keep);
                sums = _mm256_or_si256(sums, pair);
                room[filled] = _mm256_extract_epi32::<0>(pair).cast_unsigned();
                room[filled + 1] = _mm256_extract_epi32::<4>(pair).cast_unsigned();
                filled += 2;
            }
            written += n;
            open = if has_start { next_open } else { open } - 64;
            before = digits >> 63;
        }
        let high = _mm256_srli_epi64::<32>(sums);
        let fits = _mm256_extract_epi32::<0>(high) | _mm256_extract_epi32::<4>(high) == 0;
        fits && longest < 16
    }

    /// The value of the kept digits in each half, as 64 bits at its beginning.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn values(text: __m256i, keep: __m256i) -> __m256i {
        let zero = _mm256_set1_epi8(b'0'.cast_signed());
        let digits = _mm256_and_si256(_mm256_sub_epi8(text, zero), keep);
        // Two digits to a number, four, eight; then the upper eight and the lower.
        let twos = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a));
        let fours = _mm256_madd_epi16(twos, _mm256_set1_epi32(0x0001_0064));
        let packed = _mm256_packus_epi32(fours, fours);
        let eights = _mm256_madd_epi16(packed, _mm256_set1_epi32(0x0001_2710));
        let upper = _mm256_mul_epu32(eights, _mm256_set1_epi64x(100_000_000));
        _mm256_add_epi64(upper, _mm256_srli_epi64::<32>(eights))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a text by both ways; the text ends in no digit.
    fn converted(text: &str) -> (Vec<u64>, Option<Vec<u32>>, Survey) {
        let mut buffer = vec![b'7'; BEFORE];
        buffer.extend_from_slice(text.as_bytes());
        buffer.extend_from_slice(&[0; BEHIND]);
        let mut masks = Vec::new();
        let survey = survey(&buffer, text.len(), &mut masks);
        let mut values = Vec::new();
        let fits = convert(&buffer, survey, &masks, &mut values);
        let text = &text.as_bytes()[..survey.stop.unwrap_or(text.len())];
        (convert_wide(text).collect(), fits.then_some(values), survey)
    }

    fn assert_both(text: &str) {
        let (wide, narrow, survey) = converted(text);
        assert_eq!(wide.len(), survey.numbers, "{text}");
        if let Some(narrow) = narrow {
            let narrow: Vec<u64> = narrow.into_iter().map(u64::from).collect();
            assert_eq!(narrow, wide, "{text}");
        }
    }

    #[test]
    fn numbers_of_every_length_are_read_at_every_place() {
        for shift in 0..130 {
            for length in 1..=16 {
                let number = &"1234567890123456"[..length];
                assert_both(&format!(
                    "{}{number},{number}\n,{number}]",
                    " ".repeat(shift)
                ));
            }
        }
        assert_both("1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,]");
        assert_both(&"0,4294967295\n,".repeat(50));
    }

    #[test]
    fn what_needs_more_than_32_bits_is_told() {
        for text in ["4294967296,", "1,99999999999,", "00000000000000000001,"] {
            assert_eq!(converted(text).1, None, "{text}");
        }
        assert_eq!(converted("4294967296,").0, [4_294_967_296]);
    }

    #[test]
    fn the_array_stops_at_what_is_no_number() {
        assert_eq!(converted("1,-2.3 4\r\t5]6,").2.stop, Some(11));
        assert_eq!(converted("1,-2.3 4\r\t5]6,").0, [1, 2, 3, 4, 5]);
        let late = format!("{}x", "17,".repeat(64));
        assert_eq!(converted(&late).2.stop, Some(192));
        assert_eq!(
            converted("").2,
            Survey {
                numbers: 0,
                stop: None
            }
        );
        assert_both("]");
        assert_both("12,]34,");
    }
}
