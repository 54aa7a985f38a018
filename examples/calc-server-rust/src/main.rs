//! The calculator of `examples/calc-server` in Rust: the same protocol, the fault on demand, and
//! the fast target of load benchmarks.

mod calculator;
mod server;

use std::net::Ipv4Addr;
use std::process::ExitCode;

use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use server::{OnClose, serve};

/// A calculator in reverse Polish notation over WebSockets.
#[derive(Debug, Parser)]
struct Args {
    /// Port of 127.0.0.1 to listen on; 0 takes a free one
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
            let port = args.port;
            say(
                std::io::stderr(),
                format_args!("error: cannot serve on port {port}: {error}"),
            );
            ExitCode::FAILURE
        }
    }
}

async fn run(port: u16, on_close: OnClose) -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    say(
        std::io::stdout(),
        format_args!("listening on ws://{}", listener.local_addr()?),
    );
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

fn say(mut to: impl std::io::Write, text: std::fmt::Arguments<'_>) {
    // A service whose output nobody reads serves all the same.
    let _ = writeln!(to, "{text}");
}
