//! What is shown of a process.

use super::support::{Place, Test, masked};
use serde_json::Value;
use std::io::Read;
use std::process::Stdio;
use std::time::Instant;

pub const TESTS: &[Test] = &[
    ("ps_lists_the_tasks", ps_lists_the_tasks),
    (
        "ps_answers_while_all_workers_are_stuck",
        ps_answers_while_all_workers_are_stuck,
    ),
    (
        "a_task_that_never_slept_is_shown_while_it_is_polled",
        a_task_that_never_slept_is_shown_while_it_is_polled,
    ),
    (
        "the_recorder_tells_for_how_long_and_how_often",
        the_recorder_tells_for_how_long_and_how_often,
    ),
    ("each_runtime_is_shown", each_runtime_is_shown),
    ("no_name_breaks_the_table", no_name_breaks_the_table),
    ("dump_tells_where_tasks_stand", dump_tells_where_tasks_stand),
    ("a_deadlock_is_named", a_deadlock_is_named),
    ("a_deadlock_in_a_set_is_named", a_deadlock_in_a_set_is_named),
    (
        "pstree_shows_who_waits_for_whom",
        pstree_shows_who_waits_for_whom,
    ),
    ("pstree_and_dump_show_scopes", pstree_and_dump_show_scopes),
    (
        "metrics_are_in_the_format_of_prometheus",
        metrics_are_in_the_format_of_prometheus,
    ),
    (
        "a_trace_is_of_now_or_of_before",
        a_trace_is_of_now_or_of_before,
    ),
    (
        "top_prints_one_list_where_there_is_no_terminal",
        top_prints_one_list_where_there_is_no_terminal,
    ),
    ("processes_are_listed", processes_are_listed),
    (
        "who_stops_reading_is_no_mistake",
        who_stops_reading_is_no_mistake,
    ),
    (
        "a_million_bytes_of_tasks_arrive_whole",
        a_million_bytes_of_tasks_arrive_whole,
    ),
];

/// Names and states, in order.
fn tasks(runtime: &Value) -> Vec<(Option<&str>, &str)> {
    let tasks = runtime["tasks"].as_array().unwrap().iter();
    let mut tasks: Vec<_> = tasks
        .map(|task| (task["name"].as_str(), task["state"].as_str().unwrap()))
        .collect();
    tasks.sort_unstable();
    tasks
}

fn ps_lists_the_tasks() {
    let place = Place::new();
    let child = place.child("one");
    let expected = [
        "ID  STATE  FOR  POLLS  NAME / FUTURE  SPAWNED AT  WAITS FOR",
        "#  asleep  processes::child::checkout::{{closure}}  cli/tests/processes/child.rs:#:#",
        "#  asleep  \"mailer\"  cli/tests/processes/child.rs:#:#",
        "# tasks; # workers, # asleep",
    ];
    let text = place.answer(&["ps", &child.arg()]);
    assert_eq!(masked(&text), expected);
    assert!(!text.contains('\x1b'), "colours without a terminal: {text}");

    let json = place.json(&["ps", &child.arg(), "--json"]);
    assert_eq!(json["leno"], 1);
    assert_eq!(json["pid"], child.pid());
    let runtime = &json["runtimes"][0];
    assert_eq!(runtime["name"], "shop");
    assert_eq!(runtime["kind"], "multi-thread");
    assert_eq!(runtime["alive"], 2);
    assert_eq!(runtime["workers"].as_array().unwrap().len(), 2);
    assert_eq!(
        tasks(runtime),
        [(None, "asleep"), (Some("mailer"), "asleep")]
    );
    assert!(child.end().is_empty());
}

