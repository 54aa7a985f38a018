//! The state as a screen: tabs above, a list below, one line at the bottom for keys and troubles.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line as Text, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Wrap};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use units::{Bytes, Count};

use crate::app::{App, Mode, Prompt};
use crate::keys::HELP;
use crate::look::Look;
use crate::question::Tone;
use crate::tabs::{Figure, TABS, Tab};
use crate::tree::{Line, State};

/// Columns that a name has at least; figures give way to it.
const NAME: usize = 24;

/// Smaller screens show nothing that could be read.
const LEAST: (u16, u16) = (20, 6);

/// Lines of a retaining path.
const PATH_LINES: u16 = 4;

/// Draws everything. `progress` is of the file that is read.
pub(crate) fn draw(
    frame: &mut Frame<'_>,
    app: &mut App,
    look: Look,
    progress: Option<(u64, Option<u64>)>,
) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        frame.render_widget(
            Paragraph::new("larger, please").wrap(Wrap { trim: true }),
            area,
        );
        return;
    }
    let about = about(app);
    let about_lines = match app.tab {
        Tab::Retainers => wrapped_lines(&about, area.width).clamp(1, PATH_LINES),
        _ => 1,
    };
    let [tabs, note, body, status] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(about_lines.min(area.height - 4)),
        Constraint::Min(2),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(tabs_line(app, look)), tabs);
    let about = Paragraph::new(about).style(look.tone(Tone::Dim));
    frame.render_widget(about.wrap(Wrap { trim: false }), note);
    match app.tab {
        Tab::Verdict => draw_verdict(frame, app, look, body),
        _ => draw_list(frame, app, look, body),
    }
    frame.render_widget(Paragraph::new(status_line(app, look, progress)), status);
    if let Mode::Help { top } = app.mode {
        draw_help(frame, look, top);
    }
}

fn wrapped_lines(text: &str, width: u16) -> u16 {
    let lines = text.width().div_ceil(usize::from(width.max(1)));
    u16::try_from(lines).unwrap_or(u16::MAX)
}

fn tabs_line(app: &App, look: Look) -> Text<'static> {
    let mut spans = Vec::new();
    for (number, tab) in TABS.iter().enumerate() {
        let style = match *tab == app.tab {
            true => look.title().add_modifier(Modifier::REVERSED),
            false => Style::new(),
        };
        spans.push(Span::styled(
            format!(" {} {} ", number + 1, tab.title()),
            style,
        ));
    }
    spans.push(Span::styled(
        format!("  {}", app.title),
        look.tone(Tone::Dim),
    ));
    Text::from(spans)
}

/// What the tab's list is about.
fn about(app: &App) -> String {
    let name = |snapshot: usize| app.snapshots.get(snapshot).cloned().unwrap_or_default();
    let pane = app.pane();
    let mut about = match app.tab {
        Tab::Verdict => return String::new(),
        Tab::Comparison => format!("{} \u{2192} {}", name(app.base), name(app.newer)),
        Tab::Retainers if !pane.note.is_empty() => return pane.note.clone(),
        _ => name(pane.object.map_or(app.newer, |object| object.snapshot)),
    };
    if pane.subject.is_some() && !pane.note.is_empty() {
        about += &format!("  {}", pane.note);
    }
    if !pane.filter.is_empty() {
        about += &format!("  filter: {} ({})", pane.filter, Count(pane.matching));
    }
    about
}

/// The columns that there is room for, in order, with their number.
fn columns(tab: Tab, width: usize) -> Vec<(usize, Figure)> {
    let mut kept: Vec<_> = tab.figures().iter().copied().enumerate().collect();
    let least = NAME.min(width / 2);
    while !kept.is_empty() && least + kept.iter().map(|(_, f)| f.width + 1).sum::<usize>() > width {
        let last = (0..kept.len()).max_by_key(|&at| kept[at].1.rank);
        kept.remove(last.unwrap_or_default());
    }
    kept
}

fn draw_list(frame: &mut Frame<'_>, app: &mut App, look: Look, area: Rect) {
    let width = usize::from(area.width);
    let figures = columns(app.tab, width);
    let name_width = width - figures.iter().map(|(_, f)| f.width + 1).sum::<usize>();
    let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(1)]).areas(area);
    frame.render_widget(
        Paragraph::new(head_line(app, look, name_width, &figures)),
        head,
    );
    app.height = usize::from(body.height);
    let height = app.height;
    let message = empty(app);
    let pane = app.pane_mut();
    if pane.tree.lines.is_empty() {
        frame.render_widget(Paragraph::new(message).wrap(Wrap { trim: true }), body);
        return;
    }
    pane.tree.scroll(height);
    let (top, selected) = (pane.tree.top, pane.tree.selected);
    let lines = pane.tree.lines.iter().enumerate().skip(top).take(height);
    for (y, (at, line)) in (body.y..).zip(lines) {
        let text = list_line(line, look, name_width, &figures);
        let row = Rect {
            y,
            height: 1,
            ..body
        };
        frame.render_widget(Paragraph::new(text), row);
        if at == selected {
            frame.buffer_mut().set_style(row, look.selected());
        }
    }
}

