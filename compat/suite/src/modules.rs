//! Which of tokio's modules a test file is about.

/// tokio's modules, in the order of the tables.
pub const NAMES: [&str; 11] = [
    "rt", "task", "sync", "time", "net", "io", "fs", "process", "signal", "macros", "other",
];

/// The module that a file of tokio tests; for another package, the package.
pub fn module_of(package: &'static str, file: &str) -> &'static str {
    if package != "tokio" {
        return package;
    }
    match file {
        "no_rt" | "dump" => return "rt",
        "coop_budget" | "join_handle_panic" => return "task",
        "test_clock" => return "time",
        "buffered" | "unix_shutdown" => return "net",
        "duplex_stream" => return "io",
        _ => {}
    }
    match file.split('_').next().unwrap_or(file) {
        "tcp" | "udp" | "uds" => "net",
        start => NAMES
            .into_iter()
            .find(|name| *name == start)
            .unwrap_or("other"),
    }
}

#[cfg(test)]
mod tests {
    use super::module_of;

    #[test]
    fn a_file_is_named_for_its_module() {
        for (file, module) in [
            ("rt_basic", "rt"),
            ("no_rt", "rt"),
            ("tcp_echo", "net"),
            ("udp", "net"),
            ("uds_stream", "net"),
            ("fs", "fs"),
            ("test_clock", "time"),
            ("unwindsafe", "other"),
            ("_require_full", "other"),
        ] {
            assert_eq!(module_of("tokio", file), module, "{file}");
        }
        assert_eq!(module_of("tokio-util", "udp"), "tokio-util");
    }
}
