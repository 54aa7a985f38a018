//! The commands that ask a service that runs: which process, which of its isolates, and that the
//! service is left as it was, whatever happens meanwhile.

mod capture;
mod condition;
mod gc;
mod profile;
mod selection;

use std::time::Duration;

use probe::{Attached, Inspector, Isolate, Process, Service};
use tokio_util::sync::CancellationToken;

use crate::args::SubjectArgs;
use crate::exit::Exit;
use crate::failure::{Failure, tell, warn};
use crate::signals::interrupted;
use crate::targets::{self, Found, failed};
use selection::{Isolates, Processes, Selection};

pub(crate) use capture::snapshot;
pub(crate) use gc::gc;
pub(crate) use profile::profile;

/// Until a service that was started must have a process with an inspector.
const STARTED_WITHIN: Duration = Duration::from_secs(30);

/// What a service gets between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

/// The service of a command.
pub(crate) struct Subject {
    found: Found,
    selection: Selection,
    /// It was started for this, and ends with it.
    service: Option<Service>,
    /// Conversations that go on until the command ends.
    held: Vec<Attached>,
    /// Whether none ends before.
    holds: bool,
}

/// One isolate, whose turn it is.
pub(crate) struct Turn<'t> {
    /// The process; `None` where it runs on another machine.
    pub(crate) process: Option<&'t Process>,
    pub(crate) isolate: &'t Isolate,
}

impl Turn<'_> {
    /// `server.js (4711) worker-2`: what a person calls it.
    pub(crate) fn title(&self) -> String {
        let process = self
            .process
            .map_or(String::new(), |process| format!("process {} ", process.pid));
        let of_worker = match (&self.isolate.title, self.isolate.url.is_empty()) {
            (Some(title), _) => format!(" ({title})"),
            (None, false) => format!(" ({})", file_name(&self.isolate.url)),
            (None, true) => String::new(),
        };
        format!("{process}{}{of_worker}", self.isolate.name)
    }
}

fn file_name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// Runs a command about a service on a runtime of its own: Ctrl-C ends it cleanly, and a service
/// that was started for it ends with it.
pub(crate) fn on_subject(
    args: &SubjectArgs,
    work: impl AsyncFnOnce(&mut Subject, &CancellationToken) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    crate::signals::until_stopped(async |stop| {
        let mut subject = tokio::select! {
            subject = Subject::find(args) => subject?,
            () = stop.cancelled() => return Err(interrupted()),
        };
        let result = work(&mut subject, &stop).await;
        // The service's own last: what it has passed on to its children it takes back with it.
        while let Some(held) = subject.held.pop() {
            detach(held).await;
        }
        if let Some(service) = &mut subject.service {
            service.stop(GRACE).await.map_err(|error| failed(&error))?;
        }
        result
    })
}

/// Leaves a process as it was; that it cannot be is told, not more.
async fn detach(attached: Attached) {
    if let Err(error) = attached.detach().await {
        warn(&error.to_string());
    }
}

impl Subject {
    async fn find(args: &SubjectArgs) -> Result<Self, Failure> {
        let selection = args.isolate.parse().map_err(|message: String| {
            Failure::new(Exit::Usage, message).hint(Some(
                "`main`, `all`, `worker-N`, a part of a worker's name, `PID`, or `PID/worker-N`",
            ))
        })?;
        let Some(target) = &args.target else {
            return Self::start(args, selection).await;
        };
        Ok(Self {
            found: targets::find(target)?,
            selection,
            service: None,
            held: Vec::new(),
            holds: false,
        })
    }

    async fn start(args: &SubjectArgs, selection: Selection) -> Result<Self, Failure> {
        let mut service = targets::start(&args.command)?;
        let attached = service.attach(STARTED_WITHIN).await;
        let attached = attached.map_err(|error| failed(&error))?;
        // It answers once its main script has run.
        let facts = attached.inspector().facts().await;
        facts.map_err(|error| failed(&error))?;
        let process = attached.process().cloned();
        let found = process.map(Found::Process).ok_or_else(|| {
            Failure::new(
                Exit::Service,
                "the service that was started cannot be found",
            )
        })?;
        Ok(Self {
            found,
            selection,
            service: Some(service),
            held: Vec::new(),
            holds: false,
        })
    }

