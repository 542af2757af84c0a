//! A program that has been started.

use super::exit::Running;
use super::{ChildStderr, ChildStdin, ChildStdout};
use crate::io::{AsyncRead, AsyncReadExt};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use std::future::poll_fn;
use std::io;
use std::process::{ExitStatus, Output};
use std::task::{Context, Poll, ready};

/// A program that has been started, by [`Command::spawn`](super::Command::spawn).
///
/// Dropping it neither stops the program nor waits for it, unless
/// [`kill_on_drop`](super::Command::kill_on_drop) says to stop it. See [the module](super). It has a descriptor for as long
/// as it is there and its end is not known, on Linux, and one for each stream.
///
/// # Example
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
/// use leno::process::Command;
/// use std::process::Stdio;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
/// let mut input = child.stdin.take().unwrap();
/// let mut output = child.stdout.take().unwrap();
///
/// input.write_all(b"hello").await?;
/// drop(input);
/// let mut text = String::new();
/// output.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// assert!(child.wait().await?.success());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Child {
    state: State,

    /// The child's standard input, if it was to be [piped](std::process::Stdio::piped).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    /// use leno::process::Command;
    /// use std::process::Stdio;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("sort").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// child.stdin.as_mut().unwrap().write_all(b"b\na\n").await?;
    /// // What is still there when the child is waited for is closed then.
    /// assert_eq!(child.wait_with_output().await?.stdout, b"a\nb\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub stdin: Option<ChildStdin>,

    /// The child's standard output, if it was to be [piped](std::process::Stdio::piped).
    ///
    /// # Examples
    ///
    /// Line by line, while the program runs:
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, BufReader};
    /// use leno::process::Command;
    /// use std::process::Stdio;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("printf").arg("one\ntwo\n").stdout(Stdio::piped()).spawn()?;
    /// let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    /// let mut count = 0;
    /// while let Some(line) = lines.next_line().await? {
    ///     assert_eq!(line.len(), 3);
    ///     count += 1;
    /// }
    /// assert_eq!(count, 2);
    /// assert!(child.wait().await?.success());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub stdout: Option<ChildStdout>,

    /// The child's standard error output, if it was to be [piped](std::process::Stdio::piped).
    ///
    /// # Examples
    ///
    /// Both outputs, each by itself. To read one to its end and then the other may wait for ever, as the other's pipe gets full:
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    /// use leno::process::Command;
    /// use std::process::Stdio;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo out; echo err >&2"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    /// let mut child = command.spawn()?;
    /// let (mut out, mut err) = (String::new(), String::new());
    /// leno::try_join!(
    ///     child.stdout.as_mut().unwrap().read_to_string(&mut out),
    ///     child.stderr.as_mut().unwrap().read_to_string(&mut err),
    /// )?;
    /// assert_eq!((&*out, &*err), ("out\n", "err\n"));
    /// assert!(child.wait().await?.success());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub stderr: Option<ChildStderr>,
}

#[derive(Debug)]
enum State {
    Running(Running),
    Exited(ExitStatus),
}

impl Child {
    /// A child that was just started. If its streams cannot be registered it is killed, as nobody would have it.
    #[track_caller]
    pub(super) fn new(
        mut process: std::process::Child,
        kill_on_drop: bool,
        reactor: leno_reactor::Handle,
    ) -> io::Result<Self> {
        let stdin = process.stdin.take();
        let stdout = process.stdout.take();
        let stderr = process.stderr.take();
        let mut running = Running::new(process, true, reactor);
        let stdin = stdin.map(ChildStdin::from_std).transpose()?;
        let stdout = stdout.map(ChildStdout::from_std).transpose()?;
        let stderr = stderr.map(ChildStderr::from_std).transpose()?;
        running.kill_on_drop = kill_on_drop;
        Ok(Self {
            state: State::Running(running),
            stdin,
            stdout,
            stderr,
        })
    }

    /// The number of the process; `None` once its end has been learnt, as the system may give it to another then.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("true").spawn()?;
    /// assert!(child.id().is_some());
    /// child.wait().await?;
    /// assert_eq!(child.id(), None); // the number may be another's by now
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn id(&self) -> Option<u32> {
        match &self.state {
            State::Running(running) => Some(running.id()),
            State::Exited(_) => None,
        }
    }

    /// Tells the child to end at once, without waiting until it has; on Unix by `SIGKILL`.
    ///
    /// It is no error if it has ended already.
    ///
    /// # Errors
    ///
    /// Those of the system, if it has other rights than we do. Also in a process that was forked from the child's parent.
    ///
    /// # Examples
    ///
    /// Several are told first and waited for then:
    ///
    /// ```
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut children = Vec::new();
    /// for _ in 0..3 {
    ///     children.push(Command::new("sleep").arg("1000").spawn()?);
    /// }
    /// for child in &mut children {
    ///     child.start_kill()?;
    /// }
    /// for mut child in children {
    ///     assert!(!child.wait().await?.success());
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn start_kill(&mut self) -> io::Result<()> {
        match &mut self.state {
            State::Running(running) => {
                running.kill()?;
                // Once is enough.
                running.kill_on_drop = false;
                Ok(())
            }
            State::Exited(_) => Ok(()),
        }
    }

