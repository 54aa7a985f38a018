//! Bytes in, tokens out: just enough of JSON for a heap snapshot, through one small buffer.

use std::io::{ErrorKind, Read};

use crate::Error;
use crate::strings::Strings;

const BUFFER: usize = 256 << 10;

/// Nesting that is followed when a section is skipped. V8's trace trees are deep.
const DEEPEST: u64 = 1 << 20;

/// Bytes of the header section; real ones have a few thousand.
const LONGEST_HEADER: usize = 1 << 20;

/// A section's name is not longer than this.
const LONGEST_KEY: usize = 256;

pub(super) struct Scanner<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    /// Bytes before the buffer.
    before: u64,
    section: &'static str,
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER],
            at: 0,
            filled: 0,
            before: 0,
            section: "",
        }
    }

    /// What errors name from now on.
    pub(super) fn section(&mut self, section: &'static str) {
        self.section = section;
    }

    pub(super) fn section_name(&self) -> &'static str {
        self.section
    }

    /// Bytes taken so far.
    pub(super) fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    pub(super) fn syntax(&self, expected: &'static str) -> Error {
        let offset = self.offset().saturating_sub(1);
        Error::Syntax {
            section: self.section,
            offset,
            expected,
        }
    }

    /// The bytes at hand; fills the buffer if there are none. Empty only at the end.
    fn at_hand(&mut self) -> Result<&[u8], Error> {
        if self.at == self.filled {
            self.before += self.filled as u64;
            self.at = 0;
            self.filled = 0;
            self.filled = read_some(&mut self.reader, self.before, &mut self.buffer)?;
        }
        Ok(&self.buffer[self.at..self.filled])
    }

    /// Takes bytes until `into` is full or the end is there; how many.
    pub(super) fn fill(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let at_hand = &self.buffer[self.at..self.filled];
        let mut done = at_hand.len().min(into.len());
        into[..done].copy_from_slice(&at_hand[..done]);
        self.at += done;
        while done < into.len() {
            let offset = self.offset();
            match read_some(&mut self.reader, offset, &mut into[done..])? {
                0 => break,
                more => {
                    self.before += more as u64;
                    done += more;
                }
            }
        }
        Ok(done)
    }

    /// Gives back the last bytes that were taken.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        let at_hand = self.buffer[self.at..self.filled].to_vec();
        self.before = self.offset() - bytes.len() as u64;
        self.buffer.clear();
        self.buffer.extend_from_slice(bytes);
        self.buffer.extend_from_slice(&at_hand);
        self.at = 0;
        self.filled = self.buffer.len();
        self.buffer.resize(self.filled.max(BUFFER), 0);
    }

    /// Whether no bytes are left.
    pub(super) fn is_empty(&mut self) -> Result<bool, Error> {
        Ok(self.at_hand()?.is_empty())
    }

    /// Fails if anything but blanks is left.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.section("what follows the last section");
        loop {
            match self.at_hand()?.first() {
                None => return Ok(()),
                Some(byte) if byte.is_ascii_whitespace() => self.at += 1,
                Some(_) => {
                    self.at += 1;
                    return Err(self.syntax("the end of the file"));
                }
            }
        }
    }

    /// Passes over damage: takes bytes up to and with the next `"NAME":` that is one of these.
    ///
    /// Inside a string the quotes would have backslashes before them.
    pub(super) fn find_key(&mut self, names: &[&str]) -> Result<String, Error> {
        let mut name = Vec::new();
        let mut is_name = false;
        loop {
            let byte = self.byte()?;
            match byte {
                b'"' if is_name && names.iter().any(|known| known.as_bytes() == name) => {
                    if self.peek_token()? == b':' {
                        self.at += 1;
                        return Ok(String::from_utf8_lossy(&name).into_owned());
                    }
                    name.clear();
                }
                // The end of one text may as well be the beginning of another.
                b'"' => {
                    is_name = true;
                    name.clear();
                }
                _ if name.len() < LONGEST_KEY => name.push(byte),
                _ => is_name = false,
            }
        }
    }

    fn byte(&mut self) -> Result<u8, Error> {
        let Some(&byte) = self.at_hand()?.first() else {
            return Err(Error::CutShort {
                section: self.section,
                offset: self.offset(),
            });
        };
        self.at += 1;
        Ok(byte)
    }

    /// The next byte that is no blank.
    pub(super) fn next_token(&mut self, _expected: &'static str) -> Result<u8, Error> {
        loop {
            let byte = self.byte()?;
            if !byte.is_ascii_whitespace() {
                return Ok(byte);
            }
        }
    }

    pub(super) fn expect(&mut self, wanted: u8, expected: &'static str) -> Result<(), Error> {
        if self.next_token(expected)? == wanted {
            Ok(())
        } else {
            Err(self.syntax(expected))
        }
    }

    /// A section's name with its colon.
    pub(super) fn key(&mut self) -> Result<String, Error> {
        self.expect(b'"', "a name in quotes")?;
        let mut name = Vec::new();
        loop {
            match self.byte()? {
                b'"' => break,
                byte if name.len() < LONGEST_KEY => name.push(byte),
                _ => return Err(self.syntax("the end of a name")),
            }
        }
        self.expect(b':', "`:`")?;
        Ok(String::from_utf8_lossy(&name).into_owned())
    }

    /// All strings of a flat array, undecoded.
    pub(super) fn strings(&mut self, strings: &mut Strings) -> Result<(), Error> {
        self.expect(b'[', "`[`")?;
        let mut may_end = true;
        loop {
            match self.next_token("a string or `]`")? {
                b'"' => {
                    self.string(|part| strings.append(part))?;
                    strings.end();
                }
                b']' if may_end => return Ok(()),
                _ => return Err(self.syntax("a string")),
            }
            match self.next_token("`,` or `]`")? {
                b',' => may_end = false,
                b']' => return Ok(()),
                _ => return Err(self.syntax("`,` or `]`")),
            }
        }
    }

    /// The rest of a string whose opening quote is taken, part by part, without the closing one.
    fn string(&mut self, mut take: impl FnMut(&[u8])) -> Result<(), Error> {
        loop {
            let bytes = self.at_hand()?;
            if bytes.is_empty() {
                return Err(Error::CutShort {
                    section: self.section,
                    offset: self.offset(),
                });
            }
            let Some(end) = memchr::memchr2(b'"', b'\\', bytes) else {
                take(bytes);
                self.at = self.filled;
                continue;
            };
            take(&bytes[..end]);
            let is_quote = bytes[end] == b'"';
            self.at += end + 1;
            if is_quote {
                return Ok(());
            }
            let escaped = self.byte()?;
            take(&[b'\\', escaped]);
        }
    }

    /// The text of an object, for a parser of the whole of JSON.
    pub(super) fn value_text(&mut self) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        let first = self.next_token("`{`")?;
        if first != b'{' {
            return Err(self.syntax("`{`"));
        }
        text.push(first);
        let mut depth = 1;
        while depth > 0 {
            let byte = self.byte()?;
            text.push(byte);
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'"' => {
                    self.string(|part| text.extend_from_slice(part))?;
                    text.push(b'"');
                }
                _ => {}
            }
            if text.len() > LONGEST_HEADER {
                return Err(self.syntax("the end of the header"));
            }
        }
        Ok(text)
    }

    /// Passes over a value of any kind.
    pub(super) fn skip_value(&mut self) -> Result<(), Error> {
        let mut depth: u64 = 0;
        loop {
            match self.peek_token()? {
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth > 0 => depth -= 1,
                b'"' => {
                    self.at += 1;
                    self.string(|_| {})?;
                    if depth == 0 {
                        return Ok(());
                    }
                    continue;
                }
                // A number or a word at the top ends where the list of sections goes on.
                b',' | b'}' | b']' if depth == 0 => return Ok(()),
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
            if depth > DEEPEST {
                return Err(self.syntax("less nesting"));
            }
        }
    }

    fn peek_token(&mut self) -> Result<u8, Error> {
        loop {
            let (section, offset) = (self.section, self.offset());
            let Some(&byte) = self.at_hand()?.first() else {
                return Err(Error::CutShort { section, offset });
            };
            if !byte.is_ascii_whitespace() {
                return Ok(byte);
            }
            self.at += 1;
        }
    }
}

/// Some bytes, none only at the end.
fn read_some(reader: &mut impl Read, offset: u64, into: &mut [u8]) -> Result<usize, Error> {
    loop {
        match reader.read(into) {
            Ok(n) => return Ok(n),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // What a decompressor says of an archive that is cut short.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
            Err(source) => return Err(Error::Read { offset, source }),
        }
    }
}
