//! Output that cannot be written at once, or not at all, is not lost. In a process of its own: this test's program again,
//! which finds out from its environment what it is to do.
#![cfg(unix)]

mod net_support;

use leno::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, stderr, stdout};
use leno::process::{ChildStderr, Command};
use net_support::{current_thread, on_one};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::process::Stdio;
use std::task::{Context, Waker};
use std::time::Duration;

const ROLE: &str = "LENO_STANDARD_OUTPUT_ROLE";

fn command(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "role", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// More than a pipe or a socket holds, in lines.
fn flood() -> String {
    (0..100_000).map(|n| format!("line {n}\n")).collect()
}

/// Waits until it has said that on its standard error, and returns all that it has said until then.
async fn says(said: &mut ChildStderr, expected: &str) -> std::io::Result<String> {
    let mut text = String::new();
    let saying = async {
        while !text.contains(expected) {
            text.push(char::from(said.read_u8().await?));
        }
        std::io::Result::Ok(())
    };
    leno::time::timeout(Duration::from_secs(60), saying).await??;
    Ok(text)
}

async fn write_flood(mut stream: impl AsyncWrite + Unpin) {
    stream.write_all(flood().as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

/// Two of them are more than a pipe holds.
const HANDLES: usize = 60;

/// What is written by the handle with this number: one line.
fn piece(number: usize) -> String {
    format!("{number:60000}\n")
}

async fn write_without_flush(text: String) {
    stdout().write_all(text.as_bytes()).await.unwrap();
}

fn boxed(stream: impl AsyncWrite + Unpin + 'static) -> Box<dyn AsyncWrite + Unpin> {
    Box::new(stream)
}

#[test]
fn role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let runtime = current_thread();
    match role.as_str() {
        "flood stdout" => runtime.block_on(write_flood(stdout())),
        "flood stderr" => runtime.block_on(write_flood(stderr())),
        "flood at the end" => {
            runtime.block_on(async {
                stdout().write_all(flood().as_bytes()).await.unwrap();
            });
            drop(runtime);
        }
        // Nobody reads until it has said so elsewhere, which takes another thread for closures.
        "stand still" => {
            let runtime = leno::runtime::Builder::new_current_thread()
                .max_blocking_threads(1)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let flooding = leno::spawn(write_flood(stdout()));
                leno::task::yield_now().await;
                let text = leno::task::spawn_blocking(|| "gone on").await.unwrap();
                eprintln!("{text}");
                flooding.await.unwrap();
            });
        }
        #[cfg(target_os = "linux")]
        "many handles" => runtime.block_on(async {
            let mut streams: Vec<_> = (0..HANDLES).map(|_| stdout()).collect();
            for (number, stream) in streams.iter_mut().enumerate() {
                stream.write_all(piece(number).as_bytes()).await.unwrap();
            }
            let threads = std::fs::read_dir("/proc/self/task").unwrap().count();
            eprintln!("{threads} threads");
            for stream in &mut streams {
                stream.flush().await.unwrap();
            }
        }),
        // The end of one waits for what it has written itself, whatever the other one does.
        "two runtimes" => {
            runtime.block_on(write_without_flush(flood()));
            let other = current_thread();
            other.block_on(write_without_flush("from the other\n".to_owned()));
            eprintln!("written");
            drop(other);
            // SAFETY: ends the process.
            unsafe { libc::_exit(0) };
        }
        "refuse" => {
            for mut stream in [boxed(stdout()), boxed(stderr())] {
                let refused = std::panic::catch_unwind(AssertUnwindSafe(|| {
                    let writing = pin!(stream.write_all(b"refused\n"));
                    drop(writing.poll(&mut Context::from_waker(Waker::noop())));
                }));
                assert!(refused.is_err());
                runtime.block_on(async {
                    stream.flush().await.unwrap();
                    stream.write_all(b"taken\n").await.unwrap();
                    stream.flush().await.unwrap();
                });
            }
        }
        "fail" => runtime.block_on(async {
            // Not before: libtest has to say something.
            let full = File::options().write(true).open("/dev/full").unwrap();
            // SAFETY: both are open, and nobody closes standard output.
            assert_eq!(unsafe { libc::dup2(full.as_raw_fd(), 1) }, 1);
            for text in ["without an end", "with an end\n"] {
                let mut stream = stdout();
                stream.write_all(text.as_bytes()).await.unwrap();
                for _ in 0..3 {
                    assert!(stream.flush().await.is_err(), "{text:?}");
                    assert!(stream.shutdown().await.is_err(), "{text:?}");
                }
            }
            let mut stream = stdout();
            stream.write_all(&[b'\n'; 100_000]).await.unwrap();
            for _ in 0..3 {
                assert!(stream.write(b"more").await.is_err());
            }
            eprintln!("told");
        }),
        other => unreachable!("{other}"),
    }
    // What libtest has to say has nowhere to go.
    std::process::exit(0);
}

