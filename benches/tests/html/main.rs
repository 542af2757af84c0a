//! The report is a whole page, holds every row, and survives records that no run should leave.

mod colours;
mod sample;

use leno_bench::html::{Description, page};
use leno_bench::record::{Environment, FORMAT, Record, Row, Trouble};
use leno_bench::workload::Unit;
use roxmltree::{Document, Node, ParsingOptions};
use sample::{result, troubled};
use std::fs;
use std::path::Path;

/// The page as a tree; it is XML as well as HTML, so that a strict reader finds whatever is not closed.
fn parse(page: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(page, options).expect("the page is well-formed")
}

fn text(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text);
    texts.filter_map(|text| text.text()).collect()
}

fn has_class(node: &Node<'_, '_>, class: &str) -> bool {
    let classes = node.attribute("class").unwrap_or_default();
    classes.split(' ').any(|one| one == class)
}

/// The texts of all elements of that name and class.
fn texts(document: &Document<'_>, tag: &str, class: &str) -> Vec<String> {
    document
        .descendants()
        .filter(|node| node.has_tag_name(tag) && has_class(node, class))
        .map(text)
        .collect()
}

fn summary(page: &str) -> String {
    texts(&parse(page), "p", "summary").join(" ")
}

fn record(rounds: u32, rows: Vec<Row>) -> Record {
    Record {
        format: FORMAT,
        environment: Environment::default(),
        rounds,
        quick: false,
        interrupted: false,
        limits: Vec::new(),
        rows,
        sim: None,
        build: Vec::new(),
    }
}

fn row(unit: Unit, peers: &[(&str, &[f64])]) -> Row {
    Row {
        group: "group".to_owned(),
        workload: "workload".to_owned(),
        workers: 1,
        quantity: "quantity".to_owned(),
        unit,
        floor: None,
        results: peers
            .iter()
            .map(|(peer, samples)| result(peer, samples.iter().copied().map(Some).collect()))
            .collect(),
    }
}

/// A page never shows what is not a number, wherever it came from.
fn assert_sound(page: &str) {
    let document = parse(page);
    let drawn = document
        .descendants()
        .filter(|node| !node.has_tag_name("style"));
    for node in drawn {
        for attribute in node.attributes() {
            let value = attribute.value();
            assert!(
                !value.contains("NaN") && !value.contains("inf"),
                "{attribute:?}"
            );
        }
        assert!(!node.text().unwrap_or_default().contains("NaN"), "{node:?}");
    }
    let mut ids: Vec<_> = document
        .descendants()
        .filter_map(|node| node.attribute("id"))
        .collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
}

/// It is written to where the tests' files go, too, for whoever wants to look at it.
#[test]
fn the_page_of_a_whole_run_is_sound() {
    let page = page(&sample::record(), &sample::DESCRIPTIONS, None);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.html");
    fs::write(path, &page).expect("the target folder is writable");
    assert_sound(&page);
}

#[test]
fn every_row_is_there_with_its_verdict() {
    let record = sample::record();
    let page = page(&record, &sample::DESCRIPTIONS, None);
    let document = parse(&page);
    let rows = document
        .descendants()
        .filter(|node| node.has_attribute("data-standing"));
    assert_eq!(rows.count(), record.rows.len());
    let names = texts(&document, "span", "name");
    for row in &record.rows {
        assert!(names.contains(&row.workload), "{}", row.workload);
    }
    let about = texts(&document, "span", "about").join("\n");
    assert_eq!(about.lines().count(), sample::DESCRIPTIONS.len());
    assert!(about.contains("a network: both ends are on this machine."));
    assert!(
        about.contains("TCP and tasks as"),
        "abbreviations stay capital"
    );
    for limit in &record.limits {
        assert!(page.contains(&limit.name));
    }
}

