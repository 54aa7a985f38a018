//! The server: bound to loopback, open until it is told to stop.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::access::{Access, guard};
use crate::shelf::Shelf;
use crate::{Workbench, api, page};

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken, or may not be had.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port asked for; 0 for any.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// The system gives no random bytes.
    #[error("cannot make a token: {0}")]
    Random(#[from] getrandom::Error),
    /// The connections cannot be taken any more.
    #[error("cannot serve the page: {0}")]
    Serve(#[source] std::io::Error),
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Listen { port: 0, .. } | Self::Random(_) | Self::Serve(_) => None,
            Self::Listen { .. } => Some("name another port, or none for any that is free"),
        }
    }
}

/// A server that listens already.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    access: Arc<Access>,
    router: Router,
}

impl Server {
    /// Listens on a port of loopback; 0 for any that is free.
    ///
    /// # Errors
    /// If the port cannot be had.
    pub async fn bind(workbench: Workbench, port: u16) -> Result<Self, Error> {
        let listen = |source| Error::Listen { port, source };
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(wanted).await.map_err(listen)?;
        let access = Arc::new(Access::new(listener.local_addr().map_err(listen)?)?);
        let router = api::router(Shelf::of(workbench))
            .fallback(page::serve)
            .layer(from_fn_with_state(Arc::clone(&access), guard));
        Ok(Self {
            listener,
            access,
            router,
        })
    }

    /// The address that opens the page, with its token.
    #[must_use]
    pub fn url(&self) -> String {
        self.access.url()
    }

    /// An address that opens the page once, for a command line that others can see.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn launch_url(&self) -> Result<String, Error> {
        Ok(self.access.launch_url()?)
    }

    /// Whether the page was built into this program.
    #[must_use]
    pub fn has_page(&self) -> bool {
        page::is_built()
    }

    /// Serves until told to stop; questions that are being answered then are let go.
    ///
    /// # Errors
    /// If connections cannot be taken any more.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Error> {
        let serving = axum::serve(self.listener, self.router);
        tokio::select! {
            served = serving.into_future() => served.map_err(Error::Serve),
            () = stop.cancelled() => Ok(()),
        }
    }
}
