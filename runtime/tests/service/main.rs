//! The example `service`, end to end: the built program, its signals, its file, and HTTP over plain sockets.
#![cfg(unix)]

mod client;
mod compaction;
mod data_file;
mod options;
mod process;
mod slow_reader;

use client::{Connection, delete, get, put};
use process::{Service, data_file, fails_to_start};
use std::io::Write;
use std::thread;

#[test]
fn stores_reads_replaces_and_deletes_json() {
    let service = Service::start(&[]);
    let mut connection = service.connect();
    assert_eq!(connection.request(&get("/healthz")).status, 200);
    assert_eq!(connection.request(&get("/v1/keys/a")).status, 404);
    assert_eq!(connection.request(&delete("/v1/keys/a")).status, 404);
    assert_eq!(
        connection.request(&put("/v1/keys/a", "{\"n\":\n1}")).status,
        201
    );
    let value = connection.request(&get("/v1/keys/a"));
    assert_eq!((value.status, value.text().as_str()), (200, "{\"n\": 1}"));
    assert_eq!(value.header("content-type"), Some("application/json"));
    assert_eq!(connection.request(&put("/v1/keys/a", "[2]")).status, 204);
    assert_eq!(connection.request(&get("/v1/keys/a")).text(), "[2]");
    assert_eq!(connection.request(&delete("/v1/keys/a")).status, 204);
    assert_eq!(connection.request(&get("/v1/keys/a")).status, 404);
}

#[test]
fn keys_are_percent_decoded() {
    let service = Service::start(&[]);
    let mut connection = service.connect();
    assert_eq!(
        connection
            .request(&put("/v1/keys/%c3%a9%2F+%20x", "1"))
            .status,
        201
    );
    let listing = connection.request(&get("/v1/keys?prefix=%C3%A9/%2B+"));
    assert_eq!(listing.text(), r#"{"keys":["é/+ x"],"truncated":false}"#);
    for bad in ["%", "%4", "%zz", "%ff", ""] {
        let answer = connection.request(&get(&format!("/v1/keys/{bad}")));
        assert_eq!(answer.status, 400, "for the key {bad:?}");
    }
}

#[test]
fn refusals_name_their_reason() {
    let service = Service::start(&[]);
    let mut connection = service.connect();
    for bad in ["", "{", "{} {}", "'a'", "nul", "\"\u{1}\""] {
        let answer = connection.request(&put("/v1/keys/a", bad));
        assert_eq!(answer.status, 400, "for the body {bad:?}");
        assert!(answer.text().contains("not valid JSON"), "{answer:?}");
    }
    let mut invalid_utf8 = put("/v1/keys/a", "\"??\"");
    let length = invalid_utf8.len();
    invalid_utf8[length - 3..length - 1].fill(0xff);
    assert_eq!(connection.request(&invalid_utf8).status, 400);

    assert_eq!(connection.request(&get("/v2")).status, 404);
    let answer = connection.request(b"POST /v1/keys/a HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD, PUT, DELETE"))
    );
    let answer = connection.request(&delete("/v1/keys"));
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD"))
    );
    assert_eq!(connection.request(&get("/v1/keys?limit=x")).status, 400);
}

