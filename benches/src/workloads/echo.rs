//! TCP in one process: clients and server are tasks of the same runtime.

use crate::peer::{Network, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, TIME_PER_OPERATION, Workload};
use crate::workloads::sampling::{DEADLINE, histogram, nanoseconds_since, on_fresh};
use std::time::Instant;

/// What the workloads of this file share.
const ECHO: Workload = Workload {
    name: "",
    group: "TCP",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[1, 2, 0],
    operations: 0,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// One client.
pub static ONE_CONNECTION: Workload = Workload {
    name: "TCP echo, 1 connection",
    isolates: "A round trip of 64 bytes between two tasks: four socket calls, and two waits for readiness.",
    cannot_show: "A network, or what a server alone can take: client and server share the workers.",
    floor: Some(Floor {
        parts: &[("TCP there and back, one thread", 1.0)],
        quantity: TIME_PER_OPERATION,
    }),
    operations: 10_000,
    ..ECHO
};

/// Fifty clients.
pub static FIFTY_CONNECTIONS: Workload = Workload {
    name: "TCP echo, 50 connections",
    isolates: "Round trips of 64 bytes when there is always more to do: the socket calls, and readiness in groups.",
    cannot_show: "A network, or what a server alone can take: clients and server share the workers.",
    // Two workers share the round trips.
    floor: Some(Floor {
        parts: &[("TCP there and back, one thread", 0.5)],
        quantity: TIME_PER_OPERATION,
    }),
    operations: 30_000,
    ..ECHO
};

/// The workloads of this file.
pub fn cases<P: Network>() -> Vec<Case> {
    vec![
        Case {
            workload: &ONE_CONNECTION,
            run: echo::<P, 1>,
        },
        Case {
            workload: &FIFTY_CONNECTIONS,
            run: echo::<P, 50>,
        },
    ]
}

/// What goes there and back.
const MESSAGE: usize = 64;

fn echo<P: Network, const CONNECTIONS: u64>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, messages| {
        let each = messages.div_ceil(CONNECTIONS);
        on_worker(peer, async move {
            let (listener, address) = P::listen().await;
            let server = P::spawn(serve::<P>(listener, CONNECTIONS));
            let mut streams = Vec::new();
            for _ in 0..CONNECTIONS {
                streams.push(P::connect(address).await);
            }
            let start = Instant::now();
            let clients: Vec<_> = streams
                .into_iter()
                .map(|stream| P::spawn(exchange::<P>(stream, each)))
                .collect();
            let mut latencies = Vec::new();
            for client in clients {
                latencies.push(client.await);
            }
            let elapsed = start.elapsed();
            let bytes = each * CONNECTIONS * MESSAGE as u64;
            assert_eq!(server.await, bytes, "bytes are missing");
            Sample {
                latency: Some(histogram(latencies.concat())),
                ..Sample::time(elapsed, each * CONNECTIONS)
            }
        })
    })
}

/// Echoes on so many connections until the clients hang up; returns the bytes that came.
pub async fn serve<P: Network>(listener: P::Listener, connections: u64) -> u64 {
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let mut stream = P::accept(&listener).await;
        tasks.push(P::spawn(async move {
            let mut buffer = [0; MESSAGE];
            let mut bytes = 0;
            loop {
                let read = P::read(&mut stream, &mut buffer).await;
                if read == 0 {
                    return bytes;
                }
                bytes += read as u64;
                P::write_all(&mut stream, &buffer[..read]).await;
            }
        }));
    }
    let mut bytes = 0;
    for task in tasks {
        bytes += task.await;
    }
    bytes
}

/// So many messages there and back; returns the nanoseconds of each.
async fn exchange<P: Network>(mut stream: P::Stream, messages: u64) -> Vec<u64> {
    let mut latencies = Vec::with_capacity(messages as usize);
    let mut buffer = [0; MESSAGE];
    for message in 0..messages {
        let sent = [message as u8; MESSAGE];
        let start = Instant::now();
        P::write_all(&mut stream, &sent).await;
        let mut read = 0;
        while read < MESSAGE {
            let more = P::read(&mut stream, &mut buffer[read..]).await;
            assert!(more > 0, "the server hung up");
            read += more;
        }
        latencies.push(nanoseconds_since(start));
        assert_eq!(buffer, sent, "that is no echo");
    }
    latencies
}
