//! Children: how they are started, end, and are waited for.
#![cfg(unix)]

mod net_support;
mod process_support;

use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::process::{Child, Command};
use leno::runtime::{Builder, Runtime};
use leno::time::timeout;
use net_support::*;
use process_support::*;
use std::io::{self, ErrorKind};
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::Stdio;
use std::task::Poll;
use std::time::Duration;

#[test]
fn the_status_is_what_the_program_says() {
    on_both(|| async {
        for code in [0, 1, 42] {
            let status = shell(&format!("exit {code}")).status().await?;
            assert_eq!(status.code(), Some(code));
        }
        let status = shell("kill -TERM $$").status().await?;
        assert_eq!(status.signal(), Some(libc::SIGTERM));
        Ok(())
    });
}

#[test]
fn the_output_is_collected_however_much_it_is() {
    on_both(|| async {
        let output = shell("head -c 300000 /dev/zero; echo problem >&2; exit 3")
            .output()
            .await?;
        assert_eq!(output.status.code(), Some(3));
        assert!(output.stdout == [0; 300_000]);
        assert_eq!(output.stderr, b"problem\n");
        Ok(())
    });
}

#[test]
fn waiting_again_gives_the_same() {
    on_both(|| async {
        let mut child = shell("exit 5").spawn()?;
        assert!(child.id().is_some_and(|id| id > 0));
        for _ in 0..3 {
            assert_eq!(child.wait().await?.code(), Some(5));
            assert_eq!(child.try_wait()?.unwrap().code(), Some(5));
            assert_eq!(child.id(), None);
            child.start_kill()?;
            child.kill().await?;
        }
        Ok(())
    });
}

