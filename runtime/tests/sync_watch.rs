//! `leno::sync::watch`: the last value reaches everyone, however slow, and so does the end.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::watch::{self, Receiver, Ref, Sender};
use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::thread;
use support::{CountDrops, block_on, manual, panic_text, panicking_waker};

#[test]
fn the_first_value_counts_as_seen() {
    let (sender, mut receiver) = watch::channel("one");
    assert!(!receiver.has_changed().unwrap());
    manual(receiver.changed()).pending();
    assert_eq!(*receiver.borrow(), "one");
    let mut late = sender.subscribe();
    manual(late.changed()).pending();
}

#[test]
fn a_sent_value_wakes_who_waits_once_and_is_seen_then() {
    let (sender, mut receiver) = watch::channel(1);
    let mut changed = manual(receiver.changed());
    changed.pending();
    sender.send(2).unwrap();
    sender.send(3).unwrap();
    assert_eq!(changed.wakes(), 1);
    changed.ready().unwrap();
    drop(changed);
    assert_eq!(*receiver.borrow(), 3);
    assert!(!receiver.has_changed().unwrap());
    manual(receiver.changed()).pending();
}

#[test]
fn only_borrow_and_update_marks_as_seen() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(2).unwrap();
    assert!(receiver.borrow().has_changed());
    assert!(receiver.has_changed().unwrap());
    let value = receiver.borrow_and_update();
    assert_eq!((*value, value.has_changed()), (2, true));
    drop(value);
    assert!(!receiver.has_changed().unwrap());
    assert!(!receiver.borrow_and_update().has_changed());
    assert!(!sender.borrow().has_changed());
}

#[test]
fn marks_can_be_set_by_hand() {
    let (sender, mut receiver) = watch::channel(1);
    receiver.mark_changed();
    assert!(receiver.has_changed().unwrap());
    receiver.mark_changed();
    manual(receiver.changed()).ready().unwrap();
    assert!(!receiver.has_changed().unwrap());
    sender.send(2).unwrap();
    receiver.mark_unchanged();
    manual(receiver.changed()).pending();
    // Once more when it is behind already.
    sender.send(3).unwrap();
    receiver.mark_changed();
    assert!(receiver.has_changed().unwrap());
    receiver.mark_changed();
    drop(sender);
    manual(receiver.changed()).ready().unwrap();
    manual(receiver.changed()).ready().unwrap_err();
}

#[test]
fn a_clone_has_seen_what_the_original_has() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(2).unwrap();
    let mut behind = receiver.clone();
    receiver.borrow_and_update();
    let mut up_to_date = receiver.clone();
    manual(behind.changed()).ready().unwrap();
    manual(up_to_date.changed()).pending();
    assert_eq!(sender.receiver_count(), 3);
}

#[test]
fn a_closed_channel_gives_its_last_value_first() {
    let (sender, mut receiver) = watch::channel(1);
    let other = sender.clone();
    sender.send(2).unwrap();
    drop(sender);
    assert!(receiver.has_changed().unwrap());
    assert!(!receiver.is_closed());
    drop(other);
    assert!(receiver.is_closed());
    assert_eq!(
        receiver.has_changed().unwrap_err().to_string(),
        "channel closed"
    );
    assert!(receiver.borrow().has_changed());
    manual(receiver.changed()).ready().unwrap();
    manual(receiver.changed()).ready().unwrap_err();
    assert_eq!(*receiver.borrow_and_update(), 2);
}

#[test]
fn dropping_the_last_sender_wakes_every_receiver() {
    let (sender, mut one) = watch::channel(1);
    let mut two = sender.subscribe();
    let mut changed = [manual(one.changed()), manual(two.changed())];
    changed.iter_mut().for_each(|changed| changed.pending());
    let other = sender.clone();
    drop(sender);
    assert!(changed.iter().all(|changed| !changed.is_woken()));
    drop(other);
    for mut changed in changed {
        assert_eq!(changed.wakes(), 1);
        changed.ready().unwrap_err();
    }
}

#[test]
fn send_fails_without_receivers_and_keeps_the_old_value() {
    let sender = Sender::new(1);
    let error = sender.send(2).unwrap_err();
    assert_eq!(error, watch::error::SendError(2));
    assert_eq!(
        format!("{error} {error:?}"),
        "channel closed SendError { .. }"
    );
    assert_eq!(*sender.borrow(), 1);
    // The others do not need one.
    assert_eq!(sender.send_replace(3), 1);
    sender.send_modify(|value| *value += 1);
    let receiver = sender.subscribe();
    assert_eq!(*receiver.borrow(), 4);
    sender.send(5).unwrap();
    assert!(receiver.has_changed().unwrap());
    assert_eq!(*Sender::<u8>::default().borrow(), 0);
}

