//! Services that are started, with what they start themselves.

use std::time::Duration;

use probe::{Launch, Ready, Service};
use tempfile::TempDir;

use crate::child::node_of_major;

/// Takes the port that the cluster gives its first child, if nobody has it yet.
const CROWDED: &str = "
const cluster = require('cluster');
if (cluster.isPrimary) {
  const fork = () => cluster.fork().once('online', () => console.log('child is up'));
  require('net').createServer().once('error', fork).listen(process.debugPort + 1, '127.0.0.1', fork);
} else {
  setInterval(() => {}, 1000);
}";

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_whose_ports_are_taken_gets_free_ones() {
    for node in ["node".to_owned(), node_of_major(18), node_of_major(24)] {
        let dir = TempDir::new().unwrap();
        let script = dir.path().join("server.js");
        std::fs::write(&script, CROWDED).unwrap();
        let launch = Launch {
            command: vec![node.clone().into(), script.into()],
            working_dir: dir.path().to_owned(),
            output: Some(dir.path().join("output")),
        };
        let ready = Ready::Line("child is up".into());
        let limit = Duration::from_secs(60);
        let mut service = Service::start(&launch).unwrap();
        service.wait_ready(&ready, limit).await.unwrap();
        assert!(service.is_short_of_ports().await, "{node}");
        service.restart_on_free_ports(limit).await.unwrap();
        service.wait_ready(&ready, limit).await.unwrap();
        assert!(!service.is_short_of_ports().await, "{node}");
        service.stop(limit).await.unwrap();
    }
}
