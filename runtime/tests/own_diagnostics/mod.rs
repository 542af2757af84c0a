//! For tests that say themselves what is looked for.

use std::sync::Once;

/// Makes sure that the environment of this process says nothing of it, whatever whoever runs the tests has set: it would have
/// the last word. Before the first runtime.
pub fn only() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for variable in ["LENO_DEBUG", "LENO_DIAGNOSTICS"] {
            // SAFETY: here all code that reads the environment is Rust's, by std, which takes a lock for that.
            unsafe { std::env::remove_var(variable) };
        }
    });
}
