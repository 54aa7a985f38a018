//! Starting the user's browser.

use std::process::{Command, Stdio};

/// Hands an address to the browser; whether there was one to hand it to.
pub(crate) fn open(url: &str) -> bool {
    candidates()
        .into_iter()
        .any(|program| start(&program, url).is_ok())
}

/// The programs to try: the user's word first.
fn candidates() -> Vec<String> {
    let named = std::env::var("BROWSER").unwrap_or_default();
    let mut programs: Vec<String> = named.split(':').map(str::to_owned).collect();
    if cfg!(target_os = "macos") {
        programs.push("open".into());
    } else if ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
    {
        programs.push("xdg-open".into());
    }
    programs.retain(|program| !program.is_empty());
    programs
}

/// Starts a program with the address as its only word, and does not wait for it.
fn start(program: &str, url: &str) -> std::io::Result<()> {
    let child = Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // It must be waited for by somebody, or it stays a zombie while the page is served.
    std::thread::spawn(move || {
        let mut child = child;
        let _ = child.wait();
    });
    Ok(())
}
