//! A list whose rows unfold: what is loaded of it, what is selected, what is in view.
//!
//! Rows below a row stand after it, one level deeper. What is not loaded yet is asked for with a
//! ticket, and finds its place by it.

use crate::question::{Row, Rows, Subject};

/// One line of the list.
#[derive(Debug)]
pub(crate) enum Line {
    /// A row.
    Row(Unfolded),
    /// Rows that are not loaded yet.
    More {
        depth: usize,
        subject: Subject,
        /// Rows that are loaded of this list.
        loaded: usize,
        left: u64,
        ticket: Option<u64>,
    },
}

/// A row and how far it is unfolded.
#[derive(Debug)]
pub(crate) struct Unfolded {
    pub(crate) depth: usize,
    pub(crate) row: Row,
    pub(crate) state: State,
}

/// Whether what is below a row is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Closed,
    Asked(u64),
    Open,
}

/// A list.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) lines: Vec<Line>,
    pub(crate) selected: usize,
    /// The first line in view.
    pub(crate) top: usize,
}

/// What must be asked to unfold a line.
#[derive(Debug, PartialEq)]
pub(crate) struct Ask {
    pub(crate) subject: Subject,
    pub(crate) skip: usize,
}

impl Line {
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Row(Unfolded { depth, .. }) | Self::More { depth, .. } => *depth,
        }
    }

    /// What can be searched in it.
    fn text(&self) -> String {
        match self {
            Self::Row(Unfolded { row, .. }) => {
                row.name.iter().map(|(_, part)| part.as_str()).collect()
            }
            Self::More { .. } => String::new(),
        }
    }
}

impl Tree {
    /// A list of its first rows.
    pub(crate) fn of(rows: Rows, subject: Subject) -> Self {
        Self {
            lines: lines(rows, subject, 0, 0),
            ..Self::default()
        }
    }

    pub(crate) fn row(&self) -> Option<&Row> {
        match self.lines.get(self.selected)? {
            Line::Row(unfolded) => Some(&unfolded.row),
            Line::More { .. } => None,
        }
    }

