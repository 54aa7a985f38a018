//! Screens as text: keys in, what stands on a terminal of a given size out.

use std::collections::VecDeque;
use std::sync::mpsc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Color;
use recording::Recording;
use verdict::Verdict;

use crate::app::{App, Next};
use crate::bench::{Bench, Opened, Trouble, Watch};
use crate::draw::draw;
use crate::look::Look;
use crate::question::Answer;
use crate::worker::work;

/// Heaps as text; those that are empty cannot be read.
struct Heaps(Vec<String>);

impl Bench for Heaps {
    fn title(&self) -> String {
        "heaps".into()
    }

    fn snapshots(&self) -> Vec<String> {
        (0..self.0.len())
            .map(|n| format!("{n}.heapsnapshot"))
            .collect()
    }

    fn compared(&self) -> (usize, usize) {
        (0, self.0.len().saturating_sub(1))
    }

    fn is_run(&self) -> bool {
        false
    }

    fn verdict(&self, _watch: &Watch) -> Result<(Verdict, Recording), Trouble> {
        Err(trouble("no run"))
    }

    fn open(&self, snapshot: usize, _watch: &Watch) -> Result<Opened, Trouble> {
        if self.0[snapshot].is_empty() {
            return Err(trouble("cannot read it"));
        }
        let snapshot = heap::parse(testkit::heap(&self.0[snapshot]).as_slice(), None).unwrap();
        let analysis = heap::Analysis::of(&snapshot);
        Ok(Opened { snapshot, analysis })
    }
}

fn trouble(message: &str) -> Trouble {
    Trouble {
        message: message.into(),
        hint: Some("take it again".into()),
    }
}

/// The screen with a worker that answers at once.
struct Session {
    app: App,
    bench: Heaps,
    terminal: Terminal<TestBackend>,
    look: Look,
}

impl Session {
    fn of(heaps: &[&str], width: u16, height: u16) -> Self {
        let bench = Heaps(heaps.iter().map(|&heap| heap.to_owned()).collect());
        Self {
            app: App::new(&bench),
            bench,
            terminal: Terminal::new(TestBackend::new(width, height)).unwrap(),
            look: Look::Colors,
        }
    }

    /// Everything that was asked is answered.
    fn answered(&mut self) {
        let asked: VecDeque<_> = self.app.questions.drain(..).collect();
        let (questions, of_worker) = mpsc::channel();
        let (to_us, answers) = mpsc::channel::<Answer>();
        asked
            .into_iter()
            .for_each(|question| questions.send(question).unwrap());
        drop(questions);
        work(&self.bench, &Watch::default(), &of_worker, &to_us);
        drop(to_us);
        answers
            .into_iter()
            .for_each(|answer| self.app.answer(answer));
    }

    /// Presses keys, one a character; words in brackets are named keys.
    fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let named = [
                ("<enter>", KeyCode::Enter),
                ("<esc>", KeyCode::Esc),
                ("<back>", KeyCode::Backspace),
                ("<down>", KeyCode::Down),
                ("<right>", KeyCode::Right),
                ("<tab>", KeyCode::Tab),
            ];
            let (name, code) = (named.into_iter().find(|(name, _)| rest.starts_with(name)))
                .unwrap_or((&rest[..c.len_utf8()], KeyCode::Char(c)));
            rest = &rest[name.len()..];
            self.answered();
            assert_eq!(self.app.key(KeyEvent::from(code)), Next::Go, "{code:?}");
        }
        self.answered();
        self
    }

    fn screen(&mut self) -> String {
        let (app, look) = (&mut self.app, self.look);
        self.terminal
            .draw(|frame| draw(frame, app, look, None))
            .unwrap();
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let rows = buffer.content.chunks(width);
        let row = |cells: &[ratatui::buffer::Cell]| {
            let text: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
            text.trim_end().to_owned()
        };
        rows.map(row)
            .collect::<Vec<_>>()
            .join("\n")
            .trim_end()
            .to_owned()
    }
}

