//! Every target stands its corpus and some random inputs, and the driver finds what a target does not stand.

use leno_fuzz::driver::{Failure, Until, attempt, corpus, run};
use leno_fuzz::{TARGETS, Target};

/// The corpus, and as many inputs as do not keep anybody waiting. `cargo run -p leno-fuzz` goes on.
fn stands_inputs(name: &str) {
    let target = leno_fuzz::target(name).expect("there is such a target");
    let count = run(target, 1, Until::Inputs(300)).unwrap_or_else(|failure| {
        panic!("{}\n{}", (target.describe)(&failure.input), failure.message)
    });
    assert!(count > 300, "{:?} is empty", corpus(name));
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            stands_inputs(stringify!($name));
        })*

        #[test]
        fn every_target_has_a_test_and_a_program_of_libfuzzer() {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
            let manifest = include_str!("../Cargo.toml");
            for name in names {
                assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
            }
        }
    };
}

targets!(buffered channels locks notify pipes records service_file service_requests timers);

/// Fails on an input that has an `x` before a `y`.
fn planted(input: &[u8]) {
    let x = input.iter().position(|&byte| byte == b'x');
    let y = input.iter().rposition(|&byte| byte == b'y');
    assert!(x.is_none() || y < x, "an x before a y");
}

#[test]
fn a_failure_is_found_and_made_short() {
    let target = Target {
        name: "planted",
        run: planted,
        describe: |_| String::new(),
    };
    let Failure { input, message } = run(target, 1, Until::Inputs(10_000)).unwrap_err();
    assert_eq!((&input[..], &message[..]), (&b"xy"[..], "an x before a y"));
    assert!(attempt(planted, b"xy").is_err());
    assert_eq!(attempt(planted, b"yx"), Ok(()));
}

#[test]
fn the_same_seed_makes_the_same_inputs() {
    let target = |run| Target {
        name: "planted",
        run,
        describe: |_| String::new(),
    };
    let first_long = |seed| {
        let long: fn(&[u8]) = |input| assert!(input.len() < 100 || input[..4].contains(&7));
        run(target(long), seed, Until::Inputs(10_000))
            .unwrap_err()
            .input
    };
    assert_eq!(first_long(1), first_long(1));
    assert_ne!(first_long(1), first_long(2));
}
