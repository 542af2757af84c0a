//! The halves of a stream: one that reads and one that writes, borrowed or owned.
//!
//! TCP and Unix streams have halves of the same form, under the same names in two modules, so they are made by macros.
//! The directions of a socket do not disturb each other, and everything takes `&self`: no lock is needed. What the
//! types add is that there is one task for each direction, as each remembers one waker for polls.

/// `ReadHalf` and `WriteHalf` of `$Stream`, whose addresses are `$Address`. Their examples begin with `$pair`, which makes
/// `stream` and `far`, connected to each other; `$addresses` asserts of `near`, a half of `stream`, what its addresses are.
macro_rules! borrowed_halves {
    (
        $Stream:ident, $Address:ty, $Source:ty,
        $(#[$pair:meta])+ pair,
        $(#[$addresses:meta])+ addresses
    ) => { $crate::net::even_docs::even_docs! {
        /// The reading half of a borrowed stream; see `split` of the stream.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::io::{AsyncReadExt, AsyncWriteExt};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// let (mut reader, _writer) = stream.split();
        /// far.write_all(b"hello").await?;
        /// drop(far);
        ///
        /// let mut text = String::new();
        /// reader.read_to_string(&mut text).await?;
        /// assert_eq!(text, "hello");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[derive(Debug)]
        pub struct ReadHalf<'a>(&'a $Stream);

        /// The writing half of a borrowed stream; see `split` of the stream.
        ///
        /// Dropping it does not end the stream: [`shutdown`](crate::io::AsyncWriteExt::shutdown) does.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::io::{AsyncReadExt, AsyncWriteExt};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// let (_reader, mut writer) = stream.split();
        /// writer.write_all(b"hello").await?;
        /// writer.shutdown().await?;
        ///
        /// let mut text = String::new();
        /// far.read_to_string(&mut text).await?;
        /// assert_eq!(text, "hello");
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[derive(Debug)]
        pub struct WriteHalf<'a>(&'a $Stream);

        #[inline]
        pub(super) fn split(stream: &mut $Stream) -> (ReadHalf<'_>, WriteHalf<'_>) {
            (ReadHalf(stream), WriteHalf(stream))
        }

        impl ReadHalf<'_> {
            #[inline]
            fn io(&self) -> &$crate::net::evented::Evented<$Source> {
                self.0.io()
            }

            $crate::net::ready::ready_method! {
                /// use leno::io::{AsyncWriteExt, Interest};
                ///
                $(#[$pair])+
                /// let (near, _rest) = stream.split();
                /// far.write_all(b"hello").await?;
                /// assert!(near.ready(Interest::READABLE).await?.is_readable());
            }
            $crate::net::stream::read_methods! {
                $(#[$pair])+
                /// let (near, _rest) = stream.split();
            }
            $crate::net::halves::addresses! {
                $Address,
                $(#[$pair])+
                /// let (near, _rest) = stream.split();
                $(#[$addresses])+
            }
        }

        impl WriteHalf<'_> {
            #[inline]
            fn io(&self) -> &$crate::net::evented::Evented<$Source> {
                self.0.io()
            }

            $crate::net::ready::ready_method! {
                /// use leno::io::Interest;
                ///
                $(#[$pair])+
                /// let (_rest, near) = stream.split();
                /// assert!(near.ready(Interest::WRITABLE).await?.is_writable());
                /// # drop(far);
            }
            $crate::net::stream::write_methods! {
                $(#[$pair])+
                /// let (_rest, near) = stream.split();
            }
            $crate::net::halves::addresses! {
                $Address,
                $(#[$pair])+
                /// let (_rest, near) = stream.split();
                $(#[$addresses])+
            }

            #[inline]
            fn end_writing(&mut self) -> std::io::Result<()> {
                self.io().end_writing()
            }
        }

        $crate::net::stream::async_read!(ReadHalf<'_>);
        $crate::net::stream::async_write!(WriteHalf<'_>);

        impl AsRef<$Stream> for ReadHalf<'_> {
            #[inline]
            fn as_ref(&self) -> &$Stream {
                self.0
            }
        }

        impl AsRef<$Stream> for WriteHalf<'_> {
            #[inline]
            fn as_ref(&self) -> &$Stream {
                self.0
            }
        }
    } };
}

/// `OwnedReadHalf`, `OwnedWriteHalf` and `ReuniteError` of `$Stream`, whose addresses are `$Address`. `$pair` and `$addresses`
/// are as those of [`borrowed_halves`].
macro_rules! owned_halves {
    (
        $Stream:ident, $Address:ty, $Source:ty,
        $(#[$pair:meta])+ pair,
        $(#[$addresses:meta])+ addresses
    ) => { $crate::net::even_docs::even_docs! {
        /// The reading half of a stream; see `into_split` of the stream.
        ///
        /// Dropping it ends nothing. The stream is closed when both halves are gone.
        ///
        /// # Examples
        ///
        /// In a task of its own:
        ///
        /// ```
        /// use leno::io::{AsyncReadExt, AsyncWriteExt};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// let (mut reader, writer) = stream.into_split();
        /// let reading = leno::spawn(async move {
        ///     let mut text = String::new();
        ///     reader.read_to_string(&mut text).await.map(|_| text)
        /// });
        ///
        /// far.write_all(b"hello").await?;
        /// drop(far);
        /// assert_eq!(reading.await??, "hello");
        /// # drop(writer);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[derive(Debug)]
        pub struct OwnedReadHalf {
            stream: std::sync::Arc<$Stream>,
        }

        /// The writing half of a stream; see `into_split` of the stream.
        ///
        /// Dropping it ends this direction, as [`shutdown`](crate::io::AsyncWriteExt::shutdown) does, unless you
        /// [`forget`](Self::forget) it. The stream is closed when both halves are gone.
        ///
        /// # Examples
        ///
        /// The end of a task is the end of what it writes:
        ///
        /// ```
        /// use leno::io::{AsyncReadExt, AsyncWriteExt};
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// let (reader, mut writer) = stream.into_split();
        /// leno::spawn(async move { writer.write_all(b"hello").await });
        ///
        /// let mut text = String::new();
        /// far.read_to_string(&mut text).await?;
        /// assert_eq!(text, "hello");
        /// # drop(reader);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[derive(Debug)]
        pub struct OwnedWriteHalf {
            stream: std::sync::Arc<$Stream>,
            ends_on_drop: bool,
        }

        #[inline]
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

        #[inline]
        fn reunite(read: OwnedReadHalf, write: OwnedWriteHalf) -> Result<$Stream, ReuniteError> {
            if !std::sync::Arc::ptr_eq(&read.stream, &write.stream) {
                return Err(ReuniteError(read, write));
            }
            write.forget();
            let stream = std::sync::Arc::into_inner(read.stream);
            Ok(stream.expect("there are but two halves, and one is forgotten"))
        }

        /// The halves are those of two streams. It contains both.
        ///
        /// # Examples
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$pair])+
        /// let (reader, writer) = stream.into_split();
        /// let (other_reader, other_writer) = far.into_split();
        /// let error = reader.reunite(other_writer).unwrap_err();
        /// let (reader, other_writer) = (error.0, error.1);
        /// assert!(reader.reunite(writer).is_ok());
        /// assert!(other_writer.reunite(other_reader).is_ok());
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[derive(Debug)]
        pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

        impl std::fmt::Display for ReuniteError {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("tried to reunite halves that are not from the same socket")
            }
        }

        impl std::error::Error for ReuniteError {}

        impl OwnedReadHalf {
            #[inline]
            fn io(&self) -> &$crate::net::evented::Evented<$Source> {
                self.stream.io()
            }

            /// Puts the halves together again: the stream, whose write half no longer ends its direction. Costs nothing.
            ///
            /// # Errors
            ///
            /// If they are those of two streams.
            ///
            /// # Examples
            ///
            /// After both directions have been used apart:
            ///
            /// ```
            /// use leno::io::{AsyncReadExt, AsyncWriteExt};
            ///
            /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            $(#[$pair])+
            /// let (mut reader, mut writer) = stream.into_split();
            /// far.write_all(b"ping").await?;
            /// let mut request = [0; 4];
            /// leno::try_join!(reader.read_exact(&mut request), writer.write_all(b"pong"))?;
            /// assert_eq!(&request, b"ping");
            ///
            /// let stream = reader.reunite(writer).unwrap();
            /// assert!(stream.take_error()?.is_none());
            /// # Ok::<(), std::io::Error>(())
            /// # }).unwrap();
            /// ```
            #[inline]
            pub fn reunite(self, other: OwnedWriteHalf) -> Result<$Stream, ReuniteError> {
                reunite(self, other)
            }

            $crate::net::ready::ready_method! {
                /// use leno::io::{AsyncWriteExt, Interest};
                ///
                $(#[$pair])+
                /// let (near, _rest) = stream.into_split();
                /// far.write_all(b"hello").await?;
                /// assert!(near.ready(Interest::READABLE).await?.is_readable());
            }
            $crate::net::stream::read_methods! {
                $(#[$pair])+
                /// let (near, _rest) = stream.into_split();
            }
            $crate::net::halves::addresses! {
                $Address,
                $(#[$pair])+
                /// let (near, _rest) = stream.into_split();
                $(#[$addresses])+
            }
        }

        impl OwnedWriteHalf {
            #[inline]
            fn io(&self) -> &$crate::net::evented::Evented<$Source> {
                self.stream.io()
            }

            /// Puts the halves together again: the stream, whose write half no longer ends its direction. Costs nothing.
            ///
            /// # Errors
            ///
            /// If they are those of two streams.
            ///
            /// # Examples
            ///
            /// A task that writes gives its half back when it is done:
            ///
            /// ```
            /// use leno::io::{AsyncReadExt, AsyncWriteExt};
            ///
            /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            $(#[$pair])+
            /// let (reader, mut writer) = stream.into_split();
            /// let task = leno::spawn(async move {
            ///     writer.write_all(b"hello").await?;
            ///     std::io::Result::Ok(writer)
            /// });
            ///
            /// let mut stream = task.await??.reunite(reader).unwrap();
            /// stream.shutdown().await?;
            /// let mut text = String::new();
            /// far.read_to_string(&mut text).await?;
            /// assert_eq!(text, "hello");
            /// # Ok::<(), std::io::Error>(())
            /// # }).unwrap();
            /// ```
            #[inline]
            pub fn reunite(self, other: OwnedReadHalf) -> Result<$Stream, ReuniteError> {
                reunite(other, self)
            }

            /// Drops the half without ending its direction, which ends with the read half then.
            ///
            /// # Examples
            ///
            /// The peer does not read the end of the stream, as long as the other half is there:
            ///
            /// ```
            /// use std::io::ErrorKind;
            ///
            /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            $(#[$pair])+
            /// let (reader, writer) = stream.into_split();
            /// writer.forget();
            /// let error = far.try_read(&mut [0; 16]).unwrap_err();
            /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
            ///
            /// drop(reader);
            /// far.readable().await?;
            /// assert_eq!(far.try_read(&mut [0; 16])?, 0);
            /// # Ok::<(), std::io::Error>(())
            /// # }).unwrap();
            /// ```
            #[inline]
            pub fn forget(mut self) {
                self.ends_on_drop = false;
            }

            $crate::net::ready::ready_method! {
                /// use leno::io::Interest;
                ///
                $(#[$pair])+
                /// let (_rest, near) = stream.into_split();
                /// assert!(near.ready(Interest::WRITABLE).await?.is_writable());
                /// # drop(far);
            }
            $crate::net::stream::write_methods! {
                $(#[$pair])+
                /// let (_rest, near) = stream.into_split();
            }
            $crate::net::halves::addresses! {
                $Address,
                $(#[$pair])+
                /// let (_rest, near) = stream.into_split();
                $(#[$addresses])+
            }

            #[inline]
            fn end_writing(&mut self) -> std::io::Result<()> {
                self.io().end_writing()?;
                self.ends_on_drop = false;
                Ok(())
            }
        }

        $crate::net::stream::async_read!(OwnedReadHalf);
        $crate::net::stream::async_write!(OwnedWriteHalf);

        impl Drop for OwnedWriteHalf {
            #[inline]
            fn drop(&mut self) {
                // A forked child leaves the stream, which is its parent's too, as it is.
                if self.ends_on_drop && !self.io().is_inherited() {
                    // Nobody is left to tell of an error.
                    let _ = self.end_writing();
                }
            }
        }

        impl AsRef<$Stream> for OwnedReadHalf {
            #[inline]
            fn as_ref(&self) -> &$Stream {
                &self.stream
            }
        }

        impl AsRef<$Stream> for OwnedWriteHalf {
            #[inline]
            fn as_ref(&self) -> &$Stream {
                &self.stream
            }
        }
    } };
}

/// The addresses of a half, whose examples say of `near` what they are.
macro_rules! addresses {
    ($Address:ty, $(#[$example:meta])+) => { $crate::net::even_docs::even_docs! {
        /// The peer's address.
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
        pub fn peer_addr(&self) -> std::io::Result<$Address> {
            AsRef::<_>::as_ref(self).peer_addr()
        }

        /// Our own address.
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
        pub fn local_addr(&self) -> std::io::Result<$Address> {
            AsRef::<_>::as_ref(self).local_addr()
        }
    } };
}

pub(super) use {addresses, borrowed_halves, owned_halves};
