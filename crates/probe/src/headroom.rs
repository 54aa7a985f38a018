//! Whether there is memory for something: the limits of the cgroups, and what the machine has.
//!
//! Source: the kernel's documents of cgroup v1 (`memory.limit_in_bytes`) and v2 (`memory.max`),
//! and proc(5) for `/proc/meminfo`. A limit of a group holds for all groups below it, so that the
//! tightest on the way up counts.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use units::Bytes;

/// What a process may still take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headroom {
    /// Bytes that can be had.
    pub bytes: u64,
    /// Who says so.
    pub limit: MemoryLimit,
}

/// What bounds the memory of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemoryLimit {
    /// A container's or a unit's limit, with its size.
    Cgroup {
        /// The group's folder.
        path: PathBuf,
        /// Its limit in bytes.
        limit: u64,
    },
    /// What the machine has free or can free, without swapping.
    Machine,
}

impl fmt::Display for Headroom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = Bytes(self.bytes);
        match &self.limit {
            MemoryLimit::Cgroup { path, limit } => {
                let limit = Bytes(*limit);
                write!(
                    f,
                    "{left} left of the {limit} of cgroup `{}`",
                    path.display()
                )
            }
            MemoryLimit::Machine => write!(f, "{left} left of the machine's memory"),
        }
    }
}

impl Headroom {
    /// The tightest of what bounds a process; `None` where nothing can be read.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        let cgroups = folders(&groups, Path::new("/sys/fs/cgroup"));
        let machine = fs::read_to_string("/proc/meminfo").ok();
        let machine = machine.and_then(|text| of_machine(&text));
        let all = cgroups.iter().filter_map(|path| of_cgroup(path));
        all.chain(machine).min_by_key(|headroom| headroom.bytes)
    }
}

/// The memory groups of a process and all above them. A container may see its own group only, as
/// the root of the mounted tree.
fn folders(groups: &str, root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':');
        let (_, Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let mounted = match controllers {
            "" => root.to_owned(),
            _ if controllers.split(',').any(|c| c == "memory") => root.join("memory"),
            _ => continue,
        };
        let below = mounted.join(path.trim_start_matches('/'));
        let up = below.ancestors().take_while(|p| p.starts_with(&mounted));
        found.extend(up.map(Path::to_owned));
        found.push(mounted);
    }
    found.dedup();
    found
}

fn of_cgroup(path: &Path) -> Option<Headroom> {
    let number = |names: [&str; 2]| -> Option<u64> {
        let texts = names.iter();
        let mut texts = texts.filter_map(|name| fs::read_to_string(path.join(name)).ok());
        // `max`, where there is no limit.
        texts.next()?.trim().parse().ok()
    };
    let limit = number(["memory.max", "memory.limit_in_bytes"])?;
    let used = number(["memory.current", "memory.usage_in_bytes"])?;
    let stat = fs::read_to_string(path.join("memory.stat")).unwrap_or_default();
    // Pages of files, which the kernel gives up first.
    let inactive = stat
        .lines()
        .find_map(|line| {
            let line = line.strip_prefix("total_").unwrap_or(line);
            line.strip_prefix("inactive_file ")
        })
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0);
    Some(Headroom {
        bytes: limit.saturating_sub(used.saturating_sub(inactive)),
        limit: MemoryLimit::Cgroup {
            path: path.to_owned(),
            limit,
        },
    })
}

fn of_machine(meminfo: &str) -> Option<Headroom> {
    let mut lines = meminfo.lines();
    let line = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(Headroom {
        bytes: kib.saturating_mul(1024),
        limit: MemoryLimit::Machine,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_some_headroom() {
        let headroom = Headroom::of(std::process::id()).unwrap();
        assert!(headroom.bytes > 0);
        assert!(headroom.to_string().contains(" left of the "), "{headroom}");
    }

    #[test]
    fn the_limits_of_both_versions_are_read_with_what_can_be_freed() {
        let dir = tempfile::TempDir::new().unwrap();
        let write = |name: &str, text: &str| {
            fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
            fs::write(dir.path().join(name), text).unwrap();
        };
        write("a/memory.max", "1000\n");
        write("a/memory.current", "900\n");
        write("a/memory.stat", "anon 5\ninactive_file 300\n");
        write("a/b/memory.max", "max\n");
        write("a/b/memory.current", "900\n");
        write("memory/c/memory.limit_in_bytes", "500\n");
        write("memory/c/memory.usage_in_bytes", "100\n");
        write("memory/c/memory.stat", "total_inactive_file 50\n");
        let of = |groups: &str| {
            let paths = folders(groups, dir.path());
            let all = paths.iter().filter_map(|path| of_cgroup(path));
            all.map(|headroom| headroom.bytes).min()
        };
        assert_eq!(of("0::/a/b\n"), Some(400), "of the group above");
        assert_eq!(of("5:cpu:/x\n4:memory,hugetlb:/c\n"), Some(450));
        assert_eq!(of("0::/\n"), None);
    }

    #[test]
    fn the_machine_has_what_it_says() {
        let text = "MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable:   7 kB\n";
        assert_eq!(of_machine(text).unwrap().bytes, 7 * 1024);
        assert_eq!(of_machine("nonsense"), None);
    }
}
