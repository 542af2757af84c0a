//! `leno trace`: what it writes is what the formats say, and shows what has happened.

use leno::diagnostics::Diagnostics;
use leno::runtime::Builder;
use leno::trace::{self, Snapshot};
use leno_cli::trace::Format;
use leno_cli::trace::perfetto::{INSTANT, SLICE_BEGIN, SLICE_END, Trace, TrackEvent};
use prost::Message;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::process::Command;

/// A program in which one task wakes another, and marks it.
fn snapshot() -> Snapshot {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .name("shop")
        .diagnostics(Diagnostics::off().recorder(true))
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        leno::spawn(async {
            let (sender, receiver) = leno::sync::oneshot::channel();
            let waits = leno::task::Builder::new().name("waits").spawn(async {
                receiver.await.unwrap();
            });
            leno::task::yield_now().await;
            let sends = leno::task::Builder::new().name("sends").spawn(async {
                trace::mark("sent \"it\"");
                sender.send(()).unwrap();
            });
            sends.unwrap().await.unwrap();
            waits.unwrap().await.unwrap();
        })
        .await
        .unwrap();
        trace::snapshot().unwrap()
    })
}

#[test]
fn chrome_gets_json_with_slices_arrows_and_marks() {
    let snapshot = snapshot();
    let whole: Value = serde_json::from_slice(&Format::Chrome.encode(&snapshot)).unwrap();
    let events = whole["traceEvents"].as_array().unwrap();
    let of = |phase: &'static str| events.iter().filter(move |event| event["ph"] == phase);
    for event in events {
        assert!(event["pid"].is_u64() && event["tid"].is_u64(), "{event}");
        if event["ph"] != "M" {
            assert!(event["ts"].as_f64().unwrap() >= 0.0, "{event}");
        }
    }
    assert!(of("M").any(|event| event["args"]["name"] == "shop"));
    assert!(of("M").any(|event| event["args"]["name"] == "worker 0"));
    assert!(of("i").any(|event| event["name"] == "sent \"it\"" && event["cat"] == "mark"));
    let polls: Vec<_> = of("X").filter(|event| event["name"] == "waits").collect();
    assert_eq!(polls.len(), 2, "{polls:#?}");
    assert!(
        polls
            .iter()
            .all(|poll| poll["dur"].as_f64().unwrap() >= 0.0)
    );
    assert_eq!(polls[1]["args"]["outcome"], "done");
    // The wake leads to the last poll: its arrow ends where that begins.
    let wake = events
        .iter()
        .position(|event| event["name"] == "wakes waits");
    let by = events[wake.unwrap()]["args"]["by"].as_str().unwrap();
    assert!(by.contains("\"sends\""), "{by}");
    let arrow = &events[wake.unwrap() + 1];
    assert_eq!(arrow["ph"], "s");
    let end = of("f").find(|event| event["id"] == arrow["id"]).unwrap();
    assert_eq!(end["ts"], polls[1]["ts"]);
    let begun: HashSet<_> = of("s").map(|event| event["id"].as_u64()).collect();
    assert!(of("f").all(|event| begun.contains(&event["id"].as_u64())));
}

#[test]
fn perfetto_gets_packets_with_slices_arrows_and_marks() {
    let snapshot = snapshot();
    let bytes = Format::Perfetto.encode(&snapshot);
    let trace = Trace::decode(bytes.as_slice()).unwrap();
    let tracks: HashMap<u64, String> = trace
        .packet
        .iter()
        .filter_map(|packet| packet.track_descriptor.clone())
        .map(|track| (track.uuid.unwrap(), track.name.unwrap()))
        .collect();
    assert!(tracks.values().any(|name| name == "shop"));
    assert!(tracks.values().any(|name| name == "worker 0"));
    let mut events: Vec<(u64, TrackEvent)> = trace
        .packet
        .iter()
        .filter_map(|packet| Some((packet.timestamp?, packet.track_event.clone()?)))
        .collect();
    events.sort_by_key(|(time, _)| *time);
    assert!(!events.is_empty());
    for (_, event) in &events {
        assert!(tracks.contains_key(&event.track_uuid.unwrap()));
    }
    let kinds = |kind: i32| {
        let events = events.iter().map(|(_, event)| event);
        events.filter(move |event| event.kind == Some(kind))
    };
    assert_eq!(kinds(SLICE_BEGIN).count(), kinds(SLICE_END).count());
    assert!(kinds(INSTANT).any(|event| event.name.as_deref() == Some("sent \"it\"")));
    let polls = kinds(SLICE_BEGIN).filter(|event| event.name.as_deref() == Some("waits"));
    let polls: Vec<_> = polls.collect();
    assert_eq!(polls.len(), 2);
    let mut wakes = kinds(INSTANT).filter(|event| event.name.as_deref() == Some("wakes waits"));
    let arrow = wakes.next().unwrap().flow_ids[0];
    assert_eq!(polls[1].terminating_flow_ids, [arrow]);
}

#[test]
fn the_program_converts_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.trace");
    snapshot().save(&file).unwrap();
    let leno = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leno"));
        command.arg("trace").arg(&file).args(arguments);
        command.output().unwrap()
    };
    let output = leno(&[]);
    assert!(output.status.success(), "{output:?}");
    let written = std::fs::read(folder.path().join("shop.pftrace")).unwrap();
    assert!(Trace::decode(written.as_slice()).unwrap().packet.len() > 10);
    let output = leno(&["--format", "chrome", "-o", "-"]);
    let whole: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(whole["traceEvents"].is_array());
    std::fs::write(&file, "no trace").unwrap();
    let output = leno(&[]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("shop.trace: this is no trace of leno's"),
        "{text}"
    );
}
