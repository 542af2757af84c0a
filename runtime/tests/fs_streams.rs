//! What is opened as a file and has no position: pipes, sockets, terminals. Input and output are two things then.
#![cfg(unix)]

mod fs_support;
mod net_support;

use fs_support::*;
use leno::fs::File;
use leno::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use net_support::{multi_thread, on_both, start_and_cancel};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
use std::io::{ErrorKind, Read, Result, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

/// A socket as a file, and its other end.
fn socket() -> (File, UnixStream) {
    let (near, far) = UnixStream::pair().unwrap();
    (File::from(OwnedFd::from(near)), far)
}

/// What a test must not wait for any longer.
async fn soon<F: Future>(future: F) -> F::Output {
    let result = leno::time::timeout(Duration::from_secs(20), future).await;
    result.expect("it hangs")
}

/// A read is given up when it is about to be done: the bytes are there, and nobody has them.
async fn read_ahead(file: &mut File) {
    let busy = Busy::new().await;
    start_and_cancel(file.read(&mut [0; 64]));
    drop(busy);
    assert_eq!(file.read(&mut []).await.unwrap(), 0);
}

#[test]
fn what_was_read_ahead_stays_whatever_comes_next() {
    one_thread().block_on(async {
        let (mut file, mut far) = socket();
        far.write_all(b"question").unwrap();
        read_ahead(&mut file).await;

        file.write_all(b"answer").await.unwrap();
        file.flush().await.unwrap();
        let mut bytes = [0; 6];
        far.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"answer");

        let error = file.rewind().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSeekable);
        assert!(file.set_len(3).await.is_err());
        drop(file.try_clone().await.unwrap());
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"question");
    });
}

/// A terminal as a file, and the end of who types.
async fn terminal() -> (File, std::fs::File) {
    let (keyboard, path) = net_support::terminal();
    let mut options = File::options();
    options.read(true).write(true).custom_flags(libc::O_NOCTTY);
    (options.open(path).await.unwrap(), keyboard)
}

#[test]
fn an_end_that_was_read_ahead_is_told() {
    let mut builder = leno::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().max_blocking_threads(1).build();
    runtime.unwrap().block_on(async {
        let (mut file, mut keyboard) = terminal().await;
        // The end of a terminal's input is there once.
        keyboard.write_all(b"\x04").unwrap();
        let mut input = [PollFd::new(&file, PollFlags::IN)];
        assert_eq!(poll(&mut input, None), Ok(1));
        read_ahead(&mut file).await;
        file.write_all(b"x").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(soon(file.read(&mut [0; 8])).await.unwrap(), 0);
        start_and_cancel(file.read(&mut [0; 8]));
        drop(keyboard);
    });
}

#[test]
fn a_terminal_is_written_while_a_read_waits() {
    on_both(|| async {
        let (mut file, mut keyboard) = terminal().await;
        let mut bytes = [0; 64];
        for _ in 0..3 {
            start_and_cancel(file.read(&mut bytes));
            file.write_all(b"prompt ").await?;
            soon(file.flush()).await?;
            let mut prompt = [0; 7];
            keyboard.read_exact(&mut prompt)?;
            assert_eq!(&prompt, b"prompt ");
            keyboard.write_all(b"answer\n")?;
            let length = soon(file.read(&mut bytes)).await?;
            assert_eq!(&bytes[..length], b"answer\n");
            // Its echo.
            keyboard.read_exact(&mut [0; 8])?;
        }
        Ok(())
    });
}

#[test]
fn a_terminal_that_waits_for_nothing_is_not_waited_for() {
    on_both(|| async {
        let (mut file, mut keyboard) = terminal().await;
        let mut mode = tcgetattr(&file)?;
        mode.make_raw();
        mode.special_codes[SpecialCodeIndex::VMIN] = 0;
        mode.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&file, OptionalActions::Now, &mode)?;
        let mut bytes = [0; 8];
        assert_eq!(soon(file.read(&mut bytes)).await?, 0);
        keyboard.write_all(b"key")?;
        // The other end of a terminal gets it a little later.
        while soon(file.read(&mut bytes)).await? == 0 {}
        assert_eq!(&bytes[..3], b"key");
        Ok(())
    });
}

