//! What a person sees while a load lasts: a few live lines on a terminal, Artillery's reports of
//! every period elsewhere. All of it on stderr.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use load::{Meter, Tally};
use scenario::{Arrivals, Phase};
use serde_json::Value;
use units::{Count, Elapsed};

use super::script::Order;
use super::text;

/// Causes of failure shown at once.
const MOST_CAUSES: usize = 4;

/// Tells how a load gets on.
pub(crate) struct Live {
    bar: ProgressBar,
    is_quiet: bool,
    is_drawn: bool,
    began: Instant,
    arrivals: Arrivals,
    phases: Vec<Phase>,
    planned: u64,
}

impl Live {
    pub(crate) fn new(order: &Order, is_quiet: bool) -> Self {
        let is_drawn = !is_quiet && std::io::stderr().is_terminal();
        let target = match is_drawn {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            is_quiet,
            is_drawn,
            began: Instant::now(),
            arrivals: order.job.arrivals.clone(),
            phases: order.job.script.phases.clone(),
            planned: order.job.planned(),
        }
    }

    /// Whether there is a terminal to draw on.
    pub(crate) fn is_drawn(&self) -> bool {
        self.is_drawn
    }

    /// What is going to happen, before it does.
    pub(crate) fn plan(&self, order: &Order) {
        self.line(&order.plan.to_string());
        for (phase, index) in self.phases.iter().zip(0..) {
            let name = phase.name.as_deref().unwrap_or("unnamed");
            self.line(&format!(
                "Phase: {} (index: {index}, duration: {}s), {} sessions",
                report::printable(name),
                phase.duration.as_secs_f64(),
                Count(self.arrivals.sessions_of(index))
            ));
        }
    }

    /// Says lines of the script's own, without disturbing what is drawn.
    pub(crate) fn voice(&self) -> load::Say {
        let (bar, is_quiet) = (self.bar.clone(), self.is_quiet);
        Arc::new(move |text: &str| {
            for line in text.lines().filter(|_| !is_quiet) {
                bar.suspend(|| crate::failure::tell(&report::printable(line)));
            }
        })
    }

    /// A period is over.
    pub(crate) fn period(&mut self, report: &Value, length: Duration) {
        if !self.is_drawn {
            self.line(&text::period(report, length.as_secs_f64()));
        }
    }

    /// Draws the state of things.
    pub(crate) fn draw(&self, meter: &Meter) {
        self.bar.set_message(self.screen(&meter.tally()));
    }

    /// Takes the live lines away: the summary follows.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str) {
        if !self.is_quiet {
            self.bar.suspend(|| crate::failure::tell(text));
        }
    }

    fn screen(&self, tally: &Tally) -> String {
        let elapsed = self.began.elapsed();
        let count = |name: &str| tally.counter(name);
        let (created, completed) = (count("vusers.created"), count("vusers.completed"));
        let failed = count("vusers.failed");
        let mut lines = vec![
            format!("  {}   {}", Elapsed::from(elapsed), self.phase(elapsed)),
            format!(
                "  sessions   {} of {} started   {} in flight   {} completed   {} failed   {} skipped",
                Count(created),
                Count(self.planned),
                Count(created.saturating_sub(completed + failed)),
                Count(completed),
                Count(failed),
                Count(count("vusers.skipped")),
            ),
        ];
        let per_second = |name: &str| count(name) as f64 / elapsed.as_secs_f64().max(0.001);
        let rates = [
            ("sessions", "vusers.created"),
            ("requests", "http.requests"),
            ("messages", "websocket.messages_sent"),
        ];
        let rates = rates.iter().filter(|(_, metric)| count(metric) > 0);
        let rates: Vec<String> = rates
            .map(|(what, metric)| format!("{:.1} {what}/s", per_second(metric)))
            .collect();
        lines.push(format!("  rates      {}", rates.join("   ")));
        for (what, metric) in [
            ("responses", "http.response_time"),
            ("replies", "websocket.response_time"),
            ("session", "vusers.session_length"),
            ("start lag", "leakscope.start_lag"),
        ] {
            if let Some(times) = tally.times.get(metric) {
                let at = |quantile| times.quantile_ms(quantile);
                let (p50, p95, p99) = (at(0.5), at(0.95), at(0.99));
                lines.push(format!(
                    "  {what:<10} p50 {p50} ms   p95 {p95} ms   p99 {p99} ms   max {} ms",
                    at(1.0)
                ));
            }
        }
        let causes = tally.counters.iter();
        let mut causes: Vec<_> = causes
            .filter_map(|(name, count)| Some((*count, name.strip_prefix("errors.")?)))
            .collect();
        causes.sort_by(|a, b| b.cmp(a));
        for (count, cause) in causes.iter().take(MOST_CAUSES) {
            lines.push(format!(
                "  error      {} × {}",
                Count(*count),
                report::printable(cause)
            ));
        }
        lines.join("\n")
    }

    /// Which phase lasts, and how far it has come.
    fn phase(&self, elapsed: Duration) -> String {
        let running = (0..self.phases.len())
            .rev()
            .find(|&index| self.arrivals.start_of(index) <= elapsed);
        let Some((index, phase)) = running.and_then(|i| Some((i, self.phases.get(i)?))) else {
            return String::new();
        };
        let within = elapsed.saturating_sub(self.arrivals.start_of(index));
        if within > phase.duration {
            return "all phases are over: waiting for the last sessions".to_owned();
        }
        let name = phase.name.as_deref().unwrap_or("unnamed");
        format!(
            "phase {} of {}: {}, {:.0} of {:.0} s",
            index + 1,
            self.phases.len(),
            report::printable(name),
            within.as_secs_f64(),
            phase.duration.as_secs_f64()
        )
    }
}
