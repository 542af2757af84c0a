//! Addresses, and finding them.

use crate::io::blocking;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::runtime::current::Need;
use crate::runtime::required::required;
use crate::task::JoinHandle;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

/// What can be turned into socket addresses, perhaps by looking up a name.
///
/// - A [`SocketAddr`], [`SocketAddrV4`] or [`SocketAddrV6`], a pair of an [`IpAddr`], [`Ipv4Addr`] or [`Ipv6Addr`] and
///   a port, and a slice of [`SocketAddr`]s are addresses already.
/// - A string is `"<host>:<port>"`; a pair of a string and a port is a host and its port. If the host is an IP address
///   there is nothing to look up. Otherwise the system's resolver is asked, on a
///   [blocking thread](crate::task::spawn_blocking).
///
/// It is implemented for these types and references to them, and cannot be implemented for others.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use leno::net::{TcpListener, TcpStream};
/// use std::net::{Ipv4Addr, SocketAddr};
///
/// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?; // an address and a port
/// let port = listener.local_addr()?.port();
///
/// let by_text = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
/// let by_name = TcpStream::connect(("localhost", port)).await?;
/// let candidates = [SocketAddr::from(([127, 0, 0, 1], 1)), SocketAddr::from(([127, 0, 0, 1], port))];
/// let by_trying = TcpStream::connect(&candidates[..]).await?; // nobody listens at the first
/// for stream in [by_text, by_name, by_trying] {
///     assert_eq!(stream.peer_addr()?.port(), port);
/// }
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub trait ToSocketAddrs: sealed::Resolve {}

/// Looks up a name.
///
/// The iterator may be empty. What is an address already is returned without any lookup.
///
/// # Errors
///
/// Those of the system's resolver, and that there is no [blocking thread](crate::task::spawn_blocking) to ask it on.
///
/// # Panics
///
/// Outside of a runtime, if there is a name to look up.
///
/// # Cancel safety
///
/// Dropping the future loses nothing; a lookup that has been started goes on unheard.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let addresses = leno::net::lookup_host("localhost:80").await?;
/// for address in addresses {
///     assert!(address.ip().is_loopback());
///     assert_eq!(address.port(), 80);
/// }
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
///
/// The resolver may take many seconds, which its thread waits for; the caller need not:
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use leno::net::lookup_host;
/// use leno::time::{Duration, timeout};
///
/// let mut addresses = timeout(Duration::from_secs(5), lookup_host(("127.0.0.1", 443))).await??;
/// assert_eq!(addresses.next(), Some("127.0.0.1:443".parse().unwrap()));
/// assert_eq!(addresses.next(), None);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn lookup_host<T>(
    host: T,
) -> impl CancelSafe<Output = io::Result<impl Iterator<Item = SocketAddr>>>
where
    T: ToSocketAddrs,
{
    assert_cancel_safe(required(need_of(&host), async move { resolve(host).await }))
}

/// What finding the addresses of `target` cannot do without: a blocking thread, if there is a name to look up.
pub(super) fn need_of(target: &impl ToSocketAddrs) -> Need {
    if target.is_address(sealed::Internal) {
        Need::Nothing
    } else {
        Need::Runtime
    }
}

/// The addresses of `target`.
pub(super) fn resolve(target: impl ToSocketAddrs) -> sealed::Resolving {
    target.resolve(sealed::Internal)
}