    /// Selects the line so many further, or the nearest there is.
    pub(crate) fn go(&mut self, by: isize) {
        let last = self.lines.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// Unfolds the selected line; what is not loaded is to be asked for under `ticket`.
    pub(crate) fn open(&mut self, ticket: u64) -> Option<Ask> {
        match self.lines.get_mut(self.selected)? {
            Line::Row(unfolded) if unfolded.state == State::Closed => {
                let subject = unfolded.row.below.clone()?;
                unfolded.state = State::Asked(ticket);
                Some(Ask { subject, skip: 0 })
            }
            Line::More {
                subject,
                loaded,
                ticket: asked @ None,
                ..
            } => {
                *asked = Some(ticket);
                Some(Ask {
                    subject: subject.clone(),
                    skip: *loaded,
                })
            }
            _ => None,
        }
    }

    /// Folds the selected row up; if it is, goes to the row that it is below.
    pub(crate) fn close(&mut self) {
        let Some(line) = self.lines.get(self.selected) else {
            return;
        };
        let depth = line.depth();
        if let Some(Line::Row(unfolded)) = self.lines.get_mut(self.selected)
            && unfolded.state != State::Closed
        {
            unfolded.state = State::Closed;
            let below = self.selected + 1;
            let n = self.lines[below..]
                .iter()
                .take_while(|l| l.depth() > depth)
                .count();
            self.lines.drain(below..below + n);
            return;
        }
        let above = self.lines[..self.selected]
            .iter()
            .rposition(|l| l.depth() < depth);
        self.selected = above.unwrap_or(self.selected);
    }

    /// Puts rows where they were asked for; `false` if nobody waits for them here.
    pub(crate) fn answer(&mut self, ticket: u64, rows: Rows) -> bool {
        let is_asked = |line: &Line| match line {
            Line::Row(unfolded) => unfolded.state == State::Asked(ticket),
            Line::More { ticket: asked, .. } => *asked == Some(ticket),
        };
        let Some(at) = self.lines.iter().position(is_asked) else {
            return false;
        };
        match &mut self.lines[at] {
            Line::Row(unfolded) => {
                unfolded.state = State::Open;
                let depth = unfolded.depth + 1;
                if let Some(subject) = unfolded.row.below.clone() {
                    self.put(at + 1..at + 1, lines(rows, subject, depth, 0));
                }
            }
            Line::More {
                depth,
                subject,
                loaded,
                ..
            } => {
                let new = lines(rows, subject.clone(), *depth, *loaded);
                self.put(at..at + 1, new);
            }
        }
        true
    }

    /// Nobody will answer: the line may be asked for again.
    pub(crate) fn forget(&mut self, ticket: u64) {
        for line in &mut self.lines {
            match line {
                Line::Row(unfolded) if unfolded.state == State::Asked(ticket) => {
                    unfolded.state = State::Closed;
                }
                Line::More { ticket: asked, .. } if *asked == Some(ticket) => *asked = None,
                _ => {}
            }
        }
    }

    fn put(&mut self, at: std::ops::Range<usize>, new: Vec<Line>) {
        let (n_old, n_new) = (at.len(), new.len());
        if self.selected >= at.end {
            self.selected = self.selected + n_new - n_old;
        }
        self.lines.splice(at, new);
    }

    /// Selects the next line that holds a text, whatever its case; `false` if none does.
    pub(crate) fn find(&mut self, text: &str, backwards: bool) -> bool {
        let text = text.to_lowercase();
        let n = self.lines.len();
        let ways = 1..=n;
        let place = |step: usize| match backwards {
            true => (self.selected + n - step) % n,
            false => (self.selected + step) % n,
        };
        let holds = |&at: &usize| self.lines[at].text().to_lowercase().contains(&text);
        let found = ways.map(place).find(holds);
        self.selected = found.unwrap_or(self.selected);
        found.is_some()
    }

    /// Keeps the selected line in view, where so many lines have room.
    pub(crate) fn scroll(&mut self, height: usize) {
        let last = self.selected + 1;
        self.top = self.top.max(last.saturating_sub(height)).min(self.selected);
        self.top = self.top.min(self.lines.len().saturating_sub(height.max(1)));
    }
}

/// Rows as lines, and a line for those that are left.
fn lines(rows: Rows, subject: Subject, depth: usize, loaded: usize) -> Vec<Line> {
    let n = rows.rows.len();
    let shown = rows.rows.into_iter().map(|row| {
        Line::Row(Unfolded {
            depth,
            row,
            state: State::Closed,
        })
    });
    let more = (rows.more > 0).then(|| Line::More {
        depth,
        subject,
        // Of a list in two parts as many of each are skipped as of a list in one.
        loaded: loaded + n.min(crate::question::PAGE),
        left: rows.more,
        ticket: None,
    });
    shown.chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Tone;

    fn rows(names: &[&str], more: u64) -> Rows {
        let row = |name: &&str| Row {
            name: vec![(Tone::Class, (*name).to_owned())],
            cells: Vec::new(),
            object: None,
            below: Some(Subject::ObjectsOf {
                snapshot: 0,
                class: (*name).to_owned(),
            }),
        };
        Rows {
            rows: names.iter().map(row).collect(),
            more,
            ..Rows::default()
        }
    }

    fn shown(tree: &Tree) -> Vec<String> {
        let line = |line: &Line| match line {
            Line::More { left, depth, .. } => format!("{}{left} more", "  ".repeat(*depth)),
            row => format!("{}{}", "  ".repeat(row.depth()), row.text()),
        };
        tree.lines.iter().map(line).collect()
    }

    fn tree() -> Tree {
        Tree::of(rows(&["A", "B"], 5), Subject::Classes { snapshot: 0 })
    }

    #[test]
    fn rows_unfold_where_they_were_asked_for_and_fold_up_again() {
        let mut tree = tree();
        let ask = tree.open(1).unwrap();
        assert_eq!(ask.skip, 0);
        assert_eq!(tree.open(2), None, "asked already");
        tree.selected = 1;
        assert!(tree.answer(1, rows(&["a", "b"], 0)));
        assert_eq!(shown(&tree), ["A", "  a", "  b", "B", "5 more"]);
        assert_eq!(tree.selected, 3, "the same row stays selected");
        assert!(!tree.answer(1, rows(&["late"], 0)));
        tree.selected = 2;
        tree.close();
        assert_eq!(tree.selected, 0, "to the row above");
        tree.close();
        assert_eq!(shown(&tree), ["A", "B", "5 more"]);
    }

    #[test]
    fn what_is_left_of_a_list_is_loaded_in_its_place() {
        let mut tree = tree();
        tree.go(100);
        let ask = tree.open(7).unwrap();
        assert_eq!(
            (ask.subject, ask.skip),
            (Subject::Classes { snapshot: 0 }, 2)
        );
        tree.forget(7);
        assert!(tree.open(8).is_some());
        assert!(tree.answer(8, rows(&["C"], 4)));
        assert_eq!(shown(&tree), ["A", "B", "C", "4 more"]);
    }

    #[test]
    fn searching_goes_round_and_the_selected_line_stays_in_view() {
        let names = ["zero", "one", "two", "three", "four"];
        let mut tree = Tree::of(rows(&names, 0), Subject::Verdict);
        assert!(tree.find("O", false));
        assert_eq!(tree.selected, 1);
        assert!(tree.find("zero", false) && tree.selected == 0);
        assert!(tree.find("o", true));
        assert_eq!(tree.selected, 4);
        assert!(!tree.find("nothing", false));
        tree.scroll(2);
        assert_eq!(tree.top, 3);
        tree.go(-4);
        tree.scroll(2);
        assert_eq!(tree.top, 0);
        tree.scroll(0);
        let mut empty = Tree::default();
        empty.go(1);
        empty.close();
        empty.scroll(5);
        assert!(!empty.find("x", false) && empty.open(1).is_none());
    }
}
