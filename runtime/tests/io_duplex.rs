//! Pipes in memory.

#[path = "support/io.rs"]
mod support;

use leno::io::{
    AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ErrorKind, SimplexStream, duplex,
    simplex,
};
use std::future::Future;
use std::io::IoSlice;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread;
use support::{Count, block_on, panic_file, poll_once, ready};

#[test]
fn both_ends_read_what_the_other_wrote() {
    let (mut a, mut b) = duplex(8);
    ready(a.write_all(b"ping")).unwrap();
    ready(b.write_all(b"pong")).unwrap();
    let mut word = [0; 4];
    ready(b.read_exact(&mut word)).unwrap();
    assert_eq!(&word, b"ping");
    ready(a.read_exact(&mut word)).unwrap();
    assert_eq!(&word, b"pong");
}

#[test]
fn a_pipe_takes_no_more_than_its_size() {
    let (mut a, mut b) = duplex(4);
    assert_eq!(ready(a.write(b"abcdef")).unwrap(), 4);
    assert!(poll_once(pin!(a.write(b"ef"))).is_pending());
    let mut buf = [0; 3];
    ready(b.read_exact(&mut buf)).unwrap();
    let bufs = [IoSlice::new(b""), IoSlice::new(b"e"), IoSlice::new(b"fgh")];
    assert_eq!(ready(a.write_vectored(&bufs)).unwrap(), 3);
    assert_eq!(ready(b.read(&mut [0; 8])).unwrap(), 4);
}

#[test]
fn everything_arrives_between_threads() {
    let (mut a, mut b) = duplex(7);
    let writer = thread::spawn(move || {
        block_on(async {
            for number in 0..20_000 {
                a.write_u32(number).await.unwrap();
            }
        });
    });
    block_on(async {
        for number in 0..20_000 {
            assert_eq!(b.read_u32().await.unwrap(), number);
        }
        assert_eq!(b.read(&mut [0; 1]).await.unwrap(), 0);
    });
    writer.join().unwrap();
}

#[test]
fn dropping_an_end_ends_both_directions() {
    let (mut a, b) = duplex(8);
    let mut b = Some(b);
    ready(b.as_mut().unwrap().write_all(b"last")).unwrap();
    drop(b.take());
    let mut word = [0; 8];
    assert_eq!(ready(a.read(&mut word)).unwrap(), 4);
    assert_eq!(ready(a.read(&mut word)).unwrap(), 0);
    for error in [
        ready(a.write(b"x")).unwrap_err(),
        ready(a.write(b"")).unwrap_err(),
        ready(a.write_vectored(&[IoSlice::new(b"")])).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
}

#[test]
fn shutting_an_end_down_ends_one_direction() {
    let (mut a, mut b) = duplex(8);
    ready(a.shutdown()).unwrap();
    assert_eq!(ready(b.read(&mut [0; 1])).unwrap(), 0);
    assert_eq!(
        ready(a.write(b"x")).unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
    ready(b.write_all(b"x")).unwrap();
    assert_eq!(ready(a.read_u8()).unwrap(), b'x');
}

#[test]
fn an_operation_on_no_bytes_never_waits() {
    let (mut a, _b) = duplex(1);
    assert_eq!(ready(a.read(&mut [])).unwrap(), 0);
    ready(a.write_all(b"x")).unwrap();
    assert_eq!(ready(a.write(b"")).unwrap(), 0);
    assert_eq!(ready(a.write_vectored(&[IoSlice::new(b"")])).unwrap(), 0);
}

#[test]
fn the_last_task_that_waits_is_woken_once() {
    let (mut a, mut b) = duplex(8);
    let (first, first_waker) = Count::new();
    let (second, second_waker) = Count::new();
    {
        let mut byte = [0; 1];
        let mut reading = pin!(b.read(&mut byte));
        for waker in [&first_waker, &second_waker, &second_waker] {
            assert!(
                reading
                    .as_mut()
                    .poll(&mut Context::from_waker(waker))
                    .is_pending()
            );
        }
    }
    ready(a.write_all(b"x")).unwrap();
    ready(a.write_all(b"y")).unwrap();
    assert_eq!((first.get(), second.get()), (0, 1));
    assert_eq!(
        Arc::strong_count(&first),
        2,
        "the waker that was replaced is gone"
    );
}

/// Polls a pending future; its waker polls it again at once, on the stack of whoever wakes it.
fn poll_in_wake(future: impl Future<Output = ()> + Send + 'static) -> Arc<AtomicBool> {
    struct Task<F> {
        future: Mutex<Pin<Box<F>>>,
        done: Arc<AtomicBool>,
    }
    impl<F: Future<Output = ()> + Send> Wake for Task<F> {
        fn wake(self: Arc<Self>) {
            assert!(poll_once(self.future.lock().unwrap().as_mut()).is_ready());
            self.done.store(true, Ordering::Relaxed);
        }
    }
    let task = Arc::new(Task {
        future: Mutex::new(Box::pin(future)),
        done: Arc::default(),
    });
    let waker = Waker::from(Arc::clone(&task));
    let poll = task
        .future
        .lock()
        .unwrap()
        .as_mut()
        .poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    Arc::clone(&task.done)
}

#[test]
fn a_reader_may_read_while_it_is_woken() {
    let wakes: [(fn(DuplexStream), usize); 4] = [
        (|mut peer| drop(ready(peer.write(b"x"))), 1),
        (
            |mut peer| drop(ready(peer.write_vectored(&[IoSlice::new(b"x")]))),
            1,
        ),
        (|mut peer| ready(peer.shutdown()).unwrap(), 0),
        (drop, 0),
    ];
    for (wake, expected) in wakes {
        let (mut reader, peer) = duplex(1);
        let done = poll_in_wake(async move {
            assert_eq!(reader.read(&mut [0; 1]).await.unwrap(), expected);
        });
        wake(peer);
        assert!(done.load(Ordering::Relaxed));
    }
}

#[test]
fn a_writer_may_write_while_it_is_woken() {
    let wakes: [(fn(DuplexStream), bool); 2] = [
        (|mut peer| drop(ready(peer.read_u8())), true),
        (drop, false),
    ];
    for (wake, succeeds) in wakes {
        let (mut writer, peer) = duplex(1);
        let done = poll_in_wake(async move {
            assert_eq!(writer.write_all(b"xy").await.is_ok(), succeeds);
        });
        wake(peer);
        assert!(done.load(Ordering::Relaxed));
    }
}

/// A waker that owns the other end of the pipe, which is closed when the waker is replaced.
struct Owner {
    _peer: DuplexStream,
}

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

fn replace_the_waker_that_owns(peer: DuplexStream, future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Owner { _peer: peer }));
    let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    drop(waker);
    assert!(poll_once(future.as_mut()).is_pending());
    assert!(poll_once(future).is_ready());
}

