//! The example `coroutines` checks all that it shows.

use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_tour_ends_well() {
    let program = program();
    let mut command = Command::new(program);
    // It says itself what is looked for.
    command.env_remove("LENO_DEBUG");
    command.env_remove("LENO_DIAGNOSTICS");
    let said = run(command);
    assert!(!said.contains("not shown"), "{said}");
    // What its chapter on groups shows.
    for line in [
        "a group of two tasks: Ok(42), and Err(",
        "one more fails: Err(\"no more\"), and 0 are left",
        "cancelled: the deadline of the scope at ",
        "the connection says goodbye",
        "the client went away",
        "the shielded work has ended: Ok(\"committed\")",
    ] {
        assert!(said.contains(line), "{line:?} is missing in {said}");
    }
}

#[test]
fn nothing_is_found_in_it_but_the_mistakes() {
    let mut command = Command::new(program());
    command.env("LENO_DEBUG", "1");
    command.env("LENO_DIAGNOSTICS", "slow-polls=off,abort");
    let said = run(command);
    assert!(said.contains("not shown"), "{said}");
}

fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let program = profile
        .join("examples")
        .join(format!("coroutines{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is missing: build it with `cargo build --example coroutines` \
         (`cargo test` without a choice of targets does)",
        program.display()
    );
    program
}

/// Runs the tour to its end, and returns what it has said.
fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.ends_with("Everything was as said.\n"), "{said}");
    said
}