#[test]
fn send_if_modified_tells_only_of_what_it_is_told() {
    let (sender, mut receiver) = watch::channel(1);
    let mut changed = manual(receiver.changed());
    changed.pending();
    assert!(!sender.send_if_modified(|value| {
        *value = 2;
        false
    }));
    assert!(!changed.is_woken());
    assert_eq!(*sender.borrow(), 2);
    assert!(sender.send_if_modified(|_| true));
    assert!(changed.is_woken());
    changed.ready().unwrap();
}

#[test]
fn a_panic_in_a_change_keeps_what_it_did_and_tells_nobody() {
    let (sender, mut receiver) = watch::channel(1);
    let mut changed = manual(receiver.changed());
    changed.pending();
    let text = panic_text(|| {
        sender.send_modify(|value| {
            *value = 2;
            panic!("halfway");
        })
    });
    assert_eq!(text, "halfway");
    assert!(!changed.is_woken());
    drop(changed);
    assert!(!receiver.has_changed().unwrap());
    assert_eq!(*receiver.borrow(), 2);
    sender.send(3).unwrap();
    assert_eq!(*receiver.borrow_and_update(), 3);
}

#[test]
fn a_panicking_waker_keeps_no_other_from_being_woken() {
    let (sender, mut one) = watch::channel(1);
    let (mut two, mut three) = (one.clone(), one.clone());
    let mut before = manual(one.changed());
    let mut panics = manual(two.changed());
    let mut after = manual(three.changed());
    before.pending();
    assert!(panics.poll_with(&panicking_waker()).is_pending());
    after.pending();
    panic_text(|| sender.send(2).unwrap());
    assert_eq!((before.wakes(), after.wakes()), (1, 1));
    panics.ready().unwrap();
    drop((before, panics, after));
    assert_eq!(*one.borrow(), 2);
    sender.send(3).unwrap();
}

#[test]
fn a_cancelled_changed_has_marked_nothing() {
    let (sender, mut receiver) = watch::channel(1);
    let mut other = receiver.clone();
    let mut changed = manual(receiver.changed());
    let mut others = manual(other.changed());
    changed.pending();
    others.pending();
    sender.send(2).unwrap();
    assert!(changed.is_woken());
    drop(changed);
    assert!(receiver.has_changed().unwrap());
    others.ready().unwrap();
    manual(receiver.changed()).ready().unwrap();
}

#[leno::test]
async fn wait_for_asks_about_the_present_value_first() {
    let (sender, mut receiver) = watch::channel(1);
    let value = receiver.wait_for(|value| *value == 1).await.unwrap();
    assert_eq!((*value, value.has_changed()), (1, false));
    drop(value);
    sender.send(2).unwrap();
    let value = receiver.wait_for(|value| *value == 2).await.unwrap();
    assert!(value.has_changed());
    drop(value);
    assert!(!receiver.has_changed().unwrap());
}

#[test]
fn wait_for_sleeps_until_the_value_is_right() {
    let (sender, mut receiver) = watch::channel(1);
    let mut asked = Vec::new();
    let mut wait = manual(receiver.wait_for(|value| {
        asked.push(*value);
        *value >= 4
    }));
    wait.pending();
    sender.send(2).unwrap();
    assert_eq!(wait.wakes(), 1);
    wait.pending();
    sender.send(3).unwrap();
    sender.send(4).unwrap();
    assert_eq!(wait.wakes(), 2);
    let value = wait.ready().unwrap();
    assert_eq!((*value, value.has_changed()), (4, true));
    drop(value);
    drop(wait);
    assert_eq!(asked, [1, 2, 4]);
}

#[leno::test]
async fn wait_for_asks_about_the_last_value_before_it_fails() {
    let (sender, mut receiver) = watch::channel(1);
    let mut asked = 0;
    let mut wait = manual(receiver.wait_for(|value| {
        asked += 1;
        *value == 2
    }));
    wait.pending();
    sender.send(2).unwrap();
    drop(sender);
    assert_eq!(*wait.ready().unwrap(), 2);
    drop(wait);
    // Closed, but the value is there, seen or not.
    receiver.wait_for(|value| *value == 2).await.unwrap();
    receiver
        .wait_for(|value| {
            asked += 1;
            *value == 3
        })
        .await
        .unwrap_err();
    assert_eq!(asked, 3);
}

