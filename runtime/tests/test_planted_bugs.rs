//! Eight mistakes that only a cancelled future shows, each found by `cancel_at_every_await`, and each mended.
use leno::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use leno::sync::{Mutex, Notify, Semaphore, mpsc};
use leno::task::{spawn_local, yield_now};
use leno::test::{Cut, Cuts, cancel_at_every_await};
use leno::time::{Duration, sleep, timeout};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

/// The text with which the harness fails.
#[track_caller]
fn fails(test: impl Future<Output = Cuts>) -> String {
    let runtime = leno::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let result = catch_unwind(AssertUnwindSafe(|| runtime.block_on(test)));
    let payload: Box<dyn Any + Send> = result.expect_err("the bug was not found");
    *payload.downcast::<String>().unwrap()
}

/// The text begins so, and has `assertion` in it.
#[track_caller]
fn check(text: &str, start: &str, assertion: &str) {
    assert!(text.starts_with(start), "{text}");
    assert!(text.contains(assertion), "{text}");
}

fn passes(test: impl Future<Output = Cuts>) -> Cuts {
    leno::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(test)
}

// ----- a message is taken, and lost -------------------------------------------------------------------

struct Inbox {
    messages: mpsc::UnboundedReceiver<u32>,
    log: mpsc::Sender<u32>,
    logged: mpsc::Receiver<u32>,
}

impl Inbox {
    async fn make() -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        (0..3).for_each(|n| sender.send(n).unwrap());
        let (log, logged) = mpsc::channel(8);
        Self {
            messages,
            log,
            logged,
        }
    }

    async fn forward_bad(&mut self) {
        while let Some(message) = self.messages.recv().await {
            self.log.send(message).await.unwrap();
        }
    }

    async fn forward_good(&mut self) {
        while let Ok(permit) = self.log.reserve().await {
            let Some(message) = self.messages.recv().await else {
                break;
            };
            permit.send(message);
        }
    }

    async fn nothing_is_lost(mut self, _: &Cut) {
        let mut all = Vec::new();
        while let Ok(message) = self.logged.try_recv() {
            all.push(message);
        }
        while let Some(message) = self.messages.recv().await {
            all.push(message);
        }
        assert_eq!(all, [0, 1, 2]);
    }
}

#[test]
fn a_message_that_is_taken_and_lost() {
    let bad = async |inbox: &mut Inbox| inbox.forward_bad().await;
    let text = fails(cancel_at_every_await(
        Inbox::make,
        bad,
        Inbox::nothing_is_lost,
    ));
    check(
        &text,
        "Inbox::forward_bad is not cancel safe: dropped at its 2nd of 7 awaits, before that was tried, the check failed\n  cut at  Inbox::forward_bad (",
        "left: [1, 2]",
    );
    let good = async |inbox: &mut Inbox| inbox.forward_good().await;
    let cuts = passes(cancel_at_every_await(
        Inbox::make,
        good,
        Inbox::nothing_is_lost,
    ));
    assert_eq!(cuts.awaits(), 8);
}

// ----- a permit is forgotten --------------------------------------------------------------------------

async fn work_bad(permits: &Semaphore) {
    permits.acquire().await.unwrap().forget();
    yield_now().await;
    permits.add_permits(1);
}

async fn work_good(permits: &Semaphore) {
    let _permit = permits.acquire().await.unwrap();
    yield_now().await;
}

async fn all_permits_are_there(permits: Semaphore, _: &Cut) {
    assert_eq!(permits.available_permits(), 1);
}

#[test]
fn a_permit_that_is_forgotten() {
    let make = async || Semaphore::new(1);
    let bad = async |permits: &mut Semaphore| work_bad(permits).await;
    let text = fails(cancel_at_every_await(make, bad, all_permits_are_there));
    check(
        &text,
        "work_bad is not cancel safe: dropped at its 2nd of 2 awaits, as it waited, the check failed",
        "left: 0",
    );
    let good = async |permits: &mut Semaphore| work_good(permits).await;
    passes(cancel_at_every_await(make, good, all_permits_are_there));
}

