//! From a target to a byte stream: look up, connect, encrypt.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use scenario::Target;
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::proxy::{Proxy, tunnel};
use super::stream::{Socket, Stream};
use super::{ConnectTimes, Transport};
use crate::cause::Cause;

/// How long an address is taken for granted. A look-up for every session would measure the resolver.
const ADDRESS_HOLDS: Duration = Duration::from_secs(30);

/// What will be spoken over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http,
    WebSocket,
}

/// A connection that has just been made.
pub(super) struct Dialed {
    pub(super) stream: Stream,
    pub(super) times: ConnectTimes,
    /// The proxy that plain requests on it are for.
    pub(super) via: Option<Proxy>,
}

impl Transport {
    /// A stream for WebSocket: through a tunnel, where there is a proxy.
    pub(crate) async fn open(
        &self,
        target: &Target,
        proxy: Option<&Proxy>,
    ) -> Result<(Stream, ConnectTimes), Cause> {
        let proxy = proxy
            .or(self.options.websocket_proxy.as_ref())
            .or_else(|| self.options.proxies.before(target));
        let dialed = self.dial(target, proxy, Speaks::WebSocket).await?;
        Ok((dialed.stream, dialed.times))
    }

    pub(super) async fn dial_http(&self, target: &Target) -> Result<Dialed, Cause> {
        let proxy = self.options.proxies.before(target);
        self.dial(target, proxy, Speaks::Http).await
    }

    async fn dial(
        &self,
        target: &Target,
        proxy: Option<&Proxy>,
        speaks: Speaks,
    ) -> Result<Dialed, Cause> {
        let mut times = ConnectTimes::default();
        let mut via = None;
        let mut socket = match target.socket_path() {
            Some(path) => {
                let started = Instant::now();
                let stream = UnixStream::connect(path).await?;
                times.tcp = started.elapsed();
                Socket::Unix(stream)
            }
            None => {
                let to = proxy.map_or(target, |proxy| &proxy.address);
                Socket::Tcp(self.connect(to, &mut times).await?)
            }
        };
        if let Some(proxy) = proxy {
            match target.is_tls() || speaks == Speaks::WebSocket {
                true => tunnel(&mut socket, proxy, target).await?,
                false => via = Some(proxy.clone()),
            }
        }
        let stream = match target.is_tls() {
            true => {
                let started = Instant::now();
                let stream = self.encrypt(socket, target, speaks).await?;
                times.tls = Some(started.elapsed());
                stream
            }
            false => Stream::Plain(socket),
        };
        Ok(Dialed { stream, times, via })
    }

    /// Tries the host's addresses one after another.
    async fn connect(&self, target: &Target, times: &mut ConnectTimes) -> Result<TcpStream, Cause> {
        let started = Instant::now();
        let addresses = self.look_up(target).await?;
        times.dns = started.elapsed();
        let started = Instant::now();
        let mut failure = Cause(format!("`{}` has no address", target.host()));
        for (nth, mut address) in addresses.into_iter().enumerate() {
            address.set_port(target.port());
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    times.tcp = started.elapsed();
                    if nth > 0 {
                        self.prefer(target.host(), address);
                    }
                    return Ok(stream);
                }
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }

    async fn look_up(&self, target: &Target) -> Result<Vec<SocketAddr>, Cause> {
        if let Ok(ip) = target.host().parse() {
            return Ok(vec![SocketAddr::new(ip, target.port())]);
        }
        if let Some((found_at, addresses)) = self.lock_addresses().get(target.host())
            && found_at.elapsed() < ADDRESS_HOLDS
        {
            return Ok(addresses.clone());
        }
        let found = lookup_host((target.host(), target.port())).await;
        let found =
            found.map_err(|error| Cause(format!("cannot look up `{}`: {error}", target.host())))?;
        let addresses: Vec<_> = found.collect();
        let entry = (Instant::now(), addresses.clone());
        self.lock_addresses()
            .insert(target.host().to_owned(), entry);
        Ok(addresses)
    }

    /// Puts the address that answered first: `localhost` often has one that nobody listens on.
    fn prefer(&self, host: &str, address: SocketAddr) {
        if let Some((_, addresses)) = self.lock_addresses().get_mut(host)
            && let Some(at) = addresses.iter().position(|a| a.ip() == address.ip())
        {
            addresses[..=at].rotate_right(1);
        }
    }

    fn lock_addresses(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, (Instant, Vec<SocketAddr>)>>
    {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn encrypt(
        &self,
        socket: Socket,
        target: &Target,
        speaks: Speaks,
    ) -> Result<Stream, Cause> {
        let configs = self
            .tls_configs()
            .map_err(|error| Cause(error.to_string()))?;
        let config = match speaks {
            Speaks::Http => &configs.http,
            Speaks::WebSocket => &configs.websocket,
        };
        let name = self.options.tls.server_name.as_deref();
        let name = name.unwrap_or_else(|| target.host());
        let server_name = ServerName::try_from(name.to_owned())
            .map_err(|_| Cause(format!("`{name}` cannot be a server's name")))?;
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(server_name, socket).await?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}
