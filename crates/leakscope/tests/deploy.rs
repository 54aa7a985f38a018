//! The Kubernetes manifest is what Kubernetes takes, and its pods run what leakscope understands.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The manifest's documents.
fn documents() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../deploy/kubernetes/job.yaml"
    );
    let text = std::fs::read_to_string(path).unwrap();
    serde_saphyr::from_multiple(&text).unwrap()
}

/// Reads a document as a type that is generated from Kubernetes' own schema. A key that the schema
/// does not know would be lost on the way, and is found by writing it again.
fn read<T: DeserializeOwned + Serialize>(document: &Value) -> T {
    let read: T = serde_json::from_value(document.clone()).unwrap();
    check_kept(document, &serde_json::to_value(&read).unwrap(), "");
    read
}

fn check_kept(before: &Value, after: &Value, at: &str) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                let at = format!("{at}.{key}");
                let kept = after
                    .get(key)
                    .unwrap_or_else(|| panic!("`{at}` is not in the schema"));
                check_kept(value, kept, &at);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            assert_eq!(before.len(), after.len(), "{at}");
            for (before, after) in before.iter().zip(after) {
                check_kept(before, after, at);
            }
        }
        _ => assert_eq!(before, after, "{at}"),
    }
}

fn job() -> Job {
    let [_, job] = &documents()[..] else {
        panic!("a ConfigMap and a Job")
    };
    read(job)
}

#[test]
fn the_manifest_is_an_indexed_job_with_as_many_pods_as_segments() {
    let spec = job().spec.unwrap();
    assert_eq!(spec.completion_mode.as_deref(), Some("Indexed"));
    assert_eq!(spec.completions, spec.parallelism);
    let pod = spec.template.spec.unwrap();
    assert_eq!(pod.restart_policy.as_deref(), Some("Never"));
    let env = pod.containers[0].env.as_ref().unwrap();
    let segments = env
        .iter()
        .find(|variable| variable.name == "SEGMENTS")
        .unwrap();
    assert_eq!(segments.value, spec.completions.map(|n| n.to_string()));
}

#[test]
fn a_key_that_is_not_in_the_schema_is_found() {
    let mut document = documents().remove(1);
    document["spec"]["completionMood"] = "Indexed".into();
    assert!(std::panic::catch_unwind(|| read::<Job>(&document)).is_err());
}

/// What a pod runs, with the paths and the target of this machine, each segment once.
#[test]
fn the_pods_together_perform_the_whole_plan() {
    let dir = tempfile::TempDir::new().unwrap();
    let map: ConfigMap = read(&documents()[0]);
    let script = &map.data.unwrap()["load.json"];
    std::fs::write(dir.path().join("load.json"), script).unwrap();
    let container = job()
        .spec
        .unwrap()
        .template
        .spec
        .unwrap()
        .containers
        .remove(0);
    let line = container.args.unwrap().remove(0);
    let line = line
        .replace("/script/load.json", "load.json --overrides \"$OVERRIDES\"")
        .replace("exec leakscope", "exec \"$LEAKSCOPE\"")
        .replace("/dev/termination-log", "/dev/null");
    let overrides = r#"{"config":{"target":"http://127.0.0.1:1",
        "phases":[{"duration":1,"arrivalRate":30}]}}"#;
    for index in 0..4 {
        let report = std::fs::File::create(dir.path().join(format!("{index}.json"))).unwrap();
        let status = Command::new("sh")
            .args(["-c", &line])
            .current_dir(dir.path())
            .env("LEAKSCOPE", env!("CARGO_BIN_EXE_leakscope"))
            .env("OVERRIDES", overrides)
            .env("JOB_COMPLETION_INDEX", index.to_string())
            .envs([("SEGMENTS", "4"), ("START_AT", "0"), ("SEED", "1")])
            .stdout(report)
            .status()
            .unwrap();
        // Nobody listens there: every session fails, and is counted.
        assert_eq!(status.code(), Some(5));
    }
    let merged = Command::new(env!("CARGO_BIN_EXE_leakscope"))
        .args([
            "load", "merge", "0.json", "1.json", "2.json", "3.json", "-o", "-",
        ])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let whole: Value = serde_json::from_slice(&merged.stdout).unwrap();
    assert_eq!(whole["leakscope"]["started"], 30);
    assert_eq!(whole["aggregate"]["counters"]["errors.ECONNREFUSED"], 30);
}
