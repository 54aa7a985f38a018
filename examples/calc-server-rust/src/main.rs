//! The calculator of `examples/calc-server` in Rust: the same protocol, the fault on demand, and
//! the fast target of load benchmarks.

mod calculator;
mod server;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::ExitCode;

use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use server::{OnClose, serve};

/// A calculator in reverse Polish notation over WebSockets.
#[derive(Debug, Parser)]
struct Args {
    /// Port to listen on
    #[arg(long, env, default_value_t = 8080)]
    port: u16,

    /// Keep every client's data for ever
    #[arg(long)]
    leak: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let on_close = if args.leak {
        OnClose::Keep
    } else {
        OnClose::Forget
    };
    match run(args.port, on_close).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!(
                "error: cannot serve on port {}: {error}",
                args.port
            ));
            ExitCode::FAILURE
        }
    }
}

async fn run(port: u16, on_close: OnClose) -> std::io::Result<()> {
    // Both families where there are both, as Node.js does.
    let listener = match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?,
    };
    say(format_args!(
        "listening on ws://localhost:{}",
        listener.local_addr()?.port()
    ));
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    serve(listener, on_close, stop).await;
    Ok(())
}

fn say(text: std::fmt::Arguments<'_>) {
    use std::io::Write;
    // A closed stderr is nobody's loss.
    let _ = writeln!(std::io::stderr(), "{text}");
}
