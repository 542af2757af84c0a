//! Clients that misbehave, and servers that do.

use super::support::{NEVER, Place, Process, Test};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

pub const TESTS: &[Test] = &[
    ("garbage_is_answered", garbage_is_answered),
    (
        "several_requests_come_on_one_connection",
        several_requests_come_on_one_connection,
    ),
    ("megabytes_are_refused", megabytes_are_refused),
    (
        "who_asks_nothing_holds_up_nobody_for_long",
        who_asks_nothing_holds_up_nobody_for_long,
    ),
    (
        "who_never_reads_holds_up_nobody",
        who_never_reads_holds_up_nobody,
    ),
    ("another_protocol_is_named", another_protocol_is_named),
    (
        "a_server_that_hangs_up_is_told",
        a_server_that_hangs_up_is_told,
    ),
];

fn line(stream: &UnixStream) -> Value {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert!(line.ends_with('\n'), "{line}");
    serde_json::from_str(&line).unwrap()
}

fn ask(child: &Process, place: &Place, request: &[u8]) -> Value {
    let mut stream = child.connect(place);
    stream.write_all(request).unwrap();
    line(&stream)
}

fn garbage_is_answered() {
    let place = Place::new();
    let child = place.child("one");
    for (request, error) in [
        (&b"\n"[..], "request"),
        (b"GET / HTTP/1.1\r\n", "request"),
        (b"\xff\xfe\x00\n", "request"),
        (b"{\"leno\":1,\"verb\":\"ps\"\n", "request"),
        (b"{\"leno\":2,\"verb\":\"ps\"}\n", "version"),
        (b"{\"verb\":\"ps\"}\n", "version"),
        (b"{\"leno\":1,\"verb\":\"kill\"}\n", "verb"),
        (b"{\"leno\":1,\"verb\":\"trace\"}\n", "off"),
    ] {
        let answer = ask(&child, &place, request);
        assert_eq!(answer["leno"], 1);
        assert_eq!(answer["error"], error, "{answer}");
        assert!(!answer["text"].as_str().unwrap().is_empty());
    }
    assert!(child.end().is_empty());
}

fn several_requests_come_on_one_connection() {
    let place = Place::new();
    let child = place.child("one");
    let mut stream = child.connect(&place);
    let request = b"{\"leno\":1,\"verb\":\"metrics\"}";
    stream
        .write_all(&[request, &b"\n{}\n"[..], request].concat())
        .unwrap();
    // The last line has no end but that of the connection.
    stream.shutdown(Shutdown::Write).unwrap();
    let answers: Vec<Value> = BufReader::new(stream)
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    assert_eq!(answers.len(), 3);
    assert!(answers[0]["metrics"].is_string());
    assert_eq!(answers[1]["error"], "version");
    assert!(answers[2]["metrics"].is_string());
}

fn megabytes_are_refused() {
    let place = Place::new();
    let child = place.child("one");
    let mut stream = child.connect(&place);
    // The other side stops reading, so that this ends with an error.
    let megabytes = vec![b'x'; 16 * 1024 * 1024];
    assert!(stream.write_all(&megabytes).is_err());
    assert_eq!(line(&stream)["error"], "request");
    assert!(place.answer(&["ps", &child.arg()]).contains("mailer"));
}

fn who_asks_nothing_holds_up_nobody_for_long() {
    let place = Place::new();
    let child = place.child("one");
    let silent: Vec<_> = (0..8).map(|_| child.connect(&place)).collect();
    // There is no place left until those are sent away, and that is said.
    let busy = child.connect(&place);
    let mut text = String::new();
    (&busy).read_to_string(&mut text).unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["error"], "busy");
    // The program asks again until there is one.
    assert!(place.answer(&["ps", &child.arg()]).contains("mailer"));
    for stream in silent {
        assert_eq!((&stream).read(&mut [0; 1]).unwrap(), 0);
    }
    assert!(child.end().is_empty());
}

fn who_never_reads_holds_up_nobody() {
    let place = Place::new();
    let child = place.child("many");
    let mut stream = child.connect(&place);
    stream.write_all(b"{\"leno\":1,\"verb\":\"ps\"}\n").unwrap();
    // The answer has begun, and does not fit.
    stream.read_exact(&mut [0; 1]).unwrap();
    assert!(
        place
            .answer(&["metrics", &child.arg()])
            .contains("leno_tasks_alive")
    );
}

/// A process, this one, that answers so.
fn pretend(place: &Place, answer: &'static [u8]) -> String {
    place.make_sockets(0o700);
    let pid = std::process::id();
    let listener = UnixListener::bind(place.sockets().join(format!("{pid}.sock"))).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(NEVER)).unwrap();
            BufReader::new(&stream)
                .read_line(&mut String::new())
                .unwrap();
            // The program may have read enough.
            let _ = stream.write_all(answer);
        }
    });
    pid.to_string()
}

fn another_protocol_is_named() {
    for answer in [
        &b"{\"leno\":2,\"pid\":1}\n"[..],
        b"{\"leno\":1,\"error\":\"version\",\"text\":\"this process speaks version 7\"}\n",
        b"{\"leno\":1,\"runtimes\":[{\"id\":1}]}\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        let place = Place::new();
        let pid = pretend(&place, answer);
        let fault = place.fault(&["ps", &pid]);
        let expected = format!("process {pid} speaks another version of the protocol: ");
        assert!(fault.starts_with(&expected), "{fault}");
    }
}

fn a_server_that_hangs_up_is_told() {
    for answer in [&b""[..], b"{\"leno\":1,\"runti"] {
        let place = Place::new();
        let pid = pretend(&place, answer);
        let fault = place.fault(&["metrics", &pid]);
        assert!(
            fault.starts_with(&format!("process {pid} no longer listens")),
            "{fault}"
        );
    }
}