fn ps_answers_while_all_workers_are_stuck() {
    let place = Place::new();
    let child = place.child("stuck");
    let start = Instant::now();
    let json = place.json(&["ps", &child.arg(), "--json"]);
    println!("     (answered in {:?})", start.elapsed());
    let expected = [
        (Some("first"), "running"),
        (Some("second"), "running"),
        (Some("sleeper"), "asleep"),
    ];
    assert_eq!(tasks(&json["runtimes"][0]), expected);
    // Those that are polled do not answer, and nobody waits for them for ever.
    let dump = place.json(&["dump", &child.arg(), "--json", "--patience", "0.1"]);
    let stands = dump["runtimes"][0]["tasks"].as_array().unwrap().iter();
    let long = stands.filter(|task| task["stands"] == "in a long poll");
    assert_eq!(long.count(), 2, "{dump}");
}

fn a_task_that_never_slept_is_shown_while_it_is_polled() {
    let place = Place::new();
    let child = place.child_with("stuck at once", Some("socket,slow-polls=1s"));
    let expected = [
        "ID  STATE  FOR  POLLS  NAME / FUTURE  SPAWNED AT  WAITS FOR",
        "#  asleep  \"sleeper\"  cli/tests/processes/child.rs:#:#",
        "#  polling  \"first\"  cli/tests/processes/child.rs:#:#  worker #",
        "#  polling  \"second\"  cli/tests/processes/child.rs:#:#  worker #",
        "# tasks; # workers, # asleep",
    ];
    let mut lines = masked(&place.answer(&["ps", &child.arg()]));
    // Which is the first to be spawned is known, but not which id it gets.
    lines[1..4].sort_unstable();
    assert_eq!(lines, expected);
    let json = place.json(&["ps", &child.arg(), "--json"]);
    let tasks = json["runtimes"][0]["tasks"].as_array().unwrap().iter();
    let mut workers: Vec<_> = tasks.filter_map(|task| task["worker"].as_u64()).collect();
    workers.dedup();
    assert_eq!(workers.len(), 2, "two workers, or a spare that was quicker");
}

