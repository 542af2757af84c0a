//! `AsyncReadExt`.

use super::chain::Chain;
use super::number::ReadNumber;
use super::operation::{Operation, Step};
use super::read_to_end::{ReadToEnd, ReadToString};
use super::take::Take;
use crate::io::{AsyncRead, ReadBuf, retry_interrupted};
use crate::kernel::cancel_safe::CancelSafe;
use bytes::BufMut;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Declares the methods that read a number.
macro_rules! read_numbers {
    ($lost:literal; $($name:ident -> $number:ident, $size:literal, $from:ident, $to:literal, $what:literal;)*) => {$(
        #[doc = concat!("Reads ", $what, ".")]
        ///
        /// Retried when interrupted.
        ///
        /// # Errors
        ///
        /// Those of the source, and `UnexpectedEof` if it ends before the number does.
        ///
        /// # Cancel safety
        ///
        #[doc = $lost]
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::io::AsyncReadExt;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        #[doc = concat!("let bytes = (77 as ", stringify!($number), ").", $to, "();")]
        #[doc = concat!("assert_eq!((&bytes[..]).", stringify!($name), "().await?, 77 as ", stringify!($number), ");")]
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        fn $name(&mut self) -> Operation<ReadNumber<'_, Self, $number, $size>>
        where
            Self: Unpin,
        {
            Operation::new(ReadNumber::new(self, $number::$from))
        }
    )*};
}

/// Reading, to be awaited, from any [`AsyncRead`].
pub trait AsyncReadExt: AsyncRead {
    /// A source that goes on with `next` at the end of this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut both = (&b"some "[..]).chain(&b"bytes"[..]);
    /// let mut text = String::new();
    /// both.read_to_string(&mut text).await?;
    /// assert_eq!(text, "some bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn chain<R>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
        R: AsyncRead,
    {
        Chain::new(self, next)
    }

    /// Reads once, into the start of `buf`, and returns how many bytes came.
    ///
    /// 0 is the end of the stream, or `buf` is empty.
    ///
    /// # Errors
    ///
    /// Those of the source; nothing was read then. `Interrupted` is one of them: it is not retried.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: nothing was read.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut buf = [0; 16];
    /// let n = (&b"some bytes"[..]).read(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"some bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Operation<Read<'a, Self>>
    where
        Self: Unpin,
    {
        Operation::new(Read { reader: self, buf })
    }

    /// Reads once, into the next chunk of `buf`, advances it, and returns how many bytes came.
    ///
    /// The memory need not be initialised: this is the way to read into a `Vec` or a `BytesMut` without
    /// zeroing it. 0 is the end of the stream, or `buf` has no room.
    ///
    /// # Errors
    ///
    /// Those of the source; nothing was read then. `Interrupted` is one of them: it is not retried.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: nothing was read.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut buf = Vec::with_capacity(64);
    /// let mut reader: &[u8] = b"some bytes";
    /// while reader.read_buf(&mut buf).await? != 0 {}
    /// assert_eq!(buf, b"some bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn read_buf<'a, B>(&'a mut self, buf: &'a mut B) -> Operation<ReadIntoBuf<'a, Self, B>>
    where
        Self: Unpin,
        B: BufMut + ?Sized,
    {
        Operation::new(ReadIntoBuf { reader: self, buf })
    }

    /// Fills `buf`, and returns its length.
    ///
    /// Retried when interrupted.
    ///
    /// # Errors
    ///
    /// Those of the source, and `UnexpectedEof` if it ends too early. What was read before is in `buf`, but
    /// it is not known how much that was.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: how much was read.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, ErrorKind};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut reader: &[u8] = b"some bytes";
    /// let mut word = [0; 4];
    /// reader.read_exact(&mut word).await?;
    /// assert_eq!(&word, b"some");
    ///
    /// let mut many = [0; 100];
    /// let error = reader.read_exact(&mut many).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> Operation<ReadExact<'a, Self>>
    where
        Self: Unpin,
    {
        Operation::new(ReadExact {
            reader: self,
            buf: ReadBuf::new(buf),
        })
    }

    read_numbers! {
        "Dropping the future loses nothing: one byte has no halves.";
        read_u8 -> u8, 1, from_be_bytes, "to_be_bytes", "an unsigned 8-bit integer";
        read_i8 -> i8, 1, from_be_bytes, "to_be_bytes", "a signed 8-bit integer";
    }

    read_numbers! {
        "Dropping the future loses data: the bytes that were read so far.";
        read_u16 -> u16, 2, from_be_bytes, "to_be_bytes", "an unsigned 16-bit integer, big-endian";
        read_i16 -> i16, 2, from_be_bytes, "to_be_bytes", "a signed 16-bit integer, big-endian";
        read_u32 -> u32, 4, from_be_bytes, "to_be_bytes", "an unsigned 32-bit integer, big-endian";
        read_i32 -> i32, 4, from_be_bytes, "to_be_bytes", "a signed 32-bit integer, big-endian";
        read_u64 -> u64, 8, from_be_bytes, "to_be_bytes", "an unsigned 64-bit integer, big-endian";
        read_i64 -> i64, 8, from_be_bytes, "to_be_bytes", "a signed 64-bit integer, big-endian";
        read_u128 -> u128, 16, from_be_bytes, "to_be_bytes", "an unsigned 128-bit integer, big-endian";
        read_i128 -> i128, 16, from_be_bytes, "to_be_bytes", "a signed 128-bit integer, big-endian";
        read_f32 -> f32, 4, from_be_bytes, "to_be_bytes", "a 32-bit floating point number, big-endian";
        read_f64 -> f64, 8, from_be_bytes, "to_be_bytes", "a 64-bit floating point number, big-endian";
        read_u16_le -> u16, 2, from_le_bytes, "to_le_bytes", "an unsigned 16-bit integer, little-endian";
        read_i16_le -> i16, 2, from_le_bytes, "to_le_bytes", "a signed 16-bit integer, little-endian";
        read_u32_le -> u32, 4, from_le_bytes, "to_le_bytes", "an unsigned 32-bit integer, little-endian";
        read_i32_le -> i32, 4, from_le_bytes, "to_le_bytes", "a signed 32-bit integer, little-endian";
        read_u64_le -> u64, 8, from_le_bytes, "to_le_bytes", "an unsigned 64-bit integer, little-endian";
        read_i64_le -> i64, 8, from_le_bytes, "to_le_bytes", "a signed 64-bit integer, little-endian";
        read_u128_le -> u128, 16, from_le_bytes, "to_le_bytes", "an unsigned 128-bit integer, little-endian";
        read_i128_le -> i128, 16, from_le_bytes, "to_le_bytes", "a signed 128-bit integer, little-endian";
        read_f32_le -> f32, 4, from_le_bytes, "to_le_bytes", "a 32-bit floating point number, little-endian";
        read_f64_le -> f64, 8, from_le_bytes, "to_le_bytes", "a 64-bit floating point number, little-endian";
    }

