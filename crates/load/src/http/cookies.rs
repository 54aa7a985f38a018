//! A virtual user's cookies (RFC 6265), as far as one server and its neighbors need them.
//!
//! As in Artillery the jar opens with the first `Set-Cookie`, or with cookies of the script. There
//! is no list of public suffixes: a server may set cookies for its own host's domains.

use std::time::{Duration, Instant};

use scenario::{CookieRules, HttpSettings, Target};

use super::outgoing::Outgoing;
use crate::transport::Headers;

#[derive(Debug, Clone, Default)]
pub(super) struct Jar {
    is_open: bool,
    rules: CookieRules,
    cookies: Vec<Cookie>,
}

#[derive(Debug, Clone, PartialEq)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// Whether it is for this host alone, and not for those below it.
    is_host_only: bool,
    path: String,
    is_secure: bool,
    expires: Option<Instant>,
}

impl Jar {
    pub(super) fn new(settings: &HttpSettings) -> Self {
        Self {
            is_open: !settings.cookies.is_empty(),
            rules: settings.cookie_rules,
            cookies: Vec::new(),
        }
    }

    /// Takes over what another part of the flow was given.
    pub(super) fn join(&mut self, other: Self) {
        self.is_open |= other.is_open;
        for cookie in other.cookies {
            self.put(cookie);
        }
    }

    /// Sets a cookie of the script's.
    pub(super) fn set(&mut self, name: &str, value: &str, target: &Target) {
        self.is_open = true;
        self.put(Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: target.host().to_ascii_lowercase(),
            is_host_only: true,
            path: "/".to_owned(),
            is_secure: false,
            expires: None,
        });
    }

    fn put(&mut self, cookie: Cookie) {
        let is_same = |old: &Cookie| {
            (&old.name, &old.domain, &old.path) == (&cookie.name, &cookie.domain, &cookie.path)
        };
        // A new value stands where the old one stood, as RFC 6265 orders cookies by their age.
        match self.cookies.iter_mut().find(|old| is_same(old)) {
            Some(old) => *old = cookie,
            None => self.cookies.push(cookie),
        }
    }

    /// Takes in what a response sets.
    pub(super) fn take_in(&mut self, headers: &Headers, target: &Target, path: &str) {
        for line in headers.all("set-cookie") {
            self.is_open = true;
            if let Some(cookie) = parse(line, target, path, self.rules) {
                self.put(cookie);
                let now = Instant::now();
                let is_over = |cookie: &Cookie| cookie.expires.is_some_and(|at| at <= now);
                self.cookies.retain(|cookie| !is_over(cookie));
            }
        }
    }

    /// Puts the cookies for this request into its headers, beside those that it has already.
    pub(super) fn apply(&self, outgoing: &mut Outgoing<'_>, target: &Target, path: &str) {
        if !self.is_open || outgoing.has("cookie") {
            return;
        }
        let now = Instant::now();
        let mut value = String::new();
        for cookie in &self.cookies {
            if cookie.is_for(target, path) && cookie.expires.is_none_or(|at| at > now) {
                if !value.is_empty() {
                    value.push_str("; ");
                }
                cookie.write(&mut value);
            }
        }
        if !value.is_empty() {
            outgoing.set("cookie", value);
        }
    }
}

impl Cookie {
    fn write(&self, to: &mut String) {
        to.push_str(&self.name);
        if !self.name.is_empty() {
            to.push('=');
        }
        to.push_str(&self.value);
    }

    /// Whether it is what its name promises (RFC 6265bis, cookie name prefixes).
    fn keeps_its_prefix(&self) -> bool {
        let is_of_host = self.is_secure && self.is_host_only && self.path == "/";
        (!self.name.starts_with("__Secure-") || self.is_secure)
            && (!self.name.starts_with("__Host-") || is_of_host)
    }

    fn is_for(&self, target: &Target, path: &str) -> bool {
        let host = target.host().to_ascii_lowercase();
        let is_host = host == self.domain
            || !self.is_host_only
                && host
                    .strip_suffix(&self.domain)
                    .is_some_and(|before| before.ends_with('.'));
        let path = path.split('?').next().unwrap_or_default();
        let is_path = path.strip_prefix(&self.path[..]).is_some_and(|after| {
            after.is_empty() || self.path.ends_with('/') || after.starts_with('/')
        });
        is_host && is_path && (target.is_tls() || !self.is_secure)
    }
}

