//! Learning that a child has ended.
//!
//! The status comes from `waitpid`, which is asked without waiting; what is waited for is *news*, a reason to ask again.
//! Nothing is missed because whoever waits subscribes to the news first and asks after that.
//!
//! - *A pidfd* is readable when the child has ended. If it is, and `waitpid` has no status all the same, somebody traces
//!   the child (strace, a debugger) and is told first; it will not become readable once more, so `SIGCHLD` is next.
//! - *`SIGCHLD`* says that some child has changed. It comes also when the tracer lets go.
//!
//! Nothing is subscribed to before somebody waits, so a child whose end nobody awaits, or has come already, costs no
//! descriptor. News come by way of a reactor; when that is gone, by the one of the runtime that waits then.

use super::orphans;
use crate::kernel::budget::poll_budgeted;
use crate::runtime::current;
use crate::signal::unix::{Signal, SignalKind, signal_on};
use leno_reactor::is_reactor_gone;
use std::io;
use std::process::{Child, ExitStatus};
use std::task::{Context, Poll, ready};

/// A child that has not ended, as far as we know.
#[derive(Debug)]
pub(super) struct Running {
    /// There until it is dropped.
    process: Option<Child>,
    pub(super) kill_on_drop: bool,
    reactor: leno_reactor::Handle,
    news: Option<News>,
}

#[derive(Debug)]
enum News {
    #[cfg(target_os = "linux")]
    Pidfd(pidfd::Pidfd),
    Signal(Signal),
}

impl Running {
    pub(super) fn new(process: Child, kill_on_drop: bool, reactor: leno_reactor::Handle) -> Self {
        Self {
            process: Some(process),
            kill_on_drop,
            reactor,
            news: None,
        }
    }

    fn process(&mut self) -> &mut Child {
        self.process.as_mut().expect("there until it is dropped")
    }

    pub(super) fn id(&self) -> u32 {
        self.process
            .as_ref()
            .expect("there until it is dropped")
            .id()
    }

    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.process().kill()
    }

    /// Asks without waiting.
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process().try_wait()
    }

    pub(super) fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        loop {
            let news = match &mut self.news {
                None => Poll::Ready(Some(())),
                Some(news) => poll_budgeted(cx, |cx| news.poll(cx)),
            };
            // Asked even if there are none: they may have been withheld for want of budget, but the status is there.
            if let Some(status) = self.try_wait()? {
                return Poll::Ready(Ok(status));
            }
            match (ready!(news), &self.news) {
                // Some other child's, or several came as one.
                (Some(()), Some(News::Signal(_))) => {}
                #[cfg(target_os = "linux")]
                (Some(()), Some(News::Pidfd(_))) => self.subscribe(News::by_signal)?,
                (Some(()) | None, _) => self.subscribe(News::new)?,
            }
        }
    }

    fn subscribe(
        &mut self,
        subscribe: fn(&Child, &leno_reactor::Handle) -> io::Result<News>,
    ) -> io::Result<()> {
        let process = self.process.as_ref().expect("there until it is dropped");
        let mut news = subscribe(process, &self.reactor);
        let is_gone = matches!(&news, Err(error) if is_reactor_gone(error));
        if let Some(reactor) = current::try_reactor().filter(|_| is_gone) {
            self.reactor = reactor;
            news = subscribe(process, &self.reactor);
        }
        self.news = Some(news?);
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        if self.kill_on_drop {
            // If it has ended, that is what was wanted.
            let _ = process.kill();
        }
        orphans::adopt(process);
    }
}

impl News {
    fn new(process: &Child, reactor: &leno_reactor::Handle) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        match pidfd::Pidfd::new(process, reactor) {
            Ok(pidfd) => return Ok(Self::Pidfd(pidfd)),
            Err(error) if is_reactor_gone(&error) => return Err(error),
            // An old kernel, or one that is told to refuse it.
            Err(_) => {}
        }
        Self::by_signal(process, reactor)
    }

    fn by_signal(_: &Child, reactor: &leno_reactor::Handle) -> io::Result<Self> {
        signal_on(reactor, SignalKind::child()).map(Self::Signal)
    }

    /// Waits for news; `None` if none can come, because the reactor is gone.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Pidfd(pidfd) => pidfd.poll_exited(cx),
            Self::Signal(signal) => signal.poll_recv(cx),
        }
    }
}

#[cfg(target_os = "linux")]
mod pidfd {
    use crate::prim::descriptor::Descriptor;
    use leno_reactor::{Direction, Interest, Io};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    use std::io;
    use std::os::fd::OwnedFd;
    use std::process::Child;
    use std::task::{Context, Poll};

    /// A descriptor that is readable when a child has ended.
    #[derive(Debug)]
    pub(super) struct Pidfd(Io<Descriptor<OwnedFd>>);

    impl Pidfd {
        pub(super) fn new(process: &Child, reactor: &leno_reactor::Handle) -> io::Result<Self> {
            // Nobody else can have the number: the child is there until it has been waited for.
            let descriptor = pidfd_open(Pid::from_child(process), PidfdFlags::empty())?;
            let io = reactor.register(Descriptor(descriptor), Interest::READABLE)?;
            Ok(Self(io))
        }

        pub(super) fn poll_exited(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
            let ready = self.0.poll_ready(cx, Direction::Read);
            ready.map(|event| event.ok().map(drop))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Builder;
    use std::future::poll_fn;
    use std::process::Command;

    /// Children whose ends are learnt by `SIGCHLD`, whether or not there are pidfds.
    #[test]
    fn signals_tell_of_every_child() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let waits: Vec<_> = (0..50)
                .map(|code| {
                    let reactor = current::reactor();
                    let mut command = Command::new("sh");
                    command.args(["-c", &format!("exit {code}")]);
                    let process = command.spawn().unwrap();
                    let mut running = Running::new(process, true, reactor);
                    running.subscribe(News::by_signal).unwrap();
                    crate::spawn(async move {
                        let status = poll_fn(|cx| running.poll_exit(cx)).await.unwrap();
                        assert_eq!(status.code(), Some(code));
                    })
                })
                .collect();
            for wait in waits {
                wait.await.unwrap();
            }
        });
    }

    #[test]
    fn signals_come_by_another_reactor_if_the_first_is_gone() {
        let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
        let mut running = runtime().block_on(async {
            let mut command = Command::new("sleep");
            let process = command.arg("1000").spawn().unwrap();
            let mut running = Running::new(process, true, current::reactor());
            running.subscribe(News::by_signal).unwrap();
            assert!(
                poll_fn(|cx| Poll::Ready(running.poll_exit(cx)))
                    .await
                    .is_pending()
            );
            running
        });
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(matches!(running.poll_exit(&mut cx), Poll::Ready(Err(_))));
        runtime().block_on(async {
            assert!(
                poll_fn(|cx| Poll::Ready(running.poll_exit(cx)))
                    .await
                    .is_pending()
            );
            running.kill().unwrap();
            poll_fn(|cx| running.poll_exit(cx)).await.unwrap();
        });
    }
}
