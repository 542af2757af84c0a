//! `AsyncWriteExt`.

use super::number::WriteNumber;
use super::operation::{Operation, Step};
use super::write_buf::{WriteAllBuf, WriteBuf};
use crate::io::{AsyncWrite, retry_interrupted, taken};
use crate::kernel::cancel_safe::CancelSafe;
use bytes::Buf;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Declares the methods that write a number.
macro_rules! write_numbers {
    ($lost:literal; $($name:ident($number:ident), $size:literal, $to:ident, $what:literal;)*) => {$(
        #[doc = concat!("Writes ", $what, ".")]
        ///
        /// Retried when interrupted. Many small writes are better gathered in a
        /// [`BufWriter`](crate::io::BufWriter).
        ///
        /// # Errors
        ///
        /// Those of the stream, and `WriteZero` if it does not take the whole number.
        ///
        /// # Cancel safety
        ///
        #[doc = $lost]
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::io::AsyncWriteExt;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// let mut bytes = Vec::new();
        #[doc = concat!("bytes.", stringify!($name), "(77 as ", stringify!($number), ").await?;")]
        #[doc = concat!("assert_eq!(bytes, (77 as ", stringify!($number), ").", stringify!($to), "());")]
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        fn $name(&mut self, n: $number) -> Operation<WriteNumber<'_, Self, $size>>
        where
            Self: Unpin,
        {
            Operation::new(WriteNumber::new(self, n.$to()))
        }
    )*};
}

/// Writing, to be awaited, to any [`AsyncWrite`].
///
/// None of the methods flushes, except [`flush`](Self::flush) and [`shutdown`](Self::shutdown). What a buffer
/// still holds when its stream is dropped is lost.
pub trait AsyncWriteExt: AsyncWrite {
    /// Writes once, from the start of `src`, and returns how many bytes were taken.
    ///
    /// 0 means that the stream will probably not take any more, or `src` is empty.
    ///
    /// # Errors
    ///
    /// Those of the stream; nothing was written then. `Interrupted` is one of them: it is not retried.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: nothing was written.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (mut small, _peer) = leno::io::duplex(4);
    /// assert_eq!(small.write(b"some bytes").await?, 4);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn write<'a>(&'a mut self, src: &'a [u8]) -> Operation<Write<'a, Self>>
    where
        Self: Unpin,
    {
        Operation::new(Write {
            writer: self,
            buf: src,
        })
    }

    /// Writes once, from several buffers one after the other, and returns how many bytes were taken.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: nothing was written.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    /// use std::io::IoSlice;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut bytes = Vec::new();
    /// let parts = [IoSlice::new(b"some "), IoSlice::new(b"bytes")];
    /// assert_eq!(bytes.write_vectored(&parts).await?, 10);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn write_vectored<'a, 'b>(
        &'a mut self,
        bufs: &'a [IoSlice<'b>],
    ) -> Operation<WriteVectored<'a, 'b, Self>>
    where
        Self: Unpin,
    {
        Operation::new(WriteVectored { writer: self, bufs })
    }

    /// Writes once, from `src`, advances it, and returns how many bytes were taken.
    ///
    /// Writes up to 64 of its chunks at once if the stream can.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: nothing was written, and `src` is where it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (mut small, _peer) = leno::io::duplex(5);
    /// let mut rest: &[u8] = b"some bytes";
    /// small.write_buf(&mut rest).await?;
    /// assert_eq!(rest, b"bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn write_buf<'a, B>(&'a mut self, src: &'a mut B) -> Operation<WriteBuf<'a, Self, B>>
    where
        Self: Sized + Unpin,
        B: Buf,
    {
        Operation::new(WriteBuf::new(self, src))
    }

    /// Writes all of `src`, and advances it as it goes.
    ///
    /// Retried when interrupted.
    ///
    /// # Errors
    ///
    /// Those of the stream, and `WriteZero` if it takes nothing more; `src` is at what was not written.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: `src` is at what was not written, and calling it again goes on there.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut bytes = Vec::new();
    /// bytes.write_all_buf(&mut &b"some bytes"[..]).await?;
    /// assert_eq!(bytes, b"some bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn write_all_buf<'a, B>(&'a mut self, src: &'a mut B) -> Operation<WriteAllBuf<'a, Self, B>>
    where
        Self: Sized + Unpin,
        B: Buf,
    {
        Operation::new(WriteAllBuf::new(self, src))
    }

    /// Writes all of `src`.
    ///
    /// Retried when interrupted.
    ///
    /// # Errors
    ///
    /// Those of the stream, and `WriteZero` if it takes nothing more. It is not known how much was written
    /// before.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: how much was written. [`write_all_buf`](Self::write_all_buf) keeps it.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut bytes = Vec::new();
    /// bytes.write_all(b"some bytes").await?;
    /// assert_eq!(bytes, b"some bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn write_all<'a>(&'a mut self, src: &'a [u8]) -> Operation<WriteAll<'a, Self>>
    where
        Self: Unpin,
    {
        Operation::new(WriteAll {
            writer: self,
            rest: src,
        })
    }

    write_numbers! {
        "Dropping the future loses nothing: one byte has no halves.";
        write_u8(u8), 1, to_be_bytes, "an unsigned 8-bit integer";
        write_i8(i8), 1, to_be_bytes, "a signed 8-bit integer";
    }

    write_numbers! {
        "Dropping the future loses data: how much was written.";
        write_u16(u16), 2, to_be_bytes, "an unsigned 16-bit integer, big-endian";
        write_i16(i16), 2, to_be_bytes, "a signed 16-bit integer, big-endian";
        write_u32(u32), 4, to_be_bytes, "an unsigned 32-bit integer, big-endian";
        write_i32(i32), 4, to_be_bytes, "a signed 32-bit integer, big-endian";
        write_u64(u64), 8, to_be_bytes, "an unsigned 64-bit integer, big-endian";
        write_i64(i64), 8, to_be_bytes, "a signed 64-bit integer, big-endian";
        write_u128(u128), 16, to_be_bytes, "an unsigned 128-bit integer, big-endian";
        write_i128(i128), 16, to_be_bytes, "a signed 128-bit integer, big-endian";
        write_f32(f32), 4, to_be_bytes, "a 32-bit floating point number, big-endian";
        write_f64(f64), 8, to_be_bytes, "a 64-bit floating point number, big-endian";
        write_u16_le(u16), 2, to_le_bytes, "an unsigned 16-bit integer, little-endian";
        write_i16_le(i16), 2, to_le_bytes, "a signed 16-bit integer, little-endian";
        write_u32_le(u32), 4, to_le_bytes, "an unsigned 32-bit integer, little-endian";
        write_i32_le(i32), 4, to_le_bytes, "a signed 32-bit integer, little-endian";
        write_u64_le(u64), 8, to_le_bytes, "an unsigned 64-bit integer, little-endian";
        write_i64_le(i64), 8, to_le_bytes, "a signed 64-bit integer, little-endian";
        write_u128_le(u128), 16, to_le_bytes, "an unsigned 128-bit integer, little-endian";
        write_i128_le(i128), 16, to_le_bytes, "a signed 128-bit integer, little-endian";
        write_f32_le(f32), 4, to_le_bytes, "a 32-bit floating point number, little-endian";
        write_f64_le(f64), 8, to_le_bytes, "a 64-bit floating point number, little-endian";
    }

    /// Brings everything written so far to its destination.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what has not been flushed is still buffered, and calling it again goes on there.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, BufWriter};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"some bytes").await?;
    /// assert!(writer.get_ref().is_empty());
    /// writer.flush().await?;
    /// assert_eq!(writer.get_ref(), b"some bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn flush(&mut self) -> Operation<Flush<'_, Self>>
    where
        Self: Unpin,
    {
        Operation::new(Flush { writer: self })
    }

    /// Flushes, and ends the stream in good order: the other side sees that no more comes.
    ///
    /// Nothing can be written after it.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: calling it again goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (mut here, mut there) = leno::io::duplex(64);
    /// here.write_all(b"all").await?;
    /// here.shutdown().await?;
    ///
    /// let mut text = String::new();
    /// there.read_to_string(&mut text).await?;
    /// assert_eq!(text, "all");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn shutdown(&mut self) -> Operation<Shutdown<'_, Self>>
    where
        Self: Unpin,
    {
        Operation::new(Shutdown { writer: self })
    }
}

