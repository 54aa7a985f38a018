//! A verdict held against the truth of its service.

use serde_json::Value;

/// What a figure per session may be off by, as part of it.
const TOLERANCE: f64 = 0.02;

/// What the truth of a service asks of a verdict, a line of the score each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// The outcome, and how the hunt came by it.
    Verdict,
    /// The first suspect: its holder and what piles up, in which package and isolates.
    Culprit,
    /// How much it gains per session.
    Rate,
    /// The line that adds.
    Writer,
}

impl Question {
    pub(super) const ALL: [Self; 4] = [Self::Verdict, Self::Culprit, Self::Rate, Self::Writer];

    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Culprit => "culprit first",
            Self::Rate => "figure per session",
            Self::Writer => "line that adds",
        }
    }

    /// Whether the truth says anything of it.
    pub(super) fn asked(self, truth: &Value) -> bool {
        let keys: &[&str] = match self {
            Self::Verdict => return true,
            Self::Culprit => &["holder", "name", "class"],
            Self::Rate => &["per_session"],
            Self::Writer => &["writer"],
        };
        keys.iter().any(|key| !truth[key].is_null())
    }
}

/// What is wrong with a verdict, in words.
#[derive(Debug, PartialEq)]
pub(super) struct Mistake {
    pub(super) question: Question,
    pub(super) text: String,
}

/// In what a verdict differs from the truth, or what was `told` on the way; what the truth leaves out
/// may be anything.
pub(super) fn mistakes(truth: &Value, verdict: &Value, told: &str) -> Vec<Mistake> {
    if let Some(text) = of_verdict(truth, verdict, told) {
        let question = Question::Verdict;
        return vec![Mistake { question, text }];
    }
    if truth["outcome"] != "leaking" || truth["nobody"] == true {
        return Vec::new();
    }
    let suspect = &verdict["suspects"][0];
    if suspect.is_null() {
        let (question, text) = (Question::Culprit, "nobody is suspected".into());
        return vec![Mistake { question, text }];
    }
    let culprit = of_culprit(truth, suspect).into_iter();
    let culprit = culprit.map(|text| (Question::Culprit, text));
    let rate = of_rate(truth, suspect).map(|text| (Question::Rate, text));
    let writer = of_writer(truth, suspect).map(|text| (Question::Writer, text));
    let all = culprit.chain(rate).chain(writer);
    all.map(|(question, text)| Mistake { question, text })
        .collect()
}

fn of_verdict(truth: &Value, verdict: &Value, told: &str) -> Option<String> {
    if truth["outcome"] != verdict["outcome"] {
        return Some(format!("{}: {}", verdict["outcome"], verdict["reason"]));
    }
    let rules = &truth["rule"];
    let may_decide = |rule: &Value| {
        let one_of = rules.as_array();
        one_of.map_or(rules == rule, |rules| rules.contains(rule))
    };
    if !rules.is_null() && !may_decide(&verdict["rule"]) {
        return Some(format!("rule is {}", verdict["rule"]));
    }
    let more = truth["more"].as_str()?;
    let mut lines = told.lines().map(str::trim_start);
    let went_on = lines.any(|line| line.starts_with("more ") && line.contains(more));
    (!went_on).then(|| format!("it did not go on because `{more}`"))
}

fn of_culprit(truth: &Value, suspect: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let isolates = suspect["isolates"].as_array().map_or(0, Vec::len);
    let expected = truth["isolates"].as_u64();
    if expected.is_some_and(|n| n != isolates as u64) {
        wrong.push(format!("it is said to leak in {isolates} isolates"));
    }
    let holder = &suspect["holder"];
    for (key, is) in [
        ("holder", &holder["class"]),
        ("name", &holder["name"]),
        ("isolate_kind", &suspect["isolates"][0]["kind"]),
        ("isolate_script", &suspect["isolates"][0]["script"]),
    ] {
        if !truth[key].is_null() && truth[key] != *is {
            wrong.push(format!("{key} is {is}"));
        }
    }
    // With or without a version.
    let package = suspect["package"].as_str().unwrap_or_default();
    let is_of = |name: &str| package == name || package.starts_with(&format!("{name}@"));
    if truth["package"].as_str().is_some_and(|name| !is_of(name)) {
        wrong.push(format!("package is {}", suspect["package"]));
    }
    let mut classes = classes(suspect).map(|class| &class["class"]);
    if !truth["class"].is_null() && !classes.any(|class| *class == truth["class"]) {
        wrong.push(format!("class is {}", suspect["class"]));
    }
    wrong
}

