//! The worker: holds the snapshots and answers questions, one after another, on its own thread.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender};

use crate::answers;
use crate::bench::{Bench, Opened, Trouble, Watch};
use crate::question::{Answer, Question, Subject, Told};

/// Snapshots held in memory: a comparison needs two.
const HELD: usize = 2;

/// Answers until nobody asks any more.
pub(crate) fn work<E: From<Answer>>(
    bench: &dyn Bench,
    watch: &Watch,
    questions: &Receiver<Question>,
    answers: &Sender<E>,
) {
    let mut worker = Worker {
        bench,
        watch,
        held: VecDeque::new(),
    };
    while let Ok(question) = questions.recv() {
        let answer = Answer {
            ticket: question.ticket,
            result: worker.answer(&question),
        };
        if answers.send(answer.into()).is_err() {
            return;
        }
    }
}

struct Worker<'b> {
    bench: &'b dyn Bench,
    watch: &'b Watch,
    /// Those asked for last at the end.
    held: VecDeque<(usize, Rc<Opened>)>,
}

impl Worker<'_> {
    fn answer(&mut self, question: &Question) -> Result<Told, Trouble> {
        if question.subject == Subject::Verdict {
            let verdict = self.bench.verdict(self.watch);
            self.watch.begin(None);
            return Ok(Told::Verdict(Box::new(verdict?)));
        }
        let mut open = |snapshot| self.open(snapshot);
        answers::rows(&question.subject, &question.wanted, &mut open).map(Told::Rows)
    }

    fn open(&mut self, snapshot: usize) -> Result<Rc<Opened>, Trouble> {
        let at = self.held.iter().position(|(known, _)| *known == snapshot);
        let known = match at.and_then(|at| self.held.remove(at)) {
            Some(known) => known,
            None => {
                // Room first: the new one may need it.
                while self.held.len() >= HELD {
                    self.held.pop_front();
                }
                let opened = self.bench.open(snapshot, self.watch);
                self.watch.begin(None);
                (snapshot, Rc::new(opened?))
            }
        };
        let opened = Rc::clone(&known.1);
        self.held.push_back(known);
        Ok(opened)
    }
}
