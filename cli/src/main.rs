//! The program `leno`; `leno --help` says what it does.

fn main() -> std::process::ExitCode {
    leno_cli::main()
}
