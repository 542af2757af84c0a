//! The example `coroutines`, the tour: each of its chapters runs, prints the code that it runs, and has the right results.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What stands before a line of code, and before none that the code prints.
const MARGIN: &str = "    |";

/// What is printed by the code of each chapter, in this order. No times: these are as the machine has them.
const RESULTS: [(&str, &[&str]); 11] = [
    (
        "inspection",
        &[
            "after the call, the body has run 0 times",
            "after block_on, 1 time: 42",
            "fill, boxed: ",
            "poll 1\n  one\n  it waits\npoll 2\n  two\n  it waits\npoll 3\n  three\nafter 3 polls: done",
            "state: created }",
            "state: suspended }",
            "state: done }",
            "tasks:\ntask 1 \"server\", coroutines::inspection::serve",
            "dump:\nblock_on at ",
        ],
    ),
    (
        "awaiting",
        &[
            "a pause was made\nits await took ",
            "tea and bread cost 80",
            "twice: [60, 10, 14]",
            "without its await, the body has run 0 times\nwith it, the result is 2",
        ],
    ),
    (
        "errors",
        &[
            "1 + 2 is Ok(3), 1 + two is Err(ParseIntError { kind: InvalidDigit })",
            "Ok(Err(ParseIntError { kind: InvalidDigit }))",
            "both layers are off: Ok(3)",
            "panicked with message \"this panic belongs to the tour\"",
        ],
    ),
    (
        "concurrency",
        &[
            "the sum is 6, sequential, after ",
            "the sum is 6, concurrent, after ",
            "sequential 300ms, concurrent 100ms",
            "two coroutines met; each saw (2, 2) begun",
            "10 000 tasks, one thread: the sum is 49995000, after ",
            "sequential  ",
            "join!       ",
            "spawn       ",
            "the sums: [(1548136, 1548136), (1548136, 1548136), (1548136, 1548136)]",
        ],
    ),
    (
        "tasks",
        &[
            "two tasks ran at the same time, on two threads: true",
            "the task says \"onetwo\" of [\"one\", \"two\"]",
            "the task without a handle: Ok(\"still here\")",
            "the task saw 2 owners of \"counter\"; now there is 1",
        ],
    ),
    (
        "mistakes",
        &[
            "leno: `send` was called at ",
            "and never awaited: nothing of it was done",
            " panicked, and nobody will see it: its handle was dropped",
            ": \"the queue is gone\"",
            " failed, and nobody will see it: its handle was dropped",
            "the mail server says no",
            " has been polling for ",
            "the timer came, though both workers were blocked until then",
            " is made of a future of 655",
            "leno: deadlock: 2 tasks wait for each other",
            "leno: futurelock: task ",
            " holds while it sleeps",
            " is asleep for ever: nothing is left that could wake it",
            " \"server\", coroutines::mistakes::serve",
            "leno: the runtime did not stop in ",
            ": 1 blocking closure goes on",
        ],
    ),
    (
        "channels",
        &[
            "an answer: Ok(42)",
            "its sender was dropped: Err(RecvError(()))",
            "three workers have sent 12 numbers, 60 in all",
            "no room: Err(Full(..))",
            "Some(\"first\") was received, and so the second could be sent: Ok(())",
            "the store has 6 of tea, and has ended with 1 name",
            "the quick one sees Ok(\"a\")\nthe quick one sees Ok(\"b\")\nthe quick one sees Ok(\"c\")",
            "the slow one sees [Err(Lagged(1)), Ok(\"b\"), Ok(\"c\")]",
            "two changes, and one look: 3",
            "it has waited for 10",
        ],
    ),
    (
        "select",
        &[
            "served [\"tea\", \"bread\"]",
            "3 ticks in 25 ms",
            "still waiting\nstill waiting\nthe first message: \"efgh\"",
            "still waiting\nthe first message: \"abcd\"",
            "the messages: [\"abcd\", \"efgh\"]",
            "dropped at each of its 2 awaits, no money was lost",
        ],
    ),
    (
        "timeouts",
        &[
            "too late: deadline has elapsed; cleaned up: true",
            "in time: Ok(\"done\")",
            "is cancelled: true; cleaned up: true",
            "the set's task is gone, and cleaned up",
        ],
    ),
    (
        "groups",
        &[
            "a group of two tasks: Ok(42), and Err(ParseIntError",
            "1000 tasks wait",
            "one more fails: Err(\"no more\"), and 0 are left",
            "supervised tasks fail alone: (Ok(1), Err(ParseIntError",
            "cancelled: the deadline of the scope at ",
            "the connection says goodbye",
            "the client went away",
            "all around is cancelled (Deadline), and the commit goes on",
            "the shielded work has ended: Ok(\"committed\")",
            "the longest word has 9 letters",
        ],
    ),
    (
        "blocking",
        &[
            "the sum is Ok(430), by the thread Some(\"leno-worker\")",
            "the closure has received Some(\"from a task\")",
            "it has stopped counting: true",
            "wait here: 2 words",
            "the sum is 5000050000; meanwhile others had ",
            "the driver has measured 6 in all",
        ],
    ),
];

