//! What the tests of sockets, pipes, files and processes share.
#![allow(dead_code, reason = "no test uses all of it")]

use leno::net::{TcpListener, TcpStream};
use leno::runtime::{Builder, Runtime};
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// A runtime that polls its tasks on this thread.
pub fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A runtime with two workers.
pub fn multi_thread() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Runs a test as a task of each kind of runtime.
pub fn on_both<F, T>(test: F)
where
    F: Fn() -> T,
    T: Future<Output = io::Result<()>> + Send + 'static,
{
    for (kind, runtime) in [("current", current_thread()), ("multi", multi_thread())] {
        let result = runtime.block_on(async { leno::spawn(test()).await.unwrap() });
        result.unwrap_or_else(|error| panic!("{kind}-thread: {error}"));
    }
}

/// Runs a test on this thread.
pub fn on_one(test: impl Future<Output = io::Result<()>>) {
    current_thread().block_on(test).unwrap();
}

/// Two ends of a connection, the connecting one first.
pub async fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    let (far, _) = listener.accept().await?;
    Ok((near, far))
}

/// Polls a future once, as nobody in particular.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Starts a future, expects it to wait, and drops it.
pub fn start_and_cancel(future: impl Future) {
    let mut future = pin!(future);
    assert!(poll_once(&mut future).is_pending(), "it did not wait");
}

/// Checks that an operation has to wait.
#[track_caller]
pub fn assert_would_block<T>(result: io::Result<T>) {
    match result {
        Ok(_) => panic!("it did not block"),
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}"),
    }
}

/// What a panic says.
pub fn panic_text(f: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().unwrap().to_string(),
    }
}

/// A folder of its own for a test's sockets, removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let name = format!(
            "leno-{}-{test}-{:?}",
            std::process::id(),
            std::thread::current().id()
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A terminal: the end of who types, and its path for who reads.
#[cfg(unix)]
pub fn terminal() -> (std::fs::File, PathBuf) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::os::unix::ffi::OsStringExt;
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let path = ptsname(&near, Vec::new()).unwrap().into_bytes();
    let path = std::ffi::OsString::from_vec(path);
    (near.into(), path.into())
}
