//! The chain of awaits, on one line: `Bank::transfer (src/bank.rs:31) → Ledger::append (src/ledger.rs:12) → File::flush`.

use crate::diagnostics::{Frame, Leaf};

/// What a run is called, and where it stood.
pub(super) struct Chain {
    /// The outermost function that is not the test's own closure, if it has a name.
    pub(super) name: Option<String>,
    /// The functions, from the outermost inwards. Empty if none has a name.
    pub(super) text: String,
}

/// The chain to `leaf`. `run` is the type of the closure that begins it.
pub(super) fn chain(leaf: &Leaf, run: &str) -> Chain {
    of_frames(&leaf.stack(), run)
}

fn of_frames(frames: &[Frame], run: &str) -> Chain {
    let named = frames.iter().rev().filter(|frame| frame.function.is_some());
    let mut frames: Vec<&Frame> = named.collect();
    // The closure's body tells the reader of the test what he knows, unless nothing else does.
    let is_own = |frame: &&Frame| {
        let function = frame.function.as_deref().unwrap_or_default();
        is_closure(run) && without_closures(function) == without_closures(run)
    };
    let own = frames.iter().take_while(|frame| is_own(frame)).count();
    let name = frames.get(own).copied().map(name_of);
    if frames.len() > own + 1 {
        frames.drain(..own);
    }
    let last = frames.len().saturating_sub(1);
    let texts = frames.iter().enumerate().map(|(at, frame)| {
        let name = name_of(frame);
        match (&frame.file, frame.line) {
            // Where a leaf registered its waker is for those who know its insides.
            (Some(file), Some(line)) if at < last => format!("{name} ({file}:{line})"),
            _ => name,
        }
    });
    let text = texts.collect::<Vec<_>>().join(" → ");
    Chain { name, text }
}

fn name_of(frame: &Frame) -> String {
    brief(frame.function.as_deref().unwrap_or_default())
}

fn is_closure(path: &str) -> bool {
    path.contains("{{closure}}") || path.contains("{closure")
}

/// `shop::checkout::{{closure}}::{{closure}}` is a closure in `shop::checkout`.
fn without_closures(mut path: &str) -> &str {
    while let Some((before, last)) = path.rsplit_once("::") {
        if !last.starts_with('{') {
            break;
        }
        path = before;
    }
    path
}

/// The parts of a path, without what stands in angle brackets.
fn segments(path: &str) -> Vec<String> {
    let mut segments = vec![String::new()];
    let mut depth = 0_usize;
    let mut rest = path.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ':' if rest.peek() == Some(&':') => {
                rest.next();
                segments.push(String::new());
            }
            _ => segments.last_mut().expect("never empty").push(c),
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments
}

/// The type at the beginning of `<shop::Cart as shop::Store>::save` or `<shop::Cart>::save`, and what follows.
fn qualified(path: &str) -> Option<(&str, &str)> {
    let inner = path.strip_prefix('<')?;
    let mut depth = 1_usize;
    for (at, c) in inner.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let whole = &inner[..at];
            let own = whole.split_once(" as ").map_or(whole, |(own, _)| own);
            return Some((own, &inner[at + 1..]));
        }
    }
    None
}

/// `Cart::checkout` for `shop::cart::Cart<T>::checkout::{{closure}}`, `checkout` for `shop::checkout::{{closure}}`, and `Sleep`
/// for `<leno::time::sleep::Sleep as core::future::future::Future>::poll`. A `step` is the poll of what leno's `io` has.
fn brief(path: &str) -> String {
    let path = without_closures(path);
    if let Some((own, rest)) = qualified(path) {
        let own = segments(own.trim_start_matches(['&', '*']));
        let own = own.last().cloned().unwrap_or_default();
        return match segments(rest).pop() {
            Some(method) if method != "poll" && method != "step" => format!("{own}::{method}"),
            _ => own,
        };
    }
    let segments = segments(path);
    match segments.as_slice() {
        [.., owner, name] if owner.starts_with(char::is_uppercase) => format!("{owner}::{name}"),
        [.., name] => name.clone(),
        [] => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_brief() {
        let names = [
            ("shop::checkout::{{closure}}", "checkout"),
            (
                "shop::cart::Cart<T>::checkout::{{closure}}",
                "Cart::checkout",
            ),
            (
                "<shop::cart::Cart<T>>::checkout::{closure#0}",
                "Cart::checkout",
            ),
            (
                "<shop::Cart as shop::Store<u8>>::save::{{closure}}",
                "Cart::save",
            ),
            (
                "<leno::time::sleep::Sleep as core::future::future::Future>::poll",
                "Sleep",
            ),
            (
                "<leno::io::ext::write::WriteAll<W> as leno::io::ext::operation::Step>::step",
                "WriteAll",
            ),
            (
                "leno::sync::mpsc::bounded::Receiver<T>::recv",
                "Receiver::recv",
            ),
            ("pump", "pump"),
        ];
        for (path, name) in names {
            assert_eq!(brief(path), name, "{path}");
        }
    }

    fn frame(function: &str, line: u32) -> Frame {
        Frame {
            function: Some(function.to_owned()),
            file: Some("src/shop.rs".to_owned()),
            line: Some(line),
            address: 1,
            place: None,
        }
    }

    const RUN: &str = "shop::tests::a_test::{{closure}}::{{closure}}";
    const BODY: &str = "shop::tests::a_test::{{closure}}::{{closure}}::{{closure}}";

    #[test]
    fn a_chain_begins_with_what_is_tested() {
        let frames = [
            frame("leno::sync::mutex::Mutex<T>::lock::{{closure}}", 3),
            frame("shop::Cart::checkout::{{closure}}", 2),
            frame(BODY, 1),
        ];
        let chain = of_frames(&frames, RUN);
        assert_eq!(chain.text, "Cart::checkout (src/shop.rs:2) → Mutex::lock");
        assert_eq!(chain.name.as_deref(), Some("Cart::checkout"));
    }

    #[test]
    fn what_the_test_awaits_itself_has_its_line() {
        let frames = [
            frame("leno::sync::mutex::Mutex<T>::lock::{{closure}}", 3),
            frame(BODY, 1),
        ];
        let chain = of_frames(&frames, RUN);
        assert_eq!(chain.text, "a_test (src/shop.rs:1) → Mutex::lock");
        assert_eq!(chain.name.as_deref(), Some("Mutex::lock"));
    }

    #[test]
    fn a_function_that_is_the_run_is_no_closure() {
        let frames = [frame("shop::drain::{{closure}}", 2)];
        let chain = of_frames(&frames, "shop::drain");
        assert_eq!(
            (chain.text.as_str(), chain.name.as_deref()),
            ("drain", Some("drain"))
        );
    }

    #[test]
    fn without_names_there_is_no_chain() {
        let frames = [Frame {
            function: None,
            ..frame("", 1)
        }];
        let chain = of_frames(&frames, RUN);
        assert!(chain.text.is_empty() && chain.name.is_none());
    }
}
