//! A tour of coroutines, in the order of the guide: it prints the code that it runs, says what that uses, runs it, and checks that
//! the results are as they should be.
//!
//! ```text
//! cargo run --example coroutines                     all of it
//! cargo run --example coroutines -- --list           its chapters
//! cargo run --example coroutines -- select channels  some of them, by name or by number
//! ```
//!
//! Each chapter is a file beside this one, and can be read there as well.

mod awaiting;
mod blocking;
mod channels;
mod concurrency;
mod errors;
mod groups;
mod inspection;
mod mistakes;
mod select;
mod tasks;
mod timeouts;
mod tour;

use clap::Parser;
use std::io::{self, ErrorKind, Write};
use std::{panic, process};
use tour::{Chapter, Printer};

/// In the order of the guide, `leno::guide`.
const CHAPTERS: [Chapter; 11] = [
    inspection::CHAPTER,
    awaiting::CHAPTER,
    errors::CHAPTER,
    concurrency::CHAPTER,
    tasks::CHAPTER,
    mistakes::CHAPTER,
    channels::CHAPTER,
    select::CHAPTER,
    timeouts::CHAPTER,
    groups::CHAPTER,
    blocking::CHAPTER,
];

/// A tour of coroutines: prints code, says what it uses, and runs it
#[derive(Parser)]
#[command(name = "coroutines", after_help = list())]
struct Options {
    /// Chapters, by name or number [default: all of them, in order]
    #[arg(value_name = "CHAPTER", value_parser = find)]
    chapters: Vec<usize>,

    /// List the chapters, and run none
    #[arg(long)]
    list: bool,
}

fn main() -> io::Result<()> {
    let options = Options::parse();
    if options.list {
        return match io::stdout().write_all(list().as_bytes()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            result => result,
        };
    }
    end_with_the_reader();
    let printer = Printer::for_stdout();
    let chosen = match options.chapters {
        none if none.is_empty() => (0..CHAPTERS.len()).collect(),
        some => some,
    };
    for index in chosen {
        CHAPTERS[index].show(index + 1, &printer);
    }
    println!("\nEverything was as said.");
    Ok(())
}

fn list() -> String {
    let mut list = String::from("Chapters:\n");
    for (index, chapter) in CHAPTERS.iter().enumerate() {
        let (number, name, title) = (index + 1, chapter.name, chapter.title);
        list += &format!("{number:>4}  {name:<12} {title}\n");
    }
    list
}

fn find(text: &str) -> Result<usize, String> {
    let is_asked_for =
        |(index, chapter): (usize, &Chapter)| chapter.name == text || text.parse() == Ok(index + 1);
    let found = CHAPTERS.iter().enumerate().position(is_asked_for);
    found.ok_or_else(|| format!("there is no such chapter\n\n{}", list()))
}

/// Whoever reads this through `less` or `head` may leave when they have seen enough. That ends the tour; `println!` would panic.
fn end_with_the_reader() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<String>();
        if message.is_some_and(|text| text.starts_with("failed printing to stdout: Broken pipe")) {
            process::exit(0);
        }
        hook(panic);
    }));
}