    /// From here on every conversation goes on until the command ends. V8 forgets the ids of its objects
    /// at the end of one, and snapshots are compared by these.
    pub(crate) fn hold(&mut self) {
        self.holds = true;
    }

    /// The place of the conversation with a process, which goes on.
    async fn held(&mut self, found: &Found, stop: &CancellationToken) -> Result<usize, Failure> {
        let process = match found {
            Found::Process(process) => Some(process.clone()),
            Found::Inspector(_) => self.process(),
        };
        let mut held = self.held.iter();
        if let Some(at) = held.position(|attached| attached.process() == process.as_ref()) {
            return Ok(at);
        }
        let attached = match (self.held.first(), process) {
            (Some(own), Some(process)) => probe::attach_beside(&process, &own.woken()).await,
            (_, process) => {
                let attached = targets::attach(found, stop).await?;
                match process {
                    Some(process) if process.shares_inspector_port() => attached.make_way().await,
                    _ => Ok(attached),
                }
            }
        };
        self.held.push(attached.map_err(|error| failed(&error))?);
        Ok(self.held.len() - 1)
    }

    /// The process itself; `None` where it runs on another machine.
    pub(crate) fn process(&self) -> Option<Process> {
        match &self.found {
            Found::Process(process) => Some(process.clone()),
            Found::Inspector(endpoint) => {
                let target = probe::Target::Inspector(endpoint.clone());
                target.process().ok().flatten()
            }
        }
    }

    /// The process, which must be one of this machine.
    pub(crate) fn local_process(&self) -> Result<Process, Failure> {
        self.process().ok_or_else(|| {
            let message =
                "the service runs on another machine: only its heap can be seen from here";
            Failure::new(Exit::Usage, message)
        })
    }

    /// Fails if the service has ended.
    pub(crate) async fn check_alive(&mut self) -> Result<(), Failure> {
        if let Some(service) = &mut self.service {
            let ended = tokio::time::timeout(Duration::ZERO, service.ended()).await;
            if let Ok(how) = ended {
                let how = how.map_err(|error| failed(&error))?;
                return Err(Failure::new(
                    Exit::Service,
                    format!("the service has ended: {how}"),
                ));
            }
        }
        match &self.found {
            Found::Process(process) if !process.is_alive() => {
                let message = format!("process {} has ended", process.pid);
                Err(Failure::new(Exit::Service, message))
            }
            _ => Ok(()),
        }
    }

    /// The chosen isolates of the process itself, in a conversation that goes on.
    pub(crate) async fn chosen(
        &mut self,
        stop: &CancellationToken,
    ) -> Result<Vec<Inspector>, Failure> {
        let at = self.held(&self.found.clone(), stop).await?;
        let attached = &self.held[at];
        if self.selection.is_default() {
            return Ok(vec![attached.inspector().clone()]);
        }
        let all = attached.inspector().isolates().await;
        let all = all.map_err(|error| failed(&error))?.into_iter();
        let chosen = all.filter(|isolate| self.selection.has(isolate));
        Ok(chosen.map(|isolate| isolate.inspector).collect())
    }

