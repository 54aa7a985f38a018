//! Readings for a person: a live chart on a terminal, lines elsewhere.
//!
//! Invariant: the terminal is given back as it was, whatever ends the watch; ratatui's own hook does
//! so after a panic.

use std::io::IsTerminal;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph, Row, Table};
use watch::{Judgement, Metric};

use super::{Known, lines};
use crate::exit::Exit;
use crate::failure::{Failure, answer, tell};

/// How often the keys are looked at.
const KEYS_EVERY: Duration = Duration::from_millis(100);

/// Lines of growth between the readings, where lines are printed.
const GROWTH_EVERY: usize = 30;

/// Notes that are shown at once.
const NOTES: usize = 4;

/// Curves of the chart.
const CURVES: [(Metric, Color); 3] = [
    (Metric::Rss, Color::Cyan),
    (Metric::HeapUsed, Color::Yellow),
    (Metric::External, Color::Magenta),
];

/// What the user wants.
pub(super) enum Wish {
    Stop,
}

/// Where readings are shown.
pub(super) enum Face {
    /// A live chart.
    Screen {
        terminal: Box<DefaultTerminal>,
        notes: Vec<String>,
    },
    /// Lines on stdout.
    Lines { shown: usize },
    /// Nowhere: stdout is for a program.
    Quiet,
}

impl Face {
    pub(super) fn new(stdout_is_taken: bool) -> Self {
        if stdout_is_taken {
            return Self::Quiet;
        }
        let is_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
        match is_terminal.then(ratatui::try_init) {
            Some(Ok(terminal)) => Self::Screen {
                terminal: Box::new(terminal),
                notes: Vec::new(),
            },
            _ => Self::Lines { shown: 0 },
        }
    }

    /// Waits until the user wants something; for ever without a keyboard.
    pub(super) async fn wish(&self) -> Wish {
        if !matches!(self, Self::Screen { .. }) {
            return std::future::pending().await;
        }
        loop {
            while event::poll(Duration::ZERO).unwrap_or(false) {
                if let Ok(Event::Key(key)) = event::read() {
                    let is_ctrl_c = key.code == KeyCode::Char('c')
                        && key.modifiers.contains(KeyModifiers::CONTROL);
                    if is_ctrl_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                        return Wish::Stop;
                    }
                }
            }
            tokio::time::sleep(KEYS_EVERY).await;
        }
    }

    /// Shows the newest reading.
    pub(super) fn show(&mut self, known: &Known, by_process: bool) -> Result<(), Failure> {
        match self {
            Self::Quiet => Ok(()),
            Self::Screen { terminal, notes } => terminal
                .draw(|frame| draw(frame, known, notes, by_process))
                .map(drop)
                .map_err(|error| {
                    Failure::new(
                        Exit::Output,
                        format!("cannot draw on the terminal: {error}"),
                    )
                }),
            Self::Lines { shown } => {
                *shown += 1;
                let mut text = lines::text(known, by_process);
                if shown.is_multiple_of(GROWTH_EVERY) {
                    text += &growth(known).concat();
                }
                answer(&text)
            }
        }
    }

    /// Tells what is no reading.
    pub(super) fn note(&mut self, note: &str) {
        match self {
            Self::Screen { notes, .. } => {
                notes.push(report::printable(note).to_string());
                let surplus = notes.len().saturating_sub(NOTES);
                notes.drain(..surplus);
            }
            Self::Lines { .. } | Self::Quiet => tell(&report::printable(note)),
        }
    }

    /// Gives the terminal back; what was noted stays to be read.
    pub(super) fn close(&mut self) {
        if let Self::Screen { notes, .. } = self {
            ratatui::restore();
            notes.iter().for_each(|note| tell(note));
            *self = Self::Quiet;
        }
    }
}

impl Drop for Face {
    fn drop(&mut self) {
        self.close();
    }
}

fn growth(known: &Known) -> Vec<String> {
    let sentence = |(metric, growth): &(Metric, watch::Growth)| {
        format!("{}\n", growth.sentence(metric.name(), metric.unit()))
    };
    known.growth.iter().map(sentence).collect()
}

