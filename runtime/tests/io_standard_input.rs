//! Standard input is read when there is some, by whoever wants it then. In a process of its own: this test's program again,
//! which finds out from its environment what it is to do, and says what it does on its error output.
#![cfg(unix)]

mod net_support;

use leno::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines, stdin};
use leno::process::{Child, ChildStderr, ChildStdin, Command};
use leno::runtime::{Builder, Runtime};
use net_support::{on_one, start_and_cancel};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::{Future, poll_fn};
use std::io::{Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::process::Stdio;
use std::task::Poll;
use std::time::Duration;

const ROLE: &str = "LENO_STANDARD_INPUT_ROLE";

fn command(role: &str, input: impl Into<Stdio>) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "role", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// What a test must not wait for any longer.
async fn soon<F: Future>(future: F) -> F::Output {
    let result = leno::time::timeout(Duration::from_secs(30), future).await;
    result.expect("it hangs")
}

/// A program with a role, its standard input and what it says.
struct Program {
    child: Child,
    input: ChildStdin,
    said: Lines<BufReader<ChildStderr>>,
}

impl Program {
    fn start(role: &str) -> Self {
        let mut child = command(role, Stdio::piped()).spawn().unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            said: BufReader::new(child.stderr.take().unwrap()).lines(),
            child,
        }
    }

    async fn types(&mut self, text: &str) {
        soon(self.input.write_all(text.as_bytes())).await.unwrap();
    }

    async fn says(&mut self, expected: &str) {
        let line = soon(self.said.next_line()).await.unwrap();
        assert_eq!(line.as_deref(), Some(expected));
    }

    /// Ends, though its input does not.
    async fn ends(mut self) {
        let status = soon(self.child.wait_with_output()).await.unwrap().status;
        assert!(status.success());
        let _ = self.input.write(b"late").await;
    }
}

fn current_thread() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().max_blocking_threads(1);
    builder.build().unwrap()
}

fn multi_thread() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.enable_all().worker_threads(2);
    builder.max_blocking_threads(1).build().unwrap()
}

