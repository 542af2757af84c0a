//! Names that are not in the file system, which Linux has.

use super::SocketAddr;
use std::io;
#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net;

/// The address of an abstract name.
#[inline]
pub(super) fn address(name: &[u8]) -> io::Result<net::SocketAddr> {
    net::SocketAddr::from_abstract_name(name)
}

impl SocketAddr {
    /// The abstract name, without the zero byte in front, if it is one.
    ///
    /// # Examples
    ///
    /// Such a name is gone with its socket. Any process of the network namespace can connect to it, as there are no permissions:
    ///
    /// ```
    /// use leno::net::UnixListener;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let name = format!("example-{}", std::process::id());
    /// let listener = UnixListener::bind(format!("\0{name}"))?;
    /// assert_eq!(listener.local_addr()?.as_abstract_name(), Some(name.as_bytes()));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        self.0.as_abstract_name()
    }
}
