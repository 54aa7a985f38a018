//! What every document says of a leak in the same words: its name, its place, how much of it there
//! is.

use units::{Bytes, PerSession};
use verdict::{ClassRate, Grade, Outcome, SourceLine, Suspect, Verdict};

use crate::printable;

/// The outcome as a heading.
pub(crate) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Leaking => "LEAKING",
        Outcome::Clean => "CLEAN",
        Outcome::Inconclusive => "INCONCLUSIVE",
    }
}

/// The answer in one line: the first leak where that is the reason, else the reason.
pub(crate) fn answer(verdict: &Verdict) -> String {
    let leak = (verdict.suspects.first())
        .filter(|s| verdict.outcome == Outcome::Leaking && s.gains_per_second.is_none());
    leak.map_or_else(|| printable(&verdict.reason), leak_sentence)
}

/// `15.2 KiB and exactly 1 WebSocket per session (3 of 3 rounds: 1.000, 1.000, 1.000)`.
pub(crate) fn leak_sentence(suspect: &Suspect) -> String {
    let bytes = Bytes(suspect.bytes_per_session.max(0.0) as u64);
    let whole = suspect.per_session.round();
    let is_exact = suspect.grade == Grade::A && (suspect.per_session - whole).abs() <= 0.02 * whole;
    let amount = if is_exact {
        format!("exactly {whole:.0}")
    } else {
        PerSession(suspect.per_session).to_string()
    };
    let rounds = suspect.per_round.len();
    let rates: Vec<_> = suspect
        .per_round
        .iter()
        .map(|&r| PerSession(r).to_string())
        .collect();
    format!(
        "{bytes} and {amount} {} per session ({rounds} of {rounds} rounds: {})",
        printable(&suspect.class),
        rates.join(", ")
    )
}

/// `1 element per session`, `2 entries per session`, `9.8 elements per second`.
pub(crate) fn gains(suspect: &Suspect) -> String {
    let gains = suspect.holder.gains_per_session;
    let whole = gains.round();
    let (amount, per) = match suspect.gains_per_second {
        Some(gains) => (format!("{gains:.1}"), "second"),
        None if whole > 0.0 && (gains - whole).abs() <= 0.02 * whole => {
            (format!("{whole:.0}"), "session")
        }
        None => (PerSession(gains).to_string(), "session"),
    };
    let noun = match (suspect.holder.class.as_str(), amount == "1") {
        ("Array", true) => "element",
        ("Array", false) => "elements",
        ("Map" | "Set", true) => "entry",
        ("Map" | "Set", false) => "entries",
        (_, true) => "reference",
        (_, false) => "references",
    };
    format!("{amount} {noun} per {per}")
}

/// ``Array `clients` ``.
pub(crate) fn holder(suspect: &Suspect) -> String {
    let class = printable(&suspect.holder.class);
    match &suspect.holder.name {
        Some(name) => format!("{class} `{}`", printable(name)),
        None => class,
    }
}

/// `server.js:12`.
pub(crate) fn place(line: &SourceLine) -> String {
    format!("{}:{}", printable(&line.file), line.line)
}

/// The line to look at first: one that the service's authors wrote, the adding one before the
/// declaring one.
pub(crate) fn culprit(suspect: &Suspect) -> Option<&SourceLine> {
    let lines = || suspect.writer.iter().chain(&suspect.source);
    let is_own = |line: &&SourceLine| !line.file.contains("node_modules/");
    lines().find(is_own).or_else(|| lines().next())
}

/// The classes that pile up and say something to a programmer: not the engine's own, and not plain
/// objects.
pub(crate) fn telling_classes(suspect: &Suspect) -> impl Iterator<Item = &ClassRate> {
    let is_telling = |class: &&ClassRate| {
        let name = class.class.as_str();
        !name.starts_with(['(', '{']) && !name.starts_with("system / ")
    };
    suspect.classes.iter().filter(is_telling)
}

/// A number that is the same for the same leak in every run, and hardly for two leaks: FNV-1a
/// over what does not change when lines above the leak do.
pub(crate) fn fingerprint(suspect: &Suspect) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let line = culprit(suspect);
    let parts = [
        suspect.holder.class.as_str(),
        suspect.holder.name.as_deref().unwrap_or_default(),
        line.map_or("", |line| &line.file),
        line.and_then(|line| line.function.as_deref())
            .unwrap_or_default(),
        line.map_or("", |line| &line.text),
    ];
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}
