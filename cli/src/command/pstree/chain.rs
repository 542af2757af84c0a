//! A chain of calls, on one line.

use crate::answer::Frame;

/// The calls from the outside in, to the first of leno's own: how that waits is the same in every program.
pub(super) fn chain(stack: &[Frame]) -> String {
    // What leno wraps around a future is outside of it, with what it uses for that of the standard library.
    let is_around = |frame: &&Frame| {
        let function = frame.function.as_deref();
        function.is_some_and(|function| is_lenos(function) || is_standard(function))
    };
    let around = stack.iter().rev().take_while(is_around).count();
    let around = if around == stack.len() { 0 } else { around };
    let mut calls = Vec::new();
    for frame in stack.iter().rev().skip(around) {
        let Some(function) = frame.function.as_deref() else {
            calls.push(frame.text.clone());
            continue;
        };
        if is_lenos(function) {
            calls.push(short(function));
            break;
        }
        calls.push(match (&frame.file, frame.line) {
            (Some(file), Some(line)) => format!("{} {}:{line}", short(function), last_part(file)),
            _ => short(function),
        });
    }
    calls.join(" → ")
}

fn is_lenos(function: &str) -> bool {
    function.trim_start_matches('<').starts_with("leno::")
}

fn is_standard(function: &str) -> bool {
    let function = function.trim_start_matches('<');
    ["core::", "alloc::", "std::"]
        .iter()
        .any(|root| function.starts_with(root))
}

/// The last two parts of a function's path: `<a::b::Type<T> as c::Trait>::poll::{{closure}}` is `Type::poll`.
fn short(function: &str) -> String {
    let (of_type, rest) = match function.strip_prefix('<').and_then(split_at_end) {
        Some((of_type, rest)) => (parts(of_type.split(" as ").next().unwrap_or(of_type)), rest),
        None => (Vec::new(), function),
    };
    let mut parts = [of_type, parts(rest)].concat();
    parts.retain(|part| part != "{{closure}}");
    parts[parts.len().saturating_sub(2)..].join("::")
}

/// What stands before the bracket that closes the one before the text, and what behind it.
fn split_at_end(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    let end = text.char_indices().find(|(_, character)| match character {
        '<' => {
            depth += 1;
            false
        }
        '>' if depth == 0 => true,
        '>' => {
            depth -= 1;
            false
        }
        _ => false,
    });
    end.map(|(place, _)| (&text[..place], &text[place + 1..]))
}

/// The parts of a path, without what stands in brackets.
fn parts(path: &str) -> Vec<String> {
    let mut depth = 0usize;
    let mut outside = String::new();
    for character in path.chars() {
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(character),
            _ => {}
        }
    }
    let parts = outside.split("::").map(str::to_owned);
    parts.filter(|part| !part.is_empty()).collect()
}

fn last_part(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_called_by_their_last_names() {
        for (path, expected) in [
            ("main", "main"),
            (
                "shop::api::checkout::{{closure}}::{{closure}}",
                "api::checkout",
            ),
            (
                "<a::b::Type<T> as c::Trait<d::U>>::poll::{{closure}}",
                "Type::poll",
            ),
            ("<a::Type<<b::C as d::E>::F>>::run", "Type::run"),
            (
                "leno::sync::mutex::Mutex<T>::lock::{{closure}}",
                "Mutex::lock",
            ),
            ("a::b::<c::D>", "a::b"),
            ("<unclosed::path", ""),
            ("", ""),
        ] {
            assert_eq!(short(path), expected, "{path}");
        }
    }
}
