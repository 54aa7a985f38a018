//! What a person sees while a run lasts: a live line on a terminal, one line a stage elsewhere.
//!
//! Owns the way facts are told while they happen, on stderr only. Must not decide anything.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use recording::{Event, Further, Ledger, Plan, Reading, Stage};
use units::{Bytes, Count, Elapsed};

/// Columns of the terminal on stdout, if it is one.
pub(crate) fn terminal_width() -> Option<usize> {
    Term::stdout()
        .size_checked()
        .map(|(_rows, columns)| usize::from(columns))
}

/// Tells a run's events as they come.
pub(crate) struct Progress {
    /// The live line; hidden where stderr is not a terminal.
    bar: ProgressBar,
    stage: Option<Current>,
    rss: Option<u64>,
    heap: Option<u64>,
}

/// The stage that lasts.
struct Current {
    stage: Stage,
    started_at: Elapsed,
    planned: Option<u64>,
    ledger: Ledger,
    doing: String,
    last: Option<Reading>,
}

impl Progress {
    /// Progress on stderr.
    pub(crate) fn new() -> Self {
        let is_live = std::io::stderr().is_terminal();
        let target = if is_live {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("  {spinner:.cyan} {wide_msg}") {
            bar.set_style(style);
        }
        if is_live {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self {
            bar,
            stage: None,
            rss: None,
            heap: None,
        }
    }

    /// What is going to happen, before it does.
    pub(crate) fn plan(&self, plan: &Plan, folder: &str) {
        let sizes: Vec<_> = plan.rounds.iter().map(|&n| Count(n).to_string()).collect();
        self.line(&format!(
            "service   {}",
            report::printable(&plan.command.join(" "))
        ));
        self.line(&format!(
            "load      {} to {}, {} sessions a second; rounds of {}",
            report::printable(&plan.script),
            report::printable(&plan.base_url),
            plan.arrival_rate,
            sizes.join(", ")
        ));
        self.line(&format!("folder    {folder}"));
    }

    /// Takes one fact in.
    pub(crate) fn tell(&mut self, event: &Event) {
        match event {
            Event::StageStarted {
                at,
                stage,
                sessions,
            } => {
                self.stage = Some(Current {
                    stage: *stage,
                    started_at: *at,
                    planned: *sessions,
                    ledger: Ledger::default(),
                    doing: String::new(),
                    last: None,
                });
            }
            Event::StageEnded { at } => self.stage_ended(*at),
            Event::Sampled(sample) => {
                self.rss = Some(sample.memory.rss);
                self.heap = sample.heap.map(|heap| heap.heap_used).or(self.heap);
            }
            Event::SnapshotForecast(text) => self.line(&format!("snapshots {text}")),
            Event::Warning(text) => self.line(&format!("warning: {text}")),
            Event::Ended(_) => self.bar.finish_and_clear(),
            _ => self.in_stage(event),
        }
        self.refresh();
    }

    /// A live line that lives on another thread.
    pub(crate) fn live_line(&self) -> ProgressBar {
        self.bar.clone()
    }

    fn in_stage(&mut self, event: &Event) {
        let Some(current) = &mut self.stage else {
            return;
        };
        match event {
            Event::LoadProgress(ledger) => {
                current.doing.clear();
                current.ledger = ledger.clone();
            }
            Event::Settling { waiting_for } => {
                current.doing = format!("settling: {waiting_for}");
            }
            Event::Settled(reading) => {
                // Of the warm-up's readings only the last is followed by one.
                match current.stage {
                    Stage::WarmUp => current.doing.clear(),
                    _ => current.doing = "taking a heap snapshot".into(),
                }
                current.last = Some(*reading);
                self.rss = Some(reading.memory.rss);
                self.heap = Some(reading.heap.heap_used);
            }
            Event::SnapshotProgress { done, total } => {
                let percent = done.saturating_mul(100) / (*total).max(1);
                current.doing = format!("taking a heap snapshot, {}%", percent.min(100));
            }
            _ => {}
        }
    }

    fn stage_ended(&mut self, at: Elapsed) {
        let Some(current) = self.stage.take() else {
            return;
        };
        let took = Elapsed {
            nanos: at.nanos.saturating_sub(current.started_at.nanos),
        };
        let mut parts = Vec::new();
        if current.planned.is_some() {
            parts.push(sessions_text(&current.ledger, None));
        }
        if let Some(reading) = &current.last {
            parts.push(format!("heap {}", Bytes(reading.heap.heap_used)));
            parts.push(format!("external {}", Bytes(reading.heap.external)));
            parts.push(format!("RSS {}", Bytes(reading.memory.rss)));
        } else if current.stage == Stage::Start {
            parts.push("the service is ready".into());
        }
        parts.push(format!("in {took}"));
        self.line(&format!(
            "{:<9} {}",
            run::stage_name(current.stage),
            parts.join(", ")
        ));
    }

    fn refresh(&self) {
        let Some(current) = &self.stage else { return };
        let mut parts = vec![format!("{:<9}", run::stage_name(current.stage))];
        match current.stage {
            Stage::Start => parts.push("waiting until the service is ready".into()),
            Stage::Stop => parts.push("waiting until the service has ended".into()),
            _ if !current.doing.is_empty() => parts.push(current.doing.clone()),
            Stage::Proof(_) => parts.push("clearing what holds the leak, and collecting".into()),
            _ => {}
        }
        if current.planned.is_some() && current.doing.is_empty() {
            // The warm-up runs as many portions as it needs: there is no total to show.
            let total = current.planned.filter(|_| current.stage != Stage::WarmUp);
            parts.push(sessions_text(&current.ledger, total));
        }
        if let Some(rss) = self.rss {
            parts.push(format!("RSS {}", Bytes(rss)));
        }
        if let Some(heap) = self.heap {
            parts.push(format!("heap {}", Bytes(heap)));
        }
        self.bar.set_message(parts.join("  "));
    }

    fn line(&self, text: &str) {
        line(&self.bar, text);
    }
}

/// Says why a run goes on with a stage that was not planned.
pub(crate) fn goes_on(live_line: &ProgressBar, reason: &str, further: Further) {
    let with = match further {
        Further::Round(_) => "a longer round",
        Further::Drain(_) => "a drain",
    };
    line(live_line, &format!("more      {reason}: {with} will tell"));
}

/// A line that stays: above the live one on a terminal.
fn line(live_line: &ProgressBar, text: &str) {
    // A closed stderr is nobody's loss.
    live_line.suspend(|| {
        let _ = writeln!(std::io::stderr(), "  {text}");
    });
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn sessions_text(ledger: &Ledger, total: Option<u64>) -> String {
    let mut text = Count(ledger.created).to_string();
    if let Some(total) = total {
        text += &format!(" of {}", Count(total));
    }
    text += " sessions";
    let in_flight = ledger.in_flight();
    if in_flight > 0 {
        text += &format!(", {} in flight", Count(in_flight));
    }
    if ledger.failed > 0 {
        text += &format!(", {} failed", Count(ledger.failed));
    }
    text
}