fn draw(frame: &mut Frame<'_>, known: &Known, notes: &[String], by_process: bool) {
    let n_processes = match by_process {
        true => known.reading.processes.len() as u16,
        false => 0,
    };
    let rows = [
        Constraint::Length(1),
        Constraint::Min(8),
        Constraint::Length(9),
        Constraint::Length(n_processes.min(8)),
        Constraint::Length(known.growth.len() as u16),
        Constraint::Length(notes.len() as u16),
    ];
    let [head, chart, table, processes, growth, noted] = Layout::vertical(rows).areas(frame.area());
    let title = format!("{}   q ends", known.title);
    frame.render_widget(Line::from(title).bold(), head);
    draw_chart(frame, chart, known);
    draw_figures(frame, table, known);
    let of_processes = known
        .reading
        .processes
        .iter()
        .take(usize::from(n_processes));
    let of_processes: Vec<Line<'_>> = of_processes
        .map(|p| {
            Line::from(format!(
                "{:>7} {}  {}",
                p.pid,
                report::printable(&p.name),
                lines::figures(&p.figures)
            ))
        })
        .collect();
    frame.render_widget(Paragraph::new(of_processes), processes);
    let sentences: Vec<Line<'_>> = known
        .growth
        .iter()
        .map(|(metric, growth)| {
            let line = Line::from(growth.sentence(metric.name(), metric.unit()));
            match growth.judgement {
                Judgement::LooksLikeALeak => line.style(Style::new().red().bold()),
                _ => line,
            }
        })
        .collect();
    frame.render_widget(Paragraph::new(sentences), growth);
    let noted_lines: Vec<Line<'_>> = notes.iter().map(|note| Line::from(note.as_str())).collect();
    frame.render_widget(Paragraph::new(noted_lines), noted);
}

fn draw_chart(frame: &mut Frame<'_>, area: ratatui::layout::Rect, known: &Known) {
    let curves: Vec<_> = CURVES
        .iter()
        .map(|&(metric, color)| (metric, color, known.history.series(metric, f64::INFINITY)))
        .filter(|(_, _, series)| !series.is_empty())
        .collect();
    let all = || curves.iter().flat_map(|(_, _, series)| series);
    let end = all().map(|&(at, _)| at).fold(1.0, f64::max);
    let start = all().map(|&(at, _)| at).fold(end, f64::min);
    let top = all().map(|&(_, amount)| amount).fold(1.0, f64::max) * 1.05;
    let datasets = curves.iter().map(|(metric, color, series)| {
        Dataset::default()
            .name(metric.name())
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(Style::new().fg(*color))
            .data(series)
    });
    let show = |amount: f64| Metric::Rss.unit().show(amount);
    let chart = Chart::new(datasets.collect())
        .block(Block::bordered())
        .x_axis(
            Axis::default()
                .bounds([start, end])
                .labels([format!("{start:.0} s"), format!("{end:.0} s")]),
        )
        .y_axis(
            Axis::default()
                .bounds([0.0, top])
                .labels([show(0.0), show(top / 2.0), show(top)]),
        );
    frame.render_widget(chart, area);
}

/// All figures that are known, in three columns.
fn draw_figures(frame: &mut Frame<'_>, area: ratatui::layout::Rect, known: &Known) {
    let cells: Vec<String> = known
        .reading
        .figures
        .known()
        .map(|(metric, value)| format!("{metric:<14} {}", metric.unit().show(value)))
        .collect();
    let height = cells.len().div_ceil(3).max(1);
    let row = |at: usize| {
        let column = |n: usize| cells.get(at + n * height).cloned().unwrap_or_default();
        Row::new([column(0), column(1), column(2)])
    };
    let third = Constraint::Ratio(1, 3);
    frame.render_widget(Table::new((0..height).map(row), [third; 3]), area);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use watch::Figures;

    use super::*;

    #[test]
    fn the_screen_has_curve_figures_and_growth_in_any_size() {
        let mut known = Known {
            title: "node server.js (42)".into(),
            ..Known::default()
        };
        for second in 0..60_u32 {
            let mut figures = Figures::default();
            figures.set_whole(
                Metric::Rss,
                Some(50_000_000 + u64::from(second) * 1_000_000),
            );
            figures.set_whole(Metric::Fds, Some(21));
            known.history.push(f64::from(second), figures);
            known.reading.figures = figures;
        }
        known.growth = crate::watch::growth(&known.history);
        for (width, height) in [(100, 40), (40, 12), (3, 2)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal
                .draw(|frame| draw(frame, &known, &["a note".into()], true))
                .unwrap();
            let shown: String = terminal
                .backend()
                .buffer()
                .content()
                .iter()
                .map(ratatui::buffer::Cell::symbol)
                .collect();
            if width == 100 {
                for words in [
                    "node server.js (42)",
                    "104.0 MiB",
                    "looks like a leak",
                    "a note",
                    "fds",
                ] {
                    assert!(shown.contains(words), "`{words}` is not in {shown}");
                }
            }
        }
    }
}
