//! A section's records, read by several threads into columns.
//!
//! Owns the division of work: a thread at a time takes the next block of bytes off the reader,
//! finds how many records it holds, and is given just so many rows of the columns; the digits it
//! then reads beside the others. So rows are where they belong from the start, nothing is copied
//! twice, and the file is never held. Must not know what the fields mean.
//!
//! Columns grow between rounds only: by the header's word as far as the size of the file bears
//! it out, by doubling beyond.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::digits::{self, BEFORE, BEHIND, Survey};
use super::scanner::Scanner;
use crate::Error;

/// Bytes that a thread takes at once: text, masks and values together stay in its cache.
const BLOCK: usize = 256 << 10;

/// Digits of one number; more is damage.
const LONGEST_NUMBER: usize = 4096;

/// Rows to begin with, where nothing is known.
const FIRST_ROWS: usize = 1 << 16;

/// Columns under construction.
pub(super) trait Columns {
    /// A part of the columns, for one thread to write.
    type Part<'a>: Part
    where
        Self: 'a;

    /// Makes the columns so many rows long.
    fn set_rows(&mut self, rows: usize);

    /// The rows from `start` on.
    fn part(&mut self, start: usize) -> Self::Part<'_>;
}

/// Rows of columns.
pub(super) trait Part: Send + Sized {
    /// Takes the first rows off.
    fn take(&mut self, rows: usize) -> Self;

    /// Writes all rows: the numbers, record by record, each less than 2^32.
    fn write(&mut self, numbers: &[u32]);

    /// Writes one row of any numbers.
    fn write_wide(&mut self, row: usize, numbers: &[u64]);
}

/// What a section is expected to hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Numbers of a record.
    pub(super) fields: usize,
    /// Records, as the header has it: what follows is dropped.
    pub(super) records: Option<u64>,
    /// Bytes of the whole file, if they are known.
    pub(super) bytes: Option<u64>,
}

/// Reads a flat array of numbers up to its closing bracket.
///
/// Answers how many rows the columns now have, in any case, and why there are not more.
pub(super) fn read<R: Read + Send, C: Columns>(
    scanner: &mut Scanner<R>,
    shape: Shape,
    threads: usize,
    columns: &mut C,
) -> (usize, Result<(), Error>) {
    if let Err(error) = scanner.expect(b'[', "`[`") {
        return (0, Err(error));
    }
    let most = shape.records.map_or(usize::MAX, |records| {
        usize::try_from(records).unwrap_or(usize::MAX)
    });
    let (section, offset) = (scanner.section_name(), scanner.offset());
    let mut rows = 0;
    let mut room = first_rows(shape).min(most);
    let first_too_large = AtomicU64::new(u64::MAX);
    let result = loop {
        columns.set_rows(room);
        let mut source = Source {
            scanner: &mut *scanner,
            part: columns.part(rows),
            fields: shape.fields,
            next_row: rows,
            rows_left: room - rows,
            drops_rest: room == most,
            carry: Vec::new(),
            state: State::Reading,
        };
        work_on(&mut source, threads, &first_too_large);
        rows = room - source.rows_left;
        match source.state {
            State::Full => {}
            State::Reading | State::Stopped => {
                break match scanner.next_token("a number") {
                    Ok(b']') => Ok(()),
                    Ok(_) => Err(scanner.syntax("a number")),
                    Err(error) => Err(error),
                };
            }
            State::Failed(error) => break Err(error),
        }
        room = room.saturating_mul(2).min(most);
    };
    columns.set_rows(rows);
    let result = result.and_then(|()| match first_too_large.into_inner() {
        u64::MAX => Ok(()),
        record => Err(Error::Number {
            section,
            offset,
            record,
            fields: shape.fields,
        }),
    });
    (rows, result)
}

/// A header may lie: no more rows than the file has bytes for.
fn first_rows(shape: Shape) -> usize {
    let bytes_of_record = 2 * shape.fields.max(1) as u64;
    match (shape.records, shape.bytes) {
        (Some(records), Some(bytes)) => records.min(bytes / bytes_of_record + 1) as usize,
        (Some(records), None) => records.min(FIRST_ROWS as u64) as usize,
        (None, _) => FIRST_ROWS,
    }
}

