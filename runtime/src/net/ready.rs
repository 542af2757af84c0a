//! Waiting for a socket, and operations of the user's own: the methods that all sockets have, and streams' halves.
//!
//! A type that uses these macros has a private method `io`, which returns its
//! [`Evented`](super::evented::Evented). It gives the lines of documentation that its examples differ by from those of the
//! others.

/// What everything has that can be waited for.
macro_rules! ready_method {
    ($(#[$example:meta])+) => { $crate::net::even_docs::even_docs! {
        /// Waits until the socket is ready for anything in `interest`, and returns what it is ready for.
        ///
        /// It may be ready for less by the time you try (a `try_` method then fails with
        /// [`WouldBlock`](std::io::ErrorKind::WouldBlock)): call this in a loop. Any number of tasks may wait at once.
        ///
        /// # Errors
        ///
        /// If the runtime has shut down, or nothing in `interest` is something that the system tells of such a socket.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing.
        ///
        /// # Examples
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$example])+
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn ready(
            &self,
            interest: $crate::io::Interest,
        ) -> impl $crate::task::CancelSafe<Output = std::io::Result<$crate::io::Ready>> {
            $crate::task::assert_cancel_safe(async move { self.io().ready(interest).await })
        }
    } };
}

/// What everything has that can be read from, or received by.
macro_rules! readable_method {
    ($(#[$example:meta])+) => { $crate::net::even_docs::even_docs! {
        /// Waits until there is something to read, which may also be the end or an error.
        ///
        /// Any number of tasks may wait at once. Try to read afterwards, and do both in a loop: it may fail with
        /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) all the same.
        ///
        /// # Errors
        ///
        /// If the runtime has shut down.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing.
        ///
        /// # Examples
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$example])+
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn readable(&self) -> impl $crate::task::CancelSafe<Output = std::io::Result<()>> {
            $crate::task::assert_cancel_safe(async move {
                let readable = self.io().ready($crate::io::Interest::READABLE);
                readable.await.map(drop)
            })
        }
    } };
}

/// What everything has that can be written to, or send.
macro_rules! writable_method {
    ($(#[$example:meta])+) => { $crate::net::even_docs::even_docs! {
        /// Waits until there is room to write, or an error that writing would return.
        ///
        /// Any number of tasks may wait at once. Try to write afterwards, and do both in a loop: it may fail with
        /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) all the same.
        ///
        /// # Errors
        ///
        /// If the runtime has shut down.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing.
        ///
        /// # Examples
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$example])+
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn writable(&self) -> impl $crate::task::CancelSafe<Output = std::io::Result<()>> {
            $crate::task::assert_cancel_safe(async move {
                let writable = self.io().ready($crate::io::Interest::WRITABLE);
                writable.await.map(drop)
            })
        }
    } };
}

