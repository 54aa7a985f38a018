//! Readings for a person: a live chart on a terminal, lines elsewhere.
//!
//! Invariant: the terminal is given back as it was, whatever ends the watch; ratatui's own hook does
//! so after a panic.

use std::io::IsTerminal;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph, Row, Table};
use watch::{Judgement, Metric};

use super::{Known, lines};
use crate::exit::Exit;
use crate::failure::{Failure, answer_to_reader, tell};

/// How often the keys are looked at.
const KEYS_EVERY: Duration = Duration::from_millis(100);

/// Lines of growth between the readings, where lines are printed.
const GROWTH_EVERY: usize = 30;

/// Notes that are shown at once.
const NOTES: usize = 4;

/// Rows of processes and worker threads that are shown at once.
const MOST_PROCESSES: usize = 8;

/// Rows of the chart, and of figures, however little room there is.
const LEAST_CHART: u16 = 7;
const LEAST_FIGURES: u16 = 3;

/// Columns of the screen that a figure needs with its name.
const COLUMN: u16 = 26;

/// The figures that are shown first, where there is no room for all.
const LOOKED_AT: [Metric; 14] = [
    Metric::Rss,
    Metric::HeapUsed,
    Metric::External,
    Metric::HeapFull,
    Metric::Cpu,
    Metric::Fds,
    Metric::Sockets,
    Metric::LagMax,
    Metric::GcPause,
    Metric::ArrayBuffers,
    Metric::Threads,
    Metric::Limit,
    Metric::Processes,
    Metric::CloseWait,
];

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
    Screen(Screen),
    /// Lines on stdout.
    Lines { shown: usize },
    /// Nowhere: stdout is for a program.
    Quiet,
}

/// The terminal while it is ours, with what was noted: both are given back when it is dropped.
pub(super) struct Screen {
    terminal: Box<DefaultTerminal>,
    notes: Vec<String>,
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
        self.notes.iter().for_each(|note| tell(note));
    }
}

impl Face {
    pub(super) fn new(stdout_is_taken: bool) -> Self {
        if stdout_is_taken {
            return Self::Quiet;
        }
        let is_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
        match is_terminal.then(ratatui::try_init) {
            Some(Ok(terminal)) => Self::Screen(Screen {
                terminal: Box::new(terminal),
                notes: Vec::new(),
            }),
            _ => Self::Lines { shown: 0 },
        }
    }