/// What stands where a list has no rows.
fn empty(app: &App) -> String {
    if app.is_waiting() {
        return "reading \u{2026}".into();
    }
    let text = match (app.tab, &app.pane().subject) {
        _ if app.snapshots.is_empty() => "This run has no heap snapshots.",
        (Tab::Comparison, None) if app.trouble.is_none() => {
            "A comparison needs two snapshots: ] [ choose the newer one, } { the base."
        }
        (Tab::Retainers, None) if app.trouble.is_none() => {
            "Select an object in another tab and press r, or go to one with o."
        }
        (_, Some(_)) => "Nothing.",
        (_, None) => "",
    };
    text.into()
}

fn head_line(
    app: &App,
    look: Look,
    name_width: usize,
    figures: &[(usize, Figure)],
) -> Text<'static> {
    let pane = app.pane();
    let sorted = app.tab.sorts().get(pane.sort).copied().unwrap_or_default();
    let arrow = if pane.is_reversed {
        "\u{2191}"
    } else {
        "\u{2193}"
    };
    let title = format!("{} by {sorted} {arrow}", app.tab.name_title());
    let mut spans = vec![Span::styled(fit(&title, name_width), look.header())];
    for (_, figure) in figures {
        let title = format!(" {:>width$}", figure.title, width = figure.width);
        spans.push(Span::styled(title, look.header()));
    }
    Text::from(spans)
}

fn list_line(
    line: &Line,
    look: Look,
    name_width: usize,
    figures: &[(usize, Figure)],
) -> Text<'static> {
    // A deep tree must leave room for names.
    let indent = " ".repeat((line.depth() * 2).min(name_width / 2));
    let mut spans = vec![Span::raw(indent)];
    match line {
        Line::More { left, ticket, .. } => {
            let text = match ticket {
                Some(_) => "  reading \u{2026}".to_owned(),
                None => format!("  \u{2026} {} more", Count(*left)),
            };
            spans.push(Span::styled(text, look.tone(Tone::Dim)));
            Text::from(cut(spans, name_width))
        }
        Line::Row(unfolded) => {
            let mark = match (&unfolded.row.below, unfolded.state) {
                (None, _) => "  ",
                (_, State::Closed) => "\u{25b8} ",
                (_, State::Asked(_)) => "\u{2026} ",
                (_, State::Open) => "\u{25be} ",
            };
            spans.push(Span::raw(mark));
            for (tone, text) in &unfolded.row.name {
                spans.push(Span::styled(text.clone(), look.tone(*tone)));
            }
            let mut spans = cut(spans, name_width);
            for (at, figure) in figures {
                let cell = unfolded.row.cells.get(*at).map_or("", String::as_str);
                spans.push(Span::raw(format!(" {cell:>width$}", width = figure.width)));
            }
            Text::from(spans)
        }
    }
}

/// Spans cut or filled to a width; what is cut ends with a mark.
fn cut(spans: Vec<Span<'static>>, width: usize) -> Vec<Span<'static>> {
    let all: usize = spans.iter().map(Span::width).sum();
    let mut room = if all > width {
        width.saturating_sub(1)
    } else {
        width
    };
    let mut kept = Vec::new();
    for span in spans {
        let text = first_columns(&span.content, room);
        room -= text.width();
        let is_whole = text.len() == span.content.len();
        kept.push(Span::styled(text, span.style));
        if !is_whole {
            break;
        }
    }
    let end = if all > width { "\u{2026}" } else { "" };
    kept.push(Span::raw(format!("{end}{}", " ".repeat(room))));
    kept
}

fn fit(text: &str, width: usize) -> String {
    let spans = cut(vec![Span::raw(text.to_owned())], width);
    spans
        .into_iter()
        .map(|span| span.content.into_owned())
        .collect()
}

fn first_columns(text: &str, width: usize) -> String {
    let mut room = width;
    let fits = |c: &char| {
        let columns = c.width().unwrap_or(0);
        let fits = columns <= room;
        room = room.saturating_sub(columns);
        fits
    };
    text.chars().take_while(fits).collect()
}

fn draw_verdict(frame: &mut Frame<'_>, app: &mut App, look: Look, area: Rect) {
    app.height = usize::from(area.height);
    let Some(told) = &app.verdict else {
        let text = match (app.is_run, app.is_waiting()) {
            (_, true) => "reading \u{2026}",
            (true, _) => "The verdict cannot be told: see below. Other tabs show the snapshots.",
            (false, _) => {
                "These are snapshots without a run, so there is no verdict. `leakscope hunt` makes a \
                 run; here, Comparison shows what grew."
            }
        };
        frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
        return;
    };
    let style = report::Style {
        width: usize::from(area.width),
        color: report::Color::Plain,
    };
    let text = report::verdict_text(&told.0, &told.1, style);
    let lines: Vec<&str> = text.lines().collect();
    // A suspect begins with its number.
    let mark = format!("  {}. ", app.suspect + 1);
    let selected = lines.iter().position(|line| line.starts_with(&mark));
    let last = lines.len().saturating_sub(app.height);
    app.verdict_top = app.verdict_top.min(last);
    let shown = lines
        .iter()
        .enumerate()
        .skip(app.verdict_top)
        .take(app.height);
    let shown = shown.map(|(at, line)| verdict_line(line, at, selected, look));
    frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()), area);
}

