//! The run folder: the files a run leaves behind, and their names.
//!
//! Invariant: a file under its final name is whole, except the two that grow while the run lasts
//! (`samples.csv`, `service.log`), whose every line is. All files are private to the user, since a
//! heap snapshot holds whatever secrets the service held.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use recording::{Recording, SAMPLES_HEADER, Sample};
use serde::{Deserialize, Serialize};
use thiserror::Error;

const RUN: &str = "run.json";
const SAMPLES: &str = "samples.csv";
const LOG: &str = "service.log";
const SCRIPTS: &str = "scripts.json";

/// The verdict in the run folder, as JSON.
pub const VERDICT: &str = "verdict.json";

/// The report of the load of all stages together, as JSON.
pub const LOAD: &str = "load.json";

/// V8's sampling heap profile of the main isolate.
pub const PROFILE: &str = "allocations.heapprofile";

/// Where the scripts of the service come from: source maps and packages.
pub const ORIGINS: &str = "origins.json";

/// The report in the run folder.
pub const REPORT: &str = "report.html";

/// The text of one of the service's own scripts, so that a verdict can quote its lines later, on
/// another machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptText {
    /// V8's script id in each isolate that has the script, by the isolate's name, as its snapshots
    /// and profile give it.
    #[serde(default)]
    pub ids: BTreeMap<String, u32>,
    /// The id in the main isolate, as earlier versions wrote it.
    #[serde(default, skip_serializing)]
    id: Option<u32>,
    /// The script's URL or file path.
    pub url: String,
    /// Its source text.
    pub text: String,
}

impl ScriptText {
    /// A text that no isolate has yet.
    #[must_use]
    pub fn new(url: String, text: String) -> Self {
        Self {
            ids: BTreeMap::new(),
            id: None,
            url,
            text,
        }
    }

    /// V8's id of it in an isolate, if that has it.
    #[must_use]
    pub fn id_in(&self, isolate: &str) -> Option<u32> {
        let of_main = self.id.filter(|_| isolate == recording::MAIN);
        self.ids.get(isolate).copied().or(of_main)
    }
}

/// The file of an isolate beside the main one: names of isolates are leakscope's own, never the
/// service's.
pub(crate) fn of_isolate(stem: &str, isolate: &str, extension: &str) -> String {
    format!("{stem}.{}.{extension}", isolate.replace('/', "."))
}

/// The file of an isolate's sampling heap profile.
#[must_use]
pub fn profile_file(isolate: &str) -> String {
    match isolate {
        recording::MAIN => PROFILE.to_owned(),
        isolate => of_isolate("allocations", isolate, "heapprofile"),
    }
}

/// A file of the run folder that could not be made, written or read.
#[derive(Debug, Error)]
#[error("cannot {operation} `{}`: {source}", path.display())]
pub struct FolderError {
    operation: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FolderError {
    /// Whether the folder holds something already that is not to be overwritten.
    #[must_use]
    pub fn is_occupied(&self) -> bool {
        self.source.kind() == io::ErrorKind::AlreadyExists
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self.source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "the disk is full: free some space, or choose another place with `--out DIR`"
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "choose a folder that you may write to with `--out DIR`"
            }
            io::ErrorKind::AlreadyExists => {
                "give another folder with `--out DIR`, or `--overwrite` to replace this run"
            }
            io::ErrorKind::NotFound if self.operation == "read" => {
                "a run folder holds run.json: give the folder that `leakscope hunt` named"
            }
            _ => return None,
        };
        Some(text.into())
    }
}

