use super::*;
use crate::record::{Environment, FORMAT, Trouble};
use crate::verdict::markdown::markdown;

/// So much do the rounds differ from each other.
const NOISE: [f64; 7] = [1.0, 0.98, 1.02, 0.99, 1.01, 0.97, 1.03];

fn result(peer: &str, turn: usize, value: f64, rounds: usize) -> PeerResult {
    let samples = (0..rounds).map(|round| value * NOISE[(round + 3 * turn) % NOISE.len()]);
    PeerResult {
        peer: peer.to_owned(),
        samples: samples.map(Some).collect(),
        histogram: Vec::new(),
        trouble: None,
    }
}

fn use_named(name: &str) -> &'static Use {
    let mut all = USES.iter();
    all.find(|of| of.name == name).expect("there is such a use")
}

/// A record with all rows of a use; `value` says how a peer of index so does on the row of index so.
fn record(of: &str, peers: &[&str], rounds: usize, value: impl Fn(usize, usize) -> f64) -> Record {
    let RestsOn::Rows(all) = use_named(of).rests_on else {
        panic!("{of} rests on no rows");
    };
    let mut rows = Vec::new();
    for group in all {
        for &workers in group.workers {
            for quantity in group.quantities {
                let place = rows.len();
                let each = peers.iter().enumerate();
                let results = each
                    .map(|(turn, peer)| result(peer, turn, value(place, turn), rounds))
                    .collect();
                rows.push(Row {
                    group: "a group".to_owned(),
                    workload: group.workload.to_owned(),
                    workers,
                    quantity: (*quantity).to_owned(),
                    unit: match quantity.ends_with("per second") && !quantity.contains("CPU") {
                        true => Unit::PerSecond,
                        false => Unit::Nanoseconds,
                    },
                    floor: None,
                    results,
                });
            }
        }
    }
    Record {
        format: FORMAT,
        environment: Environment::default(),
        rounds: rounds as u32,
        quick: false,
        interrupted: false,
        limits: Vec::new(),
        rows,
        sim: None,
        build: Vec::new(),
    }
}

/// The verdict of one use.
fn verdict<'a>(record: &'a Record, peer: Option<&'a str>, of: &str) -> UseVerdict<'a> {
    let mut all = verdicts(record, peer).into_iter();
    all.find(|verdict| verdict.of.name == of)
        .expect("each use has a verdict")
}

const PEERS: [&str; 3] = ["leno", "tokio", "smol"];
/// A use of 16 rows, of which less is better everywhere.
const CHANNELS: &str = "channel-heavy";

fn costs(record: &[f64; 3]) -> impl Fn(usize, usize) -> f64 + '_ {
    |_, peer| record[peer]
}

#[test]
fn the_best_on_all_rows_is_taken() {
    let record = record(CHANNELS, &PEERS, 7, costs(&[40.0, 100.0, 200.0]));
    let verdict = verdict(&record, None, CHANNELS);
    assert_eq!(verdict.choice, Choice::Take("leno"));
    assert_eq!(verdict.doubts(), Vec::<String>::new());
    let pair = &verdict.pairs[0];
    assert_eq!((pair.of, pair.to), ("leno", "tokio"));
    let all = Tally {
        better: 16,
        ..Tally::default()
    };
    assert_eq!(pair.tally, all);
    let median = pair.median.expect("there are rounds");
    assert!(
        (0.39..0.41).contains(&median.median) && median.low <= median.median,
        "{median:?}"
    );
}

#[test]
fn leno_is_not_taken_where_it_loses() {
    let record = record(CHANNELS, &PEERS, 7, costs(&[100.0, 40.0, 50.0]));
    let verdict = verdict(&record, None, CHANNELS);
    assert_eq!(verdict.choice, Choice::Take("tokio"));
    // It comes first all the same.
    assert_eq!(verdict.peers, PEERS);
    assert_eq!(verdict.pairs[0].outcome, Outcome::Worse);
    let said = markdown(&record, None);
    assert!(said.contains("**Verdict: take tokio.**"), "{said}");
    assert!(
        said.contains("- leno/tokio: worse; of 16 rows 16 worse; median of the rows 2."),
        "{said}"
    );
    assert!(said.contains("- tokio/smol: better; "), "{said}");
}

