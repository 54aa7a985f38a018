//! Bytes through one buffer from a reader to a writer, as they are but for what is replaced.
//!
//! Owns the tokens of a snapshot's sections. What was taken and not replaced is written when the
//! buffer is needed; so long runs of numbers that stay are copied at once. Invariant: between numbers
//! only blanks and separators go through, and no text does that a caller has not seen.

use std::io::{ErrorKind, Read, Write};

use crate::Error;

const BUFFER: usize = 256 << 10;

/// Digits of one number; more is damage.
const LONGEST_NUMBER: usize = 4096;
/// A section's name is not longer than this.
const LONGEST_KEY: usize = 64;
/// Bytes of the header section; real ones have a few thousand.
const LONGEST_HEADER: usize = 1 << 20;
/// Nesting that is followed. V8's trace trees are deep.
const DEEPEST: usize = 1 << 20;

pub(super) struct Copier<R, W: Write> {
    reader: R,
    writer: W,
    buffer: Vec<u8>,
    /// Where the bytes begin that are not yet written.
    pending: usize,
    at: usize,
    filled: usize,
    /// Where the number begins that was taken last.
    number: usize,
    /// Bytes before the buffer.
    before: u64,
    section: &'static str,
}

impl<R: Read, W: Write> Copier<R, W> {
    pub(super) fn new(reader: R, writer: W) -> Self {
        Self {
            reader,
            writer,
            buffer: vec![0; BUFFER],
            pending: 0,
            at: 0,
            filled: 0,
            number: 0,
            before: 0,
            section: "",
        }
    }

    /// What errors name from now on.
    pub(super) fn section(&mut self, section: &'static str) {
        self.section = section;
    }

    /// Bytes taken so far.
    pub(super) fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    pub(super) fn syntax(&self, expected: &'static str) -> Error {
        Error::Syntax {
            section: self.section,
            offset: self.offset().saturating_sub(1),
            expected,
        }
    }

    pub(super) fn is_empty(&mut self) -> Result<bool, Error> {
        Ok(self.at == self.filled && !self.fill(0)?)
    }

