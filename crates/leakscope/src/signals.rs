//! Being told to stop.

use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::failure::Failure;

/// Does work on a runtime of its own; the token is canceled when this process is told to stop.
pub(crate) fn until_stopped(
    work: impl AsyncFnOnce(CancellationToken) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| Failure::of(Exit::Service, &error);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let signals = stop_on_signals(stop.clone()).map_err(failed)?;
        let result = work(stop).await;
        signals.abort();
        result
    })
}

/// Does work that nothing can break off on a thread of its own. Told to stop, this returns at once;
/// the thread ends with the process.
///
/// # Errors
/// What the work says, or [`interrupted`].
pub(crate) fn aside(
    work: impl FnOnce() -> Result<Exit, Failure> + Send + 'static,
) -> Result<Exit, Failure> {
    until_stopped(async |stop| {
        let (tell, told) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            // Whoever asked may have been told to stop.
            let _ = tell.send(work());
        });
        tokio::select! {
            result = told => match (result, thread) {
                (Ok(result), _) => result,
                (Err(_), thread) => match thread.join() {
                    Err(panic) => std::panic::resume_unwind(panic),
                    Ok(()) => Err(interrupted()),
                },
            },
            () = stop.cancelled() => Err(interrupted()),
        }
    })
}

/// Somebody wanted the end.
pub(crate) fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted")
}

/// Ctrl-C, and what a CI system or a closing terminal sends.
pub(crate) fn stop_on_signals(
    stop: CancellationToken,
) -> std::io::Result<tokio::task::JoinHandle<()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
        stop.cancel();
    }))
}
