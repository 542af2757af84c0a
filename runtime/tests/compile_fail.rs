//! Misuse of the macros does not compile, and the error says at the user's own token what to do.
//!
//! One file in `ui/` for each rule, beside it what the compiler says. `TRYBUILD=overwrite` writes those
//! anew; read what it wrote.

#[test]
fn misuse_is_explained_where_it_is_written() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
