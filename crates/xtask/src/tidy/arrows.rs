//! Which crate may use which: see ARCHITECTURE.md.

use std::fs;

use crate::steps::root;

/// Every crate with those that it may depend on, `units` aside, which all may use.
const ARROWS: [(&str, &[&str]); 13] = [
    ("units", &[]),
    ("heap", &[]),
    ("recording", &[]),
    ("scenario", &[]),
    ("source", &[]),
    ("verdict", &["heap", "recording", "source"]),
    ("explore", &["verdict", "heap", "recording"]),
    ("report", &["explore", "verdict", "recording"]),
    ("probe", &["recording"]),
    ("load", &["scenario", "recording"]),
    ("run", &["probe", "load", "scenario", "recording"]),
    (
        "leakscope",
        &[
            "heap",
            "scenario",
            "recording",
            "source",
            "verdict",
            "explore",
            "report",
            "run",
        ],
    ),
    ("testkit", &[]),
];

pub(super) fn check() -> Vec<String> {
    let mut findings = Vec::new();
    for (name, allowed) in ARROWS {
        let path = root().join("crates").join(name).join("Cargo.toml");
        let manifest = fs::read_to_string(&path).unwrap_or_default();
        for used in dependencies(&manifest) {
            let is_ours = ARROWS.iter().any(|(crate_name, _)| *crate_name == used);
            let is_allowed = used == "units" && name != "units" || allowed.contains(&used);
            if is_ours && !is_allowed {
                findings.push(format!(
                    "{}: {name} must not depend on {used}",
                    path.display()
                ));
            }
        }
    }
    let listed = |name: &str| name == "xtask" || ARROWS.iter().any(|(listed, _)| *listed == name);
    for entry in fs::read_dir(root().join("crates"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !listed(&name) {
            findings.push(format!("crates/{name}: not in the list of arrows"));
        }
    }
    findings
}

/// The names under `[dependencies]`; what tests use is their own affair.
fn dependencies(manifest: &str) -> Vec<&str> {
    let section = manifest
        .split("\n[dependencies]\n")
        .nth(1)
        .unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|n| !n.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_real_dependencies_count() {
        let manifest = "[package]\nname = \"x\"\n\n[dependencies]\nunits.workspace = true\n\
            serde = { version = \"1\" }\n\n[dev-dependencies]\ntestkit.workspace = true\n";
        assert_eq!(super::dependencies(manifest), ["units", "serde"]);
    }
}
