//! The terminal and its events: from taking it over to giving it back, whatever happens between.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event as Input, KeyEventKind};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::app::{App, Next};
use crate::bench::{Bench, Watch};
use crate::draw::draw;
use crate::look::Look;
use crate::question::{Answer, Question};
use crate::worker::work;

/// How often progress is drawn.
const FRAME: Duration = Duration::from_millis(120);

/// Why the screen was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The user has seen enough.
    Quit,
    /// A signal came.
    Signal,
}

/// What happens.
enum Event {
    Input(Input),
    Answer(Answer),
    Signal,
    /// The terminal is gone, or a thread is.
    Lost(io::Error),
}

impl From<Answer> for Event {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

/// Shows what is on the bench until the user has seen enough.
///
/// # Errors
/// If the terminal cannot be used.
pub fn show(bench: Box<dyn Bench>, look: Look) -> io::Result<Ended> {
    let mut app = App::new(&*bench);
    let watch = Watch::default();
    let (events, happened) = mpsc::channel();
    let (questions, asked) = mpsc::channel();
    // Before the terminal is taken over, so that no signal finds it so and nobody at home.
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let of_signals = events.clone();
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            let _ = of_signals.send(Event::Signal);
        }
    });
    let mut terminal = ratatui::try_init()?;
    let (of_worker, of_input, seen) = (events.clone(), events, watch.clone());
    std::thread::spawn(move || {
        let _lost = Lost(of_worker.clone());
        work(&*bench, &seen, &asked, &of_worker);
    });
    std::thread::spawn(move || read_input(&of_input));
    let wires = Wires {
        watch,
        happened,
        questions,
    };
    let ended = run(&mut terminal, &mut app, look, &wires);
    ratatui::try_restore()?;
    ended
}

/// What ties the screen to the other threads.
struct Wires {
    watch: Watch,
    happened: Receiver<Event>,
    questions: Sender<Question>,
}

/// Tells that the worker is gone, should it panic.
struct Lost(Sender<Event>);

impl Drop for Lost {
    fn drop(&mut self) {
        let error = io::Error::other("the worker ended early: this is a bug in leakscope");
        // Nobody listens any more if the screen was left first.
        let _ = self.0.send(Event::Lost(error));
    }
}

fn read_input(events: &Sender<Event>) {
    loop {
        let event = match event::read() {
            Ok(input) => Event::Input(input),
            Err(error) => Event::Lost(error),
        };
        let is_last = matches!(event, Event::Lost(_));
        if events.send(event).is_err() || is_last {
            return;
        }
    }
}

fn run(
    terminal: &mut DefaultTerminal,
    app: &mut App,
    look: Look,
    Wires {
        watch,
        happened,
        questions,
    }: &Wires,
) -> io::Result<Ended> {
    loop {
        for question in app.questions.drain(..) {
            watch.stop(false);
            // The worker's own message tells if it is gone.
            let _ = questions.send(question);
        }
        terminal.draw(|frame| draw(frame, app, look, watch.progress()))?;
        let event = match app.is_waiting() {
            true => match happened.recv_timeout(FRAME) {
                Err(RecvTimeoutError::Timeout) => continue,
                event => event.ok(),
            },
            false => happened.recv().ok(),
        };
        match event {
            Some(Event::Input(Input::Key(key))) if key.kind != KeyEventKind::Release => {
                match app.key(key) {
                    Next::Go => {}
                    Next::Stop => watch.stop(true),
                    Next::Quit => return Ok(Ended::Quit),
                }
            }
            // A resize only needs drawing.
            Some(Event::Input(_)) => {}
            Some(Event::Answer(answer)) => app.answer(answer),
            Some(Event::Signal) => return Ok(Ended::Signal),
            Some(Event::Lost(error)) => return Err(error),
            None => return Err(io::Error::other("nothing can happen any more")),
        }
    }
}