#[test]
fn where_more_is_better_more_is_better() {
    // Half of the rows are rates: who has less of everything is contradicted by them.
    let http = "HTTP service";
    let (less, more) = ([50.0, 100.0, 100.0], [200.0, 100.0, 100.0]);
    let made = record(http, &PEERS, 7, |row, peer| {
        // The quantities of each workload begin with its rate.
        if row % 4 == 0 { more[peer] } else { less[peer] }
    });
    let found = verdict(&made, None, http);
    assert_eq!(found.choice, Choice::Take("leno"));
    let median = found.pairs[0].median.expect("there are rounds");
    assert!((0.48..0.52).contains(&median.median), "{median:?}");
    let made = record(http, &PEERS, 7, costs(&[50.0, 100.0, 100.0]));
    let found = verdict(&made, None, http);
    let tally = found.pairs[0].tally;
    assert!(
        tally.better > 0 && tally.worse > 0 && tally.worse * 3 == tally.better,
        "{tally:?}"
    );
}

#[test]
fn ties_leave_the_choice() {
    let made = record(CHANNELS, &PEERS, 7, |_, peer| match peer {
        2 => 200.0,
        _ => 100.0,
    });
    // Rounds that differ by 3 % do not tell whether 1 % is the same: without noise they do.
    let mut made = made;
    for result in made.rows.iter_mut().flat_map(|row| &mut row.results) {
        let exact = if result.peer == "smol" { 200.0 } else { 100.0 };
        result.samples = vec![Some(exact); 7];
    }
    let found = verdict(&made, None, CHANNELS);
    assert_eq!(found.choice, Choice::Any(vec!["leno", "tokio"]));
    assert_eq!(found.told(), "take leno or tokio");
    assert_eq!(found.pairs[0].outcome, Outcome::Same);
}

#[test]
fn rows_whose_interval_includes_1_decide_nothing() {
    let mut made = record(CHANNELS, &["leno", "tokio"], 7, |_, _| 100.0);
    let wild = [20.0, 190.0, 90.0, 250.0, 70.0, 110.0, 160.0];
    for row in &mut made.rows {
        row.results[0].samples = wild.map(Some).to_vec();
    }
    let found = verdict(&made, None, CHANNELS);
    assert_eq!(found.choice, Choice::Undecided(vec!["leno", "tokio"]));
    assert_eq!(found.told(), "not decided between leno and tokio");
    // One row that is decided is too few of sixteen, but it is told.
    made.rows[3].results[0] = result("leno", 0, 10.0, 7);
    let found = verdict(&made, None, CHANNELS);
    assert_eq!(found.choice, Choice::Undecided(vec!["leno", "tokio"]));
    let doubts = found.doubts().join("\n");
    assert!(
        doubts.starts_with("leno/tokio is better on mpsc bounded 128, 4P1C, 2 workers, "),
        "{doubts}"
    );
    // Four of sixteen are enough; that the others say nothing is a doubt.
    for row in 4..7 {
        made.rows[row].results[0] = result("leno", 0, 10.0, 7);
    }
    let found = verdict(&made, None, CHANNELS);
    assert_eq!(found.choice, Choice::Take("leno"));
    assert_eq!(found.doubts(), ["leno/tokio: 12 of 16 rows are undecided"]);
}

#[test]
fn contradictions_are_named() {
    // Worse on two of sixteen rows: taken, and said.
    let few = record(CHANNELS, &["leno", "tokio"], 7, |row, peer| {
        if peer == 0 && row < 2 {
            200.0
        } else {
            100.0 - 60.0 * f64::from(peer == 0)
        }
    });
    let found = verdict(&few, None, CHANNELS);
    assert_eq!(found.choice, Choice::Take("leno"));
    let doubts = found.doubts();
    assert_eq!(doubts.len(), 1, "{doubts:?}");
    assert!(
        doubts[0].starts_with(
            "leno/tokio is worse on mpsc bounded 128, 1P1C, 1 worker, time per operation 2."
        ),
        "{doubts:?}"
    );
    assert!(doubts[0].contains("1P1C, 2 workers"), "{doubts:?}");
    // Worse on half of them: it depends.
    let many = record(CHANNELS, &["leno", "tokio"], 7, |row, peer| {
        if peer == 0 && row % 2 == 0 {
            200.0
        } else {
            100.0 - 60.0 * f64::from(peer == 0)
        }
    });
    let found = verdict(&many, None, CHANNELS);
    assert_eq!(found.choice, Choice::Contradictory(vec!["leno", "tokio"]));
    let doubts = found.doubts();
    assert!(
        doubts[0].starts_with("leno/tokio is better on mpsc bounded 128, 1P1C, 2 workers"),
        "{doubts:?}"
    );
    assert!(
        doubts[0].contains("; and 4 more; and worse on "),
        "{doubts:?}"
    );
}

