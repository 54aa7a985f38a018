//! The folder of a run, for those who look at it later: what was recorded, and the verdict.

use std::path::Path;

use recording::{Recording, Stage, StageRecord};
use run::Folder;
use verdict::Verdict;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge;

/// A run as it lies on disk.
pub(crate) struct KeptRun {
    pub(crate) folder: Folder,
    pub(crate) recording: Recording,
}

impl KeptRun {
    /// Reads what was recorded.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let folder = Folder::open(path);
        let recording = folder
            .read_recording()
            .map_err(|error| Failure::of(Exit::Usage, &error).hint(error.hint()))?;
        Ok(Self { folder, recording })
    }

    /// The verdict that the hunt wrote; judged anew if it wrote none, or one of another form.
    pub(crate) fn verdict(&self, reading: &mut dyn FnMut(&str)) -> Result<Verdict, Failure> {
        match self.kept_verdict() {
            Some(verdict) => Ok(verdict),
            None => judge::judge_folder(&self.folder, &self.recording, reading),
        }
    }

    fn kept_verdict(&self) -> Option<Verdict> {
        let text = std::fs::read_to_string(self.folder.file(run::VERDICT)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The names of the snapshots that lie in the folder, in the order in which they were taken.
    pub(crate) fn snapshots(&self) -> Vec<&str> {
        let taken = self.recording.stages.iter();
        let names = taken.filter_map(|stage| Some(stage.snapshot.as_ref()?.file.as_str()));
        names
            .filter(|name| self.folder.file(name).is_file())
            .collect()
    }

    /// Which of [`KeptRun::snapshots`] were taken before and after the measured rounds; the first and
    /// the last if there is none of a round.
    pub(crate) fn around_rounds(&self) -> (usize, usize) {
        let names = self.snapshots();
        let place = |stage: &StageRecord| {
            let file = &stage.snapshot.as_ref()?.file;
            names.iter().position(|name| name == file)
        };
        let stages = &self.recording.stages;
        let is_round = |stage: &&StageRecord| matches!(stage.stage, Stage::Round(_));
        let before = stages.iter().take_while(|stage| !is_round(stage));
        let base = before.filter_map(place).last();
        let newer = stages.iter().filter(is_round).filter_map(place).next_back();
        (
            base.unwrap_or(0),
            newer.unwrap_or(names.len().saturating_sub(1)),
        )
    }
}