/// Reads from the descriptor, past everybody's buffers.
fn read_raw() -> String {
    let input = std::fs::File::open("/dev/stdin");
    let mut bytes = [0; 64];
    let length = input.unwrap().read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[test]
fn role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    match role.as_str() {
        "give up" => give_up(&current_thread()),
        "give up, on workers" => give_up(&multi_thread()),
        "end" => leave_reading(current_thread()),
        "end, on workers" => leave_reading(multi_thread()),
        "share the pool" => multi_thread().block_on(async {
            let reading = leno::spawn(async { stdin().read(&mut [0; 8]).await });
            eprintln!("reading");
            leno::task::yield_now().await;
            leno::fs::read("/dev/null").await.unwrap();
            leno::task::spawn_blocking(|| ()).await.unwrap();
            assert!(!reading.is_finished());
            eprintln!("read a file");
        }),
        "mix" => current_thread().block_on(async {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            eprint!("std {line}");
            let mut bytes = [0; 2];
            stdin().read_exact(&mut bytes).await.unwrap();
            eprintln!("leno {}", String::from_utf8_lossy(&bytes));
            line.clear();
            std::io::stdin().read_line(&mut line).unwrap();
            eprint!("std {line}");
            line.clear();
            stdin().read_to_string(&mut line).await.unwrap();
            eprint!("leno {line}");
        }),
        "std first" => multi_thread().block_on(async {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            eprint!("std {line}");
            let mut kept = stdin();
            let mut bytes = [0; 4];
            kept.read_exact(&mut bytes).await.unwrap();
            eprint!("leno {}", String::from_utf8_lossy(&bytes));
            let mut bytes = [0; 6];
            kept.read_exact(&mut bytes).await.unwrap();
            eprint!("leno {}", String::from_utf8_lossy(&bytes));
        }),
        "share" => multi_thread().block_on(async {
            let read = || {
                leno::spawn(async {
                    let mut read = Vec::new();
                    stdin().read_to_end(&mut read).await.unwrap();
                    read.len()
                })
            };
            let readers = [read(), read(), read(), read()];
            let mut length = 0;
            for reader in readers {
                length += reader.await.unwrap();
            }
            eprintln!("{length}");
        }),
        "count" => multi_thread().block_on(async {
            let mut read = Vec::new();
            stdin().read_to_end(&mut read).await.unwrap();
            eprintln!("{}", read.len());
            assert_eq!(stdin().read(&mut [0; 8]).await.unwrap(), 0);
        }),
        "no descriptors" => {
            let runtime = current_thread();
            let few = Rlimit {
                current: Some(64),
                maximum: getrlimit(Resource::Nofile).maximum,
            };
            setrlimit(Resource::Nofile, few).unwrap();
            let files = std::iter::repeat_with(|| std::fs::File::open("/dev/null"));
            let files: Vec<_> = files.map_while(Result::ok).collect();
            runtime.block_on(async {
                let mut input = stdin();
                let mut read = pin!(input.read_u8());
                begin_to_wait(read.as_mut()).await;
                assert_eq!(wait_and_tell(read).await.unwrap(), b'1');
            });
            assert!(!files.is_empty());
            eprintln!("has read");
        }
        "too many at a time" => {
            let runtime = current_thread();
            // The system looks at no more descriptors at a time than a process may have.
            let before = getrlimit(Resource::Nofile);
            let one = Rlimit {
                current: Some(1),
                ..before
            };
            setrlimit(Resource::Nofile, one).unwrap();
            runtime.block_on(async {
                let (tell, told) = leno::sync::oneshot::channel();
                // Each is a task, so that neither is woken for the other when both wait.
                let one = leno::spawn(async move {
                    let mut input = stdin();
                    let mut read = pin!(input.read_u8());
                    begin_to_wait(read.as_mut()).await;
                    tell.send(()).unwrap();
                    read.await.unwrap()
                });
                told.await.unwrap();
                let other = leno::spawn(async {
                    let mut input = stdin();
                    let mut read = pin!(input.read_u8());
                    begin_to_wait(read.as_mut()).await;
                    // The thread that looks hears of this one by looking again, and nobody hears of that.
                    std::thread::sleep(Duration::from_millis(20));
                    wait_and_tell(read).await.unwrap()
                });
                let mut read = [one.await.unwrap(), other.await.unwrap()];
                read.sort_unstable();
                assert_eq!(&read, b"12");
            });
            // What looks for leaks at the end opens files.
            setrlimit(Resource::Nofile, before).unwrap();
            eprintln!("has read");
        }
        "fork" => fork(),
        "fork after a read" => fork_after_a_read(),
        "without a runtime" => {
            let runtime = current_thread();
            let mut input = stdin();
            let mut bytes = [0; 8];
            start_and_cancel(input.read(&mut bytes));
            drop(runtime);
            eprintln!("waited");
            let length = multi_thread().block_on(input.read(&mut bytes)).unwrap();
            eprintln!("{}", String::from_utf8_lossy(&bytes[..length]));
        }
        other => unreachable!("{other}"),
    }
}