#[test]
fn each_chapter_has_the_right_results() {
    for (chapter, results) in RESULTS {
        let said = said(&[chapter]);
        assert!(!said.contains("not shown"), "{said}");
        let results_said = outside_of_code(&said);
        let mut rest = results_said.as_str();
        for result in results {
            let Some(at) = rest.find(result) else {
                panic!("{result:?} is missing here, or not in its place:\n{results_said}");
            };
            rest = &rest[at + result.len()..];
        }
    }
}

#[test]
fn each_chapter_prints_its_code_and_what_is_said_about_it() {
    let listed = listed();
    let tested: Vec<&str> = RESULTS.iter().map(|(chapter, _)| *chapter).collect();
    assert_eq!(listed, tested);

    let said = said(&[]);
    let mut chapters = said.split("\nMore in the guide: ").skip(1);
    for chapter in listed {
        let path = directory().join(format!("examples/coroutines/{chapter}.rs"));
        let source = fs::read_to_string(path).unwrap();
        let shown = chapters.next().unwrap();

        // A step's own documentation stands above its code; that of other items is shown with them.
        let is_code = |line: &&str| !line.is_empty() && !line.starts_with("///");
        let (before, below) = source.split_once("\n};\n\n").unwrap();
        let own: Vec<&str> = below.lines().filter(is_code).collect();
        let code = shown.lines().filter_map(|line| line.strip_prefix(MARGIN));
        let code = code.map(|line| line.strip_prefix(' ').unwrap_or(line));
        let code: Vec<&str> = code.filter(is_code).collect();
        let (imports, shown_of_own) = code.split_at(code.len().saturating_sub(own.len()));
        assert_eq!(shown_of_own, own);
        assert!(!imports.is_empty(), "{chapter} shows no imports");
        assert!(imports.iter().all(|line| before.contains(line)));

        let about_chapter = before.lines().map_while(|line| line.strip_prefix("//!"));
        let about_items = below.lines().filter_map(|line| line.strip_prefix("///"));
        for words in about_chapter.chain(about_items) {
            assert!(said.contains(words.trim()), "{words}");
        }
        let guide = shown.lines().next().unwrap();
        assert!(directory().join("..").join(guide).is_file(), "{guide}");
    }
}

#[test]
fn nothing_is_found_in_it_but_the_mistakes() {
    let mut command = tour(&[]);
    command.env("LENO_DEBUG", "1");
    command.env("LENO_DIAGNOSTICS", "slow-polls=off,abort");
    let said = to_the_end(command);
    assert!(said.contains("not shown"), "{said}");
}

#[test]
fn chapters_are_chosen_by_name_or_number() {
    let by_name = said(&["select", "timeouts"]);
    let by_number = said(&["8", "9"]);
    assert_eq!(by_name, by_number);
    assert!(by_name.starts_with("\n8. select!"), "{by_name}");
    assert!(by_name.contains("\n9. Waiting"), "{by_name}");
    assert!(!by_name.contains("\n10. "), "{by_name}");
}

