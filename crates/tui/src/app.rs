//! What is shown, and how keys and answers change it. Draws nothing, waits for nothing: questions
//! are left in a list for whoever runs it.

mod objects;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use recording::Recording;
use verdict::Verdict;

use crate::bench::{Bench, Trouble};
use crate::keys::{self, Action, Step};
use crate::question::{Answer, Object, Question, Subject, Told};
use crate::tabs::{Pane, TABS, Tab};
use crate::tree::{Line, State, Tree};

/// The whole of the screen's state.
pub(crate) struct App {
    pub(crate) title: String,
    pub(crate) snapshots: Vec<String>,
    pub(crate) is_run: bool,
    pub(crate) base: usize,
    pub(crate) newer: usize,
    /// The snapshot that the verdict's holders are named in.
    holders_in: usize,
    pub(crate) tab: Tab,
    panes: [Pane; TABS.len()],
    pub(crate) verdict: Option<Box<(Verdict, Recording)>>,
    /// The suspect that is selected, from 0.
    pub(crate) suspect: usize,
    /// The first line of the verdict in view, if it was scrolled.
    pub(crate) verdict_top: usize,
    pub(crate) mode: Mode,
    /// What went wrong last.
    pub(crate) trouble: Option<Trouble>,
    /// Lines that the list had room for when it was drawn.
    pub(crate) height: usize,
    searched: String,
    /// Objects whose retainers were shown before.
    before: Vec<Object>,
    next_ticket: u64,
    /// Still to be asked.
    pub(crate) questions: Vec<Question>,
}

/// What keys go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    Browse,
    Help { top: usize },
    Prompt { what: Prompt, text: String },
}

/// What is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    Filter,
    Search,
    Object,
}

/// What a key has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// On with it.
    Go,
    /// Reading shall stop.
    Stop,
    /// The end.
    Quit,
}

impl App {
    pub(crate) fn new(bench: &dyn Bench) -> Self {
        let snapshots = bench.snapshots();
        let last = snapshots.len().saturating_sub(1);
        let (base, newer) = bench.compared();
        let is_run = bench.is_run();
        let mut app = Self {
            title: bench.title(),
            is_run,
            base: base.min(last),
            newer: newer.min(last),
            holders_in: newer.min(last),
            snapshots,
            tab: if is_run { Tab::Verdict } else { Tab::Summary },
            panes: Default::default(),
            verdict: None,
            suspect: 0,
            verdict_top: 0,
            mode: Mode::Browse,
            trouble: None,
            height: 1,
            searched: String::new(),
            before: Vec::new(),
            next_ticket: 1,
            questions: Vec::new(),
        };
        app.ask_for_tab();
        app
    }

    pub(crate) fn pane(&self) -> &Pane {
        &self.panes[self.tab as usize]
    }

    pub(crate) fn pane_mut(&mut self) -> &mut Pane {
        &mut self.panes[self.tab as usize]
    }

    /// Whether an answer is waited for.
    pub(crate) fn is_waiting(&self) -> bool {
        let asked = |line: &Line| match line {
            Line::Row(unfolded) => matches!(unfolded.state, State::Asked(_)),
            Line::More { ticket, .. } => ticket.is_some(),
        };
        let pane = self.pane();
        pane.ticket.is_some() || pane.tree.lines.iter().any(asked)
    }

    fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }

    /// What the present tab is to show.
    fn subject(&self) -> Option<Subject> {
        if self.snapshots.is_empty() && self.tab != Tab::Verdict {
            return None;
        }
        let (base, newer) = (self.base, self.newer);
        match self.tab {
            Tab::Verdict => self.is_run.then_some(Subject::Verdict),
            Tab::Summary => Some(Subject::Classes { snapshot: newer }),
            Tab::Comparison => (base != newer).then_some(Subject::Changes { base, newer }),
            Tab::Dominators => Some(match self.pane().object {
                Some(Object { snapshot, id }) => Subject::Dominated {
                    snapshot,
                    id: Some(id),
                },
                None => Subject::Dominated {
                    snapshot: newer,
                    id: None,
                },
            }),
            Tab::Retainers => self.pane().object.map(Subject::Retainers),
        }
    }

    /// Asks for what the tab is to show, unless it shows that already.
    fn ask_for_tab(&mut self) {
        let subject = self.subject();
        if subject.is_none() || self.pane().subject != subject {
            self.ask(subject);
        }
    }

    /// Asks for the tab's list anew.
    fn ask(&mut self, subject: Option<Subject>) {
        self.trouble = None;
        let tab = self.tab;
        let Some(subject) = subject else {
            let pane = self.pane_mut();
            pane.subject = None;
            pane.ticket = None;
            pane.tree = Tree::default();
            return;
        };
        match self.pane().wanted(tab, 0) {
            Ok(wanted) => {
                let ticket = self.ticket();
                let pane = self.pane_mut();
                pane.subject = Some(subject.clone());
                pane.ticket = Some(ticket);
                self.questions.push(Question {
                    ticket,
                    subject,
                    wanted,
                });
            }
            Err(wrong) => {
                self.trouble = Some(Trouble {
                    message: format!("the filter is no regular expression: {wrong}"),
                    hint: None,
                });
            }
        }
    }

    /// Takes an answer in.
    pub(crate) fn answer(&mut self, Answer { ticket, result }: Answer) {
        let is_for = |pane: &Pane| pane.ticket == Some(ticket);
        let at = self.panes.iter().position(is_for);
        match (at, result) {
            (Some(at), Ok(Told::Rows(rows))) => {
                let pane = &mut self.panes[at];
                pane.ticket = None;
                pane.note.clone_from(&rows.note);
                pane.matching = rows.matching;
                if let Some(about) = rows.about {
                    pane.object = Some(about);
                    pane.subject = Some(Subject::Retainers(about));
                }
                pane.tree = match pane.subject.clone() {
                    Some(subject) => Tree::of(rows, subject),
                    None => Tree::default(),
                };
            }
            (Some(at), Ok(Told::Verdict(verdict))) => {
                self.panes[at].ticket = None;
                self.verdict = Some(verdict);
            }
            (Some(at), Err(trouble)) => {
                let pane = &mut self.panes[at];
                pane.ticket = None;
                pane.subject = None;
                pane.tree = Tree::default();
                pane.note.clear();
                self.trouble = Some(trouble);
            }
            (None, Ok(Told::Rows(rows))) => {
                for pane in &mut self.panes {
                    if pane.tree.answer(ticket, rows.clone()) {
                        return;
                    }
                }
            }
            (None, Ok(Told::Verdict(_))) => {}
            (None, Err(trouble)) => {
                let panes = self.panes.iter_mut();
                panes.for_each(|pane| pane.tree.forget(ticket));
                self.trouble = Some(trouble);
            }
        }
    }

    /// Takes a key in.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Next {
        if let Mode::Prompt { what, text } = &mut self.mode {
            let what = *what;
            match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
                (KeyCode::Char('c'), true) => return Next::Quit,
                (KeyCode::Char('u'), true) => text.clear(),
                (KeyCode::Char(c), false) => text.push(c),
                (KeyCode::Backspace, _) => {
                    text.pop();
                }
                (KeyCode::Esc, _) => self.mode = Mode::Browse,
                (KeyCode::Enter, _) => {
                    let text = std::mem::take(text);
                    self.mode = Mode::Browse;
                    self.typed(what, text);
                }
                _ => {}
            }
            return Next::Go;
        }
        let Some(action) = keys::action(key) else {
            return Next::Go;
        };
        if let Mode::Help { top } = &mut self.mode {
            match action {
                Action::Quit => return Next::Quit,
                Action::Down(_) => *top = (*top + 1).min(keys::HELP.len()),
                Action::Up(_) => *top = top.saturating_sub(1),
                _ => self.mode = Mode::Browse,
            }
            return Next::Go;
        }
        self.act(action)
    }

    fn act(&mut self, action: Action) -> Next {
        match action {
            Action::Quit => return Next::Quit,
            Action::Leave => {
                self.trouble = None;
                if self.is_waiting() {
                    return Next::Stop;
                }
            }
            Action::Help => self.mode = Mode::Help { top: 0 },
            Action::Tab(number) => self.show_tab(TABS[number]),
            Action::NextTab => self.show_tab(TABS[(self.tab as usize + 1) % TABS.len()]),
            Action::LastTab => {
                self.show_tab(TABS[(self.tab as usize + TABS.len() - 1) % TABS.len()]);
            }
            Action::Sort | Action::Reverse => self.sort(action == Action::Reverse),
            Action::Filter => {
                let text = self.pane().filter.clone();
                self.prompt(Prompt::Filter, text);
            }
            Action::Search => self.prompt(Prompt::Search, String::new()),
            Action::Again => self.search(false),
            Action::AgainBackwards => self.search(true),
            Action::Object => self.prompt(Prompt::Object, String::new()),
            Action::Retainers => self.retainers(),
            Action::Dominators => self.dominators(),
            Action::Back => self.back(),
            Action::NextSnapshot => self.choose_snapshots(self.base, self.newer + 1),
            Action::LastSnapshot => self.choose_snapshots(self.base, self.newer.saturating_sub(1)),
            Action::NextBase => self.choose_snapshots(self.base + 1, self.newer),
            Action::LastBase => self.choose_snapshots(self.base.saturating_sub(1), self.newer),
            _ => self.move_by(action),
        }
        Next::Go
    }

    fn move_by(&mut self, action: Action) {
        let lines = |step| {
            let n = match step {
                Step::Line => 1,
                Step::Half => self.height / 2,
                Step::Page => self.height.saturating_sub(1),
            };
            isize::try_from(n.max(1)).unwrap_or(isize::MAX)
        };
        let by = match action {
            Action::Down(step) => lines(step),
            Action::Up(step) => -lines(step),
            Action::First => isize::MIN + 1,
            Action::Last => isize::MAX,
            Action::Open => return self.open(),
            Action::Close => return self.pane_mut().tree.close(),
            Action::Turn => return self.turn(),
            _ => return,
        };
        match (self.tab, action) {
            (Tab::Verdict, Action::Down(Step::Line) | Action::Up(Step::Line)) => {
                self.select_suspect(by);
            }
            (Tab::Verdict, _) => self.verdict_top = self.verdict_top.saturating_add_signed(by),
            _ => self.pane_mut().tree.go(by),
        }
    }

    fn show_tab(&mut self, tab: Tab) {
        self.tab = tab;
        self.ask_for_tab();
    }

    /// The next suspect; where there is none, one line.
    fn select_suspect(&mut self, by: isize) {
        let n = self.verdict.as_ref().map_or(0, |v| v.0.suspects.len());
        let next = self.suspect.saturating_add_signed(by);
        if next < n && next != self.suspect {
            self.suspect = next;
        } else {
            self.verdict_top = self.verdict_top.saturating_add_signed(by);
        }
    }

    fn choose_snapshots(&mut self, base: usize, newer: usize) {
        let last = self.snapshots.len().saturating_sub(1);
        (self.base, self.newer) = (base.min(last), newer.min(last));
        if self.tab == Tab::Dominators {
            self.pane_mut().object = None;
        }
        if self.tab == Tab::Retainers {
            let newer = self.newer;
            if let Some(object) = &mut self.pane_mut().object {
                object.snapshot = newer;
            }
        }
        self.ask_for_tab();
    }

    fn sort(&mut self, reverse: bool) {
        let n = self.tab.sorts().len();
        if n == 0 {
            return;
        }
        let pane = self.pane_mut();
        match reverse {
            true => pane.is_reversed = !pane.is_reversed,
            false => {
                pane.sort = (pane.sort + 1) % n;
                pane.is_reversed = false;
            }
        }
        let subject = self.subject();
        self.ask(subject);
    }

    fn prompt(&mut self, what: Prompt, text: String) {
        self.trouble = None;
        if what == Prompt::Object || self.tab != Tab::Verdict {
            self.mode = Mode::Prompt { what, text };
        }
    }

    fn typed(&mut self, what: Prompt, text: String) {
        match what {
            Prompt::Filter => {
                self.pane_mut().filter = text;
                let subject = self.subject();
                self.ask(subject);
            }
            Prompt::Search => {
                self.searched = text;
                self.search(false);
            }
            Prompt::Object => {
                let wanted = text.trim().to_owned();
                if !wanted.is_empty() && !self.snapshots.is_empty() {
                    self.remember();
                    self.tab = Tab::Retainers;
                    let snapshot = self.newer;
                    self.ask(Some(Subject::RetainersOf { snapshot, wanted }));
                }
            }
        }
    }

    fn search(&mut self, backwards: bool) {
        let text = self.searched.clone();
        if !text.is_empty() && !self.pane_mut().tree.find(&text, backwards) {
            self.trouble = Some(Trouble {
                message: format!("`{text}` is in none of the loaded rows"),
                hint: Some("`f` filters all rows of the list".into()),
            });
        }
    }

    fn open(&mut self) {
        let ticket = self.ticket();
        let tab = self.tab;
        let pane = self.pane_mut();
        let depth = pane.tree.lines.get(pane.tree.selected).map(Line::depth);
        let is_rest = matches!(
            pane.tree.lines.get(pane.tree.selected),
            Some(Line::More { .. })
        );
        let Some(ask) = pane.tree.open(ticket) else {
            return;
        };
        // The tab's own list goes on as it began; a list below a row is in its usual order.
        let wanted = match is_rest && depth == Some(0) {
            true => pane.wanted(tab, ask.skip).unwrap_or_default(),
            false => Pane::wanted_below(ask.skip),
        };
        self.questions.push(Question {
            ticket,
            subject: ask.subject,
            wanted,
        });
    }

    fn turn(&mut self) {
        if self.tab == Tab::Verdict {
            return self.retainers();
        }
        let tree = &mut self.pane_mut().tree;
        match tree.lines.get(tree.selected) {
            Some(Line::Row(unfolded)) if unfolded.state != State::Closed => tree.close(),
            _ => self.open(),
        }
    }
}
