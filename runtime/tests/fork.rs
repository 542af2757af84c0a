//! A process that has a runtime forks: the child leaves what it has inherited alone, and can have a runtime of its own.

#[cfg(unix)]
mod fork_support;

#[cfg(unix)]
fn main() {
    use tests::*;
    fork_support::run(&[
        (
            "a_stream_dropped_in_the_child_is_heard_in_the_parent",
            a_stream_dropped_in_the_child_is_heard_in_the_parent,
        ),
        (
            "a_half_dropped_in_the_child_ends_nothing",
            a_half_dropped_in_the_child_ends_nothing,
        ),
        (
            "a_runtime_dropped_in_the_child_goes_on_in_the_parent",
            a_runtime_dropped_in_the_child_goes_on_in_the_parent,
        ),
        (
            "a_child_does_not_turn_or_wake_what_it_has_inherited",
            a_child_does_not_turn_or_wake_what_it_has_inherited,
        ),
        (
            "an_inherited_runtime_says_that_it_is",
            an_inherited_runtime_says_that_it_is,
        ),
        (
            "what_is_inherited_cannot_be_waited_for",
            what_is_inherited_cannot_be_waited_for,
        ),
        (
            "a_runtime_made_in_the_child_works",
            a_runtime_made_in_the_child_works,
        ),
        (
            "a_runtime_without_io_works_in_both",
            a_runtime_without_io_works_in_both,
        ),
        (
            "a_child_of_a_child_is_told_from_both",
            a_child_of_a_child_is_told_from_both,
        ),
        (
            "a_child_has_a_socket_of_its_own",
            a_child_has_a_socket_of_its_own,
        ),
        (
            "a_fork_that_libc_does_not_know_of_is_noticed",
            a_fork_that_libc_does_not_know_of_is_noticed,
        ),
        (
            "a_child_that_waits_in_the_loop_of_its_parent_is_ended",
            a_child_that_waits_in_the_loop_of_its_parent_is_ended,
        ),
        (
            "a_child_that_waits_there_leaves_the_alarm_alone",
            a_child_that_waits_there_leaves_the_alarm_alone,
        ),
        (
            "a_child_forked_in_a_task_has_its_runtime_on_another_thread",
            a_child_forked_in_a_task_has_its_runtime_on_another_thread,
        ),
    ]);
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod tests {
    use crate::fork_support::*;
    use leno::diagnostics::Diagnostics;
    use leno::io::{AsyncReadExt, AsyncWriteExt};
    use leno::net::{TcpListener, TcpStream, UnixStream};
    use leno::runtime::{Builder, Runtime, is_rt_shutdown_err};
    use leno::time::sleep;
    use leno_reactor::{Interest, Reactor, is_reactor_gone};
    use std::io::{BufRead, Write};
    use std::path::Path;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    /// Some of everything that needs the reactor, timers or threads.
    pub fn work(runtime: &Runtime) {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = leno::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                sleep(Duration::from_millis(2)).await;
                stream.write_u32(17).await.unwrap();
            });
            let mut client = TcpStream::connect(address).await.unwrap();
            assert_eq!(client.read_u32().await.unwrap(), 17);
            server.await.unwrap();
            assert_eq!(leno::task::spawn_blocking(|| 18).await.unwrap(), 18);
        });
    }

    pub fn a_stream_dropped_in_the_child_is_heard_in_the_parent() {
        for kind in KINDS {
            let runtime = kind();
            let (near, far) = runtime.block_on(async { UnixStream::pair() }).unwrap();
            let mut far = far.into_std().unwrap();
            let (child, mut near) = fork_with(near, drop);
            child.succeeds();
            // The write comes once there is somebody who waits for it.
            let writer = std::thread::spawn(move || far.write_all(b"text").unwrap());
            let mut text = [0; 4];
            runtime.block_on(near.read_exact(&mut text)).unwrap();
            assert_eq!(&text, b"text");
            writer.join().unwrap();

            let (near, mut far) = runtime.block_on(async { UnixStream::pair() }).unwrap();
            let (child, mut near) = fork_with(near, |near| drop(near.into_std().unwrap()));
            child.succeeds();
            runtime.block_on(far.write_all(b"more")).unwrap();
            runtime.block_on(near.read_exact(&mut text)).unwrap();
            assert_eq!(&text, b"more");
        }
    }

    /// The owned half that writes ends the stream when it is dropped, and a stream that lingers changes its option to close.
    pub fn a_half_dropped_in_the_child_ends_nothing() {
        for kind in KINDS {
            let runtime = kind();
            let (near, mut far) = runtime.block_on(async { UnixStream::pair() }).unwrap();
            let (child, (read, mut write)) = fork_with(near.into_split(), drop);
            child.succeeds();
            let mut text = [0; 4];
            runtime.block_on(write.write_all(b"text")).unwrap();
            runtime.block_on(far.read_exact(&mut text)).unwrap();
            assert_eq!(&text, b"text");
            drop((read, write));
            assert_eq!(runtime.block_on(far.read(&mut text)).unwrap(), 0);

            let (near, mut far) = runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let near = TcpStream::connect(address).await.unwrap();
                (near, listener.accept().await.unwrap().0)
            });
            let linger = Some(Duration::from_secs(9));
            socket2::SockRef::from(&near).set_linger(linger).unwrap();
            let (child, (read, mut write)) = fork_with(near.into_split(), drop);
            child.succeeds();
            let option = socket2::SockRef::from(read.as_ref()).linger().unwrap();
            assert_eq!(option, linger);
            runtime.block_on(write.write_all(b"more")).unwrap();
            runtime.block_on(far.read_exact(&mut text)).unwrap();
            assert_eq!(&text, b"more");
        }
    }

    pub fn a_runtime_dropped_in_the_child_goes_on_in_the_parent() {
        for kind in KINDS {
            static DROPS: AtomicU32 = AtomicU32::new(0);
            struct CountDrop;
            impl Drop for CountDrop {
                fn drop(&mut self) {
                    DROPS.fetch_add(1, Ordering::Relaxed);
                }
            }
            let runtime = kind();
            let (mut near, mut far) = runtime.block_on(async { UnixStream::pair() }).unwrap();
            let task = runtime.spawn(async move {
                let _count = CountDrop;
                near.read_u32().await.unwrap()
            });
            // The task waits.
            runtime.block_on(async { sleep(Duration::from_millis(10)).await });
            let before = DROPS.load(Ordering::Relaxed);
            let runtime = [
                drop as fn(Runtime),
                |runtime| runtime.shutdown_background(),
                |runtime| runtime.shutdown_timeout(Duration::from_secs(1000)),
            ]
            .into_iter()
            .fold(runtime, |runtime, end| {
                let (child, runtime) = fork_with(runtime, |runtime| {
                    end(runtime);
                    assert_eq!(DROPS.load(Ordering::Relaxed), before);
                    work(&current_thread());
                    work(&multi_thread());
                });
                child.succeeds();
                runtime
            });
            runtime.block_on(far.write_u32(19)).unwrap();
            assert_eq!(runtime.block_on(task).unwrap(), 19);
            work(&runtime);
        }
    }

    pub fn a_child_does_not_turn_or_wake_what_it_has_inherited() {
        static FORKS: AtomicU32 = AtomicU32::new(0);
        let numbered =
            Reactor::with_process_number(8, 8, || FORKS.load(Ordering::Relaxed)).unwrap();
        for (mut reactor, costs_nothing) in [(Reactor::new().unwrap(), false), (numbered, true)] {
            let now = Some(Duration::ZERO);
            let (near, mut far) = std::os::unix::net::UnixStream::pair().unwrap();
            near.set_nonblocking(true).unwrap();
            let near = mio::net::UnixStream::from_std(near);
            let handle = reactor.handle();
            let near = handle.register(near, Interest::READABLE).unwrap();
            let (child, near) = fork_with(near, |near| {
                FORKS.fetch_add(1, Ordering::Relaxed);
                assert!(handle.is_inherited());
                handle.wake().unwrap();
                let (other, _other) = mio::net::UnixStream::pair().unwrap();
                let error = handle.register(other, Interest::WRITABLE).unwrap_err();
                assert!(is_reactor_gone(&error), "{error}");
                if costs_nothing {
                    far.write_all(b"x").unwrap();
                    let error = reactor.turn(now).unwrap_err();
                    assert!(is_reactor_gone(&error), "{error}");
                }
                drop(near);
            });
            child.succeeds();
            assert!(!handle.is_inherited());
            let turn = reactor.turn(now).unwrap();
            assert!(!turn.woken);
            far.write_all(b"x").unwrap();
            assert_eq!(reactor.turn(now).unwrap().events, 1);
            drop(near);
        }
    }

    pub fn an_inherited_runtime_says_that_it_is() {
        for kind in KINDS {
            let runtime = kind();
            // So that there is a thread that waits for closures.
            runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
            runtime.spawn(std::future::pending::<()>());
            while runtime.handle().tasks().is_empty() {
                runtime.block_on(leno::task::yield_now());
            }
            fork(|| {
                assert!(runtime.handle().tasks().is_empty());
                let text = panic_text(|| runtime.block_on(async {}));
                assert!(text.contains("make a new one in the child"), "{text}");
                let text = panic_text(|| runtime.handle().block_on(async {}));
                assert!(text.contains("make a new one in the child"), "{text}");
                let closure = runtime.spawn_blocking(|| ());
                assert!(
                    current_thread()
                        .block_on(closure)
                        .unwrap_err()
                        .is_cancelled()
                );
            })
            .succeeds();
            work(&runtime);
        }
    }

    pub fn what_is_inherited_cannot_be_waited_for() {
        for kind in KINDS {
            let runtime = kind();
            let (mut near, mut far) = runtime.block_on(async { UnixStream::pair() }).unwrap();
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            let listener_address = listener.local_addr().unwrap();
            let (child, listener) = fork_with(listener, |listener| {
                for kind in KINDS {
                    kind().block_on(async {
                        let error = near.read_u8().await.unwrap_err();
                        assert!(is_rt_shutdown_err(&error), "{error}");
                        let error = near.readable().await.unwrap_err();
                        assert!(is_rt_shutdown_err(&error), "{error}");
                        let error = listener.accept().await.unwrap_err();
                        assert!(is_rt_shutdown_err(&error), "{error}");
                    });
                }
                // The descriptor is the child's own, and can be registered with a reactor of its own.
                current_thread().block_on(async {
                    let listener = TcpListener::from_std(listener.into_std().unwrap()).unwrap();
                    let client = TcpStream::connect(listener_address);
                    let (accepted, connected) = leno::join!(listener.accept(), client);
                    accepted.unwrap();
                    connected.unwrap();
                });
            });
            child.succeeds();
            runtime.block_on(async {
                far.write_u8(1).await.unwrap();
                assert_eq!(near.read_u8().await.unwrap(), 1);
                let client = TcpStream::connect(listener_address);
                let (accepted, connected) = leno::join!(listener.accept(), client);
                accepted.unwrap();
                connected.unwrap();
            });
        }
    }

    pub fn a_runtime_made_in_the_child_works() {
        for kind in KINDS {
            let runtime = kind();
            work(&runtime);
            let children = KINDS.map(|kind| fork(move || work(&kind())));
            work(&runtime);
            children.into_iter().for_each(Child::succeeds);
            work(&runtime);
        }
    }

    /// What the process at a socket says that it is, and its runtimes.
    fn asked(socket: &Path) -> (u32, Vec<String>) {
        let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
        stream.write_all(b"{\"leno\":1,\"verb\":\"ps\"}\n").unwrap();
        let mut answer = String::new();
        std::io::BufReader::new(stream)
            .read_line(&mut answer)
            .unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let runtimes = answer["runtimes"].as_array().unwrap().iter();
        let names = runtimes.map(|runtime| runtime["name"].as_str().unwrap().to_owned());
        let pid = answer["pid"].as_u64().unwrap();
        (u32::try_from(pid).unwrap(), names.collect())
    }

    pub fn a_child_has_a_socket_of_its_own() {
        let parent = || {
            let directory = tempfile::tempdir().unwrap();
            // SAFETY: this process has just been forked, and has one thread.
            unsafe { std::env::set_var("XDG_RUNTIME_DIR", directory.path()) };
            let socket = || {
                let name = format!("leno/{}.sock", std::process::id());
                directory.path().join(name)
            };
            let runtime = |name| {
                let mut builder = Builder::new_multi_thread();
                builder.worker_threads(1).name(name);
                let settings = Diagnostics::off().socket(true);
                builder.diagnostics(settings).build().unwrap()
            };
            let of_parent = runtime("parent");
            let named = |name: &str| (std::process::id(), vec![name.to_owned()]);
            assert_eq!(asked(&socket()), named("parent"));
            let (child, of_parent) = fork_with(of_parent, |inherited| {
                assert!(!socket().exists());
                let of_child = runtime("child");
                assert_eq!(asked(&socket()), named("child"));
                drop(inherited);
                assert_eq!(asked(&socket()), named("child"));
                drop(of_child);
                assert!(!socket().exists());
            });
            child.succeeds();
            assert_eq!(asked(&socket()), named("parent"));
            drop(of_parent);
            assert!(!socket().exists());
        };
        fork(parent).succeeds();
    }

    pub fn a_runtime_without_io_works_in_both() {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let both = || {
            runtime.block_on(async {
                let task = leno::spawn(async { sleep(Duration::from_millis(2)).await });
                task.await.unwrap();
            })
        };
        both();
        let child = fork(both);
        both();
        child.succeeds();
        // The child has none of the threads for closures, whether there were any or not.
        for _ in 0..2 {
            fork(|| {
                runtime.block_on(async {
                    let closure = leno::task::spawn_blocking(|| ());
                    assert!(closure.await.unwrap_err().is_cancelled());
                    let error = leno::fs::metadata("/").await.unwrap_err();
                    assert!(is_rt_shutdown_err(&error), "{error}");
                    let lookup = leno::net::lookup_host("localhost:1").await;
                    assert!(lookup.map(drop).is_err());
                });
            })
            .succeeds();
            runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
        }
    }

    pub fn a_child_of_a_child_is_told_from_both() {
        let first = current_thread();
        let (near, mut far) = first.block_on(async { UnixStream::pair() }).unwrap();
        let (child, near) = fork_with(near, |near| {
            let second = current_thread();
            let (own, mut other) = second.block_on(async { UnixStream::pair() }).unwrap();
            let (child, (mut own, _near)) = fork_with((own, near), |both| {
                for runtime in [&first, &second] {
                    let text = panic_text(|| runtime.block_on(async {}));
                    assert!(text.contains("make a new one in the child"), "{text}");
                }
                drop(both);
                work(&current_thread());
            });
            child.succeeds();
            second.block_on(async {
                other.write_u8(2).await.unwrap();
                assert_eq!(own.read_u8().await.unwrap(), 2);
            });
        });
        child.succeeds();
        first.block_on(async {
            far.write_u8(3).await.unwrap();
            near.readable().await.unwrap();
        });
    }

    #[cfg(not(target_os = "linux"))]
    pub fn a_fork_that_libc_does_not_know_of_is_noticed() {}

    #[cfg(target_os = "linux")]
    pub fn a_fork_that_libc_does_not_know_of_is_noticed() {
        let runtime = current_thread();
        // SAFETY: a child on a copy of this stack, which does no more than it may.
        let pid = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
        assert!(pid >= 0);
        if pid == 0 {
            let text = panic_text(|| runtime.block_on(async {}));
            let is_said = text.contains("make a new one in the child");
            // SAFETY: takes no pointers.
            unsafe { libc::_exit(i32::from(!is_said)) };
        }
        Child::of(pid.try_into().unwrap()).succeeds();
        work(&runtime);
    }

    pub fn a_child_that_waits_in_the_loop_of_its_parent_is_ended() {
        let runtime = current_thread();
        runtime.block_on(async {
            // SAFETY: there is no other thread.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                sleep(Duration::from_secs(1000)).await;
                // SAFETY: takes no pointers.
                unsafe { libc::_exit(0) };
            }
            assert_eq!(Child::of(pid).status() & 0x7f, libc::SIGABRT);
        });
        work(&runtime);
    }

    pub fn a_child_that_waits_there_leaves_the_alarm_alone() {
        let runtime = current_thread();
        runtime.block_on(async {
            let long = leno::spawn(async { sleep(Duration::from_millis(200)).await });
            // Has the reactor waited in, with the alarm set for the end of that.
            let wait = || std::thread::sleep(Duration::from_millis(20));
            leno::task::spawn_blocking(wait).await.unwrap();
            // SAFETY: the other thread sleeps.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                sleep(Duration::from_millis(1)).await;
                // SAFETY: takes no pointers.
                unsafe { libc::_exit(0) };
            }
            assert_eq!(Child::of(pid).status() & 0x7f, libc::SIGABRT);
            long.await.unwrap();
        });
    }

    pub fn a_child_forked_in_a_task_has_its_runtime_on_another_thread() {
        let runtime = current_thread();
        runtime.block_on(async {
            let (near, mut far) = UnixStream::pair().unwrap();
            let (child, mut near) = fork_with(near, |near| {
                let thread = std::thread::spawn(|| KINDS.map(|kind| work(&kind())));
                thread.join().unwrap();
                drop(near);
            });
            child.succeeds();
            far.write_u8(4).await.unwrap();
            assert_eq!(near.read_u8().await.unwrap(), 4);
        });
    }
}
