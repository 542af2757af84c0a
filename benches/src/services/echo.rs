//! The echo server, and what it does with connections that come and go.

use super::load::{Client, Load, Request};
use super::process_figures::processor_time;
use super::{DEADLINE, GROUP, Named, start};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, Unit, Workload};
use crate::workloads::sampling::warm_up;

/// What goes there and back.
pub(super) const MESSAGE: usize = 64;

const PER_MESSAGE: &str = "server CPU per message";

/// What the workloads of this file share.
const ECHO: Workload = Workload {
    name: "",
    group: GROUP,
    isolates: "",
    cannot_show: "",
    // The server's half: a read and a write.
    floor: Some(Floor {
        parts: &[("TCP there and back, one thread", 0.5)],
        quantity: PER_MESSAGE,
    }),
    workers: &[1, 2],
    operations: 20_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::Apart,
};

/// A busy echo server.
pub static MANY: Workload = Workload {
    name: "echo server, 50 connections",
    isolates: "64 bytes there and back on 50 connections at once, server and client in processes of their own: readiness, wakes and the socket calls of a server that is kept busy. With one worker the server has a processor to itself; with two, nothing is pinned.",
    cannot_show: "More than nine tenths are the system's; with two workers the client takes its share of the same two processors.",
    ..ECHO
};

/// An echo server that waits for each message.
pub static ONE: Workload = Workload {
    name: "echo server, 1 connection",
    isolates: "The round trip of 64 bytes to a server that sleeps in between: its wake from the system, and its way back to sleep.",
    cannot_show: "How long the system takes to wake a halted processor is most of the latency, and not the runtime's.",
    workers: &[1],
    operations: 5_000,
    ..ECHO
};

/// Connections for one message.
pub static CHURN: Workload = Workload {
    name: "connection churn",
    isolates: "Connections that are made, carry 64 bytes there and back and are closed, 50 at a time: accepting, registering, spawning and closing.",
    cannot_show: "Most of it is the system's handshake; and it is short, since each connection keeps a port for a minute.",
    floor: None,
    // Each leaves a port behind that is of no use for a minute.
    operations: 5_000,
    ..ECHO
};

/// The workloads of this file.
pub(super) fn cases<N: Named>() -> Vec<Case> {
    vec![
        Case {
            workload: &MANY,
            run: |setting| messages(N::NAME, 50, setting),
        },
        Case {
            workload: &ONE,
            run: |setting| messages(N::NAME, 1, setting),
        },
        Case {
            workload: &CHURN,
            run: |setting| churn(N::NAME, setting),
        },
    ]
}

/// A message that is to come back.
pub(super) fn load(reconnect: bool) -> Load {
    Load {
        requests: vec![Request {
            bytes: vec![1; MESSAGE],
            counts: true,
        }],
        is_whole: |answer| {
            assert!(answer.len() <= MESSAGE, "more came back than was sent");
            assert!(answer.iter().all(|byte| *byte == 1), "another came back");
            answer.len() == MESSAGE
        },
        reconnect,
    }
}

fn messages(peer: &str, connections: usize, setting: Setting) -> Sample {
    let server = start(peer, "echo", setting);
    let mut client = Client::connect(server.address, connections, load(false));
    let names = ("messages per second", PER_MESSAGE);
    loaded(&mut client, server.pid, setting.operations, names)
}

fn churn(peer: &str, setting: Setting) -> Sample {
    let server = start(peer, "echo", setting);
    let mut client = Client::connect(server.address, 50, load(true));
    let names = ("connections per second", "server CPU per connection");
    loaded(&mut client, server.pid, setting.operations, names)
}

/// A load after a warm-up: throughput, the server's processor time, latencies.
pub(super) fn loaded(
    client: &mut Client,
    pid: u32,
    operations: u64,
    (throughput, processor): (&'static str, &'static str),
) -> Sample {
    client.run(warm_up(operations));
    let before = processor_time(pid);
    let outcome = client.run(operations);
    let after = processor_time(pid);
    let sample = Sample::latency(outcome.latency).with(
        throughput,
        Unit::PerSecond,
        operations as f64 / outcome.elapsed.as_secs_f64(),
    );
    let (Some(before), Some(after)) = (before, after) else {
        return sample;
    };
    let used = after.saturating_sub(before).as_nanos() as f64;
    sample.with(processor, Unit::Nanoseconds, used / operations as f64)
}
