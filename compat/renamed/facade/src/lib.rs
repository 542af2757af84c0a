//! A crate that has leno, and hands it on under a name of its own.
//!
//! ```
//! #[leno_compat_facade::tokio::main]
//! async fn main() {
//!     leno_compat_facade::tokio::task::yield_now().await;
//! }
//! ```
//!
//! A simulated test does not compile without leno's feature `sim`, and this is how its attribute finds out:
//!
//! ```compile_fail
//! leno_compat_facade::tokio::__needs_sim!(sim);
//! # fn main() {}
//! ```

pub use leno as tokio;
