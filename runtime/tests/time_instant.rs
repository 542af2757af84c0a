//! `Instant`.

mod time_support;

use leno::time::{Duration, Instant, sleep};
use std::collections::HashSet;
use time_support::ms;

#[test]
fn it_is_the_standard_librarys_but_for_now() {
    let std = std::time::Instant::now();
    let instant = Instant::from_std(std);
    assert_eq!(instant.into_std(), std);
    assert_eq!(Instant::from(std), instant);
    assert_eq!(std::time::Instant::from(instant), std);
    assert_eq!(format!("{instant:?}"), format!("{std:?}"));
}

#[test]
fn off_a_runtime_now_is_real_time() {
    let before = std::time::Instant::now();
    let now = Instant::now().into_std();
    let after = std::time::Instant::now();
    assert!(before <= now && now <= after);
}

#[test]
fn arithmetic() {
    let start = Instant::now();
    let later = start + ms(5);
    assert_eq!(later - start, ms(5));
    assert_eq!(later - ms(5), start);
    let mut moving = start;
    moving += ms(5);
    assert_eq!(moving, later);
    moving -= ms(5);
    assert_eq!(moving, start);
    assert_eq!(start.checked_add(ms(5)), Some(later));
    assert_eq!(later.checked_sub(ms(5)), Some(start));
    assert_eq!(start.checked_add(Duration::MAX), None);
    assert_eq!(start.checked_sub(Duration::MAX), None);
}

#[test]
fn differences_do_not_become_negative() {
    let start = Instant::now();
    let later = start + ms(5);
    assert_eq!(later.duration_since(start), ms(5));
    assert_eq!(start.duration_since(later), Duration::ZERO);
    assert_eq!(start - later, Duration::ZERO);
    assert_eq!(later.saturating_duration_since(start), ms(5));
    assert_eq!(start.saturating_duration_since(later), Duration::ZERO);
    assert_eq!(later.checked_duration_since(start), Some(ms(5)));
    assert_eq!(start.checked_duration_since(later), None);
    assert_eq!((Instant::now() + ms(60_000)).elapsed(), Duration::ZERO);
}

#[test]
fn instants_can_be_ordered_and_hashed() {
    let start = Instant::now();
    assert!(start < start + Duration::from_nanos(1));
    let set = HashSet::from([start, start + ms(1), start]);
    assert_eq!(set.len(), 2);
}

#[leno::test(start_paused = true)]
async fn now_and_elapsed_show_the_runtimes_clock() {
    let start = Instant::now();
    assert_eq!(start.elapsed(), Duration::ZERO);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(Instant::now() - start, Duration::from_secs(60));
    assert_eq!(start.elapsed(), Duration::from_secs(60));
}
