//! One process as procfs describes it: what it runs, whose it is, where it sees itself.
//!
//! Everything here is read once, when the process is found. It may end at any time: whoever uses
//! it later meets the error then.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::attach::Unreachable;
use crate::procfs::Status;
use crate::{Error, procfs};

/// A process of this machine, or of this container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id, as leakscope sees it.
    pub pid: u32,
    /// Its id as it sees itself: another one in a container with a PID namespace.
    pub inner_pid: u32,
    /// Its parent's id; 0 for none that can be seen.
    pub parent: u32,
    /// The user whose it is.
    pub uid: u32,
    /// Its name as the kernel keeps it, at most fifteen bytes: the program's, or the main
    /// thread's.
    pub name: String,
    /// Its command line; empty for a zombie and for the kernel's own.
    pub command: Vec<String>,
    /// What it runs.
    pub runtime: Runtime,
    /// When it was started, in clock ticks since the machine was: with the id, this tells it from
    /// any other process there ever was.
    pub started_ticks: u64,
}

/// What a process runs, by its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// Node.js, under whatever name the program goes.
    Node,
    /// Deno.
    Deno,
    /// Bun, which has no V8.
    Bun,
    /// Electron, Chrome or Chromium.
    Chrome,
    /// Anything else.
    Other,
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Node => "Node.js",
            Self::Deno => "Deno",
            Self::Bun => "Bun",
            Self::Chrome => "Chrome",
            Self::Other => "not a JavaScript process",
        })
    }
}

impl Process {
    /// The process with an id.
    ///
    /// # Errors
    /// [`Unreachable::Gone`] if there is none, or only a zombie.
    pub fn of(pid: u32) -> Result<Self, Error> {
        let process = Self::read(pid);
        process.ok_or_else(|| Unreachable::gone(pid).into())
    }

    fn read(pid: u32) -> Option<Self> {
        let Status {
            name,
            parent,
            uid,
            inner_pid,
        } = procfs::status(pid)?;
        let command = procfs::command(pid);
        Some(Self {
            pid,
            inner_pid,
            parent,
            uid,
            runtime: runtime(pid, &name, &command),
            name,
            command,
            started_ticks: procfs::started_ticks(pid)?,
        })
    }

    /// The command line in one line; the name in brackets where there is none.
    #[must_use]
    pub fn command_line(&self) -> String {
        match self.command.is_empty() {
            true => format!("[{}]", self.name),
            false => self.command.join(" "),
        }
    }

    /// Whether this very process is still there, not another with its id.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        procfs::started_ticks(self.pid) == Some(self.started_ticks)
            && Self::read(self.pid).is_some()
    }

    /// The name of the user whose it is, from `/etc/passwd`; the number where there is none.
    #[must_use]
    pub fn user(&self) -> String {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let id = self.uid.to_string();
        let name = passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == id).then(|| name.to_owned())
        });
        name.unwrap_or(id)
    }

    /// The processes that descend from it and run JavaScript, by id: a cluster's, and others.
    #[must_use]
    pub fn script_children(&self) -> Vec<Self> {
        let mut children: Vec<Self> = descendants(self.pid)
            .into_iter()
            .filter_map(Self::read)
            // A browser's processes are inspected through its one port.
            .filter(|p| !matches!(p.runtime, Runtime::Other | Runtime::Chrome))
            .collect();
        children.sort_by_key(|process| process.pid);
        children
    }

    /// Whether Node.js' `cluster` module has started it to share its parent's work.
    #[must_use]
    pub fn is_cluster_child(&self) -> bool {
        procfs::variable(self.pid, "NODE_UNIQUE_ID").is_some()
    }

    /// The script that it runs, as its command line names it.
    #[must_use]
    pub fn script(&self) -> Option<&str> {
        let mut words = self.command.iter().skip(1).map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "--" => return words.next(),
                _ if WITH_VALUE.contains(&word) => _ = words.next(),
                _ if word.starts_with('-') => {}
                script => return Some(script),
            }
        }
        None
    }

    /// The folder it runs in, where this may be known.
    #[must_use]
    pub fn working_dir(&self) -> Option<PathBuf> {
        procfs::working_dir(self.pid)
    }
}

/// Options of Node.js whose value is a word of its own.
const WITH_VALUE: [&str; 9] = [
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "--env-file",
    "-C",
    "--conditions",
    "--title",
];

/// All that descends from a process.
fn descendants(pid: u32) -> Vec<u32> {
    let all = procfs::parents();
    let mut found = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        // An id that is given anew while we read could close a circle.
        let is_new = |pid: &u32| !found.contains(pid);
        let children = all.iter().filter(|(_, of)| *of == parent);
        let children: Vec<u32> = children.map(|(pid, _)| *pid).filter(is_new).collect();
        found.extend(&children);
        parents.extend(children);
    }
    found
}