/// Has a read wait until there is input. Before that it finds out whether std has some, and is woken when it knows.
async fn begin_to_wait<F: Future>(mut read: Pin<&mut F>) {
    let mut polls = if cfg!(target_os = "linux") { 2 } else { 1 };
    poll_fn(|cx| {
        assert!(read.as_mut().poll(cx).is_pending());
        polls -= 1;
        if polls > 0 {
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

/// Waits for a read that has to, and says so.
async fn wait_and_tell<F: Future>(mut read: Pin<&mut F>) -> F::Output {
    let mut has_told = false;
    poll_fn(|cx| {
        let polled = read.as_mut().poll(cx);
        if !has_told {
            assert!(polled.is_pending());
            eprintln!("reading");
            has_told = true;
        }
        polled
    })
    .await
}

fn give_up(runtime: &Runtime) {
    let mut kept = stdin();
    let mut next = async |expected: &str| {
        // Polled, and given up, by a handle that stays and by one that goes.
        start_and_cancel(kept.read(&mut [0; 8]));
        start_and_cancel(stdin().read(&mut [0; 8]));
        let mut lines = BufReader::new(&mut kept).lines();
        let short = Duration::from_millis(1);
        let read = leno::time::timeout(short, lines.next_line()).await;
        assert!(read.is_err());
        let reading = leno::spawn(async { stdin().read(&mut [0; 8]).await });
        leno::task::yield_now().await;
        reading.abort();
        assert!(reading.await.unwrap_err().is_cancelled());
        eprintln!("{expected}");
    };
    runtime.block_on(async {
        next("gave up for raw").await;
        eprintln!("{}", read_raw());

        next("gave up for std").await;
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        eprint!("{line}");

        next("gave up for a program").await;
        let program = "read line; echo $line >&2";
        let mut child = std::process::Command::new("sh");
        assert!(child.args(["-c", program]).status().unwrap().success());

        next("gave up for another handle").await;
        let mut bytes = [0; 8];
        let length = stdin().read(&mut bytes).await.unwrap();
        eprintln!("{}", String::from_utf8_lossy(&bytes[..length]));
    });
}

/// The parent has the threads that wait and read; the child needs its own.
fn fork() {
    let runtime = multi_thread();
    let reading = runtime.spawn(async {
        let mut input = stdin();
        assert_eq!(input.read_u8().await.unwrap(), b'1');
        input
    });
    eprintln!("reading");
    let mut input = runtime.block_on(reading).unwrap();
    start_and_cancel(input.read(&mut [0; 8]));
    // SAFETY: what the child does needs no lock that another thread might have had.
    let child = unsafe { libc::fork() };
    if child == 0 {
        current_thread().block_on(async {
            let reading = leno::spawn(async move {
                let mut bytes = [0; 8];
                let length = input.read(&mut bytes).await.unwrap();
                eprintln!("{}", String::from_utf8_lossy(&bytes[..length]));
            });
            // It waits before there is anything.
            leno::task::yield_now().await;
            eprintln!("forked");
            reading.await.unwrap();
        });
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: `status` is there to be written to.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
    let mut bytes = [0; 8];
    let length = runtime.block_on(async {
        eprintln!("after the child");
        stdin().read(&mut bytes).await.unwrap()
    });
    eprintln!("{}", String::from_utf8_lossy(&bytes[..length]));
}

/// What the parent has read and not taken is not for the child.
fn fork_after_a_read() {
    let has_input = |wait: Option<&Timespec>| {
        let input = std::io::stdin();
        poll(&mut [PollFd::new(&input, PollFlags::IN)], wait).unwrap() == 1
    };
    assert!(has_input(None));
    let runtime = current_thread();
    runtime.block_on(async { start_and_cancel(stdin().read(&mut [0; 8])) });
    while has_input(Some(&Timespec::default())) {
        std::thread::yield_now();
    }
    // SAFETY: what the child does needs no lock that another thread might have had.
    let child = unsafe { libc::fork() };
    if child == 0 {
        current_thread().block_on(async { start_and_cancel(stdin().read(&mut [0; 8])) });
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: `status` is there to be written to.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0, "the child has read something, or panicked");
    let mut bytes = [0; 8];
    let length = runtime.block_on(async { stdin().read(&mut bytes).await.unwrap() });
    eprintln!("{}", String::from_utf8_lossy(&bytes[..length]));
}

fn leave_reading(runtime: Runtime) {
    runtime.block_on(async {
        for _ in 0..3 {
            leno::spawn(async { stdin().read(&mut [0; 8]).await });
        }
        start_and_cancel(pin!(stdin().read(&mut [0; 8])));
        leno::task::yield_now().await;
    });
    drop(runtime);
    eprintln!("ended");
}

#[test]
fn what_comes_after_a_read_was_given_up_is_for_the_next_reader() {
    on_one(async {
        for role in ["give up", "give up, on workers"] {
            let mut program = Program::start(role);
            for next in ["raw", "std", "a program", "another handle"] {
                program.says(&format!("gave up for {next}")).await;
                let text = if next == "raw" { "1" } else { "1\n" };
                program.types(text).await;
                program.says("1").await;
            }
            program.ends().await;
        }
        Ok(())
    });
}

#[test]
fn a_program_ends_though_it_waits_for_input() {
    on_one(async {
        for role in ["end", "end, on workers"] {
            let mut program = Program::start(role);
            program.says("ended").await;
            program.ends().await;
        }
        Ok(())
    });
}

#[test]
fn waiting_for_input_holds_no_blocking_thread() {
    on_one(async {
        let mut program = Program::start("share the pool");
        program.says("reading").await;
        program.says("read a file").await;
        program.ends().await;
        Ok(())
    });
}

#[test]
fn a_wait_needs_no_descriptor() {
    on_one(async {
        let mut program = Program::start("no descriptors");
        program.says("reading").await;
        program.types("1").await;
        program.says("has read").await;
        program.ends().await;
        Ok(())
    });
}

#[test]
fn more_may_wait_than_the_system_looks_at() {
    on_one(async {
        let mut program = Program::start("too many at a time");
        program.says("reading").await;
        program.types("12").await;
        program.says("has read").await;
        program.ends().await;
        Ok(())
    });
}

#[test]
fn a_wait_outlives_its_runtime() {
    on_one(async {
        let mut program = Program::start("without a runtime");
        program.says("waited").await;
        program.types("text").await;
        program.says("text").await;
        program.ends().await;
        Ok(())
    });
}

#[test]
fn a_forked_child_reads_what_its_parent_does_not() {
    on_one(async {
        let mut program = Program::start("fork");
        program.says("reading").await;
        program.types("1").await;
        program.says("forked").await;
        program.types("child").await;
        program.says("child").await;
        program.says("after the child").await;
        program.types("parent").await;
        program.says("parent").await;
        program.ends().await;
        Ok(())
    });
}

#[test]
fn what_a_parent_has_read_is_not_for_a_forked_child() {
    on_one(async {
        let mut program = Program::start("fork after a read");
        program.types("parent").await;
        program.says("parent").await;
        program.ends().await;
        Ok(())
    });
}

#[test]
fn a_terminal_is_for_the_next_reader_too() {
    on_one(async {
        let (mut keyboard, path) = net_support::terminal();
        let mut options = std::fs::File::options();
        options.read(true).write(true);
        let terminal = options.custom_flags(libc::O_NOCTTY).open(path)?;
        let mut child = command("give up", terminal).spawn()?;
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        for next in ["raw", "std", "a program", "another handle"] {
            let line = soon(said.next_line()).await?;
            assert_eq!(line, Some(format!("gave up for {next}")));
            keyboard.write_all(b"1\n")?;
            assert_eq!(soon(said.next_line()).await?.as_deref(), Some("1"));
            if next == "raw" || next == "another handle" {
                assert_eq!(soon(said.next_line()).await?.as_deref(), Some(""));
            }
        }
        assert!(soon(child.wait()).await?.success());
        Ok(())
    });
}

#[test]
fn std_and_leno_lose_nothing_to_each_other() {
    on_one(async {
        let mut program = Program::start("mix");
        program.types("one\ntwo\nthree\n").await;
        let Program {
            input, mut said, ..
        } = program;
        drop(input);
        for expected in ["std one", "leno tw", "std o", "leno three"] {
            let line = soon(said.next_line()).await?;
            assert_eq!(line.as_deref(), Some(expected));
        }
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn what_std_has_buffered_needs_no_further_input() {
    on_one(async {
        let mut program = Program::start("std first");
        program.types("one\ntwo\nthree\n").await;
        for expected in ["std one", "leno two", "leno three"] {
            program.says(expected).await;
        }
        program.ends().await;
        Ok(())
    });
}

#[test]
fn several_readers_share_the_input_and_all_see_its_end() {
    on_one(async {
        let mut program = Program::start("share");
        let text = "0123456789".repeat(100_000);
        program.types(&text).await;
        program.input.shutdown().await?;
        let Program {
            input, mut said, ..
        } = program;
        drop(input);
        let line = soon(said.next_line()).await?;
        assert_eq!(line.as_deref(), Some("1000000"));
        Ok(())
    });
}

/// What the program counts that reads this.
async fn count(input: impl Into<Stdio>) -> String {
    let output = soon(command("count", input).output()).await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn input_may_be_of_any_kind() {
    on_one(async {
        let text = "0123456789".repeat(50_000);
        assert_eq!(count(Stdio::null()).await, "0\n");

        let mut file = tempfile::tempfile()?;
        file.write_all(text.as_bytes())?;
        file.rewind()?;
        assert_eq!(count(file).await, "500000\n");

        for is_non_blocking in [false, true] {
            let (near, mut far) = UnixStream::pair()?;
            near.set_nonblocking(is_non_blocking)?;
            let text = text.clone();
            let writing = std::thread::spawn(move || far.write_all(text.as_bytes()));
            assert_eq!(count(OwnedFd::from(near)).await, "500000\n");
            writing.join().unwrap()?;
        }

        // None at all.
        let mut shell = Command::new("sh");
        let script = "exec \"$0\" --exact role --nocapture --test-threads=1 <&-";
        let closed = shell.args(["-c", script]).arg(std::env::current_exe()?);
        let output = soon(closed.env(ROLE, "count").output()).await?;
        assert_eq!(String::from_utf8_lossy(&output.stderr), "0\n");
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn input_that_is_not_open_for_reading_has_ended() {
    on_one(async {
        // Nothing ever comes from it, and it is not at its end either.
        let input = std::fs::File::options().write(true).open("/dev/ptmx")?;
        assert!(count(input).await.ends_with("0\n"));
        Ok(())
    });
}