/// What whole sockets have, under the names that fit what they do. Their examples begin with `$pair`, which makes `near` and
/// `far`, connected to each other.
macro_rules! socket_methods {
    ($(#[$pair:meta])+ $poll_read_ready:ident, $poll_write_ready:ident) => {
        $crate::net::ready::poll_ready_methods!(
            $(#[$pair])+
            $poll_read_ready,
            $poll_write_ready,
            |socket, cx| socket.io().poll_ready(cx, leno_reactor::Direction::Write)
        );
        $crate::net::ready::operation_methods!($(#[$pair])+);
    };
}

/// Waiting by polls; `$poll` is what the one for writing does.
macro_rules! poll_ready_methods {
    (
        $(#[$pair:meta])+
        $poll_read_ready:ident, $poll_write_ready:ident, |$socket:ident, $cx:ident| $poll:expr
    ) => { $crate::net::even_docs::even_docs! {
        /// Waits until there is something to read, which may also be the end or an error.
        ///
        /// Only the latest task that polled the socket for reading, by this method or another, is woken;
        /// [`readable`](Self::readable) has no such limit.
        ///
        /// # Errors
        ///
        /// If the runtime has shut down.
        ///
        /// # Examples
        ///
        /// ```
        /// use socket2::SockRef;
        /// use std::future::poll_fn;
        /// use std::task::Poll;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        #[doc = concat!(" let is_ready = poll_fn(|cx| Poll::Ready(near.", stringify!($poll_read_ready), "(cx).is_ready())).await;")]
        /// assert!(!is_ready); // nothing is there yet
        ///
        /// SockRef::from(&far).send(b"hello")?;
        #[doc = concat!(" poll_fn(|cx| near.", stringify!($poll_read_ready), "(cx)).await?;")]
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn $poll_read_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.io().poll_ready(cx, leno_reactor::Direction::Read)
        }

        /// Waits until there is room to write, or an error that writing would return.
        ///
        /// Only the latest task that polled the socket for writing, by this method or another, is woken;
        /// [`writable`](Self::writable) has no such limit.
        ///
        /// # Errors
        ///
        /// If the runtime has shut down.
        ///
        /// # Examples
        ///
        /// ```
        /// use socket2::SockRef;
        /// use std::future::poll_fn;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        #[doc = concat!(" poll_fn(|cx| near.", stringify!($poll_write_ready), "(cx)).await?; // there is room from the start")]
        /// assert_eq!(SockRef::from(&near).send(b"hello")?, 5);
        /// # drop(far);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn $poll_write_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let ($socket, $cx) = (self, cx);
            $poll
        }
    } };
}

/// Operations of the user's own.
macro_rules! operation_methods {
    ($(#[$pair:meta])+) => { $crate::net::even_docs::even_docs! {
        /// Tries an operation of your own on the socket, if it is ready for anything in `interest`.
        ///
        /// `f` is called at most once, and must return [`WouldBlock`](std::io::ErrorKind::WouldBlock) if and only if
        /// the system said so of this socket: then it counts as not ready until the system reports it again. `f` must
        /// not call the methods of the socket that do the same by themselves, such as other `try_` methods.
        ///
        /// # Errors
        ///
        /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) if the socket is not ready, and those of `f`.
        ///
        /// # Examples
        ///
        /// An operation of [socket2](https://docs.rs/socket2):
        ///
        /// ```
        /// use leno::io::Interest;
        /// use socket2::SockRef;
        /// use std::io::{ErrorKind, Read};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// near.writable().await?;
        /// let sent = near.try_io(Interest::WRITABLE, || SockRef::from(&near).send(b"hello"))?;
        /// assert_eq!(sent, 5);
        ///
        /// // Nothing has come from the other end.
        /// let read = near.try_io(Interest::READABLE, || (&*SockRef::from(&near)).read(&mut [0]));
        /// assert_eq!(read.unwrap_err().kind(), ErrorKind::WouldBlock);
        /// # drop(far);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        pub fn try_io<R>(
            &self,
            interest: $crate::io::Interest,
            f: impl FnOnce() -> std::io::Result<R>,
        ) -> std::io::Result<R> {
            self.io().try_io(interest, f)
        }

        /// Tries an operation of your own whenever the socket is ready for anything in `interest`, until it does not
        /// block.
        ///
        /// `f` must return [`WouldBlock`](std::io::ErrorKind::WouldBlock) if and only if the system said so of this
        /// socket. It must not call the methods of the socket that do the same by themselves, such as `try_` methods.
        ///
        /// # Errors
        ///
        /// Those of `f` except `WouldBlock`, and that the runtime has shut down.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing: `f` has then not been called, or has blocked.
        ///
        /// # Examples
        ///
        /// An operation of [socket2](https://docs.rs/socket2), which waits until something is there:
        ///
        /// ```
        /// use leno::io::Interest;
        /// use socket2::SockRef;
        /// use std::io::Read;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// let mut buffer = [0; 16];
        /// let receive = near.async_io(Interest::READABLE, || (&*SockRef::from(&near)).read(&mut buffer));
        /// let send = far.async_io(Interest::WRITABLE, || SockRef::from(&far).send(b"hello"));
        /// assert_eq!(leno::try_join!(receive, send)?, (5, 5));
        /// assert_eq!(&buffer[..5], b"hello");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        pub fn async_io<R>(
            &self,
            interest: $crate::io::Interest,
            f: impl FnMut() -> std::io::Result<R>,
        ) -> impl $crate::task::CancelSafe<Output = std::io::Result<R>> {
            $crate::task::assert_cancel_safe(async move { self.io().async_io(interest, f).await })
        }
    } };
}

/// The error that is kept. The example shows one.
macro_rules! take_error_method {
    ($(#[$example:meta])+) => { $crate::net::even_docs::even_docs! {
        /// The error that the system keeps for the socket, and which it forgets with that.
        ///
        /// The next operation would return it otherwise. It is for who waits for readiness, and wants to know why it came.
        ///
        /// # Errors
        ///
        /// Those of the system.
        ///
        /// # Examples
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$example])+
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn take_error(&self) -> std::io::Result<Option<std::io::Error>> {
            self.io().take_error()
        }
    } };
}

pub(super) use {
    operation_methods, poll_ready_methods, readable_method, ready_method, socket_methods,
    take_error_method, writable_method,
};