/// The folder of one run.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes a new run folder, with its parents.
    ///
    /// # Errors
    /// If it cannot be made, or if there is something in it already.
    pub fn create(path: &Path) -> Result<Self, FolderError> {
        let folder = Self {
            path: path.to_owned(),
        };
        let failed = |source| FolderError {
            operation: "create",
            path: path.to_owned(),
            source,
        };
        private_dir(path).map_err(failed)?;
        if fs::read_dir(path).map_err(failed)?.next().is_some() {
            let source = io::Error::new(io::ErrorKind::AlreadyExists, "the folder is not empty");
            return Err(failed(source));
        }
        folder.append(SAMPLES, SAMPLES_HEADER)?;
        Ok(folder)
    }

    /// Makes the run folder anew, removing the files of an earlier run from it and no others.
    ///
    /// # Errors
    /// If a file cannot be removed, or if other files are left in the folder.
    pub fn replace(path: &Path) -> Result<Self, FolderError> {
        if let Ok(entries) = fs::read_dir(path) {
            for entry in entries.flatten() {
                if is_ours(&entry.file_name().to_string_lossy()) {
                    fs::remove_file(entry.path()).map_err(|source| FolderError {
                        operation: "remove",
                        path: entry.path(),
                        source,
                    })?;
                }
            }
        }
        Self::create(path)
    }

    /// Opens the folder of an earlier run.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it; `name` comes from leakscope, never from the service.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Where the service's own output goes.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.file(LOG)
    }

    /// Appends a memory reading.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn append_sample(&self, sample: &Sample) -> Result<(), FolderError> {
        self.append(SAMPLES, &sample.to_csv())
    }

    /// Writes what is known of the run so far.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_recording(&self, recording: &Recording) -> Result<(), FolderError> {
        let text = recording.to_json().map_err(io::Error::from);
        let text = text.map_err(|source| self.failed("write", RUN, source))?;
        self.write(RUN, text.as_bytes())
    }

    /// Writes the load's report, of all stages so far.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_load(&self, report: &serde_json::Value) -> Result<(), FolderError> {
        self.write(LOAD, format!("{report:#}\n").as_bytes())
    }

    /// Writes V8's sampling heap profile of an isolate in the form that DevTools opens.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_profile(
        &self,
        isolate: &str,
        profile: &serde_json::Value,
    ) -> Result<(), FolderError> {
        let text = profile.to_string();
        self.write(&profile_file(isolate), text.as_bytes())
    }

    /// Writes the texts of the service's scripts.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_scripts(&self, scripts: &[ScriptText]) -> Result<(), FolderError> {
        let text = serde_json::to_string(scripts).map_err(io::Error::from);
        let text = text.map_err(|source| self.failed("write", SCRIPTS, source))?;
        self.write(SCRIPTS, text.as_bytes())
    }

    /// Writes a file whole or not at all: under a temporary name first, then renamed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<(), FolderError> {
        let partial = self.file(&format!("{name}.part"));
        let written = (|| {
            let mut file = private_options()
                .create(true)
                .truncate(true)
                .open(&partial)?;
            file.write_all(contents)?;
            fs::rename(&partial, self.file(name))
        })();
        written.map_err(|source| {
            let _ = fs::remove_file(&partial);
            self.failed("write", name, source)
        })
    }

    /// Reads the recording of a run.
    ///
    /// # Errors
    /// If `run.json` cannot be read or is not a recording.
    pub fn read_recording(&self) -> Result<Recording, FolderError> {
        Recording::from_json(&self.read(RUN)?)
            .map_err(|error| self.failed("read", RUN, io::Error::from(error)))
    }

    /// Reads the memory readings; those that are whole, if the run was killed while it wrote one.
    #[must_use]
    pub fn read_samples(&self) -> Vec<Sample> {
        let text = self.read(SAMPLES).unwrap_or_default();
        let lines = text.split_inclusive('\n').skip(1);
        let whole = lines.filter_map(|line| line.strip_suffix('\n'));
        whole.filter_map(Sample::from_csv).collect()
    }

    /// Reads a file as JSON, if it is there and is JSON.
    #[must_use]
    pub fn read_json(&self, name: &str) -> Option<serde_json::Value> {
        serde_json::from_str(&self.read(name).ok()?).ok()
    }

    /// Reads the texts of the service's scripts; none if the run ended before they were kept.
    #[must_use]
    pub fn read_scripts(&self) -> Vec<ScriptText> {
        let text = self.read(SCRIPTS).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Reads V8's sampling heap profile of an isolate, if the run got that far.
    #[must_use]
    pub fn read_profile(&self, isolate: &str) -> Option<serde_json::Value> {
        self.read_json(&profile_file(isolate))
    }

    fn read(&self, name: &str) -> Result<String, FolderError> {
        fs::read_to_string(self.file(name)).map_err(|source| self.failed("read", name, source))
    }

    fn append(&self, name: &str, line: &str) -> Result<(), FolderError> {
        let write = || {
            let mut file: File = private_options()
                .create(true)
                .append(true)
                .open(self.file(name))?;
            file.write_all(format!("{line}\n").as_bytes())
        };
        write().map_err(|source| self.failed("write", name, source))
    }

    fn failed(&self, operation: &'static str, name: &str, source: io::Error) -> FolderError {
        FolderError {
            operation,
            path: self.file(name),
            source,
        }
    }
}

