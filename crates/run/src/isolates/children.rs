//! The processes that the service has started and that run JavaScript too: the conversations with
//! their main isolates, and what arrives at them where the load is somebody else's.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use probe::{Attached, Inspector, Opening, Process, Traffic};
use recording::IsolateKind;
use tokio::time::timeout;

use super::{PATIENCE, Visits, silence};

/// From the signal to open an inspector until a process must have.
const OPEN_WITHIN: Duration = Duration::from_secs(2);

/// For so long the end of a closed connection keeps its port, and a little more.
const PORT_FREE_WITHIN: Duration = Duration::from_secs(65);

/// All of them.
#[derive(Default)]
pub(super) struct Children {
    met: Vec<Child>,
    /// Those that have no inspector that can be talked to, and why.
    unreachable: BTreeMap<u32, Unreachable>,
    /// Where the service was not started for this run, what must be left as it was.
    visits: Option<Rc<Visits>>,
    /// Whether what arrives at them is counted inside of them.
    is_counting: bool,
    /// What arrived at those that have ended.
    arrived_before: Traffic,
}

/// One in conversation.
pub(super) struct Child {
    pub(super) process: Process,
    pub(super) kind: IsolateKind,
    attached: Rc<Attached>,
    /// What has arrived at it, where that is counted.
    arrived: Traffic,
}

struct Unreachable {
    process: Process,
    reason: String,
    is_blocked: bool,
    /// Whether it would open an inspector, were its port free.
    wants_port: bool,
}

impl Child {
    pub(super) fn inspector(&self) -> Inspector {
        self.attached.inspector().clone().with_patience(PATIENCE)
    }
}

impl Children {
    pub(super) fn new(visits: Option<Rc<Visits>>) -> Self {
        Self {
            visits,
            ..Self::default()
        }
    }

    /// Those that there are by now of the process `pid`: gets into conversation with the new ones.
    pub(super) async fn meet(&mut self, pid: u32) -> &[Child] {
        let alive = Process::of(pid).map(|process| process.script_children());
        let alive = alive.unwrap_or_default();
        let is_gone = |child: &mut Child| !alive.contains(&child.process);
        for gone in self.met.extract_if(.., is_gone) {
            self.arrived_before.add(&gone.arrived);
        }
        self.unreachable.retain(|_, u| alive.contains(&u.process));
        for process in alive {
            let before = self.unreachable.get(&process.pid);
            let is_met = self.met.iter().any(|child| child.process == process);
            if !is_met && !before.is_some_and(|before| before.is_blocked) {
                let is_new = before.is_none();
                self.try_to_meet(process, is_new).await;
            }
        }
        &self.met
    }

    async fn try_to_meet(&mut self, process: Process, is_new: bool) {
        let is_of_cluster = process.is_cluster_child();
        let is_ours = self.visits.is_none();
        // A cluster gives its children ports one after the other, whether or not they are free;
        // one that was taken when it began is likely to be free by now.
        let may_signal = is_ours && is_of_cluster && !is_new;
        let wants_port = is_ours && is_of_cluster && !probe::could_open_inspector(&process);
        let pid = process.pid;
        let (attached, is_blocked) = match &self.visits {
            Some(visits) => (Ok(visits.begin(&process).await), false),
            None => {
                let by_signal = may_signal && probe::could_open_inspector(&process);
                let (opening, patience) = match by_signal {
                    true => (Opening::BySignal, OPEN_WITHIN),
                    false => (Opening::Never, PATIENCE),
                };
                let attached = timeout(patience, probe::attach(&process, opening)).await;
                let is_blocked = attached.is_err() && !by_signal;
                (attached.map(|attached| attached.map(Rc::new)), is_blocked)
            }
        };
        let reason = match attached {
            Ok(Ok(attached)) => {
                self.unreachable.remove(&pid);
                if self.is_counting {
                    // One that cannot be asked receives nothing.
                    let _ = attached.inspector().begin_counting().await;
                }
                self.met.push(Child {
                    process,
                    kind: match is_of_cluster {
                        true => IsolateKind::ClusterChild,
                        false => IsolateKind::Child,
                    },
                    attached,
                    arrived: Traffic::default(),
                });
                return;
            }
            _ if may_signal => "the port for its inspector is taken".into(),
            // It may be about to open one, or to end.
            Ok(Err(error)) => error.to_string(),
            Err(_) => silence(),
        };
        let unreachable = Unreachable {
            process,
            reason,
            is_blocked,
            wants_port,
        };
        self.unreachable.insert(pid, unreachable);
    }

    /// What is worth waiting for before there is any load, for so long at most.
    pub(super) fn waits_for(&self, since: Instant) -> Option<String> {
        let mut waiting = self.unreachable.values().filter(|u| u.wants_port);
        let waiting = waiting.find(|_| since.elapsed() < PORT_FREE_WITHIN)?;
        let pid = waiting.process.pid;
        Some(format!("a free port for the inspector of process {pid}"))
    }

    /// Begins to count what arrives at them.
    pub(super) async fn begin_counting(&mut self, pid: u32) {
        self.is_counting = true;
        self.meet(pid).await;
    }

    /// What has arrived at them since.
    pub(super) async fn counted(&mut self) -> Traffic {
        let mut all = self.arrived_before.clone();
        for child in &mut self.met {
            // One that is busy is asked again, and tells of all then.
            if let Ok(arrived) = child.attached.inspector().counted().await {
                child.arrived = arrived;
            }
            all.add(&child.arrived);
        }
        all
    }

    /// Ends all conversations; nothing stays in the processes.
    pub(super) async fn leave(&mut self) {
        for child in std::mem::take(&mut self.met) {
            if self.is_counting {
                // It may be about to end.
                let _ = child.attached.inspector().end_counting().await;
            }
        }
    }

    /// What the reader of the verdict must know of those that could not be talked to.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let unreachable = self.unreachable.values();
        unreachable.map(
            |Unreachable {
                 process, reason, ..
             }| {
                let pid = process.pid;
                let script = process.script().unwrap_or(&process.name);
                format!(
                    "process {pid} ({script}), which the service started, is not judged: {reason}"
                )
            },
        )
    }
}