#[test]
fn too_few_rounds_decide_nothing() {
    for rounds in [1, 4] {
        let record = record(CHANNELS, &PEERS, rounds, costs(&[1.0, 100.0, 200.0]));
        let found = verdict(&record, None, CHANNELS);
        assert_eq!(found.choice, Choice::Undecided(PEERS.to_vec()));
        assert_eq!(
            found.told(),
            "not decided between leno, tokio and smol: verdicts need 5 rounds at least"
        );
        assert_eq!(found.pairs[0].median, None);
        assert_eq!(
            found.doubts()[0],
            "leno/tokio: 16 of 16 rows have fewer than 5 rounds and decide nothing"
        );
    }
}

#[test]
fn missing_rows_and_peers_are_told() {
    let mut made = record(CHANNELS, &PEERS, 7, costs(&[40.0, 100.0, 200.0]));
    made.rows.truncate(3);
    for row in &mut made.rows {
        let smol = &mut row.results[2];
        smol.samples = vec![None; 7];
        smol.trouble = Some(Trouble::NotOffered);
    }
    let found = verdict(&made, None, CHANNELS);
    assert_eq!(found.choice, Choice::Take("leno"));
    assert_eq!(found.missing.len(), 13);
    let doubts = found.doubts();
    assert_eq!(doubts.len(), 2, "{doubts:?}");
    assert!(
        doubts[0].starts_with(
            "13 of 16 rows were not measured: mpsc bounded 128, 4P1C, 2 workers, time per operation; "
        ) && doubts[0].ends_with("; and 9 more"),
        "{doubts:?}"
    );
    assert_eq!(doubts[1], "smol was not measured on any of these rows");
    // The other uses were not measured at all.
    let timers = verdict(&made, None, "timers");
    assert_eq!(timers.choice, Choice::NotMeasured);
    let said = markdown(&made, None);
    assert!(
        said.contains("Not measured: HTTP service, many idle connections, task-heavy, timers, memory, build. `versus build-cost"),
        "{said}"
    );
    made.rows.clear();
    let said = markdown(&made, None);
    assert!(said.contains("No verdict: the record has no row"), "{said}");
}

#[test]
fn failures_are_told() {
    let mut made = record(CHANNELS, &PEERS, 7, costs(&[40.0, 100.0, 200.0]));
    let leno = &mut made.rows[0].results[0];
    leno.samples = vec![None; 7];
    leno.trouble = Some(Trouble::Deadline(60));
    let found = verdict(&made, None, CHANNELS);
    assert_eq!(found.pairs[0].tally.compared(), 15);
    assert_eq!(
        found.doubts(),
        [
            "leno, mpsc bounded 128, 1P1C, 1 worker, time per operation: a sample took longer than \
             60 s"
        ]
    );
}

#[test]
fn one_row_alone_decides_nothing() {
    let idle = "many idle connections";
    let mut made = record(idle, &["leno", "tokio"], 7, |_, _| 100.0);
    for row in &mut made.rows {
        for result in &mut row.results {
            result.samples = vec![Some(1.0); 7];
        }
    }
    let halved = |row: &mut Row| row.results[0].samples = vec![Some(0.5); 7];
    halved(&mut made.rows[0]);
    // The others say that they are the same.
    let found = verdict(&made, None, idle);
    assert_eq!(found.choice, Choice::Any(vec!["leno", "tokio"]));
    assert_eq!(
        found.doubts(),
        [
            "leno/tokio is better on 10,000 idle connections, 2 workers, memory per connection \
             0.50 [0.50–0.50]"
        ]
    );
    halved(&mut made.rows[2]);
    let found = verdict(&made, None, idle);
    assert_eq!(found.choice, Choice::Take("leno"));
    // Nor does a run of one row.
    made.rows.truncate(1);
    let found = verdict(&made, None, idle);
    assert_eq!(found.choice, Choice::Undecided(vec!["leno", "tokio"]));
}

