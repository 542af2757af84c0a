//! Which public asynchronous operations there are, and what their docs say of being dropped: read from the sources.
//!
//! An operation is a public function, or a method of an extension trait, that is `async`, returns `impl Future` or
//! `impl CancelSafe`, or returns one of leno's public futures by name; a public future that no function makes (see [`HANDLES`]);
//! and a macro that has a *Cancel safety* section.
//!
//! This is no parser. It reads lines of code as rustfmt leaves them, and expands what the sources do by macros (`sources`): an
//! invocation is read as the macro's body, at the place of the invocation. What it cannot read it must not pass over, which the
//! tests at the end are for.

use crate::sources::{Crate, File, identifier};
use std::collections::BTreeMap;

/// Futures that are values of their own, and made by functions that are no operations.
const HANDLES: [&str; 6] = [
    "Child",
    "Coroutine",
    "JoinHandle",
    "LocalChild",
    "LocalSet",
    "Receiver",
];

/// Not operations, and why.
const NO_OPERATIONS: [(&str, &str); 1] = [(
    "task::assert_cancel_safe",
    "it says something of a future, and does nothing itself",
)];

/// A public asynchronous operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// As a user writes it, without `leno::`.
    pub(crate) path: String,
    /// File and line.
    pub(crate) place: String,
    /// The first paragraph of the *Cancel safety* section of its docs.
    pub(crate) section: Option<String>,
}

/// True if a call of what has this signature is an operation.
fn is_asynchronous(read: &Crate, signature: &str) -> bool {
    let Some((_, output)) = signature.split_once(") -> ") else {
        return signature.contains("async fn ");
    };
    let output = output.split(" where ").next().unwrap();
    let outermost = identifier(output.trim_start());
    let is_named = read.futures.contains(outermost) && !HANDLES.contains(&outermost);
    let ways = [
        "impl Future<",
        "impl CancelSafe<",
        "::CancelSafe<",
        "Operation<",
    ];
    signature.contains("async fn ") || is_named || ways.iter().any(|way| output.contains(way))
}

/// Notes the operations of one file.
fn operations_of(read: &Crate, file: &File, found: &mut BTreeMap<String, Operation>) {
    let mut lines = Vec::new();
    read.expand(&file.path, &file.lines, &mut lines);
    let mut docs: Vec<String> = Vec::new();
    let mut is_in_attribute = false;
    let mut owner: Option<String> = None;
    let mut is_trait = false;
    let mut add = |path: Option<String>, line: usize, docs: &[String]| {
        let Some(path) = path.filter(|path| NO_OPERATIONS.iter().all(|(no, _)| no != path)) else {
            return;
        };
        let place = format!("src/{}:{line}", file.path);
        let section = section(docs);
        found.insert(
            path.clone(),
            Operation {
                path,
                place,
                section,
            },
        );
    };
    for (at, (line, text)) in lines.iter().enumerate() {
        let code = text.trim_start();
        let literal = code
            .strip_prefix("#[doc = \"")
            .and_then(|doc| doc.strip_suffix("\"]"));
        if let Some(doc) = code.strip_prefix("///").or(literal) {
            docs.push(doc.trim().to_owned());
            continue;
        }
        // Attributes that a macro was given, among them more docs.
        if code.starts_with("$(#[") {
            continue;
        }
        // An attribute stands between docs and what they are of, on one line or several.
        if is_in_attribute || code.starts_with("#[") {
            is_in_attribute = !code.ends_with(']');
            continue;
        }
        let indent = text.len() - code.len();
        if text == "}" {
            owner = None;
            is_trait = false;
        }
        if let Some(rest) = code.strip_prefix("impl").filter(|_| !code.contains("fn ")) {
            owner = owner_of(rest);
            is_trait = false;
        } else if let Some(name) = code.strip_prefix("pub trait ") {
            owner = Some(identifier(name).to_owned());
            is_trait = true;
        }
        let item = code
            .strip_prefix("pub ")
            .or_else(|| code.strip_prefix("fn ").filter(|_| is_trait).map(|_| code));
        if let Some(item) = item {
            if let Some((_, name)) = item
                .split_once("fn ")
                .filter(|(kind, _)| !kind.contains(['(', '<']))
            {
                let signature = signature(&lines[at..]);
                let name = identifier(name);
                let is_method = indent > 0 && owner.is_some();
                if is_asynchronous(read, &signature) {
                    let path = match owner.as_ref().filter(|_| is_method) {
                        Some(owner) => read
                            .owner_path(file, owner)
                            .map(|owner| format!("{owner}::{name}")),
                        None => read.public_path(&file.module, name),
                    };
                    add(path, *line, &docs);
                }
            } else if let Some(name) = item.strip_prefix("struct ") {
                let name = identifier(name);
                if HANDLES.contains(&name) && read.futures.contains(name) {
                    let path = read.public_path(&file.module, name);
                    let is_future =
                        |(_, text): &(usize, String)| text.contains(&format!(" Future for {name}"));
                    add(path.filter(|_| lines.iter().any(is_future)), *line, &docs);
                }
            }
        }
        docs.clear();
    }
    // Macros are not expanded where they are declared.
    let mut docs: Vec<String> = Vec::new();
    for (number, text) in file.lines.iter().enumerate() {
        match text.strip_prefix("///") {
            Some(doc) => docs.push(doc.trim().to_owned()),
            None if text.starts_with("#[") => {}
            None => {
                if let Some(name) = text
                    .strip_prefix("macro_rules! ")
                    .filter(|_| section(&docs).is_some())
                {
                    add(Some(format!("{}!", identifier(name))), number + 1, &docs);
                }
                docs.clear();
            }
        }
    }
}

