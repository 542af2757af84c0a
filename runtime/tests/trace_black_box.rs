//! A black box outlives its process, and what cannot be made is told and no more.
//!
//! Each test starts this very program as a child, which is told by an environment variable what to do.
#![cfg(unix)]

use leno::trace::{self, EventKind, Outcome, Snapshot};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const ROLE: &str = "LENO_TEST_BLACK_BOX_ROLE";

/// This program, as a child that plays a role.
fn child(role: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "plays_its_role", "--nocapture"])
        .env(ROLE, role)
        .env("LENO_BLACKBOX", directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for a line of the child's that begins like this, and returns the rest.
fn line(child: &mut Child, begin: &str) -> String {
    let output = BufReader::new(child.stdout.as_mut().unwrap());
    for line in output.lines() {
        let line = line.unwrap();
        if let Some((_, rest)) = line.split_once(begin) {
            return rest.to_owned();
        }
    }
    panic!("the child has ended without saying {begin:?}");
}

fn black_boxes(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn runtime() -> leno::runtime::Runtime {
    leno::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .name("in the box")
        .enable_all()
        .build()
        .unwrap()
}

async fn work() {
    let task = leno::task::Builder::new().name("worker bee").spawn(async {
        trace::mark("at work");
        leno::task::yield_now().await;
    });
    task.unwrap().await.unwrap();
}

/// Ends when the parent does, or kills it.
fn wait_for_the_end() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// The child's side.
#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let say = |text: &str| {
        println!("\nsays: {text}");
        std::io::stdout().flush().unwrap();
    };
    match role.as_str() {
        "works" => {
            runtime().block_on(work());
            say("done");
            wait_for_the_end();
        }
        "works on" => {
            let runtime = runtime();
            runtime.block_on(work());
            say("done");
            runtime.block_on(async {
                loop {
                    work().await;
                }
            });
        }
        "forks" => {
            let runtime = runtime();
            let forked = runtime.block_on(async {
                leno::spawn(async {
                    trace::mark("before");
                    // SAFETY: the child calls what is its own, and ends at once.
                    let child = unsafe { libc::fork() };
                    if child == 0 {
                        for _ in 0..1000 {
                            trace::mark("in the child");
                        }
                        // SAFETY: ends the process.
                        unsafe { libc::_exit(7) };
                    }
                    child
                })
                .await
                .unwrap()
            });
            let mut status = 0;
            // SAFETY: the child's number, and a place for its status.
            unsafe { libc::waitpid(forked, &raw mut status, 0) };
            assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7);
            runtime.block_on(work());
            say("done");
            wait_for_the_end();
        }
        other => panic!("there is no role {other}"),
    }
}

fn check(snapshot: &Snapshot) {
    let bee = snapshot
        .tasks()
        .find(|task| task.name() == Some("worker bee"))
        .unwrap_or_else(|| panic!("{snapshot:?}"));
    assert!(bee.type_name().unwrap().contains("work"), "{bee}");
    assert!(
        bee.spawned_at().unwrap().contains("trace_black_box.rs:"),
        "{bee}"
    );
    let marks = snapshot.events().filter(|event| {
        let EventKind::Mark { label, .. } = &event.kind else {
            return false;
        };
        label == "at work"
    });
    assert!(marks.count() > 0);
}

#[test]
fn what_is_in_the_box_outlives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child("works", folder.path()).spawn().unwrap();
    line(&mut child, "says: done");
    child.kill().unwrap();
    child.wait().unwrap();
    let path = folder.path().join(format!("leno-{}.blackbox", child.id()));
    assert_eq!(black_boxes(folder.path()), std::slice::from_ref(&path));
    let snapshot = Snapshot::load(&path).unwrap();
    assert_eq!(snapshot.process(), child.id());
    check(&snapshot);
    let bee = snapshot
        .tasks()
        .find(|task| task.name() == Some("worker bee"));
    let bee = bee.unwrap();
    assert!(bee.has_ended());
    let polls = snapshot.events().filter_map(|event| match event.kind {
        EventKind::Poll { task, outcome, .. } if task == bee.id() => Some(outcome),
        _ => None,
    });
    assert_eq!(polls.collect::<Vec<_>>(), [Outcome::Woken, Outcome::Done]);
    let event = snapshot.events().next().unwrap();
    assert_eq!(
        snapshot.runtime_name(event.runtime).as_deref(),
        Some("in the box")
    );
    // What the file says can be saved as a trace.
    let saved = folder.path().join("saved.trace");
    snapshot.save(&saved).unwrap();
    let again = Snapshot::load(&saved).unwrap();
    assert!(again.events().eq(snapshot.events()));
}