// ----- half a frame is written ------------------------------------------------------------------------

struct Writer {
    near: DuplexStream,
    far: DuplexStream,
    unsent: Vec<u8>,
}

impl Writer {
    async fn make() -> Self {
        let (near, far) = duplex(64);
        Self {
            near,
            far,
            unsent: Vec::new(),
        }
    }

    async fn send_bad(&mut self, body: &[u8]) {
        self.near.write_u8(body.len() as u8).await.unwrap();
        self.near.write_all(body).await.unwrap();
    }

    /// What is not written yet is kept for the next call.
    async fn send_good(&mut self, body: &[u8]) {
        self.unsent.push(body.len() as u8);
        self.unsent.extend(body);
        while !self.unsent.is_empty() {
            let written = self.near.write(&self.unsent).await.unwrap();
            self.unsent.drain(..written);
        }
    }

    /// The next frame is read as it was sent.
    async fn frames_are_whole(mut self, _: &Cut) {
        self.send_good(b"next").await;
        drop(self.near);
        let mut bytes = Vec::new();
        self.far.read_to_end(&mut bytes).await.unwrap();
        let mut rest = &bytes[..];
        while let Some((&length, body)) = rest.split_first() {
            let split = body.split_at_checked(length.into());
            let (body, after) = split.expect("a frame is cut off");
            assert!([&b"hello"[..], b"next"].contains(&body), "{body:?}");
            rest = after;
        }
    }
}

#[test]
fn half_a_frame_that_is_written() {
    let bad = async |writer: &mut Writer| writer.send_bad(b"hello").await;
    let text = fails(cancel_at_every_await(
        Writer::make,
        bad,
        Writer::frames_are_whole,
    ));
    check(
        &text,
        "Writer::send_bad is not cancel safe: dropped at its 2nd of 2 awaits, before that was tried, the check failed",
        "[4, 110, 101, 120, 116]",
    );
    let good = async |writer: &mut Writer| writer.send_good(b"hello").await;
    passes(cancel_at_every_await(
        Writer::make,
        good,
        Writer::frames_are_whole,
    ));
}

// ----- an invariant is broken under a lock ------------------------------------------------------------

/// Both have the same number, whenever the lock is free.
type Pair = Mutex<(u32, u32)>;

async fn set_bad(pair: &Pair) {
    let mut pair = pair.lock().await;
    pair.0 += 1;
    yield_now().await;
    pair.1 += 1;
}

async fn set_good(pair: &Pair) {
    let mut pair = pair.lock().await;
    let next = (pair.0 + 1, pair.1 + 1);
    yield_now().await;
    *pair = next;
}

async fn both_are_the_same(pair: Pair, _: &Cut) {
    let pair = pair.try_lock().expect("it is still locked");
    assert_eq!(pair.0, pair.1);
}

#[test]
fn an_invariant_that_is_broken_under_a_lock() {
    let make = async || Mutex::new((0, 0));
    let bad = async |pair: &mut Pair| set_bad(pair).await;
    let text = fails(cancel_at_every_await(make, bad, both_are_the_same));
    check(
        &text,
        "set_bad is not cancel safe: dropped at its 2nd of 2 awaits, as it waited",
        "left: 1",
    );
    let good = async |pair: &mut Pair| set_good(pair).await;
    passes(cancel_at_every_await(make, good, both_are_the_same));
}

// ----- a transfer has two steps -----------------------------------------------------------------------

struct Bank {
    accounts: [Mutex<i64>; 2],
}

impl Bank {
    async fn make() -> Self {
        Self {
            accounts: [Mutex::new(100), Mutex::new(100)],
        }
    }

    async fn withdraw(&self, amount: i64) {
        *self.accounts[0].lock().await -= amount;
    }