/// A `Set-Cookie` line; nothing if it is not for this host, or against the rules.
fn parse(line: &str, target: &Target, path: &str, rules: CookieRules) -> Option<Cookie> {
    let mut parts = line.split(';');
    let pair = parts.next()?;
    let (name, value) = match pair.split_once('=') {
        Some((name, value)) => (name.trim(), value.trim()),
        None => ("", pair.trim()),
    };
    let has_name = !name.is_empty() || rules.is_loose && !value.is_empty();
    if !has_name || line.bytes().any(|b| b < 0x20 && b != b'\t') {
        return None;
    }
    let host = target.host().to_ascii_lowercase();
    let path = path.split('?').next().unwrap_or_default();
    let default_path = match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    };
    let mut cookie = Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: host.clone(),
        is_host_only: true,
        path: default_path.to_owned(),
        is_secure: false,
        expires: None,
    };
    let mut max_age = None;
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "domain" => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                let is_ours = host == domain
                    || host
                        .strip_suffix(&domain)
                        .is_some_and(|before| before.ends_with('.'));
                if domain.is_empty() || !is_ours {
                    return None;
                }
                cookie.is_host_only = false;
                cookie.domain = domain;
            }
            "path" if value.starts_with('/') => cookie.path = value.to_owned(),
            "secure" => cookie.is_secure = true,
            "max-age" => max_age = value.parse::<i64>().ok(),
            // A date is mostly there to take a cookie away: the past is what has to be known.
            "expires" if max_age.is_none() && is_past(value) => max_age = Some(0),
            _ => {}
        }
    }
    if let Some(seconds) = max_age {
        let now = Instant::now();
        let left = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        cookie.expires = now.checked_add(left);
    }
    Some(cookie).filter(|cookie| !rules.checks_prefixes || cookie.keeps_its_prefix())
}

/// Whether a date, as `Thu, 01 Jan 1970 00:00:00 GMT`, lies in a year before this one was made.
fn is_past(date: &str) -> bool {
    let mut words = date.split([' ', '-']);
    let year = words.find_map(|word| match word.len() {
        4 => word.parse::<u32>().ok(),
        _ => None,
    });
    year.is_some_and(|year| year < 2020)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(lines: &[&str], url: &str, path: &str) -> String {
        sent_by(CookieRules::default(), lines, url, path)
    }

    fn sent_by(rules: CookieRules, lines: &[&str], url: &str, path: &str) -> String {
        let target = Target::parse("http://a.example/").unwrap();
        let mut jar = Jar::default();
        for line in lines {
            if let Some(cookie) = parse(line, &target, "/x/y?z", rules) {
                jar.put(cookie);
            }
        }
        let target = Target::parse(url).unwrap();
        let now = Instant::now();
        let mut text = String::new();
        for cookie in &jar.cookies {
            if cookie.is_for(&target, path) && cookie.expires.is_none_or(|at| at > now) {
                cookie.write(&mut text);
                text.push(' ');
            }
        }
        text
    }

    #[test]
    fn the_rules_for_names_may_be_loosened() {
        let lines = [
            "=x; path=/",
            "nothing; path=/",
            "; path=/",
            "__Secure-a=1; path=/",
            "__Host-b=1; path=/; secure",
            "__Host-c=1; path=/; secure; domain=a.example",
        ];
        let url = "https://a.example";
        assert_eq!(sent(&lines, url, "/"), "__Host-b=1 ");
        let loose = CookieRules {
            is_loose: true,
            checks_prefixes: false,
        };
        let all = "nothing __Secure-a=1 __Host-b=1 __Host-c=1 ";
        assert_eq!(sent_by(loose, &lines, url, "/"), all);
    }

    #[test]
    fn cookies_go_where_they_belong() {
        let here = "http://a.example";
        for (lines, url, path, expected) in [
            (&["a=1"][..], here, "/x/z", "a=1 "),
            (&["a=1"], here, "/", ""),
            (&["a=1; Path=/"], here, "/", "a=1 "),
            (&["a=1; path=/x"], here, "/xy", ""),
            (&["a=1; path=/", "a=2; path=/"], here, "/", "a=2 "),
            (&["a=1; path=/"], "http://b.a.example", "/", ""),
            (
                &["a=1; path=/; domain=.a.example"],
                "http://b.a.example",
                "/",
                "a=1 ",
            ),
            (
                &["a=1; path=/; domain=example"],
                "http://c.example",
                "/",
                "a=1 ",
            ),
            (&["a=1; path=/; domain=other.example"], here, "/", ""),
            (&["a=1; path=/; secure"], here, "/", ""),
            (&["a=1; path=/; secure"], "https://a.example", "/", "a=1 "),
            (&["a=1; path=/; max-age=0"], here, "/", ""),
            (&["a=1; path=/; max-age=60"], here, "/", "a=1 "),
            (
                &["a=1; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT"],
                here,
                "/",
                "",
            ),
            (&["=x", "nothing", "b=c=d; path=/"], here, "/", "b=c=d "),
        ] {
            assert_eq!(sent(lines, url, path), expected, "{lines:?} {url}{path}");
        }
    }
}