#[test]
fn the_box_of_a_living_process_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child("works on", folder.path()).spawn().unwrap();
    line(&mut child, "says: done");
    let path = folder.path().join(format!("leno-{}.blackbox", child.id()));
    for _ in 0..10 {
        let snapshot = Snapshot::load(&path).unwrap();
        check(&snapshot);
        for event in snapshot.events() {
            // Each says what the program does, and nothing else.
            if let EventKind::Mark { label, .. } = event.kind {
                assert_eq!(label, "at work");
            }
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_forked_child_leaves_the_box_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child("forks", folder.path()).spawn().unwrap();
    line(&mut child, "says: done");
    child.kill().unwrap();
    child.wait().unwrap();
    let boxes = black_boxes(folder.path());
    assert_eq!(boxes.len(), 1, "{boxes:?}");
    let snapshot = Snapshot::load(&boxes[0]).unwrap();
    check(&snapshot);
    let labels: Vec<_> = snapshot
        .events()
        .filter_map(|event| match event.kind {
            EventKind::Mark { label, .. } => Some(label),
            _ => None,
        })
        .collect();
    assert_eq!(labels, ["before", "at work"]);
}

/// Runs a child that works to its end, and returns what it has said on its standard error of the box.
fn complaints(child: &mut Command) -> Vec<String> {
    let Output {
        status,
        stderr,
        stdout,
    } = child.stdin(Stdio::null()).output().unwrap();
    let output = String::from_utf8(stdout).unwrap();
    assert!(
        status.success() && output.contains("says: done"),
        "{output}"
    );
    let errors = String::from_utf8(stderr).unwrap();
    let lines = errors.lines().filter(|line| line.starts_with("leno:"));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_box_that_cannot_be_made_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let complaints = complaints(&mut child("works", &missing));
    let [complaint] = complaints.as_slice() else {
        panic!("{complaints:?}");
    };
    assert!(
        complaint.contains("there will be no black box"),
        "{complaint}"
    );
    assert!(complaint.contains("missing/leno-"), "{complaint}");
    assert!(black_boxes(folder.path()).is_empty());
}

#[test]
fn a_full_disk_is_told_and_no_signal_comes() {
    use std::os::unix::process::CommandExt;
    // What a full disk does to a file, a limit on the size of files does too.
    for limit in [100_000, 700_000] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = child("works", folder.path());
        // SAFETY: calls what is allowed between a fork and the execution of a program.
        unsafe {
            command.pre_exec(move || {
                let limit = libc::rlimit {
                    rlim_cur: limit,
                    rlim_max: limit,
                };
                libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
                match libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) {
                    0 => Ok(()),
                    _ => Err(std::io::Error::last_os_error()),
                }
            });
        }
        let complaints = complaints(&mut command);
        let [complaint] = complaints.as_slice() else {
            panic!("with {limit} bytes: {complaints:?}");
        };
        assert!(complaint.contains("black box"), "{complaint}");
        for path in black_boxes(folder.path()) {
            // There is room for the strings and for no track.
            assert_eq!(limit, 700_000, "{path:?}");
            assert_eq!(Snapshot::load(path).unwrap().events().count(), 0);
        }
    }
}

/// A child that finds files of so many numbers; what it says, and the files that are there then.
fn with_taken(folder: &tempfile::TempDir, taken: u32) -> (Vec<String>, Vec<PathBuf>) {
    let path = folder.path().to_owned();
    let mut command = child("works", folder.path());
    // SAFETY: the child is single-threaded and its own allocator's only user here; it makes a file of its own number.
    unsafe {
        use std::os::unix::process::CommandExt;
        command.pre_exec(move || {
            let pid = std::process::id();
            std::fs::write(path.join(format!("leno-{pid}.blackbox")), "precious")?;
            // With all names taken there is none.
            for number in 2..=taken {
                std::fs::write(path.join(format!("leno-{pid}-{number}.blackbox")), "")?;
            }
            Ok(())
        });
    }
    let complaints = complaints(&mut command);
    let mut boxes = black_boxes(folder.path());
    boxes.sort_by_key(|path| path.as_os_str().len());
    assert_eq!(std::fs::read(&boxes[0]).unwrap(), b"precious");
    (complaints, boxes)
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (complaints, boxes) = with_taken(&folder, 1);
    assert_eq!(complaints, [""; 0]);
    let [_, made] = boxes.as_slice() else {
        panic!("{boxes:?}");
    };
    assert!(made.to_str().unwrap().ends_with("-2.blackbox"), "{made:?}");
    check(&Snapshot::load(made).unwrap());
}

#[test]
fn boxes_of_one_number_do_not_pile_up() {
    let folder = tempfile::tempdir().unwrap();
    let (complaints, boxes) = with_taken(&folder, 16);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains("exists"), "{complaints:?}");
    assert_eq!(boxes.len(), 16);
}
