//! Where the socket is, whether it can be trusted, and what is told if there is none.

use super::support::{Place, ROLE, Test};
use rustix::process::Signal;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

pub const TESTS: &[Test] = &[
    (
        "the_socket_is_for_its_user_alone",
        the_socket_is_for_its_user_alone,
    ),
    ("a_stale_socket_is_replaced", a_stale_socket_is_replaced),
    ("a_file_is_never_removed", a_file_is_never_removed),
    ("a_link_is_not_followed", a_link_is_not_followed),
    (
        "a_directory_for_all_is_not_used",
        a_directory_for_all_is_not_used,
    ),
    (
        "a_directory_of_somebody_else_is_not_used",
        a_directory_of_somebody_else_is_not_used,
    ),
    (
        "somebody_else_is_not_answered",
        somebody_else_is_not_answered,
    ),
    (
        "a_process_without_a_socket_is_told",
        a_process_without_a_socket_is_told,
    ),
    (
        "a_process_that_is_not_there_is_told",
        a_process_that_is_not_there_is_told,
    ),
    ("a_stopped_process_is_told", a_stopped_process_is_told),
    ("a_wrong_command_line_is_told", a_wrong_command_line_is_told),
];

fn the_socket_is_for_its_user_alone() {
    let place = Place::new();
    let child = place.child("one");
    let mode = |path| std::fs::symlink_metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(place.sockets()), 0o700);
    assert_eq!(mode(child.socket(&place)), 0o600);
}

fn a_stale_socket_is_replaced() {
    let place = Place::new();
    place.make_sockets(0o700);
    let child = place.child("stale");
    assert!(place.answer(&["ps", &child.arg()]).contains("mailer"));
    assert_eq!(child.end(), "");
}

/// What a process says that has no socket.
#[track_caller]
fn warning(errors: &str) -> &str {
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors
        .strip_prefix("leno: there is no socket for the program `leno`: ")
        .unwrap()
        .trim_end()
}

fn a_file_is_never_removed() {
    let place = Place::new();
    place.make_sockets(0o700);
    let child = place.child("file");
    let path = child.socket(&place);
    let fault = place.fault(&["dump", &child.arg()]);
    assert!(fault.contains("has no socket"), "{fault}");
    let errors = child.end();
    let expected = format!("{}: there is a file that is not a socket", path.display());
    assert_eq!(warning(&errors), expected);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "precious");
}

fn a_link_is_not_followed() {
    let (place, elsewhere) = (Place::new(), Place::new());
    elsewhere.make_sockets(0o700);
    symlink(elsewhere.sockets(), place.sockets()).unwrap();
    let child = place.child("one");
    let fault = place.fault(&["dump", &child.arg()]);
    let expected = format!(
        "{} is not to be trusted: it is not a directory",
        place.sockets().display()
    );
    assert_eq!(fault, expected);
    let errors = child.end();
    let expected = format!("{}: it is not a directory", place.sockets().display());
    assert_eq!(warning(&errors), expected);
    assert_eq!(elsewhere.sockets().read_dir().unwrap().count(), 0);
}

fn a_directory_for_all_is_not_used() {
    let place = Place::new();
    place.make_sockets(0o755);
    let child = place.child("one");
    let fault = place.fault(&["dump", &child.arg()]);
    assert!(
        fault.ends_with("others may use it: its mode is 755, not 700"),
        "{fault}"
    );
    let errors = child.end();
    assert!(warning(&errors).ends_with("others may use it: its mode is 755, not 700"));
}

fn a_directory_of_somebody_else_is_not_used() {
    let place = Place::new();
    place.make_sockets(0o700);
    let us = rustix::process::geteuid();
    if chown(place.sockets(), Some(us.as_raw() + 1), None).is_err() {
        // Only root can give a directory away. Such a user is refused by the directory of another instead.
        assert!(!us.is_root());
        return;
    }
    let child = place.child("one");
    let errors = child.end();
    let expected = format!(
        "it belongs to user {}, not to {}",
        us.as_raw() + 1,
        us.as_raw()
    );
    assert!(warning(&errors).ends_with(&expected), "{errors}");
}

/// Somebody who is neither root nor the owner of anything here.
const NOBODY: u32 = 65534;

fn somebody_else_is_not_answered() {
    if !rustix::process::geteuid().is_root() {
        // Only root can be somebody else for a while.
        return;
    }
    let place = Place::new();
    let child = place.child("one");
    let output = place.command(&["ps", &child.arg()]).uid(NOBODY).output();
    let output = output.unwrap();
    let expected = format!(
        "leno: no permission: process {} is another user's",
        child.pid()
    );
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(errors.starts_with(&expected), "{errors}");
    // Who comes in nevertheless is sent away.
    for (path, mode) in [
        (place.path().to_owned(), 0o711),
        (place.sockets(), 0o711),
        (child.socket(&place), 0o666),
    ] {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let knock = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env(ROLE, "knock")
            .env("SOCKET", child.socket(&place));
        command
    };
    let heard = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(heard(knock().uid(NOBODY)), "");
    assert!(heard(&mut knock()).starts_with("{\"leno\":1,"));
}

fn a_process_without_a_socket_is_told() {
    let place = Place::new();
    let child = place.child_with("one", None);
    let fault = place.fault(&["dump", &child.arg()]);
    let expected = format!(
        "process {} has no socket: start it with LENO_DIAGNOSTICS=socket",
        child.pid()
    );
    assert!(fault.starts_with(&expected), "{fault}");
    // Its last runtime has ended.
    let child = place.child("gone");
    assert!(
        place
            .fault(&["dump", &child.arg()])
            .contains("has no socket")
    );
    assert!(child.end().is_empty());
    // It uses no leno.
    let parent = std::process::id().to_string();
    assert!(place.fault(&["metrics", &parent]).contains("has no socket"));
}

fn a_process_that_is_not_there_is_told() {
    let place = Place::new();
    let child = place.child("one");
    let socket = child.socket(&place);
    let dead = child.kill().to_string();
    assert!(socket.exists());
    for pid in [dead.as_str(), "0", "4294967295"] {
        for verb in ["ps", "dump", "pstree", "metrics", "top"] {
            assert_eq!(
                place.fault(&[verb, pid]),
                format!("there is no process {pid}")
            );
        }
    }
}

fn a_stopped_process_is_told() {
    let place = Place::new();
    let child = place.child("one");
    child.signal(Signal::STOP);
    let pid = child.pid();
    let fault = place.fault(&["dump", &child.arg()]);
    assert!(
        fault.starts_with(&format!("process {pid} is stopped")),
        "{fault}"
    );
    child.signal(Signal::CONT);
    assert!(place.answer(&["ps", &child.arg()]).contains("mailer"));
}

fn a_wrong_command_line_is_told() {
    let place = Place::new();
    for arguments in [
        &["ps", "x"][..],
        &["dump"],
        &["frobnicate"],
        &["dump", "1", "--patience", "-1"],
    ] {
        let output = place.leno(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    for verb in ["ps", "pstree", "dump", "metrics", "top", "trace"] {
        let help = place.answer(&[verb, "--help"]);
        assert!(help.contains("EXAMPLES:"), "{help}");
    }
    assert!(place.answer(&["--help"]).contains("EXIT STATUS"));
}
