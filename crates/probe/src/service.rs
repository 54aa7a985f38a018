//! The service's process: its start, its end, and that nothing of it is left behind.
//!
//! Every process that comes from it is known by a variable in its environment, which children
//! inherit whatever group or session they put themselves into. The service leads a process group
//! of its own, so that a Ctrl-C at the terminal reaches us alone; the kernel ends it should we die.

use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::{NamedTempFile, TempPath};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::attach::{Attached, Opening};
use crate::output::Output;
use crate::process::{Process, Runtime};
use crate::{Error, Ready, procfs};

/// The variable that marks every process of a service.
const MARK: &str = "LEAKSCOPE_SERVICE";

/// How often a process is looked at that is expected to change.
const POLL: Duration = Duration::from_millis(25);

/// From SIGKILL until the last process must be gone.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// From readiness until the inspector must have said where it listens, which Node.js does before
/// it runs a line of the service's code.
const INSPECTOR_WITHIN: Duration = Duration::from_secs(3);

/// Runs before a service's own code where the ports that a cluster would give its children are taken:
/// the kernel chooses free ones then. A child has no such settings.
const FREE_PORTS: &str = "const { settings } = require('cluster');\n\
                          if (settings) settings.inspectPort = 0;\n";

/// What to start, and how.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The folder it runs in.
    pub working_dir: PathBuf,
    /// The file that gets its stdout and stderr; `None` for both to go to our stderr.
    pub output: Option<PathBuf>,
}

/// A running service. Dropping it kills every process of it.
#[derive(Debug)]
pub struct Service {
    launch: Launch,
    child: Child,
    /// `NAME=value` of the marking variable.
    mark: String,
    output: Output,
    /// Where the service was seen to listen when it got ready.
    port: Option<u16>,
    /// What each of its processes runs first, if anything.
    _preload: Option<TempPath>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended(ExitStatus);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.code(), self.0.signal()) {
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(number)) => match signal_name(number) {
                Some(name) => write!(f, "signal {name}"),
                None => write!(f, "signal {number}"),
            },
            (None, None) => f.write_str("for an unknown reason"),
        }
    }
}

fn signal_name(number: i32) -> Option<&'static str> {
    let known = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::TERM, "SIGTERM"),
    ];
    known
        .iter()
        .find(|(signal, _)| signal.as_raw() == number)
        .map(|(_, name)| *name)
}

impl Service {
    /// Starts a service with its inspector on a free loopback port. Needs a Tokio runtime.
    ///
    /// # Errors
    /// If the program cannot be started or the file for its output cannot be made.
    pub fn start(launch: &Launch) -> Result<Self, Error> {
        Self::start_with(launch, None)
    }

    fn start_with(launch: &Launch, preload: Option<TempPath>) -> Result<Self, Error> {
        let (program, args) = launch.command.split_first().ok_or(Error::NoCommand)?;
        let cannot_write = |source| Error::Output {
            path: launch.output.clone().unwrap_or_default(),
            source,
        };
        let (output, file) = match &launch.output {
            Some(path) => Output::create(path),
            None => Output::of_stderr(),
        }
        .map_err(cannot_write)?;
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let mark = format!("{}-{}", std::process::id(), since_epoch.as_nanos());
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(&launch.working_dir)
            .env(
                "NODE_OPTIONS",
                node_options(std::env::var_os("NODE_OPTIONS"), preload.as_deref()),
            )
            .env(MARK, &mark)
            .stdin(Stdio::null())
            .stderr(file.try_clone().map_err(cannot_write)?)
            .stdout(file)
            .process_group(0);
        // macOS has no such thing: there, a service outlives a leakscope that is killed.
        // SAFETY: between fork and exec only async-signal-safe calls are allowed; this is one
        // system call without allocation.
        #[cfg(target_os = "linux")]
        unsafe {
            command.pre_exec(|| {
                Ok(rustix::process::set_parent_process_death_signal(Some(
                    Signal::KILL,
                ))?)
            });
        }
        let child = command.spawn().map_err(|source| Error::Start {
            program: program.to_string_lossy().into_owned(),
            source,
        })?;
        Ok(Self {
            launch: launch.clone(),
            child,
            mark: format!("{MARK}={mark}"),
            output,
            port: None,
            _preload: preload,
        })
    }

    /// Waits until the service gives the sign.
    ///
    /// # Errors
    /// [`Error::Ended`] if it ends before, [`Error::NotReady`] after `limit`.
    pub async fn wait_ready(&mut self, ready: &Ready, limit: Duration) -> Result<(), Error> {
        self.port = ready.port();
        let deadline = Instant::now() + limit;
        loop {
            let missing = tokio::select! {
                biased;
                status = self.child.wait() => return Err(ended(status)),
                sign = ready.look(&self.output) => match sign {
                    Ok(()) => return Ok(()),
                    Err(missing) => missing,
                },
            };
            if Instant::now() >= deadline {
                let tail = self.output.tail(12);
                return Err(Error::NotReady {
                    limit: limit.into(),
                    awaited: missing,
                    tail,
                });
            }
            sleep(POLL.min(deadline - Instant::now())).await;
        }
    }

