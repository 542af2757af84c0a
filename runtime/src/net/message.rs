//! What UDP and Unix datagram sockets share: messages from and to one peer.

/// Sending to the peer and receiving from it. The examples begin with `$pair`, which makes `near` and `far`, connected to each
/// other.
macro_rules! message_methods {
    ($(#[$pair:meta])+) => { $crate::net::even_docs::even_docs! {
        /// Sends a message to the peer that the socket is [connected](Self::connect) to, and returns its length.
        ///
        /// # Errors
        ///
        /// Those of the system, and that the runtime has shut down.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing: the message is not sent.
        ///
        /// # Examples
        ///
        /// A message may be empty, and arrives nevertheless:
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// assert_eq!(near.send(b"hello").await?, 5);
        /// assert_eq!(near.send(b"").await?, 0);
        ///
        /// let mut buffer = [0; 16];
        /// assert_eq!(far.recv(&mut buffer).await?, 5);
        /// assert_eq!(far.recv(&mut buffer).await?, 0);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn send(
            &self,
            buf: &[u8],
        ) -> impl $crate::task::CancelSafe<Output = std::io::Result<usize>> {
            $crate::task::assert_cancel_safe(async move {
                let sending = self
                    .io
                    .async_with(leno_reactor::Interest::WRITABLE, |socket| {
                        self.io.sent(socket.send(buf))
                    });
                sending.await
            })
        }

        /// Sends a message to the peer; see [`send`](Self::send). Only the latest task that polled is woken.
        ///
        /// # Errors
        ///
        /// As [`send`](Self::send).
        ///
        /// # Examples
        ///
        /// ```
        /// use std::future::poll_fn;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// assert_eq!(poll_fn(|cx| near.poll_send(cx, b"hello")).await?, 5);
        /// assert_eq!(far.recv(&mut [0; 16]).await?, 5);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn poll_send(
            &self,
            cx: &mut std::task::Context<'_>,
            buf: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            self.io
                .poll_with(cx, leno_reactor::Direction::Write, |socket| {
                    self.io.sent(socket.send(buf))
                })
        }

        /// Sends a message to the peer without waiting; see [`send`](Self::send).
        ///
        /// # Errors
        ///
        /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) if there is no room, and those of the system.
        ///
        /// # Examples
        ///
        /// For what is not worth waiting, as a measurement that the next one replaces:
        ///
        /// ```
        /// use std::io::ErrorKind;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// match near.try_send(b"42 degrees") {
        ///     Ok(length) => assert_eq!(length, 10),
        ///     Err(error) if error.kind() == ErrorKind::WouldBlock => {} // dropped
        ///     Err(error) => return Err(error),
        /// }
        /// assert_eq!(far.recv(&mut [0; 16]).await?, 10);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn try_send(&self, buf: &[u8]) -> std::io::Result<usize> {
            self.io
                .try_with(leno_reactor::Interest::WRITABLE, |socket| {
                    self.io.sent(socket.send(buf))
                })
        }

        /// Receives a message and returns its length: from the peer, or from anybody if there is no peer.
        ///
        /// # Errors
        ///
        /// Those of the system, and that the runtime has shut down.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing.
        ///
        /// # Examples
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// far.send(b"hello").await?;
        ///
        /// let mut buffer = [0; 1500];
        /// let length = near.recv(&mut buffer).await?;
        /// assert_eq!(&buffer[..length], b"hello");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn recv(
            &self,
            buf: &mut [u8],
        ) -> impl $crate::task::CancelSafe<Output = std::io::Result<usize>> {
            $crate::task::assert_cancel_safe(async move {
                self.recv_buf(&mut $crate::io::ReadBuf::new(buf)).await
            })
        }

        /// Receives a message; see [`recv`](Self::recv). Only the latest task that polled is woken.
        ///
        /// # Errors
        ///
        /// As [`recv`](Self::recv).
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::io::ReadBuf;
        /// use std::future::poll_fn;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// far.send(b"hello").await?;
        ///
        /// let mut memory = [0; 1500];
        /// let mut buffer = ReadBuf::new(&mut memory);
        /// poll_fn(|cx| near.poll_recv(cx, &mut buffer)).await?;
        /// assert_eq!(buffer.filled(), b"hello");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn poll_recv(
            &self,
            cx: &mut std::task::Context<'_>,
            buf: &mut $crate::io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.io
                .poll_with(cx, leno_reactor::Direction::Read, |socket| {
                    self.receive(socket, buf)
                })
                .map_ok(drop)
        }

        /// Receives a message without waiting; see [`recv`](Self::recv).
        ///
        /// # Errors
        ///
        /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) if there is none, and those of the system.
        ///
        /// # Examples
        ///
        /// Everything that is there, and then something else:
        ///
        /// ```
        /// use std::io::ErrorKind;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// far.send(b"one").await?;
        /// far.send(b"two").await?;
        ///
        /// let (mut buffer, mut lengths) = ([0; 1500], Vec::new());
        /// while lengths.len() < 2 {
        ///     near.readable().await?;
        ///     loop {
        ///         match near.try_recv(&mut buffer) {
        ///             Ok(length) => lengths.push(length),
        ///             Err(error) if error.kind() == ErrorKind::WouldBlock => break,
        ///             Err(error) => return Err(error),
        ///         }
        ///     }
        /// }
        /// assert_eq!(lengths, [3, 3]);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn try_recv(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.try_recv_buf(&mut $crate::io::ReadBuf::new(buf))
        }

        /// As [`try_recv`](Self::try_recv), appending to `buf`, whose free memory need not be initialised.
        ///
        /// # Errors
        ///
        /// As [`try_recv`](Self::try_recv).
        ///
        /// # Examples
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// far.send(b"hello").await?;
        ///
        /// near.readable().await?;
        /// let mut buffer = Vec::with_capacity(1500);
        /// assert_eq!(near.try_recv_buf(&mut buffer)?, 5);
        /// assert_eq!(buffer, b"hello");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        pub fn try_recv_buf<B: bytes::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
            self.io
                .try_with(leno_reactor::Interest::READABLE, |socket| {
                    self.receive(socket, buf)
                })
        }

        /// As [`recv`](Self::recv), appending to `buf`, whose free memory need not be initialised.
        ///
        /// # Errors
        ///
        /// As [`recv`](Self::recv).
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing.
        ///
        /// # Examples
        ///
        /// A message is appended. It is cut off where the capacity ends, so make room before:
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// far.send(b"hello ").await?;
        /// far.send(b"world").await?;
        ///
        /// let mut text = Vec::new();
        /// for _ in 0..2 {
        ///     text.reserve(1500);
        ///     near.recv_buf(&mut text).await?;
        /// }
        /// assert_eq!(text, b"hello world");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        pub fn recv_buf<B: bytes::BufMut>(
            &self,
            buf: &mut B,
        ) -> impl $crate::task::CancelSafe<Output = std::io::Result<usize>> {
            $crate::task::assert_cancel_safe(async move {
                let receiving = self
                    .io
                    .async_with(leno_reactor::Interest::READABLE, |socket| {
                        self.receive(socket, buf)
                    });
                receiving.await
            })
        }
    } };
}

pub(super) use message_methods;