#[test]
fn the_summary_counts_the_verdicts() {
    let rows = [
        row(
            Unit::Nanoseconds,
            &[("leno", &[1.0; 9]), ("tokio", &[2.0; 9])],
        ),
        row(
            Unit::PerSecond,
            &[("leno", &[1.0; 9]), ("tokio", &[2.0; 9])],
        ),
        row(
            Unit::Nanoseconds,
            &[("leno", &[1.0; 9]), ("tokio", &[1.0; 9])],
        ),
        row(Unit::Nanoseconds, &[("leno", &[1.0; 9]), ("tokio", &[])]),
    ];
    let page = page(&record(9, rows.into()), &[], None);
    assert_sound(&page);
    assert_eq!(
        summary(&page),
        "leno is better than tokio on 1 of 4 rows, the same on 1, worse on 1, undecided on 0, \
         not compared on 1."
    );
}

#[test]
fn verdicts_of_uses_come_first_with_their_rows() {
    let record = sample::record();
    let page = page(&record, &sample::DESCRIPTIONS, Some("smol"));
    assert_sound(&page);
    let document = parse(&page);
    let sections: Vec<_> = texts(&document, "section", "verdicts");
    let [section] = &sections[..] else {
        panic!("{} sections", sections.len());
    };
    let choices = texts(&document, "span", "choice");
    assert!(choices.contains(&"take leno".to_owned()), "{choices:?}");
    for said in [
        "smol/leno: worse; of ",
        "smol / tokio",
        "spawn+join, batches of 1000, current-thread, time per operation",
        "rows were not measured: ",
        "Not measured: ",
    ] {
        assert!(section.contains(said), "{said}: {section}");
    }
    // The peer that was asked for stands first, in the title too.
    assert!(page.contains("<title>Async runtimes compared: smol, leno, tokio</title>"));
    let first = page.find("Which runtime to take");
    assert!(first.is_some() && first < page.find("At a glance"));
}

#[test]
fn simulations_have_a_section_if_there_are_any() {
    let mut record = sample::record();
    let with = page(&record, &[], None);
    for text in ["Simulation", "400,000/s", "50 / 95", "50 / –", "123,457"] {
        assert!(with.contains(text), "{text}");
    }
    record.sim = None;
    assert!(!page(&record, &[], None).contains("Simulation"));
}

#[test]
fn drawings_have_titles() {
    let page = page(&sample::record(), &sample::DESCRIPTIONS, None);
    let document = parse(&page);
    let drawings = document
        .descendants()
        .filter(|node| node.attribute("role") == Some("img"));
    for drawing in drawings {
        let first = drawing.first_element_child().expect("it has a title");
        assert!(
            first.has_tag_name("title") && !text(first).is_empty(),
            "{drawing:?}"
        );
    }
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    let page = page(&sample::record(), &sample::DESCRIPTIONS, None);
    for forbidden in ["http://", "https://", "url(", "@import", "src="] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let document = parse(&page);
    let forbidden = ["script", "link", "img", "iframe", "object"];
    let loading = document
        .descendants()
        .find(|node| forbidden.contains(&node.tag_name().name()));
    assert_eq!(loading, None);
    let links = document
        .descendants()
        .filter_map(|node| node.attribute("href"));
    for link in links {
        let target = link.strip_prefix('#').expect("links stay in the page");
        assert!(
            document
                .descendants()
                .any(|node| node.attribute("id") == Some(target))
        );
    }
}