    /// Waits until the user wants something; for ever without a keyboard.
    pub(super) async fn wish(&self) -> Wish {
        if !matches!(self, Self::Screen(_)) {
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

    /// Shows the newest reading; fails as [`Failure::reader_gone`] where nobody looks on.
    pub(super) fn show(&mut self, known: &Known, by_process: bool) -> Result<(), Failure> {
        match self {
            Self::Quiet => Ok(()),
            Self::Screen(Screen { terminal, notes }) => terminal
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
                answer_to_reader(&text)
            }
        }
    }

    /// Tells what is no reading.
    pub(super) fn note(&mut self, note: &str) {
        match self {
            Self::Screen(Screen { notes, .. }) => {
                notes.push(report::printable(note).to_string());
                let surplus = notes.len().saturating_sub(NOTES);
                notes.drain(..surplus);
            }
            Self::Lines { .. } | Self::Quiet => tell(&report::printable(note)),
        }
    }

    /// Gives the terminal back; what was noted stays to be read.
    pub(super) fn close(&mut self) {
        if matches!(self, Self::Screen(_)) {
            *self = Self::Quiet;
        }
    }
}

fn growth(known: &Known) -> Vec<String> {
    let sentence = |(metric, growth): &(Metric, watch::Growth)| {
        format!("{}\n", growth.sentence(metric.name(), metric.unit()))
    };
    known.growth.iter().map(sentence).collect()
}

fn draw(frame: &mut Frame<'_>, known: &Known, notes: &[String], by_process: bool) {
    let area = frame.area();
    let of_processes = match by_process {
        true => lines::by_process_rows(&known.reading),
        false => Vec::new(),
    };
    let n_processes = of_processes.len().min(MOST_PROCESSES) as u16;
    let n_notes = notes.len().min(usize::from(area.height / 8)) as u16;
    let n_growth = known.growth.len() as u16;
    let others = 1 + n_processes + n_growth + n_notes;
    let n_columns = usize::from((area.width / COLUMN).clamp(1, 3));
    let most_rows = area
        .height
        .saturating_sub(others + LEAST_CHART)
        .max(LEAST_FIGURES);
    let cells = figures(known, n_columns * usize::from(most_rows));
    let rows = [
        Constraint::Length(1),
        Constraint::Min(LEAST_CHART),
        Constraint::Length(cells.len().div_ceil(n_columns) as u16),
        Constraint::Length(n_processes),
        Constraint::Length(n_growth),
        Constraint::Length(n_notes),
    ];
    let [head, chart, table, processes, growth, noted] = Layout::vertical(rows).areas(area);
    let keys = Line::from("  q ends").bold();
    let halves = [Constraint::Min(0), Constraint::Length(keys.width() as u16)];
    let [title, right] = Layout::horizontal(halves).areas(head);
    frame.render_widget(Line::from(known.title.as_str()).bold(), title);
    frame.render_widget(keys, right);
    draw_chart(frame, chart, known);
    draw_cells(frame, table, &cells, n_columns);
    let of_processes: Vec<Line<'_>> = of_processes.into_iter().map(Line::from).collect();
    frame.render_widget(Paragraph::new(of_processes), processes);
    let sentences: Vec<Line<'_>> = known
        .growth
        .iter()
        .map(|(metric, growth)| {
            let sentence = growth.sentence(metric.name(), metric.unit());
            let line = Line::from(fitting(&sentence, area.width).to_owned());
            match growth.judgement {
                Judgement::LooksLikeALeak => line.style(Style::new().red().bold()),
                _ => line,
            }
        })
        .collect();
    frame.render_widget(Paragraph::new(sentences), growth);
    let noted_lines = &notes[notes.len() - usize::from(n_notes)..];
    let noted_lines: Vec<Line<'_>> = noted_lines.iter().map(|n| Line::from(n.as_str())).collect();
    frame.render_widget(Paragraph::new(noted_lines), noted);
}

/// A sentence about growth without its noise floor where there is no room for that.
fn fitting(sentence: &str, width: u16) -> &str {
    match sentence.split_once(" (noise") {
        Some((short, _)) if sentence.chars().count() > usize::from(width) => short,
        _ => sentence,
    }
}

fn draw_chart(frame: &mut Frame<'_>, area: Rect, known: &Known) {
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

/// The figures that are known, each a cell; where there is no room for all of them, those that people
/// look at most.
fn figures(known: &Known, most: usize) -> Vec<String> {
    let mut figures: Vec<(Metric, f64)> = known.reading.figures.known().collect();
    let rank = |metric: Metric| LOOKED_AT.iter().position(|&one| one == metric);
    figures.sort_by_key(|&(metric, _)| (rank(metric).unwrap_or(LOOKED_AT.len()), metric));
    figures.truncate(most);
    figures.sort_by_key(|&(metric, _)| metric);
    let cell =
        |(metric, value): (Metric, f64)| format!("{metric:<14} {}", metric.unit().show(value));
    figures.into_iter().map(cell).collect()
}

/// Cells column by column.
fn draw_cells(frame: &mut Frame<'_>, area: Rect, cells: &[String], n_columns: usize) {
    let height = cells.len().div_ceil(n_columns).max(1);
    let row = |at: usize| {
        let column = |n: usize| cells.get(at + n * height).cloned().unwrap_or_default();
        Row::new((0..n_columns).map(column))
    };
    let part = Constraint::Ratio(1, n_columns as u32);
    let parts = vec![part; n_columns];
    frame.render_widget(Table::new((0..height).map(row), parts), area);
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
        for (width, height) in [(100, 40), (80, 24), (60, 20), (40, 12), (3, 2)] {
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
            if width >= 60 {
                for words in [
                    "node server.js (42)",
                    "q ends",
                    "104.0 MiB",
                    "looks like a leak so far: +57.2 MiB/min over",
                    "a note",
                    "fds",
                ] {
                    assert!(shown.contains(words), "`{words}` is not in {shown}");
                }
            }
        }
    }
}