#[test]
fn lists_keys_sorted_by_prefix_and_up_to_the_limit() {
    let service = Service::start(&[]);
    let mut connection = service.connect();
    for key in ["b", "a%2F2", "a%2F1", "a", "a%2F3"] {
        let answer = connection.request(&put(&format!("/v1/keys/{key}"), "0"));
        assert_eq!(answer.status, 201);
    }
    for (query, listing) in [
        (
            "",
            r#"{"keys":["a","a/1","a/2","a/3","b"],"truncated":false}"#,
        ),
        (
            "?prefix=a%2F",
            r#"{"keys":["a/1","a/2","a/3"],"truncated":false}"#,
        ),
        (
            "?prefix=a/&limit=2",
            r#"{"keys":["a/1","a/2"],"truncated":true}"#,
        ),
        (
            "?limit=5",
            r#"{"keys":["a","a/1","a/2","a/3","b"],"truncated":false}"#,
        ),
        ("?prefix=c", r#"{"keys":[],"truncated":false}"#),
    ] {
        let answer = connection.request(&get(&format!("/v1/keys{query}")));
        assert_eq!((answer.status, answer.text().as_str()), (200, listing));
    }
}

#[test]
fn refuses_a_body_over_the_limit_with_413() {
    let service = Service::start(&["--max-body", "1000"]);
    let exact = format!("\"{}\"", "x".repeat(998));
    let over = format!("\"{}\"", "x".repeat(999));
    assert_eq!(
        service.connect().request(&put("/v1/keys/a", &exact)).status,
        201
    );
    assert_eq!(
        service.connect().request(&put("/v1/keys/a", &over)).status,
        413
    );
    // The client that sends everything before it listens gets its answer too.
    let huge = "1".repeat(3_000_000);
    assert_eq!(
        service.connect().request(&put("/v1/keys/a", &huge)).status,
        413
    );
    let chunked = format!(
        "PUT /v1/keys/a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n{over}\r\n0\r\n\r\n"
    );
    assert_eq!(service.connect().request(chunked.as_bytes()).status, 413);
    // The client that asks first is told before it has sent anything.
    let asks = "PUT /v1/keys/a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1001\r\n\r\n";
    assert_eq!(service.connect().request(asks.as_bytes()).status, 413);
}

#[test]
fn tells_what_its_runtime_counts_if_it_is_to() {
    let service = Service::start(&["--metrics", "--workers", "2"]);
    let mut connection = service.connect();
    let answer = connection.request(&get("/metrics"));
    assert_eq!(answer.status, 200);
    let format = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(answer.header("content-type"), Some(format));
    let text = answer.text();
    let workers = text.lines().find(|line| line.starts_with("leno_workers{"));
    assert!(workers.unwrap().ends_with("} 2"), "{text}");
    assert_eq!(connection.request(&put("/metrics", "1")).status, 405);

    let service = Service::start(&[]);
    assert_eq!(service.connect().request(&get("/metrics")).status, 404);
}

#[test]
fn refuses_a_head_over_the_limit_with_431() {
    let service = Service::start(&[]);
    let many: String = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect();
    let many = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{many}\r\n");
    assert_eq!(service.connect().request(many.as_bytes()).status, 431);
    // All of the 64 KiB is read, and then there is no room for the end of the head.
    let mut long = b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: ".to_vec();
    long.resize(64 * 1024, b'x');
    assert_eq!(service.connect().request(&long).status, 431);
}

#[test]
fn a_late_body_is_answered_with_408_and_a_late_head_by_closing() {
    // Long enough for a busy machine to send what is to be in time.
    let service = Service::start(&["--request-timeout", "2s"]);
    let mut connection = service.connect();
    connection.send(b"PUT /v1/keys/a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n[1");
    let answer = connection.receive();
    assert_eq!(
        (answer.status, answer.header("connection")),
        (408, Some("close"))
    );
    assert!(connection.is_closed());

    let mut connection = service.connect();
    connection.send(b"GET /healthz HT");
    assert!(connection.is_closed());
}

#[test]
fn sigterm_finishes_the_request_in_flight_and_exits_with_0() {
    let file = data_file("in-flight");
    let service = Service::start(&["--data", file.text()]);
    let mut connection = service.connect();
    connection.send(
        b"PUT /v1/keys/a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n",
    );
    // "Continue" says that the handler has begun.
    assert_eq!(connection.receive().status, 100);
    service.signal("TERM");
    service.wait_until_connections_are_refused();
    connection.send(b"[1]");
    let answer = connection.receive();
    assert_eq!(
        (answer.status, answer.header("connection")),
        (201, Some("close"))
    );
    let (code, errors) = service.wait();
    assert_eq!((code, errors.as_str()), (Some(0), ""));

    let service = Service::start(&["--data", file.text()]);
    assert_eq!(service.connect().request(&get("/v1/keys/a")).text(), "[1]");
}

#[test]
fn sigterm_drops_neither_the_backlog_nor_what_waits_on_resting_connections() {
    let service = Service::start(&[]);
    let mut connections: Vec<Connection> = (0..8).map(|_| service.connect()).collect();
    for connection in &mut connections {
        assert_eq!(connection.request(&get("/healthz")).status, 200);
    }
    // While the process stands still, the kernel completes connections and takes requests for it.
    service.signal("STOP");
    service.wait_until_stopped();
    connections.extend((0..8).map(|_| service.connect()));
    for connection in &mut connections {
        connection.send(&get("/healthz"));
    }
    service.signal("TERM");
    service.signal("CONT");
    for connection in &mut connections {
        assert_eq!(connection.receive().status, 200);
        assert!(connection.is_closed());
    }
    assert_eq!(service.wait(), (Some(0), String::new()));
}

#[test]
fn ctrl_c_closes_resting_connections_and_exits_with_0() {
    let service = Service::start(&["--drain-timeout", "1000s"]);
    let mut connection = service.connect();
    assert_eq!(connection.request(&get("/healthz")).status, 200);
    let mut silent = service.connect();
    service.signal("INT");
    assert!(connection.is_closed());
    assert!(silent.is_closed());
    assert_eq!(service.wait(), (Some(0), String::new()));
}

#[test]
fn the_drain_timeout_cuts_off_what_does_not_end() {
    let service = Service::start(&["--drain-timeout", "200ms"]);
    let mut connection = service.connect();
    connection.send(b"PUT /v1/keys/a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n[1");
    assert_eq!(service.connect().request(&get("/healthz")).status, 200);
    service.signal("TERM");
    let (code, errors) = service.wait();
    assert_eq!(code, Some(0));
    assert_eq!(
        errors,
        "service: connections that were cut off: 1; --drain-timeout is over\n"
    );
}

#[test]
fn sigterm_lets_each_connection_end_as_it_can_and_none_outlives_the_limit() {
    let service = Service::start(&["--drain-timeout", "5s"]);
    let asks =
        b"PUT /v1/keys/a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n";
    let [mut idle, mut busy, mut endless] = [(); 3].map(|()| service.connect());
    assert_eq!(idle.request(&get("/healthz")).status, 200);
    // "Continue" says that the handler has begun, which waits for three bytes.
    for connection in [&mut busy, &mut endless] {
        connection.send(asks);
        assert_eq!(connection.receive().status, 100);
    }
    service.signal("TERM");
    assert!(idle.is_closed());
    busy.send(b"[1]");
    let answer = busy.receive();
    assert_eq!(
        (answer.status, answer.header("connection")),
        (201, Some("close"))
    );
    assert!(busy.is_closed());
    // Its two last bytes do not come.
    endless.send(b"[");
    assert!(endless.is_closed());
    let cut = "service: connections that were cut off: 1; --drain-timeout is over\n";
    assert_eq!(service.wait(), (Some(0), cut.to_string()));
}

#[test]
fn a_second_signal_cuts_off_what_is_left() {
    let service = Service::start(&["--drain-timeout", "1000s"]);
    let mut endless = [(); 2].map(|()| service.connect());
    for connection in &mut endless {
        connection.send(
            b"PUT /v1/keys/a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n",
        );
        assert_eq!(connection.receive().status, 100);
    }
    service.signal("TERM");
    service.wait_until_connections_are_refused();
    service.signal("INT");
    let cut = "service: connections that were cut off: 2; there was a second signal\n";
    assert_eq!(service.wait(), (Some(0), cut.to_string()));
}

#[test]
fn a_restart_keeps_the_data() {
    for sync in [&[][..], &["--sync"]] {
        let file = data_file(&format!("restart{}", sync.len()));
        let arguments = [&["--data", file.text()], sync].concat();
        let service = Service::start(&arguments);
        let mut connection = service.connect();
        for (key, value) in [("a", "1"), ("a", "2"), ("b", "{\"x\":\n[]}"), ("c", "3")] {
            let answer = connection.request(&put(&format!("/v1/keys/{key}"), value));
            assert!(matches!(answer.status, 201 | 204));
        }
        assert_eq!(connection.request(&delete("/v1/keys/c")).status, 204);
        service.signal("TERM");
        assert_eq!(service.wait(), (Some(0), String::new()));

        let service = Service::start(&arguments);
        let mut connection = service.connect();
        assert_eq!(connection.request(&get("/v1/keys/a")).text(), "2");
        assert_eq!(connection.request(&get("/v1/keys/b")).text(), "{\"x\": []}");
        assert_eq!(connection.request(&get("/v1/keys/c")).status, 404);
    }
}

#[test]
fn kill_9_keeps_what_was_answered() {
    let file = data_file("kill-9");
    let service = Service::start(&["--data", file.text()]);
    let (sender, answered) = std::sync::mpsc::channel();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let mut connection = service.connect();
            let sender = sender.clone();
            thread::spawn(move || {
                for number in 0.. {
                    let path = format!("/v1/keys/{writer}-{number}");
                    match connection.try_request(&put(&path, "true")) {
                        Some(answer) => assert_eq!(answer.status, 201),
                        None => return,
                    }
                    sender.send(path).unwrap();
                }
            })
        })
        .collect();
    drop(sender);
    // Killed amid the writes: after some answers, and before the writers have stopped.
    let mut paths: Vec<String> = answered.iter().take(200).collect();
    service.signal("KILL");
    assert_eq!(service.wait().0, None);
    paths.extend(answered);
    for writer in writers {
        writer.join().unwrap();
    }

    let service = Service::start(&["--data", file.text()]);
    let mut connection = service.connect();
    for path in paths {
        assert_eq!(connection.request(&get(&path)).text(), "true", "{path}");
    }
}

