//! Which isolates of a service are meant: the reading of `--isolate`.

use std::str::FromStr;

/// The isolates that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    /// As given.
    pub(super) text: String,
    pub(super) processes: Processes,
    pub(super) isolates: Isolates,
}

/// Of the service's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Processes {
    /// The one that was named.
    Own,
    /// That and all that it has started.
    All,
    /// One of them.
    Child(u32),
}

/// Of the isolates of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Isolates {
    Main,
    All,
    /// By its name.
    Worker(String),
    /// By a part of the program's name for it or of its script.
    Named(String),
}

impl Selection {
    /// Whether nothing was said.
    pub(super) fn is_default(&self) -> bool {
        self.processes == Processes::Own && self.isolates == Isolates::Main
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (processes, isolates) = match text.split_once('/') {
            Some((pid, rest)) if pid.parse::<u32>().is_ok() => {
                let pid = pid
                    .parse()
                    .map_err(|_| format!("`{pid}` is no process id"))?;
                (Processes::Child(pid), isolates(rest))
            }
            _ => match (text.parse(), text) {
                (Ok(pid), _) => (Processes::Child(pid), Isolates::Main),
                (_, "all") => (Processes::All, Isolates::All),
                _ => (Processes::Own, isolates(text)),
            },
        };
        match text.trim().is_empty() {
            true => Err("`--isolate` names nothing".into()),
            false => Ok(Self {
                text: text.to_owned(),
                processes,
                isolates,
            }),
        }
    }
}

fn isolates(text: &str) -> Isolates {
    let number = text.strip_prefix("worker-");
    match text {
        "main" => Isolates::Main,
        "all" => Isolates::All,
        _ if number.is_some_and(|n| n.parse::<u64>().is_ok()) => Isolates::Worker(text.to_owned()),
        _ => Isolates::Named(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isolates_are_chosen_in_words() {
        let cases = [
            ("main", Processes::Own, Isolates::Main),
            ("all", Processes::All, Isolates::All),
            (
                "worker-3",
                Processes::Own,
                Isolates::Worker("worker-3".into()),
            ),
            ("mailer", Processes::Own, Isolates::Named("mailer".into())),
            (
                "src/mailer.js",
                Processes::Own,
                Isolates::Named("src/mailer.js".into()),
            ),
            ("4711", Processes::Child(4711), Isolates::Main),
            ("4711/all", Processes::Child(4711), Isolates::All),
            (
                "4711/worker-1",
                Processes::Child(4711),
                Isolates::Worker("worker-1".into()),
            ),
        ];
        for (text, processes, isolates) in cases {
            let expected = Selection {
                text: text.into(),
                processes,
                isolates,
            };
            assert_eq!(text.parse(), Ok(expected));
        }
        assert!("  ".parse::<Selection>().is_err());
    }
}
