//! The page's files, as npm built them when leakscope was built, and the pages for those who may
//! not see it.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// The files by their names below `app/dist`; none if the page was not built.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Names of files with their contents' digest never change their contents.
const FOREVER: &str = "private, max-age=31536000, immutable";

const NOT_BUILT: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<title>leakscope</title><h1>This leakscope was built without its page</h1>\
<p>The page is made with npm before leakscope is compiled. In a checkout run \
<code>cargo xtask app</code> and build again, or run <code>cargo xtask demo</code>, which does both.";

const LOCKED: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<title>leakscope</title><h1>The address needs its token</h1>\
<p>Open the address that <code>leakscope open</code> printed in the terminal. It is a new one each \
time that leakscope starts.";

/// Whether the page was built.
pub(crate) fn is_built() -> bool {
    file("index.html").is_some()
}

fn file(name: &str) -> Option<&'static [u8]> {
    let found = FILES.iter().find(|(known, _)| *known == name);
    found.map(|(_, contents)| *contents)
}

/// For those who have no cookie.
pub(crate) fn locked() -> Response {
    (StatusCode::UNAUTHORIZED, Html(LOCKED)).into_response()
}

/// A file of the page; and for every address that is none, the page itself, which reads the address.
pub(crate) async fn serve(uri: axum::http::Uri) -> Response {
    let name = uri.path().trim_start_matches('/');
    if name != "index.html"
        && let Some(contents) = file(name)
    {
        let headers = [
            (header::CONTENT_TYPE, content_type(name)),
            (header::CACHE_CONTROL, FOREVER),
        ];
        return (headers, contents).into_response();
    }
    if name.starts_with("assets/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    match file("index.html") {
        Some(page) => Html(page).into_response(),
        None => (StatusCode::NOT_IMPLEMENTED, Html(NOT_BUILT)).into_response(),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "woff2")) => "font/woff2",
        _ => "application/octet-stream",
    }
}
