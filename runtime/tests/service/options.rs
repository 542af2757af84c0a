//! What the command line accepts, and that everything else is refused in one line.

use crate::client::{get, put};
use crate::process::{Service, fails_to_start, fails_to_start_limited, help};

#[test]
fn sizes_are_written_as_people_write_them() {
    for (size, bytes) in [
        ("1000", 1000),
        ("1kB", 1000),
        ("1KB", 1000),
        ("1.5kb", 1500),
        ("2 KiB", 2048),
        ("1000B", 1000),
    ] {
        let service = Service::start(&["--max-body", size]);
        let body = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
        let mut connection = service.connect();
        let answer = connection.request(&put("/v1/keys/a", &body(bytes)));
        assert_eq!(answer.status, 201, "{size}");
        let answer = connection.request(&put("/v1/keys/a", &body(bytes + 1)));
        assert_eq!(answer.status, 413, "{size}");
    }
    for large in ["1MB", "64KiB", "1GiB", "0.5GB"] {
        Service::start(&["--max-body", large]);
    }
}

#[test]
fn times_are_written_as_people_write_them() {
    for time in [
        "10", "10s", "0.5s", "250ms", "5m", "5min", "1h30m", "24h", "1d", "1 m",
    ] {
        Service::start(&["--request-timeout", time, "--response-timeout", time]);
    }
}

#[test]
fn what_is_not_a_size_a_time_or_a_number_of_workers_is_one_line_that_says_what_is() {
    for bad in [
        "", "0", "x", "1XB", "MB", "-1", "1..5", "1e3", "inf", "nan", "2000GB", "1M B",
    ] {
        let error = fails_to_start(&["--max-body", bad]);
        assert!(error.contains("64KiB") || bad == "-1", "{error}");
    }
    for bad in [
        "", "0", "x", "1x", "ms", "-1s", "0.1ms", "2d", "1h 30", "inf",
    ] {
        for option in ["--request-timeout", "--response-timeout", "--drain-timeout"] {
            let error = fails_to_start(&[&format!("{option}={bad}")]);
            assert!(error.contains("250ms") && error.contains(option), "{error}");
        }
    }
    for bad in [
        "",
        "0",
        "-1",
        "x",
        "1025",
        "100000",
        "99999999999999999999999",
    ] {
        let error = fails_to_start(&[&format!("--workers={bad}")]);
        assert!(error.contains("from 1 to 1024"), "{error}");
    }
    for bad in [
        &["--unknown"][..],
        &["more"],
        &["--sync"],
        &["--data", ""],
        &["--data"],
    ] {
        fails_to_start(bad);
    }
}

#[test]
fn threads_that_the_system_refuses_are_one_line() {
    // No system has room for such stacks.
    let limits = "export RUST_MIN_STACK=1152921504606846976";
    let error = fails_to_start_limited(limits, &["--workers", "4"]);
    assert!(error.contains("cannot start the runtime"), "{error}");
    assert_eq!(
        Service::start(&["--workers", "3"])
            .connect()
            .request(&get("/healthz"))
            .status,
        200
    );
}

#[test]
fn help_tells_what_becomes_of_the_data() {
    let help = help();
    for word in [
        "locked",
        "checksum",
        "FILE.torn-1",
        "FILE.compacting",
        "1h30m",
        "64KiB",
        "500",
    ] {
        assert!(help.contains(word), "{word} is missing in {help}");
    }
}

#[test]
fn an_option_that_another_one_needs_is_named() {
    let error = fails_to_start(&["--sync"]);
    assert!(error.contains("--data <FILE>"), "{error}");
}
