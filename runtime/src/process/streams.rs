//! The standard streams of a child: pipes.

use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::net::unix::pipe::{Receiver, Sender};
use crate::prim::system::set_nonblocking;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

/// The standard input of a child.
///
/// Writing is [`AsyncWrite`], whose methods come with [`AsyncWriteExt`](crate::io::AsyncWriteExt). Dropping it ends the
/// stream, so that the child reads its end; [`shutdown`](crate::io::AsyncWriteExt::shutdown) does not.
///
/// # Examples
///
/// A filter, whose input ends before its output is read:
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
/// use leno::process::{ChildStdin, ChildStdout, Command};
/// use std::process::Stdio;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut child = Command::new("tr").args(["a-z", "A-Z"])
///     .stdin(Stdio::piped())
///     .stdout(Stdio::piped())
///     .spawn()?;
/// let mut input: ChildStdin = child.stdin.take().unwrap();
/// let mut output: ChildStdout = child.stdout.take().unwrap();
/// input.write_all(b"hello").await?;
/// drop(input);
///
/// let mut text = String::new();
/// output.read_to_string(&mut text).await?;
/// assert_eq!(text, "HELLO");
/// # child.wait().await?;
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
///
/// A program that has ended reads nothing any more:
///
/// ```
/// use leno::io::AsyncWriteExt;
/// use leno::process::Command;
/// use std::io::ErrorKind;
/// use std::process::Stdio;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut child = Command::new("true").stdin(Stdio::piped()).spawn()?;
/// let mut input = child.stdin.take().unwrap();
/// child.wait().await?;
/// let error = input.write_all(b"hello").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct ChildStdin {
    pipe: Sender,
}

/// The standard output of a child.
///
/// Reading is [`AsyncRead`], whose methods come with [`AsyncReadExt`](crate::io::AsyncReadExt). It ends when the child, and
/// whoever has inherited the output from it, has closed it.
///
/// # Examples
///
/// As many lines as are wanted. When the output is dropped, the program's next write fails, by which most end:
///
/// ```
/// use leno::io::{AsyncBufReadExt, BufReader};
/// use leno::process::Command;
/// use std::process::Stdio;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut child = Command::new("yes").stdout(Stdio::piped()).spawn()?;
/// let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
/// for _ in 0..3 {
///     assert_eq!(lines.next_line().await?.as_deref(), Some("y"));
/// }
/// drop(lines);
/// assert!(!child.wait().await?.success());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct ChildStdout {
    pipe: Receiver,
}

/// The standard error output of a child; as [`ChildStdout`].
///
/// # Examples
///
/// Errors are reported as they come:
///
/// ```
/// use leno::io::{AsyncBufReadExt, BufReader};
/// use leno::process::Command;
/// use std::process::Stdio;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut child = Command::new("sh").args(["-c", "echo broken >&2"]).stderr(Stdio::piped()).spawn()?;
/// let mut complaints = BufReader::new(child.stderr.take().unwrap()).lines();
/// assert_eq!(complaints.next_line().await?.as_deref(), Some("broken"));
/// # child.wait().await?;
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct ChildStderr {
    pipe: Receiver,
}