#[test]
fn a_read_that_was_given_up_takes_nothing() {
    on_both(|| async {
        let (near, mut writer) = UnixStream::pair()?;
        let mut other = near.try_clone()?;
        let mut file = File::from(OwnedFd::from(near));
        start_and_cancel(file.read(&mut [0; 8]));
        writer.write_all(b"1")?;
        let mut bytes = [0; 8];
        assert_eq!(other.read(&mut bytes)?, 1);

        start_and_cancel(file.read(&mut [0; 8]));
        let std = file.try_into_std().expect("nothing is under way");
        let mut file = File::from_std(std);
        writer.write_all(b"2")?;
        assert_eq!(soon(file.read_u8()).await?, b'2');
        drop(writer);
        assert_eq!(soon(file.read(&mut bytes)).await?, 0);
        Ok(())
    });
}

#[test]
fn waiting_for_input_holds_no_thread_and_no_end() {
    let (end, ended) = mpsc::channel();
    let (mut file, mut far) = socket();
    let thread = std::thread::spawn(move || {
        let runtime = leno::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let reading = leno::spawn(async move { file.read(&mut [0; 8]).await });
            leno::task::yield_now().await;
            soon(leno::task::spawn_blocking(|| ())).await.unwrap();
            assert!(!reading.is_finished());
        });
        drop(runtime);
        end.send(()).unwrap();
    });
    let result = ended.recv_timeout(Duration::from_secs(20));
    // Whatever waits goes on.
    let _ = far.write_all(b"late");
    drop(far);
    thread.join().unwrap();
    result.expect("the end of the runtime has waited for input");
}

#[test]
fn what_cannot_be_read_fails_though_nothing_comes() {
    on_both(|| async {
        let folder = tempfile::tempdir()?;
        let fifo = folder.path().join("fifo");
        let status = std::process::Command::new("mkfifo").arg(&fifo).status()?;
        assert!(status.success());
        let _reader = std::fs::File::options()
            .read(true)
            .write(true)
            .open(&fifo)?;
        let writer = std::fs::File::options().write(true).open(&fifo)?;
        let listener = UnixListener::bind(folder.path().join("listener"))?;
        let listener = std::fs::File::from(OwnedFd::from(listener));
        for std in [writer, listener] {
            let mut file = File::from_std(std);
            assert!(soon(file.read(&mut [0; 8])).await.is_err());
            let copied = soon(leno::io::copy(&mut file, &mut leno::io::sink())).await;
            assert!(copied.is_err());
        }
        Ok(())
    });
}

/// It says yes to any seek, and has no position.
#[cfg(target_os = "linux")]
#[test]
fn a_read_of_a_counter_of_events_is_given_up_without_a_thread() {
    use rustix::event::{EventfdFlags, eventfd};
    let counter = eventfd(0, EventfdFlags::empty()).unwrap();
    let mut other = std::fs::File::from(counter.try_clone().unwrap());
    let (end, ended) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        one_thread().block_on(async {
            let mut file = File::from(counter);
            start_and_cancel(file.read(&mut [0; 8]));
            leno::task::spawn_blocking(move || end.send(())).await
        })
    });
    let result = ended.recv_timeout(Duration::from_secs(20));
    // Whatever waits goes on.
    other.write_all(&1_u64.to_ne_bytes()).unwrap();
    thread.join().unwrap().unwrap().unwrap();
    result.expect("a read holds the thread");
}

struct OnDrop(UnixStream);

