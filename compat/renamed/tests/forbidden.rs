//! Whoever forbids a lint forbids that an expansion allows it. What the expansions of tokio's attributes and macros do
//! without is forbidden here, and lints are on that ask for what these expansions have.

#![forbid(nonstandard_style, rust_2018_idioms, unused_braces, unsafe_code)]
#![deny(clippy::all, clippy::pedantic)]
#![deny(clippy::expect_used, clippy::implicit_return, clippy::unwrap_used)]
#![allow(clippy::needless_return, reason = "it is asked for")]

use std::num::ParseIntError;

#[tokio::main(flavor = "current_thread")]
async fn value() -> u32 {
    const NUMBER: u32 = 1;
    return tokio::select! {
        number = async { return NUMBER } => number,
        else => 2,
    };
}

#[tokio::main(flavor = "current_thread")]
async fn never() -> ! {
    std::process::exit(0)
}

#[test]
fn values() {
    assert_eq!(value(), 1);
    let _: fn() -> ! = never;
}

#[tokio::test]
async fn a_test() -> Result<(), ParseIntError> {
    tokio::pin! {
        let one = async { return "1".parse::<u8>() };
    }
    let (one, two) = tokio::try_join!(one, async { return "2".parse::<u8>() })?;
    assert_eq!(one + two, 3);
    return Ok(());
}
