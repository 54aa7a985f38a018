//! What the kernel says of processes, read from procfs.
//!
//! Owns the parsing of `/proc`; see proc(5). A process may end between any two reads: whatever
//! cannot be read belongs to nobody, or is an error of the one figure that was asked for.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use recording::MemoryFigures;

use crate::Error;

/// Reads a process's memory, threads and descriptors.
///
/// `pss` and `uss` come from `smaps_rollup`, for which the kernel walks the page tables: about a
/// millisecond for 100 MiB resident.
///
/// # Errors
/// [`Error::Memory`] if there is no such process.
pub fn read_memory(pid: u32) -> Result<MemoryFigures, Error> {
    let mut figures = read_memory_quickly(pid)?;
    (figures.pss, figures.uss) = read_shares(pid);
    Ok(figures)
}

/// Likewise without `pss` and `uss`: microseconds, however large the process is.
///
/// # Errors
/// [`Error::Memory`] if there is no such process.
pub fn read_memory_quickly(pid: u32) -> Result<MemoryFigures, Error> {
    let unreadable = |source| Error::Memory { pid, source };
    let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(unreadable)?;
    // A zombie has a status, but no memory.
    let rss = field_kib(&status, "VmRSS:").ok_or_else(|| {
        unreadable(io::Error::new(
            io::ErrorKind::NotFound,
            "the process has ended",
        ))
    })?;
    let descriptors = descriptors(pid);
    Ok(MemoryFigures {
        rss,
        vsz: field_kib(&status, "VmSize:").unwrap_or(0),
        pss: None,
        uss: None,
        swap: field_kib(&status, "VmSwap:"),
        threads: field(&status, "Threads:"),
        fds: descriptors.as_ref().map(|all| all.len() as u64),
        sockets: descriptors
            .as_ref()
            .map(|all| all.iter().filter(|d| d.is_some()).count() as u64),
    })
}

/// `pss` and `uss` of a process, where they may be known.
#[must_use]
pub fn read_shares(pid: u32) -> (Option<u64>, Option<u64>) {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let private = ["Private_Clean:", "Private_Dirty:", "Private_Hugetlb:"];
    let uss = private
        .iter()
        .filter_map(|name| field_kib(&rollup, name))
        .reduce(|a, b| a + b);
    (field_kib(&rollup, "Pss:"), uss)
}

/// The number after a field's name.
fn field(text: &str, name: &str) -> Option<u64> {
    let value = text_field(text, name)?;
    value.split_whitespace().next()?.parse().ok()
}

/// What stands after a field's name.
fn text_field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim())
}

/// A field that the kernel gives in KiB, in bytes.
fn field_kib(text: &str, name: &str) -> Option<u64> {
    field(text, name).map(|kib| kib.saturating_mul(1024))
}

/// A process's open descriptors: the inode of each socket, `None` for anything else.
pub(crate) fn descriptors(pid: u32) -> Option<Vec<Option<u64>>> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let inode = |entry: fs::DirEntry| {
        let link = fs::read_link(entry.path()).ok()?;
        link.to_str()?
            .strip_prefix("socket:[")?
            .strip_suffix(']')?
            .parse()
            .ok()
    };
    Some(entries.flatten().map(inode).collect())
}

/// All processes of this machine, or of this container.
pub(crate) fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// The processes whose environment has `variable`, written `NAME=value`. It is inherited by every
/// child, in whatever group or session it puts itself; a zombie has none.
pub(crate) fn pids_with_variable(variable: &str) -> Vec<u32> {
    let has_it = |pid: &u32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ
            .split(|&byte| byte == 0)
            .any(|entry| entry == variable.as_bytes())
    };
    pids().into_iter().filter(has_it).collect()
}

/// Whether anything listens on a TCP port, on whatever address of this machine.
pub(crate) fn is_listened_on(port: u16) -> bool {
    !listening_inodes(port).is_empty()
}

/// The processes among `candidates` that hold a listening socket of `port`.
pub(crate) fn listeners(port: u16, candidates: &[u32]) -> Vec<u32> {
    let inodes = listening_inodes(port);
    if inodes.is_empty() {
        return Vec::new();
    }
    let holds = |pid: &u32| {
        let open = descriptors(*pid).unwrap_or_default();
        open.iter().flatten().any(|inode| inodes.contains(inode))
    };
    candidates.iter().copied().filter(holds).collect()
}

