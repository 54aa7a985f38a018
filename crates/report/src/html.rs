//! The verdict as one self-contained HTML file: readable offline, printed, attached to a ticket.
//!
//! Owns the page's structure and looks. No script and no network: a strict Content-Security-Policy
//! in the page forbids both. All text goes through the template engine, which escapes it.

mod evidence;
mod timeline;

use explore::{ChangePerSession, Excerpt, LoadView};
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use recording::{Recording, Stage};
use units::{ByteDelta, Bytes, Count, Elapsed, PerSession};
use verdict::{Outcome, SourceLine, Suspect, Verdict};

use crate::printable;
use crate::words::{self, gains};

const STYLE: &str = include_str!("html/report.css");

/// What stands behind a verdict, as far as it is at hand.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The classes that gained most bytes over all rounds.
    pub changes: Vec<ChangePerSession>,
    /// The sessions of these rounds.
    pub sessions: Option<u64>,
    /// The load.
    pub load: Option<LoadView>,
    /// The lines around each that a suspect names, by file and line.
    pub excerpts: Vec<(String, u32, Excerpt)>,
}

/// The report as the text of an HTML file.
#[must_use]
pub fn html(verdict: &Verdict, recording: &Recording, evidence: &Evidence) -> String {
    let (word, class) = outcome(verdict.outcome);
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'";
                title { (word) ": " (printable(&recording.plan.command.join(" "))) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.product { "leakscope" span { "memory leak report" } }
                    h1 { span class={ "outcome " (class) } { (word) } }
                    p.answer { (words::answer(verdict)) }
                    @if let Some(comparison) = &verdict.comparison {
                        @let (word, lines) = words::comparison(comparison);
                        p.comparison {
                            strong { (word) } " compared with " (printable(&comparison.run))
                        }
                        ul { @for line in lines { li { (line) } } }
                    }
                    @for budget in &verdict.budgets {
                        p.budget { strong { "Budget" } " " (words::budget(budget)) }
                    }
                    @if let Some(next) = &verdict.next { p.next { strong { "Next: " } (next) } }
                    @for warning in &verdict.warnings {
                        p.warning { strong { "Warning: " } (printable(warning)) }
                    }
                }
                main {
                    @for suspect in &verdict.suspects { (suspect_card(suspect, recording, evidence)) }
                    (rounds(&recording.whole()))
                    (timeline::timeline(recording))
                    (classes(verdict))
                    (evidence::comparison(&evidence.changes, evidence.sessions))
                    @if let Some(load) = &evidence.load { (evidence::load(load)) }
                    (facts(recording, verdict))
                }
                footer { "leakscope " (recording.leakscope_version) }
            }
        }
    };
    page.into_string()
}

fn outcome(outcome: Outcome) -> (&'static str, &'static str) {
    let class = match outcome {
        Outcome::Leaking => "leaking",
        Outcome::Clean => "clean",
        Outcome::Inconclusive => "inconclusive",
    };
    (words::word(outcome), class)
}

fn suspect_card(suspect: &Suspect, recording: &Recording, evidence: &Evidence) -> Markup {
    let name = suspect.holder.name.as_deref().map(printable);
    markup! {
        section.suspect {
            h2 {
                span.rank { (suspect.rank) }
                (printable(&suspect.holder.class)) " "
                @if let Some(name) = name { code { (name) } }
                @if let Some(isolate) = words::isolate(suspect) { " " span.isolate { (isolate) } }
            }
            p.rate {
                "gains " (gains(suspect)) " and never lets go; "
                strong { (Bytes(suspect.bytes_per_session.max(0.0) as u64)) " per session" }
            }
            p.mechanism { (printable(&suspect.mechanism)) }
            ol.path aria-label="Retaining path, from the root" {
                @for step in &suspect.path { li { (printable(step)) } }
            }
            (evidence::slopes(suspect, recording))
            @if let Some(writer) = &suspect.writer {
                (line("added at", writer, suspect.package.as_deref(), evidence))
            }
            @if let Some(source) = &suspect.source { (line("lives at", source, None, evidence)) }
            @if let Some(proof) = &suspect.proof {
                @let (word, text) = words::proof(proof);
                p.proof { strong { (word) } ": " (text) }
            }
            @if let Some(accepted) = &suspect.accepted {
                p.accepted { strong { "accepted" } " " (words::accepted(accepted)) }
            }
        }
    }
}

