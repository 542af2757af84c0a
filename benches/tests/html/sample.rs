//! A record like those of a real run, made of noise: leno, tokio and smol on some forty rows.

use fastrand::Rng;
use leno_bench::html::Description;
use leno_bench::record::{Environment, FORMAT, Limit, PeerResult, Record, Row, Trouble};
use leno_bench::sim::{Comparison, Cost, Program, Search};
use leno_bench::workload::{TIME_PER_OPERATION, Unit};

const PEERS: [&str; 3] = ["leno", "tokio", "smol"];

pub(crate) const ROUNDS: usize = 15;

pub(crate) const DESCRIPTIONS: [Description<'static>; 7] = [
    Description {
        workload: "self-wake, 100 tasks",
        isolates: "The cost of one switch: wake, queue, dequeue, poll.",
        cannot_show: "What a real poll costs, nor wakes between threads.",
    },
    Description {
        workload: "yield_now, 1 task",
        isolates: "The peer's own way to let others run.",
        cannot_show: "Peers with equal promises: tokio's lets the IO driver run first.",
    },
    Description {
        workload: "ping-pong",
        isolates: "A wake from task to task.",
        cannot_show: "The runtime alone: the workload's own flags and locks are about 110 ns of it.",
    },
    Description {
        workload: "wake from outside",
        isolates: "The time from a thread's wake to the poll on an idle worker.",
        cannot_show: "More than the system's futex does: nine tenths of it are the kernel's.",
    },
    Description {
        workload: "spawn+join, batches of 1000",
        isolates: "The whole life of a task: allocation, queue, poll, join.",
        cannot_show: "A future of a real size.",
    },
    Description {
        workload: "TCP echo, 50 connections",
        isolates: "Readiness, wakes and socket calls of a small request.",
        cannot_show: "A network: both ends are on this machine.",
    },
    Description {
        workload: "hyper, hello world",
        isolates: "TCP and tasks as an HTTP/1.1 server uses them.",
        cannot_show: "A handler that does something.",
    },
];

/// (group, workload, nanoseconds of leno, tokio, smol with 1 worker, noise, floor).
type Timed = (&'static str, &'static str, [f64; 3], f64, Option<f64>);

const TIMED: [Timed; 9] = [
    (
        "task switch",
        "self-wake, 1 task",
        [15.9, 52.6, 97.9],
        0.02,
        Some(27.0),
    ),
    (
        "task switch",
        "self-wake, 100 tasks",
        [17.0, 52.6, 95.6],
        0.03,
        Some(12.0),
    ),
    (
        "task switch",
        "yield_now, 1 task",
        [16.9, 431.5, 99.3],
        0.04,
        None,
    ),
    (
        "task switch",
        "ping-pong",
        [135.5, 139.8, 264.1],
        0.05,
        None,
    ),
    (
        "spawning",
        "spawn+join, batches of 1000",
        [138.2, 318.1, 194.3],
        0.05,
        Some(60.0),
    ),
    (
        "spawning",
        "spawn+join, one at a time",
        [106.7, 255.7, 312.1],
        0.03,
        Some(60.0),
    ),
    (
        "timers",
        "sleep 1 ms, 1000 tasks",
        [410.0, 395.0, 1_900.0],
        0.02,
        None,
    ),
    (
        "channels",
        "bounded, 1 to 1",
        [61.0, 75.0, 88.0],
        0.04,
        None,
    ),
    (
        "channels",
        "mutex, 8 tasks",
        [92.0, 93.0, 140.0],
        0.12,
        None,
    ),
];

fn samples(random: &mut Rng, middle: f64, noise: f64, drift: &[f64]) -> Vec<Option<f64>> {
    drift
        .iter()
        .map(|drift| Some(middle * drift * (1.0 + noise * (random.f64() * 2.0 - 1.0))))
        .collect()
}

/// How the machine's speed changes from round to round, for all peers.
fn drift(random: &mut Rng) -> Vec<f64> {
    (0..ROUNDS).map(|_| 1.0 + 0.1 * random.f64()).collect()
}

pub(crate) fn result(peer: &str, samples: Vec<Option<f64>>) -> PeerResult {
    PeerResult {
        peer: peer.to_owned(),
        samples,
        histogram: Vec::new(),
        trouble: None,
    }
}