    /// Tells the child to end at once, and waits until it has: [`start_kill`](Self::start_kill), then
    /// [`wait`](Self::wait).
    ///
    /// # Errors
    ///
    /// Those of both.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation: the child is killed by the first poll, and can still be waited for.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::os::unix::process::ExitStatusExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("sleep").arg("1000").spawn()?;
    /// child.kill().await?;
    /// assert_eq!(child.wait().await?.signal(), Some(9)); // SIGKILL
    /// child.kill().await?; // nothing to be done, and no error
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub async fn kill(&mut self) -> io::Result<()> {
        self.start_kill()?;
        self.wait().await?;
        Ok(())
    }

    /// Waits for the end of the child, and tells how it ended.
    ///
    /// Closes its standard input first, which it might be waiting for. Take [`stdin`](Self::stdin) out if
    /// that is not wanted. Can be called again, and returns the same.
    ///
    /// A child whose output is piped and not read may never end: see [`wait_with_output`](Self::wait_with_output).
    ///
    /// # Errors
    ///
    /// Those of the system; the status is lost if the process ignores `SIGCHLD`. Also if the runtime that polls this has shut
    /// down, or, where there is none with IO, the one that the child was last awaited or started on; if there are neither descriptors nor threads left to wait by; and in a
    /// process that was forked from the child's parent. The child is still there then, unless its status is lost.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing. The standard input is closed by the first poll.
    ///
    /// # Examples
    ///
    /// With a limit, after which it is asked to end, and only then killed. The timeout loses nothing:
    ///
    /// ```
    /// use leno::process::Command;
    /// use leno::time::{Duration, timeout};
    /// use std::os::unix::process::ExitStatusExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("sleep").arg("1000").spawn()?;
    /// let status = match timeout(Duration::from_millis(5), child.wait()).await {
    ///     Ok(status) => status?,
    ///     Err(_elapsed) => {
    ///         let terminate = format!("kill -TERM {}", child.id().unwrap());
    ///         Command::new("sh").args(["-c", &terminate]).status().await?;
    ///         match timeout(Duration::from_secs(10), child.wait()).await {
    ///             Ok(status) => status?,
    ///             Err(_elapsed) => child.kill().await.and(child.wait().await)?,
    ///         }
    ///     }
    /// };
    /// assert_eq!(status.signal(), Some(15)); // SIGTERM was enough
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn wait(&mut self) -> impl CancelSafe<Output = io::Result<ExitStatus>> {
        assert_cancel_safe(async move {
            drop(self.stdin.take());
            poll_fn(|cx| self.poll_exit(cx)).await
        })
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let status = match &mut self.state {
            State::Running(running) => ready!(running.poll_exit(cx))?,
            State::Exited(status) => *status,
        };
        self.state = State::Exited(status);
        Poll::Ready(Ok(status))
    }

    /// Tells how the child has ended, or `None` if it has not.
    ///
    /// Does not close the standard input.
    ///
    /// # Errors
    ///
    /// Those of the system; see [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::process::Command;
    /// use std::process::Stdio;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).spawn()?;
    /// assert_eq!(child.try_wait()?, None); // it reads what we do not write
    ///
    /// drop(child.stdin.take());
    /// let status = child.wait().await?;
    /// assert_eq!(child.try_wait()?, Some(status));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = match &mut self.state {
            State::Running(running) => running.try_wait()?,
            State::Exited(status) => Some(*status),
        };
        if let Some(status) = status {
            self.state = State::Exited(status);
        }
        Ok(status)
    }

    /// Waits for the end of the child, and for the end of its output, which it collects meanwhile.
    ///
    /// Closes its standard input first. Streams that are not [piped](std::process::Stdio::piped), or have been taken out,
    /// give no output.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait) and of reading.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: the output, and the child.
    ///
    /// # Examples
    ///
    /// What is written to the child meanwhile is written by another task, or the two would wait for each other:
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    /// use leno::process::Command;
    /// use std::process::Stdio;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// let mut input = child.stdin.take().unwrap();
    /// let writing = leno::spawn(async move { input.write_all(&[7; 1 << 20]).await });
    /// let output = child.wait_with_output().await?;
    /// writing.await??;
    /// assert_eq!(output.stdout.len(), 1 << 20);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub async fn wait_with_output(mut self) -> io::Result<Output> {
        let mut stdout = self.stdout.take();
        let mut stderr = self.stderr.take();
        // The pipes stay open until the end: a child that writes once more must not be killed for that.
        let (status, stdout, stderr) = crate::__join!(tried as Rotating () []
            self.wait(),
            read_to_end(&mut stdout),
            read_to_end(&mut stderr),
        )?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }
}

async fn read_to_end(stream: &mut Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut output = Vec::new();
    if let Some(stream) = stream {
        stream.read_to_end(&mut output).await?;
    }
    Ok(output)
}
