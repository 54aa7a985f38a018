//! The project's own rules, each with its reason, run as a test and as `cargo xtask tidy`.

mod arrows;
mod documents;
mod files;

use crate::steps::{Result, say};

/// Fails with every broken rule.
pub(crate) fn report() -> Result {
    let findings = findings();
    for finding in &findings {
        say(finding);
    }
    match findings.len() {
        0 => Ok(()),
        n => Err(format!("{n} findings").into()),
    }
}

fn findings() -> Vec<String> {
    [arrows::check(), files::check(), documents::check()].concat()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_project_keeps_its_own_rules() {
        let findings = super::findings();
        assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    }
}
