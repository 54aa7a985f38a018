//! What the kernel says of processes, read from procfs.
//!
//! Owns the parsing of `/proc`; see proc(5). A process may end between any two reads: whatever
//! cannot be read belongs to nobody, or is an error of the one figure that was asked for.

use std::collections::HashSet;
use std::fs;
use std::io;

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
    let unreadable = |source| Error::Memory { pid, source };
    let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(unreadable)?;
    // A zombie has a status, but no memory.
    let rss = field_kib(&status, "VmRSS:").ok_or_else(|| {
        unreadable(io::Error::new(
            io::ErrorKind::NotFound,
            "the process has ended",
        ))
    })?;
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let private = ["Private_Clean:", "Private_Dirty:", "Private_Hugetlb:"];
    let descriptors = descriptors(pid);
    Ok(MemoryFigures {
        rss,
        vsz: field_kib(&status, "VmSize:").unwrap_or(0),
        pss: field_kib(&rollup, "Pss:"),
        uss: private
            .iter()
            .filter_map(|name| field_kib(&rollup, name))
            .reduce(|a, b| a + b),
        swap: field_kib(&status, "VmSwap:"),
        threads: field(&status, "Threads:"),
        fds: descriptors.as_ref().map(|all| all.len() as u64),
        sockets: descriptors
            .as_ref()
            .map(|all| all.iter().filter(|d| d.is_some()).count() as u64),
    })
}

/// The number after a field's name.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A field that the kernel gives in KiB, in bytes.
fn field_kib(text: &str, name: &str) -> Option<u64> {
    field(text, name).map(|kib| kib.saturating_mul(1024))
}

/// A process's open descriptors: the inode of each socket, `None` for anything else.
fn descriptors(pid: u32) -> Option<Vec<Option<u64>>> {
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

fn listening_inodes(port: u16) -> HashSet<u64> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_in(&table, port))
        .collect()
}

/// The inodes of the sockets in a `/proc/net/tcp` table that listen on `port`.
fn listening_in(table: &str, port: u16) -> Vec<u64> {
    const LISTEN: &str = "0A";
    let inode = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (_address, hex_port) = columns.get(1)?.rsplit_once(':')?;
        let is_wanted = u16::from_str_radix(hex_port, 16).ok()? == port;
        (is_wanted && columns.get(3) == Some(&LISTEN)).then(|| columns.get(9)?.parse().ok())?
    };
    table.lines().skip(1).filter_map(inode).collect()
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
    fn only_listening_sockets_of_the_port_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n\
             \x20  1: 0100007F:1F90 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1\n\
             \x20  2: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1\n";
        assert_eq!(listening_in(table, 8080), [4711]);
        assert_eq!(listening_in("garbage\nmore garbage", 8080), [0; 0]);
    }
}
