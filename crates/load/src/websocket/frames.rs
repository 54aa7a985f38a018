//! Frames: from bytes to messages and back (RFC 6455, section 5).
//!
//! A payload is never waited for in the buffer it is read into: it moves on as it comes, so that a
//! frame may say whatever length it likes and memory still grows only with what was sent.

use hyper::body::Bytes;

use super::KEPT;
use crate::cause::Cause;

/// A message may be as long as the `ws` package lets it be.
pub(super) const LONGEST_MESSAGE: usize = 100 << 20;

/// Frames about the connection are short.
const LONGEST_CONTROL: u64 = 125;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// A whole message, or a frame about the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) opcode: Opcode,
    pub(super) compressed: bool,
    pub(super) payload: Bytes,
}

/// A server that does not keep to the protocol.
pub(super) fn broken(what: &str) -> Cause {
    Cause(format!("the server sent no WebSocket frames: {what}"))
}

/// Appends a frame, masked as a client has to.
pub(super) fn encode(out: &mut Vec<u8>, opcode: Opcode, compressed: bool, payload: &[u8]) {
    const FINAL: u8 = 0x80;
    const COMPRESSED: u8 = 0x40;
    const MASKED: u8 = 0x80;
    let first = FINAL | if compressed { COMPRESSED } else { 0 } | opcode as u8;
    out.reserve(payload.len() + 14);
    match payload.len() {
        length @ 0..=125 => out.extend_from_slice(&[first, MASKED | length as u8]),
        length @ 126..=0xffff => {
            out.extend_from_slice(&[first, MASKED | 126]);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.extend_from_slice(&[first, MASKED | 127]);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    let mask = fastrand::u32(..).to_ne_bytes();
    out.extend_from_slice(&mask);
    let from = out.len();
    out.extend_from_slice(payload);
    for chunk in out[from..].chunks_mut(4) {
        for (byte, mask) in chunk.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}

/// What came and was not yet understood.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
    at: usize,
}

impl Incoming {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.at = 0;
        self.bytes.shrink_to(KEPT);
    }

    fn there(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn used(&mut self, count: usize) {
        self.at += count;
        if self.at == self.bytes.len() {
            self.clear();
        }
    }
}

/// A frame whose head has been read.
#[derive(Debug, Clone, Copy)]
struct Head {
    opcode: Opcode,
    is_final: bool,
    compressed: bool,
    left: u64,
}

/// Puts messages together from frames.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    /// The frame of a message that is being read.
    current: Option<Head>,
    /// The message that it belongs to: what it is, whether it is compressed, and what there is of it.
    message: Option<(Opcode, bool)>,
    payload: Vec<u8>,
}

impl Assembler {
    /// The next message or frame about the connection, if it is all there.
    pub(super) fn take(&mut self, incoming: &mut Incoming) -> Result<Option<Part>, Cause> {
        loop {
            let mut head = match self.current.take() {
                Some(head) => head,
                None => {
                    let Some((head, length)) = parse_head(incoming.there())? else {
                        return Ok(None);
                    };
                    if head.opcode as u8 >= Opcode::Close as u8 {
                        let end = length + head.left as usize;
                        let Some(frame) = incoming.there().get(length..end) else {
                            return Ok(None);
                        };
                        let payload = Bytes::copy_from_slice(frame);
                        incoming.used(end);
                        return Ok(Some(Part {
                            opcode: head.opcode,
                            compressed: false,
                            payload,
                        }));
                    }
                    incoming.used(length);
                    self.begin(&head)?;
                    head
                }
            };
            let there = incoming.there();
            let take = usize::try_from(head.left).map_or(there.len(), |left| left.min(there.len()));
            let is_whole = head.is_final && take as u64 == head.left;
            // Most messages are one frame that came at once: they are copied once.
            let payload = match is_whole && self.payload.is_empty() {
                true => Some(Bytes::copy_from_slice(&there[..take])),
                false => {
                    self.payload.extend_from_slice(&there[..take]);
                    is_whole.then(|| std::mem::take(&mut self.payload).into())
                }
            };
            incoming.used(take);
            head.left -= take as u64;
            match (payload, head.left) {
                (Some(payload), _) => {
                    let (opcode, compressed) =
                        self.message.take().unwrap_or((Opcode::Binary, false));
                    return Ok(Some(Part {
                        opcode,
                        compressed,
                        payload,
                    }));
                }
                // The message goes on in another frame.
                (None, 0) => {}
                (None, _) => {
                    self.current = Some(head);
                    return Ok(None);
                }
            }
        }
    }

    /// A data frame begins a message, or goes on with one.
    fn begin(&mut self, head: &Head) -> Result<(), Cause> {
        let total = head.left.saturating_add(self.payload.len() as u64);
        if total > LONGEST_MESSAGE as u64 {
            return Err(Cause("a message of more than 100 MiB".into()));
        }
        match (head.opcode, self.message) {
            (Opcode::Continuation, None) => Err(broken("a continuation of nothing")),
            (Opcode::Continuation, Some(_)) if head.compressed => {
                Err(broken("a continuation with an extension"))
            }
            (Opcode::Continuation, Some(_)) => Ok(()),
            (_, Some(_)) => Err(broken("a message within a message")),
            (opcode, None) => {
                self.message = Some((opcode, head.compressed));
                Ok(())
            }
        }
    }
}

/// A frame's head and its length, if it is all there.
fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, Cause> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    let opcode = match first & 0x0f {
        0 => Opcode::Continuation,
        1 => Opcode::Text,
        2 => Opcode::Binary,
        8 => Opcode::Close,
        9 => Opcode::Ping,
        10 => Opcode::Pong,
        _ => return Err(broken("an unknown opcode")),
    };
    if first & 0x30 != 0 {
        return Err(broken("an unknown extension"));
    }
    if second & 0x80 != 0 {
        return Err(broken("a masked frame"));
    }
    let (left, length) = match second & 0x7f {
        126 => match rest.first_chunk() {
            Some(&length) => (u64::from(u16::from_be_bytes(length)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(&length) => (u64::from_be_bytes(length), 10),
            None => return Ok(None),
        },
        short => (u64::from(short), 2),
    };
    let head = Head {
        opcode,
        is_final: first & 0x80 != 0,
        compressed: first & 0x40 != 0,
        left,
    };
    let is_control = opcode as u8 >= Opcode::Close as u8;
    if is_control && (!head.is_final || head.compressed || left > LONGEST_CONTROL) {
        return Err(broken("a control frame that is none"));
    }
    Ok(Some((head, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything in `bytes`, given to the assembler in pieces of `size`.
    fn parts(bytes: &[u8], size: usize) -> Result<Vec<Part>, Cause> {
        let (mut assembler, mut incoming) = (Assembler::default(), Incoming::default());
        let mut parts = Vec::new();
        for piece in bytes.chunks(size) {
            incoming.push(piece);
            while let Some(part) = assembler.take(&mut incoming)? {
                parts.push(part);
            }
        }
        Ok(parts)
    }

    fn part(opcode: Opcode, payload: impl AsRef<[u8]>) -> Part {
        Part {
            opcode,
            compressed: false,
            payload: Bytes::copy_from_slice(payload.as_ref()),
        }
    }

    #[test]
    fn messages_are_put_together_however_they_come() {
        let long = vec![b'x'; 70_000];
        let mut bytes = vec![0x01, 3, b'a', b'b', b'c'];
        // A ping may come in the middle of a message.
        bytes.extend([0x89, 2, b'h', b'i']);
        bytes.extend([0x80, 1, b'd', 0x82, 0]);
        bytes.extend([0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
        bytes.extend(&long);
        bytes.extend([0x82, 126, 0, 126]);
        bytes.extend(&long[..126]);
        for size in [1, 2, 7, 4096, bytes.len()] {
            let expected = [
                part(Opcode::Ping, "hi"),
                part(Opcode::Text, "abcd"),
                part(Opcode::Binary, ""),
                part(Opcode::Binary, &long),
                part(Opcode::Binary, &long[..126]),
            ];
            assert_eq!(parts(&bytes, size).unwrap(), expected, "{size}");
        }
    }

    #[test]
    fn what_is_against_the_protocol_is_refused() {
        for bytes in [
            &[0x83, 0][..],
            &[0x91, 0],
            &[0x81, 0x80],
            &[0x80, 0],
            &[0x09, 0],
            &[0x88, 126, 0, 200],
            &[0x01, 0, 0x01, 0],
            &[0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(parts(bytes, 1).is_err(), "{bytes:x?}");
        }
    }

    #[test]
    fn what_we_send_is_masked() {
        for length in [0, 1, 125, 126, 0xffff, 0x10000] {
            let payload: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let mut frame = Vec::new();
            encode(&mut frame, Opcode::Binary, false, &payload);
            let at = frame.len() - length;
            let mask: [u8; 4] = frame[at - 4..at].try_into().unwrap();
            for (i, byte) in frame[at..].iter_mut().enumerate() {
                *byte ^= mask[i % 4];
            }
            assert_eq!(frame[1] & 0x80, 0x80);
            // Without its mask it is what a server would send.
            frame[1] &= 0x7f;
            frame.drain(at - 4..at);
            assert_eq!(
                parts(&frame, frame.len()).unwrap(),
                [part(Opcode::Binary, &payload)]
            );
        }
    }
}
