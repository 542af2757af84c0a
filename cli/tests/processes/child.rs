//! What children do.

use leno::runtime::{Builder, Runtime};
use leno::sync::{Mutex, oneshot};
use leno::task;
use std::future::{Future, pending, poll_fn};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::time::Duration;

/// Longer than any child is there.
const LONG: Duration = Duration::from_secs(3600);

pub fn run(role: &str) {
    if role == "knock" {
        return knock();
    }
    let _runtimes = match role {
        "one" => vec![one()],
        "two" => two(),
        "stuck" => vec![stuck(true)],
        "stuck at once" => vec![stuck(false)],
        "names" => vec![names()],
        "waiting" => vec![waiting()],
        "deadlock" => vec![deadlock()],
        "set" => vec![deadlock_in_set()],
        "scopes" => vec![scopes()],
        "busy" => vec![busy()],
        "many" => vec![many()],
        "stale" => {
            drop(UnixListener::bind(own_socket()).unwrap());
            assert!(own_socket().exists());
            vec![one()]
        }
        "file" => {
            std::fs::write(own_socket(), "precious").unwrap();
            vec![one()]
        }
        "gone" => {
            drop(one());
            Vec::new()
        }
        _ => unreachable!("there is no role {role}"),
    };
    println!("ready");
    std::io::stdout().flush().unwrap();
    // Until the parent has seen enough.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    if role.starts_with("stuck") {
        // Its end would wait for what never ends.
        std::process::exit(0);
    }
}

/// Asks at a socket, and prints what it says.
fn knock() {
    let socket = std::env::var_os("SOCKET").unwrap();
    let mut stream = UnixStream::connect(socket).unwrap();
    // It may have hung up.
    let _ = stream.write_all(b"{\"leno\":1,\"verb\":\"ps\"}\n");
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    std::io::stdout().write_all(&answer).unwrap();
}

/// Where the socket of this process will be.
fn own_socket() -> PathBuf {
    let directory = PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR").unwrap()).join("leno");
    directory.join(format!("{}.sock", std::process::id()))
}

fn pool(name: &str) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().name(name);
    builder.build().unwrap()
}

/// Waits until so many tasks sleep.
fn until_asleep(runtime: &Runtime, count: usize) {
    let is_asleep = || {
        let tasks = runtime.handle().tasks();
        let asleep = tasks
            .iter()
            .filter(|task| task.state() == task::TaskState::Asleep);
        asleep.count() == count
    };
    while !is_asleep() {
        runtime.block_on(task::yield_now());
    }
}

fn named(name: &str, runtime: &Runtime) -> leno::task::JoinHandle<()> {
    let builder = task::Builder::new().name(name);
    builder.spawn_on(pending::<()>(), runtime.handle()).unwrap()
}

async fn checkout() {
    pending::<()>().await;
}

/// Two tasks that sleep, one of them with a name.
fn one() -> Runtime {
    let runtime = pool("shop");
    runtime.spawn(checkout());
    named("mailer", &runtime);
    until_asleep(&runtime, 2);
    runtime
}

/// One of each kind.
fn two() -> Vec<Runtime> {
    let local = Builder::new_current_thread().enable_all().build().unwrap();
    named("elsewhere", &local);
    until_asleep(&local, 1);
    vec![local, one()]
}

