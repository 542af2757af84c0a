//! A JSON key–value store over HTTP/1.1, on leno and hyper.
//!
//! ```text
//! cargo run --release --example service -- --data store.log
//! curl -X PUT  http://127.0.0.1:8080/v1/keys/greeting -d '{"text":"hello"}'
//! curl         http://127.0.0.1:8080/v1/keys/greeting
//! curl         'http://127.0.0.1:8080/v1/keys?prefix=gre&limit=10'
//! curl -X DELETE http://127.0.0.1:8080/v1/keys/greeting
//! ```
//!
//! - `api` — what the requests mean, and the limits set on them;
//! - `store` — the map, and the thread that makes its changes durable;
//! - `journal` — the data file: one checksummed record a line;
//! - `server` — accepting connections, and letting go of them on SIGTERM without dropping a request.

mod api;
mod journal;
mod server;
mod store;

use clap::Parser;
use leno::net::TcpListener;
use leno::runtime::{Builder, Runtime};
use std::fmt::Display;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// A JSON key-value store over HTTP/1.1.
///
/// SIGTERM and Ctrl-C stop it gracefully: every accepted request is answered, then it exits with 0.
/// A second signal, or the end of --drain-timeout, cuts off what is left, which is reported on stderr.
#[derive(Parser, Debug)]
struct Options {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: String,

    /// Number of worker threads [default: one per core]
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,

    /// Keep the data in this file, for one process at a time [default: in memory only]
    ///
    /// Without --sync, what was answered with 2xx has been given to the operating system: it
    /// survives the end of this process, also by kill -9, but not a power failure.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// Answer changes only when they are on the disk, so that they survive a power failure too
    #[arg(long, requires = "data")]
    sync: bool,

    /// Largest accepted request body, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    max_body: usize,

    /// How long a client may take to send a request, and a change to be stored (10s, 500ms)
    ///
    /// A late body is answered with 408 and a late store with 503: that change may still be made.
    /// Connections without a request for this long are closed.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    request_timeout: Duration,

    /// How long to wait for accepted requests when told to stop
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    drain_timeout: Duration,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            report(message);
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let runtime =
        start_runtime(options).map_err(|error| format!("cannot start the runtime: {error}"))?;
    // The address comes first: a second service on it must fail before it touches the data file.
    let listener = runtime
        .block_on(TcpListener::bind(&options.listen))
        .map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let (store, writer) = open_store(options)?;

    let api = Arc::new(api::Api::new(
        store,
        options.max_body,
        options.request_timeout,
    ));
    let limits = server::Limits {
        header_read_timeout: options.request_timeout,
        drain_timeout: options.drain_timeout,
    };
    // The server runs as a task, so that connections are spawned from a worker and not from outside.
    let server = runtime.spawn(server::run(listener, api, limits));
    let outcome = runtime.block_on(server);

    // Dropping the runtime drops what was cut off, and with it the last way to send a change: the
    // writer stores those it was sent, and ends.
    drop(runtime);
    if let Some(writer) = writer {
        writer
            .join()
            .map_err(|_| "the journal's writer panicked".to_string())?;
    }
    outcome
        .map_err(|error| format!("the server failed: {error}"))?
        .map_err(|error| error.to_string())
}

fn start_runtime(options: &Options) -> std::io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if let Some(workers) = options.workers {
        builder.worker_threads(workers.get());
    }
    builder.enable_all().build()
}

fn open_store(options: &Options) -> Result<(store::Store, Option<store::Writer>), String> {
    let Some(path) = &options.data else {
        return Ok((store::Store::in_memory(), None));
    };
    let opened = journal::open(path, options.sync)
        .map_err(|error| format!("cannot use {}: {error}", path.display()))?;
    if let Some(torn) = opened.torn {
        report(format_args!("{}: {torn}", path.display()));
    }
    let (store, writer) = store::Store::journaled(opened.map, opened.journal)
        .map_err(|error| format!("cannot start the journal's writer: {error}"))?;
    Ok((store, Some(writer)))
}

/// Says one line to whoever runs the service.
fn report(message: impl Display) {
    // `eprintln!` would panic if nobody can read it any more.
    let _ = writeln!(std::io::stderr(), "service: {message}");
}

/// Reads `10`, `10s` and `500ms`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 0.001),
        (None, Some(number)) => (number, 1.0),
        (None, None) => (text, 1.0),
    };
    let seconds = number.parse::<f64>().map_err(|error| error.to_string())? * unit;
    if !(0.001..=86_400.0).contains(&seconds) {
        return Err("must be between 1ms and 86400s".to_string());
    }
    Ok(Duration::from_secs_f64(seconds))
}
