//! How a chapter is shown. Its code is printed from the chapter's own source, so it cannot differ from what is run.
//!
//! A chapter is a file. Its module documentation is the introduction; below its `CHAPTER` come its steps, functions of the
//! names that are listed there. All that stands between one step and the next belongs to the latter, and is printed with it: helpers
//! stand above the step that uses them first. A step's own documentation is what is said about it.
//!
//! That items begin and end in the first column, and that nothing else does, is rustfmt's doing.

use std::env;
use std::io::{IsTerminal, stdout};

/// Between these lines a chapter says what it is. What is below is shown.
const BEGIN: &str = "pub const CHAPTER: Chapter = Chapter {";
const END: &str = "};";

pub struct Chapter {
    pub name: &'static str,
    pub title: &'static str,
    /// Where more is written, within `runtime/src`.
    pub guide: &'static str,
    /// The chapter's file.
    pub source: &'static str,
    pub steps: &'static [Step],
    /// Why it cannot be run here and now.
    pub obstacle: fn() -> Option<&'static str>,
}

pub struct Step {
    pub name: &'static str,
    pub run: fn(),
}

/// The functions of these names, as a chapter's steps.
macro_rules! steps {
    ($($function:ident),+ $(,)?) => {
        &[$($crate::tour::Step { name: stringify!($function), run: $function }),+]
    };
}
pub(crate) use steps;

/// How headings and code are set off: by colours in a terminal, and without otherwise.
pub struct Printer {
    heading: &'static str,
    code: &'static str,
    plain: &'static str,
}

/// What the source has for a step.
struct Listing<'a> {
    said: Vec<&'a str>,
    code: Vec<&'a str>,
}

impl Chapter {
    pub fn show(&self, number: usize, printer: &Printer) {
        let heading = format!("{number}. {}", self.title);
        let line = "=".repeat(heading.chars().count());
        printer.heading(&format!("{heading}\n{line}"));
        println!("{}\n", documentation(self.source).join("\n"));
        println!("More in the guide: runtime/src/{}", self.guide);
        if let Some(obstacle) = (self.obstacle)() {
            println!("\n(not shown: {obstacle})");
            return;
        }
        println!();
        printer.code(&imports(self.source));
        for (index, (step, listing)) in self.steps.iter().zip(self.listings()).enumerate() {
            printer.heading(&format!("{number}.{} {}", index + 1, step.title()));
            println!("{}\n", listing.said.join("\n"));
            printer.code(&listing.code);
            println!();
            (step.run)();
        }
    }

    /// What the source has for each step, in order.
    fn listings(&self) -> Vec<Listing<'_>> {
        let chapter = self.source.lines().skip_while(|line| *line != BEGIN);
        let mut lines = chapter.skip_while(|line| *line != END).skip(1);
        let listing = |step: &Step| {
            let found = step.listing(&mut lines);
            found.unwrap_or_else(|| {
                let (chapter, step) = (self.name, step.name);
                panic!("{chapter}.rs has no function `{step}` after those of the steps before it")
            })
        };
        self.steps.iter().map(listing).collect()
    }
}

impl Step {
    /// "A call runs nothing", of the step `a_call_runs_nothing`.
    fn title(&self) -> String {
        let words = self.name.replace('_', " ");
        let (first, rest) = words.split_at(1);
        first.to_uppercase() + rest
    }

    /// Takes the lines up to the end of this step's function.
    fn listing<'a>(&self, lines: &mut impl Iterator<Item = &'a str>) -> Option<Listing<'a>> {
        let head = format!("fn {}() {{", self.name);
        let mut before = Vec::new();
        let head = loop {
            let line = lines.next()?;
            if line.strip_prefix("async ").unwrap_or(line) == head {
                break line;
            }
            before.push(line);
        };
        // Its documentation and its attributes stand right above it.
        let helpers = before.iter().rposition(|line| line.is_empty());
        let own = before.split_off(helpers.map_or(0, |blank| blank + 1));
        let (said, attributes): (Vec<_>, Vec<_>) =
            own.into_iter().partition(|line| line.starts_with("///"));
        let blank = before.iter().take_while(|line| line.is_empty()).count();
        let mut code = before.split_off(blank);
        code.extend(attributes);
        code.push(head);
        code.extend(body(lines));
        Some(Listing {
            said: said.into_iter().map(|line| text(line, "///")).collect(),
            code,
        })
    }
}

/// The lines up to the brace that ends an item.
fn body<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut body = Vec::new();
    for line in lines {
        body.push(line);
        if line == "}" {
            break;
        }
    }
    body
}

/// The documentation of a module.
fn documentation(source: &str) -> Vec<&str> {
    let lines = source.lines().take_while(|line| line.starts_with("//!"));
    lines.map(|line| text(line, "//!")).collect()
}

/// What a chapter uses of leno and std.
fn imports(source: &str) -> Vec<&str> {
    let mut inside = false;
    let is_import = |line: &&str| {
        let begins = line.starts_with("use ") && !line.starts_with("use crate::");
        let import = begins || inside;
        inside = import && !line.ends_with(';');
        import
    };
    source.lines().filter(is_import).collect()
}

/// What a line of documentation says.
fn text<'a>(line: &'a str, mark: &str) -> &'a str {
    let text = line.strip_prefix(mark).unwrap_or(line);
    text.strip_prefix(' ').unwrap_or(text)
}

impl Printer {
    pub fn for_stdout() -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        if stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb {
            Self {
                heading: "\x1b[1m",
                code: "\x1b[36m",
                plain: "\x1b[0m",
            }
        } else {
            Self {
                heading: "",
                code: "",
                plain: "",
            }
        }
    }

    fn heading(&self, text: &str) {
        println!("\n{}{text}{}\n", self.heading, self.plain);
    }

    /// What is printed by the code itself has no such margin.
    fn code(&self, lines: &[&str]) {
        for line in lines {
            let line = format!("    | {line}");
            println!("{}{}{}", self.code, line.trim_end(), self.plain);
        }
    }
}
