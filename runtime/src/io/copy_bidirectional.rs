//! `copy_bidirectional`.

use super::copy::Transfer;
use super::ext::{Operation, Step};
use super::{AsyncRead, AsyncWrite, DEFAULT_CAPACITY};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Copies from `a` to `b` and from `b` to `a` until both have ended; returns the bytes from `a` to `b` and
/// from `b` to `a`.
///
/// When one stream ends, the other is shut down once all has been written to it, and the opposite direction
/// goes on. Uses two buffers of 8 KiB on the heap.
///
/// # Errors
///
/// The first error of either stream ends both directions; what was read and not written by then is lost.
///
/// # Cancel safety
///
/// Dropping the future loses data: what was read and not written.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (mut client, mut near) = leno::io::duplex(64);
/// let (mut far, mut server) = leno::io::duplex(64);
/// client.write_all(b"question").await?;
/// server.write_all(b"answer").await?;
/// client.shutdown().await?;
/// server.shutdown().await?;
///
/// assert_eq!(leno::io::copy_bidirectional(&mut near, &mut far).await?, (8, 6));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn copy_bidirectional<A, B>(
    a: &mut A,
    b: &mut B,
) -> impl Future<Output = io::Result<(u64, u64)>>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    copy_bidirectional_with_sizes(a, b, DEFAULT_CAPACITY, DEFAULT_CAPACITY)
}

/// [`copy_bidirectional`] with buffers of these sizes.
///
/// # Errors
///
/// As [`copy_bidirectional`].
///
/// # Panics
///
/// If a size is 0.
///
/// # Cancel safety
///
/// Dropping the future loses data: what was read and not written.
///
/// # Examples
///
/// ```
/// use leno::io::AsyncWriteExt;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (mut client, mut near) = leno::io::duplex(64);
/// let (mut far, mut server) = leno::io::duplex(64);
/// client.write_all(b"short question").await?;
/// server.write_all(b"long answer").await?;
/// client.shutdown().await?;
/// server.shutdown().await?;
///
/// // Little goes up, much comes down.
/// let copied = leno::io::copy_bidirectional_with_sizes(&mut near, &mut far, 1024, 64 * 1024).await?;
/// assert_eq!(copied, (14, 11));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn copy_bidirectional_with_sizes<A, B>(
    a: &mut A,
    b: &mut B,
    a_to_b_buf_size: usize,
    b_to_a_buf_size: usize,
) -> impl Future<Output = io::Result<(u64, u64)>>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    assert!(
        a_to_b_buf_size > 0,
        "`a_to_b_buf_size` must be greater than 0"
    );
    assert!(
        b_to_a_buf_size > 0,
        "`b_to_a_buf_size` must be greater than 0"
    );
    Operation::new(CopyBidirectional {
        a_to_b: Direction::Copying(Transfer::new(a_to_b_buf_size)),
        b_to_a: Direction::Copying(Transfer::new(b_to_a_buf_size)),
        a,
        b,
    })
}

struct CopyBidirectional<'a, 'b, A: ?Sized, B: ?Sized> {
    a_to_b: Direction,
    b_to_a: Direction,
    a: &'a mut A,
    b: &'b mut B,
}

impl<A, B> Step for CopyBidirectional<'_, '_, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    type Output = io::Result<(u64, u64)>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(u64, u64)>> {
        // Both are polled, whatever the first one says; a direction that is done stays ready.
        let there = self.a_to_b.poll(cx, self.a, self.b)?;
        let back = self.b_to_a.poll(cx, self.b, self.a)?;
        Poll::Ready(Ok((ready!(there), ready!(back))))
    }
}

/// One direction.
enum Direction {
    Copying(Transfer),
    ShuttingDown(u64),
    Done(u64),
}

impl Direction {
    #[track_caller]
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut R,
        writer: &mut W,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + Unpin + ?Sized,
        W: AsyncWrite + Unpin + ?Sized,
    {
        let mut writer = Pin::new(writer);
        loop {
            match self {
                Self::Copying(transfer) => {
                    let copied = ready!(transfer.poll(cx, Pin::new(reader), writer.as_mut()))?;
                    *self = Self::ShuttingDown(copied);
                }
                Self::ShuttingDown(copied) => {
                    ready!(writer.as_mut().poll_shutdown(cx))?;
                    *self = Self::Done(*copied);
                }
                Self::Done(copied) => return Poll::Ready(Ok(*copied)),
            }
        }
    }
}
