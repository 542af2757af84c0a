//! Streams that are always ready must still let other tasks run. Tested here, where a budget can be set
//! without a runtime.

use super::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, copy, copy_bidirectional, copy_buf,
    duplex, empty, join, repeat, simplex, sink,
};
use crate::kernel::budget::with_budget;
use std::cell::Cell;
use std::future::Future;
use std::io::{IoSlice, SeekFrom};
use std::pin::pin;
use std::task::{Context, Waker};

/// How many rounds the operation makes in one poll that has a budget of 10.
fn rounds<T>(operation: impl AsyncFn() -> T) -> usize {
    let rounds = Cell::new(0);
    let mut task = pin!(async {
        while rounds.get() < 1000 {
            operation().await;
            rounds.set(rounds.get() + 1);
        }
    });
    let poll = with_budget(10, || {
        task.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    });
    assert!(poll.is_pending(), "the task never yields");
    rounds.get()
}

#[test]
#[inline]
fn an_empty_stream_spends_a_unit_per_operation() {
    assert_eq!(
        rounds(async || empty().read(&mut [0; 8]).await.unwrap()),
        10
    );
    assert_eq!(
        rounds(async || empty().read_line(&mut String::new()).await.unwrap()),
        10
    );
    assert_eq!(rounds(async || empty().write(b"x").await.unwrap()), 10);
    assert_eq!(rounds(async || empty().flush().await.unwrap()), 10);
    // A seek completes an earlier one first.
    assert_eq!(
        rounds(async || empty().seek(SeekFrom::End(1)).await.unwrap()),
        5
    );
}

#[test]
#[inline]
fn repeat_and_sink_spend_a_unit_per_operation() {
    assert_eq!(
        rounds(async || repeat(1).read_exact(&mut [0; 8]).await.unwrap()),
        10
    );
    assert_eq!(
        rounds(async || sink().write_all(b"some bytes").await.unwrap()),
        10
    );
    assert_eq!(
        rounds(async || sink().write_vectored(&[IoSlice::new(b"x")]).await.unwrap()),
        10
    );
    assert_eq!(rounds(async || sink().flush().await.unwrap()), 10);
    assert_eq!(rounds(async || sink().shutdown().await.unwrap()), 10);
}

#[test]
#[inline]
fn a_pipe_spends_a_unit_for_each_read_and_write() {
    assert_eq!(
        rounds(async || {
            let (mut near, mut far) = duplex(8);
            near.write_all(b"x").await.unwrap();
            far.read_u8().await.unwrap();
        }),
        5
    );
    assert_eq!(
        rounds(async || {
            let (mut reader, mut writer) = simplex(8);
            writer.write_all(b"x").await.unwrap();
            reader.read_u8().await.unwrap();
        }),
        5
    );
}

#[test]
#[inline]
fn a_copy_spends_a_unit_even_between_streams_that_spend_none() {
    assert_eq!(
        rounds(async || copy(&mut &b"x"[..], &mut Vec::new()).await.unwrap()),
        10
    );
    assert_eq!(
        rounds(async || copy_buf(&mut &b"x"[..], &mut Vec::new()).await.unwrap()),
        10
    );
    assert_eq!(
        rounds(async || {
            let mut a = join(&b"x"[..], Vec::new());
            let mut b = join(&b"y"[..], Vec::new());
            copy_bidirectional(&mut a, &mut b).await.unwrap();
        }),
        5
    );
}

#[test]
#[inline]
fn an_endless_copy_yields() {
    let mut source = repeat(1);
    let mut target = sink();
    let mut copying = pin!(copy(&mut source, &mut target));
    let poll = with_budget(100, || {
        copying
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
    });
    assert!(poll.is_pending());
}

#[test]
#[inline]
fn waiting_for_a_pipe_costs_nothing() {
    let (mut near, _far) = duplex(8);
    let mut buf = [0; 8];
    let mut reading = pin!(near.read(&mut buf));
    with_budget(1, || {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(reading.as_mut().poll(&mut cx).is_pending());
        assert!(crate::kernel::budget::has_remaining());
    });
}
