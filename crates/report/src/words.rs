//! What every document says of a leak in the same words: its name, its place, how much of it there
//! is.

use units::{ByteDelta, Bytes, Count, PerSession};
use verdict::{
    Accepted, BudgetCheck, ClassRate, ComparedLeak, Comparison, Grade, Isolate, JudgedIsolate,
    Outcome, Progress, Proof, SourceLine, Suspect, Verdict,
};

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

/// `15.2 KiB and exactly 1 WebSocket per session in worker 1 (job.js) (3 of 3 rounds: 1.000, 1.000,
/// 1.000)`.
pub(crate) fn leak_sentence(suspect: &Suspect) -> String {
    let place = isolate(suspect).map_or_else(String::new, |place| format!(" {place}"));
    let bytes = Bytes(suspect.bytes_per_session.max(0.0) as u64);
    let rounds = suspect.per_round.len();
    if suspect.in_bytes {
        let each = suspect.per_round.iter();
        let each: Vec<_> = each
            .map(|&b| Bytes(b.max(0.0) as u64).to_string())
            .collect();
        return format!(
            "{bytes} per session, kept by one object{place} ({rounds} of {rounds} rounds: {})",
            each.join(", ")
        );
    }
    if suspect.bytes_per_session <= 0.0 {
        // What the kernel counts has no size that anybody knows.
        return format!(
            "{} {} per session{place}, in {rounds} of {rounds} rounds",
            PerSession(suspect.per_session),
            printable(&suspect.class)
        );
    }
    let whole = suspect.per_session.round();
    let is_exact = suspect.grade == Grade::A && (suspect.per_session - whole).abs() <= 0.02 * whole;
    let amount = if is_exact {
        format!("exactly {whole:.0}")
    } else {
        PerSession(suspect.per_session).to_string()
    };
    let rates: Vec<_> = suspect
        .per_round
        .iter()
        .map(|&r| PerSession(r).to_string())
        .collect();
    format!(
        "{bytes} and {amount} {} per session{place} ({rounds} of {rounds} rounds: {})",
        printable(&suspect.class),
        rates.join(", ")
    )
}

/// `1 element per session`, `2 entries per session`, `9.8 elements per second`.
pub(crate) fn gains(suspect: &Suspect) -> String {
    let gains = suspect.holder.gains_per_session;
    if suspect.in_bytes {
        return format!("{} per session", Bytes(gains.max(0.0) as u64));
    }
    let rounded = |gains: f64| {
        let whole = gains.round();
        match whole > 0.0 && (gains - whole).abs() <= 0.02 * whole {
            true => format!("{whole:.0}"),
            false => PerSession(gains).to_string(),
        }
    };
    let (amount, per) = match (suspect.gains_per_second, &suspect.unit) {
        (Some(gains), _) => (format!("{gains:.1}"), "second".to_owned()),
        (None, Some(unit)) => (rounded(unit.gains), printable(&unit.name)),
        (None, None) => (rounded(gains), "session".to_owned()),
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

/// `in worker 1 (job.js)`; nothing for the main isolate.
pub(crate) fn isolate(suspect: &Suspect) -> Option<String> {
    let words = printable(&Isolate::words(&suspect.isolates));
    (!words.is_empty()).then(|| format!("in {words}"))
}

/// `main, 2 cluster children (server.js)`: those that were judged, those together that are alike.
pub(crate) fn judged(isolates: &[JudgedIsolate]) -> String {
    let mut alike: Vec<Vec<Isolate>> = Vec::new();
    for judged in isolates.iter().filter(|judged| judged.outcome.is_some()) {
        let isolate = &judged.isolate;
        let is_alike = |group: &&mut Vec<Isolate>| {
            (group[0].kind, &group[0].script) == (isolate.kind, &isolate.script)
        };
        match alike.iter_mut().find(is_alike) {
            Some(group) => group.push(isolate.clone()),
            None => alike.push(vec![isolate.clone()]),
        }
    }
    let words: Vec<String> = alike.iter().map(|group| Isolate::words(group)).collect();
    printable(&words.join(", "))
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

/// Whether a proof holds, and what it was.
pub(crate) fn proof(proof: &Proof) -> (&'static str, String) {
    let done = proof.done.as_deref().map_or_else(String::new, |done| {
        format!("{} in the running service: ", printable(done))
    });
    let counts = format!("{} of {}", Count(proof.gone), Count(proof.cohort));
    match (proof.proved, &proof.failure) {
        (true, _) => (
            "proved",
            format!("{done}{counts} objects of the last round went with it"),
        ),
        (false, Some(failure)) => ("not proved", done + &printable(failure)),
        (false, None) => (
            "not proved",
            format!("{done}{counts} objects of the last round went; something else holds the rest"),
        ),
    }
}

/// `until 2027-01-31: ticket 12`.
pub(crate) fn accepted(accepted: &Accepted) -> String {
    let reason = printable(&accepted.reason);
    format!("until {}: {reason}", printable(&accepted.expires))
}

/// `bytes/session < 1KiB: 2.9 KiB, exceeded`.
pub(crate) fn budget(check: &BudgetCheck) -> String {
    let is_of_memory = ["bytes", "heap", "external", "rss"]
        .iter()
        .any(|figure| check.budget.starts_with(figure));
    let measured = match check.measured {
        None => "was not measured".to_owned(),
        Some(figure) if is_of_memory && figure >= 0.0 => Bytes(figure as u64).to_string(),
        Some(figure) if is_of_memory => ByteDelta(figure as i64).to_string(),
        Some(figure) => PerSession(figure).to_string(),
    };
    let kept = match check.kept {
        Some(true) => ", kept",
        Some(false) => ", exceeded",
        None => "",
    };
    format!("{}: {measured}{kept}", printable(&check.budget))
}

/// `FIXED`, and each leak of the other run in a sentence.
pub(crate) fn comparison(comparison: &Comparison) -> (&'static str, Vec<String>) {
    let word = progress(comparison.outcome);
    let mut lines: Vec<String> = comparison.leaks.iter().map(compared).collect();
    if !comparison.new.is_empty() {
        let ranks: Vec<_> = comparison.new.iter().map(ToString::to_string).collect();
        lines.push(format!("not in the other run: {}", ranks.join(", ")));
    }
    if lines.is_empty() {
        lines.push("nothing leaked in the other run, and nothing does in this one".into());
    }
    (word, lines)
}

fn progress(outcome: Progress) -> &'static str {
    match outcome {
        Progress::Fixed => "FIXED",
        Progress::NotFixed => "NOT FIXED",
        Progress::Undecided => "UNDECIDED",
    }
}

fn compared(leak: &ComparedLeak) -> String {
    format!(
        "{}, {}: {} per session before, {} now, at most {} ({})",
        printable(&leak.holder),
        printable(&leak.class),
        PerSession(leak.before),
        PerSession(leak.after),
        PerSession(leak.upper_bound),
        progress(leak.outcome).to_lowercase()
    )
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
