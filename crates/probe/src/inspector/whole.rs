//! Whether a heap snapshot that passes by is whole: its lists against the counts in its header.
//!
//! Owns the outermost structure of the format, nothing of its meaning: which list begins and ends
//! where, and how many numbers are in the two that the header counts. Source: V8's
//! `HeapSnapshotJSONSerializer`, which writes the header first and the strings last. Memory: the
//! header; cost: one pass, most of it a count of commas.

use memchr::{memchr, memchr_iter, memchr2, memchr3, memmem};
use serde::Deserialize;

/// A header is a page of text; whoever sends more before the first list sends no snapshot.
const LONGEST_HEADER: usize = 1 << 20;

/// What stands between two lists is a name.
const LONGEST_NAME: usize = 256;

const FIRST_LIST: &[u8] = b"\"nodes\":[";

/// Watches the bytes of one snapshot.
#[derive(Debug)]
pub(super) struct Whole {
    place: Place,
    header: Vec<u8>,
    n_edge_numbers: u64,
    has_strings: bool,
}

#[derive(Debug)]
enum Place {
    Header,
    /// Before the name of a list, or at the end of all.
    Between(Vec<u8>),
    /// In a list of numbers that the header counts.
    Counted {
        name: &'static str,
        expected: u64,
        commas: u64,
        is_empty: bool,
    },
    /// In any other list.
    Inside {
        name: String,
        depth: u32,
        in_string: bool,
        is_escaped: bool,
    },
    End,
}

#[derive(Deserialize)]
struct Header {
    snapshot: Counts,
}

#[derive(Deserialize)]
struct Counts {
    meta: Meta,
    node_count: u64,
    edge_count: u64,
}

#[derive(Deserialize)]
struct Meta {
    node_fields: Vec<String>,
    edge_fields: Vec<String>,
}

impl Whole {
    pub(super) fn new() -> Self {
        Self {
            place: Place::Header,
            header: Vec::new(),
            n_edge_numbers: 0,
            has_strings: false,
        }
    }

