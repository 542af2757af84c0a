//! `BufReader`, `BufWriter`, `BufStream`.

#[path = "support/io.rs"]
mod support;

use leno::io::{
    self, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite,
    AsyncWriteExt, BufReader, BufStream, BufWriter, ErrorKind, ReadBuf, SeekFrom,
};
use std::io::{Cursor, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use support::{Read, Source, Target, Write, panic_file, poll_once, ready};

#[test]
fn small_reads_come_from_one_large_read() {
    let mut reader = BufReader::with_capacity(8, Source::pieces(&[b"abcdef"]));
    for expected in *b"abcdef" {
        assert_eq!(ready(reader.read_u8()).unwrap(), expected);
    }
    assert_eq!(reader.get_ref().polls, 1);
}

#[test]
fn large_reads_go_past_an_empty_buffer() {
    let mut reader = BufReader::with_capacity(4, Source::pieces(&[b"abcdefgh"]));
    let mut buf = [0; 6];
    assert_eq!(ready(reader.read(&mut buf[..2])).unwrap(), 2);
    assert_eq!(reader.buffer(), b"cd");
    assert_eq!(ready(reader.read(&mut buf)).unwrap(), 2);
    assert_eq!(ready(reader.read(&mut buf)).unwrap(), 4);
    assert_eq!((&buf[..4], reader.buffer()), (&b"efgh"[..], &b""[..]));
}

#[test]
fn a_failed_read_changes_nothing() {
    let mut reader = BufReader::new(Source::new([
        Read::Fail(ErrorKind::Other),
        Read::Bytes(b"abc"),
    ]));
    assert!(ready(reader.fill_buf()).is_err());
    assert_eq!(ready(reader.fill_buf()).unwrap(), b"abc");
}

/// A cursor that is pending once before each seek completes.
struct SlowSeek {
    cursor: Cursor<Vec<u8>>,
    started: Vec<SeekFrom>,
    waits: bool,
}

impl SlowSeek {
    fn new(bytes: &[u8]) -> Self {
        Self {
            cursor: Cursor::new(bytes.to_vec()),
            started: Vec::new(),
            waits: false,
        }
    }
}

impl AsyncRead for SlowSeek {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.cursor).poll_read(cx, buf)
    }
}

impl AsyncWrite for SlowSeek {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.cursor).poll_write(cx, buf)
    }
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for SlowSeek {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        assert!(!self.waits, "a seek is under way");
        self.started.push(position);
        Pin::new(&mut self.cursor).start_seek(position)?;
        self.waits = true;
        Ok(())
    }
    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if std::mem::take(&mut self.waits) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.cursor).poll_complete(cx)
    }
}

#[leno::test]
async fn seeking_a_reader_counts_from_what_was_read() {
    let mut reader = BufReader::with_capacity(4, SlowSeek::new(b"0123456789"));
    assert_eq!(ready(reader.read_u8()).unwrap(), b'0');
    assert_eq!(reader.seek(SeekFrom::Current(1)).await.unwrap(), 2);
    assert_eq!(reader.buffer(), b"", "the buffer is of the old position");
    assert_eq!(ready(reader.read_u8()).unwrap(), b'2');
    assert_eq!(reader.seek(SeekFrom::End(-1)).await.unwrap(), 9);
    assert_eq!(ready(reader.read_u8()).unwrap(), b'9');
    assert_eq!(reader.stream_position().await.unwrap(), 10);
}

#[leno::test]
async fn a_refused_seek_of_a_reader_is_over() {
    let mut reader = BufReader::new(SlowSeek::new(b"0123"));
    assert_eq!(ready(reader.read_u8()).unwrap(), b'0');
    assert!(reader.seek(SeekFrom::Current(-9)).await.is_err());
    assert_eq!(ready(reader.read_u8()).unwrap(), b'1');
    assert_eq!(reader.rewind().await.unwrap(), 0);
}

