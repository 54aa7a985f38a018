//! Errors as a person reads them: one line that says what failed, the causes under it, a hint last.

use std::error::Error;
use std::io::{IsTerminal, Write};

use crate::exit::Exit;

/// A command that could not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    note: Option<String>,
}

impl Failure {
    /// From an error and its sources.
    pub(crate) fn of(exit: Exit, error: &dyn Error) -> Self {
        let message = error.to_string();
        let sources =
            std::iter::successors(error.source(), |e| e.source()).map(ToString::to_string);
        // Messages often end with their source already.
        let causes = sources
            .filter(|cause| !message.contains(cause.as_str()))
            .collect();
        Self {
            exit,
            message,
            causes,
            hint: None,
            note: None,
        }
    }

    /// From words.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            note: None,
        }
    }

    /// With what to do about it.
    pub(crate) fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }

    /// With what else is worth knowing.
    pub(crate) fn note(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }

    /// With lines shown under the message.
    pub(crate) fn causes(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.causes.extend(lines);
        self
    }

    /// Writes it to stderr. A closed stderr is nobody's loss.
    pub(crate) fn print(&self) {
        let mut stderr = std::io::stderr().lock();
        let color = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let paint = |code: &str, word: &str| match color {
            true => format!("\x1b[{code}m{word}\x1b[0m"),
            false => word.to_owned(),
        };
        let _ = writeln!(stderr, "{} {}", paint("1;31", "error:"), self.message);
        for cause in &self.causes {
            let _ = writeln!(stderr, "  {}", report::printable(cause));
        }
        if let Some(note) = &self.note {
            let _ = writeln!(stderr, "{} {note}", paint("1", "note:"));
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(stderr, "{} {hint}", paint("1;36", "hint:"));
        }
    }
}

/// Writes a long answer to stdout piece by piece.
pub(crate) fn answer_in_parts(
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
    written(write(&mut stdout).and_then(|()| stdout.flush()))
}

/// Writes an answer to stdout; a reader that has gone away has had enough.
pub(crate) fn answer(text: &str) -> Result<(), Failure> {
    answer_in_parts(|stdout| stdout.write_all(text.as_bytes()))
}

fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Output,
            format!("cannot write to stdout: {error}"),
        )),
        _ => Ok(()),
    }
}
