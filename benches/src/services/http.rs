//! Services on hyper: the hello-world, a key–value store, and a service with a few slow requests.

use super::echo::loaded;
use super::load::{Client, Load, Request, is_whole_http};
use super::servers::{KEYS, VALUE};
use super::{DEADLINE, GROUP, Named, start};
use crate::workload::{Case, Pinning, Sample, Setting, Workload};

/// How many connections the load comes on.
pub(super) const CONNECTIONS: usize = 50;

/// What the workloads on hyper share.
pub(super) const SERVICE: Workload = Workload {
    name: "",
    group: GROUP,
    isolates: "",
    cannot_show: "",
    // The bare peer's row is the floor.
    floor: None,
    workers: &[1, 2],
    operations: 20_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::Apart,
};

/// The hello-world.
pub static HELLO: Workload = Workload {
    name: "hyper hello-world",
    isolates: "Requests for thirteen bytes on 50 connections that stay open, from the harness's own client: what the runtime adds to hyper. The bare row has no hyper: its answer is canned.",
    cannot_show: "What requests that do something cost; and with two workers the client takes its share of the same two processors.",
    ..SERVICE
};

/// The key–value store.
pub static KEY_VALUE: Workload = Workload {
    name: "key-value service",
    isolates: "90 % reads and 10 % writes of 100 bytes, on 50 connections, to a map behind 16 locks: hyper with bodies in both directions, and locks that workers share.",
    cannot_show: "A store that is larger than the caches, or keys that everybody wants.",
    ..SERVICE
};

/// One in ten takes long.
pub static HEAVY: Workload = Workload {
    name: "10 % CPU-heavy requests",
    isolates: "One request in ten keeps its worker busy for 200 µs; the latencies are those of the others, which wait behind it unless another worker takes them.",
    cannot_show: "With one worker nobody can take them: that row is the cost of waiting, whatever the runtime.",
    operations: 5_000,
    ..SERVICE
};

/// The hello-world's workload.
pub(super) fn hello<N: Named>() -> Vec<Case> {
    vec![Case {
        workload: &HELLO,
        run: |setting| {
            let request = get("/", true);
            requests(N::NAME, "hello", setting, vec![request])
        },
    }]
}

/// The workloads of the other services.
pub(super) fn services<N: Named>() -> Vec<Case> {
    vec![
        Case {
            workload: &KEY_VALUE,
            run: |setting| requests(N::NAME, "key-value", setting, reads_and_writes()),
        },
        Case {
            workload: &HEAVY,
            run: |setting| {
                let mut mix = vec![get("/", true); 10];
                mix[0] = get("/heavy", false);
                requests(N::NAME, "mixed", setting, mix)
            },
        },
    ]
}

/// A request for what is at `path`.
pub(super) fn get(path: &str, counts: bool) -> Request {
    let text = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    Request {
        bytes: text.into_bytes(),
        counts,
    }
}

/// A thousand requests, every tenth of which writes.
fn reads_and_writes() -> Vec<Request> {
    // Steps through all keys without an order that the map could know: 7 has no divisor in common with their number.
    let key = |number: usize| number * 7 % KEYS;
    let requests = (0..1000).map(|number| {
        let path = format!("/{}", key(number));
        if number % 10 != 0 {
            return get(&path, true);
        }
        let head =
            format!("PUT {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {VALUE}\r\n\r\n");
        Request {
            bytes: [head.as_bytes(), &[b'v'; VALUE]].concat(),
            counts: true,
        }
    });
    requests.collect()
}

/// What the client of an HTTP service does.
pub(super) fn load(requests: Vec<Request>) -> Load {
    Load {
        requests,
        is_whole: is_whole_http,
        reconnect: false,
    }
}

fn requests(peer: &str, server: &str, setting: Setting, requests: Vec<Request>) -> Sample {
    let server = start(peer, server, setting);
    let mut client = Client::connect(server.address, CONNECTIONS, load(requests));
    let names = ("requests per second", "server CPU per request");
    loaded(&mut client, server.pid, setting.operations, names)
}
