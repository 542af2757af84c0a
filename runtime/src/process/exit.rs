//! Learning that a child has ended.
//!
//! The status comes from `waitpid`, which is asked without waiting; what is waited for is *news*, a reason to ask again.
//! Nothing is missed because whoever waits subscribes to the news first and asks after that.
//!
//! - *A pidfd* is readable when the child has ended. It is opened when the child has been started: later there may be no
//!   descriptor left. It is registered when somebody waits, with the reactor of the runtime that polls, which somebody
//!   turns: that of the runtime that started the child may be there and stand still. Whoever polls on another runtime after
//!   that registers it anew.
//! - *Looking again* after a while is what is left if there is none: an old kernel, one that is told to refuse it, no
//!   descriptors. The [`reaper`](super::reaper) says when. It is also for a child that somebody traces (strace, a debugger),
//!   who is told first: its pidfd is readable when `waitpid` has no status yet, and will not become so once more.
//!
//! `SIGCHLD` is nothing to rely on. It may be blocked, ignored, or somebody else's, and there is one for several children.
//!
//! A child is its parent's: a process that was forked from that can neither wait for it nor know whether its number is
//! still the same process'. There, all that is left to do is to let go of it.

use super::orphans;
#[cfg(target_os = "linux")]
use super::pidfd::Pidfd;
use super::reaper::Looks;
use crate::kernel::budget::poll_budgeted;
use crate::prim::process;
use crate::runtime::current;
#[cfg(target_os = "linux")]
use leno_reactor::is_reactor_gone;
use std::io;
use std::process::{Child, ExitStatus};
use std::task::{Context, Poll, ready};

/// A child that has not ended, as far as we know, and its handle's wishes.
#[derive(Debug)]
pub(super) struct Running {
    /// There until it is dropped.
    watched: Option<Watched>,
    pub(super) kill_on_drop: bool,
}

/// A child, and news of it.
#[derive(Debug)]
pub(super) struct Watched {
    process: Child,
    /// The [number](process::number) of its parent.
    parent: u32,
    reactor: leno_reactor::Handle,
    news: News,
}

#[derive(Debug)]
enum News {
    #[cfg(target_os = "linux")]
    Pidfd(Pidfd),
    Looks(Looks),
}

impl Running {
    pub(super) fn new(process: Child, kill_on_drop: bool, reactor: leno_reactor::Handle) -> Self {
        let watched = Watched {
            news: News::new(&process),
            process,
            parent: process::number(),
            reactor,
        };
        Self {
            watched: Some(watched),
            kill_on_drop,
        }
    }

    fn watched(&mut self) -> &mut Watched {
        self.watched.as_mut().expect("there until it is dropped")
    }

    pub(super) fn id(&self) -> u32 {
        self.watched
            .as_ref()
            .expect("there until it is dropped")
            .id()
    }

    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.watched().kill()
    }

    /// Asks without waiting.
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.watched().try_wait()
    }

    pub(super) fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let watched = self.watched();
        if let Some(reactor) = current::try_reactor() {
            watched.prefer(reactor);
        }
        // A look misses nothing that was before it, and a child that is gone is not worth the thread that says when to.
        if !watched.has_descriptor() {
            if let Some(status) = watched.try_wait()? {
                return Poll::Ready(Ok(status));
            }
        }
        loop {
            let news = poll_budgeted(cx, |cx| watched.poll_news(cx));
            // Asked even if there are none: they may have been withheld for want of budget, but the status is there.
            if let Some(status) = watched.try_wait()? {
                return Poll::Ready(Ok(status));
            }
            ready!(news)?;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(mut watched) = self.watched.take() else {
            return;
        };
        if watched.is_inherited() {
            return;
        }
        if self.kill_on_drop {
            // If it has ended, that is what was wanted.
            let _ = watched.kill();
        }
        orphans::adopt(watched);
    }
}

impl Watched {
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// True in a process that was forked from the child's parent.
    pub(super) fn is_inherited(&self) -> bool {
        self.parent != process::number()
    }

    fn check(&self) -> io::Result<()> {
        if self.is_inherited() {
            return Err(io::Error::other(
                "this child was started before the process forked, and is the parent's: only that can wait for it",
            ));
        }
        Ok(())
    }

    fn kill(&mut self) -> io::Result<()> {
        // Somebody may have waited for it, and its number be another's.
        if !matches!(self.try_wait(), Ok(None)) {
            return self.check();
        }
        #[cfg(target_os = "linux")]
        if matches!(&self.news, News::Pidfd(pidfd) if pidfd.kill()) {
            return Ok(());
        }
        self.process.kill()
    }

    /// Asks without waiting.
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.check()?;
        self.process.try_wait()
    }

    /// Has news come by this reactor from now on.
    pub(super) fn prefer(&mut self, reactor: leno_reactor::Handle) {
        if self.reactor.same_reactor(&reactor) {
            return;
        }
        self.reactor = reactor;
        #[cfg(target_os = "linux")]
        if let News::Pidfd(pidfd) = &mut self.news {
            pidfd.unregister();
        }
    }

    /// False if all that is left is to look again.
    pub(super) fn has_descriptor(&self) -> bool {
        !matches!(self.news, News::Looks(_))
    }

    /// Gives up on reactors.
    fn look_instead(&mut self) {
        self.news = News::Looks(Looks::new());
    }

    /// Gives up the descriptor and the reactor, and leaves it to the caller to ask.
    pub(super) fn into_process(self) -> Child {
        self.process
    }

    /// Ready when it is time to ask, and to poll again after that: it may not have been subscribed to anything yet.
    ///
    /// It is an error if the reactor is gone, or if there is no thread to be had.
    pub(super) fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.news {
            #[cfg(target_os = "linux")]
            News::Pidfd(pidfd) => match ready!(pidfd.poll_ended(cx)) {
                Some(()) => self.look_instead(),
                None => self.register()?,
            },
            News::Looks(looks) => ready!(looks.poll(self.process.id(), cx))?,
        }
        Poll::Ready(Ok(()))
    }

    #[cfg(target_os = "linux")]
    fn register(&mut self) -> io::Result<()> {
        let News::Pidfd(pidfd) = &mut self.news else {
            return Ok(());
        };
        match pidfd.register(&self.reactor) {
            Err(error) if is_reactor_gone(&error) => return Err(error),
            // No memory for it, or too many already.
            Err(_) => self.look_instead(),
            Ok(()) => {}
        }
        Ok(())
    }
}

impl News {
    fn new(process: &Child) -> Self {
        #[cfg(target_os = "linux")]
        if let Ok(pidfd) = Pidfd::open(process) {
            return Self::Pidfd(pidfd);
        }
        let _ = process;
        Self::Looks(Looks::new())
    }
}
