//! The isolates of a service, each judged by the same rules, and their verdicts as one.
//!
//! A service leaks if one of its isolates does, and is clean if all are. Isolates that run the same
//! script share the load, nobody knows how: so they are judged as one, with what grew in all of
//! them added up ([`Joint`]); then it does not matter which of them a session came to.

mod joint;

use std::borrow::Cow;
use std::collections::BTreeMap;

use recording::{Further, IsolateFacts, MAIN, Recording, Stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::relative_path;
use crate::rate::Rate;
use crate::{Evidence, MemoryGrowth, Outcome, Snapshots, Sources, Suspect, Verdict};

pub use joint::{Joint, Member};

/// One isolate of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Isolate {
    /// `main`, `worker-1` (the thread with this id), `child-4712` (the process with this id),
    /// `child-4712/worker-1`.
    pub name: String,
    /// What it is.
    pub kind: IsolateKind,
    /// The name that the program gave to a worker thread, if any.
    pub title: Option<String>,
    /// The script that it runs, relative to the service's working directory; `null` for the main
    /// one.
    pub script: Option<String>,
}

/// What an isolate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IsolateKind {
    /// The main thread of the process that serves.
    Main,
    /// A thread of `worker_threads`.
    Worker,
    /// A process that `cluster` started.
    ClusterChild,
    /// Another process that the service started.
    Child,
}

/// What was found in one isolate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JudgedIsolate {
    /// Which.
    #[serde(flatten)]
    pub isolate: Isolate,
    /// What is the matter with it; `null` if it was not judged.
    pub outcome: Option<Outcome>,
    /// Why it was not judged.
    pub note: Option<String>,
}

impl Isolate {
    fn of(facts: &IsolateFacts, recording: &Recording) -> Self {
        let working_dir = recording.plan.working_dir.to_string_lossy();
        let script = relative_path(&facts.script, &working_dir);
        Self {
            name: facts.name.clone(),
            kind: match facts.kind {
                recording::IsolateKind::Worker => IsolateKind::Worker,
                recording::IsolateKind::ClusterChild => IsolateKind::ClusterChild,
                recording::IsolateKind::Child => IsolateKind::Child,
            },
            title: facts.title.clone(),
            script: (!script.is_empty()).then_some(script),
        }
    }

    fn main() -> Self {
        Self {
            name: MAIN.into(),
            kind: IsolateKind::Main,
            title: None,
            script: None,
        }
    }

    /// Isolates in words: `worker 1 (worker.js)`, `4 cluster children (server.js)`.
    #[must_use]
    pub fn words(isolates: &[Self]) -> String {
        let [first, rest @ ..] = isolates else {
            return String::new();
        };
        let mut words = match (rest.is_empty(), first.kind) {
            (true, _) => first.own_words(),
            (false, IsolateKind::Worker) => format!("{} workers", isolates.len()),
            (false, IsolateKind::ClusterChild) => format!("{} cluster children", isolates.len()),
            (false, _) => format!("{} child processes", isolates.len()),
        };
        if let Some(script) = &first.script {
            words += &format!(" ({script})");
        }
        words
    }

    fn own_words(&self) -> String {
        let own = |name: &str| match name.split_once('-') {
            Some((kind, number)) => format!("{kind} {number}"),
            None => name.to_owned(),
        };
        let words = match self.name.split_once('/') {
            Some((child, worker)) => format!("{} of {}", own(worker), own(child)),
            None => own(&self.name),
        };
        match &self.title {
            Some(title) => format!("{words} `{title}`"),
            None => words,
        }
    }
}

/// The verdict on isolates that are judged as one.
#[derive(Debug)]
pub struct Part {
    isolates: Vec<Isolate>,
    verdict: Verdict,
}

