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