/// A process's name as the kernel keeps it: at most fifteen bytes.
pub(crate) fn name(pid: u32) -> Option<String> {
    Some(
        fs::read_to_string(format!("/proc/{pid}/comm"))
            .ok()?
            .trim_end()
            .to_owned(),
    )
}

/// The words of a process's command line; none for a zombie.
pub(crate) fn command(pid: u32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = bytes.split(|&byte| byte == 0).filter(|w| !w.is_empty());
    words
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

/// A process's command line in one line.
pub(crate) fn command_line(pid: u32) -> String {
    command(pid).join(" ")
}

/// The value of a variable in the environment that a process was started with.
pub(crate) fn variable(pid: u32, name: &str) -> Option<String> {
    let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let value = environ
        .split(|&byte| byte == 0)
        .find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// The program that a process runs, where this may be known.
pub(crate) fn program(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/exe")).ok()
}

/// The folder that a process runs in, where this may be known.
pub(crate) fn working_dir(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// The processor time that a process has had so far, its ended children aside.
pub(crate) fn cpu_time(pid: u32) -> Option<Duration> {
    // After the name, which may hold blanks and brackets; the name is field 2.
    const USER: usize = 14;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(USER - 3);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let ticks_a_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_millis(
        (user + system) * 1000 / ticks_a_second,
    ))
}

/// What is asked of a process when it is found.
pub(crate) struct Status {
    pub(crate) name: String,
    pub(crate) parent: u32,
    /// The effective one: it decides who may send signals and read.
    pub(crate) uid: u32,
    /// Its id as it sees itself.
    pub(crate) inner_pid: u32,
}

/// Reads it; none for a zombie.
pub(crate) fn status(pid: u32) -> Option<Status> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    if text_field(&status, "State:")?.starts_with(['Z', 'X']) {
        return None;
    }
    let inner = text_field(&status, "NSpid:");
    let inner = inner.and_then(|ids| ids.split_whitespace().last()?.parse().ok());
    let uid = text_field(&status, "Uid:")?.split_whitespace().nth(1)?;
    Some(Status {
        name: text_field(&status, "Name:")?.to_owned(),
        parent: u32::try_from(field(&status, "PPid:")?).ok()?,
        uid: uid.parse().ok()?,
        inner_pid: inner.unwrap_or(pid),
    })
}

/// When a process was started, in clock ticks since the machine was.
pub(crate) fn started_ticks(pid: u32) -> Option<u64> {
    // After the name, which may hold blanks and brackets; the name is field 2.
    const FIELD: usize = 22;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(FIELD - 3)?.parse().ok()
}

/// A process's id as it sees itself.
pub(crate) fn inner_pid(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let ids = text_field(&status, "NSpid:")?;
    ids.split_whitespace().last()?.parse().ok()
}

/// Whether a process stands still, by a signal or under a debugger.
pub(crate) fn is_stopped(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    text_field(&status, "State:").is_some_and(|state| state.starts_with(['T', 't']))
}

/// Whether a process has a handler for a signal.
pub(crate) fn catches(pid: u32, signal: i32) -> Option<bool> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let caught = u64::from_str_radix(text_field(&status, "SigCgt:")?, 16).ok()?;
    let bit = u32::try_from(signal).ok()?.checked_sub(1)?;
    Some(caught.checked_shr(bit)? & 1 == 1)
}

/// A process and all that it descends from.
pub(crate) fn with_ancestors(pid: u32) -> Vec<u32> {
    let parent = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let parent = field(&status, "PPid:")?;
        u32::try_from(parent).ok().filter(|&parent| parent != 0)
    };
    std::iter::successors(Some(pid), parent).collect()
}

/// All processes with their parents.
pub(crate) fn parents() -> Vec<(u32, u32)> {
    let parent = |pid: u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        Some((pid, u32::try_from(field(&status, "PPid:")?).ok()?))
    };
    pids().into_iter().filter_map(parent).collect()
}

/// A TCP socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    pub(crate) inode: u64,
}

impl Listener {
    /// Whether another socket could not listen on `port` of 127.0.0.1 beside it.
    pub(crate) fn blocks(&self, port: u16) -> bool {
        let ip = self.address.ip();
        let is_same = ip == std::net::Ipv4Addr::LOCALHOST;
        self.address.port() == port && (is_same || ip.is_unspecified())
    }

