//! With the feature `tracing` reports are events, where there is a subscriber.

mod own_diagnostics;

use leno::diagnostics::{self, Diagnostics};
use leno::runtime::Builder;
use std::fmt::Debug;
use std::sync::Mutex;
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The names and values of an event's fields.
#[derive(Debug, Default)]
struct Fields(Vec<(String, String)>);

/// The target of each event, and its fields.
static EVENTS: Mutex<Vec<(String, Fields)>> = Mutex::new(Vec::new());

/// Keeps all events.
struct Keeper;

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }
}

impl Subscriber for Keeper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let target = event.metadata().target().to_owned();
        EVENTS.lock().unwrap().push((target, fields));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_report_is_an_event_unless_somebody_reads_reports() {
    own_diagnostics::only();
    tracing::subscriber::set_global_default(Keeper).unwrap();
    let lose = || {
        let mut builder = Builder::new_current_thread();
        let runtime = builder
            .diagnostics(Diagnostics::off().lost_failures(true))
            .build();
        runtime.unwrap().block_on(async {
            let handle = leno::spawn(async { panic!("on purpose") });
            while !handle.is_finished() {
                leno::task::yield_now().await;
            }
        });
        assert!(diagnostics::flush(Duration::from_secs(60)));
    };
    lose();
    let events = std::mem::take(&mut *EVENTS.lock().unwrap());
    let [(target, fields)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(target, "leno::diagnostics");
    let field = |name| {
        let found = fields.0.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).unwrap()
    };
    assert_eq!(field("kind"), "\"lost-panic\"");
    assert_eq!(field("times"), "1");
    assert!(field("place").contains(file!()), "{}", field("place"));
    assert!(
        field("message").contains("on purpose"),
        "{}",
        field("message")
    );

    let (sender, receiver) = std::sync::mpsc::channel();
    diagnostics::on_report(move |report| sender.send(report.kind()).unwrap());
    lose();
    assert_eq!(receiver.try_iter().count(), 1);
    assert!(EVENTS.lock().unwrap().is_empty());
}
