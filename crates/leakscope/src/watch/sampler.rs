//! Takes readings of a process and of all that come from it.
//!
//! Owns what is asked how often: everything that costs the kernel or the service little at every
//! reading; the shares of memory, for which the kernel walks all pages, and the states of sockets, for
//! which it walks all its tables, no more often than keeps each at a fifth of a percent of a core.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use probe::{Inspector, Sockets, TcpStates};
use watch::{Figures, Metric};

use super::heaps::{Heaps, Told};
use super::subject::Subject;
use super::{ProcessReading, Reading, WorkerReading};

/// After something dear, so many times what it took must pass until the next time.
const PAUSE: u32 = 500;

/// The control group of a process rarely changes.
const LIMIT_EVERY: Duration = Duration::from_secs(30);

pub(super) struct Sampler<'s> {
    root: Option<u32>,
    inspector: Option<&'s Inspector>,
    heaps: Heaps,
    cpu: HashMap<u32, (Instant, Duration)>,
    shares: HashMap<u32, Shares>,
    sockets: HashMap<u32, Sockets>,
    next_sockets: Instant,
    names: HashMap<u32, String>,
    limit: Option<(Instant, Option<u64>)>,
    notes: Vec<String>,
}

/// What is known of a process's shares of memory.
struct Shares {
    pss: Option<u64>,
    uss: Option<u64>,
    next: Instant,
}

impl<'s> Sampler<'s> {
    pub(super) async fn new(subject: &'s Subject) -> Self {
        let (heaps, missing) = Heaps::new(subject.attached(), subject.opening()).await;
        Self {
            root: subject.pid(),
            inspector: subject.inspector(),
            heaps,
            cpu: HashMap::new(),
            shares: HashMap::new(),
            sockets: HashMap::new(),
            next_sockets: Instant::now(),
            names: HashMap::new(),
            limit: None,
            notes: subject.notes().iter().cloned().chain(missing).collect(),
        }
    }

    /// What the user should know of what is missing.
    pub(super) fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    pub(super) fn inspector(&self) -> Option<&Inspector> {
        self.inspector
    }

    pub(super) fn root(&self) -> Option<u32> {
        self.root
    }

    /// A reading; `None` when the process has ended.
    pub(super) async fn read(&mut self, at: f64) -> Option<Reading> {
        let mut reading = Reading {
            at,
            ..Reading::default()
        };
        if let Some(root) = self.root {
            let tree = probe::tree(root);
            self.look_at_sockets(&tree);
            for pid in tree {
                match self.read_process(pid) {
                    Some(process) => reading.processes.push(process),
                    None if pid == root => return None,
                    // A child that has just ended.
                    None => {}
                }
            }
            self.forget_ended(&reading.processes);
        }
        self.read_heaps(&mut reading).await?;
        for process in &reading.processes {
            reading.figures.add(&process.figures);
            for worker in &process.workers {
                reading.figures.add(&worker.figures);
            }
        }
        if let Some(own) = reading.processes.first() {
            reading.spaces.clone_from(&own.spaces);
        }
        if let Some(root) = self.root {
            let processes = reading.processes.len() as u64;
            reading
                .figures
                .set_whole(Metric::Processes, Some(processes));
            reading.figures.set_whole(Metric::Limit, self.limit(root));
        }
        Some(reading)
    }

    fn read_process(&mut self, pid: u32) -> Option<ProcessReading> {
        let memory = probe::read_memory_quickly(pid).ok()?;
        let shares = self.shares_of(pid);
        let mut figures = Figures::default();
        for (metric, value) in [
            (Metric::Rss, Some(memory.rss)),
            (Metric::Vsz, Some(memory.vsz)),
            (Metric::Pss, shares.0),
            (Metric::Uss, shares.1),
            (Metric::Swap, memory.swap),
            (Metric::Threads, memory.threads),
            (Metric::Fds, memory.fds),
            (Metric::Sockets, memory.sockets),
        ] {
            figures.set_whole(metric, value);
        }
        if let Some(sockets) = self.sockets.get(&pid) {
            for (metric, value) in [
                (Metric::Listening, sockets.listening),
                (Metric::Established, sockets.established),
                (Metric::CloseWait, sockets.close_wait),
                (Metric::OtherTcp, sockets.other_tcp),
                (Metric::OtherSockets, sockets.other),
            ] {
                figures.set_whole(metric, Some(value));
            }
        }
        figures.set(Metric::Cpu, self.cpu_of(pid));
        let name = self
            .names
            .entry(pid)
            .or_insert_with(|| name_of(pid))
            .clone();
        Some(ProcessReading {
            pid,
            name,
            figures,
            ..ProcessReading::default()
        })
    }