#[test]
fn a_stream_that_somebody_has_made_non_blocking_loses_nothing() {
    on_one(async {
        for role in ["flood stdout", "flood stderr", "flood at the end"] {
            let (near, mut far) = UnixStream::pair()?;
            near.set_nonblocking(true)?;
            let mut command = command(role);
            let stream = OwnedFd::from(near);
            if role == "flood stderr" {
                command.stderr(stream);
            } else {
                command.stdout(stream);
            }
            let reading = std::thread::spawn(move || {
                let mut text = String::new();
                far.read_to_string(&mut text).map(|_| text)
            });
            let mut child = command.spawn()?;
            // It has the other end, which has to be gone when the child is.
            drop(command);
            let status = leno::time::timeout(Duration::from_secs(60), child.wait()).await??;
            let text = reading.join().unwrap()?;
            assert!(status.success(), "{role}");
            assert!(text.contains(&flood()), "{role}: {} bytes", text.len());
        }
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_stream_that_takes_nothing_tells_each_time() {
    on_one(async {
        let child = command("fail").stdout(Stdio::null()).spawn()?;
        let output =
            leno::time::timeout(Duration::from_secs(60), child.wait_with_output()).await??;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("told\n"), "{said}");
        Ok(())
    });
}

#[test]
fn a_stream_that_nobody_reads_holds_up_no_closure() {
    on_one(async {
        let mut child = command("stand still").spawn()?;
        let mut said = child.stderr.take().unwrap();
        says(&mut said, "gone on").await?;
        let output =
            leno::time::timeout(Duration::from_secs(60), child.wait_with_output()).await??;
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains(&flood()));
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn many_handles_to_a_stream_that_nobody_reads_need_one_thread() {
    on_one(async {
        let mut child = command("many handles").spawn()?;
        let mut said = child.stderr.take().unwrap();
        let text = says(&mut said, " threads\n").await?;
        let line = text.lines().find(|line| line.ends_with(" threads"));
        let threads = line.and_then(|line| line.strip_suffix(" threads")?.parse().ok());
        let threads: usize = threads.expect("it has said how many");
        // Those of the test's own program among them.
        assert!(threads < HANDLES / 4, "{threads} threads");
        let output =
            leno::time::timeout(Duration::from_secs(60), child.wait_with_output()).await??;
        assert!(output.status.success());
        let expected: String = (0..HANDLES).map(piece).collect();
        assert!(String::from_utf8_lossy(&output.stdout).contains(&expected));
        Ok(())
    });
}

#[test]
fn the_end_of_a_runtime_waits_for_its_own_output_behind_that_of_another() {
    on_one(async {
        let mut child = command("two runtimes").spawn()?;
        let mut said = child.stderr.take().unwrap();
        says(&mut said, "written\n").await?;
        let output =
            leno::time::timeout(Duration::from_secs(60), child.wait_with_output()).await??;
        assert!(output.status.success());
        let output = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.contains("from the other\n"),
            "{} bytes",
            output.len()
        );
        Ok(())
    });
}

#[test]
fn what_a_panic_has_refused_is_not_written_later() {
    on_one(async {
        let child = command("refuse").spawn()?;
        let output =
            leno::time::timeout(Duration::from_secs(60), child.wait_with_output()).await??;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        for stream in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(stream);
            assert!(text.contains("taken\n"), "{text}");
            assert!(!text.contains("refused\n"), "{text}");
        }
        Ok(())
    });
}
