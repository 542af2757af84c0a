//! What the service can be told, and how it is written.

use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;

/// More worker threads than this help nobody.
const MAX_WORKERS: usize = 1024;
const MAX_BODY: f64 = 1e12;
const DAY: f64 = 86_400.0;

/// A JSON key-value store over HTTP/1.1.
///
/// SIGTERM and Ctrl-C stop it gracefully: every accepted request is answered, then it exits with 0.
/// A second signal, or the end of --drain-timeout, cuts off what is left, which is reported on stderr.
/// What it cannot start with is told in one line on stderr, and it exits with 1.
///
/// A SIZE is a number of bytes or has a unit: kB, MB, GB (powers of 1000), KiB, MiB, GiB (powers of 1024).
/// A TIME is a number of seconds or has units: ms, s, m, h, d. So 1MB, 64KiB, 250ms, 5m, 1h30m.
#[derive(Parser, Debug)]
#[command(verbatim_doc_comment)]
pub struct Options {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: String,

    /// Number of worker threads, 1 to 1024 [default: one per core]
    #[arg(long, value_name = "N", value_parser = parse_workers)]
    pub workers: Option<usize>,

    /// Keep the data in this file, for one process at a time [default: in memory only]
    ///
    /// The file is made if there is none. One that is there must begin with the line that this service
    /// writes first (an empty one may get it): nothing else is touched. The file is locked while it is in use, and a
    /// second service on it does not start. Symbolic links are followed.
    ///
    /// Each change is a line with a checksum. A last line without an end is from a process that was killed
    /// amid a write, and was never answered with 2xx: it is cut off, and kept in FILE.torn-1 (or -2, and so
    /// on). Any other damage keeps the service from starting and changes nothing; the message says where it is and
    /// how to go on.
    ///
    /// When more than half of the file, and 1 MiB, has been replaced or deleted, it is written anew in
    /// FILE.compacting, which then takes its place. Changes and reads go on meanwhile.
    ///
    /// A change that cannot be written, to a full disk for one, is answered with 500 and leaves no trace; the
    /// service goes on.
    ///
    /// Without --sync, what was answered with 2xx has been given to the operating system: it
    /// survives the end of this process, also by kill -9, but not a power failure.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,

    /// Answer changes only when they are on the disk, so that they survive a power failure too
    ///
    /// If the disk fails to keep what it was given, every change from then on is answered with 500, until the
    /// service is started again.
    #[arg(long, requires = "data")]
    pub sync: bool,

    /// Largest accepted request body
    #[arg(long, value_name = "SIZE", default_value = "1MiB", value_parser = parse_size)]
    pub max_body: usize,

    /// How long a client may take to send a request, and a change to be stored
    ///
    /// A late body is answered with 408 and a late store with 503: that change may still be made.
    /// Connections without a request for this long are closed.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_time)]
    pub request_timeout: Duration,

    /// How long a client may take to read an answer
    ///
    /// The time begins when the client lets an answer wait; at its end the connection is closed.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_time)]
    pub response_timeout: Duration,

    /// How long to wait for accepted requests when told to stop
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_time)]
    pub drain_timeout: Duration,

    /// Tells under `GET /metrics` what the runtime counts, in the text format of Prometheus.
    #[arg(long)]
    pub metrics: bool,
}

fn parse_workers(text: &str) -> Result<usize, String> {
    let number = text.parse().ok();
    number
        .filter(|number| (1..=MAX_WORKERS).contains(number))
        .ok_or_else(|| format!("it is a number from 1 to {MAX_WORKERS}"))
}

fn parse_size(text: &str) -> Result<usize, String> {
    let units = [
        ("B", 1.0),
        ("kB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("KiB", 1024.0),
        ("MiB", 1024.0 * 1024.0),
        ("GiB", 1024.0 * 1024.0 * 1024.0),
    ];
    parse_quantity(text, &units)
        .filter(|bytes| (1.0..=MAX_BODY).contains(bytes))
        .map(|bytes| bytes as usize)
        .ok_or_else(|| "it is a size from 1 byte to 1000GB, such as 4096, 64KiB or 1MB".to_string())
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let units = [
        ("ms", 0.001),
        ("s", 1.0),
        ("m", 60.0),
        ("min", 60.0),
        ("h", 3600.0),
        ("d", DAY),
    ];
    parse_quantity(text, &units)
        .filter(|seconds| (0.001..=DAY).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "it is a time from 1ms to 1d, such as 250ms, 30s, 5m or 1h30m".to_string())
}

/// The number, or the sum of numbers with units; upper and lower case are the same, and so is a space before a unit.
fn parse_quantity(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let mut rest = text.trim();
    if rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return rest.parse().ok();
    }
    let mut sum = 0.0;
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(unit);
        let next = behind.find(|c: char| c.is_ascii_digit());
        let (unit, behind) = behind.split_at(next.unwrap_or(behind.len()));
        let named = |(name, _): &&(&str, f64)| name.eq_ignore_ascii_case(unit.trim());
        let (_, factor) = units.iter().find(named)?;
        sum += number.parse::<f64>().ok()? * factor;
        rest = behind;
    }
    Some(sum)
}
