//! The standard streams, in a process of its own: this test's program again, which finds out from its environment what it
//! is to do.
#![cfg(unix)]

mod net_support;

use leno::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, stderr, stdin, stdout};
use leno::process::{Child, Command};
use net_support::{current_thread, on_one, poll_once};
use std::os::fd::{AsFd, AsRawFd};
use std::pin::pin;
use std::process::Stdio;

const ROLE: &str = "LENO_STANDARD_STREAMS_ROLE";

/// Starts this program again, to do nothing but what its role is.
fn start(role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "role", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[test]
fn role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let runtime = current_thread();
    match role.as_str() {
        "copy" => runtime.block_on(async {
            let (mut output, mut errors) = (stdout(), stderr());
            let copied = leno::io::copy(&mut stdin(), &mut output).await.unwrap();
            output.flush().await.unwrap();
            errors
                .write_all(format!("copied {copied}\n").as_bytes())
                .await
                .unwrap();
            errors.flush().await.unwrap();
        }),
        "end" => {
            runtime.block_on(async {
                stdout().write_all(b"last words\n").await.unwrap();
            });
            drop(runtime);
        }
        "cancel" => runtime.block_on(async {
            let (mut input, mut output) = (stdin(), stdout());
            assert!(poll_once(&mut pin!(input.read(&mut [0; 64]))).is_pending());
            output.write_all(b"ready\n").await.unwrap();
            output.flush().await.unwrap();
            let mut text = String::new();
            input.read_to_string(&mut text).await.unwrap();
            output
                .write_all(format!("got {text}\n").as_bytes())
                .await
                .unwrap();
            output.flush().await.unwrap();
        }),
        "leave" => {
            runtime.block_on(async {
                assert!(poll_once(&mut pin!(stdin().read(&mut [0; 64]))).is_pending());
            });
            runtime.shutdown_background();
            println!("left");
            std::process::exit(0);
        }
        other => unreachable!("{other}"),
    }
}

#[test]
fn what_comes_in_goes_out() {
    on_one(async {
        let mut child = start("copy");
        let mut input = child.stdin.take().unwrap();
        let text = "a line of text\n".repeat(100_000);
        let writing = leno::spawn({
            let text = text.clone();
            async move { input.write_all(text.as_bytes()).await }
        });
        let output = child.wait_with_output().await?;
        writing.await??;
        assert!(output.status.success());
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains(&text));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            stderr.contains(&format!("copied {}\n", text.len())),
            "{stderr}"
        );
        Ok(())
    });
}

#[test]
fn the_end_of_the_runtime_waits_for_the_last_words() {
    on_one(async {
        let output = start("end").wait_with_output().await?;
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("last words\n")
        );
        Ok(())
    });
}

#[test]
fn a_dropped_read_is_not_lost() {
    on_one(async {
        let mut child = start("cancel");
        let mut input = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !lines.next_line().await?.unwrap().ends_with("ready") {}
        input.write_all(b"this").await?;
        drop(input);
        while lines.next_line().await?.expect("the input was lost") != "got this" {}
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
fn a_program_may_leave_a_read_behind() {
    on_one(async {
        let mut child = start("leave");
        let input = child.stdin.take();
        let output = child.wait_with_output().await?;
        drop(input);
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap().contains("left"));
        Ok(())
    });
}

#[test]
fn they_are_descriptors() {
    assert_eq!(stdin().as_raw_fd(), 0);
    assert_eq!(stdout().as_raw_fd(), 1);
    assert_eq!(stderr().as_fd().as_raw_fd(), 2);
}