fn the_recorder_tells_for_how_long_and_how_often() {
    let place = Place::new();
    let child = place.child_with("one", Some("socket,recorder"));
    let json = place.json(&["ps", &child.arg(), "--json"]);
    let tasks = json["runtimes"][0]["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 2);
    for task in tasks {
        assert_eq!(task["polls"], 1, "{task}");
        assert!(task["for"].as_f64().unwrap() >= 0.0, "{task}");
    }
    let without = place.child("one");
    let json = place.json(&["ps", &without.arg(), "--json"]);
    assert!(json["runtimes"][0]["tasks"][0]["polls"].is_null());
}

fn each_runtime_is_shown() {
    let place = Place::new();
    let child = place.child("two");
    let text = place.answer(&["ps", &child.arg()]);
    let lines = masked(&text);
    assert_eq!(lines[0], "runtime #, current-thread");
    assert_eq!(
        lines[2],
        "#  asleep  \"elsewhere\"  cli/tests/processes/child.rs:#:#"
    );
    assert_eq!(lines[5], "runtime # \"shop\", multi-thread");
    let json = place.json(&["ps", &child.arg(), "--json"]);
    let runtimes = json["runtimes"].as_array().unwrap();
    assert_eq!(runtimes.len(), 2);
    assert_ne!(runtimes[0]["id"], runtimes[1]["id"]);
    // One that nobody drives does not hold up the other's dump.
    let dump = place.answer(&["dump", &child.arg(), "--patience", "0.1"]);
    assert!(dump.contains("\"mailer\""), "{dump}");
    assert!(dump.contains("\"elsewhere\""), "{dump}");
    assert!(child.end().is_empty());
}

fn no_name_breaks_the_table() {
    let place = Place::new();
    let child = place.child("names");
    let text = place.answer(&["ps", &child.arg()]);
    assert!(
        !text.chars().any(|c| c.is_control() && c != '\n'),
        "{text:?}"
    );
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    // What comes after the name begins in one column, also after wide letters.
    let column = |line: &str| {
        let before = &line[..line.find("cli/tests").unwrap()];
        before
            .chars()
            .map(|c| if c > '\u{2e80}' { 2 } else { 1 })
            .sum::<usize>()
    };
    let columns: Vec<_> = lines[1..5].iter().map(|line| column(line)).collect();
    assert!(columns.windows(2).all(|two| two[0] == two[1]), "{text}");
    for arguments in [["dump", "--patience", "1"], ["pstree", "--patience", "1"]] {
        let text = place.answer(&[arguments[0], &child.arg(), arguments[1], arguments[2]]);
        assert!(
            !text.chars().any(|c| c.is_control() && c != '\n'),
            "{text:?}"
        );
    }
    let json = place.json(&["ps", &child.arg(), "--json"]);
    let runtime = &json["runtimes"][0];
    assert_eq!(runtime["name"], "line\nbreak \"quoted\"");
    assert_eq!(tasks(runtime)[0].0, Some("\u{1b}[31mred\u{202e}"));
}

fn dump_tells_where_tasks_stand() {
    let place = Place::new();
    let child = place.child("waiting");
    let json = place.json(&["dump", &child.arg(), "--json"]);
    let dumped = json["runtimes"][0]["tasks"].as_array().unwrap();
    let inner = dumped.iter().find(|task| task["name"] == "inner").unwrap();
    let outer = dumped.iter().find(|task| task["name"] == "outer").unwrap();
    assert_eq!(outer["leaves"][0]["waits_for_task"], inner["id"]);
    let id = inner["id"].as_str().unwrap();
    let ps = place.answer(&["ps", &child.arg(), "--waits"]);
    assert!(ps.contains(&format!("the end of task {id}\n")), "{ps}");
    let text = place.answer(&["dump", &child.arg(), "--task", id]);
    assert!(text.starts_with(&format!("task {id} \"inner\", processes::child::receive")));
    assert!(!text.contains("outer"), "{text}");
    if cfg!(target_os = "linux") {
        let line = text.lines().find(|line| line.contains("child::receive::"));
        assert!(
            line.is_some_and(|line| line.contains("processes/child.rs:")),
            "{text}"
        );
    }
    let fault = place.fault(&["dump", &child.arg(), "--task", "999999"]);
    assert!(fault.starts_with("there is no task 999999"), "{fault}");
    assert!(child.end().is_empty());
}

fn a_deadlock_is_named() {
    // The runtime, the two, and the first again.
    let tree = deadlock_of("deadlock");
    assert!(tree.len() == 4, "{tree:?}");
}

fn a_deadlock_in_a_set_is_named() {
    // And the `block_on` that runs the set.
    let tree = deadlock_of("set");
    assert!(tree.len() == 5, "{tree:?}");
    assert!(tree[1].contains("(block_on, "), "{tree:?}");
    assert!(tree[1].ends_with("  LocalSet::poll"), "{tree:?}");
}

/// Looks at the deadlock in a child, and returns what `pstree` says.
fn deadlock_of(role: &str) -> Vec<String> {
    let place = Place::new();
    let child = place.child(role);
    let dump = place.answer(&["dump", &child.arg()]);
    assert!(
        dump.contains("\ndeadlock: 2 tasks wait for each other\n"),
        "{dump}"
    );
    let ps = place.answer(&["ps", &child.arg(), "--waits"]);
    let deadlocked = ps.lines().filter(|line| line.ends_with("  DEADLOCK"));
    assert_eq!(deadlocked.count(), 2, "{ps}");
    let tree = masked(&place.answer(&["pstree", &child.arg()]));
    let last = tree.last().unwrap();
    assert!(last.ends_with(" (see above)"), "{tree:?}");
    tree
}

fn pstree_shows_who_waits_for_whom() {
    let place = Place::new();
    let child = place.child("waiting");
    let text = place.answer(&["pstree", &child.arg()]);
    let lines = masked(&text);
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[0], "runtime # \"waiting\", multi-thread");
    assert!(lines[1].starts_with("└─ # outer  "), "{text}");
    assert!(lines[2].starts_with("└─ # inner  "), "{text}");
    assert!(text.lines().nth(2).unwrap().starts_with("   └─ "), "{text}");
}