#[test]
fn everything_is_escaped() {
    const EVIL: &str = "<script>&\"'</td>";
    let mut row = row(Unit::Count, &[(EVIL, &[1.0; 5]), ("tokio", &[2.0; 5])]);
    row.group = EVIL.to_owned();
    row.workload = EVIL.to_owned();
    row.quantity = EVIL.to_owned();
    let mut of_a_use = row.clone();
    of_a_use.workload = "mutex, 1 task".to_owned();
    of_a_use.quantity = "time per operation".to_owned();
    row.results
        .push(troubled("smol", Trouble::Failed(EVIL.to_owned())));
    row.results
        .push(troubled("other", Trouble::NotInstalled(EVIL.to_owned())));
    row.results[0].histogram = vec![(1, 1), (2, 1)];
    let mut record = record(5, vec![row, of_a_use]);
    record.environment.processor = EVIL.to_owned();
    record.environment.versions = vec![(EVIL.to_owned(), EVIL.to_owned())];
    let about = Description {
        workload: EVIL,
        isolates: EVIL,
        cannot_show: EVIL,
    };
    let page = page(&record, &[about], None);
    assert_sound(&page);
    assert!(!page.contains("<script"));
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn warnings_are_given() {
    let warnings = |record: &Record| {
        let page = page(record, &[], None);
        texts(&parse(&page), "p", "warning").join("\n")
    };
    let mut record = record(15, Vec::new());
    assert_eq!(warnings(&record), "");
    record.interrupted = true;
    record.quick = true;
    record.rounds = 1;
    let all = warnings(&record);
    for warning in [
        "Interrupted.",
        "Quick run.",
        "Too few rounds. 1 round cannot",
    ] {
        assert!(all.contains(warning), "{all}");
    }
    record.rounds = 7;
    assert!(warnings(&record).contains("Few rounds. 7 rounds give"));
}

#[test]
fn troubles_are_told() {
    let mut row = row(
        Unit::PerSecond,
        &[("leno", &[1.0; 5]), ("tokio", &[1.0; 5])],
    );
    row.results.push(troubled("a", Trouble::NotOffered));
    row.results
        .push(troubled("b", Trouble::NotInstalled("wrk".to_owned())));
    row.results.push(troubled("c", Trouble::Deadline(10)));
    row.results
        .push(troubled("d", Trouble::Failed("it broke".to_owned())));
    let page = page(&record(5, vec![row]), &[], None);
    let notes = texts(&parse(&page), "text", "note").join("\n");
    assert_eq!(
        notes,
        "a does not offer what the workload needs\n\
         b needs wrk, which is not installed\n\
         c took longer than the deadline of 10 s\n\
         d failed: it broke"
    );
}

#[test]
fn degenerate_records_are_shown() {
    let huge: Vec<(&str, &[f64])> = vec![("leno", &[1e300; 5]), ("tokio", &[1e-300; 5])];
    let cases: Vec<(&str, Vec<Row>)> = vec![
        ("no rows", vec![]),
        ("no results", vec![row(Unit::Count, &[])]),
        ("one peer", vec![row(Unit::Count, &[("leno", &[1.0; 5])])]),
        (
            "no leno",
            vec![row(Unit::Count, &[("a", &[1.0; 5]), ("b", &[2.0; 5])])],
        ),
        (
            "no samples",
            vec![row(Unit::Bytes, &[("leno", &[]), ("tokio", &[])])],
        ),
        (
            "one round",
            vec![row(Unit::Bytes, &[("leno", &[1.0]), ("tokio", &[2.0])])],
        ),
        (
            "zeros",
            vec![row(
                Unit::Percent,
                &[("leno", &[0.0; 5]), ("tokio", &[0.0; 5])],
            )],
        ),
        (
            "by zero",
            vec![row(
                Unit::Count,
                &[("leno", &[3.0; 5]), ("tokio", &[0.0; 5])],
            )],
        ),
        (
            "of zero",
            vec![row(
                Unit::PerSecond,
                &[("leno", &[0.0; 5]), ("tokio", &[3.0; 5])],
            )],
        ),
        ("huge", vec![row(Unit::Nanoseconds, &huge)]),
    ];
    for (name, rows) in cases {
        // Twice, the second with other workers, so that there is a plot by workers.
        let mut again = rows.clone();
        for row in &mut again {
            row.workers = 0;
            row.floor = Some(0.0);
            for result in &mut row.results {
                result.histogram = vec![(0, 0), (0, 3), (u64::MAX, 1)];
            }
        }
        let page = page(
            &record(1, rows.into_iter().chain(again).collect()),
            &[],
            None,
        );
        println!("{name}");
        assert_sound(&page);
        assert!(
            summary(&page).is_empty() == (name.starts_with("no r")),
            "{name}"
        );
    }
}

#[test]
fn many_peers_have_many_looks() {
    let names: Vec<String> = (0..9).map(|place| format!("peer{place}")).collect();
    let peers: Vec<(&str, &[f64])> = names
        .iter()
        .map(|name| (name.as_str(), &[1.0, 1.1, 1.2, 1.3, 1.4][..]))
        .collect();
    let page = page(&record(5, vec![row(Unit::Count, &peers)]), &[], None);
    assert_sound(&page);
    assert!(summary(&page).contains("peer1 is better than peer0 on 0 of 1 row,"));
}