#[test]
fn a_cancelled_wait_for_has_seen_only_what_it_refused() {
    let (sender, mut receiver) = watch::channel(1);
    let mut wait = manual(receiver.wait_for(|value| *value == 3));
    wait.pending();
    sender.send(2).unwrap();
    wait.pending();
    drop(wait);
    assert!(!receiver.has_changed().unwrap());
    let mut wait = manual(receiver.wait_for(|value| *value == 3));
    wait.pending();
    sender.send(3).unwrap();
    drop(wait);
    assert!(receiver.has_changed().unwrap());
}

#[test]
fn a_panic_in_wait_for_harms_nobody() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(2).unwrap();
    let text = panic_text(|| {
        let _ = block_on(receiver.wait_for(|_| panic!("what a value")));
    });
    assert_eq!(text, "what a value");
    assert!(!receiver.has_changed().unwrap());
    sender.send(3).unwrap();
    assert_eq!(*receiver.borrow_and_update(), 3);
}

#[test]
fn closed_waits_for_the_last_receiver_and_a_new_one_reopens() {
    let (sender, receiver) = watch::channel(1);
    let other = sender.clone();
    let clone = receiver.clone();
    let (mut closed, mut also) = (manual(sender.closed()), manual(other.closed()));
    closed.pending();
    also.pending();
    drop(receiver);
    assert!(!closed.is_woken() && !sender.is_closed());
    drop(clone);
    assert!(closed.is_woken() && also.is_woken() && sender.is_closed());
    closed.ready();
    // It looks again: there is one now.
    let mut receiver = sender.subscribe();
    also.pending();
    sender.send(2).unwrap();
    manual(receiver.changed()).ready().unwrap();
    drop(receiver);
    assert_eq!(also.wakes(), 2);
    also.ready();
    manual(sender.closed()).ready();
}

#[test]
fn the_ends_are_counted_and_know_their_channel() {
    let (sender, receiver) = watch::channel(1);
    let (other_sender, other_receiver) = watch::channel(1);
    let clone = sender.clone();
    assert_eq!((sender.sender_count(), sender.receiver_count()), (2, 1));
    assert!(sender.same_channel(&clone) && !sender.same_channel(&other_sender));
    assert!(receiver.same_channel(&receiver.clone()));
    assert!(!receiver.same_channel(&other_receiver));
    drop((clone, receiver));
    assert_eq!((sender.sender_count(), sender.receiver_count()), (1, 0));
}

#[test]
fn values_are_dropped_once_when_replaced_or_when_all_are_gone() {
    let values = [CountDrops::new(), CountDrops::new()];
    let drops = values.each_ref().map(|value| value.0.clone());
    let counts = || drops.each_ref().map(|drops| drops.load(Ordering::Relaxed));
    let [first, second] = values;
    let (sender, receiver) = watch::channel(first);
    sender.send(second).unwrap();
    assert_eq!(counts(), [1, 0]);
    drop(sender);
    assert_eq!(counts(), [1, 0]);
    drop(receiver);
    assert_eq!(counts(), [1, 1]);
}

/// Its destructor uses the channel that it was in, so it must not run under the lock.
#[test]
fn a_replaced_value_may_use_the_channel_in_its_destructor() {
    struct Uses(Option<Receiver<Uses>>);
    impl Drop for Uses {
        fn drop(&mut self) {
            if let Some(receiver) = self.0.take() {
                assert!(receiver.borrow().0.is_none());
            }
        }
    }
    let (sender, receiver) = watch::channel(Uses(None));
    sender.send(Uses(Some(receiver.clone()))).unwrap();
    sender.send(Uses(None)).unwrap();
    assert_eq!(sender.receiver_count(), 1);
}

#[test]
fn many_receivers_on_many_threads_see_the_last_of_many_values() {
    const LAST: u32 = 5_000;
    let (sender, receiver) = watch::channel(0);
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let mut receiver = receiver.clone();
            thread::spawn(move || {
                let mut last = *receiver.borrow_and_update();
                while block_on(receiver.changed()).is_ok() {
                    let value = *receiver.borrow_and_update();
                    assert!(value >= last);
                    last = value;
                }
                last
            })
        })
        .collect();
    drop(receiver);
    // More than one batch of wakers in one send.
    let mut crowd: Vec<_> = (0..100).map(|_| sender.subscribe()).collect();
    let mut waiting: Vec<_> = crowd.iter_mut().map(|one| manual(one.changed())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    for value in 1..=LAST {
        sender.send(value).unwrap();
    }
    assert!(waiting.iter().all(|one| one.wakes() == 1));
    waiting.iter_mut().for_each(|one| one.ready().unwrap());
    drop(sender);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), LAST);
    }
}

