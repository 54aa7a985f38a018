//! A process of a test, ended with it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use probe::Process;
use rustix::process::{Pid, Signal, kill_process_group};

/// Prints a line when the event loop turns, then idles.
pub(crate) const IDLE: &str = "setInterval(() => {}, 1000); setImmediate(() => console.log('up'))";

/// A process that has printed its first line; its children are ended with it.
pub(crate) struct Running(Child);

impl Running {
    /// Starts a command and waits for its first line.
    pub(crate) fn start(words: &[&str]) -> Self {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        Self::of(&mut command)
    }

    /// Starts a command and waits for its first line.
    pub(crate) fn of(command: &mut Command) -> Self {
        command
            .env_remove("NODE_OPTIONS")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        assert!(stdout.read_line(&mut line).unwrap() > 0, "{command:?}");
        Self(child)
    }

    /// Likewise, with the lines that it prints then.
    pub(crate) fn with_lines(
        words: &[&str],
    ) -> (Self, impl Iterator<Item = std::io::Result<String>>) {
        let mut command = Command::new(words[0]);
        let command = command.args(&words[1..]).env_remove("NODE_OPTIONS");
        let command = command.process_group(0).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.next().is_some(), "{words:?}");
        (Self(child), lines)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn process(&self) -> Process {
        Process::of(self.pid()).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}

/// A port of this machine that nothing listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Whether anything accepts on a port of this machine.
pub(crate) fn is_open(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// A Node.js of another major than the one on the path.
pub(crate) fn node_of_major(major: u32) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join(format!("node/node_modules/node-{major}/bin/node"));
    assert!(
        path.is_file(),
        "{} is missing: `cargo xtask test` installs it",
        path.display()
    );
    path.to_str().unwrap().to_owned()
}
