//! `.leakscope.toml`: what a project accepts and demands. Every finding about it has line and
//! column.
//!
//! The file is looked for in the current folder and above it, as far as the repository goes.

use std::path::{Path, PathBuf};

use scenario::{Diagnostic, Severity};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use verdict::{Acceptance, Budget};

use crate::exit::Exit;
use crate::failure::{Failure, print_diagnostics};

const NAME: &str = ".leakscope.toml";

const KEYS: [&str; 2] = ["accept", "budget"];
const ENTRY_KEYS: [&str; 5] = ["class", "holder", "at_most", "reason", "expires"];

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) accepted: Vec<Acceptance>,
    pub(crate) budgets: Vec<Budget>,
}

/// Reads the file that was named, or the one that is found, or none.
pub(crate) fn read(named: Option<&Path>, folder: &Path) -> Result<Settings, Failure> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => match found(folder) {
            Some(path) => path,
            None => return Ok(Settings::default()),
        },
    };
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot read `{shown}`: {error}")))?;
    parse(&text, &shown).map_err(|findings| {
        print_diagnostics(&text, &findings);
        Failure::new(
            Exit::Usage,
            format!("`{shown}` cannot be used: nothing was started"),
        )
    })
}

fn found(folder: &Path) -> Option<PathBuf> {
    for folder in folder.ancestors() {
        let path = folder.join(NAME);
        if path.is_file() {
            return Some(path);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    None
}

/// The settings, or everything that is wrong with them.
fn parse(text: &str, file: &str) -> Result<Settings, Vec<Diagnostic>> {
    let mut reader = Reader {
        text,
        file,
        findings: Vec::new(),
    };
    let mut settings = Settings::default();
    match DeTable::parse(text) {
        Ok(table) => reader.settings(table.get_ref(), &mut settings),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            reader.find(at, error.message().to_owned(), None);
        }
    }
    match reader.findings.is_empty() {
        true => Ok(settings),
        false => Err(reader.findings),
    }
}

struct Reader<'t> {
    text: &'t str,
    file: &'t str,
    findings: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn settings(&mut self, table: &DeTable<'_>, settings: &mut Settings) {
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "accept" => self.entries(value, &mut settings.accepted),
                "budget" => self.budgets(value, &mut settings.budgets),
                _ => self.unknown(key, &KEYS),
            }
        }
    }

    fn entries(&mut self, value: &Spanned<DeValue<'_>>, accepted: &mut Vec<Acceptance>) {
        let Some(entries) = value.get_ref().as_array() else {
            let hint = "write each entry under a line `[[accept]]`";
            let message = "`accept` is a list of tables".to_owned();
            return self.find(value.span().start, message, Some(hint.into()));
        };
        for entry in entries {
            match entry.get_ref().as_table() {
                Some(table) => accepted.extend(self.entry(table, entry.span().start)),
                None => self.find(entry.span().start, "an entry is a table".into(), None),
            }
        }
    }

    fn entry(&mut self, table: &DeTable<'_>, at: usize) -> Option<Acceptance> {
        let before = self.findings.len();
        let mut acceptance = Acceptance {
            class: None,
            holder: None,
            at_most: None,
            reason: String::new(),
            expires: String::new(),
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "class" => acceptance.class = self.text_of(key, value),
                "holder" => acceptance.holder = self.text_of(key, value),
                "reason" => acceptance.reason = self.text_of(key, value).unwrap_or_default(),
                "expires" => acceptance.expires = self.day(value).unwrap_or_default(),
                "at_most" => acceptance.at_most = self.number(value),
                _ => self.unknown(key, &ENTRY_KEYS),
            }
        }
        if self.findings.len() == before {
            if acceptance.class.is_none() && acceptance.holder.is_none() {
                let message = "the entry says neither `class` nor `holder`";
                self.find(at, message.into(), None);
            }
            for (key, text) in [
                ("reason", &acceptance.reason),
                ("expires", &acceptance.expires),
            ] {
                if text.is_empty() {
                    let hint = match key {
                        "reason" => "say why the growth is accepted, as a ticket's number",
                        _ => "say until when, as `expires = 2027-01-31`",
                    };
                    self.find(at, format!("the entry has no `{key}`"), Some(hint.into()));
                }
            }
        }
        (self.findings.len() == before).then_some(acceptance)
    }

    fn budgets(&mut self, value: &Spanned<DeValue<'_>>, budgets: &mut Vec<Budget>) {
        let one = std::slice::from_ref(value);
        let all: Vec<&Spanned<DeValue<'_>>> = match value.get_ref().as_array() {
            Some(list) => list.iter().collect(),
            None => one.iter().collect(),
        };
        for value in all {
            match value.get_ref().as_str().map(Budget::parse) {
                Some(Ok(budget)) => budgets.push(budget),
                Some(Err(error)) => {
                    self.find(value.span().start, error.message, Some(error.hint));
                }
                None => {
                    let message = "a budget is a text, as \"bytes/session < 1KiB\"";
                    self.find(value.span().start, message.into(), None);
                }
            }
        }
    }

    fn text_of(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            let message = format!("`{}` is a text in quotes", key.get_ref());
            self.find(value.span().start, message, None);
        }
        text
    }

    fn day(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = match value.get_ref() {
            DeValue::Datetime(day) => day.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => String::new(),
        };
        let day: Option<jiff::civil::Date> = text.parse().ok();
        if day.is_none() {
            let hint = "write the last day, as 2027-01-31";
            self.find(
                value.span().start,
                "this is no day".into(),
                Some(hint.into()),
            );
        }
        day.map(|day| day.to_string())
    }

    fn number(&mut self, value: &Spanned<DeValue<'_>>) -> Option<f64> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.to_string().parse().ok(),
            DeValue::Float(number) => number.to_string().parse().ok(),
            _ => None,
        };
        let number = number.filter(|n: &f64| n.is_finite() && *n >= 0.0);
        if number.is_none() {
            let message = "`at_most` is a number of objects per session";
            self.find(value.span().start, message.into(), None);
        }
        number
    }

    fn unknown(&mut self, key: &Spanned<std::borrow::Cow<'_, str>>, known: &[&str]) {
        let message = format!("unknown key `{}`", key.get_ref());
        let hint = format!("known here: {}", known.join(", "));
        self.find(key.span().start, message, Some(hint));
    }

    fn find(&mut self, at: usize, message: String, hint: Option<String>) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.findings.push(Diagnostic {
            severity: Severity::Error,
            file: self.file.to_owned(),
            line: narrow(before.matches('\n').count() + 1),
            column: narrow(before[line_start..].chars().count() + 1),
            message,
            hint,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_budgets_are_read() {
        let text = r#"
            budget = ["bytes/session < 1KiB", "rss < 300MiB"]

            [[accept]]
            class = "WebSocket"
            holder = "clients"
            at_most = 1
            reason = "ticket 12"
            expires = 2027-01-31

            [[accept]]
            holder = "cache"
            reason = "goes with the next version"
            expires = "2027-02-28"
        "#;
        let settings = parse(text, ".leakscope.toml").unwrap();
        assert_eq!(settings.budgets.len(), 2);
        let [first, second] = &settings.accepted[..] else {
            panic!("{settings:?}")
        };
        assert_eq!(first.class.as_deref(), Some("WebSocket"));
        assert_eq!(first.at_most, Some(1.0));
        assert_eq!(first.expires, "2027-01-31");
        assert_eq!(second.holder.as_deref(), Some("cache"));
    }

    fn check(text: &str, place: (u32, u32), words: &[&str]) {
        let findings = parse(text, "s.toml").unwrap_err();
        let finding = &findings[0];
        assert_eq!((finding.line, finding.column), place, "{findings:?}");
        let said = format!("{} {:?}", finding.message, finding.hint);
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }

    #[test]
    fn what_is_wrong_is_found_where_it_stands() {
        check("\naccepts = 1", (2, 1), &["`accepts`", "accept, budget"]);
        let entry = "[[accept]]\nclass = \"A\"\nreason = \"r\"\n";
        check(
            &format!("{entry}  expire = 1"),
            (4, 3),
            &["`expire`", "expires"],
        );
        check(
            &format!("{entry}expires = 2027-13-01"),
            (4, 11),
            &["between 01 and 12"],
        );
        check(
            &format!("{entry}expires = \"soon\""),
            (4, 11),
            &["no day", "2027-01-31"],
        );
        check(entry, (1, 1), &["no `expires`"]);
        check(
            "[[accept]]\nreason=\"r\"\nexpires=2027-01-01",
            (1, 1),
            &["neither"],
        );
        check(
            "budget = \"bytes < \"",
            (1, 10),
            &["no amount", "bytes/session"],
        );
        check("budget = [1]", (1, 11), &["a budget is a text"]);
        check("accept = 1", (1, 10), &["[[accept]]"]);
        check("a = [", (1, 6), &[]);
    }
}