#[test]
fn a_change_that_cannot_be_written_is_refused_and_leaves_no_trace() {
    let file = data_file("full");
    // One block of at most 1 KiB is all that may be written; the signal that says so is ignored.
    let limits = "trap '' XFSZ; ulimit -f 1";
    let service = Service::start_limited(limits, &["--data", file.text()]);
    let mut connection = service.connect();
    assert_eq!(connection.request(&put("/v1/keys/a", "1")).status, 201);
    let long = format!("\"{}\"", "x".repeat(2000));
    let answer = connection.request(&put("/v1/keys/b", &long));
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("cannot be written"), "{answer:?}");
    assert_eq!(connection.request(&get("/v1/keys/b")).status, 404);
    assert_eq!(connection.request(&put("/v1/keys/c", "3")).status, 201);
    service.signal("TERM");
    assert_eq!(service.wait(), (Some(0), String::new()));

    let service = Service::start(&["--data", file.text()]);
    let listing = service.connect().request(&get("/v1/keys")).text();
    assert_eq!(listing, r#"{"keys":["a","c"],"truncated":false}"#);
    service.signal("TERM");
    assert_eq!(service.wait(), (Some(0), String::new()));
}

#[test]
fn after_changes_that_could_not_be_written_the_file_holds_what_was_answered() {
    let file = data_file("partly-full");
    // A write that does not fit is cut short by the system and leaves a part of its record.
    let limits = "trap '' XFSZ; ulimit -f 64";
    let service = Service::start_limited(limits, &["--data", file.text()]);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let mut connection = service.connect();
            thread::spawn(move || {
                let mut stored = Vec::new();
                for number in 0..60 {
                    let key = format!("{writer}-{number:02}");
                    let value = format!("\"{}\"", "x".repeat(number * 37 % 3000));
                    let answer = connection.request(&put(&format!("/v1/keys/{key}"), &value));
                    match answer.status {
                        201 => stored.push(key),
                        status => assert_eq!(status, 500),
                    }
                }
                stored
            })
        })
        .collect();
    let mut stored: Vec<_> = writers
        .into_iter()
        .flat_map(|w| w.join().unwrap())
        .collect();
    stored.sort();
    assert!((1..240).contains(&stored.len()), "{}", stored.len());
    service.signal("KILL");
    service.wait();

    let service = Service::start(&["--data", file.text()]);
    let listing = service
        .connect()
        .request(&get("/v1/keys?limit=1000"))
        .text();
    assert_eq!(
        listing,
        serde_json::json!({"keys": stored, "truncated": false}).to_string()
    );
    service.signal("TERM");
    assert_eq!(service.wait(), (Some(0), String::new()));
}