/// Whether a run writes a file of this name.
fn is_ours(name: &str) -> bool {
    let name = name.strip_suffix(".part").unwrap_or(name);
    let fixed = [
        RUN, SAMPLES, LOG, LOAD, PROFILE, SCRIPTS, ORIGINS, VERDICT, REPORT,
    ];
    // Snapshots are numbered; others are the user's own.
    let number = name
        .strip_suffix(".heapsnapshot")
        .and_then(|stem| stem.split_once('-'));
    let is_profile = name.starts_with("allocations.") && name.ends_with(".heapprofile");
    let is_snapshot = number.is_some_and(|(n, _)| n.parse::<u32>().is_ok());
    fixed.contains(&name) || is_profile || is_snapshot
}

#[cfg(unix)]
fn private_options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    options
}

#[cfg(unix)]
fn private_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_in_it_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("notes.txt"), "mine").unwrap();
        let error = Folder::create(dir.path()).unwrap_err();
        assert!(error.to_string().contains("not empty"), "{error}");
        assert!(error.hint().unwrap().contains("--overwrite"));
        let error = Folder::replace(dir.path()).unwrap_err();
        assert!(error.to_string().contains("not empty"), "{error}");
        assert_eq!(
            fs::read_to_string(dir.path().join("notes.txt")).unwrap(),
            "mine"
        );
    }

    #[test]
    fn replacing_removes_an_earlier_run() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        folder.write("1-warm-up.heapsnapshot", b"{}").unwrap();
        let of_worker = of_isolate("1-warm-up", "child-7/worker-2", "heapsnapshot");
        assert_eq!(of_worker, "1-warm-up.child-7.worker-2.heapsnapshot");
        folder.write(&of_worker, b"{}").unwrap();
        let profile = serde_json::json!({ "head": {} });
        folder.write_profile("worker-1", &profile).unwrap();
        assert_eq!(folder.read_profile("worker-1"), Some(profile));
        assert_eq!(folder.read_profile(recording::MAIN), None);
        folder.write(RUN, b"{}").unwrap();
        Folder::replace(dir.path()).unwrap();
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "only the new samples.csv");
    }

    #[test]
    fn scripts_are_known_by_their_ids_in_each_isolate_and_earlier_runs_have_one() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        let mut script = ScriptText::new("/srv/a.js".into(), "a();".into());
        script.ids.insert(recording::MAIN.into(), 7);
        script.ids.insert("worker-1".into(), 3);
        folder.write_scripts(&[script]).unwrap();
        let ids = |folder: &Folder| {
            let script = folder.read_scripts().remove(0);
            [recording::MAIN, "worker-1", "worker-2"].map(|isolate| script.id_in(isolate))
        };
        assert_eq!(ids(&folder), [Some(7), Some(3), None]);
        let earlier = br#"[{"id":7,"url":"/srv/a.js","text":"a();"}]"#;
        folder.write(SCRIPTS, earlier).unwrap();
        assert_eq!(ids(&folder), [Some(7), None, None]);
    }

    #[cfg(unix)]
    #[test]
    fn files_are_private_and_a_failed_write_leaves_no_half_file() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(&dir.path().join("run")).unwrap();
        folder.write(RUN, b"{}").unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.file(RUN)), 0o600);
        assert_eq!(mode(folder.path()), 0o700);
        fs::create_dir(folder.file("taken")).unwrap();
        assert!(folder.write("taken", b"x").is_err());
        assert!(!folder.file("taken.part").exists());
    }
}
