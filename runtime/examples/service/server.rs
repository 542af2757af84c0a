//! Accepting connections, and letting go of them on SIGTERM without dropping a request.
//!
//! Stopping, in order:
//! 1. Connections that clients have opened but the loop has not yet accepted are accepted now, and the
//!    listener is closed. From here on every answer says `Connection: close`.
//! 2. Connections that rest, before a request or between two, get [`LAST_CALL`]: a request that is already on its way is
//!    still answered. Then they are closed, and the others after the answer they are at.
//! 3. When the last has gone: done. The rest is cut off when [`Limits::drain_timeout`] is over, or by a second signal.
//!
//! The connections are tasks of a `supervise`, in a scope that has a deadline from the signal to stop on: so none of them is
//! there any more when [`run`] returns, however it does.

use crate::api::Api;
use crate::report;
use crate::slow_reader::Hurried;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use leno::hyper::LenoTimer;
use leno::net::{TcpListener, TcpStream};
use leno::signal::unix::{Signal, SignalKind, signal};
use leno::sync::watch;
use leno::task::{self, ReasonKind, Scope, Supervisor};
use leno::time::{Instant, sleep, timeout};
use std::convert::Infallible;
use std::future::pending;
use std::io::{self, ErrorKind, Write};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long a resting connection is kept after the signal to stop.
const LAST_CALL: Duration = Duration::from_millis(100);
/// How long to wait when there are no file descriptors or no memory for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often to complain about it.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(60);

/// What is in a request's head at most: beyond it the answer is 431.
const MAX_HEADERS: usize = 64;
const MAX_HEAD_BYTES: usize = 64 * 1024;

pub struct Limits {
    pub header_read_timeout: Duration,
    pub response_timeout: Duration,
    pub drain_timeout: Duration,
}

/// Serves until a signal to stop, and until the accepted requests are answered.
pub async fn run(listener: TcpListener, api: Arc<Api>, limits: Limits) -> io::Result<()> {
    let mut signals = Signals {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    let mut http = http1::Builder::new();
    http.timer(LenoTimer::new())
        .header_read_timeout(limits.header_read_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    let server = Server {
        http,
        header_read_timeout: limits.header_read_timeout,
        response_timeout: limits.response_timeout,
        api,
        closing: watch::Sender::new(false),
        unfinished: Arc::default(),
    };
    // Signals are taken from here on, so this line is also the promise to stop gracefully.
    let address = listener.local_addr()?;
    let _ = writeln!(io::stdout(), "listening on http://{address}");

    let scope = Scope::new();
    let limit = scope.handle();
    let served = scope.run(task::supervise(async |connections| {
        leno::select! {
            () = signals.next() => {}
            never = server.accept(&listener, connections) => match never {},
        }
        limit.set_deadline(Instant::now() + limits.drain_timeout);
        leno::select! {
            drained = server.drain(listener, connections) => drained,
            () = signals.next() => {
                limit.cancel("there was a second signal");
                // All of this is dropped here, and the connections with it.
                pending().await
            }
        }
    }));
    match served.await {
        Ok(drained) => drained,
        Err(cancelled) => {
            let count = server.unfinished.load(Ordering::Relaxed);
            let reason = cancelled.reason();
            let why = match reason.kind() {
                ReasonKind::Deadline => "--drain-timeout is over",
                _ => reason.text().unwrap_or_default(),
            };
            report(format_args!(
                "connections that were cut off: {count}; {why}"
            ));
            Ok(())
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    async fn next(&mut self) {
        leno::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

struct Server {
    http: http1::Builder,
    header_read_timeout: Duration,
    response_timeout: Duration,
    api: Arc<Api>,
    /// Tells the connections to close; each holds a receiver as long as it is open.
    closing: watch::Sender<bool>,
    /// How many connections there are, and then how many were cut off.
    unfinished: Arc<AtomicUsize>,
}

impl Server {
    /// Accepts for as long as it is let.
    async fn accept(&self, listener: &TcpListener, connections: &Supervisor) -> Infallible {
        let mut complaint = Complaint::default();
        loop {
            match listener.accept().await {
                Ok((stream, _)) => self.serve(stream, connections),
                Err(error) => complaint.pause(&error).await,
            }
        }
    }

    fn serve(&self, stream: TcpStream, connections: &Supervisor) {
        // An answer is written at once: holding it back for more data could only delay it.
        let _ = stream.set_nodelay(true);
        let mut closing = self.closing.subscribe();
        let api = self.api.clone();
        let answer = service_fn(move |request| {
            let api = api.clone();
            async move { Ok::<_, Infallible>(api.answer(request).await) }
        });
        let http = self.http.clone();
        let patience = self.header_read_timeout;
        let response_timeout = self.response_timeout;
        let connection = async move {
            // Until the first byte there is no request: such a connection may be closed at any time.
            leno::select! {
                spoken = timeout(patience, stream.readable()) => match spoken {
                    Ok(Ok(())) => {}
                    _ => return,
                },
                _ = closing.wait_for(|closing| *closing) => return,
            }
            let stream = Hurried::new(stream, response_timeout);
            let mut connection = pin!(http.serve_connection(stream, answer));
            // What ends a connection early (a reset, a bad request, a timeout) is its client's affair.
            leno::select! {
                _ = connection.as_mut() => return,
                _ = closing.wait_for(|closing| *closing) => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        };
        let unfinished = self.unfinished.clone();
        unfinished.fetch_add(1, Ordering::Relaxed);
        connections.spawn_and_report(async move {
            connection.await;
            unfinished.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Accepts what is waiting, closes the listener, and waits until all connections are done.
    async fn drain(&self, listener: TcpListener, connections: &Supervisor) -> io::Result<()> {
        let listener = listener.into_std()?;
        self.api.drain();
        leno::join!(self.accept_backlog(listener, connections), async {
            sleep(LAST_CALL).await;
            self.closing.send_replace(true);
        });
        self.closing.closed().await;
        Ok(())
    }

    /// Accepts until the kernel says that nobody is waiting, which it is asked itself.
    async fn accept_backlog(&self, listener: std::net::TcpListener, connections: &Supervisor) {
        let mut complaint = Complaint::default();
        loop {
            match listener.accept().and_then(|(stream, _)| adopt(stream)) {
                Ok(stream) => self.serve(stream, connections),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // No descriptor is free now, but the connections that are closing will leave theirs.
                Err(error) => complaint.pause(&error).await,
            }
        }
    }
}

fn adopt(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}

/// What to do when accepting fails: say so once in a while, and never spin.
#[derive(Default)]
struct Complaint {
    last: Option<Instant>,
}

impl Complaint {
    async fn pause(&mut self, error: &io::Error) {
        use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
        // A client that has changed its mind takes nothing from the next one.
        if matches!(
            error.kind(),
            ConnectionAborted | ConnectionReset | Interrupted
        ) {
            return;
        }
        if self
            .last
            .is_none_or(|last| last.elapsed() >= COMPLAINT_INTERVAL)
        {
            self.last = Some(Instant::now());
            report(format_args!(
                "cannot accept connections: {error}; still trying"
            ));
        }
        sleep(ACCEPT_PAUSE).await;
    }
}
