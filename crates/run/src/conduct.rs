//! One run from start to end: whatever happens, the service is ended and the folder is whole.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use probe::{Launch, Opening, Process, Service};
use recording::{Cut, Event, Exit, Further, Recording, Stage};
use tokio_util::sync::CancellationToken;

use crate::isolates::Visits;
use crate::recorder::Recorder;
use crate::stages::Conductor;
use crate::{Error, Folder, Order};

/// Asked after the planned rounds, and after every further stage: the stage that may decide what
/// those of the recording do not; `None` if they do. What it reads lies in the run folder.
pub type FurtherStage<'a> =
    dyn Fn(Recording) -> Pin<Box<dyn Future<Output = Option<Further>>>> + 'a;

/// Asked at the end: the holders to clear one after the other while the service still runs.
pub type Cuts<'a> = dyn Fn(Recording) -> Pin<Box<dyn Future<Output = Vec<Cut>>>> + 'a;

/// Whom a run asks what it cannot know itself.
#[derive(Clone, Copy)]
pub struct Advice<'a> {
    /// Whether the stages so far decide.
    pub further: &'a FurtherStage<'a>,
    /// What to prove, if anything.
    pub cuts: Option<&'a Cuts<'a>>,
}

/// Conducts a run and returns what is known of it, with the error that ended it early, if any.
///
/// Every fact is told to `observer` as it happens and kept in `folder`. Cancel `stop` to end the
/// run; what was recorded until then stays. The service and all its children are ended in every
/// case. Needs a current-thread Tokio runtime with time and I/O enabled.
///
/// # Errors
/// The second value says why the run did not come to its end: the service failed, no session got
/// through, the folder could not be written, or the run was stopped.
pub async fn conduct(
    order: &Order,
    folder: &Folder,
    observer: &mut dyn FnMut(&Event),
    advice: Advice<'_>,
    stop: CancellationToken,
) -> (Recording, Result<(), Error>) {
    let recording = Recording::new(order.plan(), order.version);
    let recorder = RefCell::new(Recorder::new(recording, folder, observer));
    let setting = Setting {
        order,
        folder,
        recorder: &recorder,
        advice,
    };
    let mut result = run(setting, stop).await;
    let exit = match &result {
        Ok(()) => Exit::Finished,
        Err(Error::Interrupted) => Exit::Interrupted,
        Err(error) => Exit::Failed(error.to_string()),
    };
    let mut recorder = recorder.into_inner();
    if let Err(error) = recorder.tell(&Event::Ended(exit)) {
        // A full disk usually was the first error already: that one explains more.
        result = result.and(Err(error.into()));
    }
    (recorder.into_recording(), result)
}

/// What every part of a run needs.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a, 'r> {
    pub(crate) order: &'a Order,
    pub(crate) folder: &'a Folder,
    pub(crate) recorder: &'a RefCell<Recorder<'r>>,
    pub(crate) advice: Advice<'a>,
}

async fn run(setting: Setting<'_, '_>, stop: CancellationToken) -> Result<(), Error> {
    let Setting {
        order,
        folder,
        recorder,
        ..
    } = setting;
    let at = recorder.borrow().now();
    let begin = Event::StageStarted {
        at,
        stage: Stage::Start,
        sessions: None,
    };
    recorder.borrow_mut().tell(&begin)?;
    if let Some(process) = &order.running {
        return on_running(setting, process, stop).await;
    }
    let launch = Launch {
        command: order.command.clone(),
        working_dir: order.working_dir.clone(),
        output: Some(folder.log()),
    };
    order.ready.check_free()?;
    let mut service = Service::start(&launch)?;
    let result = guarded(setting, &mut service, stop).await;
    let ended = service.stop(order.limits.stop_grace).await;
    result.and(ended.map_err(Error::from))
}

/// What was done with a service that ran before, ahead of the stages.
pub(crate) struct Before {
    pub(crate) pid: u32,
    /// Whether it tells of V8's own collections.
    pub(crate) counts_collections: bool,
    pub(crate) visits: Rc<Visits>,
}

/// The stages on a service that ran before and goes on afterwards, as it was.
async fn on_running(
    setting: Setting<'_, '_>,
    process: &Process,
    stop: CancellationToken,
) -> Result<(), Error> {
    let attached = probe::attach_until(process, Opening::BySignal, stop.cancelled()).await?;
    let mut attached = attached.ok_or(Error::Interrupted)?;
    if attached.was_opened() && process.shares_inspector_port() {
        attached = attached.make_way().await?;
    }
    let inspector = attached.inspector().clone();
    // Not broken off: it must be known whether there is something to take out again, which another
    // watcher may share.
    let vitals = inspector.begin_vitals().await;
    let visits = Rc::new(Visits::beside(&attached));
    let before = Before {
        pid: process.pid,
        counts_collections: vitals.is_ok(),
        visits: Rc::clone(&visits),
    };
    let result = tokio::select! {
        biased;
        () = visits.stopped(&stop) => Err(Error::Interrupted),
        result = Conductor::perform_on_running(setting, inspector, process, before) => result,
    };
    visits.end().await;
    if !process.is_alive() {
        return result;
    }
    // Best effort: the first error explains more.
    let _ = attached.inspector().end_counting().await;
    // One that did not answer in time begins all the same.
    if matches!(vitals, Ok(()) | Err(probe::Error::Silent { .. })) {
        let _ = attached.inspector().end_vitals().await;
    }
    let left = attached.detach().await;
    result.and(left.map_err(Error::from))
}

/// The stages, raced against the service's death and the user's wish to stop.
async fn guarded(
    setting: Setting<'_, '_>,
    service: &mut Service,
    stop: CancellationToken,
) -> Result<(), Error> {
    let Setting {
        order, recorder, ..
    } = setting;
    let result = tokio::select! {
        biased;
        () = stop.cancelled() => Err(Error::Interrupted),
        result = Conductor::perform(setting, service) => result,
    };
    match result {
        // Whatever failed while the service was dying, its death is the reason.
        Err(error) if error.failure() == crate::Failure::Service => {
            let how = tokio::time::timeout(order.limits.stop_grace, service.ended()).await;
            match how {
                Ok(Ok(how)) => Err(Error::Died {
                    stage: recorder.borrow().recording().stages.last().map(|s| s.stage),
                    how: how.to_string(),
                    tail: service.output_tail(12),
                }),
                _still_alive => Err(error),
            }
        }
        other => other,
    }
}