fn pstree_and_dump_show_scopes() {
    let place = Place::new();
    let child = place.child("scopes");
    let text = place.answer(&["pstree", &child.arg()]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 11, "{text}");
    let mut depths = Vec::new();
    let mut shown = Vec::new();
    for line in &lines[1..] {
        let (indent, rest) = line.split_once("─ ").unwrap();
        depths.push(indent.chars().count() / 3);
        shown.push(masked(rest).remove(0));
    }
    // The two requests are in the order of their ids, which is any.
    let place_of = |name: &str| shown.iter().position(|line| line.contains(name)).unwrap();
    let (in_time, cut_short) = (
        place_of(" processes::child::in_time "),
        place_of("::cut_short "),
    );
    let is_last = in_time > cut_short;
    assert_eq!(in_time, if is_last { 6 } else { 2 }, "{text}");
    assert_eq!(depths, [0, 1, 2, 3, 4, 5, 2, 3, 4, 5], "{text}");
    let file = "cli/tests/processes/child.rs:#:#";
    let starts = |at: usize, start: &str| {
        let start = start.replace("FILE", file);
        assert!(shown[at].starts_with(&start), "{start}: {text}");
    };
    starts(0, "# service  supervise::supervise");
    starts(1, "supervisor at FILE");
    starts(in_time + 1, "scope at FILE, deadline in #.# s");
    starts(in_time + 2, "group at FILE");
    starts(in_time + 3, "# processes::child::in_time  waiting");
    let cancelled = &shown[cut_short + 1];
    assert!(cancelled.starts_with(&format!("scope at {file}, cancelled #")));
    let why = format!("s ago by task # at {file}: client went away; # task left");
    assert!(cancelled.ends_with(&why), "{text}");
    starts(
        cut_short + 2,
        "shield at FILE, whose future was dropped, deadline in #.# s",
    );
    starts(cut_short + 3, "# leno::task::structured::shield::Running<");

    let dump = place.answer(&["dump", &child.arg()]);
    let task = dump.split("\ntask ").find(|task| task.contains("Running<"));
    let lines: Vec<_> = task
        .unwrap()
        .lines()
        .map(|line| masked(line).remove(0))
        .collect();
    let within: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("in "))
        .collect();
    assert_eq!(within.len(), 3, "{dump}");
    let shield = format!("in shield at {file}, whose future was dropped, deadline in #.# s");
    assert_eq!(*within[0], shield, "{dump}");
    assert!(within[1].starts_with(&format!("in scope at {file}, begun by task #, cancelled #")));
    assert_eq!(
        *within[2],
        format!("in supervisor at {file}, begun by task #")
    );
}

fn metrics_are_in_the_format_of_prometheus() {
    let place = Place::new();
    let child = place.child("two");
    let text = place.answer(&["metrics", &child.arg()]);
    let mut families = Vec::new();
    let mut samples = Vec::new();
    let mut is_histogram = false;
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let (name, kind) = family.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            assert!(!families.contains(&name), "told twice: {line}");
            families.push(name);
            is_histogram = kind == "histogram";
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap();
            let part = name.strip_prefix(*families.last().unwrap()).unwrap();
            let is_part = ["_bucket", "_sum", "_count"].contains(&part);
            assert!(
                if is_histogram {
                    is_part
                } else {
                    part.is_empty()
                },
                "{line}"
            );
            let value: f64 = value.parse().unwrap();
            samples.push((name, labels.strip_suffix('}').unwrap(), value));
        }
    }
    let of = |wanted: &str| {
        let values = samples.iter().filter(|(name, ..)| *name == wanted);
        let values = values.map(|(_, labels, value)| (labels.contains("\"shop\""), *value));
        values.collect::<Vec<_>>()
    };
    let mut alive = of("leno_tasks_alive");
    alive.sort_by(|a, b| a.1.total_cmp(&b.1));
    assert_eq!(alive, [(false, 1.0), (true, 2.0)]);
    assert_eq!(of("leno_worker_parks_total").len(), 3);
    let json = place.json(&["metrics", &child.arg(), "--json"]);
    assert!(
        json["metrics"]
            .as_str()
            .unwrap()
            .contains("leno_tasks_alive")
    );
}

