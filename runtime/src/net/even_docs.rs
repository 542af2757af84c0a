//! Documentation that is put together of lines of several macros.
//!
//! rustdoc takes the space in front off lines that are comments where it finds them. Lines that were handed to a macro are
//! attributes by then, and keep it, as long as there are comments beside them: an example would be indented here and there. So
//! the macros whose examples are of both kinds hand all that they make through one more macro, and all are attributes.

/// Its input, whose comments are attributes now.
macro_rules! even_docs {
    ($($input:tt)*) => { $($input)* };
}

pub(super) use even_docs;
