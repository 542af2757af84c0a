//! Values that tokio lets go without a word. A program that denies warnings, as this one does, has to compile on leno as
//! well. (What tokio does warn about is bound to a name, so that this compiles on both.)

#![deny(warnings)]

use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{
    Barrier, Mutex, MutexGuard, Notify, OnceCell, OwnedMutexGuard, OwnedRwLockReadGuard,
    OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore, SetOnce,
    broadcast, mpsc, oneshot, watch,
};
use tokio::task::{self, AbortHandle, JoinHandle, JoinSet, LocalEnterGuard, LocalSet};
use tokio::time::{self, Duration, Instant, Interval};

// A function that returns such a value, or a call whose result is not looked at, is where the lint would strike.

fn receiver() -> oneshot::Receiver<()> {
    oneshot::channel().1
}

async fn owned(lock: &Arc<Mutex<[u8; 2]>>) -> OwnedMutexGuard<[u8; 2]> {
    Arc::clone(lock).lock_owned().await
}

async fn owned_read(lock: &Arc<RwLock<[u8; 2]>>) -> OwnedRwLockReadGuard<[u8; 2]> {
    Arc::clone(lock).read_owned().await
}

async fn owned_write(lock: &Arc<RwLock<[u8; 2]>>) -> OwnedRwLockWriteGuard<[u8; 2]> {
    Arc::clone(lock).write_owned().await
}

fn entered(set: &LocalSet) -> LocalEnterGuard {
    set.enter()
}

fn spawned() -> JoinHandle<()> {
    tokio::spawn(async {})
}

fn aborter(set: &mut JoinSet<()>) -> AbortHandle {
    set.spawn(async {})
}

fn ticks() -> Interval {
    time::interval(Duration::from_secs(60))
}

#[tokio::test]
async fn guards() {
    let lock = Arc::new(Mutex::new([0_u8; 2]));
    owned(&lock).await;
    Arc::clone(&lock).lock_owned().await;

    let lock = Arc::new(RwLock::new([0_u8; 2]));
    owned_read(&lock).await;
    owned_write(&lock).await;
    Arc::clone(&lock).read_owned().await;
    Arc::clone(&lock).write_owned().await;
    OwnedRwLockReadGuard::map(owned_read(&lock).await, |both| &both[0]);
    OwnedRwLockWriteGuard::map(owned_write(&lock).await, |both| &mut both[0]);
    OwnedRwLockWriteGuard::downgrade(owned_write(&lock).await);
    OwnedRwLockWriteGuard::downgrade_map(owned_write(&lock).await, |both| &both[0]);
    RwLockWriteGuard::map(lock.write().await, |both| &mut both[0]);

    let set = LocalSet::new();
    entered(&set);
    set.enter();
}

#[tokio::test]
async fn channels_and_what_is_waited_for() {
    receiver();
    oneshot::channel::<()>();
    mpsc::channel::<()>(1);
    mpsc::unbounded_channel::<()>();
    watch::channel(());
    broadcast::channel::<()>(1);
    let sender = broadcast::Sender::<()>::new(1);
    sender.subscribe();
    let (sender, receiver) = watch::channel(0);
    sender.subscribe();
    sender.borrow();
    sender.send_replace(1);
    sender.send_if_modified(|_| false);
    receiver.borrow();
    Barrier::new(1).wait().await;
    Notify::new().notify_one();
    OnceCell::<u8>::new().get();
    SetOnce::<u8>::new().get();
    Semaphore::new(1).available_permits();
    Semaphore::new(1).forget_permits(1);
    let (sender, mut receiver) = mpsc::channel::<u8>(1);
    sender.clone().try_reserve_owned().ok();
    sender.same_channel(&sender);
    receiver.is_closed();
    receiver.close();
}

#[tokio::test]
async fn tasks() {
    spawned();
    tokio::spawn(async {});
    task::spawn_blocking(|| {});
    task::try_id();
    let mut set = JoinSet::new();
    aborter(&mut set);
    set.spawn(async {});
    set.spawn_blocking(|| {});
    set.try_join_next();
    set.detach_all();
    let local = LocalSet::new();
    local.spawn_local(async {});
    local
        .run_until(async {
            task::spawn_local(async {});
        })
        .await;
    Handle::current();
    Handle::current().metrics();
    Handle::current().spawn(async {});
    Handle::current().spawn_blocking(|| {});
    Handle::current().runtime_flavor();
}

#[tokio::test]
async fn clocks() {
    ticks();
    Instant::now();
    Instant::now().elapsed();
    let mut interval = ticks();
    interval.tick().await;
    interval.missed_tick_behavior();
    interval.period();
    time::interval_at(Instant::now(), Duration::from_secs(1));
}

#[tokio::test]
async fn sockets_and_streams() -> tokio::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    TcpStream::connect(address).await?;
    listener.accept().await?;
    TcpListener::bind("127.0.0.1:0").await?;
    TcpSocket::new_v4()?;
    let stream = TcpStream::connect(address).await?;
    stream.ready(Interest::WRITABLE).await?;
    stream.into_split();
    let mut stream = TcpStream::connect(address).await?;
    stream.split();
    stream.write(b"-").await?;
    tokio::io::split(stream);
    let (stream, _) = listener.accept().await?;
    stream.try_read(&mut [0; 8]).ok();
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.send_to(b"-", socket.local_addr()?).await?;
    socket.recv(&mut [0]).await?;

    tokio::io::duplex(1);
    tokio::io::simplex(1);
    tokio::io::empty();
    tokio::io::sink();
    tokio::io::stdout();
    let mut bytes: &[u8] = b"one\ntwo\nthree";
    bytes.read_u8().await?;
    bytes.read_line(&mut String::new()).await?;
    bytes.read(&mut [0]).await?;
    bytes.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

#[test]
fn runtimes() {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().thread_name("a name");
    builder.build().unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.handle();
    runtime.metrics();
    runtime.spawn(async {});
    runtime.block_on(async { 1 });
    // Bound, for tokio says that these do nothing unless they are used; dropped, as that is what is allowed.
    let guard = runtime.enter();
    drop(guard);
    let lock = Mutex::new(());
    let guard: MutexGuard<'_, ()> = lock.blocking_lock();
    drop(guard);
    let lock = RwLock::new(());
    let guard: RwLockReadGuard<'_, ()> = lock.blocking_read();
    drop(guard);
    runtime.shutdown_background();
}

#[cfg(unix)]
#[tokio::test]
async fn what_unix_has() -> tokio::io::Result<()> {
    use tokio::net::{UnixDatagram, UnixStream, unix::pipe};
    use tokio::process::Command;

    UnixStream::pair()?;
    UnixDatagram::pair()?;
    pipe::pipe()?;
    let mut command = Command::new("true");
    command.arg("x").kill_on_drop(true);
    command.status().await?;
    command.spawn()?.wait().await?;
    tokio::fs::metadata("/").await?;
    tokio::fs::File::open("/dev/null").await?;
    tokio::fs::read("/dev/null").await?;
    Ok(())
}