/// By the name of the program, else by what is in it.
fn runtime(pid: u32, name: &str, command: &[String]) -> Runtime {
    let exe = procfs::program(pid);
    // Of another user's process only the command line can be read.
    let program = match &exe {
        Some(path) => path.to_str().unwrap_or_default(),
        None => command.first().map_or(name, String::as_str),
    };
    let program = program.strip_suffix(" (deleted)").unwrap_or(program);
    let base = Path::new(program).file_name().and_then(|n| n.to_str());
    match base.unwrap_or_default() {
        "node" | "nodejs" => Runtime::Node,
        "deno" | "denort" => Runtime::Deno,
        "bun" | "bunx" => Runtime::Bun,
        "chrome"
        | "chromium"
        | "chromium-browser"
        | "headless_shell"
        | "chrome-headless-shell"
        | "electron"
        | "msedge"
        | "brave" => Runtime::Chrome,
        base if base.starts_with("node-") || base.starts_with("node_") => Runtime::Node,
        // Through the link, which leads there also when the program has been replaced since.
        _ if exe.is_some() && embeds_node(&program_file(pid)) => Runtime::Node,
        _ => Runtime::Other,
    }
}

/// Where the program of a process can be read.
fn program_file(pid: u32) -> PathBuf {
    match cfg!(target_os = "linux") {
        true => format!("/proc/{pid}/exe").into(),
        false => procfs::program(pid).unwrap_or_default(),
    }
}

/// Programs smaller than this have no V8 in them.
const LEAST_V8: u64 = 16 << 20;

/// The beginning of names that Node.js exports to its addons, in every program that has it inside.
/// Backwards, as it would else be in this program too.
const NODE_SYMBOL_REVERSED: &[u8] = b"rotcepsni9edon4NZ_";

fn node_symbol() -> Vec<u8> {
    NODE_SYMBOL_REVERSED.iter().rev().copied().collect()
}

/// Whether a program has Node.js inside: single executable applications have names of their own.
fn embeds_node(exe: &Path) -> bool {
    use std::io::Read;
    let Ok(mut file) = fs::File::open(exe) else {
        return false;
    };
    if file.metadata().map_or(0, |metadata| metadata.len()) < LEAST_V8 {
        return false;
    }
    let symbol = node_symbol();
    // The exported names stand near the front of the file.
    let mut buffer = vec![0_u8; 1 << 20];
    let mut kept = 0;
    loop {
        match file.read(&mut buffer[kept..]) {
            Ok(0) | Err(_) => return false,
            Ok(n) => {
                let filled = kept + n;
                if memchr::memmem::find(&buffer[..filled], &symbol).is_some() {
                    return true;
                }
                // The name may lie across two pieces.
                kept = symbol.len().min(filled);
                buffer.copy_within(filled - kept..filled, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_and_runs_no_javascript() {
        let own = Process::of(std::process::id()).unwrap();
        assert_eq!(own.runtime, Runtime::Other);
        assert!(own.is_alive() && own.parent > 0);
        assert!(own.command_line().contains("probe"), "{own:?}");
        assert_eq!(own.working_dir(), std::env::current_dir().ok());
        let another = Process {
            started_ticks: own.started_ticks + 1,
            ..own
        };
        assert!(!another.is_alive());
    }

    #[test]
    fn the_script_is_the_first_word_that_is_no_option() {
        let own = Process::of(std::process::id()).unwrap();
        let cases = [
            ("node server.js --port 80", Some("server.js")),
            (
                "node --inspect-port=4001 -r ./a.js /srv/b.js c",
                Some("/srv/b.js"),
            ),
            ("node --import tsx -- -odd.js", Some("-odd.js")),
            ("node -e 0", Some("0")),
            ("node", None),
        ];
        for (command, script) in cases {
            let process = Process {
                command: command.split(' ').map(str::to_owned).collect(),
                ..own.clone()
            };
            assert_eq!(process.script(), script, "{command}");
        }
        assert!(!own.is_cluster_child());
    }

    #[test]
    fn a_program_with_node_inside_is_known_by_its_symbols() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("app");
        let mut bytes = vec![0_u8; (LEAST_V8 + 4) as usize];
        fs::write(&path, &bytes).unwrap();
        assert!(!embeds_node(&path));
        // Across the border of two pieces.
        let at = (3 << 20) - 7;
        let symbol = node_symbol();
        bytes[at..at + symbol.len()].copy_from_slice(&symbol);
        fs::write(&path, &bytes).unwrap();
        assert!(embeds_node(&path));
        fs::write(&path, &bytes[..4 << 20]).unwrap();
        assert!(!embeds_node(&path), "too small to have V8 inside");
    }
}
