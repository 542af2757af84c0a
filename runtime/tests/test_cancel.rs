//! Where `cancel_at_every_await` drops a run, how it is run, and what its text says.

use futures_channel::mpsc as foreign;
use leno::io::{AsyncWriteExt, copy, duplex};
use leno::runtime::Builder;
use leno::sync::{Mutex, Notify, Semaphore, mpsc, oneshot};
use leno::task::{self, spawn_blocking, spawn_local, yield_now};
use leno::test::{Cut, Cuts, Moment, cancel_at_every_await};
use leno::time::{self, Duration, Instant, sleep, timeout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex};

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

/// Where the run is dropped: each await, with the moments there.
fn moments<S>(
    make: impl AsyncFnMut() -> S + Send + 'static,
    run: impl AsyncFnMut(&mut S) + Send + 'static,
) -> (Cuts, Vec<(usize, Moment)>) {
    let seen = Arc::new(StdMutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let cuts = block_on(cancel_at_every_await(
        make,
        run,
        async move |_, cut: &Cut| told.lock().unwrap().push((cut.number(), cut.moment())),
    ));
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    // The run that is left alone is the first one, and the last one comes to its end too.
    let first = seen.remove(0);
    let last = seen.pop().unwrap();
    assert_eq!((first, last), ((cuts.awaits(), Moment::Completed), first));
    assert_eq!(seen.len(), cuts.tried());
    assert_eq!(seen.remove(0), (0, Moment::Unpolled));
    (cuts, seen)
}

use Moment::{Untried, Waiting, Woken};

#[test]
fn what_is_ready_is_dropped_before_it_is_tried() {
    let make = async || (Semaphore::new(1), mpsc::channel(4), Mutex::new(()));
    let run = async |(semaphore, (sender, receiver), mutex): &mut (
        Semaphore,
        (mpsc::Sender<u32>, mpsc::Receiver<u32>),
        Mutex<()>,
    )| {
        let _permit = semaphore.acquire().await.unwrap();
        sender.send(1).await.unwrap();
        assert_eq!(receiver.recv().await, Some(1));
        drop(mutex.lock().await);
        let (near, far) = oneshot::channel();
        near.send(2).unwrap();
        assert_eq!(far.await, Ok(2));
    };
    let (cuts, seen) = moments(make, run);
    assert_eq!(cuts.awaits(), 5);
    assert_eq!(seen, [1, 2, 3, 4, 5].map(|number| (number, Untried)));
}

#[test]
fn what_waits_is_dropped_as_it_waits_and_when_it_is_woken() {
    let run = async |_: &mut ()| {
        sleep(Duration::from_secs(3600)).await;
        let (sender, receiver) = oneshot::channel();
        leno::spawn(async {
            sleep(Duration::from_secs(1)).await;
            sender.send(()).unwrap();
        });
        receiver.await.unwrap();
    };
    let (cuts, seen) = moments(async || (), run);
    assert_eq!(cuts.awaits(), 2);
    let each = [Untried, Waiting, Woken, Woken];
    let both = [1, 2].map(|number| each.map(|moment| (number, moment)));
    assert_eq!(seen, both.concat());
}

#[test]
fn who_gets_in_line_without_budget_waits_at_once() {
    let make = async || {
        let semaphore = Arc::new(Semaphore::new(0));
        let other = Arc::clone(&semaphore);
        leno::spawn(async move {
            sleep(Duration::from_secs(1)).await;
            other.add_permits(1);
        });
        semaphore
    };
    let run = async |semaphore: &mut Arc<Semaphore>| {
        semaphore.acquire().await.unwrap().forget();
        yield_now().await;
    };
    let (cuts, seen) = moments(make, run);
    assert_eq!(cuts.awaits(), 2);
    // `yield_now` knows of no budget.
    let line = [Waiting, Woken, Woken].map(|moment| (1, moment));
    let yields = [Waiting, Woken].map(|moment| (2, moment));
    assert_eq!(seen, [&line[..], &yields].concat());
}

#[test]
fn a_future_of_another_crate_is_dropped_where_it_waits() {
    let make = async || {
        let (sender, receiver) = foreign::unbounded::<u32>();
        leno::spawn(async move {
            for n in 0..2 {
                yield_now().await;
                sender.unbounded_send(n).unwrap();
            }
        });
        (receiver, Semaphore::new(1))
    };
    type State = (foreign::UnboundedReceiver<u32>, Semaphore);
    let run = async |(receiver, semaphore): &mut State| {
        assert_eq!(receiver.recv().await, Ok(0));
        assert_eq!(receiver.recv().await, Ok(1));
        drop(semaphore.acquire().await);
    };
    let (cuts, seen) = moments(make, run);
    assert_eq!(cuts.awaits(), 3);
    let foreign = [1, 2]
        .map(|number| [(number, Waiting), (number, Woken)])
        .concat();
    assert_eq!(seen, [&foreign[..], &[(3, Untried)]].concat());
}

#[test]
fn branches_are_dropped_one_by_one() {
    let make = async || (Semaphore::new(2), Notify::new());
    let run = async |(semaphore, notify): &mut (Semaphore, Notify)| {
        let (one, two) = leno::join!(semaphore.acquire(), semaphore.acquire());
        drop((one, two));
        leno::select! {
            biased;
            () = notify.notified() => unreachable!(),
            permit = semaphore.acquire() => drop(permit),
        }
    };
    let (cuts, seen) = moments(make, run);
    // Two of the `join!`; where the `select!` has no budget, and its second branch.
    assert_eq!(cuts.awaits(), 3, "{seen:?}");
}

#[test]
fn what_needs_more_than_one_unit_gets_on() {
    let make = async || duplex(64);
    type State = (leno::io::DuplexStream, leno::io::DuplexStream);
    let run = async |(near, far): &mut State| {
        near.write_all(b"some bytes").await.unwrap();
        near.shutdown().await.unwrap();
        let mut copied = Vec::new();
        copy(far, &mut copied).await.unwrap();
        assert_eq!(copied, b"some bytes");
    };
    let (cuts, _) = moments(make, run);
    assert!(cuts.awaits() >= 3, "{cuts:?}");
}

#[test]
fn what_spends_its_budget_in_vain_gets_on_in_the_end() {
    /// Needs two units at a time, and does not give back the first one.
    async fn wasteful() {
        let mut both = 0;
        std::future::poll_fn(|cx| {
            for _ in 0..2 {
                std::task::ready!(task::coop::poll_proceed(cx)).made_progress();
                both += 1;
            }
            std::task::Poll::Ready(())
        })
        .await;
        assert_ne!(both, 0);
    }
    let (cuts, _) = moments(async || (), async |()| wasteful().await);
    assert!(cuts.awaits() > 1, "{cuts:?}");
}

#[test]
fn unconstrained_futures_are_dropped_where_they_wait_only() {
    let run = async |semaphore: &mut Semaphore| {
        drop(task::unconstrained(semaphore.acquire()).await);
    };
    let (cuts, seen) = moments(async || Semaphore::new(1), run);
    assert_eq!((cuts.awaits(), cuts.tried(), seen), (0, 1, Vec::new()));
}

#[test]
fn a_loop_has_as_many_awaits_as_rounds() {
    let make = async || mpsc::unbounded_channel();
    type State = (mpsc::UnboundedSender<u32>, mpsc::UnboundedReceiver<u32>);
    let run = async |(sender, receiver): &mut State| {
        for n in 0..20 {
            sender.send(n).unwrap();
            receiver.recv().await.unwrap();
        }
    };
    let (cuts, _) = moments(make, run);
    assert_eq!((cuts.awaits(), cuts.tried()), (20, 21));
}

// ----- how it is run ----------------------------------------------------------------------------------

/// Needs a clock that is paused, IO, tasks that are not `Send`, and closures on other threads.
async fn needs_everything() -> Cuts {
    cancel_at_every_await(
        async || {
            let listener = leno::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            (listener, address)
        },
        async |(listener, address)| {
            sleep(Duration::from_secs(3600)).await;
            let not_send = std::rc::Rc::new(1);
            assert_eq!(spawn_local(async move { *not_send }).await.unwrap(), 1);
            assert_eq!(spawn_blocking(|| 2).await.unwrap(), 2);
            let address = *address;
            let connecting = leno::spawn(async move {
                drop(leno::net::TcpStream::connect(address).await.unwrap());
            });
            listener.accept().await.unwrap();
            connecting.await.unwrap();
        },
        async |(listener, address), _| {
            let again = leno::net::TcpStream::connect(address);
            let (accepted, connected) = leno::join!(listener.accept(), again);
            accepted.and(connected.map(drop)).unwrap();
        },
    )
    .await
}

#[test]
fn it_is_the_same_wherever_it_is_awaited() {
    let here = block_on(needs_everything()).awaits();
    let pool = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    // In a task of a pool, in which no clock can be paused.
    let in_pool = pool.block_on(async { leno::spawn(needs_everything()).await.unwrap() });
    assert_eq!(in_pool.awaits(), here);
    // By an executor that is not leno's.
    let mut foreign = std::pin::pin!(needs_everything());
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut cx = std::task::Context::from_waker(&waker);
    let cuts = loop {
        match foreign.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(cuts) => break cuts,
            std::task::Poll::Pending => std::thread::park(),
        }
    };
    assert_eq!(cuts.awaits(), here);
}