impl Part {
    /// Judges one isolate beside the main one by what grew in it.
    #[must_use]
    pub fn of_one(
        recording: &Recording,
        facts: &IsolateFacts,
        (growth, snapshots): (&[(Stage, heap::Growth)], Option<Snapshots<'_>>),
        sources: &Sources,
    ) -> Self {
        let view = recording.seen_by(&[&facts.name]);
        let verdict = crate::judge(&Evidence {
            recording: &view,
            growth,
            snapshots,
            sources,
        });
        let isolate = Isolate::of(facts, recording);
        Self::new(vec![isolate.clone()], verdict, |_| vec![isolate.clone()])
    }

    fn new(
        isolates: Vec<Isolate>,
        mut verdict: Verdict,
        homes: impl Fn(&Suspect) -> Vec<Isolate>,
    ) -> Self {
        for suspect in &mut verdict.suspects {
            suspect.isolates = homes(suspect);
            if let Some(first) = suspect.isolates.first() {
                suspect.isolate.clone_from(&first.name);
            }
            // Only what the main isolate holds is cleared.
            suspect.cut = recording::Cut::default();
        }
        Self { isolates, verdict }
    }

    fn outcome_in(&self, isolate: &Isolate) -> Outcome {
        let mut homes = self.verdict.suspects.iter().flat_map(|s| &s.isolates);
        // Where nobody is suspected, all are.
        match self.verdict.suspects.is_empty() || homes.any(|home| home == isolate) {
            true => self.verdict.outcome,
            false => Outcome::Clean,
        }
    }
}

/// The verdict on a service from those on its main isolate and on the others.
#[must_use]
pub fn together(recording: &Recording, main: Verdict, mut parts: Vec<Part>) -> Verdict {
    if recording.isolates.is_empty() {
        return main;
    }
    let isolates = judged(recording, &main, &parts);
    let outcomes = || std::iter::once(&main).chain(parts.iter().map(|p| &p.verdict));
    let any = |wanted| outcomes().any(|verdict| verdict.outcome == wanted);
    let outcome = [Outcome::Leaking, Outcome::Inconclusive]
        .into_iter()
        .find(|&outcome| any(outcome))
        .unwrap_or(Outcome::Clean);
    let further = further(outcomes().filter(|verdict| verdict.outcome == outcome));
    let observed = outcomes()
        .skip(1)
        .fold(main.observed.clone(), |sum, part| sum.and(&part.observed));
    let whole = recording.whole();
    let mut warnings = main.warnings.clone();
    for part in &parts {
        let words = Isolate::words(&part.isolates);
        let of_part = part.verdict.warnings.iter();
        warnings.extend(of_part.map(|warning| format!("in {words}: {warning}")));
    }
    warnings.extend(notes(&isolates));
    parts.retain(|part| part.verdict.outcome == outcome);
    let speaks = main.outcome == outcome;
    let (rule, reason, next) = match parts.first().filter(|_| !speaks) {
        None => (main.rule.clone(), main.reason.clone(), main.next.clone()),
        Some(Part { isolates, verdict }) => (
            verdict.rule.clone(),
            format!("in {}: {}", Isolate::words(isolates), verdict.reason),
            verdict.next.clone(),
        ),
    };
    let of_main = main.suspects.iter().filter(|_| speaks).cloned();
    let of_others = parts.into_iter().flat_map(|part| part.verdict.suspects);
    let mut suspects: Vec<Suspect> = of_main.chain(of_others).collect();
    suspects.sort_by(|a, b| b.bytes_per_session.total_cmp(&a.bytes_per_session));
    for (rank, suspect) in (1..).zip(&mut suspects) {
        suspect.rank = rank;
    }
    Verdict {
        outcome,
        rule,
        reason,
        next,
        further,
        rounds: crate::round_figures(&whole),
        bytes_per_session: crate::bytes_rate(&whole).per_session,
        memory: MemoryGrowth::of(&whole),
        suspects,
        warnings,
        isolates,
        observed,
        ..main
    }
}

/// The stage that may decide: a round before a drain, since there is none after one.
fn further<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Option<Further> {
    let weight = |further: &Further| match *further {
        Further::Round(sessions) => (1, sessions),
        Further::Drain(seconds) => (0, seconds),
    };
    verdicts.filter_map(|v| v.further).max_by_key(weight)
}

/// Each isolate with what was found in it.
fn judged(recording: &Recording, main: &Verdict, parts: &[Part]) -> Vec<JudgedIsolate> {
    let mut judged = vec![JudgedIsolate {
        isolate: Isolate::main(),
        outcome: Some(main.outcome),
        note: None,
    }];
    judged.extend(recording.isolates.iter().map(|facts| {
        let isolate = Isolate::of(facts, recording);
        let part = parts.iter().find(|part| part.isolates.contains(&isolate));
        let outcome = part.map(|part| part.outcome_in(&isolate));
        let why = match &facts.lost {
            Some(why) if why != "it ended" => why,
            _ => "it ran for a part of the rounds only",
        };
        JudgedIsolate {
            isolate,
            note: outcome.is_none().then(|| why.to_owned()),
            outcome,
        }
    }));
    judged
}

/// Why isolates were not judged, those together that are alike.
fn notes(isolates: &[JudgedIsolate]) -> Vec<String> {
    let mut alike: BTreeMap<_, Vec<Isolate>> = BTreeMap::new();
    for judged in isolates {
        let isolate = &judged.isolate;
        if let Some(note) = &judged.note {
            let key = (note, &isolate.script, isolate.kind as u8);
            alike.entry(key).or_default().push(isolate.clone());
        }
    }
    let note = |((why, ..), isolates): ((&String, _, _), Vec<Isolate>)| {
        let why: Cow<'_, str> = match isolates.len() {
            1 => why.into(),
            _ => why.replacen("it ", "they ", 1).into(),
        };
        format!("{} not judged: {why}", Isolate::words(&isolates))
    };
    alike.into_iter().map(note).collect()
}

