//! What the two kinds of receivers have in common: all their methods but those about capacity.

/// The methods of a receiver whose field `chan` is a `chan::Rx`.
macro_rules! receiver_methods {
    () => {
        /// Waits for the next value; `None` when there will be no more.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing.
        pub fn recv(&mut self) -> impl CancelSafe<Output = Option<T>> {
            assert_cancel_safe(async move { poll_fn(|cx| self.chan.poll_recv(cx)).await })
        }

        /// Waits for the next values and appends up to `limit` of them to `buffer`; returns how many.
        ///
        /// It waits for one, and takes what is there with it. 0 means that there will be no more, or that
        /// `limit` is 0.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing.
        pub fn recv_many(
            &mut self,
            buffer: &mut Vec<T>,
            limit: usize,
        ) -> impl CancelSafe<Output = usize> {
            assert_cancel_safe(async move {
                poll_fn(|cx| self.chan.poll_recv_many(cx, buffer, limit)).await
            })
        }

        /// Takes the next value if it is there.
        ///
        /// It finds every value whose `send` was over before. If a send is just going on it may wait for it,
        /// which takes as long as the sender's thread needs to store the value.
        ///
        /// # Errors
        ///
        /// [`Empty`](TryRecvError::Empty) if there is none, [`Disconnected`](TryRecvError::Disconnected) if
        /// there will be none.
        pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
            self.chan.try_recv()
        }

        /// Blocks the thread until there is a value; `None` when there will be no more.
        ///
        /// # Panics
        ///
        /// On a thread that drives a runtime's tasks: use [`recv`](Self::recv) there.
        #[track_caller]
        pub fn blocking_recv(&mut self) -> Option<T> {
            root::block_on(self.recv())
        }

        /// Blocks the thread as [`recv_many`](Self::recv_many) waits.
        ///
        /// # Panics
        ///
        /// On a thread that drives a runtime's tasks: use [`recv_many`](Self::recv_many) there.
        #[track_caller]
        pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
            root::block_on(self.recv_many(buffer, limit))
        }

        /// Closes the channel: nobody can send any more. What was sent can still be received, and so can
        /// what is sent with permits from before.
        pub fn close(&mut self) {
            self.chan.close();
        }

        /// True if nobody can send any more: the channel was closed, or all senders are gone.
        pub fn is_closed(&self) -> bool {
            self.chan.is_closed()
        }

        /// True if there is no value in the channel.
        pub fn is_empty(&self) -> bool {
            self.chan.is_empty()
        }

        /// How many values are in the channel.
        pub fn len(&self) -> usize {
            self.chan.len()
        }

        /// Polls for the next value; `Ready(None)` when there will be no more. If it is pending, the waker of
        /// the last call is woken when there is something new.
        pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
            self.chan.poll_recv(cx)
        }

        /// Polls as [`recv_many`](Self::recv_many) waits.
        pub fn poll_recv_many(
            &mut self,
            cx: &mut Context<'_>,
            buffer: &mut Vec<T>,
            limit: usize,
        ) -> Poll<usize> {
            self.chan.poll_recv_many(cx, buffer, limit)
        }

        /// How many senders there are.
        pub fn sender_strong_count(&self) -> usize {
            self.chan.strong_count()
        }

        /// How many weak senders there are.
        pub fn sender_weak_count(&self) -> usize {
            self.chan.weak_count()
        }
    };
}
pub(super) use receiver_methods;
