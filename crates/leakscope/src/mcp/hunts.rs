//! Hunts that an agent begins: only commands that the user allowed, one at a time, each as a
//! process of its own, so that its output and its end stay apart from the conversation.
//!
//! Invariant: no hunt outlives the server. It is asked to end when the server ends, and the kernel
//! asks it if the server is killed.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
#[cfg(target_os = "linux")]
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clap::Parser;
use mcp::{HuntAsk, Problem};
use rustix::process::{Pid, Signal, kill_process};

use super::words;
use crate::args::{Args, Command as Asked};
use crate::exit::Exit;
use crate::failure::Failure;

/// Lines of a failed hunt's output that are told.
const TAIL: usize = 12;

/// How long a hunt may take to clean up after itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// The commands that may be hunted, and the hunt that is running.
#[derive(Debug)]
pub(super) struct Hunts {
    /// As the user wrote them.
    texts: Vec<String>,
    /// As words after `leakscope hunt`.
    commands: Vec<Vec<String>>,
    /// Where they run.
    folder: PathBuf,
    running: Arc<Running>,
}

/// What a wait has come to.
pub(super) enum Ended {
    /// The hunt goes on.
    Not { progress: String, folder: PathBuf },
    /// There is a verdict in this folder.
    In(PathBuf),
}

#[derive(Debug, Default)]
struct Running {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    None,
    Hunting(Hunt),
    Done {
        folder: PathBuf,
        /// Its exit code, or why there is none.
        end: Result<i32, String>,
        tail: VecDeque<String>,
    },
}

#[derive(Debug)]
struct Hunt {
    folder: PathBuf,
    /// Not reaped while it is in here, so that its id is its own.
    pid: Option<Pid>,
    /// It shall end as soon as it can be told so.
    is_stopped: bool,
    tail: VecDeque<String>,
}

