//! Memory over time as an SVG drawing: RSS and V8's heap, the stages behind them.

use maud::{Markup, html as markup};
use recording::{Recording, Sample, Stage};
use units::Bytes;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 28.0;

/// Points drawn at most; more do not show at this width.
const POINTS: usize = 800;

pub(super) fn timeline(recording: &Recording) -> Markup {
    let samples = &recording.samples;
    let Some(scale) = Scale::of(samples) else {
        return markup! {};
    };
    let heap = |s: &Sample| s.heap.map(|heap| heap.heap_used + heap.external);
    markup! {
        section {
            h2 { "Memory over time" }
            p.legend {
                span.rss { "RSS" } " " span.heap { "V8 heap + external" }
            }
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
                aria-label="RSS and V8 heap over the run, with its stages" {
                @for record in &recording.stages {
                    @let start = scale.x(record.started_at.as_secs_f64());
                    @let end = scale.x(record.ended_at.map_or(scale.end, units::Elapsed::as_secs_f64));
                    rect.stage .load[record.planned.is_some()] x=(px(start)) y=(TOP)
                        width=(px((end - start).max(0.0))) height=(HEIGHT - TOP - BOTTOM) {}
                    @if end - start > 52.0 {
                        text.stage-name x=(px((start + end) / 2.0)) y=(TOP - 8.0) {
                            (stage_name(record.stage))
                        }
                    }
                }
                @for tick in scale.byte_ticks() {
                    line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(px(scale.y(tick))) y2=(px(scale.y(tick))) {}
                    text.y x=(LEFT - 8.0) y=(px(scale.y(tick) + 4.0)) { (Bytes(tick)) }
                }
                @for tick in scale.second_ticks() {
                    text.x x=(px(scale.x(tick))) y=(HEIGHT - 8.0) { (tick) " s" }
                }
                polyline.rss points=(scale.line(samples, |s| Some(s.memory.rss))) {}
                polyline.heap points=(scale.line(samples, heap)) {}
            }
        }
    }
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

fn stage_name(stage: Stage) -> String {
    match stage {
        Stage::Start => "start".into(),
        Stage::WarmUp => "warm-up".into(),
        Stage::Idle => "idle".into(),
        Stage::Round(n) => format!("round {n}"),
        Stage::Drain => "drain".into(),
        Stage::Proof(n) => format!("proof {n}"),
        Stage::Stop => "stop".into(),
    }
}

/// From seconds and bytes to places in the drawing.
struct Scale {
    end: f64,
    most: f64,
}

impl Scale {
    fn of(samples: &[Sample]) -> Option<Self> {
        let end = samples.last()?.at.as_secs_f64();
        let most = samples.iter().map(|s| s.memory.rss).max()? as f64;
        (end > 0.0 && most > 0.0).then_some(Self {
            end,
            most: most * 1.05,
        })
    }

    fn x(&self, seconds: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (seconds / self.end).clamp(0.0, 1.0)
    }

    fn y(&self, bytes: u64) -> f64 {
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (bytes as f64 / self.most)
    }

    fn line(&self, samples: &[Sample], figure: impl Fn(&Sample) -> Option<u64>) -> String {
        let stride = samples.len().div_ceil(POINTS).max(1);
        let points: Vec<String> = samples
            .iter()
            .step_by(stride)
            .filter_map(|s| {
                Some(format!(
                    "{:.1},{:.1}",
                    self.x(s.at.as_secs_f64()),
                    self.y(figure(s)?)
                ))
            })
            .collect();
        points.join(" ")
    }

    /// Four to eight round amounts of binary units.
    fn byte_ticks(&self) -> Vec<u64> {
        let mut step = 1_u64 << 20;
        while self.most / step as f64 > 8.0 {
            step *= 2;
        }
        (0..)
            .map(|i| i * step)
            .take_while(|&tick| (tick as f64) < self.most)
            .collect()
    }

    fn second_ticks(&self) -> Vec<f64> {
        let steps = [
            1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
        ];
        let step = steps
            .into_iter()
            .find(|step| self.end / step <= 12.0)
            .unwrap_or(7200.0);
        (0..)
            .map(|i| f64::from(i) * step)
            .take_while(|&tick| tick <= self.end)
            .collect()
    }
}
