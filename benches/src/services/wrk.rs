//! The hello-world as other tools see it: under wrk, whose figures can be compared with those of other servers, and
//! under strace, which counts its system calls.

use super::http::{CONNECTIONS, SERVICE, get, load};
use super::load::Client;
use super::process_figures::processor_time;
use super::{Named, start};
use crate::sample::not_installed;
use crate::workload::{Case, REPEATS, Sample, Setting, Unit, Workload};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// The hello-world under wrk.
pub static WRK: Workload = Workload {
    name: "hyper hello-world, wrk",
    isolates: "The same hello-world under wrk with 50 connections, and as many threads as the server has workers.",
    cannot_show: "A fixed number of requests: it runs for a second, and counts in its own way.",
    // Seconds, of which wrk takes whole ones only.
    operations: 1,
    ..SERVICE
};

/// The hello-world's system calls.
pub static CALLS: Workload = Workload {
    name: "hyper hello-world, system calls",
    isolates: "The system calls of the hello-world's server per request, as strace counts them.",
    cannot_show: "How long they take; and a server that is watched is slower, so that more connections are ready at a time, and who looks for events by the clock looks more often.",
    operations: 2_000,
    most_rounds: REPEATS,
    ..SERVICE
};

/// How many requests warm a server up for wrk.
const WARM_UP: u64 = 2_000;

/// The workloads of this file.
pub(super) fn cases<N: Named>() -> Vec<Case> {
    vec![
        Case {
            workload: &WRK,
            run: |setting| under_wrk(N::NAME, setting),
        },
        Case {
            workload: &CALLS,
            run: |setting| system_calls(N::NAME, setting),
        },
    ]
}

/// Whether a program that knows this argument can be started.
fn starts(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

fn under_wrk(peer: &str, setting: Setting) -> Sample {
    if !starts("wrk", "--version") {
        not_installed("wrk");
    }
    let server = start(peer, "hello", setting);
    // The server, and this process's own client does for that.
    Client::connect(server.address, CONNECTIONS, load(vec![get("/", true)])).run(WARM_UP);
    let before = processor_time(server.pid);
    // Pinned as this thread is.
    let output = Command::new("wrk")
        .args(["--latency", "--connections", &CONNECTIONS.to_string()])
        .args(["--threads", &setting.workers.to_string()])
        .args(["--duration", &format!("{}s", setting.operations)])
        .arg(format!("http://{}/", server.address))
        .output()
        .expect("wrk starts");
    let after = processor_time(server.pid);
    let text = String::from_utf8_lossy(&output.stdout);
    let said = read_wrk(&text).unwrap_or_else(|| panic!("wrk said: {text}"));
    let sample = Sample::default()
        .with("requests per second", Unit::PerSecond, said.per_second)
        .with("p99 latency", Unit::Nanoseconds, said.p99);
    let (Some(before), Some(after)) = (before, after) else {
        return sample;
    };
    let used = after.saturating_sub(before).as_nanos() as f64;
    sample.with(
        "server CPU per request",
        Unit::Nanoseconds,
        used / said.requests,
    )
}

#[derive(Debug, PartialEq)]
struct Said {
    requests: f64,
    per_second: f64,
    /// Nanoseconds.
    p99: f64,
}

/// What wrk found; `None` if it cannot be read, or there were errors.
fn read_wrk(text: &str) -> Option<Said> {
    let line = |with: &str| text.lines().map(str::trim).find(|line| line.contains(with));
    if line("Socket errors").is_some() || line("Non-2xx").is_some() {
        return None;
    }
    let p99 = line("99%")?.split_whitespace().nth(1)?;
    let digits = p99.trim_end_matches(char::is_alphabetic);
    let unit = match &p99[digits.len()..] {
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(Said {
        requests: line("requests in")?
            .split_whitespace()
            .next()?
            .parse()
            .ok()?,
        per_second: line("Requests/sec:")?
            .split_whitespace()
            .nth(1)?
            .parse()
            .ok()?,
        p99: digits.parse::<f64>().ok()? * unit,
    })
}

fn system_calls(peer: &str, setting: Setting) -> Sample {
    if !starts("strace", "--version") {
        not_installed("strace");
    }
    let server = start(peer, "hello", setting);
    let mut client = Client::connect(server.address, CONNECTIONS, load(vec![get("/", true)]));
    client.run(setting.operations / 10);
    let mut strace = Command::new("strace")
        .args(["--summary-only", "--follow-forks", "--attach"])
        .arg(server.pid.to_string())
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace starts");
    let mut said = BufReader::new(strace.stderr.take().expect("it is piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("strace says something");
    assert!(line.contains("attached"), "strace said: {}", line.trim());
    client.run(setting.operations);
    let pid = i32::try_from(strace.id()).ok().and_then(Pid::from_raw);
    // Has it detach and say what it counted.
    kill_process(pid.expect("it is a process"), Signal::INT).expect("strace runs");
    let mut summary = String::new();
    said.read_to_string(&mut summary)
        .expect("strace writes text");
    // Interrupted as it was, its exit code says nothing.
    let _ = strace.wait();
    let calls = read_strace(&summary).unwrap_or_else(|| panic!("strace said: {summary}"));
    let per_request = calls / setting.operations as f64;
    Sample::default().with("system calls per request", Unit::Count, per_request)
}

/// The calls in strace's last line: "100.00 0.5 12 20000 3 total", where errors may be missing.
fn read_strace(summary: &str) -> Option<f64> {
    let total = summary
        .lines()
        .find(|line| line.trim_end().ends_with(" total"))?;
    total.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Said, read_strace, read_wrk};

    #[test]
    fn reads_what_wrk_says() {
        let text = "  Latency Distribution\n     50%  201.00us\n     99%    1.50ms\n  \
            20000 requests in 2.00s, 1.5MB read\nRequests/sec:  10000.50\n";
        let said = Said {
            requests: 20_000.0,
            per_second: 10_000.5,
            p99: 1.5e6,
        };
        assert_eq!(read_wrk(text), Some(said));
        assert_eq!(
            read_wrk(&format!("{text}  Socket errors: connect 1\n")),
            None
        );
        assert_eq!(read_wrk("unable to connect\n"), None);
    }

    #[test]
    fn reads_what_strace_says() {
        let summary = "% time seconds usecs/call calls errors syscall\n\
            60.00 0.1 5 20000 sendto\n\
            100.00    0.500000          12     40000        30 total\n";
        assert_eq!(read_strace(summary), Some(40_000.0));
        assert_eq!(read_strace("strace: Process 7 detached\n"), None);
    }
}
