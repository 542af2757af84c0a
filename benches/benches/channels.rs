//! Channels, locks and the blocking pool under criterion.

mod common;

fn main() {
    common::run(&["channels and locks", "blocking pool"]);
}
