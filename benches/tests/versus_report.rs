//! `versus report`: a record as tables and as a page.

mod support;

use leno_bench::record::Trouble;
use leno_bench::workload::Unit::{Bytes, Nanoseconds};
use support::{Folder, line, record, row, troubled, versus, well, written};

#[test]
fn a_report_says_what_the_run_said() {
    let folder = Folder::new("same");
    let file = folder.file("record.json");
    let path = file.to_str().unwrap();
    let arguments = [
        "run",
        "--only",
        "steady",
        "--only",
        "latencies",
        "--rounds",
        "5",
    ];
    let said = well(
        troubled(),
        arguments.iter().copied().chain(["--json", path]),
    );
    // A run ends with the verdicts, where a terminal shows them; a report begins with them.
    let verdicts = well(versus(), ["verdict", path]);
    let tables = said.strip_suffix(&format!("\n{verdicts}")).unwrap();
    assert_eq!(
        well(versus(), ["report", path]),
        format!("{verdicts}\n{tables}")
    );
}

#[test]
fn tables_show_leno_beside_the_reference() {
    let folder = Folder::new("tables");
    let peers = [("leno", 40.0), ("tokio", 100.0), ("smol", 90.0)];
    let mut failed = row("a|b", Bytes, &peers);
    failed.floor = Some(8.0);
    let smol = &mut failed.results[2];
    smol.samples.truncate(3);
    smol.trouble = Some(Trouble::Failed("no more".to_owned()));
    let record = record(vec![row("plain", Nanoseconds, &peers), failed]);
    let file = written(&folder, "record.json", &record);
    let path = file.to_str().unwrap();
    let said = well(versus(), ["report", path]);
    let head = line(&said, &["workload", "workers", "quantity", "floor"]);
    assert_eq!(
        head[4..],
        ["leno", "tokio", "smol", "leno/tokio", "verdict"]
    );
    let plain = line(&said, &["plain", "2", "a quantity", "–"]);
    assert_eq!(plain[4..7], ["40.0 ns", "100 ns", "90.0 ns"]);
    assert!(plain[7].starts_with("0.4"), "{}", plain[7]);
    assert_eq!(plain[8], "better");
    // A line of Markdown stays a line, and figures before the trouble are figures.
    assert!(said.contains("a\\|b"), "{said}");
    assert!(
        said.contains("| 8.00 B | 40.0 B  | 100 B  | 90.0 B, then failed [1] |"),
        "{said}"
    );
    assert!(
        said.contains("- [1] smol, a|b, 2 workers: a sample failed: no more"),
        "{said}"
    );
    let said = well(versus(), ["report", path, "--peer", "smol"]);
    assert_eq!(line(&said, &["workload"])[7], "smol/tokio");
}

#[test]
fn a_page_is_written() {
    let folder = Folder::new("page");
    let peers = [("leno", 40.0), ("tokio", 100.0)];
    let record = record(vec![row("a < b", Nanoseconds, &peers)]);
    let file = written(&folder, "record.json", &record);
    let page = folder.with("page.html", "an older page");
    let arguments = ["report", file.to_str().unwrap(), "--html"];
    let said = well(versus(), arguments.iter().copied().chain(page.to_str()));
    assert_eq!(said, "");
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.to_lowercase().starts_with("<!doctype html>"), "{text}");
    assert!(text.contains("a &lt; b") && text.contains("40.0"), "{text}");
    assert_eq!(folder.names(), ["page.html", "record.json"]);
}
