//! Every view on the heap of a real process that was built to have something for each of them:
//! `services/shapes.js` holds 10, 60 and 160 sessions in its three snapshots.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::service;
use crate::views::{answer, leakscope};

/// The path of one of the three snapshots, which are taken once.
fn snapshot(number: u32) -> String {
    static TAKEN: OnceLock<TempDir> = OnceLock::new();
    let dir = TAKEN.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let output = Command::new("node")
            .arg(service("shapes.js"))
            .arg(dir.path())
            .env_remove("NODE_OPTIONS")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        dir
    });
    let path: PathBuf = dir.path().join(format!("{number}.heapsnapshot"));
    path.to_str().unwrap().to_owned()
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&answer(&[args, &["--json"]].concat())).unwrap()
}

fn row<'v>(rows: &'v Value, field: &str, value: &str) -> &'v Value {
    let mut rows = rows.as_array().unwrap().iter();
    let row = rows.find(|row| row[field] == value);
    row.unwrap_or_else(|| panic!("no row with {field} {value}"))
}

#[test]
fn summary_lists_classes_and_their_objects_in_pages() {
    let file = snapshot(3);
    let summary = json(&["summary", &file]);
    let session = row(&summary["classes"], "class", "Session");
    assert_eq!(session["count"], 160);
    let objects = json(&["summary", &file, "Session", "--sort", "+id", "--top", "5"]);
    assert_eq!(objects["page"]["matching"], 160);
    let next = json(&[
        "summary", &file, "Session", "--sort", "+id", "--skip", "4", "--top", "1",
    ]);
    assert_eq!(objects["objects"][4], next["objects"][0]);
    let table = answer(&["summary", &file, "Session"]);
    assert!(
        table.ends_with(
            "… and 130 more objects: `--skip 30` shows the next, `--top N` more at once\n"
        )
    );
    let filtered = json(&["summary", &file, "--filter", "SESS"]);
    let classes = filtered["classes"].as_array().unwrap();
    assert!(classes.iter().any(|class| class["class"] == "Session"));
    let expression = json(&["summary", &file, "--filter", "/^Sess.on$/"]);
    assert_eq!(expression["classes"].as_array().unwrap().len(), 1);
    let contexts = json(&["summary", &file, "--only", "contexts"]);
    let kept = row(&contexts["classes"], "class", "Function");
    let all = row(&summary["classes"], "class", "Function");
    let count = |row: &Value| row["count"].as_u64().unwrap();
    assert!((1..count(all)).contains(&count(kept)), "{kept} of {all}");
}

#[test]
fn diff_shows_what_came_and_what_grew_in_place() {
    let (base, newer) = (snapshot(2), snapshot(3));
    let diff = json(&["diff", &base, &newer]);
    let session = row(&diff["classes"], "class", "Session");
    assert_eq!(
        (&session["new"], &session["deleted"]),
        (&100.into(), &0.into())
    );
    let map = row(&diff["grown"]["classes"], "class", "Map");
    assert_eq!(map["count"], 1, "the registry's map of sessions grew");
    let objects = json(&["diff", &base, &newer, "Session"]);
    assert_eq!(objects["new_page"]["all"], 100);
    assert_eq!(objects["deleted_page"]["all"], 0);
    assert!(answer(&["diff", &base, &newer]).contains("Grown in place"));
}

#[test]
fn several_snapshots_show_trends_and_holders() {
    let files = [snapshot(1), snapshot(2), snapshot(3)];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let trend = json(&[&["trend"], &files[..]].concat());
    let session = row(&trend["classes"], "class", "Session");
    assert_eq!(session["counts"], serde_json::json!([10, 60, 160]));
    assert_eq!(session["growth"], "every_step");
    // Told apart alike in all of them, though the first has few of its kind.
    let user = row(&trend["classes"], "class", "{name, roles}");
    let counts: Vec<u64> = serde_json::from_value(user["counts"].clone()).unwrap();
    assert_eq!((counts[1] - counts[0], counts[2] - counts[1]), (50, 100));

    let holders = json(&[&["holders"], &files[..]].concat());
    let all = holders["holders"].as_array().unwrap();
    let of_sessions = |holder: &&Value| {
        let path = holder["path"].as_array().unwrap();
        path.last().is_some_and(|step| step["edge"] == "sessions")
    };
    let map = all.iter().find(of_sessions).unwrap();
    assert_eq!(map["object"]["class"], "Map");
    assert_eq!(map["gains"], serde_json::json!([50, 100]));
    assert_eq!(
        (&map["every_step"], &map["constant"]),
        (&true.into(), &false.into())
    );
    let text = answer(&[&["holders"], &files[..]].concat());
    assert!(
        text.contains("+50 +100 references (at every step)"),
        "{text}"
    );
}

