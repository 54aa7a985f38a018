//! Compressed messages: `permessage-deflate` (RFC 7692).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::frames::{LONGEST_MESSAGE, broken};
use crate::cause::Cause;

/// What we ask for. Our own window cannot be narrowed, so the server is not invited to.
pub(super) const OFFER: &str = "permessage-deflate";

/// How a compressed message ends; it is left out when it is sent.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Both directions of a connection. Their windows are made when they are first needed: most
/// connections never compress anything.
#[derive(Default)]
pub(super) struct Deflate {
    ours: Option<Compress>,
    theirs: Option<Decompress>,
    /// Whether each message begins with an empty window, ours and theirs.
    forgets: (bool, bool),
}

impl Deflate {
    /// What the server has agreed to, from its `Sec-WebSocket-Extensions`.
    pub(super) fn agreed(answer: &str) -> Result<Self, Cause> {
        let mut parts = answer.split(';').map(str::trim);
        if parts.next() != Some(OFFER) {
            return Err(broken("an extension that was not asked for"));
        }
        let mut deflate = Self::default();
        for part in parts {
            let name = part.split('=').next().unwrap_or_default().trim();
            match name {
                "client_no_context_takeover" => deflate.forgets.0 = true,
                "server_no_context_takeover" => deflate.forgets.1 = true,
                // Whatever their window, ours is large enough to read what they write.
                "server_max_window_bits" => {}
                _ => return Err(broken("a compression that was not asked for")),
            }
        }
        Ok(deflate)
    }

    pub(super) fn compress(&mut self, payload: &[u8]) -> Vec<u8> {
        let fresh = || Compress::new(Compression::default(), false);
        let ours = self.ours.get_or_insert_with(fresh);
        if self.forgets.0 {
            ours.reset();
        }
        let mut out = Vec::with_capacity(payload.len() / 2 + 64);
        let begin = ours.total_in();
        loop {
            let done = (ours.total_in() - begin) as usize;
            let room = out.capacity();
            // Compressing into memory cannot fail.
            let status = ours.compress_vec(&payload[done..], &mut out, FlushCompress::Sync);
            let all_in = (ours.total_in() - begin) as usize == payload.len();
            if status.is_err() || (all_in && out.len() < room) {
                break;
            }
            out.reserve(room.max(64));
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        out
    }

    pub(super) fn decompress(&mut self, payload: &[u8]) -> Result<Vec<u8>, Cause> {
        let theirs = self.theirs.get_or_insert_with(|| Decompress::new(false));
        if self.forgets.1 {
            theirs.reset(false);
        }
        let mut out = Vec::with_capacity(payload.len() * 3 + 64);
        for input in [payload, &TAIL[..]] {
            let begin = theirs.total_in();
            loop {
                let done = (theirs.total_in() - begin) as usize;
                let room = out.capacity();
                let status = theirs
                    .decompress_vec(&input[done..], &mut out, FlushDecompress::Sync)
                    .map_err(|_| broken("a message that is badly compressed"))?;
                let all_in = (theirs.total_in() - begin) as usize == input.len();
                if status == Status::StreamEnd {
                    // What follows a last block begins anew.
                    theirs.reset(false);
                    return Ok(out);
                }
                if all_in && out.len() < room {
                    break;
                }
                if out.len() > LONGEST_MESSAGE {
                    return Err(Cause("a message of more than 100 MiB".into()));
                }
                out.reserve(room.max(64));
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Vec<Vec<u8>> {
        let noise = (0..200_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
        vec![
            b"hello hello hello".to_vec(),
            Vec::new(),
            b"hello hello hello".to_vec(),
            vec![7; 300_000],
            noise.collect(),
        ]
    }

    #[test]
    fn messages_come_out_as_they_went_in() {
        for answer in [
            "permessage-deflate",
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
        ] {
            let mut sender = Deflate::agreed(answer).unwrap();
            let mut receiver = Deflate::agreed(answer).unwrap();
            for text in texts() {
                let compressed = sender.compress(&text);
                assert_eq!(receiver.decompress(&compressed).unwrap(), text);
            }
        }
    }

    #[test]
    fn a_kept_window_makes_the_second_message_shorter() {
        let mut keeps = Deflate::agreed("permessage-deflate").unwrap();
        let text = b"a message that says something of some length";
        let first = keeps.compress(text).len();
        assert!(keeps.compress(text).len() < first);
    }

    #[test]
    fn what_was_not_asked_for_is_refused() {
        for answer in [
            "permessage-bzip2",
            "permessage-deflate; client_max_window_bits=10",
            "permessage-deflate; mystery",
        ] {
            assert!(Deflate::agreed(answer).is_err(), "{answer}");
        }
        let mut deflate = Deflate::default();
        assert!(deflate.decompress(&[0xff, 0xff, 0xff]).is_err());
    }
}
