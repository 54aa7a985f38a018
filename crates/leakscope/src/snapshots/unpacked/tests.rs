//! Archives: what is in them, cut short, and too much.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(packed).unwrap();
    io::Seek::rewind(&mut file).unwrap();
    let size = Some(packed.len() as u64);
    let (mut reader, _) = reader(Readable { file, size })?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[test]
fn what_was_packed_comes_out() {
    let text: Vec<u8> = (0..300_000_u32)
        .flat_map(|i| format!("{i},").into_bytes())
        .collect();
    let halves = text.split_at(text.len() / 2);
    for bytes in [&text[..], b"", b"{", b"\x28\xb5", b"\x50\x2a\x4d"] {
        assert_eq!(unpack(bytes).unwrap(), bytes);
        assert_eq!(unpack(&gzip(bytes)).unwrap(), bytes);
        assert_eq!(unpack(&zstandard(bytes)).unwrap(), bytes);
    }
    for pack in [gzip, zstandard] {
        let members = [pack(halves.0), pack(halves.1)].concat();
        assert!(unpack(&members).unwrap() == text);
    }
    // A frame that readers pass over may come first.
    let skipped = [
        &SKIPPABLE[..],
        &3_u32.to_le_bytes(),
        b"abc",
        &zstandard(b"rest"),
    ]
    .concat();
    assert_eq!(unpack(&skipped).unwrap(), b"rest");
}

#[test]
fn an_archive_that_is_cut_short_says_so() {
    let text: Vec<u8> = (0..100_000_u32)
        .flat_map(|i| format!("{i},").into_bytes())
        .collect();
    for pack in [gzip, zstandard] {
        let packed = pack(&text);
        for cut in [5, 100, packed.len() / 2, packed.len() - 1] {
            let error = unpack(&packed[..cut]).unwrap_err();
            assert_eq!(
                error.kind(),
                io::ErrorKind::UnexpectedEof,
                "cut at {cut}: {error}"
            );
        }
    }
}

#[test]
fn an_archive_that_holds_too_much_is_refused() {
    let zeros = vec![b'0'; 64 << 20];
    for pack in [gzip, zstandard] {
        let error = unpack(&pack(&zeros)).unwrap_err();
        assert!(error.get_ref().unwrap().is::<TooDense>(), "{error}");
    }
}