/// Both workers are in a poll that never ends.
fn stuck(sleeps_first: bool) -> Runtime {
    let runtime = pool("stuck");
    named("sleeper", &runtime);
    until_asleep(&runtime, 1);
    let reached = Arc::new(Barrier::new(3));
    let never = Arc::new(Barrier::new(3));
    for number in 0..2 {
        let (reached, never) = (Arc::clone(&reached), Arc::clone(&never));
        let builder = task::Builder::new().name(if number == 0 { "first" } else { "second" });
        let work = async move {
            if sleeps_first {
                leno::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            reached.wait();
            never.wait();
        };
        builder.spawn_on(work, runtime.handle()).unwrap();
    }
    reached.wait();
    runtime
}

/// Names that could break a table.
fn names() -> Runtime {
    let runtime = pool("line\nbreak \"quoted\"");
    for name in ["two\nlines", "転送", "\u{1b}[31mred\u{202e}", "é"] {
        named(name, &runtime);
    }
    until_asleep(&runtime, 4);
    runtime
}

/// A task that waits for another, which waits for a message.
fn waiting() -> Runtime {
    let runtime = pool("waiting");
    let (sender, receiver) = oneshot::channel::<()>();
    let inner = task::Builder::new().name("inner");
    let inner = inner.spawn_on(receive(receiver), runtime.handle()).unwrap();
    let outer = async move {
        inner.await.unwrap();
        drop(sender);
    };
    let builder = task::Builder::new().name("outer");
    builder.spawn_on(outer, runtime.handle()).unwrap();
    until_asleep(&runtime, 2);
    runtime
}

async fn receive(receiver: oneshot::Receiver<()>) {
    // It never comes.
    let _ = receiver.await;
}

/// Two tasks that wait for each other's lock.
fn deadlock() -> Runtime {
    let runtime = pool("bank");
    let locks = [Arc::new(Mutex::new(())), Arc::new(Mutex::new(()))];
    let both = Arc::new(leno::sync::Barrier::new(2));
    for number in 0..2 {
        let (own, other) = (Arc::clone(&locks[number]), Arc::clone(&locks[1 - number]));
        let both = Arc::clone(&both);
        runtime.spawn(async move {
            let _own = own.lock().await;
            both.wait().await;
            let _other = other.lock().await;
        });
    }
    // They are asleep in the barrier, too.
    let waiting = || locks.iter().all(|lock| lock.try_lock().is_err());
    while !waiting() || runtime.handle().tasks().len() < 2 {
        runtime.block_on(task::yield_now());
    }
    runtime
}

/// The same in a set of tasks that stay on their thread.
fn deadlock_in_set() -> Runtime {
    let runtime = pool("set");
    let handle = runtime.handle().clone();
    std::thread::spawn(move || {
        let set = task::LocalSet::new();
        let locks = [Rc::new(Mutex::new(())), Rc::new(Mutex::new(()))];
        let both = Rc::new(leno::sync::Barrier::new(2));
        for number in 0..2 {
            let (own, other) = (Rc::clone(&locks[number]), Rc::clone(&locks[1 - number]));
            let both = Rc::clone(&both);
            set.spawn_local(async move {
                let _own = own.lock().await;
                both.wait().await;
                let _other = other.lock().await;
            });
        }
        handle.block_on(set);
    });
    until_asleep(&runtime, 2);
    runtime
}

/// A service that has two requests: one in time, and one that is cancelled and cleans up.
fn scopes() -> Runtime {
    let runtime = pool("scopes");
    let service = task::supervise(async |service| {
        service.spawn_and_report(in_time());
        service.spawn_and_report(cut_short());
    });
    let builder = task::Builder::new().name("service");
    builder.spawn_on(service, runtime.handle()).unwrap();
    until_asleep(&runtime, 5);
    runtime
}

async fn in_time() {
    let page = task::group(async |group| {
        drop(group.spawn(async {
            checkout().await;
            Ok::<(), ()>(())
        }));
        Ok(())
    });
    let _ = task::Scope::new().timeout(LONG).run(page).await;
}

async fn cut_short() {
    let scope = task::Scope::new();
    let stop = scope.handle();
    let work = async {
        let mut cleanup = task::shield(LONG, checkout());
        let once = poll_fn(|cx| Poll::Ready(Pin::new(&mut cleanup).poll(cx)));
        assert!(once.await.is_pending());
        stop.cancel("client went away");
        cleanup.await;
    };
    let _ = scope.run(work).await;
}

/// Two tasks that stay among many that come and go.
fn busy() -> Runtime {
    let runtime = one();
    for _ in 0..2 {
        runtime.spawn(async {
            loop {
                let some = (0..50).map(|_| leno::spawn(task::yield_now()));
                for task in some.collect::<Vec<_>>() {
                    task.await.unwrap();
                }
            }
        });
    }
    runtime
}

/// More than a socket's buffer takes.
fn many() -> Runtime {
    let runtime = pool("many");
    for _ in 0..20_000 {
        runtime.spawn(checkout());
    }
    until_asleep(&runtime, 20_000);
    runtime
}