fn a_trace_is_of_now_or_of_before() {
    let place = Place::new();
    let off = place.child("busy");
    let output = place.path().join("shop.json");
    let arguments = |pid: &str, more: &[&str]| {
        let mut arguments = vec!["trace".to_owned(), pid.to_owned(), "-o".to_owned()];
        arguments.push(output.to_str().unwrap().to_owned());
        arguments.extend(["--format", "chrome"].map(str::to_owned));
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        arguments
    };
    let traced = |arguments: Vec<String>| {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let text = place.answer(&arguments);
        assert!(text.starts_with(output.to_str().unwrap()), "{text}");
        let trace: Value = serde_json::from_slice(&std::fs::read(&output).unwrap()).unwrap();
        std::fs::remove_file(&output).unwrap();
        let events = trace["traceEvents"].as_array().unwrap().iter();
        let polls = events.filter(|event| event["ph"] == "X");
        assert!(polls.count() > 0, "{trace}");
    };
    let fault = place.fault(&["trace", &off.arg()]);
    assert!(fault.contains("nothing was recorded"), "{fault}");
    traced(arguments(&off.arg(), &["--for", "0.2"]));
    let on = place.child_with("busy", Some("socket,recorder"));
    traced(arguments(&on.arg(), &[]));
    let fault = place.fault(&["trace", "/nowhere", "--for", "1"]);
    assert!(fault.contains("is no process"), "{fault}");
}

fn top_prints_one_list_where_there_is_no_terminal() {
    let place = Place::new();
    let child = place.child("one");
    let top = place.answer(&["top", &child.arg()]);
    assert_eq!(masked(&top), masked(&place.answer(&["ps", &child.arg()])));
    let json = place.json(&["top", &child.arg(), "--json"]);
    assert_eq!(json["pid"], child.pid());
}

fn processes_are_listed() {
    let place = Place::new();
    let (first, second) = (place.child("one"), place.child("two"));
    let text = place.answer(&["ps"]);
    for child in [&first, &second] {
        let found = text.lines().any(|line| {
            let mut words = line.split_ascii_whitespace();
            words.next() == Some(child.arg().as_str()) && line.contains("processes")
        });
        assert!(found, "{text}");
    }
    // What a dead process has left is not shown, and is removed.
    let socket = second.socket(&place);
    let dead = second.kill();
    assert!(socket.exists());
    let json = place.json(&["ps", "--json"]);
    let processes = json["processes"].as_array().unwrap();
    assert!(processes.iter().any(|found| found["pid"] == first.pid()));
    assert!(!processes.iter().any(|found| found["pid"] == dead));
    assert!(!socket.exists());
    // The end of the last runtime removes its own.
    let socket = first.socket(&place);
    assert!(first.end().is_empty());
    assert!(!socket.exists());
}

fn who_stops_reading_is_no_mistake() {
    let place = Place::new();
    let child = place.child("many");
    let mut command = place.command(&["ps", &child.arg()]);
    let mut program = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = program.stdout.take().unwrap();
    let mut first = [0; 16];
    output.read_exact(&mut first).unwrap();
    drop(output);
    let output = program.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

fn a_million_bytes_of_tasks_arrive_whole() {
    let place = Place::new();
    let child = place.child("many");
    let json = place.json(&["ps", &child.arg(), "--json"]);
    assert_eq!(tasks(&json["runtimes"][0]).len(), 20_000);
    assert!(json.to_string().len() > 1_000_000);
}