#[test]
fn waiting_closes_the_input_and_asking_does_not() {
    on_both(|| async {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn()?;
        assert!(child.try_wait()?.is_none());
        assert!(child.stdin.is_some());
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
fn a_wait_that_is_dropped_loses_nothing() {
    on_both(|| async {
        let mut child = endless().spawn()?;
        start_and_cancel(child.wait());
        start_and_cancel(child.wait());
        child.start_kill()?;
        assert_eq!(child.wait().await?.signal(), Some(libc::SIGKILL));

        let mut child = Command::new("true").spawn()?;
        let _ = poll_once(&mut Box::pin(child.wait()));
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
fn many_children_end_at_once() {
    on_both(|| async {
        let mut children = Vec::new();
        for code in 0..100 {
            // Half of them end when their input does, with the wait.
            let mut command = shell(&format!(
                "{} exit {code}",
                if code % 2 == 0 { "" } else { "read x;" }
            ));
            children.push((code, command.stdin(Stdio::piped()).spawn()?));
        }
        let waits = children.into_iter().map(|(code, mut child)| {
            leno::spawn(async move { (code, child.wait().await.unwrap().code()) })
        });
        for wait in waits.collect::<Vec<_>>() {
            let (expected, code) = wait.await?;
            assert_eq!(code, Some(expected));
        }
        Ok(())
    });
}

#[test]
fn a_child_is_killed_and_waited_for() {
    on_both(|| async {
        let mut child = endless().spawn()?;
        child.kill().await?;
        assert_eq!(child.try_wait()?.unwrap().signal(), Some(libc::SIGKILL));
        Ok(())
    });
}

#[test]
fn commands_are_stds() {
    on_both(|| async {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("sh");
        command
            .arg0("name")
            .args(["-c", "echo $0 $A $B ${PATH:-none}; pwd -P"])
            .env_clear()
            .envs([("A", "a"), ("B", "b"), ("PATH", "path")])
            .env("B", "c")
            .env_remove("PATH")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .process_group(0);
        assert_eq!(command.as_std().get_program(), "sh");
        command.as_std_mut().env("A", "d");
        let text = String::from_utf8(command.output().await?.stdout).unwrap();
        let mut lines = text.lines();
        let first = lines.next().unwrap();
        assert!(first.starts_with("name d c "), "{first}");
        let path = std::fs::canonicalize(folder.path())?;
        assert_eq!(lines.next(), path.to_str());

        let mut command = Command::from(std::process::Command::new("true"));
        assert!(!command.get_kill_on_drop());
        assert!(command.kill_on_drop(true).get_kill_on_drop());
        assert!(
            command
                .spawn_with(|std| std.spawn())?
                .wait()
                .await?
                .success()
        );
        assert!(command.into_std().status()?.success());
        Ok(())
    });
}

#[test]
fn what_is_to_be_done_before_the_program_is_done() {
    on_both(|| async {
        let mut command = Command::new("true");
        // SAFETY: the closure makes an error of a number, which allocates nothing.
        unsafe { command.pre_exec(|| Err(io::Error::from_raw_os_error(libc::EDOM))) };
        assert_eq!(
            command.spawn().unwrap_err().raw_os_error(),
            Some(libc::EDOM)
        );
        Ok(())
    });
}

#[test]
fn what_cannot_be_started_is_an_error() {
    on_both(|| async {
        let error = Command::new("/no/such/program").spawn().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = Command::new("/no/such/program").output().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        Ok(())
    });
}

#[test]
fn without_a_runtime_it_panics_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("started");
    let text = panic_text(|| drop(Command::new("touch").arg(&path).spawn()));
    assert!(text.contains("no leno runtime"), "{text}");
    let runtime = leno::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let text = panic_text(|| drop(Command::new("touch").arg(&path).status()));
    assert!(text.contains("without IO"), "{text}");
    assert!(!path.exists());
}

/// A child that was spawned, and perhaps waited for, on a runtime that is gone.
fn of_another_runtime(command: &mut Command, wait: bool) -> Child {
    current_thread().block_on(async {
        let mut child = command.spawn().unwrap();
        if wait {
            start_and_cancel(child.wait());
        }
        child
    })
}

#[test]
fn a_child_survives_its_runtime() {
    for wait in [false, true] {
        let mut child = of_another_runtime(&mut endless(), wait);
        multi_thread().block_on(async {
            start_and_cancel(child.wait());
            child.kill().await.unwrap();
        });
        let mut child = of_another_runtime(&mut endless(), wait);
        current_thread().block_on(async { start_and_cancel(child.wait()) });
        // Nobody is there who could wait: an error, and not for ever.
        let error = match poll_once(&mut pin!(child.wait())) {
            Poll::Ready(result) => result.unwrap_err(),
            Poll::Pending => panic!("it waits for ever"),
        };
        assert!(leno_reactor::is_reactor_gone(&error), "{error}");
        child.start_kill().unwrap();
        current_thread().block_on(child.wait()).unwrap();
    }
}

#[test]
fn whoever_waits_when_the_runtime_ends_is_told() {
    for _ in 0..20 {
        let runtime = current_thread();
        let mut child = runtime.block_on(async { endless().spawn().unwrap() });
        let waiting = std::thread::spawn(move || {
            // Without a reactor of its own it waits by the first runtime's, until that is gone.
            let without_io = Builder::new_current_thread().build().unwrap();
            let error = without_io.block_on(child.wait()).unwrap_err();
            assert!(leno_reactor::is_reactor_gone(&error), "{error}");
            current_thread().block_on(child.kill()).unwrap();
        });
        drop(runtime);
        waiting.join().unwrap();
    }
}

/// Waits on a runtime that, unlike others, somebody drives.
fn ends_here(child: &mut Child, runtime: &Runtime) {
    let id = child.id().unwrap();
    runtime.block_on(async {
        let mut wait = pin!(child.wait());
        assert!(poll_once(&mut wait).is_pending());
        kill(id);
        let status = timeout(Duration::from_secs(60), wait).await;
        let status = status.expect("it waits for ever").unwrap();
        assert_eq!(status.signal(), Some(libc::SIGKILL));
    });
}

#[test]
fn a_child_is_waited_for_where_it_is_awaited() {
    for kind in [current_thread, multi_thread] {
        let (still, other) = (current_thread(), kind());
        let spawn = || still.block_on(async { endless().spawn().unwrap() });
        ends_here(&mut spawn(), &other);
        // Where a wait was given up before: on the first, on the other, on both.
        let mut child = spawn();
        still.block_on(async { start_and_cancel(child.wait()) });
        ends_here(&mut child, &other);
        let mut child = spawn();
        other.block_on(async { start_and_cancel(child.wait()) });
        ends_here(&mut child, &still);
        let mut child = spawn();
        still.block_on(async { start_and_cancel(child.wait()) });
        other.block_on(async { start_and_cancel(child.wait()) });
        ends_here(&mut child, &still);
    }
}

#[test]
fn a_wait_goes_on_where_its_future_is_polled() {
    let (still, other) = (current_thread(), current_thread());
    let mut child = still.block_on(async { endless().spawn().unwrap() });
    let id = child.id().unwrap();
    let mut wait = pin!(child.wait());
    still.block_on(async { assert!(poll_once(&mut wait).is_pending()) });
    kill(id);
    other.block_on(async {
        let status = timeout(Duration::from_secs(60), wait).await;
        let status = status.expect("it waits for ever").unwrap();
        assert_eq!(status.signal(), Some(libc::SIGKILL));
    });
}

#[test]
fn streams_go_both_ways_for_as_long_as_one_likes() {
    on_both(|| async {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut input = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        for round in 0..50 {
            input.write_u64(round).await?;
            input.flush().await?;
            assert_eq!(output.read_u64().await?, round);
        }
        // Does not end it.
        input.shutdown().await?;
        input.write_u64(1).await?;
        assert_eq!(output.read_u64().await?, 1);
        drop(input);
        assert_eq!(output.read(&mut [0; 1]).await?, 0);
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
fn one_childs_output_is_anothers_input() {
    on_both(|| async {
        let mut first = shell("echo abc").stdout(Stdio::piped()).spawn()?;
        let between: Stdio = first.stdout.take().unwrap().try_into()?;
        let second = Command::new("tr")
            .args(["a-c", "x-z"])
            .stdin(between)
            .output();
        assert_eq!(second.await?.stdout, b"xyz\n");
        assert!(first.wait().await?.success());

        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().unwrap().into_owned_fd()?;
        let mut file = std::fs::File::from(input);
        io::Write::write_all(&mut file, b"text")?;
        drop(file);
        assert_eq!(child.wait_with_output().await?.stdout, b"text");

        let mut std = std::process::Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut input = leno::process::ChildStdin::from_std(std.stdin.take().unwrap())?;
        let mut output = leno::process::ChildStdout::from_std(std.stdout.take().unwrap())?;
        input.write_u8(7).await?;
        assert_eq!(output.read_u8().await?, 7);
        drop(input);
        assert!(std.wait()?.success());
        Ok(())
    });
}
