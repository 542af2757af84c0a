//! Polling by hand: wakers that tell whether they were woken, and streams that obstruct.

use arbitrary::Arbitrary;
use leno::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom, Write};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A waker that remembers that it was woken.
#[derive(Debug, Default)]
pub struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        // Ordering: Relaxed, for all is polled on one thread.
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Flag {
    pub fn new() -> (Arc<Self>, Waker) {
        let flag = Arc::new(Self::default());
        (flag.clone(), flag.into())
    }

    pub fn is_woken(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Polls once, with a waker of its own.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> (Poll<F::Output>, Arc<Flag>) {
    let (flag, waker) = Flag::new();
    (future.poll(&mut Context::from_waker(&waker)), flag)
}

/// Polls up to `polls` times, and drops the future if it is not ready then.
///
/// Who is pending must have been woken by a stream of this module before it is polled again.
pub fn poll_at_most<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        match poll_once(future.as_mut()) {
            (Poll::Ready(output), _) => return Some(output),
            (Poll::Pending, flag) => assert!(flag.is_woken(), "pending, and nobody would wake it"),
        }
    }
    None
}

/// Polls until it is ready: a stream of this module obstructs only so often.
pub fn finish<F: Future>(future: F) -> F::Output {
    poll_at_most(10_000, future).expect("pending for ever")
}

/// What a stream does with one operation.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Mood {
    Pending,
    Interrupted,
    Fails,
    /// No more bytes than this, and one.
    Short(u8),
}

/// Memory that is read and written at a position, as a file is, with obstructions.
#[derive(Debug)]
pub struct Moody {
    pub cursor: Cursor<Vec<u8>>,
    moods: VecDeque<Mood>,
    /// A seek that was started, and not completed.
    seek: Option<SeekFrom>,
}

impl Moody {
    pub fn new(bytes: Vec<u8>, moods: Vec<Mood>) -> Self {
        Self {
            cursor: Cursor::new(bytes),
            moods: moods.into(),
            seek: None,
        }
    }

    /// How much may be moved now.
    fn mood(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match self.moods.pop_front() {
            Some(Mood::Pending) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Mood::Interrupted) => Poll::Ready(Err(ErrorKind::Interrupted.into())),
            Some(Mood::Fails) => Poll::Ready(Err(ErrorKind::Other.into())),
            Some(Mood::Short(most)) => Poll::Ready(Ok(usize::from(most) + 1)),
            None => Poll::Ready(Ok(usize::MAX)),
        }
    }
}

impl AsyncRead for Moody {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.mood(cx)?.map(|most| {
            let room = buf.remaining().min(most);
            let read = self.cursor.read(buf.initialize_unfilled_to(room))?;
            buf.advance(read);
            Ok(())
        })
    }
}

impl AsyncWrite for Moody {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.mood(cx)?
            .map(|most| self.cursor.write(&buf[..buf.len().min(most)]))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.mood(cx).map_ok(drop)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.mood(cx).map_ok(drop)
    }
}

impl AsyncSeek for Moody {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        assert!(
            self.seek.is_none(),
            "a seek was started before another was completed"
        );
        self.seek = Some(position);
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let Some(position) = self.seek else {
            return Poll::Ready(Ok(self.cursor.position()));
        };
        // Only waits: an error here would leave the position unknown.
        if let Some(Mood::Pending) = self.moods.pop_front() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.seek = None;
        Poll::Ready(self.cursor.seek(position))
    }
}
