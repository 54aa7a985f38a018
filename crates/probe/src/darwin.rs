//! What macOS says of processes, in the place of procfs.
//!
//! Untested: it compiles (`cargo check --target aarch64-apple-darwin`), and nobody has run it. Source: the
//! `sysinfo` crate. What cannot be had that way is none: descriptors and sockets of other processes,
//! swap, shares of memory, threads, and which signals a process catches, so that no inspector is
//! opened by a signal here.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use recording::MemoryFigures;
use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

use crate::Error;

/// A port of this machine answers by then or is not listened on.
const CONNECTED_WITHIN: Duration = Duration::from_millis(200);

/// Reads a process's memory.
///
/// # Errors
/// [`Error::Memory`] if there is no such process.
pub fn read_memory(pid: u32) -> Result<MemoryFigures, Error> {
    read_memory_quickly(pid)
}

/// The same: nothing of it is dear here.
///
/// # Errors
/// As [`read_memory`].
pub fn read_memory_quickly(pid: u32) -> Result<MemoryFigures, Error> {
    let found = one(
        pid,
        ProcessRefreshKind::nothing().with_memory(),
        |process| (process.memory(), process.virtual_memory()),
    );
    let (rss, vsz) = found
        .filter(|&(rss, _)| rss > 0)
        .ok_or_else(|| Error::Memory {
            pid,
            source: std::io::ErrorKind::NotFound.into(),
        })?;
    Ok(MemoryFigures {
        rss,
        vsz,
        ..MemoryFigures::default()
    })
}

/// `pss` and `uss`, which macOS does not tell.
#[must_use]
pub fn read_shares(_pid: u32) -> (Option<u64>, Option<u64>) {
    (None, None)
}

/// What is asked of a process when it is found.
pub(crate) struct Status {
    pub(crate) name: String,
    pub(crate) parent: u32,
    pub(crate) uid: u32,
    pub(crate) inner_pid: u32,
}

/// Reads it; none for a zombie.
pub(crate) fn status(pid: u32) -> Option<Status> {
    let wanted = ProcessRefreshKind::nothing().with_user(UpdateKind::Always);
    one(pid, wanted, |process| {
        let is_zombie = matches!(
            process.status(),
            ProcessStatus::Zombie | ProcessStatus::Dead
        );
        let uid = process.user_id().map_or(0, |uid| **uid);
        (!is_zombie).then(|| Status {
            name: process.name().to_string_lossy().into_owned(),
            parent: process.parent().map_or(0, Pid::as_u32),
            uid,
            inner_pid: pid,
        })
    })?
}

/// All processes of this machine.
pub(crate) fn pids() -> Vec<u32> {
    parents().into_iter().map(|(pid, _)| pid).collect()
}

/// All processes with their parents.
pub(crate) fn parents() -> Vec<(u32, u32)> {
    let Ok(mut system) = System::new() else {
        return Vec::new();
    };
    let wanted = ProcessRefreshKind::nothing();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, wanted);
    let all = system.processes().iter();
    all.map(|(pid, process)| (pid.as_u32(), process.parent().map_or(0, Pid::as_u32)))
        .collect()
}

/// The processes whose environment has `variable`, written `NAME=value`.
pub(crate) fn pids_with_variable(variable: &str) -> Vec<u32> {
    let has_it = |pid: &u32| environment(*pid).iter().any(|entry| entry == variable);
    pids().into_iter().filter(has_it).collect()
}

fn environment(pid: u32) -> Vec<String> {
    let wanted = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
    one(pid, wanted, |process| texts(process.environ())).unwrap_or_default()
}

/// The value of a variable in the environment that a process was started with.
pub(crate) fn variable(pid: u32, name: &str) -> Option<String> {
    let environment = environment(pid).into_iter();
    let mut values = environment.filter_map(|entry| {
        let value = entry.strip_prefix(name)?.strip_prefix('=')?;
        Some(value.to_owned())
    });
    values.next()
}

/// A process's name as the kernel keeps it.
pub(crate) fn name(pid: u32) -> Option<String> {
    one(pid, ProcessRefreshKind::nothing(), |process| {
        process.name().to_string_lossy().into_owned()
    })
}

