//! What UDP and Unix datagram sockets share: messages from and to one peer.

/// Sending to the peer and receiving from it.
macro_rules! message_methods {
    () => {
        /// Sends a message to the peer that the socket is [connected](Self::connect) to, and returns its length.
        ///
        /// # Errors
        ///
        /// Those of the system, and that the runtime has shut down.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing: the message is not sent.
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
        pub fn try_recv(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.try_recv_buf(&mut $crate::io::ReadBuf::new(buf))
        }

        /// As [`try_recv`](Self::try_recv), appending to `buf`, whose free memory need not be initialised.
        ///
        /// # Errors
        ///
        /// As [`try_recv`](Self::try_recv).
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
    };
}

pub(super) use message_methods;
