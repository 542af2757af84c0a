//! A crate that has leno, and hands it on under a name of its own.
//!
//! ```
//! #[leno_compat_facade::tokio::main]
//! async fn main() {
//!     leno_compat_facade::tokio::task::yield_now().await;
//! }
//! ```

pub use leno as tokio;
