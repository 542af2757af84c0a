//! Writing from a [`Buf`], whose bytes may lie in several chunks.

use super::operation::{Operation, Step};
use crate::io::{AsyncWrite, retry_interrupted};
use crate::kernel::cancel_safe::CancelSafe;
use bytes::Buf;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How many chunks are written at once.
const MAX_CHUNKS: usize = 64;

/// See [`write_buf`](super::AsyncWriteExt::write_buf).
#[derive(Debug)]
pub struct WriteBuf<'a, W, B> {
    writer: &'a mut W,
    buf: &'a mut B,
}

impl<'a, W, B> WriteBuf<'a, W, B> {
    pub(super) fn new(writer: &'a mut W, buf: &'a mut B) -> Self {
        Self { writer, buf }
    }
}

impl<W: AsyncWrite + Unpin, B: Buf> Step for WriteBuf<'_, W, B> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if !self.buf.has_remaining() {
            return Poll::Ready(Ok(0));
        }
        let writer = Pin::new(&mut *self.writer);
        let written = if writer.is_write_vectored() {
            let mut chunks = [IoSlice::new(&[]); MAX_CHUNKS];
            let count = self.buf.chunks_vectored(&mut chunks);
            ready!(writer.poll_write_vectored(cx, &chunks[..count]))?
        } else {
            ready!(writer.poll_write(cx, self.buf.chunk()))?
        };
        self.buf.advance(written);
        Poll::Ready(Ok(written))
    }
}

impl<W: AsyncWrite + Unpin, B: Buf> CancelSafe for Operation<WriteBuf<'_, W, B>> {}

/// See [`write_all_buf`](super::AsyncWriteExt::write_all_buf).
#[derive(Debug)]
pub struct WriteAllBuf<'a, W, B>(WriteBuf<'a, W, B>);

impl<'a, W, B> WriteAllBuf<'a, W, B> {
    pub(super) fn new(writer: &'a mut W, buf: &'a mut B) -> Self {
        Self(WriteBuf::new(writer, buf))
    }
}

impl<W: AsyncWrite + Unpin, B: Buf> Step for WriteAllBuf<'_, W, B> {
    type Output = io::Result<()>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.0.buf.has_remaining() {
            if ready!(retry_interrupted!(self.0.step(cx)))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin, B: Buf> CancelSafe for Operation<WriteAllBuf<'_, W, B>> {}