/// Calls `f` with one address of `target` after the other until it succeeds, or returns the last error.
pub(super) async fn first<R>(
    target: impl ToSocketAddrs,
    f: impl FnMut(SocketAddr) -> io::Result<R>,
) -> io::Result<R> {
    let mut last = no_address();
    for result in resolve(target).await?.map(f) {
        match result {
            Ok(result) => return Ok(result),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// There is nothing to bind or connect to.
#[inline]
pub(super) fn no_address() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "could not resolve to any address",
    )
}

mod sealed {
    use super::*;

    /// Names nobody outside can call.
    #[derive(Debug)]
    pub struct Internal;

    pub trait Resolve {
        #[doc(hidden)]
        fn resolve(&self, internal: Internal) -> Resolving;

        /// True if there is nothing to look up.
        #[doc(hidden)]
        #[inline]
        fn is_address(&self, _: Internal) -> bool {
            true
        }
    }

    /// The future of the addresses.
    #[derive(Debug)]
    pub enum Resolving {
        /// Or why nobody could be asked.
        Known(io::Result<Addresses>),
        Asked(JoinHandle<io::Result<vec::IntoIter<SocketAddr>>>),
    }

    impl Resolving {
        pub(super) fn one(address: impl Into<SocketAddr>) -> Self {
            Resolving::Known(Ok(Addresses::One(Some(address.into()))))
        }
    }

    impl Future for Resolving {
        type Output = io::Result<Addresses>;

        #[inline]
        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
            Poll::Ready(match &mut *self {
                Resolving::Known(addresses) => {
                    std::mem::replace(addresses, Ok(Addresses::One(None)))
                }
                Resolving::Asked(task) => match ready!(Pin::new(task).poll(cx)) {
                    Ok(answer) => answer.map(Addresses::Many),
                    Err(error) => Err(io::Error::other(error)),
                },
            })
        }
    }

    /// One address for which nothing need be allocated, or the resolver's.
    #[derive(Debug)]
    pub enum Addresses {
        One(Option<SocketAddr>),
        Many(vec::IntoIter<SocketAddr>),
    }

    impl Iterator for Addresses {
        type Item = SocketAddr;

        #[inline]
        fn next(&mut self) -> Option<SocketAddr> {
            match self {
                Addresses::One(address) => address.take(),
                Addresses::Many(addresses) => addresses.next(),
            }
        }

        #[inline]
        fn size_hint(&self) -> (usize, Option<usize>) {
            match self {
                Addresses::One(address) => {
                    let length = usize::from(address.is_some());
                    (length, Some(length))
                }
                Addresses::Many(addresses) => addresses.size_hint(),
            }
        }
    }
}

use sealed::{Addresses, Internal, Resolve, Resolving};

/// Asks the system's resolver.
fn ask<T>(target: T) -> Resolving
where
    T: std::net::ToSocketAddrs<Iter = vec::IntoIter<SocketAddr>> + Send + 'static,
{
    match blocking::start(move || target.to_socket_addrs()) {
        Ok(task) => Resolving::Asked(task),
        Err(error) => Resolving::Known(Err(error)),
    }
}

macro_rules! resolve {
    ($($Target:ty: |$target:ident| $resolving:expr $(, if $is_address:expr)?;)*) => {$(
        impl ToSocketAddrs for $Target {}

        impl Resolve for $Target {
            #[inline]
            fn resolve(&self, _: Internal) -> Resolving {
                let $target = self;
                $resolving
            }

            $(fn is_address(&self, _: Internal) -> bool {
                let $target = self;
                $is_address
            })?
        }
    )*};
}

resolve! {
    SocketAddr: |address| Resolving::one(*address);
    SocketAddrV4: |address| Resolving::one(*address);
    SocketAddrV6: |address| Resolving::one(*address);
    (IpAddr, u16): |pair| Resolving::one(*pair);
    (Ipv4Addr, u16): |pair| Resolving::one(*pair);
    (Ipv6Addr, u16): |pair| Resolving::one(*pair);
    &[SocketAddr]: |addresses| Resolving::Known(Ok(Addresses::Many(Vec::from(*addresses).into_iter())));
    str: |text| match text.parse::<SocketAddr>() {
        Ok(address) => Resolving::one(address),
        Err(_) => ask(text.to_owned()),
    }, if text.parse::<SocketAddr>().is_ok();
    String: |text| text.as_str().resolve(Internal), if text.as_str().is_address(Internal);
    (&str, u16): |pair| match pair.0.parse::<IpAddr>() {
        Ok(address) => Resolving::one((address, pair.1)),
        Err(_) => ask((pair.0.to_owned(), pair.1)),
    }, if pair.0.parse::<IpAddr>().is_ok();
    (String, u16): |pair| (pair.0.as_str(), pair.1).resolve(Internal),
        if pair.0.parse::<IpAddr>().is_ok();
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}

impl<T: Resolve + ?Sized> Resolve for &T {
    fn resolve(&self, internal: Internal) -> Resolving {
        (**self).resolve(internal)
    }

    fn is_address(&self, internal: Internal) -> bool {
        (**self).is_address(internal)
    }
}
