//! The halves of a stream: one that reads and one that writes, borrowed or owned.
//!
//! TCP and Unix streams have halves of the same form, under the same names in two modules, so they are made by macros.
//! The directions of a socket do not disturb each other, and everything takes `&self`: no lock is needed. What the
//! types add is that there is one task for each direction, as each remembers one waker for polls.

/// `ReadHalf` and `WriteHalf` of `$Stream`, whose addresses are `$Address`.
macro_rules! borrowed_halves {
    ($Stream:ident, $Address:ty, $Source:ty) => {
        /// The reading half of a borrowed stream; see `split` of the stream.
        #[derive(Debug)]
        pub struct ReadHalf<'a>(&'a $Stream);

        /// The writing half of a borrowed stream; see `split` of the stream.
        ///
        /// Dropping it does not end the stream: [`shutdown`](crate::io::AsyncWriteExt::shutdown) does.
        #[derive(Debug)]
        pub struct WriteHalf<'a>(&'a $Stream);

        pub(super) fn split(stream: &mut $Stream) -> (ReadHalf<'_>, WriteHalf<'_>) {
            (ReadHalf(stream), WriteHalf(stream))
        }

        impl ReadHalf<'_> {
            fn io(&self) -> &$crate::net::evented::Evented<$Source> {
                self.0.io()
            }

            $crate::net::ready::ready_method!();
            $crate::net::stream::read_methods!();
            $crate::net::halves::addresses!($Address);
        }

        impl WriteHalf<'_> {
            fn io(&self) -> &$crate::net::evented::Evented<$Source> {
                self.0.io()
            }

            $crate::net::ready::ready_method!();
            $crate::net::stream::write_methods!();
            $crate::net::halves::addresses!($Address);

            fn end_writing(&mut self) -> std::io::Result<()> {
                self.io().end_writing()
            }
        }

        $crate::net::stream::async_read!(ReadHalf<'_>);
        $crate::net::stream::async_write!(WriteHalf<'_>);

        impl AsRef<$Stream> for ReadHalf<'_> {
            fn as_ref(&self) -> &$Stream {
                self.0
            }
        }

        impl AsRef<$Stream> for WriteHalf<'_> {
            fn as_ref(&self) -> &$Stream {
                self.0
            }
        }
    };
}

/// `OwnedReadHalf`, `OwnedWriteHalf` and `ReuniteError` of `$Stream`, whose addresses are `$Address`.
macro_rules! owned_halves {
    ($Stream:ident, $Address:ty, $Source:ty) => {
        /// The reading half of a stream; see `into_split` of the stream.
        ///
        /// Dropping it ends nothing. The stream is closed when both halves are gone.
        #[derive(Debug)]
        pub struct OwnedReadHalf {
            stream: std::sync::Arc<$Stream>,
        }

        /// The writing half of a stream; see `into_split` of the stream.
        ///
        /// Dropping it ends this direction, as [`shutdown`](crate::io::AsyncWriteExt::shutdown) does, unless you
        /// [`forget`](Self::forget) it. The stream is closed when both halves are gone.
        #[derive(Debug)]
        pub struct OwnedWriteHalf {
            stream: std::sync::Arc<$Stream>,
            ends_on_drop: bool,
        }

        pub(super) fn split_owned(stream: $Stream) -> (OwnedReadHalf, OwnedWriteHalf) {
            let stream = std::sync::Arc::new(stream);
            let read = OwnedReadHalf {
                stream: std::sync::Arc::clone(&stream),
            };
            let write = OwnedWriteHalf {
                stream,
                ends_on_drop: true,
            };
            (read, write)
        }

        fn reunite(read: OwnedReadHalf, write: OwnedWriteHalf) -> Result<$Stream, ReuniteError> {
            if !std::sync::Arc::ptr_eq(&read.stream, &write.stream) {
                return Err(ReuniteError(read, write));
            }
            write.forget();
            let stream = std::sync::Arc::into_inner(read.stream);
            Ok(stream.expect("there are but two halves, and one is forgotten"))
        }

        /// The halves are those of two streams. It contains both.
        #[derive(Debug)]
        pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

        impl std::fmt::Display for ReuniteError {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("tried to reunite halves that are not from the same socket")
            }
        }

        impl std::error::Error for ReuniteError {}

        impl OwnedReadHalf {
            fn io(&self) -> &$crate::net::evented::Evented<$Source> {
                self.stream.io()
            }

            /// Puts the halves together again.
            ///
            /// # Errors
            ///
            /// If they are those of two streams.
            pub fn reunite(self, other: OwnedWriteHalf) -> Result<$Stream, ReuniteError> {
                reunite(self, other)
            }

            $crate::net::ready::ready_method!();
            $crate::net::stream::read_methods!();
            $crate::net::halves::addresses!($Address);
        }

        impl OwnedWriteHalf {
            fn io(&self) -> &$crate::net::evented::Evented<$Source> {
                self.stream.io()
            }

            /// Puts the halves together again.
            ///
            /// # Errors
            ///
            /// If they are those of two streams.
            pub fn reunite(self, other: OwnedReadHalf) -> Result<$Stream, ReuniteError> {
                reunite(other, self)
            }

            /// Drops the half without ending its direction, which ends with the read half then.
            pub fn forget(mut self) {
                self.ends_on_drop = false;
            }

            $crate::net::ready::ready_method!();
            $crate::net::stream::write_methods!();
            $crate::net::halves::addresses!($Address);

            fn end_writing(&mut self) -> std::io::Result<()> {
                self.io().end_writing()?;
                self.ends_on_drop = false;
                Ok(())
            }
        }

        $crate::net::stream::async_read!(OwnedReadHalf);
        $crate::net::stream::async_write!(OwnedWriteHalf);

        impl Drop for OwnedWriteHalf {
            fn drop(&mut self) {
                // A forked child leaves the stream, which is its parent's too, as it is.
                if self.ends_on_drop && !self.io().is_inherited() {
                    // Nobody is left to tell of an error.
                    let _ = self.end_writing();
                }
            }
        }

        impl AsRef<$Stream> for OwnedReadHalf {
            fn as_ref(&self) -> &$Stream {
                &self.stream
            }
        }

        impl AsRef<$Stream> for OwnedWriteHalf {
            fn as_ref(&self) -> &$Stream {
                &self.stream
            }
        }
    };
}

macro_rules! addresses {
    ($Address:ty) => {
        /// The peer's address.
        ///
        /// # Errors
        ///
        /// Those of the system.
        pub fn peer_addr(&self) -> std::io::Result<$Address> {
            AsRef::<_>::as_ref(self).peer_addr()
        }

        /// Our own address.
        ///
        /// # Errors
        ///
        /// Those of the system.
        pub fn local_addr(&self) -> std::io::Result<$Address> {
            AsRef::<_>::as_ref(self).local_addr()
        }
    };
}

pub(super) use {addresses, borrowed_halves, owned_halves};
