//! A record as a page.

use crate::record::Record;
use crate::table;
use std::fmt::Write;

/// The record's tables as a page of HTML that needs nothing else.
pub fn page(record: &Record) -> String {
    let mut text = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Async runtimes compared</title>\n",
    );
    let mut in_table = false;
    for line in table::markdown(record, None).lines() {
        let cells = line.strip_prefix("| ").and_then(|l| l.strip_suffix(" |"));
        if cells.is_some() != in_table {
            in_table = cells.is_some();
            text.push_str(if in_table { "<table>\n" } else { "</table>\n" });
        }
        let _ = match (cells, line.strip_prefix("## ")) {
            (Some(cells), _) if cells.starts_with("---") => Ok(()),
            (Some(cells), _) => {
                let cells = escape(cells).replace(" | ", "<td>");
                writeln!(text, "<tr><td>{cells}")
            }
            (None, Some(heading)) => writeln!(text, "<h2>{}</h2>", escape(heading)),
            (None, None) => writeln!(text, "<p>{}", escape(line)),
        };
    }
    text.push_str("</html>\n");
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