#[test]
fn an_offset_that_would_overflow_is_sought_in_two_steps() {
    /// Accepts any offset.
    struct Anywhere(Vec<SeekFrom>);
    impl AsyncRead for Anywhere {
        fn poll_read(
            self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            buf.put_slice(b"abc");
            Poll::Ready(Ok(()))
        }
    }
    impl AsyncSeek for Anywhere {
        fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
            self.0.push(position);
            Ok(())
        }
        fn poll_complete(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
            Poll::Ready(Ok(5))
        }
    }
    let mut reader = BufReader::new(Anywhere(Vec::new()));
    ready(reader.read_u8()).unwrap();
    assert_eq!(ready(reader.seek(SeekFrom::Current(i64::MIN))).unwrap(), 5);
    assert_eq!(
        reader.get_ref().0,
        [SeekFrom::Current(-2), SeekFrom::Current(i64::MIN)]
    );
    assert_eq!(reader.buffer(), b"");
}

#[test]
fn small_writes_become_one_large_write() {
    let mut writer = BufWriter::with_capacity(8, Target::default());
    for byte in *b"abcdef" {
        ready(writer.write_u8(byte)).unwrap();
    }
    assert_eq!(
        (writer.buffer(), writer.get_ref().writes),
        (&b"abcdef"[..], 0)
    );
    ready(writer.write_all(b"ghi")).unwrap();
    assert_eq!(
        (&writer.get_ref().bytes[..], writer.buffer()),
        (&b"abcdef"[..], &b"ghi"[..])
    );
    ready(writer.flush()).unwrap();
    let target = writer.into_inner();
    assert_eq!(
        (&target.bytes[..], target.writes, target.flushes),
        (&b"abcdefghi"[..], 2, 1)
    );
}

#[test]
fn large_writes_go_past_the_buffer_and_stay_in_order() {
    let mut writer = BufWriter::with_capacity(4, Target::default());
    ready(writer.write_all(b"ab")).unwrap();
    ready(writer.write_all(b"cdefgh")).unwrap();
    assert_eq!(writer.buffer(), b"");
    assert_eq!(writer.get_ref().bytes, b"abcdefgh");
}

#[test]
fn a_flush_goes_on_where_it_stopped() {
    let mut writer = BufWriter::new(Target::new([
        Write::Take(2),
        Write::Wait,
        Write::Take(1),
        Write::Fail(ErrorKind::Interrupted),
        Write::Fail(ErrorKind::Other),
        Write::Take(0),
    ]));
    ready(writer.write_all(b"abcdef")).unwrap();
    assert!(poll_once(pin!(writer.flush())).is_pending());
    assert_eq!(ready(writer.flush()).unwrap_err().kind(), ErrorKind::Other);
    assert_eq!(writer.buffer(), b"def");
    assert_eq!(
        ready(writer.flush()).unwrap_err().kind(),
        ErrorKind::WriteZero
    );
    ready(writer.shutdown()).unwrap();
    let target = writer.into_inner();
    assert_eq!(
        (&target.bytes[..], target.shut_down),
        (&b"abcdef"[..], true)
    );
}

#[test]
fn vectored_writes_gather_in_the_buffer() {
    let bufs = [b"", &b"ab"[..], b"", b"cd", b"efghij"].map(IoSlice::new);

    // The stream writes one at a time: what fits is gathered.
    let mut writer = BufWriter::with_capacity(8, Target::default());
    assert!(writer.is_write_vectored());
    assert_eq!(ready(writer.write_vectored(&bufs)).unwrap(), 4);
    assert_eq!(writer.buffer(), b"abcd");
    assert_eq!(ready(writer.write_vectored(&bufs[4..])).unwrap(), 6);
    assert_eq!(
        (&writer.get_ref().bytes[..], writer.buffer()),
        (&b"abcd"[..], &b"efghij"[..])
    );
    let large = [IoSlice::new(b"123456789"), IoSlice::new(b"x")];
    assert_eq!(ready(writer.write_vectored(&large)).unwrap(), 9);
    assert_eq!(writer.buffer(), b"");
    assert_eq!(ready(writer.write_vectored(&bufs[..1])).unwrap(), 0);

    // As many as there is room for behind the first.
    let mut writer = BufWriter::with_capacity(8, Target::default());
    let bufs_of_7 = [&b"ab"[..], b"cdefg", b"hi"].map(IoSlice::new);
    assert_eq!(ready(writer.write_vectored(&bufs_of_7)).unwrap(), 7);
    assert_eq!(writer.buffer(), b"abcdefg");

    // The stream writes all of them: so they stay together.
    let mut writer = BufWriter::with_capacity(12, Vec::new());
    assert_eq!(ready(writer.write_vectored(&bufs)).unwrap(), 10);
    assert_eq!(
        (writer.get_ref().len(), writer.buffer()),
        (0, &b"abcdefghij"[..])
    );
    assert_eq!(ready(writer.write_vectored(&bufs)).unwrap(), 10);
    assert_eq!(writer.get_ref().len(), 10);
    assert_eq!(ready(writer.write_vectored(&large[..1])).unwrap(), 9);
    let huge = [IoSlice::new(&[0; 20]), IoSlice::new(b"x")];
    assert_eq!(ready(writer.write_vectored(&huge)).unwrap(), 21);
    assert_eq!(writer.get_ref().len(), 50);
}