fn row(names: [&str; 3], workers: usize, unit: Unit, results: Vec<PeerResult>) -> Row {
    Row {
        group: names[0].to_owned(),
        workload: names[1].to_owned(),
        workers,
        quantity: names[2].to_owned(),
        unit,
        floor: None,
        results,
    }
}

fn results(random: &mut Rng, middles: [f64; 3], noise: f64) -> Vec<PeerResult> {
    let drift = drift(random);
    PEERS
        .iter()
        .zip(middles)
        .map(|(peer, middle)| result(peer, samples(random, middle, noise, &drift)))
        .collect()
}

fn timed(random: &mut Rng, rows: &mut Vec<Row>) {
    for (group, workload, middles, noise, floor) in TIMED {
        for (workers, factors) in [
            (1, [1.0, 1.0, 1.0]),
            (2, [0.8, 0.85, 1.9]),
            (0, [0.95, 0.8, 0.93]),
        ] {
            let mut place = 0;
            let middles = middles.map(|middle| {
                place += 1;
                middle * factors[place - 1]
            });
            let results = results(random, middles, noise);
            rows.push(Row {
                floor,
                ..row(
                    [group, workload, TIME_PER_OPERATION],
                    workers,
                    Unit::Nanoseconds,
                    results,
                )
            });
        }
    }
}

/// Mostly near `middle`, with a tail of preempted ones.
fn histogram(random: &mut Rng, middle: f64, tail: f64) -> Vec<(u64, u64)> {
    let mut values: Vec<u64> = (0..30_000)
        .map(|_| {
            let bell: f64 = (0..6).map(|_| random.f64()).sum::<f64>() - 3.0;
            let slow = if random.f64() < 0.004 {
                tail * random.f64().powi(4)
            } else {
                0.0
            };
            let value = middle * (bell * 0.25).exp() * (1.0 + slow);
            // The resolution of a histogram with two digits.
            let step = 10_f64.powf(value.log10().floor() - 1.0);
            ((value / step).round() * step) as u64
        })
        .collect();
    values.sort_unstable();
    let bins = values.chunk_by(|one, other| one == other);
    bins.map(|bin| (bin[0], bin.len() as u64)).collect()
}

fn latencies(random: &mut Rng, rows: &mut Vec<Row>) {
    for (workers, middles, tail) in [
        (1, [24_300.0, 24_200.0, 23_800.0], [60.0, 90.0, 70.0]),
        (2, [26_300.0, 28_300.0, 52_800.0], [80.0, 240.0, 300.0]),
    ] {
        let names = ["wakes", "wake from outside", ""];
        for (quantity, factor, noise) in [
            ("p50 latency", 1.0, 0.06),
            ("p99 latency", 1.9, 0.1),
            ("p99.9 latency", 6.0, 0.6),
        ] {
            let mut results = results(random, middles.map(|middle| middle * factor), noise);
            if quantity == "p50 latency" {
                for ((result, middle), tail) in results.iter_mut().zip(middles).zip(tail) {
                    result.histogram = histogram(random, middle, tail);
                }
            }
            let floor = (quantity == "p50 latency").then_some(20_000.0);
            rows.push(Row {
                floor,
                ..row(
                    [names[0], names[1], quantity],
                    workers,
                    Unit::Nanoseconds,
                    results,
                )
            });
        }
    }
}

