//! `leakscope open --tui` in a real pseudo-terminal: it takes the terminal over, and gives it back
//! however it ends.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

const HEAP: &str = "
    root     -> server:Server 48      property app
    server   -> session*3:Session 96  element";

/// Leaves the alternate screen, whose end is the end of the taking over.
const LEAVE: &str = "\x1b[?1049l";
const ENTER: &str = "\x1b[?1049h";

/// A terminal with leakscope in it.
struct Screen {
    terminal: File,
    /// The side that programs see, kept open so that its state can be read.
    inside: OwnedFd,
    child: Child,
    seen: String,
}

impl Screen {
    fn open(args: &[&str], folder: &Path) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).unwrap();
        let inside = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let side = || inside.try_clone().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_leakscope"))
            .args(["open", "--tui"])
            .args(args)
            .current_dir(folder)
            .env("TERM", "xterm-256color")
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        Self {
            terminal: terminal.into(),
            inside: inside.into(),
            child,
            seen: String::new(),
        }
    }

    fn state(&self) -> Termios {
        tcgetattr(&self.inside).unwrap()
    }

    /// Reads until a text was on the screen.
    fn wait_for(&mut self, text: &str) {
        let mut bytes = [0; 4096];
        while !self.seen.contains(text) {
            let n = self.terminal.read(&mut bytes).unwrap();
            self.seen += &String::from_utf8_lossy(&bytes[..n]);
        }
    }

    fn press(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).unwrap();
    }

    /// What its end was, once the terminal is given back.
    fn ended(mut self, before: &Termios) -> Option<i32> {
        self.wait_for(LEAVE);
        let code = self.child.wait().unwrap().code();
        assert_eq!(
            self.state().local_modes,
            before.local_modes,
            "{}",
            self.seen
        );
        assert_eq!(self.state().input_modes, before.input_modes);
        code
    }
}

fn heap_in(folder: &Path) {
    std::fs::write(folder.join("h.heapsnapshot"), testkit::heap(HEAP)).unwrap();
}

#[test]
fn the_screen_answers_keys_and_gives_the_terminal_back() {
    let dir = tempfile::tempdir().unwrap();
    heap_in(dir.path());
    let mut screen = Screen::open(&["h.heapsnapshot"], dir.path());
    let before = screen.state();
    screen.wait_for(ENTER);
    screen.wait_for("Session");
    assert_ne!(screen.state().local_modes, before.local_modes, "raw");
    screen.press("4");
    // Only what differs is drawn: of these letters all do.
    screen.wait_for("Object");
    screen.press("q");
    assert_eq!(screen.ended(&before), Some(0));
}

#[test]
fn a_signal_ends_it_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    heap_in(dir.path());
    for signal in [Signal::TERM, Signal::HUP] {
        let mut screen = Screen::open(&["h.heapsnapshot"], dir.path());
        let before = screen.state();
        screen.wait_for("Session");
        kill_process(Pid::from_child(&screen.child), signal).unwrap();
        assert_eq!(screen.ended(&before), Some(130));
    }
}

#[test]
fn a_damaged_file_is_told_on_the_screen() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("h.heapsnapshot"), "{\"snapshot\":").unwrap();
    let mut screen = Screen::open(&["h.heapsnapshot"], dir.path());
    let before = screen.state();
    screen.wait_for("error:");
    screen.press("\x03");
    assert_eq!(screen.ended(&before), Some(0));
}

#[test]
fn what_is_not_there_is_told_before_the_terminal_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    for (args, words) in [
        (&["nothing.heapsnapshot"][..], "nothing.heapsnapshot"),
        (&["."][..], "run.json"),
    ] {
        let mut screen = Screen::open(args, dir.path());
        screen.wait_for("error:");
        screen.wait_for(words);
        assert_eq!(screen.child.wait().unwrap().code(), Some(2));
        assert!(!screen.seen.contains(ENTER), "{}", screen.seen);
    }
    heap_in(dir.path());
    let output = Command::new(env!("CARGO_BIN_EXE_leakscope"))
        .args(["open", "--tui", "h.heapsnapshot"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("needs a terminal") && stderr.contains("hint: "),
        "{stderr}"
    );
    assert!(output.stdout.is_empty());
}