fn line(label: &str, line: &SourceLine, package: Option<&str>, evidence: &Evidence) -> Markup {
    let mut excerpts = evidence.excerpts.iter();
    let around = excerpts.find(|(file, number, _)| *file == line.file && *number == line.line);
    markup! {
        div.source {
            p {
                span.label { (label) } " "
                @if let Some(function) = &line.function { (printable(function)) " " }
                span.place { (printable(&line.file)) ":" (line.line) }
                @if let Some(package) = package { " (package " (printable(package)) ")" }
            }
            @match around {
                Some((_, _, excerpt)) => (evidence::excerpt(excerpt)),
                None => pre { div.code.hit { span.number { (line.line) } code { (printable(&line.text)) } } },
            }
        }
    }
}

/// The evidence: what every round left behind after collection.
fn rounds(recording: &Recording) -> Markup {
    let rounds = recording.rounds();
    let size = |reading: &recording::Reading| Bytes(reading.heap.heap_used + reading.heap.external);
    markup! {
        section {
            h2 { "Rounds" }
            @if rounds.is_empty() { p.empty { "No round came to its end." } }
            @else {
                div.scroll { table {
                    thead { tr {
                        th.text { "Round" } th { "Sessions" } th { "Failed" } th { "Heap + external" }
                        th { "Change" } th { "Per session" } th { "RSS" }
                    } }
                    tbody {
                        @for (number, round) in (1..).zip(&rounds) {
                            @let change = size(round.after).since(size(round.before));
                            @let sessions = round.ledger.created.max(1);
                            tr {
                                th.text scope="row" { (number) }
                                td { (Count(round.ledger.created)) }
                                td { (Count(round.ledger.failed)) }
                                td { (size(round.after)) }
                                td { (change) }
                                td { (ByteDelta((change.0 as f64 / sessions as f64) as i64)) }
                                td { (Bytes(round.after.memory.rss)) }
                            }
                        }
                    }
                } }
                p.note {
                    "Each figure was read when the load had drained and V8 had collected everything \
                     it could, twice, through the inspector."
                }
            }
        }
    }
}

/// Every class that grows with the first suspect, round by round where it is known.
fn classes(verdict: &Verdict) -> Markup {
    let Some(suspect) = verdict.suspects.first() else {
        return markup! {};
    };
    markup! {
        section {
            h2 { "What piles up" }
            div.scroll { table {
                thead { tr { th.text { "Class" } th { "Per session" } } }
                tbody {
                    @for class in &suspect.classes {
                        tr {
                            th.text scope="row" { (printable(&class.class)) }
                            td { (PerSession(class.per_session)) }
                        }
                    }
                }
            } }
        }
    }
}

fn facts(recording: &Recording, verdict: &Verdict) -> Markup {
    let plan = &recording.plan;
    let total = recording.total_ledger();
    let idle = recording.stage(Stage::Idle).and_then(|stage| {
        Some(Elapsed {
            nanos: stage.ended_at?.nanos.saturating_sub(stage.started_at.nanos),
        })
    });
    markup! {
        section {
            h2 { "The run" }
            dl {
                dt { "Service" } dd { code { (printable(&plan.command.join(" "))) } }
                dt { "Folder" } dd { code { (printable(&plan.working_dir.to_string_lossy())) } }
                @if let Some(node) = &recording.service.node_version {
                    dt { "Node.js" }
                    dd { (node) " (V8 " (recording.service.v8_version.as_deref().unwrap_or("?")) ")" }
                }
                dt { "Load" }
                dd { (printable(&plan.script)) " to " (printable(&plan.base_url)) ", "
                    (plan.arrival_rate) " sessions a second" }
                dt { "Sessions" }
                dd {
                    (Count(total.created)) " created, " (Count(total.completed)) " completed, "
                    (Count(total.failed)) " failed, warm-up included"
                }
                @if let Some(idle) = idle { dt { "Idle round" } dd { (idle) } }
                @if !verdict.isolates.is_empty() {
                    dt { "Judged" } dd { (words::judged(&verdict.isolates)) }
                }
            }
        }
    }
}