fn services(random: &mut Rng, rows: &mut Vec<Row>) {
    for (workers, rates, peaks) in [
        (
            1,
            [93_800.0, 92_400.0, 86_000.0],
            [620_000.0, 660_000.0, 900_000.0],
        ),
        (
            2,
            [163_000.0, 168_000.0, 131_000.0],
            [410_000.0, 400_000.0, 700_000.0],
        ),
    ] {
        let echo = |quantity| ["TCP echo", "TCP echo, 50 connections", quantity];
        rows.push(row(
            echo("requests"),
            workers,
            Unit::PerSecond,
            results(random, rates, 0.015),
        ));
        let mut latency = results(random, peaks, 0.05);
        for (result, middle) in latency.iter_mut().zip(peaks) {
            result.histogram = histogram(random, middle, 40.0);
        }
        rows.push(row(
            echo("p50 latency"),
            workers,
            Unit::Nanoseconds,
            latency,
        ));
        rows.push(row(
            echo("processor time per request"),
            workers,
            Unit::Nanoseconds,
            results(random, [10_600.0, 10_900.0, 11_700.0], 0.03),
        ));
    }
    let hyper = ["hyper", "hyper, hello world", "requests"];
    let mut served = results(random, [71_000.0, 66_000.0, 0.0], 0.02);
    served[2] = troubled("smol", Trouble::NotOffered);
    rows.push(row(hyper, 1, Unit::PerSecond, served));
    let mut late = results(random, [131_000.0, 128_000.0, 0.0], 0.02);
    late[0] = troubled("leno", Trouble::Deadline(10));
    late[2] = troubled("smol", Trouble::NotOffered);
    rows.push(row(hyper, 2, Unit::PerSecond, late));
    let mut tool = results(random, [1.0, 1.0, 1.0], 0.02);
    tool[0] = troubled("leno", Trouble::NotInstalled("wrk".to_owned()));
    tool[1] = troubled(
        "tokio",
        Trouble::Failed("thread 'main' panicked: <accept> & \"close\"".to_owned()),
    );
    tool[2].trouble = Some(Trouble::Deadline(10));
    tool[2].samples.truncate(4);
    rows.push(row(
        ["hyper", "hyper, pipelined", "requests"],
        1,
        Unit::PerSecond,
        tool,
    ));
}

pub(crate) fn troubled(peer: &str, trouble: Trouble) -> PeerResult {
    PeerResult {
        trouble: Some(trouble),
        ..result(peer, vec![None; ROUNDS])
    }
}

pub(crate) fn record() -> Record {
    let random = &mut Rng::with_seed(11);
    let mut rows = Vec::new();
    timed(random, &mut rows);
    latencies(random, &mut rows);
    services(random, &mut rows);
    let memory = results(random, [88.0, 128.0, 80.8], 0.0);
    let names = ["memory", "idle task", "bytes per task"];
    rows.push(row(names, 1, Unit::Bytes, memory));
    Record {
        format: FORMAT,
        environment: environment(),
        rounds: ROUNDS as u32,
        quick: false,
        interrupted: false,
        limits: limits(),
        rows,
        sim: Some(simulations()),
        build: Vec::new(),
    }
}

fn simulations() -> Comparison {
    let search = |strategy: &str, runs: std::ops::RangeInclusive<u64>, shrunk| Search {
        strategy: strategy.to_owned(),
        runs: runs.collect(),
        starts: 100,
        rate: 123_456.7,
        shrunk,
    };
    Comparison {
        starts: 100,
        most: 20_000,
        costs: vec![Cost {
            what: "a run & its end".to_owned(),
            leno: 2_500.0,
            shuttle: 10_000.0,
        }],
        programs: vec![Program {
            name: "dining_3".to_owned(),
            searches: vec![
                search("leno, walk(1/2)", 1..=100, Some(2)),
                search("shuttle, random", 1..=60, None),
            ],
        }],
    }
}

fn limits() -> Vec<Limit> {
    [
        ("atomic read-modify-write", 7.1),
        ("deque push and pop", 13.2),
        ("allocation and release of 128 bytes", 15.0),
        ("system call", 85.0),
        ("wake of a thread on another processor", 20_400.0),
    ]
    .map(|(name, nanoseconds)| Limit {
        name: name.to_owned(),
        nanoseconds,
    })
    .into()
}

fn environment() -> Environment {
    let versions = [
        ("leno", "0.1.0"),
        ("tokio", "1.54.1"),
        ("smol", "2.0.2"),
        ("hyper", "1.12.0"),
    ];
    Environment {
        started: 1_790_000_000,
        processor: "Intel Xeon Processor (Cascadelake), virtual".to_owned(),
        processors: 2,
        memory: 25 << 30,
        system: "Debian GNU/Linux 12 (bookworm), Linux 6.18.44".to_owned(),
        governor: "unknown".to_owned(),
        compiler: "rustc 1.95.0 (59807616e 2026-04-14)".to_owned(),
        flags: "opt-level 3, target x86_64-unknown-linux-gnu, features fxsr sse sse2, no RUSTFLAGS"
            .to_owned(),
        commit: "cf71c9d06b1e+".to_owned(),
        versions: versions
            .map(|(name, version)| (name.to_owned(), version.to_owned()))
            .into(),
    }
}
