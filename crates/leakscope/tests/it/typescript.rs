//! A minified TypeScript service: the verdict says the lines that somebody wrote, here and on a
//! machine without the service.

use std::process::Command;

use crate::harness::{Hunt, read_json, service, tool};

#[test]
fn the_lines_of_minified_typescript_are_those_of_its_source() {
    let hunt = Hunt::on(&["node", "dist/server.js"])
        .http_load()
        .arg("--quick");
    let at = |path: &str| hunt.dir.path().join(path);
    std::fs::create_dir(at("src")).unwrap();
    for file in ["server.ts", "visitors.ts"] {
        let from = service(&format!("typescript/{file}"));
        std::fs::copy(from, at("src").join(file)).unwrap();
    }
    let built = Command::new(tool("@esbuild/linux-x64/bin/esbuild"))
        .args(["src/server.ts", "--bundle", "--minify", "--sourcemap"])
        .args([
            "--platform=node",
            "--outfile=dist/server.js",
            "--log-level=error",
        ])
        .current_dir(hunt.dir.path())
        .status()
        .unwrap();
    assert!(built.success());
    hunt.run().check_code(1);
    let verdict = read_json(&hunt.run_dir().join("verdict.json"));
    let suspect = &verdict["suspects"][0];
    assert_eq!(suspect["holder"]["name"], "visitors", "{suspect:#}");
    assert_eq!(suspect["class"], "Visitor");
    let text = std::fs::read_to_string(at("src/visitors.ts")).unwrap();
    for (place, beginning) in [("source", "const visitors"), ("writer", "visitors.set(")] {
        let line = &suspect[place];
        let is_it = |text: &str| text.trim().starts_with(beginning);
        let number = text.lines().position(is_it).unwrap();
        assert_eq!(line["file"], "src/visitors.ts", "{line:#}");
        assert_eq!(line["line"], number + 1);
        assert_eq!(line["text"], text.lines().nth(number).unwrap().trim());
    }
    assert_eq!(suspect["writer"]["function"], "remember");
    let path = suspect["path_text"].as_str().unwrap();
    assert!(path.contains("forgetAll (src/visitors.ts:"), "{path}");
    assert!(path.ends_with("entry \u{2500} Visitor"), "{path}");
    for folder in ["src", "dist"] {
        std::fs::remove_dir_all(at(folder)).unwrap();
    }
    let again = Command::new(env!("CARGO_BIN_EXE_leakscope"))
        .arg("judge")
        .arg(hunt.run_dir())
        .args(["--json", "-"])
        .output()
        .unwrap();
    let again: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["suspects"], verdict["suspects"]);
}
