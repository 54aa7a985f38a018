//! What all sessions of a load share besides the way to the target: functions, files, a voice.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use crate::Processor;

/// Hears what a script says with `log`, and its functions with `console`.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// What all sessions of a load share.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// The script's functions, if it has any.
    pub processor: Option<Arc<Processor>>,
    /// Where the files that the script names are found.
    pub directory: PathBuf,
    /// Hears what the script says; nobody does if there is none.
    pub say: Option<Say>,
    /// What `before` has captured.
    pub variables: Arc<Map<String, Value>>,
    /// Files to be sent, read once.
    files: Arc<Mutex<HashMap<PathBuf, Arc<[u8]>>>>,
}

impl Surroundings {
    /// The surroundings of a script in this directory.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn say(&self, text: &str) {
        if let Some(say) = &self.say {
            say(text);
        }
    }

    /// The contents of a file, by its name relative to the script.
    pub(crate) fn file(&self, name: &str) -> std::io::Result<Arc<[u8]>> {
        let path = self.directory.join(name);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = files.get(&path) {
            return Ok(Arc::clone(known));
        }
        let contents: Arc<[u8]> = std::fs::read(&path)?.into();
        files.insert(path, Arc::clone(&contents));
        Ok(contents)
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("directory", &self.directory)
            .field("has_processor", &self.processor.is_some())
            .finish_non_exhaustive()
    }
}
