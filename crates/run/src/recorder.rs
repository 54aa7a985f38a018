//! Where every fact of a run goes: into the recording, to the observer, onto the disk.

use std::time::Instant;

use recording::{Event, Recording};
use units::Elapsed;

use crate::{Folder, FolderError};

/// Folds events, tells them on and keeps the run folder up to date.
///
/// Invariant: when [`Recorder::tell`] returns, what it was told is on disk, so that a run that is
/// killed loses nothing that was known.
pub(crate) struct Recorder<'a> {
    recording: Recording,
    folder: &'a Folder,
    observer: &'a mut dyn FnMut(&Event),
    started: Instant,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(
        recording: Recording,
        folder: &'a Folder,
        observer: &'a mut dyn FnMut(&Event),
    ) -> Self {
        Self {
            recording,
            folder,
            observer,
            started: Instant::now(),
        }
    }

    /// Time since the start of the run.
    pub(crate) fn now(&self) -> Elapsed {
        self.started.elapsed().into()
    }

    pub(crate) fn recording(&self) -> &Recording {
        &self.recording
    }

    pub(crate) fn into_recording(self) -> Recording {
        self.recording
    }

    /// Takes one fact in.
    pub(crate) fn tell(&mut self, event: &Event) -> Result<(), FolderError> {
        self.recording.apply(event);
        (self.observer)(event);
        match event {
            Event::Sampled(sample) => self.folder.append_sample(sample),
            Event::LoadProgress(_) | Event::Settling { .. } | Event::SnapshotProgress { .. } => {
                Ok(())
            }
            _ => self.folder.write_recording(&self.recording),
        }
    }
}
