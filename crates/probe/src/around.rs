//! What the kernel says around a process: the processes it started, the states of its sockets, the
//! time it had, and the memory its control group allows.
//!
//! Owns more of `/proc` and `/sys/fs/cgroup` than [`crate::procfs`] needs for a hunt; see proc(5) and
//! cgroups(7). What cannot be read is none, never an error: a process may end between two reads.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::procfs;

/// Sockets of a process by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sockets {
    /// TCP sockets that listen.
    pub listening: u64,
    /// TCP connections that stand.
    pub established: u64,
    /// TCP connections that the peer has closed and the process has not.
    pub close_wait: u64,
    /// TCP sockets in other states.
    pub other_tcp: u64,
    /// Sockets that are not TCP.
    pub other: u64,
}

/// A process and all that come from it, parents first.
#[must_use]
pub fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut at = 0;
    let mut parents: Option<HashMap<u32, Vec<u32>>> = None;
    while let Some(&parent) = found.get(at) {
        let children = match children(parent) {
            Some(children) => children,
            // A kernel without that file: everybody is asked for his parent, once.
            None => {
                let all = parents.get_or_insert_with(by_parent);
                all.get(&parent).cloned().unwrap_or_default()
            }
        };
        for child in children {
            if !found.contains(&child) {
                found.push(child);
            }
        }
        at += 1;
    }
    found
}

fn children(pid: u32) -> Option<Vec<u32>> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let mut children = Vec::new();
    for task in tasks.flatten() {
        let list = fs::read_to_string(task.path().join("children")).ok()?;
        children.extend(
            list.split_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok()),
        );
    }
    Some(children)
}

fn by_parent() -> HashMap<u32, Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for (pid, parent) in procfs::parents() {
        children.entry(parent).or_default().push(pid);
    }
    children
}

/// The TCP sockets of a network by inode, with their states.
#[derive(Debug, Clone, Default)]
pub struct TcpStates {
    by_inode: HashMap<u64, TcpState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TcpState {
    Listening,
    Established,
    CloseWait,
    Other,
}

impl TcpStates {
    /// Those of the network that a process sees. Costs the kernel a walk through all its tables:
    /// milliseconds, even if they are empty.
    #[must_use]
    pub fn around(pid: u32) -> Self {
        let tables = ["tcp", "tcp6"].map(|table| format!("/proc/{pid}/net/{table}"));
        let tables = tables
            .iter()
            .filter_map(|path| fs::read_to_string(path).ok());
        Self {
            by_inode: tables.flat_map(|table| states_in(&table)).collect(),
        }
    }

    /// The sockets of a process by state; `None` where this may not be known.
    #[must_use]
    pub fn of(&self, pid: u32) -> Option<Sockets> {
        let mut sockets = Sockets::default();
        for inode in procfs::descriptors(pid)?.into_iter().flatten() {
            *match self.by_inode.get(&inode) {
                Some(TcpState::Established) => &mut sockets.established,
                Some(TcpState::CloseWait) => &mut sockets.close_wait,
                Some(TcpState::Listening) => &mut sockets.listening,
                Some(TcpState::Other) => &mut sockets.other_tcp,
                None => &mut sockets.other,
            } += 1;
        }
        Some(sockets)
    }
}

/// The inodes in a `/proc/net/tcp` table with their states.
fn states_in(table: &str) -> Vec<(u64, TcpState)> {
    let socket = |line: &str| {
        let mut columns = line.split_ascii_whitespace().skip(3);
        let state = match columns.next()? {
            "01" => TcpState::Established,
            "08" => TcpState::CloseWait,
            "0A" => TcpState::Listening,
            _ => TcpState::Other,
        };
        Some((columns.nth(5)?.parse().ok()?, state))
    };
    table.lines().skip(1).filter_map(socket).collect()
}

/// The processor time that a process has had so far, its ended children aside.
#[must_use]
pub fn cpu_time(pid: u32) -> Option<Duration> {
    procfs::cpu_time(pid)
}

/// The memory that the control groups of a process allow it, in bytes: the lowest of all limits,
/// its own group's and those above; `None` if there is none.
#[must_use]
pub fn memory_limit(pid: u32) -> Option<u64> {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let limits = groups.lines().filter_map(group_folder);
    limits
        .flat_map(|(root, path, file)| limits_up_to(&root, &path, file))
        .min()
}

/// Of a line of `/proc/PID/cgroup`: the hierarchy's folder, the group's path in it, and the file
/// that has the limit.
fn group_folder(line: &str) -> Option<(PathBuf, String, &'static str)> {
    let mut parts = line.splitn(3, ':');
    let (_number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let root = Path::new("/sys/fs/cgroup");
    match controllers {
        // Version 2 has one hierarchy, and no names.
        "" => Some((root.to_owned(), path.to_owned(), "memory.max")),
        names if names.split(',').any(|name| name == "memory") => Some((
            root.join("memory"),
            path.to_owned(),
            "memory.limit_in_bytes",
        )),
        _ => None,
    }
}

/// Version 1 writes no limit as the largest number of pages that there can be.
const NO_LIMIT: u64 = 1 << 60;

fn limits_up_to(root: &Path, path: &str, file: &str) -> Vec<u64> {
    let relative = Path::new(path.trim_start_matches('/'));
    // In a container, the path is the host's and the folder only the container's own.
    let folders = relative.ancestors().map(|group| root.join(group));
    let limit = |folder: PathBuf| {
        let text = fs::read_to_string(folder.join(file)).ok()?;
        text.trim()
            .parse()
            .ok()
            .filter(|&limit: &u64| limit < NO_LIMIT)
    };
    folders.filter_map(limit).collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn children_and_their_time_are_seen() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let own = std::process::id();
        let found = tree(own);
        assert!(found[0] == own && found.contains(&child.id()), "{found:?}");
        assert!(by_parent()[&own].contains(&child.id()));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(cpu_time(own).is_some() && cpu_time(u32::MAX).is_none());
    }

    #[test]
    fn sockets_are_told_apart_by_state() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let (unix, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let own = std::process::id();
        let now = TcpStates::around(own).of(own).unwrap();
        // Other tests of this process open and close sockets of their own.
        assert!(now.listening >= 1 && now.established >= 2, "{now:?}");
        assert!(now.other >= 2, "{now:?}");
        drop((client, server, unix));
    }

    #[test]
    fn a_table_of_the_kernel_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n\
             \x20  1: 0100007F:1F90 0100007F:D2F0 08 00000000:00000000 00:00000000 00000000     0        0 4712 1\n";
        let expected = [(4711, TcpState::Listening), (4712, TcpState::CloseWait)];
        assert_eq!(states_in(table), expected);
        assert_eq!(states_in("garbage\nmore"), []);
    }

    #[test]
    fn the_lowest_limit_of_all_groups_counts() {
        let dir = tempfile::TempDir::new().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("memory.max", "max\n");
        write("pod/memory.max", "1000000\n");
        write("pod/app/memory.max", "2000000\n");
        let limits = limits_up_to(dir.path(), "/pod/app", "memory.max");
        assert_eq!(limits.iter().min(), Some(&1_000_000));
        write("memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(
            limits_up_to(dir.path(), "/", "memory.limit_in_bytes"),
            [0; 0]
        );

        let (_, path, file) = group_folder("0::/pod/app").unwrap();
        assert_eq!((path.as_str(), file), ("/pod/app", "memory.max"));
        let (root, _, file) = group_folder("9:cpu,memory:/docker/1").unwrap();
        assert!(root.ends_with("memory") && file == "memory.limit_in_bytes");
        assert_eq!(group_folder("3:cpuset:/"), None);
    }
}
