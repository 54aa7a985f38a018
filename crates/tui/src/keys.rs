//! What keys mean: those of DevTools' trees, and those of vi.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Quit,
    /// Ends what is waited for, closes what is open on top.
    Leave,
    Help,
    /// By the number on it, from 0.
    Tab(usize),
    NextTab,
    LastTab,
    Down(Step),
    Up(Step),
    First,
    Last,
    Open,
    Close,
    /// Opens what is closed, closes what is open.
    Turn,
    Sort,
    Reverse,
    Filter,
    Search,
    Again,
    AgainBackwards,
    Object,
    Retainers,
    Dominators,
    Back,
    NextSnapshot,
    LastSnapshot,
    NextBase,
    LastBase,
}

/// How far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Line,
    Half,
    Page,
}

/// Every key with what it does, for the help.
pub(crate) const HELP: [(&str, &str); 19] = [
    (
        "1 \u{2026} 5, Tab",
        "Verdict, Summary, Comparison, Dominators, Retainers",
    ),
    ("\u{2191} \u{2193}, k j", "one line up, down"),
    ("PgUp PgDn, ^B ^F", "one page; ^U ^D half a page"),
    ("Home End, g G", "to the first, the last line"),
    ("\u{2192}, l", "unfold; load what is left of a list"),
    ("\u{2190}, h", "fold up; to the row above"),
    ("Enter, Space", "unfold or fold up"),
    (
        "r",
        "what keeps the selected object; of a suspect, its holder",
    ),
    ("d", "what the selected object dominates"),
    ("o", "go to an object: @ID, or a class, whose largest it is"),
    ("b, Backspace", "back to the object before"),
    ("s", "sort by the next column"),
    ("S", "turn the order around"),
    ("f", "filter by a text or /REGEX/; empty for all"),
    ("/", "search in what is loaded; n and N go on"),
    ("] [", "the next, the last snapshot"),
    ("} {", "of a comparison, the next, the last base"),
    ("Esc", "stop reading a file; leave a question"),
    ("q, ^C", "end"),
];

/// The meaning of a key while nothing is typed.
pub(crate) fn action(key: KeyEvent) -> Option<Action> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return Some(match key.code {
            KeyCode::Char('c') => Action::Quit,
            KeyCode::Char('d') => Action::Down(Step::Half),
            KeyCode::Char('u') => Action::Up(Step::Half),
            KeyCode::Char('f') => Action::Down(Step::Page),
            KeyCode::Char('b') => Action::Up(Step::Page),
            _ => return None,
        });
    }
    Some(match key.code {
        KeyCode::Char('q') => Action::Quit,
        KeyCode::Esc => Action::Leave,
        KeyCode::Char('?') | KeyCode::F(1) => Action::Help,
        KeyCode::Char(digit @ '1'..='5') => Action::Tab(digit as usize - '1' as usize),
        KeyCode::Tab => Action::NextTab,
        KeyCode::BackTab => Action::LastTab,
        KeyCode::Down | KeyCode::Char('j') => Action::Down(Step::Line),
        KeyCode::Up | KeyCode::Char('k') => Action::Up(Step::Line),
        KeyCode::PageDown => Action::Down(Step::Page),
        KeyCode::PageUp => Action::Up(Step::Page),
        KeyCode::Home | KeyCode::Char('g') => Action::First,
        KeyCode::End | KeyCode::Char('G') => Action::Last,
        KeyCode::Right | KeyCode::Char('l') => Action::Open,
        KeyCode::Left | KeyCode::Char('h') => Action::Close,
        KeyCode::Enter | KeyCode::Char(' ') => Action::Turn,
        KeyCode::Char('s') => Action::Sort,
        KeyCode::Char('S') => Action::Reverse,
        KeyCode::Char('f') => Action::Filter,
        KeyCode::Char('/') => Action::Search,
        KeyCode::Char('n') => Action::Again,
        KeyCode::Char('N') => Action::AgainBackwards,
        KeyCode::Char('o') => Action::Object,
        KeyCode::Char('r') => Action::Retainers,
        KeyCode::Char('d') => Action::Dominators,
        KeyCode::Char('b') | KeyCode::Backspace => Action::Back,
        KeyCode::Char(']') => Action::NextSnapshot,
        KeyCode::Char('[') => Action::LastSnapshot,
        KeyCode::Char('}') => Action::NextBase,
        KeyCode::Char('{') => Action::LastBase,
        _ => return None,
    })
}
