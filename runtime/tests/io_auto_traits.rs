//! What is `Send`, `Sync` and `Unpin` is part of the interface. Checked by the compiler.

use leno::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite,
    AsyncWriteExt, BufReader, BufStream, BufWriter, Chain, DuplexStream, Empty, Join, Lines,
    ReadBuf, ReadHalf, Repeat, SeekFrom, SimplexStream, Sink, Split, Take, WriteHalf, copy,
    copy_bidirectional, copy_buf,
};
use std::pin::Pin;

type Reader = Pin<Box<dyn AsyncBufRead + Send + Sync>>;
type Writer = Pin<Box<dyn AsyncWrite + Send + Sync>>;
type Seeker = Pin<Box<dyn AsyncSeek + Send + Sync>>;

fn shareable<T: Send + Sync>(_: &T) {}

/// Compiles for types that are not `Unpin` only: for the others it is ambiguous which one is meant.
trait NotUnpin<A> {
    fn check(&self) {}
}
struct Never;
impl<T: ?Sized> NotUnpin<()> for T {}
impl<T: ?Sized + Unpin> NotUnpin<Never> for T {}

macro_rules! futures {
    ($($future:expr),* $(,)?) => {$(
        match &$future {
            future => {
                shareable(future);
                NotUnpin::check(future);
            }
        }
    )*};
}

#[test]
fn streams_are_send_sync_and_unpin() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<BufReader<DuplexStream>>();
    check::<BufWriter<DuplexStream>>();
    check::<BufStream<DuplexStream>>();
    check::<Chain<DuplexStream, DuplexStream>>();
    check::<DuplexStream>();
    check::<SimplexStream>();
    check::<Empty>();
    check::<Join<DuplexStream, DuplexStream>>();
    check::<Lines<DuplexStream>>();
    check::<ReadBuf<'_>>();
    check::<ReadHalf<DuplexStream>>();
    check::<WriteHalf<DuplexStream>>();
    check::<Repeat>();
    check::<Sink>();
    check::<Split<DuplexStream>>();
    check::<Take<DuplexStream>>();
    // The halves share a lock: a stream that is only `Send` is enough.
    check::<ReadHalf<std::cell::Cell<u8>>>();
}

#[test]
fn reading_futures_are_send_and_sync_but_not_unpin() {
    let mut reader: Reader = Box::pin(&b""[..]);
    let reader = &mut reader;
    let (mut bytes, mut text) = (Vec::new(), String::new());
    futures!(
        reader.read(&mut [0; 1]),
        reader.read_buf(&mut bytes),
        reader.read_exact(&mut [0; 1]),
        reader.read_to_end(&mut bytes),
        reader.read_to_string(&mut text),
        reader.read_u8(),
        reader.read_i128(),
        reader.read_f64_le(),
        reader.read_until(0, &mut bytes),
        reader.read_line(&mut text),
        reader.fill_buf(),
        (&mut *reader).lines().next_line(),
        AsyncBufReadExt::split(&mut *reader, 0).next_segment(),
    );
}

#[test]
fn writing_futures_are_send_and_sync_but_not_unpin() {
    let mut writer: Writer = Box::pin(Vec::new());
    let writer = &mut writer;
    let mut bytes = bytes::Bytes::new();
    futures!(
        writer.write(b""),
        writer.write_vectored(&[]),
        writer.write_buf(&mut bytes),
        writer.write_all_buf(&mut bytes),
        writer.write_all(b""),
        writer.write_u8(1),
        writer.write_i128(1),
        writer.write_f64_le(1.0),
        writer.flush(),
        writer.shutdown(),
    );
}

#[test]
fn seeking_and_copying_futures_are_send_and_sync_but_not_unpin() {
    let mut seeker: Seeker = Box::pin(std::io::Cursor::new([0; 1]));
    futures!(
        seeker.seek(SeekFrom::Start(0)),
        seeker.rewind(),
        seeker.stream_position(),
    );
    let (mut a, mut b) = leno::io::duplex(1);
    let mut buffered = BufReader::new(leno::io::empty());
    futures!(
        copy(&mut a, &mut b),
        copy_buf(&mut buffered, &mut b),
        copy_bidirectional(&mut a, &mut b),
    );
}
