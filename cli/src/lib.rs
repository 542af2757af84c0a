//! What the program `leno` is made of, one module for each of its commands.

pub mod trace;

use clap::{Parser, Subcommand};
use std::io;

/// Looks into programs that run on leno.
#[derive(Debug, Parser)]
#[command(name = "leno", version, about)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Trace(trace::Arguments),
}

/// Does what the arguments say.
///
/// # Errors
///
/// If it cannot be done; the text is for people.
pub fn run(arguments: &Arguments) -> io::Result<()> {
    match &arguments.command {
        Command::Trace(arguments) => trace::run(arguments),
    }
}