#[leno::test(start_paused = true)]
async fn a_paused_clock_around_it_stands_still() {
    let start = Instant::now();
    let cuts = timeout(Duration::from_secs(1), needs_everything()).await;
    assert!(cuts.expect("the clock went on").awaits() > 0);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[test]
fn a_run_may_have_runs_of_its_own() {
    let cuts = block_on(cancel_at_every_await(
        async || (),
        async |()| {
            let inner =
                cancel_at_every_await(async || (), async |()| yield_now().await, async |(), _| ());
            assert_eq!(inner.await.awaits(), 1);
        },
        async |(), _| (),
    ));
    assert_eq!(cuts.awaits(), 1);
}

#[test]
fn each_run_has_a_fresh_state_and_its_tasks_end_with_it() {
    let alive = Arc::new(AtomicUsize::new(0));
    /// Counts while it is there.
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let (counter, before) = (Arc::clone(&alive), Arc::clone(&alive));
    block_on(cancel_at_every_await(
        async move || {
            assert_eq!(
                before.fetch_add(1, Ordering::Relaxed),
                0,
                "a task of the last run is alive"
            );
            Some(Counted(Arc::clone(&counter)))
        },
        async |counted| {
            let counted = counted.take().expect("it is the state of another run");
            leno::spawn(async move {
                let _counted = counted;
                std::future::pending::<()>().await;
            });
            yield_now().await;
        },
        async |_, _| (),
    ));
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}

#[test]
fn tasks_of_the_run_go_on_while_the_check_awaits() {
    block_on(cancel_at_every_await(
        async || mpsc::channel(1),
        async |(sender, _)| {
            let sender = sender.clone();
            leno::spawn(async move {
                sleep(Duration::from_secs(60)).await;
                sender.send(1).await.unwrap();
            });
            yield_now().await;
        },
        async |(sender, mut receiver), cut: &Cut| {
            drop(sender);
            let received = receiver.recv().await;
            assert_eq!(received.is_some(), cut.moment() != Moment::Unpolled);
        },
    ));
}

#[test]
fn dropping_it_ends_the_runs() {
    let (started, begun) = std::sync::mpsc::channel();
    let (finish, finished) = std::sync::mpsc::channel::<()>();
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    /// Says so when the thread of the runs is done with what it has.
    struct Done(std::sync::mpsc::Sender<()>);
    impl Drop for Done {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (done, is_done) = std::sync::mpsc::channel();
    let done = Done(done);
    let mut test = Box::pin(cancel_at_every_await(
        async move || {
            let _done = &done;
            count.fetch_add(1, Ordering::Relaxed);
            let _ = started.send(());
            let _ = finished.recv();
        },
        async |()| yield_now().await,
        async |(), _| (),
    ));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(test.as_mut().poll(&mut cx).is_pending());
    begun.recv().unwrap();
    drop(test);
    drop(finish);
    is_done.recv().unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[leno::test(sim)]
async fn a_simulation_does_the_runs_in_one_step() {
    let cuts = cancel_at_every_await(
        async || (),
        async |()| sleep(Duration::from_secs(1)).await,
        async |(), _| (),
    );
    assert_eq!(cuts.await.awaits(), 1);
}

#[test]
fn the_clock_of_a_run_is_paused() {
    block_on(cancel_at_every_await(
        async || Instant::now(),
        async |start| {
            sleep(Duration::from_secs(1)).await;
            assert_eq!(start.elapsed(), Duration::from_secs(1));
            time::advance(Duration::from_secs(1)).await;
        },
        async |start, cut: &Cut| {
            let passed = start.elapsed().as_secs_f64();
            assert!([0.0, 1.0, 2.0].contains(&passed), "{cut}: {passed}");
        },
    ));
}

// ----- its texts --------------------------------------------------------------------------------------

/// The text with which it fails.
#[track_caller]
fn fails(test: impl Future<Output = Cuts>) -> String {
    let result = catch_unwind(AssertUnwindSafe(|| block_on(test)));
    *result
        .expect_err("nothing was found")
        .downcast::<String>()
        .unwrap()
}

async fn append(log: &Mutex<Vec<u32>>, value: u32) {
    log.lock().await.push(value);
}

async fn append_both(log: &Mutex<Vec<u32>>) {
    append(log, 1).await;
    append(log, 2).await;
}

#[test]
fn a_check_that_fails_has_the_chain_of_awaits() {
    let line = line!() - 5;
    let text = fails(cancel_at_every_await(
        async || Mutex::new(Vec::new()),
        async |log| append_both(log).await,
        async |log, _| assert_ne!(log.into_inner(), [1]),
    ));
    let (first, second) = (line, line - 5);
    let expected = format!(
        "append_both is not cancel safe: dropped at its 2nd of 2 awaits, before that was tried, the check failed
  cut at  append_both (tests/test_cancel.rs:{first}) → append (tests/test_cancel.rs:{second}) → Mutex::lock
  assertion `left != right` failed
    left: [1]
   right: [1]"
    );
    assert_eq!(text, expected);
}

#[test]
fn a_check_that_fails_for_the_whole_run_says_so() {
    let text = fails(cancel_at_every_await(
        async || (),
        async |()| yield_now().await,
        async |(), _| panic!("never"),
    ));
    assert!(
        text.ends_with("fails though that was not dropped: it holds of no run\n  never"),
        "{text}"
    );
}

#[test]
fn a_run_that_panics_says_where_it_was_before() {
    let text = fails(cancel_at_every_await(
        async || Mutex::new(Vec::new()),
        async |log| {
            append(log, 1).await;
            panic!("the disk is full");
        },
        async |_, _| (),
    ));
    assert_eq!(
        text,
        "append panicked before it was dropped\n  the disk is full"
    );
}

#[test]
fn a_run_that_panics_when_it_is_dropped_is_not_cancel_safe() {
    /// Must be used up.
    struct Bomb(bool);
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(!self.0, "dropped too early");
        }
    }
    let text = fails(cancel_at_every_await(
        async || (),
        async |()| {
            let mut bomb = Bomb(true);
            yield_now().await;
            bomb.0 = false;
        },
        async |(), _| (),
    ));
    let start =
        "yield_now is not cancel safe: dropped at its 1st of 1 awaits, as it waited, it panicked";
    assert!(
        text.starts_with(start) && text.ends_with("\n  dropped too early"),
        "{text}"
    );
}

#[test]
fn a_state_that_is_not_made_says_so() {
    let text = fails(cancel_at_every_await(
        async || panic!("no such directory"),
        async |_: &mut ()| (),
        async |(), _| (),
    ));
    assert!(
        text.starts_with("the state for the test at ") && text.ends_with("no such directory"),
        "{text}"
    );
}

#[test]
fn a_run_without_an_end_is_given_up() {
    let text = fails(cancel_at_every_await(
        async || (),
        async |()| loop {
            sleep(Duration::from_secs(1)).await;
        },
        async |(), _| (),
    ));
    let start = "Sleep does not end, though it was not dropped\n  it is at a_run_without_an_end_is_given_up (";
    assert!(text.starts_with(start), "{text}");
    assert!(
        text.ends_with("it has been pending 1000 times: give it less to do, and an end"),
        "{text}"
    );
}

#[test]
fn no_payload_is_too_strange() {
    let text = fails(cancel_at_every_await(
        async || (),
        async |()| std::panic::panic_any(7),
        async |(), _| (),
    ));
    assert!(text.ends_with("a panic whose payload is no text"), "{text}");
}
