//! What one process costs: CPU time, wall time and peak memory, as the kernel counted them.
//!
//! Source: wait4(2), whose resource usage is that of the child and of the children it waited for.

use std::mem::MaybeUninit;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::steps::Result;

/// The cost of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    /// User and system time, in seconds.
    pub(crate) cpu_s: f64,
    /// From start to end, in seconds.
    pub(crate) wall_s: f64,
    /// The largest resident set, in bytes.
    pub(crate) peak_bytes: u64,
}

/// Runs a command to its end, its answer thrown away. An `Err` inside says how it failed.
pub(crate) fn run(command: &mut Command) -> Result<std::result::Result<Cost, String>> {
    run_into(command, Stdio::null())
}

/// The same, with its answer.
pub(crate) fn run_and_read(
    command: &mut Command,
) -> Result<(std::result::Result<Cost, String>, String)> {
    let path = std::env::temp_dir().join(format!("leakscope-bench-{}", std::process::id()));
    let failed = |error| format!("cannot keep an answer: {error}");
    let file = std::fs::File::create(&path).map_err(failed)?;
    let cost = run_into(command, file.into())?;
    let answer = std::fs::read(&path).map_err(failed)?;
    std::fs::remove_file(&path).map_err(failed)?;
    Ok((cost, String::from_utf8_lossy(&answer).into_owned()))
}

fn run_into(command: &mut Command, stdout: Stdio) -> Result<std::result::Result<Cost, String>> {
    let name = command.get_program().to_string_lossy().into_owned();
    command
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::null());
    let started = Instant::now();
    let child = command
        .spawn()
        .map_err(|error| format!("cannot start `{name}`: {error}"))?;
    let (status, usage) = wait(child.id()).map_err(|error| format!("`{name}`: {error}"))?;
    let wall_s = started.elapsed().as_secs_f64();
    if libc::WIFSIGNALED(status) {
        return Ok(Err(format!("signal {}", libc::WTERMSIG(status))));
    }
    match libc::WEXITSTATUS(status) {
        0 => Ok(Ok(Cost {
            cpu_s: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            wall_s,
            peak_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
        })),
        code => Ok(Err(format!("exit code {code}"))),
    }
}

fn wait(pid: u32) -> std::io::Result<(i32, libc::rusage)> {
    let pid = libc::pid_t::try_from(pid).map_err(std::io::Error::other)?;
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are valid for writing during the call, and the kernel keeps no copy
        // of them. `pid` is a child that nobody else waits for: its handle is only dropped, and
        // dropping it does not wait.
        let ended = unsafe { libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()) };
        if ended == pid {
            // SAFETY: it was zeroed above, which is a valid value of this struct of integers, and
            // has been filled by the kernel.
            return Ok((status, unsafe { usage.assume_init() }));
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

fn seconds(time: libc::timeval) -> f64 {
    let whole = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    let rest = Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0));
    (whole + rest).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> std::result::Result<Cost, String> {
        run(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn a_process_is_measured_and_a_failed_one_says_how() {
        let cost = shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done").unwrap();
        assert!(cost.cpu_s > 0.0 && cost.wall_s > 0.0, "{cost:?}");
        // A shell is somewhere between a page and a hundred megabytes.
        assert!((4096..100 << 20).contains(&cost.peak_bytes), "{cost:?}");
        assert_eq!(shell("exit 3"), Err("exit code 3".into()));
        assert_eq!(shell("kill -9 $$"), Err("signal 9".into()));
        let (cost, answer) = run_and_read(Command::new("echo").arg("hi")).unwrap();
        assert!(cost.is_ok() && answer == "hi\n", "{answer}");
        assert!(run(&mut Command::new("no-such-program-anywhere")).is_err());
    }
}
