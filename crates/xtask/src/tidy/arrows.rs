//! Which crate may use which: see ARCHITECTURE.md.

use std::fs;

use crate::steps::root;

/// Every crate with those that it may depend on, `units` aside, which all may use.
const ARROWS: [(&str, &[&str]); 17] = [
    ("units", &[]),
    ("heap", &[]),
    ("recording", &[]),
    ("scenario", &[]),
    ("source", &[]),
    ("verdict", &["heap", "recording", "source"]),
    ("explore", &["verdict", "heap", "recording"]),
    ("report", &["explore", "verdict", "recording"]),
    (
        "mcp",
        &["explore", "report", "verdict", "heap", "recording"],
    ),
    (
        "tui",
        &["explore", "report", "verdict", "heap", "recording"],
    ),
    ("probe", &["recording"]),
    ("watch", &[]),
    ("load", &["scenario", "recording"]),
    ("run", &["probe", "load", "scenario", "recording"]),
    ("web", &["explore", "heap", "recording"]),
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
            "probe",
            "mcp",
            "tui",
            "load",
            "run",
            "web",
            "watch",
        ],
    ),
    ("testkit", &[]),
];

pub(super) fn check() -> Vec<String> {
    let mut findings = Vec::new();
    for (name, allowed) in ARROWS {
        let path = format!("crates/{name}/Cargo.toml");
        match fs::read_to_string(root().join(&path)) {
            Ok(manifest) => {
                let wrong = forbidden(name, allowed, &manifest);
                let say = |used| format!("{path}: {name} must not depend on {used}");
                findings.extend(wrong.into_iter().map(say));
            }
            Err(error) => findings.push(format!("{path}: {error}")),
        }
    }
    let listed = |name: &str| name == "xtask" || ARROWS.iter().any(|(listed, _)| *listed == name);
    let crates = fs::read_dir(root().join("crates"))
        .into_iter()
        .flatten()
        .flatten();
    let names = crates.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let unlisted = names.filter(|name| !listed(name));
    findings.extend(unlisted.map(|name| format!("crates/{name}: not in the list of arrows")));
    findings
}

/// The project's own crates that a manifest names and must not.
fn forbidden(name: &str, allowed: &[&str], manifest: &str) -> Vec<String> {
    let is_ours = |used: &str| ARROWS.iter().any(|(ours, _)| *ours == used);
    let is_allowed = |used: &str| (used == "units" && name != "units") || allowed.contains(&used);
    let used = dependencies(manifest).into_iter();
    used.filter(|used| is_ours(used) && !is_allowed(used))
        .map(str::to_owned)
        .collect()
}

/// The names that a manifest depends on, in whatever way it is written; what tests use is their own
/// affair.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_list = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix('[') {
            let heading = heading.trim_end_matches(']');
            is_list = heading.ends_with("dependencies") && !heading.contains("dev-");
            let single = heading
                .rsplit_once("dependencies.")
                .filter(|(kind, _)| *kind != "dev-");
            names.extend(single.map(|(_, name)| name));
        } else if is_list {
            let name = line.split(['.', ' ', '=', '#']).next();
            names.extend(name.filter(|name| !name.is_empty()));
        }
    }
    names
        .into_iter()
        .map(|name| name.strip_prefix("leakscope-").unwrap_or(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_dependencies_count() {
        let manifest = "[package]\nname = \"x\"\n\n[dependencies]\nunits.workspace = true\n\
            serde = { version = \"1\" }\n# heap\n\n[target.'cfg(unix)'.dependencies]\n\
            leakscope-run = \"1\"\n\n[dependencies.load]\npath = \"../load\"\n\n\
            [dev-dependencies]\ntestkit.workspace = true\n[dev-dependencies.heap]\n";
        assert_eq!(dependencies(manifest), ["units", "serde", "run", "load"]);
    }

    #[test]
    fn an_arrow_that_is_not_in_the_list_is_found() {
        let manifest = "[dependencies]\nunits.workspace = true\nload.workspace = true\n";
        assert_eq!(forbidden("probe", &["recording"], manifest), ["load"]);
        assert_eq!(forbidden("run", &["load"], manifest), [""; 0]);
        assert_eq!(forbidden("units", &[], manifest), ["units", "load"]);
    }
}
