//! What is read from standard input, and for whom.
//!
//! Whoever wants to read waits until there is something to be read, and takes nothing before that: input may be for
//! somebody else by then. A read that was given up leaves a waker behind, and no more.
//!
//! Then a thread that belongs to no runtime reads what is there, by way of std, whose buffer comes first. It may block all
//! the same: another process may have taken the input in between, and another thread may keep std's lock. That holds up
//! those who read standard input, but neither a runtime's blocking threads nor its end.
//!
//! A mutex holds what has been read and not taken, by whichever handle it was asked for; whether a read has been
//! asked for or is under way, of which there is one at most; and who is to be woken when it is done. Readers file their
//! waker under the lock under which they have seen that there is nothing, so they miss no read. What comes without a
//! read wakes them by [`readable`](crate::io::blocking::readable).
//!
//! A child that was forked has a mutex of its own, and none of what its parent has read and not taken, nor the thread.

#[cfg(target_os = "linux")]
use super::peek;
use crate::io::ReadBuf;
use crate::io::blocking::readable::{Place, Source, is_readable};
use crate::io::blocking::{Buffer, DEFAULT_MAX_BUF_SIZE};
use crate::kernel::foreign;
use crate::prim::process::PerProcess;
use std::io::{self, BufRead, ErrorKind, IoSlice};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// One who reads standard input.
#[derive(Debug)]
pub(super) struct Reader {
    place: Place,
    #[cfg(target_os = "linux")]
    has_peeked: bool,
}

static SHARED: PerProcess<Shared> = PerProcess::new();

#[derive(Default)]
struct Shared {
    input: Mutex<Input>,
    /// A read has been asked for.
    requested: Condvar,
}

#[derive(Default)]
struct Input {
    bytes: Buffer,
    /// How the last read has ended, until a reader is told.
    end_of_read: Option<io::Result<()>>,
    /// The last read has left bytes in std's buffer, or somebody else has, and it was found out.
    std_has_more: bool,
    request: Request,
    has_thread: bool,
    waiting: Vec<(u64, Waker)>,
}

#[derive(Default)]
enum Request {
    #[default]
    None,
    /// To find out whether std has something in its buffer.
    #[cfg(target_os = "linux")]
    Peek,
    /// To read so much at most.
    Read(usize),
    UnderWay,
}

/// How long the thread stays if nobody reads.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// From here on std's buffer, which is smaller, does not lie in between.
const LARGE: usize = 64 * 1024;

impl Reader {
    #[inline]
    pub(super) fn new() -> Self {
        Self {
            place: Place::new(),
            #[cfg(target_os = "linux")]
            has_peeked: false,
        }
    }

    #[inline]
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        destination: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if destination.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let waker = cx.waker().clone();
        let mut input = input();
        if let Some(result) = input.take_into(destination) {
            // What is left is for the others.
            let woken = if input.bytes.is_empty() {
                Vec::new()
            } else {
                mem::take(&mut input.waiting)
            };
            drop(input);
            wake(woken);
            return Poll::Ready(result);
        }
        let number = self.place.number();
        let before = input.remove(number);
        input.waiting.push((number, waker));
        let mut result = Ok(());
        if matches!(input.request, Request::None) {
            let stdin = io::stdin();
            if input.std_has_more || is_readable(&stdin) {
                let limit = destination.remaining().min(DEFAULT_MAX_BUF_SIZE);
                result = input.request(Request::Read(limit));
                drop(input);
                SHARED.get().requested.notify_one();
            } else if let Some(peek) = self.first_peek() {
                result = input.request(peek);
                drop(input);
                SHARED.get().requested.notify_one();
            } else {
                drop(input);
                let source: Source = Arc::new(stdin);
                result = self.place.wait(source, cx.waker());
            }
        } else {
            drop(input);
        }
        drop(before);
        match result {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Before it waits for the first time it looks whether there is something after all.
    #[inline]
    fn first_peek(&mut self) -> Option<Request> {
        #[cfg(target_os = "linux")]
        if !mem::replace(&mut self.has_peeked, true) {
            return Some(Request::Peek);
        }
        None
    }
}

impl Drop for Reader {
    #[inline]
    fn drop(&mut self) {
        let number = self.place.number();
        let mut input = input();
        let waker = input.remove(number);
        drop(input);
        drop(waker);
    }
}

impl Input {
    /// `None` if nothing has been read, not even an end or an error.
    #[inline]
    fn take_into(&mut self, destination: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
        let end = self.end_of_read.take();
        if end.is_none() && self.bytes.is_empty() {
            return None;
        }
        self.bytes.take_into(destination);
        Some(end.unwrap_or(Ok(())))
    }

    #[inline]
    fn remove(&mut self, number: u64) -> Option<Waker> {
        let index = self.waiting.iter().position(|&(of, _)| of == number)?;
        Some(self.waiting.swap_remove(index).1)
    }

