//! Reaching a port in the network that a process sees, which is another one in a container.
//!
//! A socket belongs to the network in which it was made, whichever thread uses it later: a thread
//! of its own enters that network, connects, and ends.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::Unreachable;
use crate::Error;
use crate::process::Process;

/// A connection to this machine that takes longer will not come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// The network in which an inspector listens.
#[derive(Debug, Clone)]
pub(crate) enum Network {
    /// Our own.
    Own,
    /// The one of a process, by its file in procfs.
    Other(Arc<File>),
}

impl Network {
    /// The network of a process.
    pub(super) fn of(process: &Process) -> Result<Self, Error> {
        if cfg!(not(target_os = "linux")) {
            return Ok(Self::Own);
        }
        let pid = process.pid;
        let failed = |source| Error::from(Unreachable::OtherNetwork { pid, source });
        let name = |whose: &str| std::fs::read_link(format!("/proc/{whose}/ns/net"));
        let theirs = name(&pid.to_string()).map_err(failed)?;
        if name("self").is_ok_and(|own| own == theirs) {
            return Ok(Self::Own);
        }
        let file = File::open(format!("/proc/{pid}/ns/net")).map_err(failed)?;
        Ok(Self::Other(Arc::new(file)))
    }

    /// Connects to a port in it.
    pub(super) async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        match self {
            Self::Own => {
                let connecting = TcpStream::connect((host, port));
                tokio::time::timeout(CONNECT_WITHIN, connecting).await?
            }
            Self::Other(file) => {
                let file = Arc::clone(file);
                let address = (host, port).to_socket_addrs()?.next();
                let address = address.ok_or(io::ErrorKind::AddrNotAvailable)?;
                let (tell, told) = oneshot::channel();
                std::thread::spawn(move || {
                    // Who asked may have given up.
                    let _ = tell.send(connect_in(&file, address));
                });
                let stream = told.await.map_err(io::Error::other)??;
                stream.set_nonblocking(true)?;
                TcpStream::from_std(stream)
            }
        }
    }
}

/// Connects from inside a network; the calling thread stays there.
#[cfg(target_os = "linux")]
fn connect_in(file: &File, address: SocketAddr) -> io::Result<std::net::TcpStream> {
    use std::os::fd::AsFd;

    use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?;
    std::net::TcpStream::connect_timeout(&address, CONNECT_WITHIN)
}

/// There is only one network elsewhere.
#[cfg(not(target_os = "linux"))]
fn connect_in(_file: &File, address: SocketAddr) -> io::Result<std::net::TcpStream> {
    std::net::TcpStream::connect_timeout(&address, CONNECT_WITHIN)
}