impl Hunt {
    fn end_if_stopped(&self) {
        if let Some(pid) = self.pid.filter(|_| self.is_stopped) {
            // It may be at its end already.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hunts {
    /// Checks the commands as `leakscope hunt` will read them.
    pub(super) fn allowing(texts: &[String], folder: &Path) -> Result<Self, Failure> {
        let commands = texts.iter().map(|text| command(text));
        Ok(Self {
            commands: commands.collect::<Result<_, _>>()?,
            texts: texts.to_vec(),
            folder: folder.to_owned(),
            running: Arc::default(),
        })
    }

    pub(super) fn allowed(&self) -> &[String] {
        &self.texts
    }

    /// Begins a hunt if none is running, and waits for its end.
    pub(super) fn wait(&self, ask: &HuntAsk) -> Result<Ended, Problem> {
        let deadline = Instant::now() + ask.wait;
        let mut state = self.running.lock();
        if matches!(*state, State::None) {
            let words = self.words(ask)?;
            let folder = self.new_folder();
            *state = State::Hunting(Hunt {
                folder: folder.clone(),
                pid: None,
                is_stopped: false,
                tail: VecDeque::new(),
            });
            self.begin(words, folder);
        }
        loop {
            match &*state {
                State::Hunting(hunt) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(Ended::Not {
                            progress: hunt.tail.back().cloned().unwrap_or_default(),
                            folder: hunt.folder.clone(),
                        });
                    }
                    let waited = self.running.changed.wait_timeout(state, left);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                State::Done { .. } => {
                    let done = std::mem::take(&mut *state);
                    return ended(done);
                }
                // Another call has taken the answer.
                State::None => {
                    return Err(
                        Problem::new("the hunt ended, and another call has its verdict")
                            .hint("`list` shows its run first"),
                    );
                }
            }
        }
    }

    /// The words of a hunt, its program aside.
    fn words(&self, ask: &HuntAsk) -> Result<Vec<String>, Problem> {
        let allowed = self.commands.get(ask.command).ok_or_else(|| {
            Problem::new("this command is not allowed").hint("`command` is one that the user named")
        })?;
        let options = allowed
            .split(|word| word == "--")
            .next()
            .unwrap_or_default();
        let mut words = Vec::new();
        let asked = [
            ("--sessions", ask.sessions.map(|n| n.to_string())),
            ("--rounds", ask.rounds.map(|n| n.to_string())),
        ];
        for (option, value) in asked {
            let Some(value) = value else { continue };
            let with_value = format!("{option}=");
            if options
                .iter()
                .any(|word| word == option || word.starts_with(&with_value))
            {
                let message = format!("the user has set `{option}` for this command");
                return Err(Problem::new(message).hint("leave it out"));
            }
            words.extend([option.to_owned(), value]);
        }
        words.extend(allowed.iter().cloned());
        let checked = parsed(&words);
        checked.map_err(|wrong| Problem::new(wrong).hint("give other `sessions` or `rounds`"))?;
        Ok(words)
    }

    fn new_folder(&self) -> PathBuf {
        let name = jiff::ZonedDateTime::now().strftime("leakscope-run-%Y%m%d-%H%M%S");
        let folder = self.folder.join(name.to_string());
        let others = (2..).map(|n| self.folder.join(format!("{name}-{n}")));
        let mut free = std::iter::once(folder.clone()).chain(others);
        free.find(|folder| !folder.exists()).unwrap_or(folder)
    }

    /// The kernel's word on a parent's death is about the thread that started a process: so the
    /// thread that starts it is the one that waits for it.
    fn begin(&self, words: Vec<String>, folder: PathBuf) {
        let running = Arc::clone(&self.running);
        let working_dir = self.folder.clone();
        std::thread::spawn(move || {
            let started = start(&words, &folder, &working_dir);
            let (end, tail) = match started {
                Ok(child) => follow(child, &running),
                Err(error) => {
                    let end = Err(format!("`leakscope hunt` cannot be started: {error}"));
                    (end, VecDeque::new())
                }
            };
            *running.lock() = State::Done { folder, end, tail };
            running.changed.notify_all();
        });
    }

    /// Asks the hunt to end, and waits until it has cleaned up.
    pub(super) fn stop(&self) {
        let mut state = self.running.lock();
        if let State::Hunting(hunt) = &mut *state {
            hunt.is_stopped = true;
            hunt.end_if_stopped();
        }
        let is_hunting = |state: &mut State| matches!(state, State::Hunting(_));
        let waited = self
            .running
            .changed
            .wait_timeout_while(state, PATIENCE, is_hunting);
        drop(waited);
    }
}

/// The words after `leakscope hunt` of what a user allowed.
fn command(text: &str) -> Result<Vec<String>, Failure> {
    let refused = |why: String| {
        let shown = report::printable(text);
        Failure::new(
            Exit::Usage,
            format!("cannot use `--allow-hunt '{shown}'`: {why}"),
        )
        .hint(Some(
            "give the service's command, as 'node server.js'; or what stands after \
             `leakscope hunt`, as '--load load.yml -- node server.js'",
        ))
    };
    let mut words = words::split(text).ok_or_else(|| refused("a quote does not end".into()))?;
    if words.first().is_some_and(|first| !first.starts_with('-')) {
        words.insert(0, "--".into());
    }
    parsed(&words).map_err(refused)?;
    Ok(words)
}

/// Reads words as `leakscope hunt` does; the text says what is wrong with them.
fn parsed(words: &[String]) -> Result<(), String> {
    let words = ["leakscope", "hunt"]
        .into_iter()
        .chain(words.iter().map(String::as_str));
    match Args::try_parse_from(words) {
        Ok(Args {
            command: Asked::Hunt(hunt),
            ..
        }) => match hunt.out {
            None => Ok(()),
            Some(_) => Err("`--out` is the server's own".into()),
        },
        Ok(_) => Err("it is no hunt".into()),
        Err(error) => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            Err(line.trim_start_matches("error: ").to_owned())
        }
    }
}