#[leno::test]
async fn seeking_a_writer_flushes_it_first() {
    let mut writer = BufWriter::new(SlowSeek::new(b""));
    ready(writer.write_all(b"abcdef")).unwrap();
    assert_eq!(writer.seek(SeekFrom::Start(2)).await.unwrap(), 2);
    assert_eq!(writer.get_ref().cursor.get_ref(), b"abcdef");
    ready(writer.write_all(b"X")).unwrap();
    assert!(writer.seek(SeekFrom::Current(-9)).await.is_err());
    assert_eq!(writer.rewind().await.unwrap(), 0);
    assert_eq!(writer.get_ref().cursor.get_ref(), b"abXdef");
}

#[test]
fn a_writer_that_nobody_seeks_in_is_not_flushed() {
    let mut writer = BufWriter::new(Cursor::new(Vec::new()));
    let mut complete = |is_sought: bool| {
        ready(writer.write_all(b"ab")).unwrap();
        let mut writer = Pin::new(&mut writer);
        if is_sought {
            writer.as_mut().start_seek(SeekFrom::Start(1)).unwrap();
        }
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(position) = writer.as_mut().poll_complete(&mut cx) else {
            panic!("memory is never busy");
        };
        (position.unwrap(), writer.buffer().to_vec())
    };
    assert_eq!(complete(false), (0, b"ab".to_vec()));
    assert_eq!(complete(true), (1, Vec::new()));
    assert_eq!(writer.get_ref().get_ref(), b"abab");
}

#[test]
fn a_stream_buffers_both_directions() {
    let (near, mut far) = io::duplex(64);
    let mut stream = BufStream::new(near);
    assert!(stream.is_write_vectored());
    ready(far.write_all(b"abc\ndef")).unwrap();
    ready(stream.write_all(b"123")).unwrap();
    let mut line = String::new();
    ready(stream.read_line(&mut line)).unwrap();
    assert_eq!(line, "abc\n");
    assert!(poll_once(pin!(far.read_u8())).is_pending());
    ready(stream.flush()).unwrap();
    assert_eq!(ready(far.read_u8()).unwrap(), b'1');
}

#[test]
fn a_stream_made_of_two_buffers_keeps_what_is_in_them() {
    let both = |bytes| io::join(Source::pieces(&[bytes]), Target::default());

    let mut inside_out = BufWriter::new(BufReader::new(both(b"abc")));
    ready(inside_out.read_u8()).unwrap();
    ready(inside_out.write_u8(b'1')).unwrap();
    let mut stream = BufStream::from(inside_out);
    assert_eq!(ready(stream.read_u8()).unwrap(), b'b');
    ready(stream.flush()).unwrap();
    assert_eq!(stream.into_inner().writer().bytes, b"1");

    let mut reader = BufReader::new(BufWriter::new(both(b"abc")));
    ready(reader.read_u8()).unwrap();
    let mut stream = BufStream::from(reader);
    assert_eq!(ready(stream.read_u8()).unwrap(), b'b');
    assert_eq!(stream.get_ref().reader().polls, 1);
}

#[test]
fn a_reader_without_a_buffer_panics_where_it_is_made() {
    assert_eq!(
        panic_file(|| drop(BufReader::with_capacity(0, io::empty()))),
        file!()
    );
    assert_eq!(
        panic_file(|| drop(BufStream::with_capacity(0, 1, io::empty()))),
        file!()
    );
}
