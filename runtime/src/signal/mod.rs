//! Signals of the operating system, as things to wait for.
//!
//! [`ctrl_c`] waits for the user to interrupt the program; [`unix`] has every signal of Unix.
//!
//! ```no_run
//! # async fn serve() {}
//! # #[leno::main]
//! # async fn main() {
//! leno::select! {
//!     () = serve() => {}
//!     result = leno::signal::ctrl_c() => {
//!         result.expect("cannot listen for Ctrl-C");
//!         println!("stopping");
//!     }
//! }
//! # }
//! ```

mod handler;
mod missed;
pub mod unix;

use crate::runtime::current::Need;
use crate::runtime::required::required;
use std::future::Future;
use std::io;
use unix::{SignalKind, signal};

/// Waits for the next Ctrl-C.
///
/// On Unix that is `SIGINT`. It listens from its first poll on; what came before is not seen, but for what comes in the
/// gap between two listeners (see [`Signal`](unix::Signal)). So for more than one Ctrl-C, keep a `Signal` instead of
/// calling this again.
///
/// From then on Ctrl-C no longer ends the program, not even after this future is gone: see
/// [`Signal`](unix::Signal).
///
/// # Errors
///
/// If the operating system refuses the handler, the pipe behind it or its registration.
///
/// # Panics
///
/// Off a runtime, or if its IO is not enabled.
///
/// # Cancel safety
///
/// Dropping the future loses data: a Ctrl-C that has come and was not told yet, and those that come before the next call.
/// Pin it outside of the loop.
#[track_caller]
pub fn ctrl_c() -> impl Future<Output = io::Result<()>> {
    required(Need::Io, async {
        signal(SignalKind::interrupt())?.recv().await;
        Ok(())
    })
}
