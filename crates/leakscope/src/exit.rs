//! Exit codes: a contract that scripts rely on, documented in the README.

use std::process::ExitCode;

use verdict::Outcome;

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
    /// Not one session got through.
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

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Leaking => Self::Leaking,
            Outcome::Clean => Self::Clean,
            Outcome::Inconclusive => Self::Inconclusive,
        }
    }
}
