//! What TCP and Unix streams share: everything but how they come about.
//!
//! The operations are methods of [`Evented`]; the macros give them their public names, on the streams and on their
//! [halves](super::halves). A type that uses the macros has a private method `io`, which returns its `Evented`.

use crate::io::ReadBuf;
use crate::net::evented::Evented;
use crate::net::receive::{peek, recv};
use crate::net::socket::Socket;
use bytes::BufMut;
use leno_reactor::{Direction, Interest};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::task::{Context, Poll};

impl<S: Socket> Evented<S> {
    #[inline]
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wanted = buf.remaining();
        let is_last = S::short_read_is_last;
        self.poll_transfer(cx, Direction::Read, wanted, is_last, |source| {
            recv(source, buf)
        })
        .map_ok(drop)
    }

    pub(super) fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.poll_with(cx, Direction::Read, |source| peek(source, buf))
    }

    pub(super) async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buf = ReadBuf::new(buf);
        self.async_with(Interest::READABLE, |source| peek(source, &mut buf))
            .await
    }

    /// Ends the writing direction. That there is no connection any more is as good.
    pub(super) fn end_writing(&self) -> io::Result<()> {
        match self.get_ref().raw().shutdown(Shutdown::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    pub(super) fn try_read_buf(&self, buf: &mut impl BufMut) -> io::Result<usize> {
        self.try_with(Interest::READABLE, |source| recv(source, buf))
    }
}

impl<S: Socket> Evented<S>
where
    for<'a> &'a S: Read + Write,
{
    #[inline]
    pub(super) fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // A short write has filled the socket. Where the selector is edge-triggered, room brings a new event.
        let is_last = |_: &_| cfg!(unix);
        self.poll_transfer(cx, Direction::Write, buf.len(), is_last, |mut source| {
            source.write(buf)
        })
    }

    /// Draws no conclusion from a short write: the system takes a limited number of buffers at once, whatever room there
    /// is.
    pub(super) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(cx, Direction::Write, |mut source| {
            source.write_vectored(bufs)
        })
    }

    pub(super) fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.try_with(Interest::READABLE, |mut source| source.read(buf))
    }

    pub(super) fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.try_with(Interest::READABLE, |mut source| source.read_vectored(bufs))
    }

    pub(super) fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.try_with(Interest::WRITABLE, |mut source| source.write(buf))
    }

    pub(super) fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_with(Interest::WRITABLE, |mut source| source.write_vectored(bufs))
    }
}

/// What streams and their read halves have. Their examples begin with `$pair`, which makes `near`, which has them, and `far`,
/// a stream connected to it.
macro_rules! read_methods {
    ($(#[$pair:meta])+) => { $crate::net::even_docs::even_docs! {
        $crate::net::ready::readable_method! {
            /// use leno::io::AsyncWriteExt;
            /// use std::io::ErrorKind;
            ///
            $(#[$pair])+
            /// far.write_all(b"hello").await?;
            ///
            /// let mut buffer = [0; 16];
            /// let length = loop {
            ///     near.readable().await?;
            ///     match near.try_read(&mut buffer) {
            ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            ///         result => break result?,
            ///     }
            /// };
            /// assert_eq!(&buffer[..length], b"hello");
        }

        /// Reads what is there, without waiting, and returns how much; 0 is the end of the stream, unless `buf` is
        /// empty.
        ///
        /// # Errors
        ///
        /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) if nothing is there; wait for
        /// [`readable`](Self::readable) then. And those of the system.
        ///
        /// # Examples
        ///
        /// ```
        /// use std::io::ErrorKind;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// let error = near.try_read(&mut [0; 16]).unwrap_err();
        /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
        ///
        /// drop(far);
        /// near.readable().await?;
        /// assert_eq!(near.try_read(&mut [0; 16])?, 0); // the end of the stream
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn try_read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.io().try_read(buf)
        }

        /// As [`try_read`](Self::try_read), into several buffers, one after the other.
        ///
        /// # Errors
        ///
        /// As [`try_read`](Self::try_read).
        ///
        /// # Examples
        ///
        /// A header of a known length, and what follows it:
        ///
        /// ```
        /// use leno::io::AsyncWriteExt;
        /// use std::io::IoSliceMut;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// far.write_all(b"\x05hello").await?;
        ///
        /// let (mut header, mut body) = ([0; 1], [0; 16]);
        /// near.readable().await?;
        /// let mut buffers = [IoSliceMut::new(&mut header), IoSliceMut::new(&mut body)];
        /// assert_eq!(near.try_read_vectored(&mut buffers)?, 6);
        /// assert_eq!((header, &body[..5]), ([5], &b"hello"[..]));
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn try_read_vectored(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
        ) -> std::io::Result<usize> {
            self.io().try_read_vectored(bufs)
        }

        /// As [`try_read`](Self::try_read), appending to `buf`, whose free memory need not be initialised.
        ///
        /// # Errors
        ///
        /// As [`try_read`](Self::try_read).
        ///
        /// # Examples
        ///
        /// All that comes, in one buffer:
        ///
        /// ```
        /// use leno::io::AsyncWriteExt;
        /// use std::io::ErrorKind;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// far.write_all(b"hello ").await?;
        /// far.write_all(b"world").await?;
        /// drop(far);
        ///
        /// let mut text = Vec::with_capacity(64);
        /// loop {
        ///     near.readable().await?;
        ///     match near.try_read_buf(&mut text) {
        ///         Ok(0) => break,
        ///         Ok(_) => {}
        ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        ///         Err(error) => return Err(error),
        ///     }
        /// }
        /// assert_eq!(text, b"hello world");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
            self.io().try_read_buf(buf)
        }
    } };
}

