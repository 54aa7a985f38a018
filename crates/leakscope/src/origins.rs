//! Where a service's scripts come from: their source maps, and the packages that are installed.
//!
//! Read from the disk while the service's files are there, at the end of a hunt, and kept in the
//! run folder, so that a judge on another machine names the same lines. What cannot be read is left
//! out: a verdict then names the generated line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use run::{Folder, FolderError, ScriptText};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use source::maps::{self, SourceMap};
use verdict::Package;

/// A map larger than this is left out, in bytes.
const LARGEST_MAP: u64 = 64 << 20;

/// A source larger than this is not quoted, in bytes.
const LARGEST_SOURCE: u64 = 4 << 20;

/// What the run folder keeps.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Origins {
    #[serde(default)]
    maps: Vec<Map>,
    #[serde(default)]
    packages: Vec<Installed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Map {
    /// The script's URL.
    script: String,
    /// The folder that the map's sources lead from.
    base: String,
    /// The map itself.
    map: Value,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Installed {
    folder: String,
    name: String,
    version: Option<String>,
}

/// Reads the maps of the scripts that the folder holds, and keeps them there.
pub(crate) fn keep(folder: &Folder) -> Result<(), FolderError> {
    let origins = Origins::of(&folder.read_scripts());
    if origins.maps.is_empty() && origins.packages.is_empty() {
        return Ok(());
    }
    // Strings and numbers can always be written.
    let text = serde_json::to_vec(&origins).unwrap_or_default();
    folder.write(run::ORIGINS, &text)
}

/// What an earlier run has kept.
pub(crate) fn read(folder: &Folder) -> Origins {
    let text = fs::read(folder.file(run::ORIGINS)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

impl Origins {
    fn of(scripts: &[ScriptText]) -> Self {
        let maps: Vec<Map> = scripts.iter().filter_map(map_of).collect();
        let mut files: BTreeSet<PathBuf> = scripts
            .iter()
            .map(|s| PathBuf::from(path_of(&s.url)))
            .collect();
        for map in &maps {
            let parsed = map.parsed();
            files.extend(parsed.iter().flat_map(SourceMap::files).map(PathBuf::from));
        }
        Self {
            maps,
            packages: packages(&files),
        }
    }

    /// The maps, by the URLs of their scripts.
    pub(crate) fn maps(&self) -> impl Iterator<Item = (String, SourceMap)> {
        let parsed = |map: &Map| Some((map.script.clone(), map.parsed()?));
        self.maps.iter().filter_map(parsed)
    }

    /// What scripts were generated from: path and text.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        let maps = self.maps.iter().filter_map(Map::parsed);
        let texts = |map: &SourceMap| -> Vec<(String, String)> {
            let texts = map.texts();
            texts.map(|(file, text)| (file, text.to_owned())).collect()
        };
        maps.flat_map(|map| texts(&map)).collect()
    }

    /// The installed packages.
    pub(crate) fn packages(&self) -> Vec<Package> {
        let package = |installed: &Installed| Package {
            folder: installed.folder.clone(),
            name: match &installed.version {
                Some(version) => format!("{}@{version}", installed.name),
                None => installed.name.clone(),
            },
        };
        self.packages.iter().map(package).collect()
    }
}

impl Map {
    fn parsed(&self) -> Option<SourceMap> {
        SourceMap::parse(self.map.to_string().as_bytes(), &self.base)
    }
}

/// The map that a script's last comment names, with the texts of its sources.
fn map_of(script: &ScriptText) -> Option<Map> {
    let url = maps::map_url(&script.text)?;
    let script_file = PathBuf::from(path_of(&script.url));
    let (bytes, base) = match maps::inline_map(url) {
        Some(bytes) => (bytes, script_file.parent()?.to_owned()),
        None => {
            let url = maps::percent_decoded(url.strip_prefix("file://").unwrap_or(url));
            // An absolute path replaces the script's folder.
            let file = script_file.parent()?.join(url);
            (read_small(&file, LARGEST_MAP)?, file.parent()?.to_owned())
        }
    };
    let base = base.to_string_lossy().into_owned();
    SourceMap::parse(&bytes, &base)?;
    let mut map: Value = serde_json::from_slice(&bytes).ok()?;
    add_texts(&mut map, &base);
    Some(Map {
        script: script.url.clone(),
        base,
        map,
    })
}

/// Puts the texts of the sources into a map that has none, where the files are there.
fn add_texts(map: &mut Value, base: &str) {
    let root = map["sourceRoot"].as_str().unwrap_or_default();
    let root = match root.is_empty() || root.ends_with('/') {
        true => root.to_owned(),
        false => format!("{root}/"),
    };
    let Some(sources) = map["sources"].as_array().cloned() else {
        return;
    };
    let mut texts = map["sourcesContent"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    texts.resize(sources.len(), Value::Null);
    for (text, source) in texts.iter_mut().zip(&sources) {
        if let (true, Some(source)) = (text.is_null(), source.as_str()) {
            let file = maps::resolve(base, &format!("{root}{source}"));
            let read = read_small(Path::new(&file), LARGEST_SOURCE);
            *text = read
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .map_or(Value::Null, Value::from);
        }
    }
    map["sourcesContent"] = texts.into();
}

/// The packages that files of `node_modules` belong to: the nearest `package.json` with a name.
fn packages(files: &BTreeSet<PathBuf>) -> Vec<Installed> {
    let mut known: BTreeMap<PathBuf, Option<Installed>> = BTreeMap::new();
    for file in files {
        let folders = file.ancestors().skip(1);
        let inside = folders.take_while(|folder| {
            let is_root = |name: &std::ffi::OsStr| name == "node_modules";
            !folder.file_name().is_none_or(is_root)
                && folder.iter().any(|part| part == "node_modules")
        });
        for folder in inside {
            let installed = known
                .entry(folder.to_owned())
                .or_insert_with(|| installed_at(folder));
            if installed.is_some() {
                break;
            }
        }
    }
    known.into_values().flatten().collect()
}

fn installed_at(folder: &Path) -> Option<Installed> {
    #[derive(Deserialize)]
    struct Manifest {
        name: String,
        version: Option<String>,
    }
    let text = read_small(&folder.join("package.json"), LARGEST_SOURCE)?;
    let manifest: Manifest = serde_json::from_slice(&text).ok()?;
    Some(Installed {
        folder: folder.to_string_lossy().into_owned(),
        name: manifest.name,
        version: manifest.version,
    })
}

/// A script's URL as a path.
fn path_of(url: &str) -> String {
    match url.strip_prefix("file://") {
        Some(path) => maps::percent_decoded(path),
        None => url.to_owned(),
    }
}

/// A regular file's bytes, if there are not too many.
fn read_small(path: &Path, most: u64) -> Option<Vec<u8>> {
    let metadata = fs::metadata(path).ok()?;
    let is_fit = metadata.is_file() && metadata.len() <= most;
    is_fit.then(|| fs::read(path).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(url: &Path, text: &str) -> ScriptText {
        ScriptText::new(format!("file://{}", url.display()), text.into())
    }

    #[test]
    fn a_map_beside_a_script_is_kept_with_its_sources_and_their_packages() {
        let dir = tempfile::TempDir::new().unwrap();
        let at = |path: &str| dir.path().join(path);
        for folder in ["dist", "src", "node_modules/@a/b/lib"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("src/a.ts"), "const clients: string[] = [];\n").unwrap();
        let manifest = r#"{"name":"@a/b","version":"1.2.3"}"#;
        fs::write(at("node_modules/@a/b/package.json"), manifest).unwrap();
        // A package.json without a name says only how the files are to be read.
        fs::write(at("node_modules/@a/b/lib/package.json"), "{}").unwrap();
        let map = r#"{"version":3,"names":[],"mappings":"AAAA,ICAA",
            "sources":["../src/a.ts","../node_modules/@a/b/lib/i.js"]}"#;
        fs::write(at("dist/a.js.map"), map).unwrap();
        let text = "let r=[];\n//# sourceMappingURL=a.js.map\n";
        let origins = Origins::of(&[script(&at("dist/a.js"), text)]);
        let (_, map) = origins.maps().next().unwrap();
        let found = map
            .original(source::Position { line: 0, column: 0 })
            .unwrap();
        assert_eq!(found.text, Some("const clients: string[] = [];\n"));
        assert_eq!(Path::new(&found.file), at("src/a.ts"));
        assert_eq!(origins.packages()[0].name, "@a/b@1.2.3");
        assert_eq!(origins.packages().len(), 1);
    }

    #[test]
    fn a_map_that_is_not_there_or_broken_is_left_out() {
        let dir = tempfile::TempDir::new().unwrap();
        fs::write(dir.path().join("broken.map"), "{\"version\":3").unwrap();
        for url in [
            "nowhere.map",
            "broken.map",
            "data:,x",
            "http://a/b.map",
            "/dev/zero",
        ] {
            let text = format!("a();\n//# sourceMappingURL={url}");
            let origins = Origins::of(&[script(&dir.path().join("a.js"), &text)]);
            assert!(origins.maps.is_empty(), "{url}");
        }
    }
}
