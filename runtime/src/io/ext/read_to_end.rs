//! Reading all there is, into a vector or a string.

use super::operation::Step;
use crate::io::{AsyncRead, ReadBuf, retry_interrupted};
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The least room that a read is given.
const ROOM: usize = 32;

/// A vector that is read into behind its end.
///
/// `V` is `Vec<u8>` or `&mut Vec<u8>`, whose `as_mut` always returns the same vector, and which nobody else
/// reaches. Invariant: the `initialized` bytes behind the vector's end are in its capacity and initialised.
#[derive(Debug)]
struct Tail<V> {
    vec: V,
    /// Kept from read to read, so that a reader which wants initialised memory need not zero it again.
    initialized: usize,
    /// The capacity with which it came.
    given: usize,
}

impl<V: AsMut<Vec<u8>>> Tail<V> {
    fn new(mut vec: V) -> Self {
        Self {
            initialized: 0,
            given: vec.as_mut().capacity(),
            vec,
        }
    }

    /// Reads until the end of the stream.
    #[track_caller]
    fn poll_all<R: AsyncRead + Unpin + ?Sized>(
        &mut self,
        reader: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while ready!(retry_interrupted!(self.poll_some(reader, cx)))? != 0 {}
        Poll::Ready(Ok(()))
    }

    /// Reads once; 0 is the end of the stream.
    #[track_caller]
    fn poll_some<R: AsyncRead + Unpin + ?Sized>(
        &mut self,
        reader: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let vec = self.vec.as_mut();
        if vec.capacity() - vec.len() < ROOM {
            if vec.capacity() == self.given && self.given >= ROOM {
                return self.poll_little(reader, cx);
            }
            vec.reserve(ROOM);
            self.initialized = 0;
        }

        let mut buf = ReadBuf::uninit(vec.spare_capacity_mut());
        // SAFETY: the spare capacity starts at the vector's end, so this is the invariant of `Tail`.
        unsafe { buf.assume_init(self.initialized) };
        let start = buf.filled().as_ptr();
        let result = Pin::new(reader).poll_read(cx, &mut buf);
        assert_eq!(
            buf.filled().as_ptr(),
            start,
            "poll_read must not replace the ReadBuf"
        );
        let filled = buf.filled().len();
        self.initialized = buf.initialized().len() - filled;
        let len = vec.len() + filled;
        // SAFETY: `buf` is still the vector's spare capacity (asserted), and its first `filled` bytes are
        // initialised.
        unsafe { vec.set_len(len) };
        ready!(result)?;
        Poll::Ready(Ok(filled))
    }

    /// Reads a few bytes on the side: the caller's capacity may have been exactly enough, and then the
    /// vector would grow only to find the end of the stream.
    #[track_caller]
    fn poll_little<R: AsyncRead + Unpin + ?Sized>(
        &mut self,
        reader: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut bytes = [MaybeUninit::uninit(); ROOM];
        let mut buf = ReadBuf::uninit(&mut bytes);
        ready!(Pin::new(reader).poll_read(cx, &mut buf))?;
        self.initialized = 0;
        self.vec.as_mut().extend_from_slice(buf.filled());
        Poll::Ready(Ok(buf.filled().len()))
    }
}

/// See [`read_to_end`](super::AsyncReadExt::read_to_end).
#[derive(Debug)]
pub struct ReadToEnd<'a, R: ?Sized> {
    reader: &'a mut R,
    tail: Tail<&'a mut Vec<u8>>,
    old_len: usize,
}

impl<'a, R: ?Sized> ReadToEnd<'a, R> {
    pub(super) fn new(reader: &'a mut R, vec: &'a mut Vec<u8>) -> Self {
        Self {
            reader,
            old_len: vec.len(),
            tail: Tail::new(vec),
        }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Step for ReadToEnd<'_, R> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        ready!(self.tail.poll_all(self.reader, cx))?;
        Poll::Ready(Ok(self.tail.vec.len() - self.old_len))
    }
}

/// See [`read_to_string`](super::AsyncReadExt::read_to_string).
///
/// The string's bytes are taken out until all are there: a `String` must not hold half a character, not
/// even while the operation is pending.
#[derive(Debug)]
pub struct ReadToString<'a, R: ?Sized> {
    reader: &'a mut R,
    output: &'a mut String,
    tail: Tail<Vec<u8>>,
    old_len: usize,
}

impl<'a, R: ?Sized> ReadToString<'a, R> {
    pub(super) fn new(reader: &'a mut R, output: &'a mut String) -> Self {
        Self {
            reader,
            old_len: output.len(),
            tail: Tail::new(std::mem::take(output).into_bytes()),
            output,
        }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Step for ReadToString<'_, R> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let result = ready!(self.tail.poll_all(self.reader, cx));
        let old_len = std::mem::take(&mut self.old_len);
        let mut bytes = std::mem::replace(&mut self.tail, Tail::new(Vec::new())).vec;
        if result.is_err() {
            bytes.truncate(old_len);
        }
        Poll::Ready(put_back(self.output, bytes, old_len, result))
    }
}

/// Ends an operation that has taken the `old_len` bytes out of `output` and appended to them: puts them
/// back with what came, or, unless that is UTF-8, without. Returns how many bytes came.
#[inline]
pub(super) fn put_back(
    output: &mut String,
    bytes: Vec<u8>,
    old_len: usize,
    result: io::Result<()>,
) -> io::Result<usize> {
    match String::from_utf8(bytes) {
        Ok(string) => {
            *output = string;
            result.map(|()| output.len() - old_len)
        }
        Err(error) => {
            let utf8_error = error.utf8_error();
            let mut bytes = error.into_bytes();
            bytes.truncate(old_len);
            *output = String::from_utf8(bytes).expect("the first bytes were a string's");
            result.and_then(|()| Err(io::Error::new(io::ErrorKind::InvalidData, utf8_error)))
        }
    }
}