fn start(words: &[String], folder: &Path, working_dir: &Path) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("hunt")
        .arg("--out")
        .arg(folder)
        .args(words)
        .current_dir(working_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    // macOS has no such thing: there, a hunt outlives a server that is killed.
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; this is one system
    // call without allocation.
    #[cfg(target_os = "linux")]
    unsafe {
        command.pre_exec(|| {
            Ok(rustix::process::set_parent_process_death_signal(Some(
                Signal::TERM,
            ))?)
        });
    }
    command.spawn()
}

/// Reads what a hunt tells until it has ended.
fn follow(mut child: Child, running: &Running) -> (Result<i32, String>, VecDeque<String>) {
    let in_hunt = |change: &mut dyn FnMut(&mut Hunt)| {
        if let State::Hunting(hunt) = &mut *running.lock() {
            change(hunt);
        }
    };
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    in_hunt(&mut |hunt| {
        hunt.pid = pid;
        hunt.end_if_stopped();
    });
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim().to_owned();
            in_hunt(&mut |hunt| {
                hunt.tail.push_back(line.clone());
                if hunt.tail.len() > TAIL {
                    hunt.tail.pop_front();
                }
            });
        }
    }
    let mut tail = VecDeque::new();
    in_hunt(&mut |hunt| {
        hunt.pid = None;
        tail = std::mem::take(&mut hunt.tail);
    });
    let end = match child.wait() {
        Ok(status) => status
            .code()
            .ok_or_else(|| format!("the hunt ended by {status}")),
        Err(error) => Err(format!("the hunt's end was missed: {error}")),
    };
    (end, tail)
}

fn ended(state: State) -> Result<Ended, Problem> {
    let State::Done { folder, end, tail } = state else {
        return Err(Problem::new("no hunt is running"));
    };
    let verdicts = [Exit::Clean, Exit::Leaking, Exit::Inconclusive];
    let has_verdict = |code: i32| verdicts.iter().any(|&exit| code == exit as i32);
    let how = match end {
        Ok(code) if has_verdict(code) => return Ok(Ended::In(folder)),
        Ok(code) => format!("the hunt ended with exit code {code} and without a verdict"),
        Err(how) => how,
    };
    Err(Problem::new(how)
        .hint("what it said last tells why; `leakscope hunt --help` lists the exit codes")
        .said(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowing(text: &str) -> Result<Hunts, Failure> {
        Hunts::allowing(&[text.to_owned()], Path::new("/srv"))
    }

    fn ask(sessions: Option<u64>) -> HuntAsk {
        HuntAsk {
            command: 0,
            sessions,
            rounds: None,
            wait: Duration::ZERO,
        }
    }

    #[test]
    fn a_command_is_the_services_or_all_of_a_hunt() {
        let words = |text, sessions| allowing(text).unwrap().words(&ask(sessions));
        assert_eq!(words("node a.js", None).unwrap(), ["--", "node", "a.js"]);
        assert_eq!(
            words("--load l.yml -- node a.js", Some(50)).unwrap(),
            ["--sessions", "50", "--load", "l.yml", "--", "node", "a.js"]
        );
        let taken = words("--sessions=20 -- node a.js", Some(50)).unwrap_err();
        assert!(taken.message.contains("has set `--sessions`"), "{taken:?}");
        let few = words("node --sessions 5", Some(1)).unwrap_err();
        assert!(few.message.contains("--sessions"), "{few:?}");
    }

    #[test]
    fn what_is_no_hunt_is_refused_at_the_start() {
        for text in [
            "",
            "--load",
            "--no-such-option -- node a.js",
            "node 'a.js",
            "--out x -- node",
        ] {
            let (message, hint) = allowing(text).unwrap_err().words();
            assert!(message.contains("--allow-hunt"), "{message}");
            assert!(hint.unwrap().contains("node server.js"));
        }
    }
}