// A simulation may hold the other task up for as long as this one can go on.
#[leno::test(sim = false)]
async fn a_task_that_always_finds_a_change_yields() {
    let (sender, mut receiver) = watch::channel(0);
    let other = leno::spawn(async {});
    let greedy = leno::spawn(async move {
        let mut rounds = 0;
        while !other.is_finished() {
            sender.send(rounds).unwrap();
            receiver.changed().await.unwrap();
            rounds += 1;
            assert!(rounds < 100_000, "it never yielded");
        }
    });
    greedy.await.unwrap();
}

#[test]
fn debug_output_shows_the_state() {
    let (sender, receiver) = watch::channel("a value");
    sender.send("another").unwrap();
    let text = format!("{sender:?} {receiver:?} {:?}", receiver.borrow());
    for part in ["another", "version: 1", "seen: 0", "has_changed: true"] {
        assert!(text.contains(part), "{text}");
    }
    // Locked for writing, it must not wait.
    sender.send_modify(|_| assert!(format!("{receiver:?}").contains("locked")));
}

/// Answers true by its own methods where the bound holds, false by those of [`Otherwise`] where not.
struct Of<T>(PhantomData<T>);

trait Otherwise {
    fn is_send(&self) -> bool {
        false
    }
    fn is_sync(&self) -> bool {
        false
    }
    fn is_unpin(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Of<T> {}

impl<T: Send> Of<T> {
    fn is_send(&self) -> bool {
        true
    }
}

impl<T: Sync> Of<T> {
    fn is_sync(&self) -> bool {
        true
    }
}

impl<T: Unpin> Of<T> {
    fn is_unpin(&self) -> bool {
        true
    }
}

/// Whether the type is Send, Sync and Unpin. A macro, since a function would know only its own bounds.
macro_rules! auto_traits {
    ($t:ty) => {
        auto_traits!(=> Of(PhantomData::<$t>))
    };
    (=> $of:expr) => {{
        let of = $of;
        (of.is_send(), of.is_sync(), of.is_unpin())
    }};
}

/// The type of what `f` returns; it is not called.
fn output_of<A, F>(_f: impl FnOnce(A) -> F) -> Of<F> {
    Of(PhantomData)
}

#[test]
fn the_ends_are_send_and_sync_as_far_as_the_value_is_both() {
    type Both = u8;
    type SendOnly = Cell<u8>;
    type Neither = Rc<u8>;
    assert_eq!(auto_traits!(Sender<Both>), (true, true, true));
    assert_eq!(auto_traits!(Sender<SendOnly>), (false, false, true));
    assert_eq!(auto_traits!(Sender<Neither>), (false, false, true));
    assert_eq!(auto_traits!(Receiver<Both>), (true, true, true));
    assert_eq!(auto_traits!(Receiver<SendOnly>), (false, false, true));
    assert_eq!(auto_traits!(Receiver<Neither>), (false, false, true));
    assert_eq!(auto_traits!(Ref<'static, Both>), (false, true, true));
    assert_eq!(auto_traits!(Ref<'static, SendOnly>), (false, false, true));
    assert_eq!(auto_traits!(Ref<'static, Neither>), (false, false, true));
    fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
    unwind_safe::<Sender<Cell<u8>>>();
    unwind_safe::<Receiver<Cell<u8>>>();
}

#[test]
fn the_futures_are_send_and_sync_and_never_unpin() {
    let changed = output_of(|receiver: &'static mut Receiver<u8>| receiver.changed());
    assert_eq!(auto_traits!(=> changed), (true, true, false));
    let wait_for = output_of(|receiver: &'static mut Receiver<u8>| receiver.wait_for(|_| true));
    assert_eq!(auto_traits!(=> wait_for), (true, true, false));
    let closed = output_of(|sender: &'static Sender<u8>| sender.closed());
    assert_eq!(auto_traits!(=> closed), (true, true, false));
    let changed = output_of(|receiver: &'static mut Receiver<Cell<u8>>| receiver.changed());
    assert_eq!(auto_traits!(=> changed), (false, false, false));
    let closed = output_of(|sender: &'static Sender<Rc<u8>>| sender.closed());
    assert_eq!(auto_traits!(=> closed), (false, false, false));
}