    /// Takes the next bytes in; says what is wrong with them.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while !bytes.is_empty() {
            bytes = self.step(bytes)?;
        }
        Ok(())
    }

    /// Says what is missing, if anything is.
    pub(super) fn finish(&self) -> Result<(), String> {
        match &self.place {
            Place::End => Ok(()),
            Place::Header => Err("it ends in its header".into()),
            Place::Between(_) => Err("it ends between two of its lists".into()),
            Place::Counted {
                name,
                expected,
                commas,
                ..
            } => Err(format!(
                "it ends in the list of {name}, after {commas} of {expected} numbers"
            )),
            Place::Inside { name, .. } => Err(format!("it ends in the list of {name}")),
        }
    }

    /// Goes on to where something changes; gives the rest.
    fn step<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], String> {
        match &mut self.place {
            Place::Header => self.in_header(bytes),
            Place::Between(name) => {
                let end = bytes.iter().position(|b| matches!(b, b'[' | b'}'));
                let taken = end.unwrap_or(bytes.len());
                name.extend(&bytes[..taken]);
                if name.len() > LONGEST_NAME {
                    return Err("after a list comes what is no list".into());
                }
                let Some(end) = end else { return Ok(&[]) };
                let name = String::from_utf8_lossy(name).into_owned();
                self.place = match bytes[end] {
                    b'[' => self.list(&name)?,
                    _ if self.has_strings => Place::End,
                    _ => return Err("it has no list of strings".into()),
                };
                Ok(&bytes[end + 1..])
            }
            Place::Counted {
                name,
                expected,
                commas,
                is_empty,
            } => {
                let end = memchr(b']', bytes);
                let numbers = &bytes[..end.unwrap_or(bytes.len())];
                *commas += memchr_iter(b',', numbers).count() as u64;
                *is_empty &= numbers.iter().all(u8::is_ascii_whitespace);
                let seen = *commas + u64::from(!*is_empty);
                if seen > *expected || (end.is_some() && seen < *expected) {
                    return Err(format!(
                        "the header says {expected} numbers of {name}, and there are {}{seen}",
                        if end.is_some() { "" } else { "at least " },
                    ));
                }
                let Some(end) = end else { return Ok(&[]) };
                self.place = Place::Between(Vec::new());
                Ok(&bytes[end + 1..])
            }
            Place::Inside { .. } => Ok(self.in_list(bytes)),
            Place::End => match bytes.iter().all(u8::is_ascii_whitespace) {
                true => Ok(&[]),
                false => Err("it goes on after its end".into()),
            },
        }
    }

    fn in_header<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], String> {
        // The name of the first list may lie across two pieces.
        let looked_at = self.header.len().saturating_sub(FIRST_LIST.len());
        let before = self.header.len();
        let room = LONGEST_HEADER.saturating_sub(before).min(bytes.len());
        self.header.extend(&bytes[..room]);
        let Some(at) = memmem::find(&self.header[looked_at..], FIRST_LIST) else {
            return match self.header.len() < LONGEST_HEADER {
                true => Ok(&[]),
                false => Err("it has no list of nodes".into()),
            };
        };
        let end = looked_at + at;
        let text = self.header[..end].trim_ascii_end();
        let text = text.strip_suffix(b",").unwrap_or(text);
        let header: Header = serde_json::from_slice(&[text, b"}"].concat())
            .map_err(|error| format!("its header cannot be read: {error}"))?;
        let Counts {
            meta,
            node_count,
            edge_count,
        } = header.snapshot;
        self.n_edge_numbers = edge_count.saturating_mul(meta.edge_fields.len() as u64);
        self.place = Place::Counted {
            name: "nodes",
            expected: node_count.saturating_mul(meta.node_fields.len() as u64),
            commas: 0,
            is_empty: true,
        };
        self.header = Vec::new();
        Ok(&bytes[end + FIRST_LIST.len() - before..])
    }

    fn list(&mut self, text: &str) -> Result<Place, String> {
        let name = text.split('"').nth(1).unwrap_or_default();
        match name {
            "edges" => Ok(Place::Counted {
                name: "edges",
                expected: self.n_edge_numbers,
                commas: 0,
                is_empty: true,
            }),
            "" | "nodes" => Err("after a list comes what is no list".into()),
            name => {
                self.has_strings |= name == "strings";
                Ok(Place::Inside {
                    name: name.to_owned(),
                    depth: 1,
                    in_string: false,
                    is_escaped: false,
                })
            }
        }
    }

    fn in_list<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let Place::Inside {
            depth,
            in_string,
            is_escaped,
            ..
        } = &mut self.place
        else {
            return bytes;
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(is_escaped) {
                rest = &rest[1..];
                continue;
            }
            let next = match in_string {
                true => memchr2(b'"', b'\\', rest),
                false => memchr3(b'"', b'[', b']', rest),
            };
            let Some(at) = next else { return &[] };
            match rest[at] {
                b'"' => *in_string = !*in_string,
                b'\\' => *is_escaped = true,
                b'[' => *depth += 1,
                _ => *depth -= 1,
            }
            rest = &rest[at + 1..];
            if *depth == 0 {
                self.place = Place::Between(Vec::new());
                break;
            }
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"snapshot":{"meta":{"node_fields":["type","name"],"node_types":[["a"]],
"edge_fields":["type"]},"node_count":2,"edge_count":3,"trace_function_count":0},
"nodes":[0,1
,2,3
],
"edges":[1
,2,3],
"trace_function_infos":[],"trace_tree":[[1,[2]],"]"],"samples":[],"locations":[1,2],
"strings":["<dummy>","a\"]","\\","[","]}"]}
"#;

    fn judged(text: &str, piece: usize) -> Result<(), String> {
        let mut whole = Whole::new();
        for piece in text.as_bytes().chunks(piece) {
            whole.feed(piece)?;
        }
        whole.finish()
    }

    #[test]
    fn a_whole_one_is_whole_however_it_is_cut_into_pieces() {
        for piece in 1..SMALL.len() {
            assert_eq!(judged(SMALL, piece), Ok(()), "pieces of {piece}");
        }
    }

    #[test]
    fn an_early_end_is_found_wherever_it_is() {
        let end = SMALL.trim_end().len();
        for cut in 0..end {
            let judged = judged(&SMALL[..cut], 7);
            assert!(judged.is_err(), "cut after {cut}: {}", &SMALL[..cut]);
        }
        assert_eq!(judged(&SMALL[..end], 7), Ok(()));
    }

    #[test]
    fn lists_that_are_not_what_the_header_says_are_found() {
        let cases = [
            (
                "\"node_count\":2",
                "\"node_count\":3",
                "says 6 numbers of nodes",
            ),
            (
                "\"node_count\":2",
                "\"node_count\":1",
                "says 2 numbers of nodes",
            ),
            (
                "\"edge_count\":3",
                "\"edge_count\":4",
                "says 4 numbers of edges",
            ),
            ("\"edge_count\":3", "\"edge_count\":0", "at least 1"),
            ("\"strings\"", "\"strinks\"", "no list of strings"),
            ("]}\n", "]}x", "goes on after its end"),
            ("\"snapshot\":{", "\"snapshot\":", "header cannot be read"),
            ("\"edges\":[", "1,2,3,[", "no list"),
        ];
        for (from, to, what) in cases {
            let damaged = SMALL.replacen(from, to, 1);
            let error = judged(&damaged, 5).unwrap_err();
            assert!(error.contains(what), "{from} → {to}: {error}");
        }
        let endless = "x".repeat(LONGEST_HEADER + 1);
        assert!(judged(&endless, 1000).is_err());
    }
}
