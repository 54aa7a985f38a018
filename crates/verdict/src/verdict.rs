//! What a verdict says. Its JSON form is a contract: `docs/json.md`.

use std::borrow::Cow;

use recording::Further;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::Observed;
use crate::{
    Accepted, BudgetCheck, Comparison, Grade, Isolate, JudgedIsolate, MemoryGrowth, Proof,
};

/// The schema of the JSON form.
pub const SCHEMA: &str = "leakscope.verdict/1";

/// The JSON Schema of the JSON form, as `docs/verdict.schema.json` publishes it.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Verdict>();
    schema.insert("title".into(), SCHEMA.into());
    schema.into()
}

/// The answer to the one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Something grows with every session and is never let go.
    Leaking,
    /// Nothing grows with the sessions.
    Clean,
    /// The facts do not decide.
    Inconclusive,
}

/// Whether the service leaks, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// `leakscope.verdict/1`.
    #[serde(deserialize_with = "this_schema")]
    pub schema: Cow<'static, str>,
    /// The answer.
    pub outcome: Outcome,
    /// The rule that gave the answer: `docs/verdict.md` has them all. Empty in verdicts of earlier versions.
    #[serde(default)]
    pub rule: String,
    /// The answer's reason in one sentence.
    pub reason: String,
    /// What to do next, where there is something.
    pub next: Option<String>,
    /// The stage that may decide what those of the run do not; for whoever conducts it.
    #[serde(skip)]
    pub further: Option<Further>,
    /// Sessions of the measured rounds by outcome.
    pub sessions: Sessions,
    /// The measured rounds.
    pub rounds: Vec<RoundFigures>,
    /// Growth of heap and external memory of all isolates per session over the rounds, in bytes.
    pub bytes_per_session: f64,
    /// The parts of the resident set, and how they grew over the rounds.
    #[serde(default)]
    pub memory: Option<MemoryGrowth>,
    /// What leaks, most bytes first.
    pub suspects: Vec<Suspect>,
    /// What else the reader must know.
    pub warnings: Vec<String>,
    /// The isolates of the service, and what was found in each; empty where the main one is the only
    /// one.
    #[serde(default)]
    pub isolates: Vec<JudgedIsolate>,
    /// How the run stands to the budgets that were given.
    #[serde(default)]
    pub budgets: Vec<BudgetCheck>,
    /// What became of the leaks of another run, if one was given.
    pub comparison: Option<Comparison>,
    /// For a comparison.
    #[serde(skip)]
    pub(crate) observed: Observed,
}

/// A verdict of another schema is none that this version can read.
fn this_schema<'de, D: serde::Deserializer<'de>>(schema: D) -> Result<Cow<'static, str>, D::Error> {
    let schema = String::deserialize(schema)?;
    match schema == SCHEMA {
        true => Ok(SCHEMA.into()),
        false => Err(serde::de::Error::custom(format!(
            "the schema is `{schema}`"
        ))),
    }
}

/// Sessions by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Sessions {
    /// Started.
    pub created: u64,
    /// Went through their whole scenario.
    pub completed: u64,
    /// Ended early.
    pub failed: u64,
}

/// One measured round and the memory after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundFigures {
    /// Sessions created.
    pub sessions: u64,
    /// V8's heap in use after two collections.
    pub heap_used_bytes: u64,
    /// Memory outside the heap held by objects in it.
    pub external_bytes: u64,
    /// Resident set size.
    pub rss_bytes: u64,
}

/// One leak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Suspect {
    /// From 1, by bytes.
    pub rank: usize,
    /// The class that says most about what piles up.
    pub class: String,
    /// Objects of that class per session over all rounds.
    pub per_session: f64,
    /// The same for each round.
    pub per_round: Vec<f64>,
    /// Bytes that pile up per session, everything dragged along included.
    pub bytes_per_session: f64,
    /// Whether `per_session`, `per_round` and the holder's gains are bytes: no number of objects grows,
    /// but what the holder keeps does.
    #[serde(default)]
    pub in_bytes: bool,
    /// What the holder gains a whole number per, where that is not a session: `failed session`,
    /// `response 503`, a scenario.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// For a holder that grows with time and not with sessions: its gains without load.
    pub gains_per_second: Option<f64>,
    /// Every class that grows with this leak, most bytes first.
    pub classes: Vec<ClassRate>,
    /// The object that keeps it.
    pub holder: Holder,
    /// From the roots to what piles up, one step an entry.
    pub path: Vec<String>,
    /// The same as one line.
    pub path_text: String,
    /// Why it is kept, in words.
    pub mechanism: String,
    /// How certain the figure is.
    pub grade: Grade,
    /// Where the holder lives.
    pub source: Option<SourceLine>,
    /// The statement that adds to it.
    pub writer: Option<SourceLine>,
    /// Where the statement that adds stands in an installed package, and `writer` is the service's
    /// own call that leads to it: that statement.
    #[serde(default)]
    pub in_package: Option<SourceLine>,
    /// The installed package in which the writer lies.
    pub package: Option<String>,
    /// The name of the isolate in which it was found: `main`, `worker-1`, `child-4712`.
    pub isolate: String,
    /// All isolates in which it lives, which run the same script; the figures are those of all of
    /// them together. Empty where it is the main one.
    #[serde(default)]
    pub isolates: Vec<Isolate>,
    /// Why the leak is accepted, if it is.
    pub accepted: Option<Accepted>,
    /// What went when the holder was cleared, if that was tried.
    pub proof: Option<Proof>,
    /// What to clear to prove it.
    #[serde(skip)]
    pub(crate) cut: recording::Cut,
}

/// Something other than a session that a leak comes with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unit {
    /// In the singular.
    pub name: String,
    /// References that the holder gains per one.
    pub gains: f64,
}

/// One class and how many of its objects pile up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClassRate {
    /// The class's name.
    pub class: String,
    /// Objects per session.
    pub per_session: f64,
}

/// The object that keeps what piles up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Holder {
    /// Its class.
    pub class: String,
    /// The variable or property that it is known by.
    pub name: Option<String>,
    /// V8's id, as DevTools shows it after the `@`.
    pub id: u64,
    /// References that it gains per session.
    pub gains_per_session: f64,
}

/// A line of the service's source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceLine {
    /// Path relative to the service's working directory.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// The function that the line is in.
    pub function: Option<String>,
    /// The line itself, trimmed.
    pub text: String,
}
