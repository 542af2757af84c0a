//! `leno::time`: who waits anew must not wait for longer.

use crate::streams::now;
use crate::support::{Row, Seen, happened, kept, row, wrapper};
use crate::sync::{Outgoing, full_channel};
use leno::time::{self, Duration, Instant, interval, sleep, sleep_until, timeout, timeout_at};

const SECOND: Duration = Duration::from_secs(1);

/// Each is measured on a thread of its own.
pub(crate) const LISTS: &[fn() -> Vec<Row>] = &[waits, limits];

fn waits() -> Vec<Row> {
    vec![
        row! {
            "time::sleep";
            make Instant::now();
            run |_start| sleep(SECOND);
            check |start, cut| {
                if !cut.is_completed() {
                    sleep(SECOND).await;
                }
                if start.elapsed() > SECOND { Seen::Later } else { Seen::Kept }
            }
        },
        row! {
            "time::sleep_until";
            make Instant::now() + SECOND;
            run |deadline| sleep_until(*deadline);
            check |deadline, _cut| {
                sleep_until(deadline).await;
                if deadline.elapsed() > Duration::ZERO { Seen::Later } else { Seen::Kept }
            }
        },
        row! {
            "time::Interval::tick";
            make {
                let mut interval = interval(SECOND);
                assert!(now(interval.tick()));
                (interval, None, Instant::now())
            };
            run |(interval, _ticked, _)| interval.tick() => |tick| *_ticked = Some(tick);
            check |(mut interval, ticked, start), _cut| {
                let first = match ticked {
                    Some(tick) => tick,
                    None => interval.tick().await,
                };
                kept(first == start + SECOND && interval.tick().await == start + 2 * SECOND)
            }
        },
        row! {
            "time::advance";
            make Instant::now();
            run |_start| time::advance(SECOND);
            check |start, cut| happened(cut, start.elapsed() == SECOND)
        },
    ]
}

fn limits() -> Vec<Row> {
    let far = || Instant::now() + Duration::from_secs(60);
    let timeout_safe = row! {
        "time::timeout";
        make (full_channel(), None);
        run |((_, receiver), _got)| timeout(60 * SECOND, receiver.recv()) => |value| *_got = value.unwrap();
        check |((_sender, mut receiver), got), _cut| kept(got.or(receiver.recv().await) == Some(0))
    };
    let timeout_losing = row! {
        "time::timeout";
        make Outgoing::new();
        run |outgoing| timeout(60 * SECOND, outgoing.sender.send(outgoing.value.take().unwrap()));
        check |outgoing, _cut| outgoing.arrives().await
    };
    let timeout_at_safe = row! {
        "time::timeout_at";
        make (full_channel(), None);
        run |((_, receiver), _got)| timeout_at(far(), receiver.recv()) => |value| *_got = value.unwrap();
        check |((_sender, mut receiver), got), _cut| kept(got.or(receiver.recv().await) == Some(0))
    };
    let timeout_at_losing = row! {
        "time::timeout_at";
        make Outgoing::new();
        run |outgoing| timeout_at(far(), outgoing.sender.send(outgoing.value.take().unwrap()));
        check |outgoing, _cut| outgoing.arrives().await
    };
    vec![
        wrapper(timeout_safe, &timeout_losing),
        wrapper(timeout_at_safe, &timeout_at_losing),
    ]
}