fn verdict_line(line: &str, at: usize, selected: Option<usize>, look: Look) -> Text<'static> {
    if at == 0 {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        return Text::from(vec![
            Span::styled(word.to_owned(), look.outcome(word)),
            Span::raw(format!(" {rest}")),
        ]);
    }
    match selected == Some(at) {
        true => Text::styled(line.replacen("  ", "\u{203a} ", 1), look.selected()),
        false => Text::raw(line.to_owned()),
    }
}

fn status_line(app: &App, look: Look, progress: Option<(u64, Option<u64>)>) -> Text<'static> {
    if let Mode::Prompt { what, text } = &app.mode {
        let asked = match what {
            Prompt::Filter => "filter: ",
            Prompt::Search => "search: ",
            Prompt::Object => "object (@ID or class): ",
        };
        let text = report::printable(text);
        return Text::from(vec![
            Span::styled(asked, look.key()),
            Span::raw(text),
            Span::styled(" ", look.selected()),
        ]);
    }
    if let Some(trouble) = &app.trouble {
        let hint = trouble
            .hint
            .as_ref()
            .map(|hint| format!(" \u{2500} {hint}"));
        let message = format!("{}{}", trouble.message, hint.unwrap_or_default());
        return Text::from(vec![
            Span::styled("error: ", look.trouble()),
            Span::raw(report::printable(&message)),
        ]);
    }
    if app.is_waiting() {
        let text = match progress {
            Some((n, Some(all))) if n < all => {
                let percent = u128::from(n) * 100 / u128::from(all.max(1));
                format!("reading {percent}% of {}", Bytes(all))
            }
            Some((n, None)) => format!("reading, {} so far", Bytes(n)),
            Some(_) => "analyzing".to_owned(),
            None => "working".to_owned(),
        };
        return Text::from(vec![
            Span::raw(format!("{text} \u{2026}  ")),
            Span::styled("Esc", look.key()),
            Span::raw(" stops reading  "),
            Span::styled("q", look.key()),
            Span::raw(" ends"),
        ]);
    }
    let keys: &[(&str, &str)] = match app.tab {
        Tab::Verdict => &[
            ("r", "holder's retainers"),
            ("1-5", "tabs"),
            ("?", "help"),
            ("q", "end"),
        ],
        _ => &[
            ("\u{2192}\u{2190}", "unfold"),
            ("r", "retainers"),
            ("d", "dominated"),
            ("o", "go to"),
            ("s", "sort"),
            ("f", "filter"),
            ("?", "help"),
            ("q", "end"),
        ],
    };
    let spans = keys.iter().flat_map(|&(key, what)| {
        [
            Span::styled(key, look.key()),
            Span::raw(format!(" {what}  ")),
        ]
    });
    Text::from(spans.collect::<Vec<_>>())
}

fn draw_help(frame: &mut Frame<'_>, look: Look, top: usize) {
    let keys = HELP.iter().map(|(key, _)| key.width()).max().unwrap_or(0);
    let line = |(key, what): &(&'static str, &'static str)| {
        let fill = " ".repeat(keys - key.width() + 2);
        Text::from(vec![
            Span::styled(*key, look.key()),
            Span::raw(format!("{fill}{what}")),
        ])
    };
    let width = HELP.iter().map(|(_, what)| keys + what.width() + 6).max();
    let area = frame.area();
    let width = u16::try_from(width.unwrap_or(0))
        .unwrap_or(u16::MAX)
        .min(area.width);
    let height = u16::try_from(HELP.len() + 2)
        .unwrap_or(u16::MAX)
        .min(area.height);
    let area = Rect {
        x: (area.width - width) / 2,
        y: (area.height - height) / 2,
        width,
        height,
    };
    let top = top.min(HELP.len().saturating_sub(usize::from(height) - 2));
    let lines: Vec<_> = HELP.iter().skip(top).map(line).collect();
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(" Keys ");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}