/// The words of a process's command line.
pub(crate) fn command(pid: u32) -> Vec<String> {
    let wanted = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always);
    one(pid, wanted, |process| texts(process.cmd())).unwrap_or_default()
}

/// A process's command line in one line.
pub(crate) fn command_line(pid: u32) -> String {
    command(pid).join(" ")
}

/// The program that a process runs, where this may be known.
pub(crate) fn program(pid: u32) -> Option<PathBuf> {
    let wanted = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always);
    one(pid, wanted, |process| process.exe().map(PathBuf::from))?
}

/// The folder that a process runs in, where this may be known.
pub(crate) fn working_dir(pid: u32) -> Option<PathBuf> {
    let wanted = ProcessRefreshKind::nothing().with_cwd(UpdateKind::Always);
    one(pid, wanted, |process| process.cwd().map(PathBuf::from))?
}

/// When a process was started, in seconds.
pub(crate) fn started_ticks(pid: u32) -> Option<u64> {
    one(
        pid,
        ProcessRefreshKind::nothing(),
        sysinfo::Process::start_time,
    )
}

/// The processor time that a process has had so far.
pub(crate) fn cpu_time(pid: u32) -> Option<Duration> {
    let wanted = ProcessRefreshKind::nothing().with_cpu();
    one(pid, wanted, sysinfo::Process::accumulated_cpu_time).map(Duration::from_millis)
}

/// A process's id as it sees itself.
pub(crate) fn inner_pid(pid: u32) -> Option<u32> {
    Some(pid)
}

/// Whether a process stands still, by a signal or under a debugger.
pub(crate) fn is_stopped(pid: u32) -> bool {
    let stopped = one(pid, ProcessRefreshKind::nothing(), |process| {
        process.status() == ProcessStatus::Stop
    });
    stopped.unwrap_or(false)
}

/// Whether a process has a handler for a signal: unknown.
pub(crate) fn catches(_pid: u32, _signal: i32) -> Option<bool> {
    None
}

/// A process and all that it descends from.
pub(crate) fn with_ancestors(pid: u32) -> Vec<u32> {
    let all = parents();
    let parent = |pid: &u32| {
        let found = all.iter().find(|(own, _)| own == pid);
        found
            .map(|&(_, parent)| parent)
            .filter(|&parent| parent != 0)
    };
    std::iter::successors(Some(pid), parent).collect()
}

/// A TCP socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    pub(crate) inode: u64,
}

impl Listener {
    pub(crate) fn blocks(&self, port: u16) -> bool {
        self.address.port() == port
    }

    pub(crate) fn is_on_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }
}

/// Whether anything listens on a TCP port of the loopback interface.
pub(crate) fn is_listened_on(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, CONNECTED_WITHIN).is_ok()
}

/// The processes among `candidates` that hold a listening socket of `port`: if there is one, it may be
/// any of them.
pub(crate) fn listeners(port: u16, candidates: &[u32]) -> Vec<u32> {
    match is_listened_on(port) {
        true => candidates.to_vec(),
        false => Vec::new(),
    }
}

/// Unknown.
pub(crate) fn listeners_around(_pid: u32) -> Vec<Listener> {
    Vec::new()
}

/// Unknown.
pub(crate) fn listeners_of(_pid: u32) -> Option<Vec<Listener>> {
    None
}

/// Unknown.
pub(crate) fn holders_of(_inode: u64, _candidates: &[u32]) -> Vec<u32> {
    Vec::new()
}

/// Unknown.
pub(crate) fn descriptors(_pid: u32) -> Option<Vec<Option<u64>>> {
    None
}

/// What is asked of one process, if it is there.
fn one<T>(
    pid: u32,
    wanted: ProcessRefreshKind,
    answer: impl FnOnce(&sysinfo::Process) -> T,
) -> Option<T> {
    let mut system = System::new().ok()?;
    let pid = Pid::from_u32(pid);
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, wanted);
    system.process(pid).map(answer)
}

fn texts(words: &[std::ffi::OsString]) -> Vec<String> {
    let texts = words.iter().map(|word| word.to_string_lossy().into_owned());
    texts.collect()
}
