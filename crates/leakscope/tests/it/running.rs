//! A service that runs before leakscope is asked about it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::harness::{Done, free_port};

/// A service with one line printed; it and its children are ended with this.
pub(crate) struct Running {
    child: Child,
    pub(crate) dir: TempDir,
    /// Where its inspector opens when it is told to.
    pub(crate) port: u16,
}

impl Running {
    /// Runs a script with Node.js; it is up when it has printed its first line.
    pub(crate) fn script(script: &str) -> Self {
        Self::with("node", &[], script)
    }

    /// Likewise with this Node.js and its options.
    pub(crate) fn with(node: &str, options: &[&str], script: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let port = free_port();
        let path = dir.path().join("service.js");
        std::fs::write(&path, script).unwrap();
        let mut command = Command::new(node);
        command
            .arg(format!("--inspect-port={port}"))
            .args(options)
            .arg(&path)
            .current_dir(dir.path())
            .env_remove("NODE_OPTIONS")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "did not come up");
        // The pipe stays open, so that the service may go on writing.
        child.stdout = Some(stdout.into_inner());
        Self { child, dir, port }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A leakscope command about it, in its folder.
    pub(crate) fn command(&self, command: &str, args: &[&str]) -> Command {
        let mut leakscope = leakscope(command);
        leakscope
            .arg(self.pid().to_string())
            .args(args)
            .current_dir(self.dir.path());
        leakscope
    }

    /// The end of a leakscope command about it.
    pub(crate) fn run(&self, command: &str, args: &[&str]) -> Done {
        Done::of(&self.command(command, args).output().unwrap())
    }

    /// Fails unless it still runs, with its inspector closed.
    pub(crate) fn check_left_alone(&mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "has ended");
        let open = std::net::TcpStream::connect(("127.0.0.1", self.port));
        assert!(open.is_err(), "its inspector is open");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

pub(crate) fn leakscope(command: &str) -> Command {
    let mut leakscope = Command::new(env!("CARGO_BIN_EXE_leakscope"));
    leakscope.arg(command).stdin(Stdio::null());
    leakscope
}

/// Fails if a process accepts connections on TCP.
pub(crate) fn check_nothing_listens(pid: u32) {
    let listening = std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    let fds = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .flatten();
    let links: Vec<String> = fds
        .filter_map(|fd| Some(std::fs::read_link(fd.path()).ok()?.display().to_string()))
        .collect();
    let open = listening.lines().skip(1).filter(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        columns[3] == "0A" && links.contains(&format!("socket:[{}]", columns[9]))
    });
    assert_eq!(open.count(), 0, "process {pid} was left listening");
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}