#[test]
fn a_waker_may_close_the_pipe_when_it_is_dropped() {
    let (mut reader, peer) = duplex(1);
    replace_the_waker_that_owns(peer, async {
        assert_eq!(reader.read(&mut [0; 1]).await.unwrap(), 0);
    });
    let (mut writer, peer) = duplex(1);
    replace_the_waker_that_owns(peer, async {
        assert!(writer.write_all(b"xy").await.is_err());
    });
}

#[test]
fn a_waker_may_use_the_pipe_when_it_is_cloned() {
    use std::task::{RawWaker, RawWakerVTable};
    // Cloning this waker writes into the pipe whose reader is about to wait.
    fn clone(pipe: *const ()) -> RawWaker {
        // SAFETY: the test keeps the pipe alive for as long as its waker is in use.
        let pipe = unsafe { &*pipe.cast::<Mutex<DuplexStream>>() };
        ready(pipe.lock().unwrap().write_all(b"x")).unwrap();
        RawWaker::new(std::ptr::null(), &NOTHING)
    }
    static NOTHING: RawWakerVTable = RawWakerVTable::new(
        |_| RawWaker::new(std::ptr::null(), &NOTHING),
        |_| (),
        |_| (),
        |_| (),
    );
    static WRITES: RawWakerVTable = RawWakerVTable::new(clone, |_| (), |_| (), |_| ());

    let (mut reader, peer) = duplex(1);
    let peer = Mutex::new(peer);
    // SAFETY: the functions of the tables keep to the contract of a `RawWaker`, and `peer` outlives it.
    let waker = unsafe { Waker::new((&raw const peer).cast(), &WRITES) };
    let mut byte = [0; 1];
    let poll = pin!(reader.read(&mut byte)).poll(&mut Context::from_waker(&waker));
    assert!(
        poll.is_ready(),
        "the byte that came while the waker was cloned is seen"
    );
}

