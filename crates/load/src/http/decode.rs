//! Bodies as they were before the server compressed them.

use std::borrow::Cow;
use std::io::Read;

use crate::transport::Response;

/// More than this no body is taken apart into: a small one may claim to be endless.
const LONGEST: u64 = 256 << 20;

/// The body, decoded by its `content-encoding`; as it came, if it is not what that says.
pub(super) fn body(response: &Response) -> Cow<'_, [u8]> {
    let encoded = &response.body[..];
    let Some(encodings) = response.headers.get("content-encoding") else {
        return Cow::Borrowed(encoded);
    };
    let mut body = Cow::Borrowed(encoded);
    // The last one was applied last.
    for encoding in encodings.rsplit(',') {
        let decoded = match encoding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => all(flate2::read::MultiGzDecoder::new(&*body)),
            // What is called so is mostly zlib's, and sometimes without its head.
            "deflate" => all(flate2::read::ZlibDecoder::new(&*body))
                .or_else(|| all(flate2::read::DeflateDecoder::new(&*body))),
            "br" => all(brotli_decompressor::Decompressor::new(&*body, 4096)),
            _ => None,
        };
        if let Some(decoded) = decoded {
            body = Cow::Owned(decoded);
        }
    }
    body
}

fn all(decoder: impl Read) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    decoder.take(LONGEST).read_to_end(&mut decoded).ok()?;
    Some(decoded)
}
