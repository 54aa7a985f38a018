//! What scripts mean, seen from the server: each test runs a script against a server of its own
//! and looks at the requests or messages that came.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod flows;
mod node_server;
mod processor;
mod requests;
mod responses;
mod server;
mod socketio;
mod websocket;
