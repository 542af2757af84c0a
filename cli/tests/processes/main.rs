//! `leno` beside running processes. Those are this very program, which does what a variable of its environment says; so it has no
//! test harness.

#[cfg(unix)]
mod child;
#[cfg(unix)]
mod clients;
#[cfg(unix)]
mod directory;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(unix)]
mod shown;
#[cfg(unix)]
mod support;

#[cfg(unix)]
fn main() {
    if let Some(role) = std::env::var_os(support::ROLE) {
        return child::run(role.to_str().unwrap());
    }
    let tests = [shown::TESTS, clients::TESTS, directory::TESTS];
    #[cfg(target_os = "linux")]
    let tests = [&tests[..], &[memory::TESTS]].concat();
    support::run(&tests.concat());
}

#[cfg(not(unix))]
fn main() {}
