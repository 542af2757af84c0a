//! What the two kinds of receivers have in common: all their methods but those about capacity.

/// The methods of a receiver whose field `chan` is a `chan::Rx`. How the examples make a channel, and send without waiting, is
/// all that differs.
macro_rules! receiver_methods {
    ($channel:literal, $send:literal) => {
        /// Waits for the next value; `None` when there will be no more.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::sync::mpsc;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        #[doc = concat!("let (sender, mut receiver) = ", $channel, ";")]
        #[doc = concat!($send, "(\"first\").unwrap();")]
        #[doc = concat!($send, "(\"second\").unwrap();")]
        /// drop(sender);
        /// assert_eq!(receiver.recv().await, Some("first"));
        /// assert_eq!(receiver.recv().await, Some("second"));
        /// // The last sender is gone, and everything was received.
        /// assert_eq!(receiver.recv().await, None);
        /// # });
        /// ```
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
        ///
        /// # Examples
        ///
        /// What has piled up is written in one go, at most three at a time:
        ///
        /// ```
        /// use leno::sync::mpsc;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        #[doc = concat!("let (sender, mut receiver) = ", $channel, ";")]
        /// for number in 1..=5 {
        #[doc = concat!("    ", $send, "(number).unwrap();")]
        /// }
        /// drop(sender);
        /// let mut batch = Vec::with_capacity(3);
        /// let mut sizes = Vec::new();
        /// while receiver.recv_many(&mut batch, 3).await > 0 {
        ///     sizes.push(batch.len());
        ///     batch.clear();
        /// }
        /// assert_eq!(sizes, [3, 2]);
        /// # });
        /// ```
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
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::sync::mpsc::{self, error::TryRecvError};
        ///
        #[doc = concat!("let (sender, mut receiver) = ", $channel, ";")]
        /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        #[doc = concat!($send, "(1).unwrap();")]
        /// drop(sender);
        /// assert_eq!(receiver.try_recv(), Ok(1));
        /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        /// ```
        pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
            self.chan.try_recv()
        }

        /// Blocks the thread until there is a value; `None` when there will be no more.
        ///
        /// # Panics
        ///
        /// On a thread that drives a runtime's tasks: use [`recv`](Self::recv) there.
        ///
        /// # Examples
        ///
        /// A thread of its own does what must not hold tasks up:
        ///
        /// ```
        /// use leno::sync::mpsc;
        ///
        /// let runtime = leno::runtime::Runtime::new()?;
        #[doc = concat!("let (sender, mut receiver) = ", $channel, ";")]
        /// let adder = std::thread::spawn(move || {
        ///     let mut sum = 0;
        ///     while let Some(number) = receiver.blocking_recv() {
        ///         sum += number;
        ///     }
        ///     sum
        /// });
        /// runtime.block_on(async move {
        #[doc = concat!("    ", $send, "(20).unwrap();")]
        #[doc = concat!("    ", $send, "(22).unwrap();")]
        /// });
        /// assert_eq!(adder.join().unwrap(), 42);
        /// # Ok::<(), std::io::Error>(())
        /// ```
        #[track_caller]
        pub fn blocking_recv(&mut self) -> Option<T> {
            root::block_on(self.recv())
        }

        /// Blocks the thread as [`recv_many`](Self::recv_many) waits.
        ///
        /// # Panics
        ///
        /// On a thread that drives a runtime's tasks: use [`recv_many`](Self::recv_many) there.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::sync::mpsc;
        ///
        #[doc = concat!("let (sender, mut receiver) = ", $channel, ";")]
        /// let thread = std::thread::spawn(move || {
        ///     let mut letters = Vec::new();
        ///     while receiver.blocking_recv_many(&mut letters, 100) > 0 {}
        ///     letters
        /// });
        /// for letter in ['a', 'b', 'c'] {
        #[doc = concat!("    ", $send, "(letter).unwrap();")]
        /// }
        /// drop(sender);
        /// assert_eq!(thread.join().unwrap(), ['a', 'b', 'c']);
        /// ```
        #[track_caller]
        pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
            root::block_on(self.recv_many(buffer, limit))
        }

        /// Closes the channel: nobody can send any more. What was sent can still be received, and so can
        /// what is sent with permits from before.
        ///
        /// # Examples
        ///
        /// To end without losing what was sent already:
        ///
        /// ```
        /// use leno::sync::mpsc;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        #[doc = concat!("let (sender, mut receiver) = ", $channel, ";")]
        #[doc = concat!($send, "(\"in time\").unwrap();")]
        /// receiver.close();
        #[doc = concat!("assert!(", $send, "(\"too late\").is_err());")]
        /// assert_eq!(receiver.recv().await, Some("in time"));
        /// assert_eq!(receiver.recv().await, None);
        /// # });
        /// ```
        pub fn close(&mut self) {
            self.chan.close();
        }

        /// True if nobody can send any more: the channel was closed, or all senders are gone.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::sync::mpsc;
        ///
        #[doc = concat!("let (sender, receiver) = ", $channel, ";")]
        #[doc = concat!($send, "(1).unwrap();")]
        /// assert!(!receiver.is_closed());
        /// drop(sender);
        /// assert!(receiver.is_closed());
        /// // There may still be something to receive.
        /// assert!(!receiver.is_empty());
        /// ```
        pub fn is_closed(&self) -> bool {
            self.chan.is_closed()
        }

        /// True if there is no value in the channel.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::sync::mpsc;
        ///
        #[doc = concat!("let (sender, mut receiver) = ", $channel, ";")]
        /// assert!(receiver.is_empty());
        #[doc = concat!($send, "(1).unwrap();")]
        /// assert!(!receiver.is_empty());
        /// receiver.try_recv().unwrap();
        /// assert!(receiver.is_empty());
        /// ```
        pub fn is_empty(&self) -> bool {
            self.chan.is_empty()
        }

        /// How many values are in the channel.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::sync::mpsc;
        ///
        #[doc = concat!("let (sender, mut receiver) = ", $channel, ";")]
        #[doc = concat!($send, "('a').unwrap();")]
        #[doc = concat!($send, "('b').unwrap();")]
        /// assert_eq!(receiver.len(), 2);
        /// receiver.try_recv().unwrap();
        /// assert_eq!(receiver.len(), 1);
        /// ```
        pub fn len(&self) -> usize {
            self.chan.len()
        }

        /// Polls for the next value; `Ready(None)` when there will be no more. If it is pending, the waker of
        /// the last call is woken when there is something new.
        ///
        /// # Examples
        ///
        /// For a stream written by hand:
        ///
        /// ```
        /// use leno::sync::mpsc;
        /// use std::future::poll_fn;
        /// use std::task::Poll;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        #[doc = concat!("let (sender, mut receiver) = ", $channel, ";")]
        #[doc = concat!($send, "(1).unwrap();")]
        /// poll_fn(|cx| {
        ///     assert_eq!(receiver.poll_recv(cx), Poll::Ready(Some(1)));
        ///     assert_eq!(receiver.poll_recv(cx), Poll::Pending);
        #[doc = concat!("    ", $send, "(2).unwrap();")]
        ///     assert_eq!(receiver.poll_recv(cx), Poll::Ready(Some(2)));
        ///     Poll::Ready(())
        /// })
        /// .await;
        /// # });
        /// ```
        pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
            self.chan.poll_recv(cx)
        }

        /// Polls as [`recv_many`](Self::recv_many) waits.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::sync::mpsc;
        /// use std::future::poll_fn;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        #[doc = concat!("let (sender, mut receiver) = ", $channel, ";")]
        #[doc = concat!($send, "(1).unwrap();")]
        #[doc = concat!($send, "(2).unwrap();")]
        /// let mut numbers = vec![0];
        /// assert_eq!(poll_fn(|cx| receiver.poll_recv_many(cx, &mut numbers, 8)).await, 2);
        /// assert_eq!(numbers, [0, 1, 2]);
        /// # });
        /// ```
        pub fn poll_recv_many(
            &mut self,
            cx: &mut Context<'_>,
            buffer: &mut Vec<T>,
            limit: usize,
        ) -> Poll<usize> {
            self.chan.poll_recv_many(cx, buffer, limit)
        }

        /// How many senders there are.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::sync::mpsc;
        ///
        #[doc = concat!("let (sender, receiver) = ", $channel, ";")]
        #[doc = concat!("# ", $send, "(1).unwrap();")]
        /// let another = sender.clone();
        /// assert_eq!(receiver.sender_strong_count(), 2);
        /// drop((sender, another));
        /// assert_eq!(receiver.sender_strong_count(), 0);
        /// ```
        pub fn sender_strong_count(&self) -> usize {
            self.chan.strong_count()
        }

        /// How many weak senders there are.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::sync::mpsc;
        ///
        #[doc = concat!("let (sender, receiver) = ", $channel, ";")]
        #[doc = concat!("# ", $send, "(1).unwrap();")]
        /// let weak = sender.downgrade();
        /// assert_eq!(receiver.sender_weak_count(), 1);
        /// drop(weak);
        /// assert_eq!(receiver.sender_weak_count(), 0);
        /// ```
        pub fn sender_weak_count(&self) -> usize {
            self.chan.weak_count()
        }
    };
}
pub(super) use receiver_methods;
