//! What a verdict is held against besides the rules: accepted growth, budgets, an earlier run.
//!
//! Everything is read before a hunt begins, so that a slip costs nothing.

use std::path::Path;

use recording::Recording;
use run::Folder;
use verdict::{Acceptance, Budget, Verdict};

use crate::args::DemandArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{judge, settings};

/// What is demanded of a run.
pub(crate) struct Demands {
    accepted: Vec<Acceptance>,
    budgets: Vec<Budget>,
    /// The verdict on an earlier run, and its folder's name.
    earlier: Option<(Verdict, String)>,
}

impl Demands {
    /// From the command line and the settings that are found from `folder`.
    pub(crate) fn of(args: &DemandArgs, folder: &Path) -> Result<Self, Failure> {
        let settings = settings::read(args.settings.as_deref(), folder)?;
        let mut budgets = settings.budgets;
        for text in &args.budget {
            budgets.push(Budget::parse(text).map_err(|error| {
                let message = format!("`--budget '{text}'`: {}", error.message);
                Failure::new(Exit::Usage, message).hint(Some(error.hint))
            })?);
        }
        let earlier = args.compare.as_deref().map(earlier).transpose()?;
        Ok(Self {
            accepted: settings.accepted,
            budgets,
            earlier,
        })
    }

    /// Holds a verdict against them.
    pub(crate) fn apply(&self, verdict: &mut Verdict, recording: &Recording) {
        let today = jiff::ZonedDateTime::now().date().to_string();
        verdict.accept(&self.accepted, &today);
        verdict.hold_against(&self.budgets, recording);
        if let Some((earlier, run)) = &self.earlier {
            verdict.compare(earlier, run);
        }
    }
}

/// An earlier run, judged again, so that both verdicts are by the same rules.
fn earlier(run: &Path) -> Result<(Verdict, String), Failure> {
    let folder = Folder::open(run);
    let recording = folder
        .read_recording()
        .map_err(|error| Failure::of(Exit::Usage, &error).hint(error.hint()))?;
    let verdict = judge::judge_folder(&folder, &recording, &mut |_| {})?;
    Ok((verdict, run.display().to_string()))
}
