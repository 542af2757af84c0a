//! Any file descriptor can be waited for.
#![cfg(unix)]

mod net_support;

use leno::io::unix::AsyncFd;
use leno::io::{Interest, Ready};
use net_support::*;
use std::error::Error;
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

fn register<T: AsRawFd>(inner: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: the tests' values own their descriptors.
    Ok(unsafe { AsyncFd::register(inner)? })
}

/// Two streams, the far one registered.
fn pair() -> io::Result<(UnixStream, AsyncFd<UnixStream>)> {
    let (near, far) = UnixStream::pair()?;
    near.set_nonblocking(true)?;
    far.set_nonblocking(true)?;
    Ok((near, register(far)?))
}

#[test]
fn async_io_waits_until_the_operation_does_not_block() {
    on_both(|| async {
        let (mut near, far) = pair()?;
        let reading = leno::spawn(async move {
            let mut buffer = [0; 8];
            let length = far
                .async_io(Interest::READABLE, |mut far| far.read(&mut buffer))
                .await?;
            io::Result::Ok(buffer[..length].to_vec())
        });
        leno::task::yield_now().await;
        near.write_all(b"hello")?;
        assert_eq!(reading.await??, b"hello");
        Ok(())
    });
}

#[test]
fn readiness_stays_until_it_is_cleared() {
    on_one(async {
        let (mut near, far) = pair()?;
        near.write_all(b"x")?;
        far.readable().await?.retain_ready();
        drop(far.readable().await?);
        let mut guard = far.readable().await?;
        assert_eq!(guard.get_inner().as_raw_fd(), far.as_raw_fd());
        assert!(guard.ready().is_readable());
        guard.clear_ready();
        assert!(guard.ready().is_empty());
        start_and_cancel(far.readable());
        near.write_all(b"y")?;
        drop(far.readable().await?);
        Ok(())
    });
}

#[test]
fn a_guard_clears_what_matches() {
    on_one(async {
        let (mut near, far) = pair()?;
        near.write_all(b"x")?;
        far.readable().await?.retain_ready();
        far.writable().await?.retain_ready();
        let mut guard = far.ready(Interest::READABLE | Interest::WRITABLE).await?;
        assert!(guard.ready().is_readable() && guard.ready().is_writable());
        guard.clear_ready_matching(Ready::READABLE);
        assert!(!guard.ready().is_readable() && guard.ready().is_writable());
        start_and_cancel(far.readable());
        drop(far.writable().await?);
        Ok(())
    });
}

#[test]
fn try_io_of_a_guard_clears_when_it_would_block() {
    on_one(async {
        let (mut near, mut far) = pair()?;
        near.write_all(b"x")?;
        let mut guard = far.readable().await?;
        let read = |far: &AsyncFd<UnixStream>| far.get_ref().read(&mut [0; 8]);
        assert_eq!(guard.try_io(read).unwrap()?, 1);
        let read = |far: &AsyncFd<UnixStream>| far.get_ref().read(&mut [0; 8]);
        guard.try_io(read).unwrap_err();
        start_and_cancel(far.readable());

        near.write_all(b"yz")?;
        let mut guard = far.readable_mut().await?;
        let length = guard
            .try_io(|far| far.get_mut().read(&mut [0; 8]))
            .unwrap()?;
        assert_eq!(length, 2);
        assert_eq!(
            guard.get_inner_mut().read(&mut [0; 8]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        guard.clear_ready();
        drop(far.writable_mut().await?);
        let written = far
            .async_io_mut(Interest::WRITABLE, |far| far.write(b"back"))
            .await?;
        assert_eq!(written, 4);
        Ok(())
    });
}

#[test]
fn try_io_tries_only_what_is_ready() {
    on_one(async {
        let (mut near, mut far) = pair()?;
        assert_would_block(far.try_io::<()>(Interest::READABLE, |_| panic!("not ready")));
        near.write_all(b"x")?;
        poll_fn(|cx| far.poll_read_ready(cx).map_ok(drop)).await?;
        assert_eq!(
            far.try_io(Interest::READABLE, |mut far| far.read(&mut [0; 8]))?,
            1
        );
        assert_would_block(far.try_io_mut(Interest::READABLE, |far| far.read(&mut [0; 8])));
        assert_would_block(far.try_io::<()>(Interest::READABLE, |_| panic!("cleared")));
        poll_fn(|cx| far.poll_write_ready_mut(cx).map_ok(drop)).await?;
        Ok(())
    });
}

#[test]
fn any_number_of_tasks_may_wait() {
    on_both(|| async {
        let (mut near, far) = pair()?;
        let far = Arc::new(far);
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let far = far.clone();
                leno::spawn(async move { far.readable().await.map(drop) })
            })
            .collect();
        leno::task::yield_now().await;
        near.write_all(b"x")?;
        for task in waiting {
            task.await??;
        }
        Ok(())
    });
}

#[test]
fn dropping_deregisters_before_it_closes() {
    /// Looks at its descriptor when it is dropped.
    struct Witness(UnixStream, Arc<std::sync::atomic::AtomicBool>);

    impl AsRawFd for Witness {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_raw_fd()
        }
    }

    impl Drop for Witness {
        fn drop(&mut self) {
            let again = register(self.0.try_clone().unwrap());
            let same = register(self.0.as_fd().as_raw_fd());
            let free = again.is_ok() && same.is_ok();
            self.1.store(free, std::sync::atomic::Ordering::Relaxed);
        }
    }

    on_one(async {
        let free = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (_near, far) = UnixStream::pair()?;
        drop(register(Witness(far, free.clone()))?);
        assert!(free.load(std::sync::atomic::Ordering::Relaxed));
        Ok(())
    });
}

#[test]
fn into_inner_gives_the_value_back() {
    on_one(async {
        let (mut near, far) = pair()?;
        let far = register(far.into_inner())?;
        near.write_all(b"x")?;
        assert_eq!(
            far.async_io(Interest::READABLE, |mut far| far.read(&mut [0; 8]))
                .await?,
            1
        );
        assert_eq!(far.as_fd().as_raw_fd(), far.get_ref().as_raw_fd());
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_regular_file_is_refused_and_comes_back() {
    on_one(async {
        let file = File::open(std::env::current_exe()?)?;
        let descriptor = file.as_raw_fd();
        // SAFETY: the file owns its descriptor.
        let error = unsafe { AsyncFd::register(file) }.unwrap_err();
        let source = error.source().unwrap().downcast_ref::<io::Error>();
        assert_eq!(source.unwrap().kind(), ErrorKind::PermissionDenied);
        let (file, cause) = error.into_parts();
        assert_eq!(file.as_raw_fd(), descriptor);
        assert_eq!(cause.kind(), ErrorKind::PermissionDenied);
        Ok(())
    });
}

#[test]
fn without_a_runtime_it_panics_with_the_remedy() {
    let text = panic_text(|| drop(pair()));
    assert!(text.contains("Runtime::block_on"), "{text}");
}

#[test]
fn the_end_of_the_runtime_ends_waiting() {
    let runtime = multi_thread();
    let (_near, far) = runtime.block_on(async { pair() }).unwrap();
    current_thread().block_on(async {
        let waiting = leno::spawn(async move { far.readable().await.map(drop) });
        leno::task::yield_now().await;
        leno::task::spawn_blocking(move || drop(runtime))
            .await
            .unwrap();
        waiting.await.unwrap().unwrap_err();
    });
}
