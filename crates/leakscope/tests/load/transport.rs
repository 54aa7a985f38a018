//! HTTP over TLS, HTTP/2, Unix sockets and proxies, with connections kept or shared; the servers are
//! Node.js's own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Done, Load, script};

/// A server in Node.js that ends with the test.
struct Server {
    child: Child,
    /// Its port, or the path of its socket.
    place: String,
    dir: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(kind: &str) -> Self {
        let dir = TempDir::new().unwrap();
        write_certificates(dir.path());
        let service = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/services/transport.js");
        let mut child = Command::new("node")
            .args([service, kind])
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut place = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut place)
            .unwrap();
        let place = place.trim().to_owned();
        assert!(!place.is_empty(), "the server did not start");
        Self { child, place, dir }
    }

    fn pem(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }
}

/// A CA, and a server and a client that it vouches for.
fn write_certificates(dir: &Path) {
    let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    write("ca.pem", ca.pem());
    for name in ["server", "client"] {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        write(
            &format!("{name}.pem"),
            params.signed_by(&key, &ca).unwrap().pem(),
        );
        write(&format!("{name}.key"), key.serialize_pem());
    }
}

/// Two requests of each of three sessions; each has to have a header of this value.
fn asking(target: &str, header: &str, value: &str) -> Value {
    let get = json!({"get": {
        "url": "/a",
        "match": {"header": header, "value": value},
    }});
    script(target, "http", 3, &json!([get, get]))
}

fn check_all_answered(done: &Done) {
    done.check(0);
    assert_eq!(done.ours("failed"), 0, "{done:#?}");
    assert_eq!(done.counter("http.codes.200"), 6, "{done:#?}");
}

#[test]
fn a_certificate_is_verified_against_the_scripts_own_ca() {
    let server = Server::start("https");
    let mut script = asking(
        &format!("https://localhost:{}", server.place),
        "x-version",
        "1.1",
    );
    let refused = Load::of(&script).run();
    refused.check(5);
    assert!(refused.stdout.contains("certificate"), "{}", refused.stdout);
    check_all_answered(&Load::of(&script).args(&["-k"]).run());
    script["config"]["tls"] = json!({"ca": server.pem("ca.pem")});
    check_all_answered(&Load::of(&script).run());
    script["config"]["tls"] = json!({"rejectUnauthorized": false});
    check_all_answered(&Load::of(&script).run());
}

#[test]
fn a_client_shows_its_certificate() {
    let server = Server::start("mutual");
    let mut script = asking(
        &format!("https://localhost:{}", server.place),
        "x-client",
        "client",
    );
    script["config"]["tls"] = json!({"ca": server.pem("ca.pem")});
    Load::of(&script).run().check(5);
    script["config"]["tls"]["cert"] = server.pem("client.pem").into();
    script["config"]["tls"]["key"] = server.pem("client.key").into();
    check_all_answered(&Load::of(&script).run());
}

#[test]
fn http2_is_spoken_where_the_server_does() {
    let server = Server::start("http2");
    let script = asking(
        &format!("https://localhost:{}", server.place),
        "x-version",
        "2.0",
    );
    check_all_answered(&Load::of(&script).args(&["-k"]).run());
}

#[test]
fn a_unix_socket_is_a_target() {
    let server = Server::start("unix");
    let target = format!("http://unix:{}:", server.place);
    check_all_answered(&Load::of(&asking(&target, "x-version", "1.1")).run());
}

#[test]
fn every_user_keeps_one_connection_unless_they_share() {
    let server = Server::start("http");
    let target = format!("http://127.0.0.1:{}", server.place);
    // Three users with two requests each make three connections; the server counts them.
    check_all_answered(&Load::of(&asking(&target, "x-version", "1.1")).run());
    // However many users there are then, the fourth connection is enough for all of them.
    let mut pooled = asking(&target, "x-connections", "4");
    pooled["config"]["http"] = json!({"pool": 1});
    check_all_answered(&Load::of(&pooled).run());
}

#[test]
fn proxies_of_the_environment_are_used() {
    let proxy = Server::start("proxy");
    let via = format!("http://me:secret@127.0.0.1:{}", proxy.place);
    let run = |script: &Value, variable: &str, args: &[&str]| {
        let load = Load::of(script).args(args);
        let output = load.command().env(variable, &via).output().unwrap();
        load.done(&output)
    };
    // Nobody but the proxy could answer for this host.
    let script = asking("http://no.such.host.example", "x-via", "Basic bWU6c2VjcmV0");
    check_all_answered(&run(&script, "http_proxy", &[]));
    let server = Server::start("https");
    let script = asking(
        &format!("https://127.0.0.1:{}", server.place),
        "x-version",
        "1.1",
    );
    check_all_answered(&run(&script, "https_proxy", &["-k"]));
}