    /// The WebSocket address of the inspector of the process that serves: where several Node.js
    /// processes came up (`npm start`, a shell, a runner), the one that listens on the port that
    /// was waited for, or whose cluster does; else the youngest.
    ///
    /// # Errors
    /// [`Error::NoInspector`] if that process has none.
    pub async fn inspector_url(&self) -> Result<String, Error> {
        let deadline = Instant::now() + INSPECTOR_WITHIN;
        loop {
            match self.find_inspector() {
                Err(_) if Instant::now() < deadline => sleep(POLL).await,
                found => return found,
            }
        }
    }

    /// Waits for the process that serves and attaches to it, where nothing says when it is ready:
    /// the youngest that runs JavaScript and is no package runner.
    ///
    /// # Errors
    /// [`Error::Ended`] if it ends before, [`Error::NoInspector`] after `limit`.
    pub async fn attach(&mut self, limit: Duration) -> Result<Attached, Error> {
        let deadline = Instant::now() + limit;
        loop {
            let is_late = Instant::now() >= deadline;
            if let Some(process) = self.main_process(is_late) {
                match crate::attach(&process, Opening::Never).await {
                    Err(_) if !is_late => {}
                    attached => return attached,
                }
            }
            if is_late {
                let found = "none of its processes runs Node.js".to_owned();
                return Err(Error::NoInspector { found });
            }
            tokio::select! {
                biased;
                status = self.child.wait() => return Err(ended(status)),
                () = sleep(POLL) => {}
            }
        }
    }

    fn main_process(&self, may_be_runner: bool) -> Option<Process> {
        let pids = self.processes().into_iter();
        pids.filter_map(|pid| Process::of(pid).ok())
            .filter(|process| process.runtime != Runtime::Other)
            .filter(|process| may_be_runner || !is_runner(process))
            .max_by_key(|process| (process.started_ticks, process.pid))
    }

    fn find_inspector(&self) -> Result<String, Error> {
        let own = procfs::pids_with_variable(&self.mark);
        let text = self.output.text();
        let inspectors: Vec<(String, u32)> = inspector_urls(&text)
            .filter_map(|(url, port)| Some((url, *procfs::listeners(port, &own).first()?)))
            .collect();
        let serving = self
            .port
            .map(|port| procfs::listeners(port, &own))
            .unwrap_or_default();
        let serving: Vec<u32> = serving.into_iter().map(primary_of).collect();
        let of_serving = inspectors.iter().find(|(_, pid)| serving.contains(pid));
        if let Some((url, _)) = of_serving {
            return Ok(url.clone());
        }
        let found = match (
            serving.first(),
            inspectors.iter().max_by_key(|(_, pid)| pid),
        ) {
            (None, Some((url, _))) => return Ok(url.clone()),
            (Some(&pid), _) => {
                let name = procfs::name(pid).unwrap_or_default();
                format!("what listens is process {pid} (`{name}`), which opened none")
            }
            (None, None) => "none of its processes opened one".to_owned(),
        };
        Err(Error::NoInspector { found })
    }

    /// The id of the process that was started; `None` once it has ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the end of the process that was started.
    pub async fn ended(&mut self) -> Result<Ended, Error> {
        match self.child.wait().await {
            Ok(status) => Ok(Ended(status)),
            error => Err(ended(error)),
        }
    }

    /// The last `n` lines of its output, without what the inspector caused.
    #[must_use]
    pub fn output_tail(&self, n: usize) -> Vec<String> {
        self.output.tail(n)
    }

    /// Whether a cluster child has no inspector because somebody has its port: a cluster gives its
    /// children the ports after its own, one after the other.
    pub async fn is_short_of_ports(&self) -> bool {
        let all = self.processes().into_iter();
        let children = all.filter_map(|pid| Process::of(pid).ok());
        for child in children.filter(Process::is_cluster_child) {
            if !crate::could_open_inspector(&child) {
                let attaching = crate::attach(&child, Opening::Never);
                // One that is busy has an inspector.
                if matches!(timeout(INSPECTOR_WITHIN, attaching).await, Ok(Err(_))) {
                    return true;
                }
            }
        }
        false
    }

    /// Ends the service and starts it anew, with every inspector of a cluster on a port that the
    /// kernel finds free.
    ///
    /// # Errors
    /// As [`Service::stop`] and [`Service::start`].
    pub async fn restart_on_free_ports(&mut self, grace: Duration) -> Result<(), Error> {
        self.stop(grace).await?;
        let preload = file_of(FREE_PORTS).map_err(|source| Error::Output {
            path: std::env::temp_dir(),
            source,
        })?;
        let launch = self.launch.clone();
        *self = Self::start_with(&launch, Some(preload))?;
        Ok(())
    }