#[test]
fn nobody_is_compared_with_nobody() {
    let record = record(CHANNELS, &["leno", "bare"], 7, |_, _| 1.0);
    let found = verdict(&record, None, CHANNELS);
    // Threads without a runtime are no runtime to take.
    assert_eq!(found.choice, Choice::Alone("leno"));
    assert_eq!(found.told(), "only leno was measured");
}

#[test]
fn ones_own_peer_comes_first() {
    let peers = ["leno", "tokio", "plain"];
    let record = record(CHANNELS, &peers, 7, costs(&[40.0, 100.0, 200.0]));
    let first = |peer| verdict(&record, peer, CHANNELS).peers;
    assert_eq!(first(None), ["plain", "leno", "tokio"]);
    assert_eq!(first(Some("tokio")), ["tokio", "leno", "plain"]);
    let said = markdown(&record, None);
    let head = said.lines().find(|line| line.starts_with("| use"));
    let head: Vec<&str> = head.expect("a table").split('|').map(str::trim).collect();
    assert_eq!(head[1..5], ["use", "verdict", "plain/leno", "plain/tokio"]);
    // And it is not taken for that.
    let found = verdict(&record, None, CHANNELS);
    assert_eq!(found.choice, Choice::Take("leno"));
    let shown: Vec<(&str, &str)> = found.shown().map(|pair| (pair.of, pair.to)).collect();
    let pairs = [("plain", "leno"), ("plain", "tokio"), ("leno", "tokio")];
    assert_eq!(shown, pairs);
}

#[test]
fn a_circle_is_a_contradiction() {
    // Each is better than the next: on a third of the rows it is by far, on the others by little worse or better.
    let order = [[1.0, 2.0, 3.0], [3.0, 1.0, 2.0], [2.0, 3.0, 1.0]];
    let record = record("timers", &PEERS, 7, |row, peer| order[row % 3][peer]);
    let found = verdict(&record, None, "timers");
    assert_eq!(found.choice, Choice::Contradictory(PEERS.to_vec()));
}

fn build(peer: &str, seconds: f64, dependencies: u64, bytes: u64, rounds: usize) -> BuildCost {
    BuildCost {
        peer: peer.to_owned(),
        seconds: NOISE[..rounds]
            .iter()
            .map(|noise| noise * seconds)
            .collect(),
        dependencies: vec![dependencies; rounds],
        bytes: vec![bytes; rounds],
    }
}

#[test]
fn builds_are_compared_like_rows() {
    let mut made = record(CHANNELS, &PEERS, 7, costs(&[40.0, 100.0, 200.0]));
    let found = verdict(&made, None, "build");
    assert_eq!(
        (found.told(), found.lines.len()),
        ("not measured".to_owned(), 0)
    );
    made.build = vec![
        build("leno", 20.3, 21, 670_000, 5),
        build("tokio", 15.1, 11, 684_000, 5),
    ];
    let found = verdict(&made, None, "build");
    assert_eq!(found.choice, Choice::Take("tokio"));
    let tally = found.pairs[0].tally;
    assert_eq!((tally.better, tally.worse, tally.same), (0, 2, 1));
    assert_eq!(
        found.doubts(),
        ["smol was not measured on any of these rows"]
    );
    made.build = vec![
        build("leno", 1.0, 2, 600, 1),
        build("tokio", 15.1, 11, 684_000, 1),
    ];
    let found = verdict(&made, None, "build");
    assert_eq!(
        found.told(),
        "not decided between leno and tokio: verdicts need 5 rounds at least"
    );
}

#[test]
fn what_weakens_the_whole_run_is_told() {
    let mut made = record(CHANNELS, &PEERS, 7, costs(&[40.0, 100.0, 200.0]));
    let said = markdown(&made, None);
    assert!(!said.contains("quick run") && !said.contains("interrupted"));
    made.quick = true;
    made.interrupted = true;
    made.environment.flags = "opt-level 0, and more".to_owned();
    let said = markdown(&made, None);
    for weakness in [
        "This was a quick run",
        "The run was interrupted",
        "built without optimisation",
    ] {
        assert!(said.contains(weakness), "{said}");
    }
}