    fn look_at_sockets(&mut self, tree: &[u32]) {
        let began = Instant::now();
        if began < self.next_sockets {
            return;
        }
        let root = tree.first().copied().unwrap_or(0);
        let states = TcpStates::around(root);
        let of_each = tree.iter().filter_map(|&pid| Some((pid, states.of(pid)?)));
        self.sockets = of_each.collect();
        self.next_sockets = Instant::now() + began.elapsed() * PAUSE;
    }

    fn shares_of(&mut self, pid: u32) -> (Option<u64>, Option<u64>) {
        let began = Instant::now();
        if let Some(known) = self.shares.get(&pid).filter(|known| began < known.next) {
            return (known.pss, known.uss);
        }
        let (pss, uss) = probe::read_shares(pid);
        let took = began.elapsed();
        let next = Instant::now() + took * PAUSE;
        self.shares.insert(pid, Shares { pss, uss, next });
        (pss, uss)
    }

    /// Percent of a core since the reading before.
    fn cpu_of(&mut self, pid: u32) -> Option<f64> {
        let (now, used) = (Instant::now(), probe::cpu_time(pid)?);
        let (before, used_before) = self.cpu.insert(pid, (now, used))?;
        let passed = now.duration_since(before).as_secs_f64();
        let spent = used.saturating_sub(used_before).as_secs_f64();
        (passed > 0.0).then(|| 100.0 * spent / passed)
    }

    fn limit(&mut self, root: u32) -> Option<u64> {
        match self.limit {
            Some((read_at, limit)) if read_at.elapsed() < LIMIT_EVERY => limit,
            _ => {
                let limit = probe::memory_limit(root);
                self.limit = Some((Instant::now(), limit));
                limit
            }
        }
    }

    fn forget_ended(&mut self, alive: &[ProcessReading]) {
        let is_alive = |pid: &u32| alive.iter().any(|process| process.pid == *pid);
        self.cpu.retain(|pid, _| is_alive(pid));
        self.shares.retain(|pid, _| is_alive(pid));
        self.names.retain(|pid, _| is_alive(pid));
    }

    /// What the isolates say themselves; `None` if the service has gone and only it could say so.
    async fn read_heaps(&mut self, reading: &mut Reading) -> Option<()> {
        let others = reading.processes.iter().skip(1).map(|process| process.pid);
        let others: Vec<u32> = others.collect();
        self.heaps.look_at(&others).await;
        let (told, is_gone) = self.heaps.read().await;
        if is_gone {
            self.inspector = None;
            self.root?;
        }
        for one in told {
            reading.take(one);
        }
        Some(())
    }

    /// Takes out of the service what was put in.
    pub(super) async fn end(&mut self) {
        self.heaps.end().await;
    }
}

impl Reading {
    /// Puts what an isolate says to its process.
    fn take(&mut self, told: Told) {
        let Told {
            pid,
            worker,
            figures,
            spaces,
        } = told;
        let own = self.processes.first().map(|process| process.pid);
        let whose = pid.or(own);
        let process = self.processes.iter_mut().find(|p| Some(p.pid) == whose);
        match (process, worker) {
            (Some(process), Some(worker)) => process.workers.push(WorkerReading {
                worker,
                figures,
                spaces,
            }),
            (Some(process), None) => {
                process.figures.add(&figures);
                process.spaces = spaces;
            }
            // The service runs on another machine.
            (None, _) => {
                self.figures.add(&figures);
                if self.spaces.is_empty() {
                    self.spaces = spaces;
                }
            }
        }
    }
}

/// What a process is called in a row: its program and the script that it runs.
fn name_of(pid: u32) -> String {
    let Ok(process) = probe::Process::of(pid) else {
        return String::new();
    };
    let base = |word: &String| word.rsplit('/').next().unwrap_or(word).to_owned();
    let script = process
        .command
        .iter()
        .skip(1)
        .find(|word| !word.starts_with('-'));
    let mut name = process.command.first().map_or(process.name.clone(), base);
    if let Some(script) = script {
        name = format!("{name} {}", base(script));
    }
    name
}
