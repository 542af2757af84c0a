//! What is read from the memory of a process that does not answer.

use super::support::{Place, Test, masked};
use rustix::process::Signal;
use serde_json::Value;
use std::time::Instant;

pub const TESTS: &[Test] = &[
    (
        "a_process_that_nobody_prepared_is_read",
        a_process_that_nobody_prepared_is_read,
    ),
    (
        "what_is_read_is_what_would_be_answered",
        what_is_read_is_what_would_be_answered,
    ),
    ("a_stopped_process_is_read", a_stopped_process_is_read),
    ("a_stuck_process_is_read", a_stuck_process_is_read),
    (
        "a_process_that_goes_on_is_read",
        a_process_that_goes_on_is_read,
    ),
    (
        "what_is_no_program_of_lenos_is_told",
        what_is_no_program_of_lenos_is_told,
    ),
    (
        "a_runtime_that_has_ended_is_not_found",
        a_runtime_that_has_ended_is_not_found,
    ),
];

fn a_process_that_nobody_prepared_is_read() {
    let place = Place::new();
    let child = place.child_with("one", None);
    let start = Instant::now();
    let text = place.answer(&["ps", &child.arg()]);
    println!("     (read in {:?})", start.elapsed());
    let expected = [
        "ID  STATE  FOR  POLLS  NAME / FUTURE  SPAWNED AT  WAITS FOR",
        "#  asleep  processes::child::checkout::{{closure}}  cli/tests/processes/child.rs:#:#",
        "#  asleep  \"mailer\"  cli/tests/processes/child.rs:#:#",
        "# tasks; # workers.",
        "Read from the process' memory, as it did not answer.",
    ];
    assert_eq!(masked(&text), expected);
    assert!(child.end().is_empty());
}

/// The tasks of each runtime by id, with all that is known of them, and what is known of the runtimes.
fn known(answer: &Value) -> Vec<(Value, Value, Vec<Value>)> {
    let runtimes = answer["runtimes"].as_array().unwrap().iter();
    runtimes
        .map(|runtime| {
            let mut tasks = runtime["tasks"].as_array().unwrap().clone();
            for task in &mut tasks {
                // Those are not looked for in memory.
                let fields = task.as_object_mut().unwrap();
                for field in ["worker", "polls", "for"] {
                    fields.remove(field);
                }
            }
            tasks.sort_by_key(|task| task["id"].as_str().unwrap().parse::<u64>().unwrap());
            (runtime["name"].clone(), runtime["kind"].clone(), tasks)
        })
        .collect()
}

fn what_is_read_is_what_would_be_answered() {
    for role in ["two", "names", "waiting", "stuck", "many"] {
        let place = Place::new();
        let child = place.child(role);
        let answered = place.json(&["ps", &child.arg(), "--json"]);
        assert!(answered.get("from_memory").is_none());
        // Then there is nobody who could answer.
        std::fs::remove_file(child.socket(&place)).unwrap();
        let read = place.json(&["ps", &child.arg(), "--json"]);
        assert_eq!(read["from_memory"], true);
        assert_eq!(read["moving"], false);
        assert_eq!(known(&read), known(&answered), "{role}");
    }
}

fn a_stopped_process_is_read() {
    let place = Place::new();
    let child = place.child("two");
    let before = place.json(&["ps", &child.arg(), "--json"]);
    child.signal(Signal::STOP);
    for arguments in [&["ps"][..], &["top"]] {
        let text = place.answer(&[arguments, &[&child.arg()]].concat());
        assert!(
            text.contains("\"mailer\"") && text.contains("\"elsewhere\""),
            "{text}"
        );
        assert!(text.ends_with("Read from the process' memory, as it did not answer.\n"));
    }
    let stopped = place.json(&["ps", &child.arg(), "--json"]);
    assert_eq!(known(&stopped), known(&before));
    child.signal(Signal::CONT);
    let after = place.json(&["ps", &child.arg(), "--json"]);
    assert!(after.get("from_memory").is_none());
    assert!(child.end().is_empty());
}

fn a_stuck_process_is_read() {
    let place = Place::new();
    let child = place.child_with("stuck", None);
    let read = place.json(&["ps", &child.arg(), "--json"]);
    let tasks = &known(&read)[0].2;
    let mut states: Vec<_> = tasks
        .iter()
        .map(|task| {
            (
                task["name"].as_str().unwrap(),
                task["state"].as_str().unwrap(),
            )
        })
        .collect();
    states.sort_unstable();
    let expected = [
        ("first", "running"),
        ("second", "running"),
        ("sleeper", "asleep"),
    ];
    assert_eq!(states, expected);
}

fn a_process_that_goes_on_is_read() {
    let place = Place::new();
    let child = place.child_with("busy", None);
    let mut whole = 0;
    for _ in 0..20 {
        let read = place.json(&["ps", &child.arg(), "--json"]);
        let tasks = &known(&read)[0].2;
        for task in tasks {
            assert!(["asleep", "queued", "running"].contains(&task["state"].as_str().unwrap()));
        }
        let named = |name: &Value| tasks.iter().any(|task| task["name"] == *name);
        if read["moving"] == false {
            whole += 1;
            assert!(named(&"mailer".into()), "{read}");
            let checkout = tasks
                .iter()
                .find(|task| task["type"] == "processes::child::checkout::{{closure}}");
            assert_eq!(
                checkout.unwrap()["spawned_at"]["file"],
                "cli/tests/processes/child.rs"
            );
        }
    }
    println!("     ({whole} of 20 were whole)");
}

fn what_is_no_program_of_lenos_is_told() {
    let place = Place::new();
    let mut sleeper = std::process::Command::new("sleep")
        .arg("1000")
        .spawn()
        .unwrap();
    let fault = place.fault(&["ps", &sleeper.id().to_string()]);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    assert!(fault.contains("has no socket"), "{fault}");
    assert!(
        fault.contains("And there is no leno in process "),
        "{fault}"
    );
}

fn a_runtime_that_has_ended_is_not_found() {
    let place = Place::new();
    let child = place.child_with("gone", None);
    let read = place.json(&["ps", &child.arg(), "--json"]);
    assert_eq!(read["runtimes"], Value::Array(Vec::new()));
}