/// What streams and their write halves have. Their examples begin as those of [`read_methods`].
macro_rules! write_methods {
    ($(#[$pair:meta])+) => { $crate::net::even_docs::even_docs! {
        $crate::net::ready::writable_method! {
            /// use leno::io::AsyncReadExt;
            /// use std::io::ErrorKind;
            ///
            $(#[$pair])+
            /// let message = b"hello";
            /// let mut written = 0;
            /// while written < message.len() {
            ///     near.writable().await?;
            ///     match near.try_write(&message[written..]) {
            ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            ///         result => written += result?,
            ///     }
            /// }
            /// let mut received = [0; 5];
            /// far.read_exact(&mut received).await?;
            /// assert_eq!(&received, message);
        }

        /// Writes as much as there is room for, without waiting, and returns how much.
        ///
        /// # Errors
        ///
        /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) if there is no room; wait for
        /// [`writable`](Self::writable) then. And those of the system.
        ///
        /// # Examples
        ///
        /// A peer that does not read is noticed when the system holds as much as it may:
        ///
        /// ```
        /// use leno::io::AsyncReadExt;
        /// use std::io::ErrorKind;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// let chunk = [0; 64 * 1024];
        /// let mut sent = 0;
        /// near.writable().await?;
        /// let error = loop {
        ///     match near.try_write(&chunk) {
        ///         Ok(length) => sent += length,
        ///         Err(error) => break error,
        ///     }
        /// };
        /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
        ///
        /// // It reads after all, and there is room again.
        /// far.read_exact(&mut vec![0; sent]).await?;
        /// near.writable().await?;
        /// assert_eq!(near.try_write(b"hello")?, 5);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn try_write(&self, buf: &[u8]) -> std::io::Result<usize> {
            self.io().try_write(buf)
        }

        /// As [`try_write`](Self::try_write), from several buffers, one after the other.
        ///
        /// # Errors
        ///
        /// As [`try_write`](Self::try_write).
        ///
        /// # Examples
        ///
        /// A header and a body that lie in different places, with one system call and no copy:
        ///
        /// ```
        /// use leno::io::AsyncReadExt;
        /// use std::io::IoSlice;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// near.writable().await?;
        /// let sent = near.try_write_vectored(&[IoSlice::new(b"5:"), IoSlice::new(b"hello")])?;
        /// assert_eq!(sent, 7);
        ///
        /// let mut received = [0; 7];
        /// far.read_exact(&mut received).await?;
        /// assert_eq!(&received, b"5:hello");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn try_write_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            self.io().try_write_vectored(bufs)
        }
    } };
}

/// What only whole streams have. Their examples begin as those of [`read_methods`].
macro_rules! stream_methods {
    ($(#[$pair:meta])+) => {
        $crate::net::ready::socket_methods!($(#[$pair])+ poll_read_ready, poll_write_ready);
        $crate::net::ready::take_error_method! {
            /// use leno::io::AsyncWriteExt;
            /// use std::io::ErrorKind;
            ///
            $(#[$pair])+
            /// // A peer that leaves without having read everything resets the connection.
            /// near.writable().await?;
            /// near.try_write(b"hello")?;
            /// far.readable().await?;
            /// drop(far);
            ///
            /// near.readable().await?;
            /// let error = near.take_error()?.unwrap();
            /// assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            /// assert!(near.take_error()?.is_none());
        }

        #[inline]
        fn end_writing(&mut self) -> std::io::Result<()> {
            self.io().end_writing()
        }
    };
}

/// Reading, for anything that has `io`.
macro_rules! async_read {
    ($Reader:ty) => {
        impl $crate::io::AsyncRead for $Reader {
            #[inline]
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut $crate::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.io().poll_read(cx, buf)
            }
        }
    };
}

/// Writing, for anything that has `io` and `end_writing`.
macro_rules! async_write {
    ($Writer:ty) => {
        impl $crate::io::AsyncWrite for $Writer {
            #[inline]
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io().poll_write(cx, buf)
            }

            #[inline]
            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io().poll_write_vectored(cx, bufs)
            }

            #[inline]
            fn is_write_vectored(&self) -> bool {
                true
            }

            /// Nothing is kept back that could be flushed.
            #[inline]
            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            #[inline]
            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(self.get_mut().end_writing())
            }
        }
    };
}

pub(super) use {async_read, async_write, read_methods, stream_methods, write_methods};