#[test]
fn what_it_cannot_start_with_is_one_line_and_a_failure() {
    let service = Service::start(&[]);
    let taken = service.address.to_string();
    assert!(fails_to_start(&["--listen", &taken]).contains(&taken));
    for bad in ["nonsense", "127.0.0.1", "127.0.0.1:99999", "256.0.0.1:80"] {
        assert!(fails_to_start(&["--listen", bad]).contains(bad));
    }
    let directory = std::env::temp_dir();
    let directory = directory.to_str().unwrap();
    assert!(fails_to_start(&["--data", directory]).contains(directory));
    assert!(fails_to_start(&["--data", "/dev/zero"]).contains("not a regular file"));
    let missing = data_file("missing");
    let missing = format!("{}/file", missing.text());
    assert!(fails_to_start(&["--data", &missing]).contains(&missing));
}

#[test]
fn running_out_of_descriptors_is_reported_once_and_survived() {
    let service = Service::start_limited("ulimit -n 40", &[]);
    let crowd: Vec<Connection> = (0..60).map(|_| service.connect()).collect();
    let line = service.next_error_line();
    assert!(line.contains("cannot accept connections"), "{line}");
    drop(crowd);
    assert_eq!(service.connect().request(&get("/healthz")).status, 200);
    service.signal("TERM");
    assert_eq!(service.wait(), (Some(0), String::new()));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let service = Service::start(&[]);
    let mut connection = service.connect();
    let both = [put("/v1/keys/a", "1"), get("/v1/keys/a"), get("/none")].concat();
    connection.stream.write_all(&both).unwrap();
    let statuses = [(); 3].map(|()| connection.receive().status);
    assert_eq!(statuses, [201, 200, 404]);
}
