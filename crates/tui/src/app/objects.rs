//! From one object to another: what keeps it, what it dominates, and back.

use super::App;
use crate::bench::Trouble;
use crate::question::Object;
use crate::tabs::Tab;

impl App {
    /// The object that is selected: a row's, or a suspect's holder.
    pub(super) fn selected_object(&self) -> Option<Object> {
        if self.tab == Tab::Verdict {
            let suspects = &self.verdict.as_ref()?.0.suspects;
            let id = suspects.get(self.suspect)?.holder.id;
            let snapshot = self.holders_in;
            return (!self.snapshots.is_empty()).then_some(Object { snapshot, id });
        }
        self.pane().tree.row()?.object
    }

    pub(super) fn remember(&mut self) {
        self.before
            .extend(self.panes[Tab::Retainers as usize].object);
    }

    pub(super) fn retainers(&mut self) {
        match self.selected_object() {
            Some(object) => {
                self.remember();
                self.show_retainers(object);
            }
            None => self.no_object(),
        }
    }

    fn show_retainers(&mut self, object: Object) {
        self.tab = Tab::Retainers;
        let pane = self.pane_mut();
        pane.object = Some(object);
        self.ask_for_tab();
    }

    pub(super) fn back(&mut self) {
        if let Some(object) = self.before.pop() {
            self.show_retainers(object);
        }
    }

    pub(super) fn dominators(&mut self) {
        let object = match self.selected_object() {
            None if self.tab == Tab::Retainers => self.pane().object,
            object => object,
        };
        match object {
            Some(object) => {
                self.tab = Tab::Dominators;
                self.pane_mut().object = Some(object);
                self.ask_for_tab();
            }
            None => self.no_object(),
        }
    }

    fn no_object(&mut self) {
        self.trouble = Some(Trouble {
            message: "no object is selected".into(),
            hint: Some("unfold a class, or go to an object with `o`".into()),
        });
    }
}
