//! Who may ask: the page that was opened with the token, on this machine, and nobody else.
//!
//! Owns the checks that every request passes before anything is answered:
//!
//! - *Host*: a name of loopback with the server's own port. A page elsewhere whose name resolves to
//!   this machine (DNS rebinding) sends its own name.
//! - *Origin* and *Sec-Fetch-Site*: another page of the same browser may not ask, whatever it holds.
//! - *Method*: everything is read, nothing is changed.
//! - *Cookie*: given in exchange for the token in the address that was printed, and for one that
//!   was handed to a browser, which counts once: a command line can be seen by other users.
//!
//! The cookie is not the token, so that what leaks from a history opens nothing later.

use std::net::SocketAddr;
use std::sync::Mutex;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::page;

/// The part of an address that carries a token.
const TOKEN: &str = "token";

/// What the page may load and do: its own files, and questions to this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// What opens the server.
#[derive(Debug)]
pub(crate) struct Access {
    address: SocketAddr,
    token: String,
    /// Handed to a browser on its command line, until it comes back.
    launch: Mutex<Option<String>>,
    cookie: String,
}

impl Access {
    /// New secrets for the server at an address.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub(crate) fn new(address: SocketAddr) -> Result<Self, getrandom::Error> {
        Ok(Self {
            address,
            token: secret()?,
            launch: Mutex::new(None),
            cookie: secret()?,
        })
    }

    /// The address that opens the page.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/?{TOKEN}={}", self.address, self.token)
    }

    /// One that does so once.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub(crate) fn launch_url(&self) -> Result<String, getrandom::Error> {
        let token = secret()?;
        let url = format!("http://{}/?{TOKEN}={token}", self.address);
        *self.locked() = Some(token);
        Ok(url)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.launch
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn accepts(&self, token: &str) -> bool {
        let mut launch = self.locked();
        let is_launch = launch.as_ref().is_some_and(|launch| same(launch, token));
        if is_launch {
            *launch = None;
        }
        is_launch || same(&self.token, token)
    }

    /// Cookies know no ports: the name keeps two servers apart.
    fn cookie_name(&self) -> String {
        format!("leakscope-{}", self.address.port())
    }

    fn is_host(&self, host: &str) -> bool {
        let port = self.address.port();
        let names = ["127.0.0.1", "localhost", "[::1]"];
        names.iter().any(|name| *host == format!("{name}:{port}"))
    }

    fn is_own(&self, headers: &HeaderMap) -> bool {
        let host = text(headers, &header::HOST).unwrap_or_default();
        let origin_is_own = |origin: &str| {
            let name = origin.strip_prefix("http://");
            name.is_some_and(|name| name == host)
        };
        let origin = headers.get(header::ORIGIN).is_none()
            || text(headers, &header::ORIGIN).is_some_and(origin_is_own);
        let site = text(headers, &HeaderName::from_static("sec-fetch-site"));
        // A link from elsewhere may lead to the page, which holds no data; data go to the page alone.
        let mode = text(headers, &HeaderName::from_static("sec-fetch-mode"));
        let from_page = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
        origin && (from_page || mode == Some("navigate"))
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie_name();
        let all = headers.get_all(header::COOKIE).into_iter();
        let pairs = all.filter_map(|value| value.to_str().ok());
        let mut pairs = pairs.flat_map(|pairs| pairs.split(';'));
        pairs.any(|pair| match pair.trim().split_once('=') {
            Some((key, value)) => key == name && same(value, &self.cookie),
            None => false,
        })
    }
}

/// Lets a request through, or answers it itself; every answer gets the headers that bind the page.
pub(crate) async fn guard(
    State(access): State<std::sync::Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match refused(&access, &request) {
        None => next.run(request).await,
        Some(answer) => answer,
    };
    bind(response.headers_mut());
    response
}

/// The answer to a request that is not let through.
fn refused(access: &Access, request: &Request) -> Option<Response> {
    let headers = request.headers();
    let host = text(headers, &header::HOST).unwrap_or_default();
    if !access.is_host(host) {
        let say = "this server answers to 127.0.0.1 and localhost only";
        return Some((StatusCode::MISDIRECTED_REQUEST, say).into_response());
    }
    if !access.is_own(headers) {
        let say = "another page may not ask this server";
        return Some((StatusCode::FORBIDDEN, say).into_response());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Some(StatusCode::METHOD_NOT_ALLOWED.into_response());
    }
    if let Some(entry) = entry(access, request) {
        return Some(entry);
    }
    (!access.has_cookie(headers)).then(page::locked)
}

/// The exchange of a token for the cookie: on to the same address without the token.
fn entry(access: &Access, request: &Request) -> Option<Response> {
    let query = request.uri().query()?;
    let pairs = || query.split('&');
    let token = pairs().find_map(|pair| pair.strip_prefix("token="))?;
    if !access.accepts(token) {
        return access
            .has_cookie(request.headers())
            .then(|| onward(request))
            .or_else(|| Some(page::locked()));
    }
    let mut response = onward(request);
    let cookie = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Strict",
        access.cookie_name(),
        access.cookie
    );
    let value = HeaderValue::from_str(&cookie).ok()?;
    response.headers_mut().insert(header::SET_COOKIE, value);
    Some(response)
}

/// To where the request wanted, without the token.
fn onward(request: &Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("token="))
        .collect();
    // Two slashes at the front would be the name of another machine.
    let path = request.uri().path().trim_start_matches('/');
    let to = match rest.is_empty() {
        true => format!("/{path}"),
        false => format!("/{path}?{}", rest.join("&")),
    };
    match HeaderValue::from_str(&to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// What every answer carries.
fn bind(headers: &mut HeaderMap) {
    let fixed = [
        ("content-security-policy", POLICY),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        ),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// 192 random bits as text.
fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether two secrets are the same, in a time that does not tell how far they are.
fn same(a: &str, b: &str) -> bool {
    let differences = a
        .bytes()
        .zip(b.bytes())
        .fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && differences == 0
}
