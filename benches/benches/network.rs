//! TCP under criterion.

mod common;

fn main() {
    common::run(&["TCP"]);
}