#[test]
fn the_help_and_who_asks_for_no_chapter_are_told_which_there_are() {
    let help = tour(&["--help"]).output().unwrap();
    assert!(help.status.success());
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(
        help.contains("--list") && help.contains("[CHAPTER]..."),
        "{help}"
    );

    for wrong in ["0", "12", "selects", ""] {
        let output = tour(&[wrong]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("there is no such chapter"), "{error}");
        for chapter in listed() {
            assert!(error.contains(&format!("  {chapter} ")), "{error}");
            assert!(help.contains(&format!("  {chapter} ")), "{help}");
        }
    }
}

#[test]
fn a_reader_may_leave() {
    let mut command = tour(&["concurrency", "channels"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    drop(reader);
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(String::from_utf8(stderr).unwrap(), "");
}

#[cfg(unix)]
#[test]
fn a_terminal_has_colours_unless_they_are_not_wanted() {
    let coloured = in_a_terminal(&mut tour(&["timeouts"]));
    assert!(
        coloured.contains("\x1b[1m9.1 A timeout\x1b[0m"),
        "{coloured}"
    );
    assert!(
        coloured.contains("\x1b[36m    | async fn a_timeout() {\x1b[0m"),
        "{coloured}"
    );
    let plain = in_a_terminal(tour(&["timeouts"]).env("NO_COLOR", "1"));
    assert!(plain.contains("    | async fn a_timeout() {"), "{plain}");
    assert!(!plain.contains('\x1b'), "{plain}");
}

/// What a command writes to its standard output, if that is a terminal.
#[cfg(unix)]
fn in_a_terminal(command: &mut Command) -> String {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::io::Read;
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let path = ptsname(&near, Vec::new()).unwrap().into_string().unwrap();
    let far = fs::File::options().read(true).write(true).open(path);
    let mut child = command
        .env("TERM", "xterm")
        .stdout(far.unwrap())
        .spawn()
        .unwrap();
    // It keeps the far side open, and there would be no end.
    command.stdout(Stdio::null());

    let mut near = fs::File::from(near);
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    // The end is an error on Linux, once nobody has the far side any more.
    while let Ok(length @ 1..) = near.read(&mut buffer) {
        said.extend(&buffer[..length]);
    }
    assert!(child.wait().unwrap().success());
    String::from_utf8(said).unwrap()
}

/// The chapters' names, in order.
fn listed() -> Vec<String> {
    let output = tour(&["--list"]).output().unwrap();
    assert!(output.status.success());
    let list = String::from_utf8(output.stdout).unwrap();
    let (title, chapters) = list.split_once('\n').unwrap();
    assert_eq!(title, "Chapters:");
    let name = |(index, line): (usize, &str)| {
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some(format!("{}", index + 1).as_str()));
        words.next().unwrap().to_owned()
    };
    chapters.lines().enumerate().map(name).collect()
}

fn directory() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn tour(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).env_remove("NO_COLOR");
    // It says itself what is looked for.
    command.env_remove("LENO_DEBUG");
    command.env_remove("LENO_DIAGNOSTICS");
    command
}

fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let program = profile
        .join("examples")
        .join(format!("coroutines{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is missing: build it with `cargo build --example coroutines` \
         (`cargo test` without a choice of targets does)",
        program.display()
    );
    program
}

fn said(arguments: &[&str]) -> String {
    to_the_end(tour(arguments))
}

/// Runs the tour to its end, and returns what it has said.
fn to_the_end(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.ends_with("\nEverything was as said.\n"), "{said}");
    assert!(!said.contains('\x1b'), "there is no terminal to colour");
    said
}

/// What is no line of code.
fn outside_of_code(said: &str) -> String {
    let lines = said.split_inclusive('\n');
    lines.filter(|line| !line.starts_with(MARGIN)).collect()
}
