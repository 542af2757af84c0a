//! `Chain`.

use crate::io::{AsyncBufRead, AsyncRead, ReadBuf};
use pin_project_lite::pin_project;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// One source after the other; see [`AsyncReadExt::chain`](crate::io::AsyncReadExt::chain).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, AsyncReadExt};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // A line may begin in the first source and end in the second.
    /// let mut lines = (&b"one\ntw"[..]).chain(&b"o\nthree"[..]).lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("three"));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use = "streams do nothing unless polled"]
    pub struct Chain<T, U> {
        #[pin]
        first: T,
        #[pin]
        second: U,
        first_ended: bool,
    }
}

impl<T, U> Chain<T, U>
where
    T: AsyncRead,
    U: AsyncRead,
{
    pub(super) fn new(first: T, second: U) -> Self {
        Self {
            first,
            second,
            first_ended: false,
        }
    }

    /// The two sources.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut both = (&b"ab"[..]).chain(&b"cd"[..]);
    /// both.read_u8().await?;
    /// assert_eq!(both.get_ref(), (&&b"b"[..], &&b"cd"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_ref(&self) -> (&T, &U) {
        (&self.first, &self.second)
    }

    /// The two sources, mutably. What is read from them here is missing from the chain.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut both = (&b"head,"[..]).chain(&b"body"[..]);
    /// let (_, second) = both.get_mut();
    /// *second = b"another body";
    ///
    /// let mut text = String::new();
    /// both.read_to_string(&mut text).await?;
    /// assert_eq!(text, "head,another body");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_mut(&mut self) -> (&mut T, &mut U) {
        (&mut self.first, &mut self.second)
    }

    /// The two sources, pinned. What is read from them here is missing from the chain.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> (Pin<&mut T>, Pin<&mut U>) {
        let this = self.project();
        (this.first, this.second)
    }

    /// Gives the two sources back.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // Bytes that were peeked at go in front again; afterwards the stream is there for itself.
    /// let mut stream = (&b"HE"[..]).chain(&b"LO rest"[..]);
    /// let mut word = [0; 4];
    /// stream.read_exact(&mut word).await?;
    /// assert_eq!(&word, b"HELO");
    /// let (peeked, rest) = stream.into_inner();
    /// assert_eq!((peeked, rest), (&b""[..], &b" rest"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn into_inner(self) -> (T, U) {
        (self.first, self.second)
    }
}

impl<T: fmt::Debug, U: fmt::Debug> fmt::Debug for Chain<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("first", &self.first)
            .field("second", &self.second)
            .finish()
    }
}

impl<T, U> AsyncRead for Chain<T, U>
where
    T: AsyncRead,
    U: AsyncRead,
{
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        if !*this.first_ended {
            let room = buf.remaining();
            ready!(this.first.poll_read(cx, buf))?;
            // Reading nothing into no room says nothing about the end.
            if buf.remaining() != room || room == 0 {
                return Poll::Ready(Ok(()));
            }
            *this.first_ended = true;
        }
        this.second.poll_read(cx, buf)
    }
}

impl<T, U> AsyncBufRead for Chain<T, U>
where
    T: AsyncBufRead,
    U: AsyncBufRead,
{
    #[track_caller]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        if !*this.first_ended {
            let bytes = ready!(this.first.poll_fill_buf(cx))?;
            if !bytes.is_empty() {
                return Poll::Ready(Ok(bytes));
            }
            *this.first_ended = true;
        }
        this.second.poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        let this = self.project();
        if *this.first_ended {
            this.second.consume(amt);
        } else {
            this.first.consume(amt);
        }
    }
}
