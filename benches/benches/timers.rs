//! Timers under criterion, and a runtime that has nothing to do.

mod common;

fn main() {
    common::run(&["timers", "idle"]);
}
