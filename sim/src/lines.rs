//! One line of JSON for each exploration, for whoever puts many processes together.
//!
//! It is written by hand, so that a program under test need not build a library for it; `leno-sim merge` reads it.

use crate::examine::Found;
use crate::summary::{Because, Summary};
use crate::trace::beside;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process;
use std::sync::OnceLock;
use std::time::SystemTime;

/// How many of the prefixes that a systematic search did not come to are written down: a deep tree has many.
const PREFIXES: usize = 1000;

/// `text` as a JSON string.
fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            letter if u32::from(letter) < 0x20 => {
                quoted += &format!("\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn array(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(","))
}

/// The word for why an exploration ended.
pub(crate) fn ended(because: Because) -> &'static str {
    match because {
        Because::Seeds => "seeds",
        Because::Exhausted => "exhausted",
        Because::Time => "time",
        Because::Runs => "runs",
        Because::Found => "found",
    }
}

/// The line for an exploration, without its end.
pub(crate) fn line(summary: &Summary, found: &[Found]) -> String {
    let points = |held: bool| {
        let points = summary.points.iter();
        let points = points.filter(|point| (point.held != 0) == held);
        array(points.map(|point| string(&format!("{} at {}", point.born, point.site))))
    };
    let sometimes = array(summary.sometimes.iter().map(|one| {
        let (name, place) = (string(&one.name), string(&one.place));
        format!("{{\"name\":{name},\"place\":{place},\"so\":{}}}", one.so)
    }));
    let failures = array(found.iter().map(|one| {
        let seed = one.seed.map_or("null".to_owned(), |seed| seed.to_string());
        let trace = one.trace.as_ref();
        let trace = trace.map_or("null".to_owned(), |trace| string(&trace.display().to_string()));
        format!(
            "{{\"fingerprint\":{},\"kind\":{},\"message\":{},\"seed\":{seed},\"repeats\":{},\"why\":{},\"decisions\":{},\
             \"trace\":{trace}}}",
            string(&one.fingerprint),
            string(one.failure.kind.word()),
            string(&one.failure.message),
            one.repeats,
            one.why.len(),
            one.decisions,
        )
    }));
    let claim = summary.claim.as_ref();
    let claim = claim.map_or("null".to_owned(), |claim| string(&claim.to_string()));
    let unexplored = summary.unexplored.iter().take(PREFIXES);
    let unexplored = array(unexplored.map(|prefix| string(&prefix.to_string())));
    format!(
        "{{\"v\":1,\"test\":{},\"strategy\":{},\"seeds\":[{},{},{},{}],\"ended\":\"{}\",\"runs\":{},\"decisions\":{},\"seconds\":{:.3},\
         \"classes\":{},\"held\":{},\"unheld\":{},\"claim\":{claim},\"unexplored\":{unexplored},\"sometimes\":{sometimes},\"failures\":{failures}}}",
        string(&summary.test),
        string(&summary.strategy),
        summary.seeds.start,
        summary.seeds.end,
        summary.shard.index(),
        summary.shard.of(),
        ended(summary.because),
        summary.runs,
        summary.decisions,
        summary.elapsed.as_secs_f64(),
        string(&summary.distinct.sketch().to_text()),
        points(true),
        points(false),
    )
}

/// Appends the line to this process's file in `directory`, which is made if it is not there.
pub(crate) fn append(directory: &Path, summary: &Summary, found: &[Found]) -> io::Result<()> {
    let directory = beside(directory);
    fs::create_dir_all(&directory)?;
    let mut line = line(summary, found);
    line.push('\n');
    // Tests of one process run on several threads, so it is one write to a file that is only appended to.
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.join(file_name()))?
        .write_all(line.as_bytes())
}

/// The name of this process's file: pods of a cluster share a directory, and have the same numbers of processes.
fn file_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let host = env::var("HOSTNAME").unwrap_or_default();
        let host: String = host
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
            .take(64)
            .collect();
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let since = since.map_or(0, |since| since.as_nanos() as u64);
        format!("{host}-{}-{since:x}.jsonl", process::id())
            .trim_start_matches('-')
            .to_owned()
    })
}

#[cfg(all(test, feature = "merge"))]
mod tests {
    use super::*;
    use crate::shard::Shard;

    #[test]
    fn any_text_comes_through() {
        let test = "a \"b\" \\ \n \u{1} \u{7f} é 𝄞";
        let summary = Summary::new(test, "walk(1/2)", 0..7, Shard::WHOLE);
        let line = line(&summary, &[]);
        assert!(!line.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["test"], test);
        assert_eq!(value["seeds"], serde_json::json!([0, 7, 0, 1]));
    }
}
