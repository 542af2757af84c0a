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
//! - `options` — what it can be told;
//! - `server` — accepting connections, and letting go of them on SIGTERM without dropping a request;
//! - `slow_reader` — a limit on the time that a client may take to read an answer;
//! - `api` — what the requests mean, and the limits set on them;
//! - `store` — the map, and the thread that makes its changes durable;
//! - `record` — how the data file is written: one change a line, with a checksum;
//! - `opening` — opening it: whose it is, that nobody else has it, and what it holds;
//! - `journal` — appending to it;
//! - `compaction` — writing it anew without its garbage.

mod api;
mod compaction;
mod journal;
mod opening;
mod options;
mod record;
mod server;
mod slow_reader;
mod store;

use clap::Parser;
use clap::error::ErrorKind;
use leno::diagnostics::Diagnostics;
use leno::net::TcpListener;
use leno::runtime::{Builder, Runtime};
use options::Options;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

fn main() -> ExitCode {
    match read_options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            report(message);
            ExitCode::FAILURE
        }
    }
}

/// The options; what is wrong with them is said in one line, without the hints that clap has below it.
fn read_options() -> Result<Options, String> {
    Options::try_parse().map_err(|error| {
        if matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        ) {
            error.exit();
        }
        let text = error.to_string();
        let mut lines = text.lines();
        let mut line = lines.next().unwrap_or_default().to_owned();
        if error.kind() == ErrorKind::MissingRequiredArgument {
            // Which they are stands below, one a line, up to an empty one.
            for argument in lines.take_while(|line| !line.is_empty()) {
                line.push(' ');
                line.push_str(argument.trim());
            }
        }
        let line = line.strip_prefix("error: ").unwrap_or(&line);
        format!("{line} (--help tells what there is)")
    })
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
        options.metrics.then(|| runtime.metrics()),
    ));
    let limits = server::Limits {
        header_read_timeout: options.request_timeout,
        response_timeout: options.response_timeout,
        drain_timeout: options.drain_timeout,
    };
    // The server runs as a task, so that connections are spawned from a worker and not from outside.
    let server = runtime.spawn(server::run(listener, api, limits));
    let outcome = runtime.block_on(server);

    // No connection has outlived the server, and so nobody can send a change any more: the writer stores those it was sent,
    // and ends. (If the server has panicked, the runtime's end ends what it has left.)
    drop(runtime);
    if let Some(writer) = writer {
        writer
            .join()
            .map_err(|_| "the journal's writer panicked".to_string())?;
    }
    outcome
        .map_err(|error| format!("the server failed: {error}"))?
        .map_err(|error| format!("cannot serve: {error}"))
}

fn start_runtime(options: &Options) -> std::io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if let Some(workers) = options.workers {
        builder.worker_threads(workers);
    }
    // What a service wants to be told of. To look for slow polls takes some stores for each; the rest costs nothing while all
    // goes well. `leno ps` can ask it, too.
    let diagnostics = Diagnostics::default()
        .lost_failures(true)
        .slow_polls(Duration::from_secs(1))
        .stacks(true)
        .long_waits(Duration::from_secs(5))
        .socket(true);
    builder.enable_all().diagnostics(diagnostics).build()
}

fn open_store(options: &Options) -> Result<(store::Store, Option<store::Writer>), String> {
    let Some(path) = &options.data else {
        return Ok((store::Store::in_memory(), None));
    };
    let (journal, map) = opening::open(path, options.sync)
        .map_err(|error| format!("cannot use {}: {error}", path.display()))?;
    let (store, writer) = store::Store::journaled(map, journal)
        .map_err(|error| format!("cannot start the journal's writer: {error}"))?;
    Ok((store, Some(writer)))
}

/// Says one line to whoever runs the service.
fn report(message: impl Display) {
    // `eprintln!` would panic if nobody can read it any more.
    let _ = writeln!(std::io::stderr(), "service: {message}");
}