impl crate::compare::Observed {
    /// The rates of two isolates together, where both are told of the same rounds.
    fn and(mut self, other: &Self) -> Self {
        for (class, rate) in &other.classes {
            let known = self.classes.entry(class.clone()).or_default();
            let sum = match known.changes().len() {
                0 => rate.clone(),
                n if n == rate.changes().len() => {
                    let pairs = known.changes().iter().zip(rate.changes());
                    Rate::of(pairs.map(|(a, b)| a + b).collect(), known.sessions())
                }
                _ => continue,
            };
            *known = sum;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use recording::{Event, IsolateFact, Reading, SnapshotFacts};

    use super::*;
    use crate::fixture::verdict_of;
    use crate::rules::fixture::Fixture;

    /// A run with two cluster children and a worker thread, of which snapshots were taken in the
    /// stages from the place `late` on.
    pub(super) fn run(late: usize) -> Recording {
        let mut recording = Fixture::new(&[101, 211, 307]).recording();
        for (name, kind, script) in [
            ("child-5", recording::IsolateKind::ClusterChild, "/srv/a.js"),
            ("child-6", recording::IsolateKind::ClusterChild, "/srv/a.js"),
            ("worker-1", recording::IsolateKind::Worker, "/srv/job.js"),
        ] {
            recording.apply(&Event::IsolateFound(IsolateFacts {
                name: name.into(),
                kind,
                pid: 5,
                title: None,
                script: script.into(),
                lost: None,
            }));
        }
        let stages = std::mem::take(&mut recording.stages);
        for (at, stage) in stages.into_iter().enumerate() {
            recording.stages.push(stage);
            for name in ["child-5", "child-6", "worker-1"] {
                let mut tell = |fact| {
                    let name = name.to_owned();
                    recording.apply(&Event::OfIsolate { name, fact });
                };
                if at >= late || name != "worker-1" {
                    tell(IsolateFact::Settled(Reading::default()));
                    tell(IsolateFact::SnapshotTaken(SnapshotFacts {
                        file: format!("{at}.{name}"),
                        bytes: 1,
                        took: units::Elapsed::default(),
                    }));
                }
            }
        }
        recording
    }

    fn part(recording: &Recording, of: &[usize], verdict: Verdict) -> Part {
        let isolates = of.iter().map(|&i| &recording.isolates[i]);
        let isolates: Vec<Isolate> = isolates.map(|i| Isolate::of(i, recording)).collect();
        Part::new(isolates.clone(), verdict, |_| isolates.clone())
    }

    #[test]
    fn one_isolate_that_leaks_makes_a_service_that_leaks() {
        let recording = run(0);
        let parts = vec![
            part(&recording, &[0, 1], verdict_of(&[])),
            part(&recording, &[2], verdict_of(&[("Job", "jobs", 1.0)])),
        ];
        let verdict = together(&recording, verdict_of(&[]), parts);
        assert_eq!(verdict.outcome, Outcome::Leaking);
        assert_eq!(verdict.reason, "in worker 1 (job.js): a test");
        assert_eq!(verdict.suspects[0].isolate, "worker-1");
        let outcomes = verdict.isolates.iter().map(|i| i.outcome.unwrap());
        let (clean, leaking) = (Outcome::Clean, Outcome::Leaking);
        assert_eq!(outcomes.collect::<Vec<_>>(), [clean, clean, clean, leaking]);
        assert!(verdict.cuts().is_empty());
    }

    #[test]
    fn a_service_is_clean_if_all_its_isolates_are() {
        let recording = run(0);
        let all = |of_worker: Verdict| {
            let parts = vec![
                part(&recording, &[0, 1], verdict_of(&[])),
                part(&recording, &[2], of_worker),
            ];
            together(&recording, verdict_of(&[]), parts).outcome
        };
        assert_eq!(all(verdict_of(&[])), Outcome::Clean);
        let undecided = Verdict {
            outcome: Outcome::Inconclusive,
            ..verdict_of(&[])
        };
        assert_eq!(all(undecided), Outcome::Inconclusive);
    }

    #[test]
    fn the_leak_with_most_bytes_is_the_first_wherever_it_lives() {
        let recording = run(0);
        let main = verdict_of(&[("Small", "little", 1.0)]);
        let parts = vec![
            part(&recording, &[0, 1], verdict_of(&[("Large", "much", 9.0)])),
            part(&recording, &[2], verdict_of(&[])),
        ];
        let verdict = together(&recording, main, parts);
        let told = verdict.suspects.iter();
        let told: Vec<_> = told
            .map(|s| (s.rank, s.isolate.as_str(), s.class.as_str()))
            .collect();
        assert_eq!(told, [(1, "child-5", "Large"), (2, "main", "Small")]);
        let homes = Isolate::words(&verdict.suspects[0].isolates);
        assert_eq!(homes, "2 cluster children (a.js)");
    }

    #[test]
    fn a_round_is_asked_for_before_a_drain_and_only_by_who_decides() {
        let recording = run(0);
        let asking = |outcome, further| Verdict {
            outcome,
            further: Some(further),
            ..verdict_of(&[])
        };
        let all = |main: Verdict, other: Verdict| {
            let parts = vec![part(&recording, &[2], other)];
            together(&recording, main, parts).further
        };
        let round = asking(Outcome::Inconclusive, Further::Round(1857));
        let drain = asking(Outcome::Leaking, Further::Drain(0));
        let backlog = asking(Outcome::Inconclusive, Further::Drain(0));
        assert_eq!(all(round.clone(), drain), Some(Further::Drain(0)));
        assert_eq!(all(backlog, round.clone()), Some(Further::Round(1857)));
        assert_eq!(all(verdict_of(&[("A", "a", 1.0)]), round), None);
    }

    #[test]
    fn an_isolate_that_was_not_judged_is_told_with_the_reason() {
        let mut recording = run(4);
        let parts = vec![part(&recording, &[0, 1], verdict_of(&[]))];
        let verdict = together(&recording, verdict_of(&[]), parts);
        assert_eq!(verdict.outcome, Outcome::Clean);
        assert_eq!(
            verdict.warnings,
            ["worker 1 (job.js) not judged: it ran for a part of the rounds only"]
        );
        for isolate in &mut recording.isolates[..2] {
            isolate.lost = Some("it did not answer within 10 s".into());
        }
        let verdict = together(&recording, verdict_of(&[]), Vec::new());
        let told = "2 cluster children (a.js) not judged: they did not answer within 10 s";
        assert!(
            verdict.warnings.iter().any(|w| w == told),
            "{:?}",
            verdict.warnings
        );
    }

    #[test]
    fn isolates_are_told_in_words() {
        let isolate = |name: &str, kind, title: Option<&str>| Isolate {
            name: name.into(),
            kind,
            title: title.map(Into::into),
            script: Some("lib/job.js".into()),
        };
        let words = |isolate: &Isolate| Isolate::words(std::slice::from_ref(isolate));
        let worker = isolate("worker-1", IsolateKind::Worker, Some("mailer"));
        assert_eq!(words(&worker), "worker 1 `mailer` (lib/job.js)");
        let inner = isolate("child-7/worker-2", IsolateKind::Worker, None);
        assert_eq!(words(&inner), "worker 2 of child 7 (lib/job.js)");
        assert_eq!(words(&Isolate::main()), "main");
        assert_eq!(Isolate::words(&[worker, inner]), "2 workers (lib/job.js)");
    }
}