    /// Appends all there is, up to the end of the stream, to `buf`, and returns how many bytes came.
    ///
    /// The vector grows by doubling, and not at all if its capacity was enough (from 32 bytes on). Retried
    /// when interrupted.
    ///
    /// # Errors
    ///
    /// Those of the source; what was read before one is in `buf`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what was read is in `buf`, and calling it again with that appends the rest.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut buf = Vec::new();
    /// assert_eq!((&b"some bytes"[..]).read_to_end(&mut buf).await?, 10);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn read_to_end<'a>(&'a mut self, buf: &'a mut Vec<u8>) -> Operation<ReadToEnd<'a, Self>>
    where
        Self: Unpin,
    {
        Operation::new(ReadToEnd::new(self, buf))
    }

    /// Appends all there is, up to the end of the stream, to `dst`, and returns how many bytes came.
    ///
    /// Retried when interrupted.
    ///
    /// # Errors
    ///
    /// Those of the source, and `InvalidData` if what came is not UTF-8. `dst` is as it was then, and what
    /// was read is lost.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: what was read, and what `dst` held before.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut text = String::from("some ");
    /// assert_eq!((&b"text"[..]).read_to_string(&mut text).await?, 4);
    /// assert_eq!(text, "some text");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn read_to_string<'a>(&'a mut self, dst: &'a mut String) -> Operation<ReadToString<'a, Self>>
    where
        Self: Unpin,
    {
        Operation::new(ReadToString::new(self, dst))
    }

    /// A source that ends after `limit` bytes, if this one does not end earlier.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut text = String::new();
    /// (&b"some bytes"[..]).take(4).read_to_string(&mut text).await?;
    /// assert_eq!(text, "some");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }
}

impl<R: AsyncRead + ?Sized> AsyncReadExt for R {}

/// See [`AsyncReadExt::read`].
#[derive(Debug)]
pub struct Read<'a, R: ?Sized> {
    reader: &'a mut R,
    buf: &'a mut [u8],
}

impl<R: AsyncRead + Unpin + ?Sized> Step for Read<'_, R> {
    type Output = io::Result<usize>;

    #[inline]
    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(self.buf);
        ready!(Pin::new(&mut *self.reader).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

impl<R: AsyncRead + Unpin + ?Sized> CancelSafe for Operation<Read<'_, R>> {}

/// See [`AsyncReadExt::read_buf`].
#[derive(Debug)]
pub struct ReadIntoBuf<'a, R: ?Sized, B: ?Sized> {
    reader: &'a mut R,
    buf: &'a mut B,
}

impl<R, B> Step for ReadIntoBuf<'_, R, B>
where
    R: AsyncRead + Unpin + ?Sized,
    B: BufMut + ?Sized,
{
    type Output = io::Result<usize>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if !self.buf.has_remaining_mut() {
            return Poll::Ready(Ok(0));
        }
        // SAFETY: a `ReadBuf` keeps initialised bytes initialised, which is all that is asked for.
        let chunk = unsafe { self.buf.chunk_mut().as_uninit_slice_mut() };
        let mut buf = ReadBuf::uninit(chunk);
        let start = buf.filled().as_ptr();
        ready!(Pin::new(&mut *self.reader).poll_read(cx, &mut buf))?;
        assert_eq!(
            buf.filled().as_ptr(),
            start,
            "poll_read must not replace the ReadBuf"
        );
        let read = buf.filled().len();
        // SAFETY: the first `read` bytes of the chunk are filled, hence initialised.
        unsafe { self.buf.advance_mut(read) };
        Poll::Ready(Ok(read))
    }
}

impl<R, B> CancelSafe for Operation<ReadIntoBuf<'_, R, B>>
where
    R: AsyncRead + Unpin + ?Sized,
    B: BufMut + ?Sized,
{
}

/// See [`AsyncReadExt::read_exact`].
#[derive(Debug)]
pub struct ReadExact<'a, R: ?Sized> {
    reader: &'a mut R,
    buf: ReadBuf<'a>,
}

impl<R: AsyncRead + Unpin + ?Sized> Step for ReadExact<'_, R> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while self.buf.remaining() != 0 {
            let before = self.buf.remaining();
            ready!(retry_interrupted!(
                Pin::new(&mut *self.reader).poll_read(cx, &mut self.buf)
            ))?;
            if self.buf.remaining() == before {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the stream ended before the buffer was full",
                )));
            }
        }
        Poll::Ready(Ok(self.buf.capacity()))
    }
}
