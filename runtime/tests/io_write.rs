//! Writing bytes: `AsyncWriteExt` without the numbers.

#[path = "support/io.rs"]
mod support;

use bytes::Buf;
use leno::io::{self, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt, ErrorKind, SeekFrom};
use std::io::{Cursor, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use support::{Target, Write, poll_once, ready};

#[test]
fn a_write_is_one_poll() {
    let mut target = Target::new([Write::Take(3), Write::Fail(ErrorKind::Interrupted)]);
    assert_eq!(ready(target.write(b"abcd")).unwrap(), 3);
    assert_eq!(
        ready(target.write(b"d")).unwrap_err().kind(),
        ErrorKind::Interrupted
    );
    assert_eq!((&target.bytes[..], target.writes), (&b"abc"[..], 2));
}

#[leno::test]
async fn write_all_writes_everything_over_many_writes() {
    let mut target = Target::new([
        Write::Take(2),
        Write::Fail(ErrorKind::Interrupted),
        Write::Wait,
        Write::Take(1),
    ]);
    target.write_all(b"abcdef").await.unwrap();
    assert_eq!(target.bytes, b"abcdef");
}

#[test]
fn write_all_fails_when_nothing_is_taken() {
    let mut target = Target::new([Write::Take(2), Write::Take(0)]);
    let error = ready(target.write_all(b"abcdef")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    assert_eq!(ready(target.write_all(b"")).ok(), Some(()));
}

#[test]
fn unless_it_can_more_a_stream_writes_the_first_buffer_that_is_not_empty() {
    let mut target = Target::default();
    let bufs = [b"", &b"ab"[..], b"cd"].map(IoSlice::new);
    assert!(!target.is_write_vectored());
    assert_eq!(ready(target.write_vectored(&bufs)).unwrap(), 2);
    assert_eq!(target.bytes, b"ab");
    assert_eq!(ready(target.write_vectored(&[])).unwrap(), 0);
}

#[test]
fn memory_is_a_destination() {
    async fn fill(mut target: impl AsyncWrite + Unpin) -> usize {
        assert!(target.is_write_vectored());
        let bufs = [IoSlice::new(b"abc"), IoSlice::new(b"def")];
        let written = target.write_vectored(&bufs).await.unwrap();
        target.flush().await.unwrap();
        target.shutdown().await.unwrap();
        written
    }
    let mut bytes = b"1".to_vec();
    assert_eq!(ready(fill(&mut bytes)), 6);
    assert_eq!(bytes, b"1abcdef");
    assert_eq!(ready(fill(Cursor::new(&mut bytes))), 6);
    assert_eq!(bytes, b"abcdeff");
    assert_eq!(ready(fill(Cursor::new(Vec::new()))), 6);
    let mut array = [0; 4];
    assert_eq!(ready(fill(Cursor::new(&mut array[..]))), 4);
    assert_eq!(&array, b"abcd");
    assert_eq!(ready(fill(Cursor::new([0; 4]))), 4);
    let boxed: Box<[u8]> = vec![0; 5].into();
    assert_eq!(ready(fill(Box::pin(Cursor::new(boxed)))), 5);
}

#[test]
fn write_buf_advances_by_what_was_written() {
    let mut target = Target::new([Write::Take(2)]);
    let mut buf: &[u8] = b"abcdef";
    assert_eq!(ready(target.write_buf(&mut buf)).unwrap(), 2);
    assert_eq!(buf, b"cdef");

    let writes = target.writes;
    assert_eq!(ready(target.write_buf(&mut &b""[..])).unwrap(), 0);
    assert_eq!(target.writes, writes, "an empty buffer needs no write");
}

#[test]
fn write_buf_writes_all_chunks_at_once_if_the_stream_can() {
    let mut bytes = Vec::new();
    let mut chunks = (&b"abc"[..]).chain(&b"def"[..]);
    assert_eq!(ready(bytes.write_buf(&mut chunks)).unwrap(), 6);
    assert_eq!(bytes, b"abcdef");

    let mut target = Target::default();
    let mut chunks = (&b"abc"[..]).chain(&b"def"[..]);
    assert_eq!(ready(target.write_buf(&mut chunks)).unwrap(), 3);
}

#[test]
fn write_all_buf_can_be_cancelled_and_resumed() {
    let mut target = Target::new([
        Write::Take(2),
        Write::Fail(ErrorKind::Interrupted),
        Write::Wait,
    ]);
    let mut buf = (&b"abc"[..]).chain(&b"def"[..]);
    assert!(poll_once(pin!(target.write_all_buf(&mut buf))).is_pending());
    assert_eq!(buf.remaining(), 4);
    ready(target.write_all_buf(&mut buf)).unwrap();
    assert_eq!(target.bytes, b"abcdef");

    let mut full = Target::new([Write::Take(1), Write::Take(0)]);
    let mut buf: &[u8] = b"abc";
    let error = ready(full.write_all_buf(&mut buf)).unwrap_err();
    assert_eq!((error.kind(), buf), (ErrorKind::WriteZero, &b"bc"[..]));
}

#[test]
fn flush_and_shutdown_reach_the_stream() {
    let mut target = Target::default();
    ready(target.flush()).unwrap();
    ready((&mut target as &mut (dyn AsyncWrite + Unpin)).shutdown()).unwrap();
    assert_eq!((target.flushes, target.shut_down), (1, true));
}

#[test]
fn cursors_seek() {
    let mut cursor = Cursor::new(b"abcdef");
    assert_eq!(ready(cursor.seek(SeekFrom::End(-2))).unwrap(), 4);
    assert_eq!(ready(cursor.seek(SeekFrom::Current(-1))).unwrap(), 3);
    assert_eq!(ready(cursor.stream_position()).unwrap(), 3);
    assert!(ready(cursor.seek(SeekFrom::Current(-4))).is_err());
    assert_eq!(ready(Box::pin(&mut cursor).rewind()).unwrap(), 0);
}

#[leno::test]
async fn a_seek_waits_for_the_one_before() {
    /// Refuses to start a seek while another is under way.
    #[derive(Default)]
    struct Slow {
        waits: usize,
        started: Vec<SeekFrom>,
    }
    impl AsyncSeek for Slow {
        fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
            assert_eq!(self.waits, 0, "a seek is under way");
            self.started.push(position);
            self.waits = 2;
            Ok(())
        }
        fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
            if self.waits == 0 {
                return Poll::Ready(Ok(7));
            }
            self.waits -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
    let mut slow = Slow::default();
    assert!(poll_once(pin!(slow.seek(SeekFrom::Start(1)))).is_pending());
    assert_eq!(slow.seek(SeekFrom::Start(2)).await.unwrap(), 7);
    assert_eq!(slow.started, [SeekFrom::Start(1), SeekFrom::Start(2)]);
}
