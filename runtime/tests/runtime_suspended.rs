//! A process that is stopped and continued, as by Ctrl-Z and `fg`, or with its machine: what it waited for comes afterwards.
#![cfg(unix)]

use leno::io::{AsyncBufReadExt, BufReader, stdin};
use leno::net::UnixStream;
use leno::runtime::{Builder, Runtime};
use leno::time::{Duration, Instant, interval, sleep};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::io::{BufRead, BufReader as StdBufReader, Write};
use std::process::{Child, Command, Stdio};

/// Set in the process that is stopped.
const ROLE: &str = "LENO_TEST_SUSPENDED";

fn runtime(workers: usize) -> Runtime {
    let mut builder = match workers {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if workers > 0 {
        builder.worker_threads(workers);
    }
    builder.enable_all().build().unwrap()
}

/// What the process does: it waits for a timer that has gone off while it stood still, for one that has not, for a socket, and for
/// its input.
#[test]
fn plays_its_role() {
    let Ok(workers) = std::env::var(ROLE) else {
        return;
    };
    runtime(workers.parse().unwrap()).block_on(async {
        let started = Instant::now();
        let short = leno::spawn(sleep(Duration::from_millis(1)));
        let ticks = leno::spawn(async {
            let mut interval = interval(Duration::from_millis(1));
            for _ in 0..100 {
                interval.tick().await;
            }
        });
        let (here, there) = UnixStream::pair().unwrap();
        let echo = leno::spawn(async move {
            there.readable().await.unwrap();
            there.try_read(&mut [0; 8]).unwrap()
        });
        println!("ready");
        let mut line = String::new();
        BufReader::new(stdin()).read_line(&mut line).await.unwrap();
        assert_eq!(line, "go on\n");
        assert_eq!(here.try_write(b"hello").unwrap(), 5);
        assert_eq!(echo.await.unwrap(), 5);
        short.await.unwrap();
        ticks.await.unwrap();
        sleep(Duration::from_millis(1)).await;
        assert!(started.elapsed() >= Duration::from_millis(100));
        println!("done");
    });
}

fn start(workers: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "plays_its_role", "--nocapture"])
        .env(ROLE, workers.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn it_goes_on_when_it_is_continued() {
    for workers in [0, 1, 4] {
        let mut child = start(workers);
        let mut lines = StdBufReader::new(child.stdout.take().unwrap()).lines();
        let mut until = |text: &str| loop {
            let line = lines.next().expect("it has ended").unwrap();
            if line.contains(text) {
                break;
            }
        };
        until("ready");
        let pid = Pid::from_child(&child);
        for _ in 0..3 {
            kill_process(pid, Signal::STOP).unwrap();
            let (_, status) = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
            assert!(status.stopped(), "{status:?}");
            kill_process(pid, Signal::CONT).unwrap();
        }
        child.stdin.take().unwrap().write_all(b"go on\n").unwrap();
        until("done");
        assert!(child.wait().unwrap().success());
    }
}
