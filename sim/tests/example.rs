//! The example of a chooser of one's own does what it says.

#[path = "../examples/own_chooser.rs"]
mod own_chooser;

#[test]
fn a_chooser_of_ones_own_finds_the_lost_update() {
    own_chooser::main();
}