fn of_rate(truth: &Value, suspect: &Value) -> Option<String> {
    let rate = truth["per_session"].as_f64()?;
    let of_class = classes(suspect).filter(|class| class["class"] == truth["class"]);
    let gains = &suspect["holder"]["gains_per_session"];
    let mut told = [gains, &suspect["per_session"]]
        .into_iter()
        .chain(of_class.map(|class| &class["per_session"]))
        .filter_map(Value::as_f64);
    let agrees = told.any(|is| (is - rate).abs() <= TOLERANCE * rate);
    (!agrees).then(|| format!("gains_per_session is {gains}"))
}

fn of_writer(truth: &Value, suspect: &Value) -> Option<String> {
    let part = truth["writer"].as_str()?;
    let lines = [&suspect["writer"], &suspect["in_package"]];
    let mut texts = lines.iter().filter_map(|line| line["text"].as_str());
    let named = texts.any(|text| text.contains(part));
    (!named).then(|| format!("writer is {}", suspect["writer"]))
}

fn classes(suspect: &Value) -> impl Iterator<Item = &Value> {
    suspect["classes"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(truth: &Value, verdict: &Value, told: &str) -> Vec<String> {
        let mistakes = mistakes(truth, verdict, told).into_iter();
        mistakes.map(|mistake| mistake.text).collect()
    }

    #[test]
    fn a_truth_asks_only_for_what_it_says() {
        let truth = json!({ "outcome": "leaking", "class": "Session" });
        let asked = Question::ALL.map(|question| question.asked(&truth));
        assert_eq!(asked, [true, true, false, false]);
    }

    #[test]
    fn a_verdict_is_held_against_the_truth() {
        let truth = json!({ "outcome": "leaking", "holder": "Map", "name": "sessions",
            "class": "Session", "per_session": 1, "writer": "sessions.set(" });
        let verdict = |name: &str, rate: f64| {
            json!({ "outcome": "leaking", "suspects": [{ "class": "Session", "per_session": rate,
                "classes": [{ "class": "Session", "per_session": rate }],
                "holder": { "class": "Map", "name": name, "gains_per_session": rate },
                "writer": { "text": "sessions.set(id, session);" } }] })
        };
        assert_eq!(texts(&truth, &verdict("sessions", 1.01), ""), [""; 0]);
        assert_eq!(
            texts(&truth, &verdict("cache", 1.0), ""),
            ["name is \"cache\""]
        );
        assert_eq!(
            texts(&truth, &verdict("sessions", 1.5), ""),
            ["gains_per_session is 1.5"]
        );
        let mut of_package = truth.clone();
        of_package["package"] = "ajv".into();
        let mut in_package = verdict("sessions", 1.0);
        in_package["suspects"][0]["package"] = "ajv@8.20.0".into();
        assert_eq!(texts(&of_package, &in_package, ""), [""; 0]);
        in_package["suspects"][0]["package"] = "ajv-formats@3.0.1".into();
        let told = ["package is \"ajv-formats@3.0.1\""];
        assert_eq!(texts(&of_package, &in_package, ""), told);
        let mut of_child = truth.clone();
        of_child["isolates"] = 2.into();
        of_child["isolate_kind"] = "cluster-child".into();
        assert_eq!(
            texts(&of_child, &verdict("sessions", 1.0), ""),
            ["it is said to leak in 0 isolates", "isolate_kind is null"]
        );
        let mut found = verdict("sessions", 1.0);
        let child = json!({ "kind": "cluster-child", "script": "server.js" });
        found["suspects"][0]["isolates"] = json!([child, child]);
        assert_eq!(texts(&of_child, &found, ""), [""; 0]);
        let clean = json!({ "outcome": "clean", "reason": "nothing grows" });
        assert_eq!(texts(&truth, &clean, ""), ["\"clean\": \"nothing grows\""]);
        assert_eq!(texts(&clean, &clean, ""), [""; 0]);
        let by_rule = json!({ "outcome": "clean", "rule": "backlog", "more": "slowly" });
        let found = json!({ "outcome": "clean", "rule": "backlog" });
        let told = "  more      it fills slowly: a drain will tell";
        assert_eq!(texts(&by_rule, &found, told), [""; 0]);
        assert_eq!(
            texts(&by_rule, &found, ""),
            ["it did not go on because `slowly`"]
        );
        assert_eq!(texts(&by_rule, &clean, told), ["rule is null"]);
        let by_either = json!({ "outcome": "clean", "rule": ["backlog", "nothing_grows"] });
        assert_eq!(texts(&by_either, &found, ""), [""; 0]);
        assert_eq!(texts(&by_either, &clean, ""), ["rule is null"]);
    }
}
