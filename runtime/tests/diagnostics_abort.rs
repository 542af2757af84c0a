//! A report ends the process, if that is wanted, and nobody reads reports.
//!
//! The test starts this very program as a child.
#![cfg(unix)]

use leno::diagnostics::{self, Diagnostics};
use leno::runtime::Builder;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};
use std::time::Duration;

const ROLE: &str = "LENO_TEST_ABORT_ROLE";
const SIGABRT: i32 = 6;

fn child(role: &str, variable: Option<&str>) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "plays_its_role", "--nocapture"])
        .env_remove("LENO_DEBUG")
        .env_remove("LENO_DIAGNOSTICS")
        .env(ROLE, role);
    if let Some(list) = variable {
        command.env("LENO_DIAGNOSTICS", list);
    }
    command.output().unwrap()
}

#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    if role == "reads" {
        diagnostics::on_report(|_| ());
    }
    let settings = Diagnostics::off().lost_failures(role != "finds nothing");
    let mut builder = Builder::new_current_thread();
    builder.diagnostics(settings.abort(role != "goes by the environment"));
    let runtime = builder.build().unwrap();
    runtime.block_on(async {
        let lost = leno::spawn(async { panic!("on purpose") });
        while !lost.is_finished() {
            leno::task::yield_now().await;
        }
    });
    assert!(diagnostics::flush(Duration::from_secs(60)));
}

#[test]
fn a_report_that_nobody_reads_ends_the_process() {
    for (role, variable) in [("aborts", None), ("goes by the environment", Some("abort"))] {
        let output = child(role, variable);
        assert_eq!(output.status.signal(), Some(SIGABRT), "{role}: {output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        let told = text.find("panicked, and nobody will see it");
        let ended = text.find("says that a report ends the process");
        assert!(told.is_some() && told < ended, "{text}");
    }
}

#[test]
fn nothing_else_does() {
    for (role, variable) in [
        ("reads", None),
        ("finds nothing", None),
        ("goes by the environment", None),
        ("aborts", Some("abort=off")),
    ] {
        let output = child(role, variable);
        assert!(output.status.success(), "{role}: {output:?}");
    }
}
