//! The servers answer as they should on every peer, and their workloads give figures.

use leno_bench::peers;
use leno_bench::workload::{Case, Runtime, Server};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// Starts every server of this name in this process, and calls `with` with a connection to each.
///
/// The servers' threads end with the process.
fn with_each(name: &str, at_least: usize, with: impl Fn(&str, &dyn Fn() -> TcpStream)) {
    let mut found = 0;
    for Runtime {
        name: peer,
        servers,
        ..
    } in peers::all()
    {
        let Some(Server { serve, .. }) = servers.into_iter().find(|server| server.name == name)
        else {
            continue;
        };
        found += 1;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        thread::spawn(move || serve(2, listener));
        with(peer, &|| {
            let stream = TcpStream::connect(address).expect("the server listens");
            stream
                .set_read_timeout(Some(Duration::from_secs(20)))
                .expect("a TCP socket");
            stream
        });
    }
    assert!(found >= at_least, "{name} is on {found} peers only");
}

/// The status and the body of the answer to a request.
fn ask(stream: &mut TcpStream, method: &str, path: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}");
    // A GET has no body, and says nothing of one.
    let request = match method {
        "GET" => request.replace("content-length: 0\r\n", ""),
        _ => request,
    };
    stream.write_all(request.as_bytes()).expect("it listens");
    let mut answer = Vec::new();
    let head = loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("there is an answer");
        answer.push(byte[0]);
        if answer.ends_with(b"\r\n\r\n") {
            break String::from_utf8(answer).expect("a head is text");
        }
    };
    let status = head.split(' ').nth(1).expect("there is a status");
    let length = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .expect("there is a length");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("there is a body");
    let body = String::from_utf8(body).expect("the body is text");
    (status.parse().expect("a number"), body)
}

#[test]
fn echo_servers_echo() {
    with_each("echo", 4, |peer, connect| {
        let (mut one, mut other) = (connect(), connect());
        for message in ["first", "a second one", "3"] {
            for stream in [&mut one, &mut other] {
                stream.write_all(message.as_bytes()).expect("it listens");
                let mut back = vec![0; message.len()];
                stream.read_exact(&mut back).expect("it echoes");
                assert_eq!(back, message.as_bytes(), "{peer}");
            }
        }
        one.shutdown(Shutdown::Write).expect("it is connected");
        assert_eq!(one.read(&mut [0]).expect("it closes"), 0, "{peer}");
    });
}

#[test]
fn hello_servers_say_hello() {
    with_each("hello", 4, |peer, connect| {
        let mut stream = connect();
        for _ in 0..3 {
            let answer = ask(&mut stream, "GET", "/", "");
            assert_eq!(answer, (200, "Hello, World!".to_owned()), "{peer}");
        }
    });
}

#[test]
fn heavy_requests_are_answered_like_others() {
    with_each("mixed", 3, |peer, connect| {
        let mut stream = connect();
        for path in ["/", "/heavy", "/"] {
            let answer = ask(&mut stream, "GET", path, "");
            assert_eq!(answer, (200, "Hello, World!".to_owned()), "{peer}");
        }
    });
}

#[test]
fn key_value_services_keep_values() {
    with_each("key-value", 3, |peer, connect| {
        let (mut one, mut other) = (connect(), connect());
        let (status, value) = ask(&mut one, "GET", "/7", "");
        assert_eq!((status, value.len()), (200, 100), "{peer}");
        assert_eq!(ask(&mut one, "GET", "/none", "").0, 404, "{peer}");
        assert_eq!(ask(&mut one, "PUT", "/none", "new").0, 200, "{peer}");
        let read = ask(&mut other, "GET", "/none", "");
        assert_eq!(read, (200, "new".to_owned()), "{peer}");
        assert_eq!(ask(&mut other, "DELETE", "/none", "").0, 405, "{peer}");
    });
}

/// What `versus` answers when it is asked for a sample, and whether it succeeded.
fn sample(peer: &str, workload: &str, workers: usize) -> (bool, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_versus"))
        .args(["__sample", "--peer", peer, "--workload", workload])
        .args(["--workers", &workers.to_string(), "--operations", "200"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // Its end would end the sample.
    let _input = child.stdin.take();
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn every_service_workload_gives_figures() {
    for peer in peers::all() {
        for Case { workload, .. } in &peer.cases {
            // wrk takes its time, and strace may not be allowed to look.
            let own_client = !workload.name.contains("wrk") && !workload.name.contains("calls");
            if workload.group != "services" || !own_client {
                continue;
            }
            for &workers in workload.workers {
                let (success, said) = sample(peer.name, workload.name, workers);
                let name = format!("{} on {} with {workers}", workload.name, peer.name);
                assert!(success, "{name}: {said}");
                assert!(said.contains("\"quantity\""), "{name}: {said}");
            }
        }
    }
}
