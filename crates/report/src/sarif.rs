//! The verdict in SARIF 2.1.0, from which code hosts write beside the lines that leak.
//!
//! Source: OASIS, Static Analysis Results Interchange Format version 2.1.0. Files are given
//! relative to the root of the repository, so that they are found there; a leak without a line is a
//! result without a location, and a run that does not decide is told as a notification of the tool.

use std::path::Path;

use recording::Recording;
use serde_json::{Value, json};
use verdict::{Outcome, SourceLine, Suspect, Verdict};

use crate::printable;
use crate::words;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The kinds of results, by their index in the file.
const RULES: [(&str, &str, &str); 2] = [
    (
        "growth-per-session",
        "Memory that every session leaves behind",
        "An object gains the same number of entries per session in every measured round, after \
         the load has drained and everything was collected.",
    ),
    (
        "growth-with-time",
        "Memory that grows with time",
        "An object gains entries without any load, at the pace of a timer, and never lets go.",
    ),
];

/// The verdict as a SARIF file. `repository` is the folder of the repository that the service lies
/// in, where that is known; else files are seen from the service's working directory.
#[must_use]
pub fn sarif(verdict: &Verdict, recording: &Recording, repository: Option<&Path>) -> String {
    let root = &Root {
        working_dir: &recording.plan.working_dir,
        repository: repository.unwrap_or(&recording.plan.working_dir),
    };
    let rules: Vec<Value> = RULES.iter().map(rule).collect();
    let results: Vec<Value> = (verdict.suspects.iter())
        .map(|suspect| result(suspect, root))
        .collect();
    let file = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "leakscope",
                "version": recording.leakscope_version,
                "rules": rules,
            } },
            "columnKind": "utf16CodeUnits",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications(verdict),
            }],
            "results": results,
        }],
    });
    format!("{file:#}\n")
}

/// Where files are seen from.
struct Root<'a> {
    working_dir: &'a Path,
    repository: &'a Path,
}

impl Root<'_> {
    /// A file, as the verdict names it, seen from the repository; a file elsewhere by all its path.
    fn uri(&self, file: &str) -> String {
        // A path that is absolute itself replaces the folder.
        let path = self.working_dir.join(file);
        match path.strip_prefix(self.repository) {
            Ok(inside) => percent_encoded(&inside.to_string_lossy()),
            Err(_) => format!("file://{}", percent_encoded(&path.to_string_lossy())),
        }
    }
}

fn rule((id, title, text): &(&str, &str, &str)) -> Value {
    json!({
        "id": id,
        "name": title,
        "shortDescription": { "text": title },
        "fullDescription": { "text": text },
        "help": { "text": "Mend the statement that adds, or let go at the session's end; then \
                           run the same hunt again." },
        "defaultConfiguration": { "level": "error" },
        "properties": { "tags": ["memory", "leak"] },
    })
}

fn result(suspect: &Suspect, root: &Root<'_>) -> Value {
    let index = usize::from(suspect.gains_per_second.is_some());
    let main = words::culprit(suspect);
    let mut result = json!({
        "ruleId": RULES[index].0,
        "ruleIndex": index,
        "level": "error",
        "message": { "text": message(suspect) },
        "locations": main.map(|line| json!({ "physicalLocation": location(line, root) })).as_slice(),
        "partialFingerprints": { "leakscope/v1": words::fingerprint(suspect) },
        "properties": {
            "class": suspect.class,
            "perSession": suspect.per_session,
            "bytesPerSession": suspect.bytes_per_session,
            "retainingPath": suspect.path,
            "mechanism": suspect.mechanism,
        },
    });
    if let Some(accepted) = &suspect.accepted {
        result["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": words::accepted(accepted),
        }]);
    }
    let others: Vec<Value> = related(suspect)
        .into_iter()
        .filter(|(line, _)| Some(*line) != main)
        .map(|(line, text)| {
            json!({
                "id": 1,
                "physicalLocation": location(line, root),
                "message": { "text": text },
            })
        })
        .collect();
    if !others.is_empty() {
        result["relatedLocations"] = others.into();
    }
    result
}

fn related(suspect: &Suspect) -> Vec<(&SourceLine, &'static str)> {
    let source = suspect
        .source
        .iter()
        .map(|line| (line, "the holder lives here"));
    let writer = suspect
        .writer
        .iter()
        .map(|line| (line, "what piles up is added here"));
    source.chain(writer).collect()
}

fn message(suspect: &Suspect) -> String {
    let amount = match suspect.gains_per_second {
        Some(_) => format!("{} gains {}", words::holder(suspect), words::gains(suspect)),
        None => format!(
            "{} gains {} and never lets go: {}",
            words::holder(suspect),
            words::gains(suspect),
            words::leak_sentence(suspect)
        ),
    };
    format!("{amount}. {}.", capitalized(&printable(&suspect.mechanism)))
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

fn location(line: &SourceLine, root: &Root<'_>) -> Value {
    json!({
        "artifactLocation": { "uri": root.uri(&line.file) },
        "region": {
            "startLine": line.line.max(1),
            "snippet": { "text": line.text },
        },
    })
}

/// A file path in a URI: what may stand in a path as it is, does.
fn percent_encoded(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
        match is_plain {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn notifications(verdict: &Verdict) -> Vec<Value> {
    let notification = |level: &str, text: &str| {
        let text = printable(text);
        json!({ "level": level, "message": { "text": text } })
    };
    let undecided = (verdict.outcome == Outcome::Inconclusive)
        .then(|| notification("error", &format!("inconclusive: {}", verdict.reason)));
    let warnings = verdict.warnings.iter();
    let warnings = warnings.map(|warning| notification("warning", warning));
    let exceeded = verdict.budgets.iter().filter(|b| b.kept != Some(true));
    let budgets = exceeded.map(|b| notification("error", &words::budget(b)));
    undecided
        .into_iter()
        .chain(warnings)
        .chain(budgets)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_uris_seen_from_the_repository() {
        let root = Root {
            working_dir: Path::new("/srv/services/shop"),
            repository: Path::new("/srv"),
        };
        assert_eq!(root.uri("lib/a b.js"), "services/shop/lib/a%20b.js");
        assert_eq!(root.uri("lib/ä:.js"), "services/shop/lib/%C3%A4%3A.js");
        assert_eq!(root.uri("/srv/common/a.js"), "common/a.js");
        assert_eq!(root.uri("/opt/a.js"), "file:///opt/a.js");
    }
}
