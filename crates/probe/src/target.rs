//! What a service is called on the command line, and the processes that answer to it.
//!
//! Owns the reading of a target (a process id, an inspector's address, a pattern) and the search
//! through procfs. Must not know how a choice among several processes is made: the caller asks its
//! user, or lists them.

use std::fmt;
use std::str::FromStr;

use crate::attach::Unreachable;
use crate::process::{Process, Runtime};
use crate::{Error, procfs};

/// A running service as it was named.
///
/// ```
/// use probe::Target;
///
/// let target = |text: &str| text.parse::<Target>().expect("a target");
/// assert_eq!(target("4711"), Target::Pid(4711));
/// assert_eq!(target("server.js"), Target::Pattern("server.js".into()));
/// assert_eq!(target(":9229").to_string(), "127.0.0.1:9229");
/// assert_eq!(target("[::1]:9229").to_string(), "[::1]:9229");
/// assert_eq!(target("ws://127.0.0.1:9229/7f-a").to_string(), "127.0.0.1:9229/7f-a");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A process id, as this shell sees it.
    Pid(u32),
    /// An open inspector.
    Inspector(Endpoint),
    /// A part of the command line or of the process's name, in whatever case; `*` stands for
    /// anything.
    Pattern(String),
}

/// Where an inspector listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The id of one of the things that can be inspected there; `None` for the only one.
    pub id: Option<String>,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port)?,
            false => write!(f, "{}:{}", self.host, self.port)?,
        }
        match &self.id {
            Some(id) => write!(f, "/{id}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pid(pid) => pid.fmt(f),
            Self::Inspector(endpoint) => endpoint.fmt(f),
            Self::Pattern(pattern) => pattern.fmt(f),
        }
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::NoTarget);
        }
        if let Ok(pid) = text.parse() {
            return Ok(Self::Pid(pid));
        }
        match endpoint(text) {
            Some(endpoint) => Ok(Self::Inspector(endpoint)),
            None => Ok(Self::Pattern(text.to_owned())),
        }
    }
}

/// `host:port`, `:port`, or an inspector's own address; `None` if it reads as something else.
fn endpoint(text: &str) -> Option<Endpoint> {
    let schemes = ["ws://", "http://", "devtools://"];
    let address = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    let (authority, path) = match address {
        Some(address) => address.split_once('/').unwrap_or((address, "")),
        None => (text, ""),
    };
    let (host, port) = authority.rsplit_once(':')?;
    let port = port.parse().ok().filter(|&port| port != 0)?;
    let host = match host.strip_prefix('[') {
        Some(address) => address.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None if host.is_empty() => "127.0.0.1",
        None => host,
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if !host.chars().all(is_name) {
        return None;
    }
    Some(Endpoint {
        host: host.to_owned(),
        port,
        id: (!path.is_empty() && address.is_some_and(|_| text.starts_with("ws://")))
            .then(|| path.to_owned()),
    })
}

impl Target {
    /// The processes that this names, by id; several only for a pattern. For an inspector, the
    /// process of this machine that listens there: none, if it runs elsewhere.
    ///
    /// Of the processes that a pattern fits, those that run JavaScript count if there are any: the
    /// shell around `node server.js` fits as well as the service. leakscope itself and its
    /// ancestors never count.
    ///
    /// # Errors
    /// [`Unreachable::Gone`] if there is no such process id, [`Unreachable::NotFound`] if no
    /// process fits the pattern.
    pub fn processes(&self) -> Result<Vec<Process>, Error> {
        match self {
            Self::Pid(pid) => Process::of(*pid).map(|process| vec![process]),
            Self::Inspector(endpoint) => Ok(listening(endpoint)),
            Self::Pattern(pattern) => {
                let found = matching(pattern);
                match found.is_empty() {
                    true => Err(Unreachable::NotFound {
                        pattern: pattern.clone(),
                    }
                    .into()),
                    false => Ok(found),
                }
            }
        }
    }

    /// The one process that this names; `None` for an inspector of another machine.
    ///
    /// # Errors
    /// As [`Target::processes`], and [`Unreachable::Several`] with all of them.
    pub fn process(&self) -> Result<Option<Process>, Error> {
        let mut found = self.processes()?;
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(Unreachable::Several {
                pattern: self.to_string(),
                found,
            }
            .into()),
        }
    }
}

fn listening(endpoint: &Endpoint) -> Vec<Process> {
    let is_here = endpoint.host == "localhost"
        || endpoint
            .host
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    if !is_here {
        return Vec::new();
    }
    procfs::listeners(endpoint.port, &procfs::pids())
        .into_iter()
        .take(1)
        .filter_map(|pid| Process::of(pid).ok())
        .collect()
}

fn matching(pattern: &str) -> Vec<Process> {
    let own = procfs::with_ancestors(std::process::id());
    let pattern = pattern.to_lowercase();
    let is_named = |pid: &u32| {
        let name = procfs::name(*pid).unwrap_or_default();
        fits(&pattern, &procfs::command_line(*pid).to_lowercase())
            || fits(&pattern, &name.to_lowercase())
    };
    let pids = procfs::pids().into_iter().filter(|pid| !own.contains(pid));
    let mut found: Vec<Process> = pids
        .filter(is_named)
        .filter_map(|pid| Process::of(pid).ok())
        .collect();
    if found.iter().any(|p| p.runtime != Runtime::Other) {
        found.retain(|p| p.runtime != Runtime::Other);
    }
    found.sort_by_key(|process| process.pid);
    found
}

/// Whether the parts of the pattern between its stars come in the text in their order.
fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    for part in pattern.split('*') {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_a_pattern() {
        let patterns = [
            "server.js",
            "a:b",
            "node server.js:80",
            "host:0",
            "host:70000",
            "::1:9229",
            "dist/*.js",
            "-1",
        ];
        for text in patterns {
            let target: Target = text.parse().unwrap();
            assert_eq!(target, Target::Pattern(text.into()));
        }
        assert!(matches!("  ".parse::<Target>(), Err(Error::NoTarget)));
    }

    #[test]
    fn addresses_are_read_in_every_way_they_are_written() {
        let cases = [
            ("localhost:9229", "localhost", 9229, None),
            (":1", "127.0.0.1", 1, None),
            ("http://10.0.0.1:80/json/list", "10.0.0.1", 80, None),
            (
                "ws://[::1]:9/devtools/page/A",
                "::1",
                9,
                Some("devtools/page/A"),
            ),
            ("ws://h:9", "h", 9, None),
        ];
        for (text, host, port, id) in cases {
            let expected = Endpoint {
                host: host.into(),
                port,
                id: id.map(Into::into),
            };
            assert_eq!(text.parse::<Target>().unwrap(), Target::Inspector(expected));
        }
    }

    #[test]
    fn stars_stand_for_anything() {
        assert!(fits(
            "node*server",
            "/usr/bin/node --inspect /srv/server.js"
        ));
        assert!(fits("srv", "/srv/server.js"));
        assert!(!fits("server*node", "/usr/bin/node server.js"));
        assert!(!fits("aa", "a"));
    }
}
