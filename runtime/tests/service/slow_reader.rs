//! A client that does not read its answer, or hardly, is let go.

use crate::client::{get, put};
use crate::process::Service;
use std::io::Read;
use std::thread;
use std::time::Duration;

/// More than the buffers of both sides of a connection take.
const LARGE: usize = 100_000_000;

/// A service with a value under `/v1/keys/large`.
fn service_with_a_large_value(response_timeout: &str) -> Service {
    let arguments = ["--max-body", "200MB", "--drain-timeout", "50s"];
    let timeout = ["--response-timeout", response_timeout];
    let service = Service::start(&[&arguments[..], &timeout].concat());
    let body = format!("\"{}\"", "x".repeat(LARGE - 2));
    let answer = service.connect().request(&put("/v1/keys/large", &body));
    assert_eq!(answer.status, 201);
    service
}

#[test]
fn a_client_that_reads_nothing_keeps_neither_its_connection_nor_the_service() {
    let service = service_with_a_large_value("300ms");
    let mut connection = service.connect();
    connection.send(&get("/v1/keys/large"));
    // The answer has begun, and would keep a service that stops for as long as it may.
    connection.stream.read_exact(&mut [0; 100]).unwrap();
    service.signal("TERM");
    assert_eq!(service.wait(), (Some(0), String::new()));
}

#[test]
fn a_client_that_reads_a_little_now_and_then_is_let_go_too() {
    let service = service_with_a_large_value("300ms");
    let mut connection = service.connect();
    connection.send(&get("/v1/keys/large"));
    let mut buffer = vec![0; 16 * 1024];
    let mut total = 0;
    // At this pace all of it would take most of a minute.
    while let Ok(length @ 1..) = connection.stream.read(&mut buffer) {
        total += length;
        thread::sleep(Duration::from_millis(5));
    }
    assert!(total < LARGE, "all of it was sent");
}

#[test]
fn a_client_that_reads_in_time_gets_all_of_it_and_the_next_answer() {
    let service = service_with_a_large_value("1h");
    let mut connection = service.connect();
    for _ in 0..2 {
        let answer = connection.request(&get("/v1/keys/large"));
        assert_eq!((answer.status, answer.text().len()), (200, LARGE));
    }
}