#[test]
fn a_waker_that_panics_does_not_keep_the_other_from_being_woken() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("on purpose");
        }
    }
    let (a, b) = duplex(1);
    let (mut reader, mut writer) = leno::io::split(a);
    ready(writer.write_all(b"x")).unwrap();
    let (woken, waker) = Count::new();
    let panics = Waker::from(Arc::new(Panics));
    let mut byte = [0; 1];
    let reading = pin!(reader.read(&mut byte)).poll(&mut Context::from_waker(&panics));
    let writing = pin!(writer.write(b"y")).poll(&mut Context::from_waker(&waker));
    assert!(reading.is_pending() && writing.is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(b))).is_err());
    assert_eq!(woken.get(), 1);
    assert!(ready(writer.write(b"y")).is_err());
}

#[test]
fn a_simplex_ends_by_shutdown() {
    let (mut reader, mut writer) = simplex(4);
    ready(writer.write_all(b"abc")).unwrap();
    assert_eq!(ready(reader.read_u8()).unwrap(), b'a');
    let (woken, waker) = Count::new();
    let mut rest = Vec::new();
    let mut reading = pin!(reader.read_to_end(&mut rest));
    assert!(
        reading
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    ready(writer.shutdown()).unwrap();
    assert_eq!(woken.get(), 1);
    assert_eq!(ready(reading).unwrap(), 2);
    assert_eq!(rest, b"bc");
    assert_eq!(
        ready(writer.write(b"x")).unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
}

#[test]
fn a_simplex_ends_when_its_writer_is_dropped() {
    let (mut reader, mut writer) = simplex(4);
    ready(writer.write_all(b"abc")).unwrap();
    drop(writer);
    let mut rest = Vec::new();
    assert_eq!(ready(reader.read_to_end(&mut rest)).unwrap(), 3);
    assert_eq!(rest, b"abc");

    let (mut reader, writer) = simplex(4);
    let (woken, waker) = Count::new();
    let mut reading = pin!(reader.read_u8());
    let poll = reading.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    drop(writer);
    assert_eq!(woken.get(), 1);
    let error = ready(reading).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_simplex_ends_when_its_reader_is_dropped() {
    let (reader, mut writer) = simplex(4);
    let (woken, waker) = Count::new();
    let mut writing = pin!(writer.write_all(b"too much"));
    let poll = writing.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    drop(reader);
    assert_eq!(woken.get(), 1);
    let error = ready(writing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    // There is no end to be told of any more.
    ready(writer.shutdown()).unwrap();
}

#[test]
fn a_simplex_that_is_put_together_again_goes_on() {
    let (reader, mut writer) = simplex(4);
    ready(writer.write_all(b"ab")).unwrap();
    let mut whole = reader.unsplit(writer);
    ready(whole.write_all(b"c")).unwrap();
    let mut bytes = [0; 3];
    ready(whole.read_exact(&mut bytes)).unwrap();
    assert_eq!(&bytes, b"abc");
}

#[test]
fn a_half_of_a_simplex_may_be_dropped_by_a_waker_of_the_other() {
    /// Drops the writer when it is woken, as a task may that is given up.
    struct Drops(Mutex<Option<leno::io::WriteHalf<SimplexStream>>>);
    impl Wake for Drops {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
        }
    }
    let (mut reader, mut writer) = simplex(1);
    let drops = Arc::new(Drops(Mutex::new(None)));
    ready(writer.write_all(b"x")).unwrap();
    let waker = Waker::from(drops.clone());
    let poll = pin!(writer.write(b"y")).poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    *drops.0.lock().unwrap() = Some(writer);
    // To make room wakes the writer, which goes.
    assert_eq!(ready(reader.read_u8()).unwrap(), b'x');
    assert!(ready(reader.read_u8()).is_err());
}

#[test]
fn an_unsplit_simplex_is_a_queue_of_bytes() {
    let mut queue = SimplexStream::new_unsplit(4);
    assert!(queue.is_write_vectored());
    let (woken, waker) = Count::new();
    ready(queue.write_all(b"abcd")).unwrap();
    let poll = pin!(queue.write(b"e")).poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    assert_eq!(ready(queue.read_u8()).unwrap(), b'a');
    assert_eq!(woken.get(), 1);
    assert_eq!(ready(queue.write(b"ef")).unwrap(), 1);
}

#[test]
fn a_pipe_without_room_panics_where_it_is_made() {
    assert_eq!(panic_file(|| drop(duplex(0))), file!());
    assert_eq!(panic_file(|| drop(simplex(0))), file!());
    assert_eq!(panic_file(|| drop(SimplexStream::new_unsplit(0))), file!());
}