/// What all streams have; `$from` and `$into` are the examples.
macro_rules! streams {
    ($(
        $Stream:ident: $End:ident,
        $(#[$from:meta])+ from,
        $(#[$into:meta])+ into;
    )*) => {$(
        impl $Stream {
            /// Makes a stream of std's; makes it non-blocking.
            ///
            /// # Errors
            ///
            /// If it cannot be registered.
            ///
            /// # Panics
            ///
            /// Outside of a runtime, or if it was built without IO.
            ///
            /// # Examples
            ///
            $(#[$from])+
            #[track_caller]
            pub fn from_std(inner: std::process::$Stream) -> io::Result<Self> {
                let fd = OwnedFd::from(inner);
                set_nonblocking(fd.as_fd(), true)?;
                let pipe = $End::from_owned_fd_unchecked(fd)?;
                Ok(Self { pipe })
            }

            /// Makes a descriptor of it, which blocks.
            ///
            /// # Errors
            ///
            /// If it cannot be deregistered or changed.
            ///
            /// # Examples
            ///
            $(#[$into])+
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                self.pipe.into_blocking_fd()
            }
        }

        /// For another child, whose stream it becomes.
        impl TryFrom<$Stream> for Stdio {
            type Error = io::Error;

            fn try_from(stream: $Stream) -> io::Result<Stdio> {
                stream.into_owned_fd().map(Stdio::from)
            }
        }

        impl AsRawFd for $Stream {
            fn as_raw_fd(&self) -> RawFd {
                self.pipe.as_raw_fd()
            }
        }

        impl AsFd for $Stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.pipe.as_fd()
            }
        }
    )*};
}

streams! {
    ChildStdin: Sender,
    /// ```
    /// use leno::io::AsyncWriteExt;
    /// use leno::process::ChildStdin;
    /// use std::process::{Command, Stdio};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// let mut input = ChildStdin::from_std(child.stdin.take().unwrap())?;
    /// input.write_all(b"hello").await?;
    /// drop(input);
    /// assert_eq!(child.wait_with_output()?.stdout, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    from,
    /// For a thread that writes much, and may block:
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::fs::File;
    /// use std::io::Write;
    /// use std::process::Stdio;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// let mut file = File::from(child.stdin.take().unwrap().into_owned_fd()?);
    /// let writer = std::thread::spawn(move || file.write_all(&[7; 1 << 20]));
    /// assert_eq!(child.wait_with_output().await?.stdout.len(), 1 << 20);
    /// writer.join().unwrap()?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    into;

    ChildStdout: Receiver,
    /// ```
    /// use leno::io::AsyncReadExt;
    /// use leno::process::ChildStdout;
    /// use std::process::{Command, Stdio};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let mut output = ChildStdout::from_std(child.stdout.take().unwrap())?;
    /// let mut text = String::new();
    /// output.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello\n");
    /// # child.wait()?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    from,
    /// A pipeline: what one child writes, another reads. The bytes do not pass through this process:
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::process::Stdio;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut first = Command::new("printf").arg("a\na\nb\n").stdout(Stdio::piped()).spawn()?;
    /// let piped: Stdio = first.stdout.take().unwrap().try_into()?; // by `into_owned_fd`
    /// let output = Command::new("uniq").stdin(piped).output().await?;
    /// assert_eq!(output.stdout, b"a\nb\n");
    /// assert!(first.wait().await?.success());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    into;

    ChildStderr: Receiver,
    /// ```
    /// use leno::io::AsyncReadExt;
    /// use leno::process::ChildStderr;
    /// use std::process::{Command, Stdio};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("sh").args(["-c", "echo no >&2"]).stderr(Stdio::piped()).spawn()?;
    /// let mut errors = ChildStderr::from_std(child.stderr.take().unwrap())?;
    /// let mut text = String::new();
    /// errors.read_to_string(&mut text).await?;
    /// assert_eq!(text, "no\n");
    /// # child.wait()?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    from,
    /// The complaints of one program are the input of another:
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::process::Stdio;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut command = Command::new("sh");
    /// let mut child = command.args(["-c", "echo no; echo yes >&2"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    /// let errors = child.stderr.take().unwrap().into_owned_fd()?;
    /// let output = Command::new("cat").stdin(errors).output().await?;
    /// assert_eq!(output.stdout, b"yes\n");
    /// assert!(child.wait().await?.success());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    into;
}

impl AsyncWrite for ChildStdin {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().pipe).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().pipe).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Nothing is kept back that could be flushed.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: drop the stream to end it.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

macro_rules! async_read {
    ($($Stream:ty),*) => {$(
        impl AsyncRead for $Stream {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.get_mut().pipe).poll_read(cx, buf)
            }
        }
    )*};
}

async_read!(ChildStdout, ChildStderr);
