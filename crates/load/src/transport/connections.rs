//! The connections that a virtual user keeps, or that all of them share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use scenario::Target;

use super::http1::Http1;
use super::http2::Http2;
use super::{Request, Response, Transport};
use crate::cause::Cause;

/// Connections that nobody is using at the moment. As Artillery has it, a user's requests one after
/// another go over one connection, kept alive; those in parallel open more.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    to: Target,
    connection: Connection,
}

#[derive(Debug)]
enum Connection {
    One(Box<Http1>),
    Two(Http2),
}

impl Connections {
    /// Sends a request over a connection that is free, or a new one, and reads the response to its
    /// end. Dropping the future closes the connection.
    pub(crate) async fn send(
        &self,
        transport: &Transport,
        request: &Request<'_>,
    ) -> Result<Response, Cause> {
        let Some((permits, shared)) = &transport.pool else {
            return self.exchange(transport, request).await;
        };
        // The semaphore is never closed.
        let _permit = permits.acquire().await;
        shared.exchange(transport, request).await
    }

    async fn exchange(
        &self,
        transport: &Transport,
        request: &Request<'_>,
    ) -> Result<Response, Cause> {
        let mut connect = None;
        let Idle { to, connection } = match self.take(request.target) {
            Some(idle) => idle,
            None => {
                let dialed = transport.dial_http(request.target).await?;
                connect = Some(dialed.times);
                let connection = match dialed.stream.is_http2() {
                    true => Connection::Two(Http2::start(dialed.stream).await?),
                    false => Connection::One(Box::new(Http1::new(dialed.stream, dialed.via))),
                };
                let to = request.target.clone();
                Idle { to, connection }
            }
        };
        let mut response = match connection {
            Connection::One(mut http1) => {
                let (response, can_stay) = http1.exchange(request).await?;
                if can_stay {
                    let connection = Connection::One(http1);
                    self.idle().push(Idle { to, connection });
                }
                response
            }
            Connection::Two(http2) => {
                // Others may use it meanwhile.
                let connection = Connection::Two(http2.clone());
                self.idle().push(Idle { to, connection });
                http2.exchange(request).await?
            }
        };
        response.times.connect = connect;
        Ok(response)
    }

    fn take(&self, target: &Target) -> Option<Idle> {
        let mut all = self.idle();
        // The one used last is the likeliest to be alive.
        while let Some(at) = all.iter().rposition(|idle| idle.to.same_server(target)) {
            let idle = all.swap_remove(at);
            let is_usable = match &idle.connection {
                Connection::One(http1) => http1.is_usable(),
                Connection::Two(http2) => http2.is_usable(),
            };
            if is_usable {
                return Some(idle);
            }
        }
        None
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
