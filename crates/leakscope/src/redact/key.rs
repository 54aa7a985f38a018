//! The secret on which replacements depend.
//!
//! Without it nobody can test a guess at what was replaced; with the same one, snapshots that are
//! redacted apart still compare. So every user has one, made on first use and kept in
//! `$XDG_STATE_HOME/leakscope`, or `~/.local/state/leakscope`, readable by the user alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::failure::{Failure, warn};

const BYTES: usize = 16;
const NAME: &str = "redact.key";

/// Least bytes of a secret that somebody wrote: shorter ones can be tried out.
const SHORTEST: usize = 16;
const LONGEST: u64 = 4096;

/// The key of a file that was named, or the user's own.
pub(super) fn key(file: Option<&Path>) -> Result<[u8; BYTES], Failure> {
    if let Some(path) = file {
        return of_file(path);
    }
    let random = || {
        random().map_err(|error| {
            let message = format!("cannot make a key: /dev/urandom: {error}");
            Failure::new(Exit::Usage, message)
        })
    };
    let own = own_path().map(|path| own(&path));
    if let Some(Ok(key)) = own {
        return Ok(key);
    }
    warn(
        "no place to keep a key: these snapshots compare with each other, and with none redacted \
         at another time; `--key-file FILE` names one",
    );
    random()
}

fn of_file(path: &Path) -> Result<[u8; BYTES], Failure> {
    let failed = |what: String| {
        Failure::new(
            Exit::Usage,
            format!("cannot use the key file `{}`: {what}", path.display()),
        )
        .hint(Some("make one with `head -c 32 /dev/urandom > FILE`"))
    };
    let mut secret = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut secret));
    read.map_err(|error| failed(error.to_string()))?;
    if secret.len() < SHORTEST {
        return Err(failed(format!("it has less than {SHORTEST} bytes")));
    }
    let digest = sha1_smol::Sha1::from(&secret).digest().bytes();
    let mut key = [0; BYTES];
    key.copy_from_slice(&digest[..BYTES]);
    Ok(key)
}

fn own_path() -> Option<PathBuf> {
    let absolute = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let states =
        absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(states.join("leakscope").join(NAME))
}

/// Reads the key, or makes it: of two that make it at once, one wins for both.
fn own(path: &Path) -> io::Result<[u8; BYTES]> {
    if !path.exists() {
        let folder = path.parent().unwrap_or(path);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let unfinished = path.with_extension(std::process::id().to_string());
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?;
        let made = file
            .write_all(&random()?)
            .and_then(|()| fs::hard_link(&unfinished, path));
        fs::remove_file(&unfinished)?;
        made.or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(error),
        })?;
    }
    let mut key = [0; BYTES];
    File::open(path)?.read_exact(&mut key)?;
    Ok(key)
}

fn random() -> io::Result<[u8; BYTES]> {
    let mut key = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_user_has_one_key_and_it_is_private() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("state/leakscope").join(NAME);
        let key = own(&path).unwrap();
        assert_eq!(own(&path).unwrap(), key);
        assert_ne!(key, [0; BYTES]);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_file_must_be_worth_the_name() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("key");
        fs::write(&path, "short").unwrap();
        assert!(of_file(&path).is_err());
        fs::write(&path, "long enough a secret").unwrap();
        assert_eq!(of_file(&path).unwrap(), of_file(&path).unwrap());
    }
}
