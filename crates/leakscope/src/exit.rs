//! Exit codes: a contract that scripts rely on, documented in the README.

use std::process::ExitCode;

use verdict::{Outcome, Progress, Verdict};

/// How leakscope ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Clean, or done.
    Clean = 0,
    /// The service leaks.
    Leaking = 1,
    /// The command line, the script or a file given is wrong.
    Usage = 2,
    /// The facts do not decide.
    Inconclusive = 3,
    /// The service did not start, did not get ready, or died.
    Service = 4,
    /// Not one session got through, or a figure is over its budget.
    Load = 5,
    /// A file could not be written.
    Output = 6,
    /// Ctrl-C or SIGTERM.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl Exit {
    /// The exit code of a verdict with everything it was held against: the worst finding decides, a
    /// leak before a budget, a budget before a doubt. A comparison asks whether it is fixed, and
    /// stands in the place of the outcome.
    pub(crate) fn of_verdict(verdict: &Verdict) -> Self {
        let outcome = match &verdict.comparison {
            Some(comparison) => match comparison.outcome {
                Progress::Fixed => Outcome::Clean,
                Progress::NotFixed => Outcome::Leaking,
                Progress::Undecided => Outcome::Inconclusive,
            },
            None => verdict.outcome,
        };
        let kept = |wanted: Option<bool>| verdict.budgets.iter().any(|b| b.kept == wanted);
        match outcome {
            Outcome::Leaking => Self::Leaking,
            _ if kept(Some(false)) => Self::Load,
            Outcome::Inconclusive => Self::Inconclusive,
            Outcome::Clean if kept(None) => Self::Inconclusive,
            Outcome::Clean => Self::Clean,
        }
    }
}