fn work_on<R: Read + Send, P: Part>(
    source: &mut Source<'_, R, P>,
    threads: usize,
    first_too_large: &AtomicU64,
) {
    let fields = source.fields;
    let source = Mutex::new(source);
    let work = || {
        let mut block = Block::default();
        loop {
            let mut locked = source.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(part) = locked.take(&mut block) else {
                break;
            };
            drop(locked);
            if let Some(record) = block.write(fields, part) {
                first_too_large.fetch_min(record as u64, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
}

enum State {
    Reading,
    /// The array is over, or no number follows: the scanner stands there.
    Stopped,
    /// The columns must grow; the scanner stands at the next row.
    Full,
    Failed(Error),
}

/// What the threads share: where the bytes come from, and where the next rows go.
struct Source<'a, R, P> {
    scanner: &'a mut Scanner<R>,
    part: P,
    fields: usize,
    next_row: usize,
    rows_left: usize,
    /// Whether what follows the last row is of no interest.
    drops_rest: bool,
    /// Bytes of a record that has begun.
    carry: Vec<u8>,
    state: State,
}

impl<R: Read, P: Part> Source<'_, R, P> {
    /// The next block, and its rows of the columns; `None` at the end.
    fn take(&mut self, block: &mut Block) -> Option<P> {
        if !matches!(self.state, State::Reading) {
            return None;
        }
        let carried = self.carry.len();
        block.bytes.resize(BEFORE + carried + BLOCK + BEHIND, 0);
        block.bytes[BEFORE..BEFORE + carried].copy_from_slice(&self.carry);
        self.carry.clear();
        let space = &mut block.bytes[BEFORE + carried..BEFORE + carried + BLOCK];
        let read = match self.scanner.fill(space) {
            Ok(0) => {
                self.state = State::Stopped;
                return None;
            }
            Ok(read) => read,
            Err(error) => {
                self.state = State::Failed(error);
                return None;
            }
        };
        let text_end = carried + read;
        let text = &block.bytes[BEFORE..BEFORE + text_end];
        let unfinished = text.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        if unfinished > LONGEST_NUMBER {
            self.state = State::Failed(self.scanner.syntax("a shorter number"));
            return None;
        }
        block.len = text_end - unfinished;
        block.survey = digits::survey(&block.bytes, block.len, &mut block.masks);
        self.hand_out(block, text_end)
    }

    fn hand_out(&mut self, block: &mut Block, text_end: usize) -> Option<P> {
        let all = &block.bytes[BEFORE..BEFORE + text_end];
        let Survey { numbers, stop } = block.survey;
        let found = numbers / self.fields;
        let rows = found.min(self.rows_left);
        block.rows = rows;
        block.first_row = self.next_row;
        self.next_row += rows;
        self.rows_left -= rows;
        let text = match stop {
            Some(stop) => &all[..stop],
            None => all,
        };
        let left = numbers - rows * self.fields;
        if self.rows_left == 0 && !self.drops_rest {
            let cut = start_of_last(&text[..text.len().min(block.len)], left);
            self.scanner.put_back(&all[cut..]);
            self.state = State::Full;
        } else if stop.is_some() {
            self.scanner.put_back(&all[text.len()..]);
            self.state = State::Stopped;
        } else if self.rows_left > 0 {
            let cut = start_of_last(&text[..block.len], left);
            match found {
                // A record with that many blanks: only its digits may be kept.
                0 => squeeze(&text[cut..], &mut self.carry),
                _ => self.carry.extend_from_slice(&text[cut..]),
            }
        }
        Some(self.part.take(rows))
    }
}

/// Where the last so many numbers of a text start.
fn start_of_last(text: &[u8], numbers: usize) -> usize {
    let mut at = text.len();
    for _ in 0..numbers {
        while at > 0 && !text[at - 1].is_ascii_digit() {
            at -= 1;
        }
        while at > 0 && text[at - 1].is_ascii_digit() {
            at -= 1;
        }
    }
    at
}

/// Numbers with one byte between them.
fn squeeze(text: &[u8], into: &mut Vec<u8>) {
    for (at, &byte) in text.iter().enumerate() {
        if byte.is_ascii_digit() || at > 0 && text[at - 1].is_ascii_digit() {
            into.push(byte);
        }
    }
}

/// One thread's share, with the memory it is worked on in.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    len: usize,
    masks: Vec<u64>,
    survey: Survey,
    first_row: usize,
    rows: usize,
    numbers: Vec<u32>,
}

impl Block {
    /// Writes the rows; the number of the first that holds more than 64 bits can count.
    fn write<P: Part>(&mut self, fields: usize, mut part: P) -> Option<usize> {
        let used = self.rows * fields;
        if digits::convert(&self.bytes, self.survey, &self.masks, &mut self.numbers) {
            part.write(&self.numbers[..used]);
            return None;
        }
        let text = &self.bytes[BEFORE..BEFORE + self.survey.stop.unwrap_or(self.len)];
        let mut record = Vec::with_capacity(fields);
        let mut first_too_large = None;
        let mut row = 0;
        for number in digits::convert_wide(text).take(used) {
            record.push(number);
            if record.len() == fields {
                if record.contains(&u64::MAX) {
                    first_too_large = first_too_large.or(Some(self.first_row + row));
                }
                part.write_wide(row, &record);
                record.clear();
                row += 1;
            }
        }
        first_too_large
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of two numbers, the first of which is kept.
    #[derive(Default)]
    struct Firsts(Vec<u64>);

    struct FirstsPart<'a>(&'a mut [u64]);

    impl Columns for Firsts {
        type Part<'a> = FirstsPart<'a>;

        fn set_rows(&mut self, rows: usize) {
            self.0.resize(rows, 0);
        }

        fn part(&mut self, start: usize) -> FirstsPart<'_> {
            FirstsPart(&mut self.0[start..])
        }
    }

    impl Part for FirstsPart<'_> {
        fn take(&mut self, rows: usize) -> Self {
            let (taken, left) = std::mem::take(&mut self.0).split_at_mut(rows);
            self.0 = left;
            Self(taken)
        }

        fn write(&mut self, numbers: &[u32]) {
            for (row, record) in self.0.iter_mut().zip(numbers.chunks_exact(2)) {
                *row = u64::from(record[0]);
            }
        }

        fn write_wide(&mut self, row: usize, numbers: &[u64]) {
            self.0[row] = numbers[0];
        }
    }

    fn rows_of(text: &str, records: Option<u64>) -> (Vec<u64>, Result<(), Error>) {
        let shape = Shape {
            fields: 2,
            records,
            bytes: None,
        };
        let mut columns = Firsts::default();
        let mut scanner = Scanner::new(text.as_bytes());
        let (rows, result) = read(&mut scanner, shape, 3, &mut columns);
        assert_eq!(rows, columns.0.len());
        (columns.0, result)
    }

    /// More than a block, with numbers of all lengths and two kinds of separators.
    fn long_text(rows: u64) -> (String, Vec<u64>) {
        let first = |row: u64| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (row % 64);
        let firsts: Vec<u64> = (0..rows).map(first).collect();
        let records = firsts.iter().map(|first| format!("{first},7"));
        let text = records.collect::<Vec<String>>().join("\n,");
        (format!("[{text}]"), firsts)
    }

    #[test]
    fn rows_are_the_same_however_they_fall_into_blocks() {
        let (text, expected) = long_text(200_000);
        assert!(text.len() > 8 * BLOCK);
        for records in [None, Some(200_000), Some(300_000)] {
            let (rows, result) = rows_of(&text, records);
            assert!(result.is_ok());
            assert!(rows == expected, "with {records:?} records announced");
        }
    }

    #[test]
    fn what_is_beyond_the_announced_records_is_dropped() {
        let (text, expected) = long_text(100_000);
        for records in [0, 1, 65_536, 99_999] {
            let (rows, result) = rows_of(&text, Some(records));
            assert!(result.is_ok());
            assert!(rows == expected[..records as usize], "{records} records");
        }
    }

    #[test]
    fn rows_before_the_damage_are_kept() {
        let (text, expected) = long_text(100_000);
        let cut = &text[..text.len() / 2];
        let (rows, result) = rows_of(cut, Some(100_000));
        let whole = cut.matches('\n').count();
        assert!(rows == expected[..whole]);
        let length = cut.len() as u64;
        assert!(matches!(result, Err(Error::CutShort { offset, .. }) if offset == length));

        let (rows, result) = rows_of("[1,2,3,4,x5]", None);
        assert_eq!(rows, [1, 3]);
        assert!(matches!(result, Err(Error::Syntax { offset: 9, .. })));
    }

    #[test]
    fn blanks_and_digits_without_end_take_no_memory() {
        let blanks = format!("[1,{}2,3,4]", " ".repeat(5 * BLOCK));
        assert_eq!(rows_of(&blanks, None).0, [1, 3]);
        let digits = format!("[{}]", "1".repeat(5 * BLOCK));
        assert!(matches!(
            rows_of(&digits, None).1,
            Err(Error::Syntax { .. })
        ));
    }

    #[test]
    fn a_record_that_is_not_whole_is_none() {
        assert_eq!(rows_of("[1,2,3]", None).0, [1]);
        assert_eq!(rows_of("[]", None).0, [0; 0]);
    }
}