    /// Writes what is pending, but for the last `kept` bytes before `at`, and reads more behind them.
    /// Whether there was more.
    fn fill(&mut self, kept: usize) -> Result<bool, Error> {
        let from = self.at - kept;
        let pending = self.pending.min(from);
        write(&mut self.writer, &self.buffer[pending..from])?;
        self.buffer.copy_within(from..self.filled, 0);
        self.before += from as u64;
        self.filled -= from;
        self.at = kept;
        self.pending = self.pending.saturating_sub(from);
        self.number = 0;
        if self.filled == self.buffer.len() {
            let longer = 2 * self.buffer.len();
            self.buffer.resize(longer, 0);
        }
        loop {
            let offset = self.before + self.filled as u64;
            match self.reader.read(&mut self.buffer[self.filled..]) {
                Ok(n) => {
                    self.filled += n;
                    return Ok(n > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What a decompressor says of an archive that is cut short.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
                Err(source) => return Err(Error::Read { offset, source }),
            }
        }
    }

    fn byte(&mut self) -> Result<u8, Error> {
        if self.at == self.filled && !self.fill(0)? {
            return Err(self.cut_short());
        }
        let byte = self.buffer[self.at];
        self.at += 1;
        Ok(byte)
    }

    fn cut_short(&self) -> Error {
        Error::CutShort {
            section: self.section,
            offset: self.offset(),
        }
    }

    /// The next byte that is no blank; blanks go through.
    pub(super) fn token(&mut self) -> Result<u8, Error> {
        loop {
            let byte = self.byte()?;
            if !byte.is_ascii_whitespace() {
                return Ok(byte);
            }
        }
    }

    pub(super) fn expect(&mut self, wanted: u8, expected: &'static str) -> Result<(), Error> {
        match self.token()? == wanted {
            true => Ok(()),
            false => Err(self.syntax(expected)),
        }
    }

    /// A section's name with its colon: a word, which goes through.
    pub(super) fn key(&mut self) -> Result<String, Error> {
        self.expect(b'"', "a name in quotes")?;
        let mut name = String::new();
        loop {
            match self.byte()? {
                b'"' => break,
                byte @ (b'a'..=b'z' | b'_') if name.len() < LONGEST_KEY => {
                    name.push(char::from(byte));
                }
                _ => return Err(self.syntax("a section's name")),
            }
        }
        self.expect(b':', "`:`")?;
        Ok(name)
    }

    /// The next number of a flat array, `None` at its end. More than 64 bits are as many as fit.
    pub(super) fn number(&mut self) -> Result<Option<u64>, Error> {
        loop {
            if self.at == self.filled && !self.fill(0)? {
                return Err(self.cut_short());
            }
            match self.buffer[self.at] {
                b'0'..=b'9' => break,
                b',' | b'\n' | b'-' | b'.' | b' ' | b'\r' | b'\t' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(None);
                }
                _ => {
                    self.at += 1;
                    return Err(self.syntax("a number"));
                }
            }
        }
        self.number = self.at;
        let mut value = 0_u64;
        loop {
            while self.at < self.filled {
                let digit = self.buffer[self.at].wrapping_sub(b'0');
                if digit > 9 {
                    return Ok(Some(value));
                }
                value = value.saturating_mul(10).saturating_add(u64::from(digit));
                self.at += 1;
            }
            let length = self.at - self.number;
            if length > LONGEST_NUMBER {
                return Err(self.syntax("a shorter number"));
            }
            if !self.fill(length)? {
                return Err(self.cut_short());
            }
        }
    }

    /// Writes another number than the one that was taken last.
    pub(super) fn replace_number(&mut self, number: u64) -> Result<(), Error> {
        write(&mut self.writer, &self.buffer[self.pending..self.number])?;
        self.pending = self.at;
        write(&mut self.writer, number.to_string().as_bytes())
    }

    /// Takes a text that is replaced by what is written next.
    fn cut(&mut self, before: usize) -> Result<(), Error> {
        write(
            &mut self.writer,
            &self.buffer[self.pending..self.at - before],
        )?;
        self.pending = self.at;
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        write(&mut self.writer, bytes)
    }

    /// Takes the next string of a flat array, undecoded; `false` at the array's end.
    pub(super) fn string(&mut self, literal: &mut Vec<u8>) -> Result<bool, Error> {
        loop {
            match self.token()? {
                b',' => {}
                b']' => return Ok(false),
                b'"' => break,
                _ => return Err(self.syntax("a string")),
            }
        }
        self.rest_of_string(literal)?;
        Ok(true)
    }

    /// Takes what follows an opening quote, up to the closing one; nothing of it is written.
    fn rest_of_string(&mut self, literal: &mut Vec<u8>) -> Result<(), Error> {
        self.cut(1)?;
        literal.clear();
        loop {
            if self.at == self.filled {
                self.pending = self.at;
                if !self.fill(0)? {
                    return Err(self.cut_short());
                }
            }
            let bytes = &self.buffer[self.at..self.filled];
            let Some(end) = memchr::memchr2(b'"', b'\\', bytes) else {
                literal.extend_from_slice(bytes);
                self.at = self.filled;
                continue;
            };
            literal.extend_from_slice(&bytes[..end]);
            let is_quote = bytes[end] == b'"';
            self.at += end + 1;
            self.pending = self.at;
            if is_quote {
                return Ok(());
            }
            let escaped = self.byte()?;
            self.pending = self.at;
            literal.extend([b'\\', escaped]);
        }
    }

    pub(super) fn write_string(&mut self, literal: &[u8]) -> Result<(), Error> {
        write(&mut self.writer, b"\"")?;
        write(&mut self.writer, literal)?;
        write(&mut self.writer, b"\"")
    }

    /// Takes the text of an object, of which nothing is written.
    pub(super) fn object_text(&mut self) -> Result<Vec<u8>, Error> {
        self.expect(b'{', "`{`")?;
        self.cut(1)?;
        let mut text = vec![b'{'];
        let (mut depth, mut is_string) = (1, false);
        while depth > 0 {
            let byte = self.byte()?;
            self.pending = self.at;
            text.push(byte);
            match byte {
                b'"' => is_string = !is_string,
                b'\\' if is_string => {
                    text.push(self.byte()?);
                    self.pending = self.at;
                }
                b'{' | b'[' if !is_string => depth += 1,
                b'}' | b']' if !is_string => depth -= 1,
                _ => {}
            }
            if text.len() > LONGEST_HEADER {
                return Err(self.syntax("the end of the header"));
            }
        }
        Ok(text)
    }

    /// Copies a value of numbers, however nested; a text in it becomes empty.
    pub(super) fn value(&mut self) -> Result<(), Error> {
        let mut depth = 0_usize;
        let mut text = Vec::new();
        loop {
            match self.token()? {
                b'[' | b'{' => depth += 1,
                b']' | b'}' if depth > 0 => depth -= 1,
                b'"' => {
                    self.rest_of_string(&mut text)?;
                    self.write_string(b"")?;
                }
                b'0'..=b'9' | b',' | b'-' | b'.' | b':' if depth > 0 => {}
                _ => return Err(self.syntax("numbers")),
            }
            if depth == 0 {
                return Ok(());
            }
            if depth > DEEPEST {
                return Err(self.syntax("less nesting"));
            }
        }
    }

    /// Fails if anything but blanks is left.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.section("what follows the last section");
        loop {
            if self.at == self.filled && !self.fill(0)? {
                return Ok(());
            }
            self.at += 1;
            if !self.buffer[self.at - 1].is_ascii_whitespace() {
                return Err(self.syntax("the end of the file"));
            }
        }
    }

    /// Writes what is pending.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        write(&mut self.writer, &self.buffer[self.pending..self.at])?;
        self.pending = self.at;
        self.writer
            .flush()
            .map_err(|source| Error::Write { source })
    }
}

fn write(writer: &mut impl Write, bytes: &[u8]) -> Result<(), Error> {
    writer
        .write_all(bytes)
        .map_err(|source| Error::Write { source })
}