    /// Whether it can be reached over the loopback interface.
    pub(crate) fn is_on_loopback(&self) -> bool {
        let ip = self.address.ip();
        ip.is_loopback() || ip.is_unspecified()
    }
}

/// All listening TCP sockets of the network that a process sees.
pub(crate) fn listeners_around(pid: u32) -> Vec<Listener> {
    ["tcp", "tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).ok())
        .flat_map(|table| listening_sockets(&table))
        .collect()
}

/// The listening TCP sockets that a process holds; `None` where this may not be known.
pub(crate) fn listeners_of(pid: u32) -> Option<Vec<Listener>> {
    let open: HashSet<u64> = descriptors(pid)?.into_iter().flatten().collect();
    let mut all = listeners_around(pid);
    all.retain(|listener| open.contains(&listener.inode));
    Some(all)
}

/// The processes among `candidates` that hold the socket with this inode.
pub(crate) fn holders_of(inode: u64, candidates: &[u32]) -> Vec<u32> {
    let holds = |pid: &u32| {
        let open = descriptors(*pid).unwrap_or_default();
        open.contains(&Some(inode))
    };
    candidates.iter().copied().filter(holds).collect()
}

fn listening_inodes(port: u16) -> HashSet<u64> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_in(&table, port))
        .collect()
}

/// The inodes of the sockets in a `/proc/net/tcp` table that listen on `port`.
fn listening_in(table: &str, port: u16) -> Vec<u64> {
    let mut sockets = listening_sockets(table);
    sockets.retain(|socket| socket.address.port() == port);
    sockets.iter().map(|socket| socket.inode).collect()
}

fn listening_sockets(table: &str) -> Vec<Listener> {
    const LISTEN: &str = "0A";
    let socket = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        if columns.get(3) != Some(&LISTEN) {
            return None;
        }
        let (ip, port) = columns.get(1)?.rsplit_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        Some(Listener {
            address: SocketAddr::new(ip_of_hex(ip)?, port),
            inode: columns.get(9)?.parse().ok()?,
        })
    };
    table.lines().skip(1).filter_map(socket).collect()
}

/// The kernel writes an address as words of 32 bits in the machine's own byte order.
fn ip_of_hex(hex: &str) -> Option<IpAddr> {
    let mut bytes = Vec::new();
    for at in (0..hex.len()).step_by(8) {
        let word = u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => {
            let ip = IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?);
            Some(ip.to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_descriptors() {
        let _socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let figures = read_memory(std::process::id()).unwrap();
        assert!(figures.rss > 0 && figures.vsz >= figures.rss);
        assert!(
            figures.sockets >= Some(1) && figures.fds > figures.sockets,
            "{figures:?}"
        );
        assert!(figures.threads >= Some(1));
        assert!(figures.uss <= figures.pss, "{figures:?}");
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error_with_its_id() {
        let error = read_memory(u32::MAX).unwrap_err();
        assert!(error.to_string().contains("process 4294967295"), "{error}");
    }

    #[test]
    fn the_listener_of_a_port_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = std::process::id();
        assert!(is_listened_on(port));
        assert_eq!(listeners(port, &[1, own]), [own]);
        drop(listener);
        assert!(!is_listened_on(port));
    }

    #[test]
    fn addresses_are_read_as_the_kernel_writes_them() {
        let cases = [
            ("0100007F", "127.0.0.1"),
            ("00000000000000000000000001000000", "::1"),
            ("0000000000000000FFFF00000100007F", "127.0.0.1"),
        ];
        for (hex, shown) in cases {
            assert_eq!(ip_of_hex(hex).unwrap().to_string(), shown);
        }
        assert_eq!(ip_of_hex("01"), None);
    }

    #[test]
    fn own_listeners_have_their_addresses() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let found = listeners_of(std::process::id()).unwrap();
        let own = found.iter().find(|l| l.address == address).unwrap();
        assert!(own.blocks(address.port()) && own.is_on_loopback());
        assert_eq!(holders_of(own.inode, &[std::process::id()]).len(), 1);
        assert!(with_ancestors(std::process::id()).len() > 1);
    }

    #[test]
    fn only_listening_sockets_of_the_port_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n\
             \x20  1: 0100007F:1F90 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1\n\
             \x20  2: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1\n";
        assert_eq!(listening_in(table, 8080), [4711]);
        assert_eq!(listening_in("garbage\nmore garbage", 8080), [0; 0]);
    }
}
