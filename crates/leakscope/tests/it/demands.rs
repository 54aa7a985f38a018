//! What a project accepts and demands: `.leakscope.toml`, `--budget`, `--compare`.

use std::fs;

use tempfile::TempDir;

use crate::documents::judge_in;
use crate::harness::Done;
use crate::hunts::leaking;

const ACCEPTED: &str = "[[accept]]\nholder = \"clients\"\nreason = \"ticket 12\"\nexpires = ";

/// Judges the shared run beside a `.leakscope.toml` with this text.
fn judge(settings: &str, args: &[&str]) -> Done {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join(".leakscope.toml"), settings).unwrap();
    judge_in(dir.path(), args)
}

#[test]
fn accepted_growth_passes_until_its_last_day() {
    let done = judge(&format!("{ACCEPTED}2999-12-31"), &[]);
    done.check_code(0);
    assert!(done.stdout.starts_with("CLEAN   "), "{}", done.stdout);
    let said = "accepted      until 2999-12-31: ticket 12";
    assert!(done.stdout.contains(said), "{}", done.stdout);
    let done = judge(&format!("{ACCEPTED}2020-01-01"), &[]);
    done.check_code(1);
    assert!(
        done.stdout.contains("expired on 2020-01-01"),
        "{}",
        done.stdout
    );
}

#[test]
fn a_slip_in_the_settings_is_found_where_it_stands() {
    let settings = format!("{ACCEPTED}2999-12-31\nclas = \"WebSocket\"");
    judge(&settings, &[]).check_error(2, &[".leakscope.toml:5:1", "unknown key `clas`", "hint: "]);
}

#[test]
fn a_budget_that_is_exceeded_is_a_failure_of_its_own() {
    let accepted = format!("budget = \"bytes/session < 1KiB\"\n{ACCEPTED}2999-12-31");
    let done = judge(&accepted, &[]);
    done.check_code(5);
    let said = "bytes/session < 1KiB: ";
    assert!(
        done.stdout.contains(said) && done.stdout.contains("exceeded"),
        "{}",
        done.stdout
    );
    let done = judge("", &["--budget", "bytes/session < 1KiB"]);
    done.check_code(1);
    assert!(
        done.stdout.contains("exceeded"),
        "a leak comes first, and the budget is told"
    );
    let kept = format!("{ACCEPTED}2999-12-31");
    judge(&kept, &["--budget", "rss < 4GiB"]).check_code(0);
    judge("", &["--budget", "bytes/visit < 1"]).check_error(2, &["`visit`", "hint: "]);
}

#[test]
fn a_leak_that_is_still_there_is_not_fixed() {
    let run = leaking().0.run_dir();
    let done = judge("", &["--compare", run.to_str().unwrap()]);
    done.check_code(1);
    assert!(
        done.stdout.contains("NOT FIXED   compared with "),
        "{}",
        done.stdout
    );
    judge("", &["--compare", "nowhere"]).check_error(2, &["nowhere", "run.json"]);
}