    /// Ends every process of the service: SIGTERM, and SIGKILL to those that live on after `grace`.
    ///
    /// # Errors
    /// [`Error::StillAlive`] if a process outlives even that.
    pub async fn stop(&mut self, grace: Duration) -> Result<(), Error> {
        for pid in self.processes() {
            signal(pid, Signal::TERM);
        }
        if timeout(grace, self.all_gone()).await.is_ok() {
            return Ok(());
        }
        let killed = timeout(KILLED_WITHIN, async {
            loop {
                self.kill_all();
                if timeout(POLL * 4, self.all_gone()).await.is_ok() {
                    break;
                }
            }
        });
        match killed.await {
            Ok(()) => Ok(()),
            Err(_) => Err(Error::StillAlive {
                pids: self.processes(),
            }),
        }
    }

    async fn all_gone(&mut self) {
        let _ = self.child.wait().await;
        while !self.processes().is_empty() {
            sleep(POLL).await;
        }
    }

    fn processes(&self) -> Vec<u32> {
        let mut pids = procfs::pids_with_variable(&self.mark);
        // The child may have changed its environment, and has none between fork and exec.
        pids.extend(self.child.id().filter(|pid| !pids.contains(pid)));
        pids
    }

    fn kill_all(&self) {
        for pid in self.processes() {
            signal(pid, Signal::KILL);
        }
    }
}

/// The process that started the cluster which a process belongs to; else the process itself.
fn primary_of(pid: u32) -> u32 {
    match Process::of(pid) {
        Ok(process) if process.is_cluster_child() => process.parent,
        _ => pid,
    }
}

/// Whether a process runs a package's script, which is then a process of its own.
fn is_runner(process: &Process) -> bool {
    const RUNNERS: [&str; 9] = [
        "npm",
        "npm-cli.js",
        "npx",
        "npx-cli.js",
        "yarn",
        "yarn.js",
        "pnpm",
        "pnpm.cjs",
        "corepack",
    ];
    let names = process.command.iter().take(3);
    names
        .filter_map(|word| Path::new(word).file_name()?.to_str())
        .any(|name| RUNNERS.contains(&name) || name.starts_with("npm "))
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill_all();
    }
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended meanwhile.
        let _ = kill_process(pid, signal);
    }
}

fn ended(status: std::io::Result<ExitStatus>) -> Error {
    let how = match status {
        Ok(status) => Ended(status).to_string(),
        Err(error) => error.to_string(),
    };
    Error::Ended { how }
}

/// A script in a file that lives as long as what is returned.
fn file_of(script: &str) -> std::io::Result<TempPath> {
    let mut file = NamedTempFile::with_suffix(".cjs")?;
    file.write_all(script.as_bytes())?;
    Ok(file.into_temp_path())
}

/// The user's own options, and the inspector on a free port of this machine alone.
fn node_options(own: Option<OsString>, preload: Option<&Path>) -> OsString {
    let mut options = own.unwrap_or_default();
    if !options.is_empty() {
        options.push(" ");
    }
    options.push("--inspect=127.0.0.1:0");
    if let Some(path) = preload {
        let escaped = path
            .to_string_lossy()
            .replace('\\', r"\\")
            .replace('"', "\\\"");
        options.push(format!(" --require \"{escaped}\""));
    }
    options
}

/// The inspector addresses in a service's output, with their ports.
fn inspector_urls(text: &str) -> impl Iterator<Item = (String, u16)> {
    text.lines().filter_map(|line| {
        let (_, url) = line.split_once("Debugger listening on ")?;
        let authority = url.strip_prefix("ws://")?.split('/').next()?;
        let port = authority.rsplit_once(':')?.1.parse().ok()?;
        Some((url.trim_end().to_owned(), port))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_in_words() {
        let shown = |raw| Ended(ExitStatus::from_raw(raw)).to_string();
        assert_eq!(shown(3 << 8), "exit code 3");
        assert_eq!(shown(9), "signal SIGKILL");
        assert_eq!(shown(40), "signal 40");
    }

    #[test]
    fn the_users_node_options_stay() {
        assert_eq!(node_options(None, None), "--inspect=127.0.0.1:0");
        let own = Some("--max-old-space-size=512".into());
        assert_eq!(
            node_options(own, Some(Path::new(r#"/a b/"c".cjs"#))),
            r#"--max-old-space-size=512 --inspect=127.0.0.1:0 --require "/a b/\"c\".cjs""#
        );
    }

    #[test]
    fn inspector_addresses_are_read_from_the_output() {
        let text = "Debugger listening on ws://127.0.0.1:38231/7f-a\nhello\n\
                    npm: Debugger listening on ws://[::1]:9229/b\nDebugger listening on nothing\n";
        let found: Vec<_> = inspector_urls(text).collect();
        let expected = [
            ("ws://127.0.0.1:38231/7f-a".to_owned(), 38231),
            ("ws://[::1]:9229/b".to_owned(), 9229),
        ];
        assert_eq!(found, expected);
    }
}
