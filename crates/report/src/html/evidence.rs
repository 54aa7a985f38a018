//! What stands behind a verdict: growth over sessions as a drawing, the lines around those that are
//! named, what changed between two snapshots, and the load.

use explore::{ChangePerSession, Excerpt, LoadView};
use maud::{Markup, html as markup};
use recording::Recording;
use units::{ByteDelta, Count, PerSession};
use verdict::Suspect;

use crate::printable;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 80.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;

/// What a suspect gained over the sessions of each round: rounds of a leak lie on one another.
pub(super) fn slopes(suspect: &Suspect, recording: &Recording) -> Markup {
    let rounds = recording.rounds();
    // An isolate that began later knows only of the last rounds.
    let known = rounds.len().saturating_sub(suspect.per_round.len());
    let sessions = rounds.iter().skip(known);
    let sessions = sessions.map(|round| round.ledger.created as f64);
    let points: Vec<(f64, f64)> = suspect
        .per_round
        .iter()
        .zip(sessions)
        .map(|(each, sessions)| (sessions, each * sessions))
        .collect();
    let most = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).fold(1.0, f64::max);
    let (sessions, gained) = (most(|p| p.0), most(|p| p.1));
    if points.is_empty() {
        return markup! {};
    }
    let x = |value: f64| LEFT + (WIDTH - LEFT - RIGHT) * value / sessions;
    let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value.max(0.0) / gained;
    let px = |value: f64| format!("{value:.1}");
    markup! {
        figure.slopes {
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
                aria-label=(format!("{} gained over the sessions of each round", printable(&suspect.class))) {
                @for part in [0.0, 0.5, 1.0] {
                    line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(px(y(part * gained)))
                        y2=(px(y(part * gained))) {}
                    text.y x=(LEFT - 8.0) y=(px(y(part * gained) + 4.0)) {
                        (Count((part * gained).round() as u64))
                    }
                }
                @for (number, (sessions, gained)) in (1..).zip(&points) {
                    g class=(format!("series series-{}", (number - 1) % 3)) {
                        line x1=(px(x(0.0))) y1=(px(y(0.0))) x2=(px(x(*sessions))) y2=(px(y(*gained))) {}
                        circle cx=(px(x(*sessions))) cy=(px(y(*gained))) r="4.5" {}
                        text.mark x=(px(x(*sessions) + 9.0)) y=(px(y(*gained) + 4.0)) { "round " (number) }
                        text.x x=(px(x(*sessions))) y=(px(HEIGHT - BOTTOM + 16.0)) {
                            (Count(sessions.round() as u64))
                        }
                    }
                }
                text.x x=(px((LEFT + WIDTH - RIGHT) / 2.0)) y=(px(HEIGHT - 3.0)) { "sessions" }
            }
            figcaption { (printable(&suspect.class)) " gained, over the sessions of each round" }
        }
    }
}

/// The lines around one, which is marked.
pub(super) fn excerpt(excerpt: &Excerpt) -> Markup {
    markup! {
        pre {
            @for (number, line) in (excerpt.first..).zip(&excerpt.lines) {
                div.code.hit[number == excerpt.line] {
                    span.number { (number) }
                    code { (printable(&line.replace('\t', "  "))) " " }
                }
            }
        }
    }
}

/// What came and went between the snapshots around all rounds, by class.
pub(super) fn comparison(changes: &[ChangePerSession], sessions: Option<u64>) -> Markup {
    if changes.is_empty() {
        return markup! {};
    }
    markup! {
        section {
            h2 { "What changed over the rounds" }
            div.scroll { table {
                thead { tr {
                    th.text { "Class" } th { "# New" } th { "# Deleted" } th { "# Delta" }
                    th { "Per session" } th { "Size delta" } th { "Per session" }
                } }
                tbody {
                    @for row in changes {
                        @let change = &row.change;
                        tr {
                            th.text scope="row" { (printable(&change.class)) }
                            td { (Count(change.new)) }
                            td { (Count(change.deleted)) }
                            td { (signed(change.delta)) }
                            td { @if let Some(each) = row.delta_per_session { (PerSession(each)) } }
                            td { (ByteDelta(change.size_delta)) }
                            td { @if let Some(each) = row.size_per_session {
                                (ByteDelta(each.round() as i64))
                            } }
                        }
                    }
                }
            } }
            p.note {
                "DevTools' Comparison of the snapshots before the first and after the last round"
                @if let Some(sessions) = sessions { ", " (Count(sessions)) " sessions apart" }
                "; the classes that gained most bytes."
            }
        }
    }
}

/// A count that may be below zero.
fn signed(delta: i64) -> String {
    let sign = match delta {
        0 => "",
        1.. => "+",
        _ => "\u{2212}",
    };
    format!("{sign}{}", Count(delta.unsigned_abs()))
}

/// The load, stage by stage, and how long everything took.
pub(super) fn load(load: &LoadView) -> Markup {
    let ms = |value: f64| format!("{value:.1} ms");
    markup! {
        section {
            h2 { "Load" }
            div.scroll { table {
                thead { tr {
                    th.text { "Stage" } th { "Planned" } th { "Started" } th { "Completed" } th { "Failed" }
                    th { "Requests" } th { "Messages" }
                } }
                tbody {
                    @for stage in &load.stages {
                        tr {
                            th.text scope="row" { (stage.stage) }
                            td { @if let Some(planned) = stage.planned { (Count(planned)) } }
                            td { (Count(stage.created)) }
                            td { (Count(stage.completed)) }
                            td { (Count(stage.failed)) }
                            td { (Count(stage.requests)) }
                            td { (Count(stage.messages_sent + stage.messages_received)) }
                        }
                    }
                }
            } }
            @if !load.times.is_empty() {
                div.scroll { table {
                    thead { tr {
                        th.text { "Time" } th { "Count" } th { "Median" } th { "p95" } th { "p99" }
                        th { "Longest" }
                    } }
                    tbody {
                        @for named in &load.times {
                            tr {
                                th.text scope="row" { (printable(&named.name)) }
                                td { (Count(named.times.count)) }
                                td { (ms(named.times.median)) }
                                td { (ms(named.times.p95)) }
                                td { (ms(named.times.p99)) }
                                td { (ms(named.times.max)) }
                            }
                        }
                    }
                } }
            }
        }
    }
}