impl<W: AsyncWrite + ?Sized> AsyncWriteExt for W {}

/// See [`AsyncWriteExt::write`].
#[derive(Debug)]
pub struct Write<'a, W: ?Sized> {
    writer: &'a mut W,
    buf: &'a [u8],
}

impl<W: AsyncWrite + Unpin + ?Sized> Step for Write<'_, W> {
    type Output = io::Result<usize>;

    #[inline]
    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.writer).poll_write(cx, self.buf)
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> CancelSafe for Operation<Write<'_, W>> {}

/// See [`AsyncWriteExt::write_vectored`].
#[derive(Debug)]
pub struct WriteVectored<'a, 'b, W: ?Sized> {
    writer: &'a mut W,
    bufs: &'a [IoSlice<'b>],
}

impl<W: AsyncWrite + Unpin + ?Sized> Step for WriteVectored<'_, '_, W> {
    type Output = io::Result<usize>;

    #[inline]
    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.writer).poll_write_vectored(cx, self.bufs)
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> CancelSafe for Operation<WriteVectored<'_, '_, W>> {}

/// See [`AsyncWriteExt::write_all`].
#[derive(Debug)]
pub struct WriteAll<'a, W: ?Sized> {
    writer: &'a mut W,
    rest: &'a [u8],
}

impl<W: AsyncWrite + Unpin + ?Sized> Step for WriteAll<'_, W> {
    type Output = io::Result<()>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            let written = ready!(retry_interrupted!(
                Pin::new(&mut *self.writer).poll_write(cx, self.rest)
            ))?;
            self.rest = &self.rest[taken(written, self.rest.len())?..];
        }
        Poll::Ready(Ok(()))
    }
}

/// See [`AsyncWriteExt::flush`].
#[derive(Debug)]
pub struct Flush<'a, W: ?Sized> {
    writer: &'a mut W,
}

impl<W: AsyncWrite + Unpin + ?Sized> Step for Flush<'_, W> {
    type Output = io::Result<()>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.writer).poll_flush(cx)
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> CancelSafe for Operation<Flush<'_, W>> {}

/// See [`AsyncWriteExt::shutdown`].
#[derive(Debug)]
pub struct Shutdown<'a, W: ?Sized> {
    writer: &'a mut W,
}

impl<W: AsyncWrite + Unpin + ?Sized> Step for Shutdown<'_, W> {
    type Output = io::Result<()>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.writer).poll_shutdown(cx)
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> CancelSafe for Operation<Shutdown<'_, W>> {}
