//! Verdicts as a few words, for the tests of what is done with them.

use crate::{ClassRate, Grade, Holder, Outcome, SCHEMA, Sessions, Suspect, Verdict};

/// A verdict with a leak for each class, its holder's name and its rate; clean without any.
pub(crate) fn verdict_of(leaks: &[(&str, &str, f64)]) -> Verdict {
    let suspects = (1..).zip(leaks).map(|(rank, leak)| suspect(rank, *leak));
    Verdict {
        schema: SCHEMA.into(),
        outcome: match leaks {
            [] => Outcome::Clean,
            _ => Outcome::Leaking,
        },
        rule: "constant_growth".into(),
        reason: "a test".into(),
        next: None,
        further: None,
        sessions: Sessions::default(),
        rounds: Vec::new(),
        bytes_per_session: 0.0,
        memory: None,
        suspects: suspects.collect(),
        warnings: Vec::new(),
        isolates: Vec::new(),
        budgets: Vec::new(),
        comparison: None,
        observed: crate::compare::Observed {
            sessions: 619,
            ..Default::default()
        },
    }
}

fn suspect(rank: usize, (class, holder, per_session): (&str, &str, f64)) -> Suspect {
    Suspect {
        rank,
        class: class.into(),
        per_session,
        per_round: vec![per_session; 3],
        bytes_per_session: 100.0 * per_session,
        in_bytes: false,
        unit: None,
        gains_per_second: None,
        classes: vec![ClassRate {
            class: class.into(),
            per_session,
        }],
        holder: Holder {
            class: "Array".into(),
            name: Some(holder.into()),
            id: 7,
            gains_per_session: per_session,
        },
        path: Vec::new(),
        path_text: String::new(),
        mechanism: String::new(),
        grade: Grade::A,
        source: None,
        writer: None,
        in_package: None,
        package: None,
        isolate: recording::MAIN.into(),
        isolates: Vec::new(),
        accepted: None,
        proof: None,
        cut: recording::Cut {
            holder: 7,
            targets: Vec::new(),
        },
    }
}
