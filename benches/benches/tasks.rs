//! Tasks under criterion: switching, waking, spawning, sharing out work.

mod common;

fn main() {
    common::run(&[
        "task switch",
        "ping-pong",
        "wake latency",
        "spawn",
        "skewed load",
    ]);
}
