//! The example `coroutines` checks all that it shows.

use std::path::Path;
use std::process::Command;

#[test]
fn the_tour_ends_well() {
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
    let output = Command::new(program)
        // It says itself what is looked for.
        .env_remove("LENO_DEBUG")
        .env_remove("LENO_DIAGNOSTICS")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.ends_with("Everything was as said.\n"), "{said}");
}