/// The type that an `impl` is of, from what follows that word.
fn owner_of(rest: &str) -> Option<String> {
    let mut depth = 0_usize;
    let mut text = String::new();
    for c in rest.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => text.push(c),
            _ => {}
        }
    }
    let text = text
        .split(" where ")
        .next()?
        .trim()
        .trim_end_matches('{')
        .trim();
    match text.split_once(" for ") {
        // Methods of a trait that is implemented are declared with the trait.
        Some(_) => None,
        None => Some(identifier(text.rsplit("::").next()?).to_owned()),
    }
}

/// A signature on one line, up to its body.
fn signature(lines: &[(usize, String)]) -> String {
    let mut signature = String::new();
    for (_, line) in lines {
        let line = line.trim();
        signature.push_str(line);
        signature.push(' ');
        if line.ends_with('{') || line.ends_with(';') {
            break;
        }
    }
    signature
        .replace("( ", "(")
        .replace(", )", ")")
        .replace(" )", ")")
        .replace(",)", ")")
}

/// The first paragraph of the section on cancel safety.
fn section(docs: &[String]) -> Option<String> {
    let heading = docs.iter().position(|line| line == "# Cancel safety")?;
    let rest = docs[heading + 1..]
        .iter()
        .skip_while(|line| line.is_empty());
    let paragraph: Vec<&str> = rest
        .take_while(|line| !line.is_empty())
        .map(String::as_str)
        .collect();
    Some(paragraph.join(" "))
}

/// All operations, by their paths.
pub(crate) fn operations() -> BTreeMap<String, Operation> {
    let read = Crate::read();
    let mut found = BTreeMap::new();
    for file in &read.files {
        operations_of(&read, file, &mut found);
    }
    found
}

#[test]
fn each_way_to_write_an_operation_is_found() {
    let found = operations();
    let ways = [
        (
            "time::sleep",
            "a function that returns a future with a name",
        ),
        ("task::yield_now", "a function that is re-exported"),
        (
            "sync::Mutex::lock",
            "a method of a type that is re-exported",
        ),
        ("sync::mpsc::Receiver::recv", "a method made by a macro"),
        (
            "sync::mpsc::UnboundedReceiver::recv",
            "the same one, of another type",
        ),
        (
            "net::UdpSocket::readable",
            "a macro in a macro, of another file",
        ),
        (
            "net::UnixDatagram::recv_from",
            "a method after a macro of several lines",
        ),
        (
            "net::unix::OwnedReadHalf::readable",
            "a macro in a macro that makes the type",
        ),
        ("fs::copy", "a function whose name is an argument"),
        (
            "io::AsyncReadExt::read_u16_le",
            "a method whose name is an argument",
        ),
        ("io::AsyncReadExt::read_exact", "a method of a trait"),
        (
            "io::unix::AsyncFd::readable",
            "a method in a module of a module",
        ),
        (
            "task::JoinHandle",
            "a future that is a handle, of the kernel",
        ),
        (
            "sync::oneshot::Receiver",
            "a future of which there are others with its name",
        ),
        (
            "sync::Notify::notified_owned",
            "a method that returns a future with a name",
        ),
        ("time::timeout", "a function with a bound"),
        (
            "process::Command::output",
            "a method that returns a future which captures nothing",
        ),
        (
            "sync::mpsc::Sender::send_timeout",
            "a method in another module",
        ),
        (
            "task::LocalKey::scope",
            "a method that returns a future from a module of futures",
        ),
        ("Coroutine", "a future at the root"),
        ("select!", "a macro"),
    ];
    for (path, way) in ways {
        assert!(
            found.contains_key(path),
            "{path} ({way}) is not found: {:#?}",
            found.keys()
        );
    }
    for (path, why) in [
        ("sync::Mutex::try_lock", "it is not asynchronous"),
        ("sync::mpsc::Receiver", "this receiver is no future"),
        ("task::spawn", "a `JoinHandle` is a value of its own"),
    ] {
        assert!(!found.contains_key(path), "{path} is no operation: {why}");
    }
}

#[test]
fn docs_are_those_of_the_operation() {
    let found = operations();
    let place = &found["sync::mpsc::UnboundedReceiver::recv"].place;
    assert!(place.starts_with("src/sync/mpsc/unbounded.rs:"), "{place}");
    let docs = [
        "One line.",
        "",
        "# Cancel safety",
        "",
        "Two",
        "lines.",
        "",
        "More.",
    ];
    let docs = docs.map(str::to_owned);
    assert_eq!(section(&docs).as_deref(), Some("Two lines."));
    assert_eq!(section(&docs[..2]), None);
}

#[test]
fn none_is_passed_over() {
    let found = operations();
    let mut names: Vec<&str> = found
        .keys()
        .filter_map(|path| path.rsplit("::").next())
        .collect();
    names.push("assert_cancel_safe");
    for file in &Crate::read().files {
        let mut last = "";
        for (number, line) in file.lines.iter().enumerate() {
            let code = line.trim_start();
            let item = code
                .strip_prefix("pub ")
                .and_then(|item| Some(item.split_once("fn ")?.1));
            if let Some(name) = item {
                last = identifier(name);
            } else if code.starts_with("fn ") {
                last = "";
            }
            let returns = code.split(") -> ").nth(1).filter(|_| item.is_some());
            let returns = returns.or_else(|| code.strip_prefix(") -> "));
            let is_one = code.starts_with("pub async fn ")
                || returns.is_some_and(|it| {
                    it.starts_with("impl Future<") || it.starts_with("impl CancelSafe<")
                });
            // (A private function has a line like that as well, and so has a macro's.)
            let is_known = !is_one || last.is_empty() || names.contains(&last);
            assert!(
                is_known,
                "src/{}:{}: `{last}` is passed over",
                file.path,
                number + 1
            );
        }
    }
}
