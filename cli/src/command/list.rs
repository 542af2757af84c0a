//! `leno ps` without a process: which ones can be looked into.

use crate::fault::Fault;
use crate::process;
use crate::show::style::{self, Style};
use crate::show::table::{self, Cell, Column};
use serde_json::json;

const COLUMNS: [Column; 2] = [
    Column {
        title: "PID",
        right: true,
        at_least: None,
    },
    Column {
        title: "COMMAND",
        right: false,
        at_least: Some(20),
    },
];

pub(super) fn run(as_json: bool) -> Result<String, Fault> {
    let sockets = process::sockets()?;
    if as_json {
        let processes = sockets.iter().map(|socket| {
            json!({
                "pid": socket.pid,
                "socket": socket.path.to_string_lossy(),
                "command": process::command_of(socket.pid),
            })
        });
        return Ok(format!(
            "{}\n",
            json!({"processes": processes.collect::<Vec<_>>()})
        ));
    }
    if sockets.is_empty() {
        return Ok(
            "There is no process with a socket. Start one with LENO_DIAGNOSTICS=socket.\n"
                .to_owned(),
        );
    }
    let rows: Vec<_> = sockets
        .iter()
        .map(|socket| {
            let command = process::command_of(socket.pid).unwrap_or_default();
            vec![Cell::new(&socket.pid.to_string()), Cell::new(&command)]
        })
        .collect();
    Ok(table::render(
        &COLUMNS,
        &rows,
        Style::of_output(),
        style::columns(),
    ))
}