    async fn deposit(&self, amount: i64) {
        *self.accounts[1].lock().await += amount;
    }

    async fn transfer_bad(&self, amount: i64) {
        self.withdraw(amount).await;
        self.deposit(amount).await;
    }

    async fn transfer_good(&self, amount: i64) {
        let mut from = self.accounts[0].lock().await;
        let mut to = self.accounts[1].lock().await;
        *from -= amount;
        *to += amount;
    }

    async fn the_sum_is_the_same(self, _: &Cut) {
        let [from, to] = self.accounts.map(Mutex::into_inner);
        assert_eq!(from + to, 200);
    }
}

#[test]
fn a_transfer_in_two_steps() {
    let bad = async |bank: &mut Bank| bank.transfer_bad(50).await;
    let text = fails(cancel_at_every_await(
        Bank::make,
        bad,
        Bank::the_sum_is_the_same,
    ));
    check(
        &text,
        "Bank::transfer_bad is not cancel safe: dropped at its 2nd of 2 awaits, before that was tried, the check failed\n  cut at  Bank::transfer_bad (",
        "left: 150",
    );
    assert!(text.contains(") → Bank::deposit ("), "{text}");
    let good = async |bank: &mut Bank| bank.transfer_good(50).await;
    passes(cancel_at_every_await(
        Bank::make,
        good,
        Bank::the_sum_is_the_same,
    ));
}

// ----- a flag is left set -----------------------------------------------------------------------------

#[derive(Default)]
struct Cache {
    is_refreshing: Cell<bool>,
    refreshed: Cell<u32>,
}

impl Cache {
    async fn refresh_bad(&self) {
        if self.is_refreshing.replace(true) {
            return;
        }
        yield_now().await;
        self.refreshed.set(self.refreshed.get() + 1);
        self.is_refreshing.set(false);
    }

    async fn refresh_good(&self) {
        /// Also if this is dropped before it is done.
        struct Done<'a>(&'a Cell<bool>);
        impl Drop for Done<'_> {
            fn drop(&mut self) {
                self.0.set(false);
            }
        }
        if self.is_refreshing.replace(true) {
            return;
        }
        let _done = Done(&self.is_refreshing);
        yield_now().await;
        self.refreshed.set(self.refreshed.get() + 1);
    }

    async fn can_be_refreshed(self, _: &Cut) {
        let before = self.refreshed.get();
        self.refresh_good().await;
        assert_eq!(self.refreshed.get(), before + 1);
    }
}

#[test]
fn a_flag_that_is_left_set() {
    let make = async || Cache::default();
    let bad = async |cache: &mut Cache| cache.refresh_bad().await;
    let text = fails(cancel_at_every_await(make, bad, Cache::can_be_refreshed));
    check(
        &text,
        "Cache::refresh_bad is not cancel safe: dropped at its 1st of 1 awaits",
        "left: 0",
    );
    let good = async |cache: &mut Cache| cache.refresh_good().await;
    passes(cancel_at_every_await(make, good, Cache::can_be_refreshed));
}

// ----- who waits stays registered ---------------------------------------------------------------------

/// Is handed on to whoever has waited for longest. Somebody has it at first.
#[derive(Default)]
struct Baton {
    waiting: RefCell<Vec<Arc<Notify>>>,
    is_free: Cell<bool>,
}

