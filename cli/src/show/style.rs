//! Colours, on a terminal whose user has not said NO_COLOR.

use std::fmt;
use std::io::{self, IsTerminal};

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Plain,
    Bold,
    Dim,
    Green,
    Yellow,
    Red,
}

impl Look {
    fn code(self) -> &'static str {
        match self {
            Look::Plain => "",
            Look::Bold => "\x1b[1m",
            Look::Dim => "\x1b[2m",
            Look::Green => "\x1b[32m",
            Look::Yellow => "\x1b[33m",
            Look::Red => "\x1b[31m",
        }
    }

    /// That of a task's state.
    pub(crate) fn of_state(state: &str) -> Self {
        match state {
            "asleep" => Look::Dim,
            "queued" => Look::Yellow,
            "running" | "polling" => Look::Green,
            "cancelled" => Look::Red,
            _ => Look::Plain,
        }
    }
}

/// Whether there are colours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    coloured: bool,
}

impl Style {
    /// As it is to be for the standard output.
    pub(crate) fn of_output() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            coloured: !refused && io::stdout().is_terminal(),
        }
    }

    #[cfg(test)]
    pub(crate) fn new(coloured: bool) -> Self {
        Self { coloured }
    }

    pub(crate) fn paint<T: fmt::Display>(self, look: Look, text: T) -> String {
        if self.coloured && look != Look::Plain {
            format!("{}{text}\x1b[0m", look.code())
        } else {
            text.to_string()
        }
    }
}

/// The columns of the terminal that is the standard output, if it is one.
pub(crate) fn columns() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}
