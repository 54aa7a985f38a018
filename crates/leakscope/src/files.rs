//! Files of the user's own, written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::exit::Exit;
use crate::failure::Failure;

/// Writes a file under another name beside it first: nobody ever reads half of it. What is no
/// regular file, such as a pipe, is written as it is.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let is_special = path.metadata().is_ok_and(|metadata| !metadata.is_file());
    let written = match is_special {
        true => fs::write(path, bytes),
        false => replace(path, bytes),
    };
    written.map_err(|error| {
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::new(Exit::Output, message)
    })
}

/// Likewise, for its owner's eyes only.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let unfinished = Path::new(&name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options
        .open(unfinished)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(unfinished, path));
    written.map_err(|error| {
        // The first error says more than this one could.
        let _ = fs::remove_file(unfinished);
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::new(Exit::Output, message)
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let unfinished = Path::new(&name);
    let written = fs::write(unfinished, bytes).and_then(|()| fs::rename(unfinished, path));
    if written.is_err() {
        // The first error says more than this one could.
        let _ = fs::remove_file(unfinished);
    }
    written
}