    /// Asks the thread, which has to be notified after that, and is started if it is not there.
    #[inline]
    fn request(&mut self, request: Request) -> io::Result<()> {
        if !self.has_thread {
            thread::Builder::new()
                .name("leno-stdin".to_owned())
                .spawn(serve)?;
            self.has_thread = true;
        }
        self.request = request;
        Ok(())
    }
}

#[inline]
fn input() -> MutexGuard<'static, Input> {
    // Nothing in here panics half-way.
    let input = SHARED.get().input.lock();
    input.unwrap_or_else(PoisonError::into_inner)
}

#[inline]
fn wake(waiting: Vec<(u64, Waker)>) {
    for (_, waker) in waiting {
        foreign::call(|| waker.wake());
    }
}

/// What the thread does.
#[inline]
fn serve() {
    let mut bytes = Buffer::default();
    loop {
        let mut input = input();
        let request = loop {
            match mem::replace(&mut input.request, Request::UnderWay) {
                Request::None => input.request = Request::None,
                request => break request,
            }
            let result = SHARED.get().requested.wait_timeout(input, KEEP_ALIVE);
            let (guard, timeout) = result.unwrap_or_else(PoisonError::into_inner);
            input = guard;
            if timeout.timed_out() && matches!(input.request, Request::None) {
                input.has_thread = false;
                return;
            }
        };
        let had_more = input.std_has_more;
        drop(input);

        let (end_of_read, has_more) = match request {
            Request::Read(limit) => read(&mut bytes, limit, had_more),
            #[cfg(target_os = "linux")]
            Request::Peek => (None, had_more || peek::std_has_more()),
            Request::None | Request::UnderWay => {
                unreachable!("there is one thread, which has been asked")
            }
        };

        let mut input = self::input();
        mem::swap(&mut input.bytes, &mut bytes);
        input.end_of_read = end_of_read;
        input.std_has_more = has_more;
        input.request = Request::None;
        let waiting = mem::take(&mut input.waiting);
        drop(input);
        // Also if there was nothing: then they wait for the next input.
        wake(waiting);
    }
}

/// Reads what is there, and tells whether that has left something in std's buffer, and how it has ended: `None` if somebody
/// else was there first.
#[inline]
fn read(bytes: &mut Buffer, limit: usize, had_more: bool) -> (Option<io::Result<()>>, bool) {
    bytes.clear();
    let mut std = io::stdin().lock();
    if !had_more && !is_readable(&std) {
        return (None, false);
    }
    let result = if limit >= LARGE {
        bytes.read_from(&mut std, limit).map(|()| false)
    } else {
        read_by_buffer(bytes, &mut std, limit)
    };
    ended(result)
}

/// What [`read`] tells of a read that has left something, or not, or has failed.
fn ended(result: io::Result<bool>) -> (Option<io::Result<()>>, bool) {
    match result {
        Ok(has_more) => (Some(Ok(())), has_more),
        // Somebody has made it non-blocking.
        Err(error) if error.kind() == ErrorKind::WouldBlock => (None, false),
        Err(error) => (Some(Err(error)), false),
    }
}

/// Reads by way of the buffer of `reader`, so that what is not asked for is there for its other readers.
fn read_by_buffer(bytes: &mut Buffer, reader: &mut impl BufRead, limit: usize) -> io::Result<bool> {
    loop {
        match reader.fill_buf() {
            Ok(available) => {
                let has_more = available.len() > limit;
                let length = bytes.fill(&[IoSlice::new(available)], limit);
                reader.consume(length);
                return Ok(has_more);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Fails once, and has bytes then.
    struct Failing(Option<ErrorKind>, &'static [u8]);

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            unreachable!("its buffer is read")
        }
    }

    impl BufRead for Failing {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            match self.0.take() {
                Some(kind) => Err(kind.into()),
                None => Ok(self.1),
            }
        }

        fn consume(&mut self, count: usize) {
            self.1 = &self.1[count..];
        }
    }

    #[test]
    fn what_is_not_asked_for_is_left_in_the_buffer() {
        let mut std = Failing(Some(ErrorKind::Interrupted), b"abc");
        for (limit, has_more, left) in [(2, true, &b"c"[..]), (1, false, b""), (1, false, b"")] {
            let mut bytes = Buffer::default();
            let told = read_by_buffer(&mut bytes, &mut std, limit).unwrap();
            assert_eq!((told, std.1), (has_more, left), "{limit}");
        }
        let mut std = Failing(Some(ErrorKind::Other), b"abc");
        let error = read_by_buffer(&mut Buffer::default(), &mut std, 2).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
    }

    #[test]
    fn a_reader_is_told_of_all_errors_but_that_there_is_nothing() {
        assert!(matches!(ended(Ok(true)), (Some(Ok(())), true)));
        assert!(matches!(ended(Ok(false)), (Some(Ok(())), false)));
        let (told, has_more) = ended(Err(ErrorKind::WouldBlock.into()));
        assert!(told.is_none() && !has_more);
        let (told, has_more) = ended(Err(ErrorKind::Other.into()));
        assert!(told.unwrap().is_err() && !has_more);
    }
}