#[test]
fn one_object_is_shown_from_all_sides() {
    let file = snapshot(3);
    let registry = json(&["object", &file, "Registry"]);
    let id = registry["object"]["id"].as_u64().unwrap();
    let edges = &registry["edges"];
    assert_eq!(row(edges, "edge", "sessions")["object"]["class"], "Map");
    let place = registry["place"]["file"].as_str().unwrap();
    assert!(place.ends_with("shapes.js"), "{place}");
    assert_eq!(json(&["object", &file, &id.to_string()]), registry);
    assert_eq!(json(&["object", &file, &format!("@{id}")]), registry);

    let retainers = json(&["retainers", &file, "Session", "--depth", "3"]);
    let queue = &retainers["retainers"][0];
    assert_eq!(queue["from"]["class"], "Array");
    assert_eq!(queue["retainers"][0]["from"]["class"], "Registry");

    let path = json(&["path", &file, "Session"]);
    for way in ["shortest", "user"] {
        let steps = path[way].as_array().unwrap();
        assert!(steps.iter().any(|step| step["edge"] == "registry"), "{way}");
        assert_eq!(steps.last().unwrap()["object"], path["object"]);
    }
    let groups = json(&["path", &file, "Session", "--group"]);
    assert_eq!(groups["groups"][0]["count"], 160);
    assert_eq!(groups["groups"].as_array().unwrap().len(), 1);

    let contained = json(&["containment", &file, "Registry", "--depth", "2"]);
    assert_eq!(
        row(&contained["children"], "edge", "queue")["object"]["class"],
        "Array"
    );
    let dominated = json(&["dominators", &file, "Registry"]);
    assert!(dominated["page"]["all"].as_u64().unwrap() >= 160);
    let merged = json(&["dominators", &file, "Registry", "--by-class"]);
    assert_eq!(row(&merged["classes"], "class", "Session")["count"], 160);
    let root = answer(&["containment", &file, "--top", "3"]);
    assert!(root.contains("(GC roots)"), "{root}");
}

#[test]
fn strings_are_counted_twice_and_slices_lead_to_their_parents() {
    let file = snapshot(3);
    let strings = json(&["strings", &file]);
    let text = "the same text, forty times over";
    let copies = row(&strings["duplicates"], "value", text);
    // The literal in the source is one more.
    let count = copies["count"].as_u64().unwrap();
    assert!(count >= 40, "{copies}");
    let size = copies["shallow_size"].as_u64().unwrap();
    assert_eq!(copies["wasted"], size - size / count);
    let pinned = &strings["pinned"][0];
    assert!(pinned["object"]["shallow_size"].as_u64().unwrap() >= 200_000);
    assert_eq!(
        (&pinned["slices"], &pinned["alone"]),
        (&1.into(), &true.into())
    );
    let by_count = json(&["strings", &file, "--sort", "count", "--top", "1"]);
    assert_eq!(by_count["duplicates"].as_array().unwrap().len(), 1);
}

#[test]
fn collections_closures_and_statistics_tell_what_they_keep() {
    let file = snapshot(3);
    let collections = json(&["collections", &file]);
    let maps = row(&collections["kinds"], "kind", "map");
    assert!(maps["empty"].as_u64().unwrap() >= 20, "{maps}");
    let sparse = json(&["collections", &file, "--sparse", "--filter", "array"]);
    let array = &sparse["collections"][0];
    assert_eq!(
        (&array["used"], &array["kind"]),
        (&1.into(), &"array".into())
    );
    assert!(array["capacity"].as_u64().unwrap() > 900, "{array}");
    let sessions = json(&[
        "collections",
        &file,
        "--filter",
        "/^map$/",
        "--sort",
        "used",
    ]);
    let used: Vec<_> = sessions["collections"].as_array().unwrap().iter().collect();
    let registry = used.iter().find(|map| map["used"] == 160).unwrap();
    assert_eq!(registry["capacity"], 256);
    let wide = json(&[
        "collections",
        &file,
        "--filter",
        "/^object$/",
        "--sort",
        "used",
    ]);
    assert_eq!(wide["collections"][0]["used"], 2000);

    let closures = json(&["closures", &file, "--filter", "onClose"]);
    let function = &closures["functions"][0];
    assert_eq!(
        (&function["closures"], &function["contexts"]),
        (&160.into(), &160.into())
    );
    let names = function["variables"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|variable| &variable["name"]).collect();
    assert_eq!(names, ["session", "secret"]);
    assert!(
        function["place"]["file"]
            .as_str()
            .unwrap()
            .ends_with("shapes.js")
    );

    let statistics = json(&["statistics", &file]);
    assert_eq!(statistics, json(&["summary", &file])["statistics"]);
    let detached = json(&["detached", &file]);
    assert_eq!(detached["page"]["all"], detached["count"]);
}

#[test]
fn a_wrong_word_is_told_with_the_right_ones() {
    let file = snapshot(3);
    for (args, words) in [
        (vec!["summary", &*file, "--sort", "weight"], "`retained`"),
        (vec!["strings", &file, "--sort", "weight"], "`wasted`"),
        (vec!["retainers", &file, "Sesion"], "did you mean `Session`"),
        (
            vec!["path", &file, "Sesion", "--group"],
            "did you mean `Session`",
        ),
        (vec!["summary", &file, "Sesion"], "did you mean `Session`"),
        (vec!["object", &file, "@999999999"], "ids are V8's"),
        (vec!["summary", &file, "--filter", "/(/"], "unclosed group"),
        (vec!["trend", &file], "SNAPSHOT"),
        (
            vec!["retainers", &file, "Session", "--depth", "0"],
            "between 1 and 200",
        ),
    ] {
        let (code, stdout, stderr) = leakscope(&args);
        assert_eq!((code, &*stdout), (Some(2), ""), "{args:?}");
        assert!(stderr.contains(words), "{args:?}: {stderr}");
    }
    // A column is looked for before the file is.
    let (_, _, stderr) = leakscope(&["summary", "/nonexistent", "--sort", "weight"]);
    assert!(stderr.contains("no such column"), "{stderr}");
}
