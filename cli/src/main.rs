//! The program `leno`: looks into running processes that use the async runtime leno.

#![forbid(unsafe_code)]

#[cfg(unix)]
mod answer;
#[cfg(unix)]
mod client;
#[cfg(unix)]
mod command;
#[cfg(unix)]
mod fault;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod memory;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod show;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    command::main()
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("leno: running processes can be looked into on Unix only");
    std::process::ExitCode::from(2)
}
