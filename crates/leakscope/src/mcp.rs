//! `leakscope mcp`: the tools of an agent, over stdin and stdout.
//!
//! Owns what agents may see and do: folders that the user named, commands that the user allowed.
//! Everything else is refused here, before a file is touched.

mod desk;
mod hunts;
mod roots;
mod words;

use std::io::IsTerminal;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::args::McpArgs;
use crate::exit::Exit;
use crate::failure::{Failure, tell};

use desk::Folders;
use hunts::Hunts;
use roots::Roots;

pub(crate) fn mcp(args: &McpArgs) -> Result<Exit, Failure> {
    let roots = Roots::of(&args.root)?;
    let hunts = Arc::new(Hunts::allowing(&args.allow_hunt, roots.first())?);
    if std::io::stdin().is_terminal() {
        tell(
            "waiting for an agent that speaks the Model Context Protocol (docs/mcp.md); Ctrl-C ends",
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::of(Exit::Service, &error))?;
    let desk = Arc::new(Folders::new(roots, Arc::clone(&hunts)));
    let ended = runtime.block_on(async {
        let stop = CancellationToken::new();
        crate::signals::stop_on_signals(stop.clone())
            .map_err(|error| Failure::of(Exit::Service, &error))?;
        tokio::select! {
            served = mcp::serve(desk, env!("CARGO_PKG_VERSION")) => match served {
                Ok(()) => Ok(Exit::Clean),
                Err(error) => Err(Failure::of(Exit::Usage, &error)
                    .hint(Some("`leakscope mcp` is started by an agent: see docs/mcp.md"))),
            },
            () = stop.cancelled() => Ok(Exit::Interrupted),
        }
    });
    hunts.stop();
    // A read of stdin cannot be called off: the runtime is not waited for.
    runtime.shutdown_background();
    ended
}