impl Baton {
    fn pass_on(&self) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_empty() {
            self.is_free.set(true);
        } else {
            waiting.remove(0).notify_one();
        }
    }

    fn get_in_line(&self) -> Option<Arc<Notify>> {
        if self.is_free.replace(false) {
            return None;
        }
        let turn = Arc::new(Notify::new());
        self.waiting.borrow_mut().push(Arc::clone(&turn));
        Some(turn)
    }

    async fn take_bad(&self) {
        if let Some(turn) = self.get_in_line() {
            turn.notified().await;
        }
    }

    async fn take_good(&self) {
        /// Who leaves is in line no more, or hands on what it was handed.
        struct Turn<'a>(&'a Baton, Option<Arc<Notify>>);
        impl Drop for Turn<'_> {
            fn drop(&mut self) {
                let Some(turn) = self.1.take() else { return };
                let is_other = |other: &Arc<Notify>| !Arc::ptr_eq(other, &turn);
                let before = self.0.waiting.borrow().len();
                self.0.waiting.borrow_mut().retain(is_other);
                if self.0.waiting.borrow().len() == before {
                    self.0.pass_on();
                }
            }
        }
        if let Some(turn) = self.get_in_line() {
            let mut leaves = Turn(self, Some(Arc::clone(&turn)));
            turn.notified().await;
            leaves.1 = None;
        }
    }

    /// Passed on once to whoever is in line, the baton comes to somebody who is there.
    async fn make() -> Rc<Self> {
        let baton = Rc::new(Self::default());
        let first = Rc::clone(&baton);
        spawn_local(async move {
            sleep(Duration::from_secs(1)).await;
            first.pass_on();
        });
        baton
    }

    async fn can_be_had(baton: Rc<Self>, cut: &Cut) {
        if cut.is_completed() {
            baton.pass_on();
        }
        let taken = timeout(Duration::from_secs(60), baton.take_good()).await;
        taken.expect("it was handed to nobody");
    }
}

#[test]
fn a_waiter_that_stays_registered() {
    let bad = async |baton: &mut Rc<Baton>| baton.take_bad().await;
    let text = fails(cancel_at_every_await(Baton::make, bad, Baton::can_be_had));
    check(
        &text,
        "Baton::take_bad is not cancel safe: dropped at its 1st of 1 awaits",
        "it was handed to nobody",
    );
    let good = async |baton: &mut Rc<Baton>| baton.take_good().await;
    passes(cancel_at_every_await(Baton::make, good, Baton::can_be_had));
}

// ----- what was read is lost --------------------------------------------------------------------------

struct Reader {
    near: DuplexStream,
    partial: Vec<u8>,
    line: Option<String>,
}

impl Reader {
    async fn make() -> Self {
        let (near, mut far) = duplex(64);
        leno::spawn(async move {
            far.write_all(b"hal").await.unwrap();
            sleep(Duration::from_secs(1)).await;
            far.write_all(b"f\n").await.unwrap();
        });
        Self {
            near,
            partial: Vec::new(),
            line: None,
        }
    }

    async fn line_bad(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            line.push(self.near.read_u8().await.unwrap());
        }
        String::from_utf8(line).unwrap()
    }

    async fn line_good(&mut self) -> String {
        while !self.partial.ends_with(b"\n") {
            self.partial.push(self.near.read_u8().await.unwrap());
        }
        String::from_utf8(std::mem::take(&mut self.partial)).unwrap()
    }

    async fn the_line_is_whole(mut self, cut: &Cut) {
        if !cut.is_completed() {
            let line = timeout(Duration::from_secs(60), self.line_good()).await;
            self.line = Some(line.expect("the rest of the line is lost"));
        }
        assert_eq!(self.line.as_deref(), Some("half\n"));
    }
}

#[test]
fn a_buffer_that_is_lost_in_a_read() {
    let bad = async |reader: &mut Reader| reader.line = Some(reader.line_bad().await);
    let text = fails(cancel_at_every_await(
        Reader::make,
        bad,
        Reader::the_line_is_whole,
    ));
    check(
        &text,
        "Reader::line_bad is not cancel safe: dropped at its 2nd of 5 awaits",
        r#"left: Some("alf\n")"#,
    );
    let good = async |reader: &mut Reader| reader.line = Some(reader.line_good().await);
    passes(cancel_at_every_await(
        Reader::make,
        good,
        Reader::the_line_is_whole,
    ));
}