impl Drop for OnDrop {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

#[test]
fn one_half_writes_while_the_other_waits_for_input() {
    const ROUNDS: u32 = 200;
    let (file, mut far) = socket();
    let other = far.try_clone().unwrap();
    let echo = std::thread::spawn(move || {
        let mut bytes = [0; 4];
        while far.read_exact(&mut bytes).is_ok() {
            far.write_all(&bytes).unwrap();
        }
    });
    multi_thread().block_on(async {
        // If this fails, nobody waits any longer.
        let _closed = OnDrop(other);
        let (mut reader, mut writer) = leno::io::split(file);
        let reading = leno::spawn(async move {
            for round in 0..ROUNDS {
                assert_eq!(reader.read_u32().await.unwrap(), round);
            }
            reader
        });
        soon(async {
            for round in 0..ROUNDS {
                writer.write_u32(round).await.unwrap();
                writer.flush().await.unwrap();
            }
            drop(reading.await.unwrap());
        })
        .await;
    });
    echo.join().unwrap();
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn both_halves_learn_that_an_operation_is_over() {
    let mut builder = leno::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().max_blocking_threads(1).build();
    runtime.unwrap().block_on(async {
        let file = File::from_std(tempfile::tempfile().unwrap());
        let (mut reader, mut writer) = leno::io::split(file);
        let busy = Busy::new().await;
        assert_eq!(writer.write(b"text").await.unwrap(), 4);

        let counts = [Arc::<Count>::default(), Arc::<Count>::default()];
        let wakers = counts.clone().map(Waker::from);
        let mut flush = pin!(writer.flush());
        let mut bytes = [0; 4];
        let mut read = pin!(reader.read(&mut bytes));
        let poll = |future: Pin<&mut dyn Future<Output = Result<()>>>, waker: &Waker| {
            future.poll(&mut Context::from_waker(waker)).is_pending()
        };
        assert!(poll(flush.as_mut(), &wakers[0]));
        let mut read_nothing = pin!(async { read.as_mut().await.map(drop) });
        assert!(poll(read_nothing.as_mut(), &wakers[1]));
        drop(busy);
        soon(async {
            while counts
                .iter()
                .any(|count| count.0.load(Ordering::SeqCst) == 0)
            {
                leno::task::yield_now().await;
            }
        })
        .await;
        assert!(!poll(flush.as_mut(), &wakers[0]));
    });
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("the waker of one half");
    }
}

#[test]
fn a_waker_that_panics_costs_the_other_half_nothing() {
    let mut builder = leno::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().max_blocking_threads(1).build();
    runtime.unwrap().block_on(async {
        let file = File::from_std(tempfile::tempfile().unwrap());
        let (mut reader, mut writer) = leno::io::split(file);
        let busy = Busy::new().await;
        assert_eq!(writer.write(b"text").await.unwrap(), 4);
        let mut bytes = [0; 4];
        let mut read = pin!(reader.read(&mut bytes));
        let waker = Waker::from(Arc::new(Panics));
        let polled = read.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        let flushing = leno::spawn(async move { writer.flush().await });
        leno::task::yield_now().await;
        assert!(!flushing.is_finished());
        drop(busy);
        soon(flushing).await.unwrap().unwrap();
    });
}

#[test]
fn a_failed_write_does_not_keep_input_back() {
    on_both(|| async {
        let (mut file, mut far) = socket();
        far.shutdown(Shutdown::Read)?;
        assert_eq!(file.write(b"nobody reads this").await?, 17);
        for _ in 0..2 {
            let error = file.flush().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            far.write_all(b"?")?;
            assert_eq!(soon(file.read_u8()).await?, b'?');
        }
        Ok(())
    });
}

#[test]
fn a_non_blocking_one_keeps_what_does_not_fit() {
    on_both(|| async {
        let (near, mut far) = UnixStream::pair()?;
        near.set_nonblocking(true)?;
        let mut file = File::from(OwnedFd::from(near));
        let text: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
        file.write_all(&text).await?;
        for _ in 0..2 {
            let error = file.flush().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        let reading = std::thread::spawn(move || {
            let mut read = Vec::new();
            far.read_to_end(&mut read).map(|_| read)
        });
        while let Err(error) = file.flush().await {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        drop(file);
        assert!(reading.join().unwrap()? == text);
        Ok(())
    });
}
