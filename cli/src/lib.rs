//! What the program `leno` is made of, which looks into running processes that use the async runtime leno.

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
pub mod trace;

/// Does what the command line says.
#[cfg(unix)]
pub fn main() -> std::process::ExitCode {
    command::main()
}

/// Does what the command line says.
#[cfg(not(unix))]
pub fn main() -> std::process::ExitCode {
    eprintln!("leno: running processes can be looked into on Unix only");
    std::process::ExitCode::from(2)
}
