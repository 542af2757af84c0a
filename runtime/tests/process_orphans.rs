//! Children whose handles are dropped: they are killed if asked, go on if not, and never remain as zombies.
#![cfg(unix)]

mod net_support;
mod process_support;

use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::process::Command;
use net_support::*;
use process_support::*;
use std::process::Stdio;

#[test]
fn a_dropped_child_is_killed_if_asked() {
    on_both(|| async {
        let mut child = endless().stdout(Stdio::piped()).spawn()?;
        let id = child.id().unwrap();
        let mut output = child.stdout.take().unwrap();
        drop(child);
        // It had the other end.
        assert_eq!(output.read(&mut [0; 1]).await?, 0);
        is_reaped(id).await;
        Ok(())
    });
}

#[test]
fn a_dropped_child_goes_on_otherwise() {
    on_both(|| async {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let id = child.id().unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        drop(child);
        input.write_u8(7).await?;
        assert_eq!(output.read_u8().await?, 7);
        drop(input);
        is_reaped(id).await;
        Ok(())
    });
}

#[test]
fn a_dropped_status_or_output_drops_the_child() {
    on_both(|| async {
        let (sender, mut receiver) = leno::net::unix::pipe::pipe()?;
        let mut command = endless();
        command
            .stdin(Stdio::null())
            .stderr(sender.into_blocking_fd()?);
        start_and_cancel(command.status());
        drop(command);
        assert_eq!(receiver.read(&mut [0; 1]).await?, 0);
        start_and_cancel(endless().output());
        Ok(())
    });
}

#[test]
fn orphans_need_no_runtime() {
    let (mut input, ids) = current_thread().block_on(async {
        let (input, receiver) = leno::net::unix::pipe::pipe().unwrap();
        let input = input.into_blocking_fd().unwrap();
        let receiver = receiver.into_blocking_fd().unwrap();
        let ids: Vec<_> = (0..20)
            .map(|_| {
                let stdin = Stdio::from(receiver.try_clone().unwrap());
                let child = Command::new("cat").stdin(stdin).spawn().unwrap();
                child.id().unwrap()
            })
            .collect();
        (Some(input), ids)
    });
    // All end when nobody has the other end any more.
    input.take();
    for id in ids {
        until_reaped(id);
    }
}

#[test]
fn orphans_come_while_others_are_reaped() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..25 {
                    let id = current_thread().block_on(async {
                        let mut command = if round % 2 == 0 {
                            Command::new("true")
                        } else {
                            endless()
                        };
                        let child = command.spawn().unwrap();
                        child.id().unwrap()
                    });
                    until_reaped(id);
                }
            });
        }
    });
}
