//! The service that is watched: found or started, with its inspector if there is one, and left as it
//! was.

use std::time::Duration;

use probe::{Attached, Ended, Error, Inspector, Opening, Process, Service, Target};

use tokio_util::sync::CancellationToken;

use crate::args::WatchArgs;
use crate::failure::{Failure, warn};
use crate::targets::{self, Found, failed};

/// How often is looked for a process that is to come back.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Until a service that was started must have a process with an inspector.
const STARTED_WITHIN: Duration = Duration::from_secs(5);

/// Until a process that came back must have opened its inspector.
const YOUNG: Duration = Duration::from_millis(1500);

/// What a service that was started gets between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

pub(super) struct Subject {
    process: Option<Process>,
    attached: Option<Attached>,
    service: Option<Service>,
    opening: Opening,
    notes: Vec<String>,
    stop: CancellationToken,
}

impl Subject {
    /// Finds or starts what the arguments name; nothing may be found if this is told to stop.
    pub(super) async fn find(
        args: &WatchArgs,
        needs_inspector: bool,
        stop: &CancellationToken,
    ) -> Result<Self, Failure> {
        let opening = match args.inspect || needs_inspector {
            true => Opening::BySignal,
            false => Opening::Never,
        };
        let mut subject = Self {
            process: None,
            attached: None,
            service: None,
            opening,
            notes: Vec::new(),
            stop: stop.clone(),
        };
        match (&args.target, &args.follow) {
            (Some(target), _) => match targets::find(target)? {
                Found::Process(process) => subject.attach_to(process).await,
                found @ Found::Inspector(_) => match targets::attach(&found, stop).await {
                    Ok(attached) => {
                        subject.process = attached.process().cloned();
                        subject.attached = Some(attached);
                    }
                    Err(_) if stop.is_cancelled() => {}
                    Err(failure) => return Err(failure),
                },
            },
            (None, Some(_)) => subject.next(args).await,
            (None, None) => tokio::select! {
                started = subject.start(args) => started?,
                () = stop.cancelled() => {}
            },
        }
        Ok(subject)
    }

    async fn start(&mut self, args: &WatchArgs) -> Result<(), Failure> {
        let mut service = targets::start(&args.command)?;
        match service.attach(STARTED_WITHIN).await {
            Ok(attached) => {
                self.process = attached.process().cloned();
                self.attached = Some(attached);
            }
            // A service without V8 has memory all the same.
            Err(error @ Error::NoInspector { .. }) => {
                self.notes.push(format!("no heap figures: {error}"));
                self.process = service.pid().and_then(|pid| Process::of(pid).ok());
            }
            Err(error) => return Err(failed(&error)),
        }
        self.service = Some(service);
        Ok(())
    }

    /// Waits for the process that is to be followed, the youngest that has the name; or until this is
    /// told to stop.
    pub(super) async fn next(&mut self, args: &WatchArgs) {
        let name = args.follow.clone().unwrap_or_default();
        let target = Target::Pattern(name);
        self.attached = None;
        self.notes.clear();
        while !self.stop.is_cancelled() {
            let found = target.processes().unwrap_or_default();
            let ended = self.process.as_ref().map(|p| (p.pid, p.started_ticks));
            let others = found
                .into_iter()
                .filter(|p| Some((p.pid, p.started_ticks)) != ended);
            if let Some(process) = others.max_by_key(|p| (p.started_ticks, p.pid)) {
                self.attach_to_young(process).await;
                return;
            }
            self.pause().await;
        }
    }

    /// Until it is time to look again.
    async fn pause(&self) {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// A process that has just been started opens its inspector soon, if at all.
    async fn attach_to_young(&mut self, process: Process) {
        let until = tokio::time::Instant::now() + YOUNG;
        let is_time = || tokio::time::Instant::now() < until && !self.stop.is_cancelled();
        while is_time() && process.is_alive() {
            if let Ok(Some(attached)) = self.open(&process).await {
                self.attached = Some(attached);
                self.process = Some(process);
                return;
            }
            self.pause().await;
        }
        self.attach_to(process).await;
    }

    /// Its inspector, on a port that hinders none of the processes that it started.
    async fn open(&self, process: &Process) -> Result<Option<Attached>, Error> {
        let attached = probe::attach_until(process, self.opening, self.stop.cancelled()).await?;
        match attached {
            Some(attached) if process.shares_inspector_port() => {
                attached.make_way().await.map(Some)
            }
            attached => Ok(attached),
        }
    }

    /// A process without an inspector is watched by what the kernel says of it.
    async fn attach_to(&mut self, process: Process) {
        match self.open(&process).await {
            Ok(attached) => self.attached = attached,
            Err(error) => {
                let hint = match self.opening {
                    Opening::Never => "; `--inspect` opens one where that is possible",
                    Opening::BySignal => "",
                };
                self.notes.push(format!("no heap figures: {error}{hint}"));
            }
        }
        self.process = Some(process);
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(|process| process.pid)
    }

    pub(super) fn attached(&self) -> Option<&Attached> {
        self.attached.as_ref()
    }

    pub(super) fn inspector(&self) -> Option<&Inspector> {
        self.attached.as_ref().map(Attached::inspector)
    }

    /// What may be done to get the inspectors of the processes that it started.
    pub(super) fn opening(&self) -> Opening {
        self.opening
    }

    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(super) fn title(&self) -> String {
        match &self.process {
            Some(process) => {
                let line = process.command_line();
                let short: String = line.chars().take(60).collect();
                format!("{} ({})", report::printable(&short), process.pid)
            }
            None => "the service".into(),
        }
    }

    /// Lets go of the service, and ends it if it was started for this; how it ended if it had.
    pub(super) async fn leave(self) -> Option<Ended> {
        if let Some(attached) = self.attached
            && let Err(error) = attached.detach().await
            && self.process.as_ref().is_some_and(Process::is_alive)
        {
            warn(&error.to_string());
        }
        let mut service = self.service?;
        let ended = tokio::time::timeout(Duration::ZERO, service.ended()).await;
        if let Err(error) = service.stop(GRACE).await {
            warn(&error.to_string());
        }
        ended.ok()?.ok()
    }
}
