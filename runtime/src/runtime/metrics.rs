//! What a runtime counts.

use super::handle::Handle;
use super::histogram::DurationHistogram;
use std::time::Duration;

/// A view of a runtime's counters, read at each call.
///
/// They are kept per worker, so a value may lag a little behind what the threads are doing just now.
///
/// # Examples
///
/// A watchdog's view, on any thread, at any time:
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// let metrics = leno::runtime::Handle::current().metrics();
/// let tasks: Vec<_> = (0..3).map(|_| leno::spawn(std::future::pending::<()>())).collect();
/// let looks = std::thread::spawn(move || (metrics.num_workers(), metrics.num_alive_tasks()));
/// assert_eq!(looks.join().unwrap(), (2, 3));
/// # drop(tasks);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct RuntimeMetrics {
    handle: Handle,
}

impl RuntimeMetrics {
    #[inline]
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle }
    }

    #[inline]
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Worker threads, without [spares](Self::spare_workers); 1 for a current-thread runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::runtime::Builder;
    ///
    /// let pool = Builder::new_multi_thread().worker_threads(4).build()?;
    /// assert_eq!(pool.metrics().num_workers(), 4);
    /// assert_eq!(Builder::new_current_thread().build()?.metrics().num_workers(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn num_workers(&self) -> usize {
        self.handle.inner().workers()
    }

    /// Tasks that were spawned and have not finished. (Those of a [`LocalSet`](crate::task::LocalSet) are not the runtime's, and not
    /// counted.)
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let metrics = leno::runtime::Handle::current().metrics();
    /// let tasks: Vec<_> = (0..5).map(|_| leno::spawn(std::future::pending::<()>())).collect();
    /// assert_eq!(metrics.num_alive_tasks(), 5);
    /// for task in tasks {
    ///     task.abort();
    ///     let _ = task.await;
    /// }
    /// assert_eq!(metrics.num_alive_tasks(), 0);
    /// # });
    /// ```
    #[inline]
    pub fn num_alive_tasks(&self) -> usize {
        usize::try_from(self.handle.inner().live_tasks()).unwrap_or(usize::MAX)
    }

    /// Spare workers that are there now, since all workers were stuck; see
    /// [`Builder::spare_workers`](super::Builder::spare_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let metrics = leno::runtime::Handle::current().metrics();
    /// // Nobody blocks, so nobody has to come to the rescue.
    /// assert_eq!(metrics.spare_workers(), 0);
    /// # });
    /// ```
    #[inline]
    pub fn spare_workers(&self) -> usize {
        self.handle.inner().spares().0
    }

    /// How often a spare worker has been started.
    ///
    /// # Examples
    ///
    /// More than a few say that tasks block:
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let runtime = leno::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    /// let (started, has_started) = mpsc::channel();
    /// let (opens, opened) = mpsc::channel();
    /// // It keeps the only worker until another task has run.
    /// let blocks = runtime.spawn(async move {
    ///     started.send(()).unwrap();
    ///     opened.recv().unwrap();
    /// });
    /// has_started.recv().unwrap();
    /// runtime.spawn(async move { opens.send(()).unwrap() });
    /// runtime.block_on(blocks).unwrap();
    /// assert!(runtime.metrics().spare_worker_start_count() >= 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn spare_worker_start_count(&self) -> u64 {
        self.handle.inner().spares().1
    }

    /// For how long a worker was awake, until it last went to sleep or ended: the rest it spent waiting for work.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = leno::runtime::Builder::new_current_thread().enable_time().build()?;
    /// runtime.block_on(async {
    ///     // It takes this for work.
    ///     std::thread::sleep(Duration::from_millis(2));
    ///     leno::time::sleep(Duration::from_millis(1)).await;
    /// });
    /// assert!(runtime.metrics().worker_total_busy_duration(0) >= Duration::from_millis(2));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        Duration::from_nanos(self.handle.inner().busy(worker))
    }

    /// How often a worker went to sleep.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::Builder::new_current_thread().enable_time().build()?;
    /// let metrics = runtime.metrics();
    /// let before = metrics.worker_park_count(0);
    /// runtime.block_on(async { leno::time::sleep(std::time::Duration::from_millis(1)).await });
    /// assert!(metrics.worker_park_count(0) > before);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.handle.inner().sleeps(worker).div_ceil(2)
    }

    /// How often a worker went to sleep, and how often it came back, together: an odd number means that it sleeps.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let metrics = leno::runtime::Handle::current().metrics();
    /// // It cannot be asleep: it runs this.
    /// assert_eq!(metrics.worker_park_unpark_count(0) % 2, 0);
    /// # });
    /// ```
    #[track_caller]
    #[inline]
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        self.handle.inner().sleeps(worker)
    }

    /// How many tasks a worker has taken from others, which had more than they came to.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    ///
    /// # Examples
    ///
    /// Who is alone has nobody to take from:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let metrics = leno::runtime::Handle::current().metrics();
    /// leno::spawn(async {}).await.unwrap();
    /// assert_eq!(metrics.worker_steal_count(0), 0);
    /// # });
    /// ```
    #[track_caller]
    #[inline]
    pub fn worker_steal_count(&self, worker: usize) -> u64 {
        self.handle.inner().steals(worker).1
    }

    /// How often a worker has taken tasks from another: each time up to half of what that has.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    ///
    /// # Examples
    ///
    /// One worker is kept busy, so the other has to take what was queued there:
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let runtime =
    ///     leno::runtime::Builder::new_multi_thread().worker_threads(2).spare_workers(0).build()?;
    /// let metrics = runtime.metrics();
    /// let busy = runtime.spawn(async {
    ///     let (sender, receiver) = mpsc::channel();
    ///     for number in 1..=8 {
    ///         let sender = sender.clone();
    ///         leno::spawn(async move { sender.send(number) });
    ///     }
    ///     (0..8).map(|_| receiver.recv().unwrap()).sum::<u32>()
    /// });
    /// assert_eq!(runtime.block_on(busy).unwrap(), 36);
    /// drop(runtime);
    /// let operations: u64 = (0..2).map(|worker| metrics.worker_steal_operations(worker)).sum();
    /// let tasks: u64 = (0..2).map(|worker| metrics.worker_steal_count(worker)).sum();
    /// assert!(operations >= 1 && tasks >= operations);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn worker_steal_operations(&self, worker: usize) -> u64 {
        self.handle.inner().steals(worker).0
    }

    /// For how long a worker was seen in one poll, or one destructor, for 10 ms and more, while others could have needed it.
    ///
    /// It is looked at from outside, each 10 ms, so this lags behind by as much. A runtime with one thread has nobody to look, nor
    /// has one of one worker without [spares](super::Builder::spare_workers), unless slow polls are
    /// [looked for](crate::diagnostics::Diagnostics::slow_polls): it is 0 then.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    ///
    /// # Examples
    ///
    /// A current-thread runtime has nobody who would see it:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let metrics = leno::runtime::Handle::current().metrics();
    /// assert_eq!(metrics.worker_total_stuck_duration(0), std::time::Duration::ZERO);
    /// # });
    /// ```
    #[track_caller]
    #[inline]
    pub fn worker_total_stuck_duration(&self, worker: usize) -> Duration {
        Duration::from_nanos(self.handle.inner().stuck_time(worker))
    }

    /// How many events the system has told of sources that the runtime waits for: sockets, pipes and the like.
    ///
    /// (The alarm by which a runtime sleeps until a timer is due is one, on Linux.)
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt};
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let (client, server) = leno::join!(TcpStream::connect(listener.local_addr()?), listener.accept());
    /// let (mut client, (mut server, _)) = (client?, server?);
    /// let answer = leno::spawn(async move { server.read_u8().await });
    /// leno::task::yield_now().await;
    /// client.write_all(b"x").await?;
    /// answer.await.unwrap()?;
    /// assert!(leno::runtime::Handle::current().metrics().io_driver_ready_count() > 0);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn io_driver_ready_count(&self) -> u64 {
        self.handle.inner().io_events()
    }

    /// How many timers have gone off.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let metrics = leno::runtime::Handle::current().metrics();
    /// for _ in 0..3 {
    ///     leno::time::sleep(std::time::Duration::from_secs(1)).await;
    /// }
    /// assert_eq!(metrics.timers_fired_count(), 3);
    /// # });
    /// ```
    #[inline]
    pub fn timers_fired_count(&self) -> u64 {
        self.handle.inner().timers_fired()
    }

    /// How long polls took, as far as the runtime has been [recorded](crate::trace).
    ///
    /// While polls are so short that the clock is read for one of eight, they are counted as if the eight had taken the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::diagnostics::Diagnostics;
    ///
    /// let runtime = leno::runtime::Builder::new_current_thread()
    ///     .diagnostics(Diagnostics::default().recorder(true))
    ///     .build()?;
    /// runtime.block_on(async {
    ///     for _ in 0..100 {
    ///         leno::spawn(async {}).await.unwrap();
    ///     }
    /// });
    /// let polls = runtime.metrics().poll_time_histogram();
    /// assert!(polls.count() >= 64, "{polls:?}");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn poll_time_histogram(&self) -> DurationHistogram {
        let observation = self.handle.inner().observation();
        DurationHistogram::new(observation.histograms().0)
    }

    /// How long tasks that were woken waited until they were polled, as far as the runtime has been
    /// [recorded](crate::trace). It is a sample: at most one of 64 wakes.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::diagnostics::Diagnostics;
    ///
    /// let runtime = leno::runtime::Builder::new_current_thread()
    ///     .diagnostics(Diagnostics::default().recorder(true))
    ///     .build()?;
    /// let task = runtime.spawn(async {
    ///     for _ in 0..1000 {
    ///         leno::task::yield_now().await;
    ///     }
    /// });
    /// runtime.block_on(task).unwrap();
    /// let delays = runtime.metrics().schedule_delay_histogram();
    /// assert!(delays.count() >= 1, "{delays:?}");
    /// assert!(delays.sum() > std::time::Duration::ZERO);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn schedule_delay_histogram(&self) -> DurationHistogram {
        let observation = self.handle.inner().observation();
        DurationHistogram::new(observation.histograms().1)
    }

    /// Tasks that wait in the queue for what comes from other threads.
    ///
    /// # Examples
    ///
    /// What other threads have sent, and nobody has come to:
    ///
    /// ```
    /// let runtime = leno::runtime::Builder::new_current_thread().build()?;
    /// for _ in 0..3 {
    ///     runtime.spawn(async {});
    /// }
    /// assert_eq!(runtime.metrics().global_queue_depth(), 3);
    /// runtime.block_on(leno::task::yield_now());
    /// assert_eq!(runtime.metrics().global_queue_depth(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn global_queue_depth(&self) -> usize {
        self.handle.inner().injected()
    }
}
