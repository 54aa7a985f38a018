//! Why a session failed: a short name, the same for the same reason, so that it can be counted.

use std::error::Error;
use std::io;

use rustix::io::Errno;

/// A reason as it is counted: `ECONNREFUSED`, `ETIMEDOUT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause(pub(crate) String);

impl Cause {
    /// A step took longer than the script allows.
    pub(crate) fn timeout() -> Self {
        Self("ETIMEDOUT".into())
    }

    /// We were told to stop.
    pub(crate) fn interrupted() -> Self {
        Self("interrupted".into())
    }

    /// The server closed the connection in the middle of things.
    pub(crate) fn closed() -> Self {
        Self("the server closed the connection".into())
    }

    /// The same of an exchange of HTTP, under the name that Node.js has for it: a connection that ends
    /// before the response does was broken off.
    pub(crate) fn of_exchange(self) -> Self {
        match self == Self::closed() {
            true => Self("ECONNRESET".into()),
            false => self,
        }
    }

    /// From an error: the operating system's name for it if there is one below it.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let chain = std::iter::successors(Some(error), |&error| error.source());
        let system = chain
            .filter_map(|error| error.downcast_ref::<io::Error>())
            .find_map(of_system);
        system.unwrap_or_else(|| Self(error.to_string()))
    }
}

/// What a person can make of a cause, where its name does not say it.
#[must_use]
pub fn explain(cause: &str) -> Option<&'static str> {
    Some(match cause {
        "ECONNREFUSED" => "nobody listens there: is the service running, is the port right?",
        "ECONNRESET" => "the service, or something before it, broke the connection off",
        "EPIPE" => "the service closed the connection while something was being sent",
        "ETIMEDOUT" => "no answer within the script's `timeout`",
        "EMFILE" => "this process ran out of file descriptors: raise the limit with `ulimit -n`",
        "ENFILE" => "this machine ran out of file descriptors",
        "EADDRNOTAVAIL" => {
            "this machine ran out of ports: keep connections alive, widen \
             `net.ipv4.ip_local_port_range`, or use more machines"
        }
        "EHOSTUNREACH" | "ENETUNREACH" => "there is no way to that address from here",
        "timeout in close" => "the service did not answer the closing of a WebSocket",
        "interrupted" => "the session was on its way when the load was stopped",
        "the response is no HTTP" => "does the service speak another protocol, TLS perhaps?",
        "the server closed the connection" => "in the middle of a session, without a word",
        _ => return explain_longer(cause),
    })
}

/// Causes that go on with what the other side said.
fn explain_longer(cause: &str) -> Option<&'static str> {
    let explanations = [
        (
            "invalid peer certificate",
            "name the CA of the service's certificate with `tls.ca`, or do not verify it with `-k`",
        ),
        (
            "received corrupt message",
            "does the service speak TLS on this port?",
        ),
        (
            "cannot look up",
            "is the name right, and known on this machine?",
        ),
        (
            "the server refused the WebSocket",
            "does the service speak WebSocket under this path?",
        ),
        (
            "the server closed the connection (code",
            "the service itself ended the session: its log may say why",
        ),
        (
            "the server sent no WebSocket frames",
            "the service broke the WebSocket protocol",
        ),
    ];
    let mut known = explanations.into_iter();
    known
        .find(|(beginning, _)| cause.starts_with(beginning))
        .map(|(_, explanation)| explanation)
}

fn of_system(error: &io::Error) -> Option<Cause> {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Some(Cause::closed());
    }
    let Some(errno) = Errno::from_io_error(error) else {
        // Some libraries wrap one I/O error into another.
        let inner = error.get_ref()?;
        return inner.downcast_ref::<io::Error>().and_then(of_system);
    };
    let names = [
        (Errno::CONNREFUSED, "ECONNREFUSED"),
        (Errno::CONNRESET, "ECONNRESET"),
        (Errno::CONNABORTED, "ECONNABORTED"),
        (Errno::PIPE, "EPIPE"),
        (Errno::TIMEDOUT, "ETIMEDOUT"),
        (Errno::MFILE, "EMFILE"),
        (Errno::NFILE, "ENFILE"),
        (Errno::ADDRNOTAVAIL, "EADDRNOTAVAIL"),
        (Errno::HOSTUNREACH, "EHOSTUNREACH"),
        (Errno::NETUNREACH, "ENETUNREACH"),
    ];
    let name = names
        .iter()
        .find(|(known, _)| *known == errno)
        .map(|(_, name)| *name);
    Some(Cause(name.map_or_else(|| error.to_string(), Into::into)))
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self::of(&error)
    }
}

impl From<hyper::Error> for Cause {
    fn from(error: hyper::Error) -> Self {
        if error.is_incomplete_message() || error.is_canceled() {
            return Self::closed();
        }
        Self::of(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_are_counted_by_their_names() {
        let refused = || io::Error::from_raw_os_error(Errno::CONNREFUSED.raw_os_error());
        assert_eq!(Cause::from(refused()).0, "ECONNREFUSED");
        let wrapped = io::Error::other(refused());
        assert_eq!(Cause::from(wrapped).0, "ECONNREFUSED");
        assert_eq!(
            Cause::from(io::Error::from(io::ErrorKind::UnexpectedEof)),
            Cause::closed()
        );
    }
}
