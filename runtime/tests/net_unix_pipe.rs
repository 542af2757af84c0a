//! Pipes: made, opened by name, taken over, and given away.
#![cfg(unix)]

mod net_support;

use leno::io::{AsyncReadExt, AsyncWriteExt, Interest};
use leno::net::unix::pipe::{self, OpenOptions, Receiver, Sender};
use net_support::*;
use rustix::fs::{OFlags, fcntl_getfl};
use std::fs::File;
use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::task::Poll;
use tempfile::TempDir;

/// A pipe with a name, in a folder of its own.
fn named() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    let status = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(status.unwrap().success());
    (folder, path)
}

fn is_nonblocking(fd: impl AsFd) -> bool {
    fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK)
}

#[test]
fn bytes_go_through_until_the_sender_is_dropped() {
    on_both(|| async {
        let (mut sender, mut receiver) = pipe::pipe()?;
        let sent: Vec<u8> = (0..1 << 20).map(|n: u32| (n / 7) as u8).collect();
        let writing = leno::spawn({
            let sent = sent.clone();
            async move {
                sender.write_all(&sent).await?;
                // Does not end the stream, and does not have to.
                sender.shutdown().await?;
                sender.write_all(b"more").await
            }
        });
        let mut received = Vec::new();
        receiver.read_to_end(&mut received).await?;
        writing.await??;
        assert!(received == [&sent, b"more".as_slice()].concat());
        Ok(())
    });
}