    /// Lets `work` have each isolate that was chosen, one after another, and leaves every process
    /// as it was.
    ///
    /// # Errors
    /// The first failure; those of others are told. Having chosen nothing is one.
    pub(crate) async fn each(
        &mut self,
        stop: &CancellationToken,
        mut work: impl AsyncFnMut(&Turn<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let turns = async |process: Option<&Process>, isolates: &[&Isolate]| {
            for isolate in isolates {
                work(&Turn { process, isolate }).await?;
            }
            Ok(())
        };
        self.each_process(stop, turns).await
    }

    /// Likewise, all isolates of a process together.
    ///
    /// # Errors
    /// As [`Subject::each`].
    pub(crate) async fn each_process(
        &mut self,
        stop: &CancellationToken,
        mut work: impl AsyncFnMut(Option<&Process>, &[&Isolate]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut first = None;
        let mut n_turns = 0;
        for found in self.processes()? {
            let done = match self.holds {
                true => self.of_held(&found, stop, &mut work).await,
                false => match targets::attach(&found, stop).await {
                    Ok(attached) => {
                        let done = self.of_process(&attached, stop, &mut work).await;
                        detach(attached).await;
                        done
                    }
                    Err(failure) => Err(failure),
                },
            };
            match done {
                Ok(n) => n_turns += n,
                Err(failure) if stop.is_cancelled() => return Err(failure),
                Err(failure) if first.is_none() => first = Some(failure),
                // A service of many processes loses one now and then.
                Err(failure) => failure.print(),
            }
        }
        match first {
            Some(failure) => Err(failure),
            None if n_turns == 0 => Err(self.chose_nothing()),
            None => Ok(()),
        }
    }

    async fn of_held(
        &mut self,
        found: &Found,
        stop: &CancellationToken,
        work: &mut impl AsyncFnMut(Option<&Process>, &[&Isolate]) -> Result<(), Failure>,
    ) -> Result<usize, Failure> {
        let at = self.held(found, stop).await?;
        let done = self.of_process(&self.held[at], stop, work).await;
        if done.is_err() {
            // What is wrong with it may be the conversation: the next time is a new one.
            detach(self.held.remove(at)).await;
        }
        done
    }

    async fn of_process(
        &self,
        attached: &Attached,
        stop: &CancellationToken,
        work: &mut impl AsyncFnMut(Option<&Process>, &[&Isolate]) -> Result<(), Failure>,
    ) -> Result<usize, Failure> {
        let working = async {
            let all = attached.inspector().isolates().await;
            let all = all.map_err(|error| failed(&error))?;
            self.tell_of_others(attached, &all);
            let chosen = all.iter().filter(|isolate| self.selection.has(isolate));
            let chosen: Vec<&Isolate> = chosen.collect();
            if !chosen.is_empty() {
                work(attached.process(), &chosen).await?;
            }
            Ok(chosen.len())
        };
        tokio::select! {
            result = working => result,
            () = stop.cancelled() => Err(interrupted()),
        }
    }

    /// The processes whose turn it is: the service itself, or those that it has started too.
    fn processes(&self) -> Result<Vec<Found>, Failure> {
        let own = self.process();
        let children = || {
            own.as_ref()
                .map(Process::script_children)
                .unwrap_or_default()
        };
        match &self.selection.processes {
            Processes::Own => Ok(vec![self.found.clone()]),
            Processes::All => {
                let children = children().into_iter().map(Found::Process);
                Ok(std::iter::once(self.found.clone())
                    .chain(children)
                    .collect())
            }
            Processes::Child(pid) => {
                let wanted = own
                    .iter()
                    .cloned()
                    .chain(children())
                    .find(|p| p.pid == *pid);
                let wanted = wanted.map(|process| vec![Found::Process(process)]);
                wanted.ok_or_else(|| self.chose_nothing())
            }
        }
    }

    /// The heaps that are not looked at, unless some were chosen by name.
    fn tell_of_others(&self, attached: &Attached, all: &[Isolate]) {
        if !self.selection.is_default() {
            return;
        }
        let children = attached.process().map(Process::script_children);
        let children = children.unwrap_or_default();
        let mut others: Vec<String> = all.iter().skip(1).map(|i| i.name.clone()).collect();
        others.extend(
            children
                .iter()
                .map(|child| format!("process {}", child.pid)),
        );
        if !others.is_empty() {
            tell(&format!(
                "note: these have heaps of their own: {}; `--isolate all` takes them too",
                others.join(", ")
            ));
        }
    }

    fn chose_nothing(&self) -> Failure {
        let message = format!("the service has no isolate `{}`", self.selection.text);
        let children = self
            .process()
            .map(|p| p.script_children())
            .unwrap_or_default();
        let rows = children.iter().map(|child| {
            let line = child.command_line();
            format!("{:>8}  {}", child.pid, report::printable(&line))
        });
        Failure::new(Exit::Usage, message)
            .causes(rows.collect::<Vec<_>>())
            .hint(Some("`--isolate all` takes every one there is"))
    }
}

impl Selection {
    fn has(&self, isolate: &Isolate) -> bool {
        match &self.isolates {
            Isolates::Main => isolate.name == "main",
            Isolates::All => true,
            Isolates::Worker(name) => isolate.name == *name,
            Isolates::Named(text) => {
                let title = isolate.title.as_deref().unwrap_or_default();
                isolate.name != "main" && (title.contains(text) || isolate.url.contains(text))
            }
        }
    }
}