/// Compares a screen with what is kept of it; `LEAKSCOPE_BLESS=1` keeps it anew.
#[track_caller]
fn check_screen(name: &str, screen: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests");
    let path = folder.join(name).with_extension("txt");
    if std::env::var_os("LEAKSCOPE_BLESS").is_some() {
        std::fs::write(&path, format!("{screen}\n")).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(screen, kept.trim_end(), "{name}");
}

const BASE: &str = "
    root     -> server@11:Server 48          property app
    server   -> sessions@13:Map 64           property sessions
    sessions -> table@15:array/\"\" 80       internal table
    table    -> old*2@21:Session 96          element
    old      -> text*2:string/hello 24       property text";

const NEWER: &str = "
    root     -> server@11:Server 48          property app
    server   -> sessions@13:Map 64           property sessions
    sessions -> table@15:array/\"\" 80       internal table
    table    -> session*5@23:Session 96      element
    session  -> text*5:string/hello 24       property text";

#[test]
fn the_summary_unfolds_into_objects_and_what_they_refer_to() {
    let mut session = Session::of(&[BASE, NEWER], 80, 14);
    session.keys("/session<enter><right><down><right>");
    check_screen("summary", &session.screen());
    session.keys("hh");
    let screen = session.screen();
    assert_eq!(session.app.pane().tree.selected, 2, "{screen}");
}

#[test]
fn the_comparison_shows_what_came_and_went() {
    let mut session = Session::of(&[BASE, NEWER], 100, 14);
    session.keys("3 ");
    check_screen("comparison", &session.screen());
}

#[test]
fn dominators_and_retainers_lead_from_one_to_the_other() {
    let mut session = Session::of(&[NEWER], 80, 12);
    session.keys("4<right><down><right>");
    check_screen("dominators", &session.screen());
    session.keys("o@25<enter> <down> ");
    check_screen("retainers", &session.screen());
    session.keys("r");
    let screen = session.screen();
    assert!(screen.contains("Map @13 is kept by"), "{screen}");
    session.keys("b");
    assert!(session.screen().contains("Session @25 is kept by"));
}

#[test]
fn lists_are_sorted_filtered_and_searched() {
    let mut session = Session::of(&[NEWER], 80, 10);
    session.keys("ss");
    let screen = session.screen();
    assert!(screen.contains("Class by count \u{2193}"), "{screen}");
    assert!(
        screen.lines().nth(3).unwrap().contains("(string)"),
        "{screen}"
    );
    session.keys("S");
    assert!(session.screen().contains("Class by count \u{2191}"));
    session.keys("fSess<enter>");
    let screen = session.screen();
    assert!(
        screen.contains("filter: Sess (1)") && !screen.contains("Map"),
        "{screen}"
    );
    session.keys("f<esc>/nowhere<enter>");
    let screen = session.screen();
    assert!(screen.contains("error: `nowhere` is in none"), "{screen}");
    session.keys("f<back><back><back><back>/(/<enter>");
    assert!(session.screen().contains("no regular expression"));
}

#[test]
fn what_cannot_be_shown_says_so_and_keys_go_on() {
    let mut session = Session::of(&["", NEWER], 90, 8);
    session.keys("[");
    let screen = session.screen();
    assert!(
        screen.contains("error: cannot read it \u{2500} take it again"),
        "{screen}"
    );
    session.keys("]");
    assert!(session.screen().contains("Session"));
    session.keys("r");
    assert!(session.screen().contains("no object is selected"));
    session.keys("oNothing<enter>");
    assert!(
        session.screen().contains("no class `Nothing`"),
        "{}",
        session.screen()
    );
    session.keys("1");
    let screen = session.screen();
    assert!(screen.contains("no verdict"), "{screen}");
    session.keys("5");
    assert!(session.screen().contains("press r"), "{}", session.screen());
    let mut nothing = Session::of(&[], 60, 8);
    for key in [
        "2",
        "3",
        "4",
        "5",
        "jkglh r d b s S n ] } { [",
        "oX<enter>",
        "f.<enter>",
    ] {
        nothing.keys(key);
        nothing.screen();
    }
}

#[test]
fn every_size_of_terminal_is_drawn_and_narrow_ones_drop_columns() {
    let mut session = Session::of(&[BASE, NEWER], 1, 1);
    for (width, height) in [
        (1, 1),
        (19, 5),
        (20, 6),
        (33, 7),
        (40, 9),
        (80, 24),
        (500, 200),
    ] {
        session.terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        for keys in [
            "1",
            "2lj",
            "3l",
            "4l",
            "5o@11<enter>",
            "?",
            "jk<esc>",
            "G",
            "g",
        ] {
            session.keys(keys);
            session.screen();
        }
    }
    session.terminal = Terminal::new(TestBackend::new(50, 10)).unwrap();
    session.keys("3");
    let screen = session.screen();
    assert!(
        screen.contains("Size Delta") && !screen.contains("Freed"),
        "{screen}"
    );
}

#[test]
fn names_from_the_heap_cannot_steer_the_terminal() {
    let long = "z".repeat(1_000_000);
    let heap =
        format!("root -> e:\"\\u001b[2J\\u202eevil{long}\" 16 property \"\\u001b]0;x\\u0007\"");
    let mut session = Session::of(&[&heap], 80, 8);
    session.keys("l4l5o@3<enter>");
    for tab in ["2", "4", "5"] {
        session.keys(tab);
        let screen = session.screen();
        let unsafe_char = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(
            !screen.contains(unsafe_char) && screen.contains("u{1b}"),
            "{screen}"
        );
    }
}

#[test]
fn without_color_nothing_is_colored_and_the_help_lists_the_keys() {
    let mut session = Session::of(&[BASE, NEWER], 100, 30);
    session.look = Look::Plain;
    session.keys("3l?");
    let screen = session.screen();
    assert!(screen.contains("sort by the next column"), "{screen}");
    let cells = &session.terminal.backend().buffer().content;
    assert!(
        cells
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    session.keys("<esc>");
    assert!(!session.screen().contains("sort by the next column"));
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(session.app.key(control_c), Next::Quit);
}
