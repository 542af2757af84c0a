//! When something is found, what was recorded is saved, and the report says where; what the watcher knows is in it.
//!
//! Each test starts this very program as a child, since a process has one reader of reports and one number.
#![cfg(unix)]

use leno::diagnostics::{self, Diagnostics};
use leno::runtime::{Builder, Runtime};
use leno::trace::{self, EventKind, Snapshot, Worker};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const ROLE: &str = "LENO_TEST_TRACE_ROLE";
const DIRECTORY: &str = "LENO_TEST_TRACE_DIRECTORY";

fn child(role: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "plays_its_role", "--nocapture"])
        .env(ROLE, role)
        .env(DIRECTORY, directory)
        // They would have the last word.
        .env_remove("LENO_DEBUG")
        .env_remove("LENO_DIAGNOSTICS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a child to its end, which has to be good; what it has said on its standard error.
fn errors(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let output = String::from_utf8(stdout).unwrap();
    let errors = String::from_utf8(stderr).unwrap();
    assert!(
        status.success() && output.contains("says: done"),
        "{output}{errors}"
    );
    errors
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn runtime(workers: usize, diagnostics: Diagnostics) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .diagnostics(diagnostics)
        .enable_all()
        .build()
        .unwrap()
}

/// A panic that nobody sees.
async fn lose_a_panic() {
    let (ended, end) = leno::sync::oneshot::channel::<()>();
    drop(leno::task::Builder::new().name("unlucky").spawn(async {
        let _ended = ended;
        trace::mark("about to fail");
        panic!("as it should");
    }));
    assert!(end.await.is_err());
}

fn flush() {
    assert!(diagnostics::flush(Duration::from_secs(60)));
}

/// The child's side.
#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    let settings = Diagnostics::off().lost_failures(true).record_to(&directory);
    match role.as_str() {
        "loses a panic" => {
            // Whatever was left by a process of the same number stays.
            let name = format!("leno-{}-1.trace", std::process::id());
            if directory.is_dir() {
                std::fs::write(directory.join(name), "precious").unwrap();
            }
            let other = runtime(1, settings.clone());
            other
                .block_on(async { leno::spawn(async { trace::mark("elsewhere") }).await })
                .unwrap();
            runtime(1, settings).block_on(lose_a_panic());
            flush();
        }
        "loses panics by the environment" => {
            let runtime = runtime(1, Diagnostics::off());
            runtime.block_on(async {
                lose_a_panic().await;
                lose_a_panic().await;
            });
            drop(runtime);
            flush();
        }
        "loses many" => {
            let runtime = runtime(1, settings);
            // Each is a place of its own.
            macro_rules! lose {
                () => {
                    drop(leno::spawn(async { panic!("one of many") }))
                };
            }
            runtime.block_on(async {
                (lose!(), lose!(), lose!(), lose!(), lose!());
                (lose!(), lose!(), lose!(), lose!(), lose!());
                (lose!(), lose!(), lose!(), lose!(), lose!());
                (lose!(), lose!(), lose!(), lose!(), lose!());
                while leno::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                    leno::task::yield_now().await;
                }
            });
            flush();
        }
        "is slow" => {
            let (release, held) = mpsc::channel::<()>();
            diagnostics::on_report(move |report| {
                println!("\nreports: {}", report.to_json());
                // Whoever has ended waits no longer.
                let _ = release.send(());
            });
            let settings = settings.slow_polls(Duration::from_millis(20));
            runtime(1, settings).block_on(async {
                let slow = leno::task::Builder::new().name("slow").spawn(async move {
                    held.recv().unwrap();
                });
                slow.unwrap().await.unwrap();
            });
            flush();
        }
        other => panic!("there is no role {other}"),
    }
    println!("\nsays: done");
}

fn labels(snapshot: &Snapshot) -> Vec<String> {
    let labels = snapshot.events().filter_map(|event| match event.kind {
        EventKind::Mark { label, .. } => Some(label),
        _ => None,
    });
    labels.collect()
}

#[test]
fn a_lost_panic_is_told_with_its_history() {
    let folder = tempfile::tempdir().unwrap();
    let errors = errors(&mut child("loses a panic", folder.path()));
    let files = files(folder.path());
    let [precious, file] = files.as_slice() else {
        panic!("{files:?}\n{errors}");
    };
    assert_eq!(std::fs::read(precious).unwrap(), b"precious");
    assert!(file.to_str().unwrap().ends_with("-2.trace"), "{file:?}");
    let line = format!("What led to it is in {}", file.display());
    assert!(errors.contains(&line), "{errors}");
    let snapshot = Snapshot::load(file).unwrap();
    assert_eq!(labels(&snapshot), ["elsewhere", "about to fail"]);
    let unlucky = snapshot.tasks().find(|task| task.name() == Some("unlucky"));
    assert!(unlucky.is_some(), "{snapshot:?}");
}

#[test]
fn the_environment_says_where_and_a_place_has_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let list = format!("lost-failures,record-to={}", folder.path().display());
    let mut child = child("loses panics by the environment", folder.path());
    let errors = errors(child.env("LENO_DIAGNOSTICS", list));
    assert_eq!(errors.matches("nobody will see it").count(), 2, "{errors}");
    assert_eq!(errors.matches("What led to it").count(), 1, "{errors}");
    let files = files(folder.path());
    assert_eq!(files.len(), 1, "{files:?}");
    // The second may have followed before the first was told.
    let labels = labels(&Snapshot::load(&files[0]).unwrap());
    assert_eq!(labels.first().unwrap(), "about to fail");
}

#[test]
fn a_process_writes_a_few_files_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let errors = errors(&mut child("loses many", folder.path()));
    assert_eq!(errors.matches("nobody will see it").count(), 20, "{errors}");
    assert_eq!(files(folder.path()).len(), 16);
}

#[test]
fn a_directory_that_is_not_there_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let errors = errors(&mut child("loses many", &missing));
    assert_eq!(errors.matches("nobody will see it").count(), 20, "{errors}");
    let told = errors.matches("what was recorded cannot be written to");
    assert_eq!(told.count(), 1, "{errors}");
    assert!(!errors.contains("What led to it"), "{errors}");
}

#[test]
fn a_full_disk_is_told_once_and_nothing_is_left_on_it() {
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let mut command = child("loses many", folder.path());
    // What a full disk does to a file, a limit on the size of files does too.
    // SAFETY: calls what is allowed between a fork and the execution of a program.
    unsafe {
        command.pre_exec(|| {
            let limit = libc::rlimit {
                rlim_cur: 1000,
                rlim_max: 1000,
            };
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            match libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        });
    }
    let errors = errors(&mut command);
    let told = errors.matches("what was recorded cannot be written to");
    assert_eq!(told.count(), 1, "{errors}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_slow_poll_is_in_its_own_history() {
    let folder = tempfile::tempdir().unwrap();
    let output = child("is slow", folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stdout).unwrap();
    let report = output
        .lines()
        .find_map(|line| line.strip_prefix("reports: "));
    let report: serde_json::Value = serde_json::from_str(report.unwrap()).unwrap();
    let file = report["traces"][0].as_str().unwrap_or_default();
    assert_eq!(files(folder.path()), [Path::new(file)], "{report}");
    let snapshot = Snapshot::load(file).unwrap();
    let slow = snapshot.events().find_map(|event| match event.kind {
        EventKind::Slow { task, worker } => Some((event.worker, task, worker)),
        _ => None,
    });
    let (on, task, worker) = slow.unwrap();
    assert_eq!((on, worker), (Worker::Outside, 0));
    assert_eq!(snapshot.task(task).unwrap().name(), Some("slow"));
}