#[test]
fn a_sender_without_receivers_fails() {
    on_both(|| async {
        let (mut sender, receiver) = pipe::pipe()?;
        let writing = leno::spawn(async move { sender.write_all(&[0; 1 << 20]).await });
        receiver.readable().await?;
        drop(receiver);
        let error = writing.await?.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn what_can_be_tried_blocks_when_it_has_to() {
    on_both(|| async {
        let (sender, receiver) = pipe::pipe()?;
        assert_would_block(receiver.try_read(&mut [0; 1]));
        start_and_cancel(receiver.readable());
        let mut written = 0;
        loop {
            let buffers = [IoSlice::new(&[1; 1000]), IoSlice::new(&[2; 24])];
            match sender.try_write_vectored(&buffers) {
                Ok(length) => written += length,
                Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert_would_block(sender.try_write(b"x"));
        assert_would_block(sender.try_io(|| -> std::io::Result<()> { panic!("it is full") }));
        start_and_cancel(sender.writable());
        let is_pending = poll_fn(|cx| Poll::Ready(sender.poll_write_ready(cx).is_pending()));
        assert!(is_pending.await);

        assert!(receiver.ready(Interest::READABLE).await?.is_readable());
        let (mut one, mut two) = ([0; 1000], [0; 24]);
        let mut buffers = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
        let mut read = receiver.try_read_vectored(&mut buffers)?;
        assert_eq!((read, one, two), (1024, [1; 1000], [2; 24]));
        let mut rest = Vec::with_capacity(512);
        while read < written {
            poll_fn(|cx| receiver.poll_read_ready(cx)).await?;
            read += match receiver.try_read_buf(&mut rest) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                length => length?,
            };
        }
        assert_eq!(read, written);
        assert_eq!(rest.len(), written - 1024);
        poll_fn(|cx| sender.poll_write_ready(cx)).await?;
        assert!(sender.ready(Interest::WRITABLE).await?.is_writable());
        assert_eq!(sender.try_write(b"x")?, 1);
        receiver.readable().await?;
        assert_eq!(receiver.try_io(|| Ok(7))?, 7);
        Ok(())
    });
}

#[test]
fn pipes_are_opened_by_their_names() {
    on_both(|| async {
        let (_folder, path) = named();
        let error = OpenOptions::new().open_sender(&path).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENXIO));
        let mut receiver = OpenOptions::new().open_receiver(&path)?;
        for round in 0..3 {
            let mut sender = OpenOptions::new().open_sender(&path)?;
            sender.write_u8(round).await?;
            drop(sender);
            assert_eq!(receiver.read_u8().await?, round);
            // The end, until there is another sender.
            assert_eq!(receiver.read(&mut [0; 1]).await?, 0);
        }
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_opens_both_directions_sees_no_end() {
    on_both(|| async {
        let (_folder, path) = named();
        let mut both = OpenOptions::new();
        both.read_write(true);
        let mut first = both.open_sender(&path)?;
        first.write_u8(1).await?;
        let mut receiver = both.open_receiver(&path)?;
        assert_eq!(receiver.read_u8().await?, 1);
        drop(first);
        start_and_cancel(receiver.read_u8());
        let mut second = OpenOptions::new().open_sender(&path)?;
        second.write_u8(2).await?;
        assert_eq!(receiver.read_u8().await?, 2);
        Ok(())
    });
}

#[test]
fn what_is_no_pipe_or_the_wrong_end_is_refused() {
    fn is_refused<T>(result: std::io::Result<T>) {
        let error = result.err().expect("it was taken");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    on_both(|| async {
        let file = tempfile::NamedTempFile::new()?;
        is_refused(OpenOptions::new().open_sender(file.path()));
        is_refused(OpenOptions::new().open_receiver(file.path()));
        is_refused(Sender::from_file(file.reopen()?));
        is_refused(Receiver::from_owned_fd(file.reopen()?.into()));
        let mut unchecked = OpenOptions::new();
        unchecked.unchecked(true);
        // The selector refuses it.
        assert!(unchecked.open_receiver(file.path()).is_err());

        let (sender, receiver) = pipe::pipe()?;
        is_refused(Receiver::from_owned_fd(sender.into_blocking_fd()?));
        is_refused(Sender::from_owned_fd(receiver.into_blocking_fd()?));
        Ok(())
    });
}

#[test]
fn ends_are_taken_over_and_given_away() {
    on_both(|| async {
        let (sender, receiver) = pipe::pipe()?;
        assert!(is_nonblocking(&sender) && is_nonblocking(&receiver));
        let sender: OwnedFd = sender.into_blocking_fd()?;
        let receiver = receiver.into_nonblocking_fd()?;
        assert!(!is_nonblocking(&sender) && is_nonblocking(&receiver));
        let mut file = File::from(sender);
        file.write_all(b"a")?;
        let mut sender = Sender::from_file(file)?;
        let mut receiver = Receiver::from_owned_fd_unchecked(receiver)?;
        assert!(is_nonblocking(&sender));
        sender.write_all(b"b").await?;
        drop(sender);
        let mut text = String::new();
        receiver.read_to_string(&mut text).await?;
        assert_eq!(text, "ab");
        Ok(())
    });
}

#[test]
fn yielding_is_enough_to_see_what_has_come() {
    on_one(async {
        let (sender, receiver) = pipe::pipe()?;
        for _ in 0..100 {
            sender.try_write(b"x")?;
            leno::task::yield_now().await;
            assert_eq!(receiver.try_read(&mut [0; 2])?, 1);
            assert_would_block(receiver.try_read(&mut [0; 2]));
        }
        Ok(())
    });
}

#[test]
fn the_end_of_the_runtime_ends_the_waiting() {
    let runtime = current_thread();
    let (_sender, mut receiver) = runtime.block_on(async { pipe::pipe().unwrap() });
    let waiting = std::thread::spawn(move || {
        let other = current_thread();
        other.block_on(receiver.read_u8()).unwrap_err()
    });
    drop(runtime);
    waiting.join().unwrap();
}

#[test]
fn without_a_runtime_it_panics() {
    let text = panic_text(|| drop(pipe::pipe()));
    assert!(text.contains("no leno runtime"), "{text}");
    let text = panic_text(|| {
        let (_folder, path) = named();
        drop(OpenOptions::new().open_receiver(Path::new(&path)));
    });
    assert!(text.contains("no leno runtime"), "{text}");
}
