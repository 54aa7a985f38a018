//! At which byte a record stands that was found wrong when all bytes were gone by.

use std::io::{BufReader, Read};

use crate::Error;

/// The byte at which the record of an error begins: an [`Error::Index`] or an [`Error::Number`].
///
/// The bytes are read a second time, from the beginning; `None` if they are no longer the same, and
/// for errors that name their byte themselves.
pub fn locate(reader: impl Read, error: &Error) -> Option<u64> {
    let (start, numbers) = match *error {
        Error::Index {
            offset,
            record,
            fields,
            ..
        }
        | Error::Number {
            offset,
            record,
            fields,
            ..
        } => (offset, record * fields as u64),
        _ => return None,
    };
    let mut was_digit = false;
    let mut n_before = 0;
    let bytes = BufReader::with_capacity(1 << 16, reader).bytes();
    for (at, byte) in (0..).zip(bytes) {
        let is_digit = byte.ok()?.is_ascii_digit();
        if at < start {
            continue;
        }
        if is_digit && !was_digit {
            if n_before == numbers {
                return Some(at);
            }
            n_before += 1;
        }
        was_digit = is_digit;
    }
    None
}
