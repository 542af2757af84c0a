//! Processes of their own: servers under load, the processors a thread may use, and children that do not outlive their
//! parents.
//!
//! A child is this program started anew, with a hidden subcommand (`cli`). Its standard input is a pipe whose other end
//! its parent holds and never writes to, so that the end of the input is the end of the parent, however that came.

use crate::workload::Runtime;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

/// The subcommand that takes one sample.
pub(crate) const SAMPLE: &str = "__sample";

/// The subcommand that serves.
pub(crate) const SERVE: &str = "__serve";

/// The processors that this process might use when this was first called, as the system numbers them.
///
/// `versus` calls it before anything is pinned. Empty where the system does not say.
pub fn processors() -> &'static [usize] {
    static PROCESSORS: OnceLock<Vec<usize>> = OnceLock::new();
    PROCESSORS.get_or_init(allowed)
}

/// Pins the calling thread, and the threads that it starts from now on, to the processor `nth` of [`processors`],
/// counted from 0.
///
/// Fails where there are fewer processors, and on systems that cannot pin.
pub fn pin(nth: usize) -> io::Result<()> {
    let processor = processors().get(nth).ok_or_else(|| {
        let message = format!("there is no processor {nth} to pin to, counted from 0");
        io::Error::new(io::ErrorKind::InvalidInput, message)
    })?;
    allow(&[*processor])
}

/// Confines the calling thread, those that it starts, and the servers of this process to the first processor.
///
/// To be called before [`processors`], which then knows of no other.
pub(crate) fn confine_to_one() -> io::Result<()> {
    let first = allowed().first().copied();
    allow(first.as_slice())
}

#[cfg(target_os = "linux")]
fn allowed() -> Vec<usize> {
    let set = rustix::thread::sched_getaffinity(None);
    set.map(|set| {
        let numbers = 0..rustix::thread::CpuSet::MAX_CPU;
        numbers.filter(|number| set.is_set(*number)).collect()
    })
    .unwrap_or_default()
}

#[cfg(target_os = "linux")]
fn allow(processors: &[usize]) -> io::Result<()> {
    let mut set = rustix::thread::CpuSet::new();
    for processor in processors {
        set.set(*processor);
    }
    Ok(rustix::thread::sched_setaffinity(None, &set)?)
}

#[cfg(not(target_os = "linux"))]
fn allowed() -> Vec<usize> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
fn allow(_processors: &[usize]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A server in a process of its own; dropping it kills the process.
#[derive(Debug)]
pub struct RunningServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process.
    pub pid: u32,
    child: Child,
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // It may be gone already, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts `peer`'s server called `server`, and waits until it listens.
///
/// `pinned_cpu` counts as [`pin`] does; without it the server may use all of [`processors`], wherever the calling thread
/// is pinned. For programs whose `main` is `cli::main`.
///
/// # Panics
///
/// If it does not start, or there is no such processor. In a sample, that makes the sample a failed one, as it should.
pub fn start_server(
    peer: &str,
    server: &str,
    workers: usize,
    pinned_cpu: Option<usize>,
) -> RunningServer {
    let mut command = child(SERVE);
    command.args([peer, server, &workers.to_string()]);
    let on: Vec<String> = match pinned_cpu {
        None => processors().iter().map(usize::to_string).collect(),
        Some(nth) => match processors().get(nth) {
            Some(processor) => vec![processor.to_string()],
            None => panic!("the server cannot be pinned: there is no processor {nth}"),
        },
    };
    if !on.is_empty() {
        command.arg("--processors").arg(on.join(","));
    }
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("the {server} server of {peer} did not start: {error}"));
    let pid = child.id();
    let output = child.stdout.take().expect("it is piped");
    let mut line = String::new();
    // An error leaves a line that is no address.
    let _ = BufReader::new(output).read_line(&mut line);
    match line.trim().parse() {
        Ok(address) => RunningServer {
            address,
            pid,
            child,
        },
        Err(_) => {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the {server} server of {peer} did not start");
        }
    }
}

/// The other side of [`start_server`]: serves until the process is killed.
///
/// The error is a line for people.
pub(crate) fn serve(
    runtimes: &[Runtime],
    peer: &str,
    server: &str,
    workers: usize,
    processors: &[usize],
) -> Result<(), String> {
    let unknown = || format!("no server {server} of a peer {peer}");
    let runtime = runtimes.iter().find(|runtime| runtime.name == peer);
    let server = runtime
        .ok_or_else(unknown)?
        .servers
        .iter()
        .find(|known| known.name == server)
        .ok_or_else(unknown)?;
    if !processors.is_empty() {
        allow(processors).map_err(|error| format!("the server cannot be pinned: {error}"))?;
    }
    let listener = listen().and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = listener.map_err(|error| format!("cannot listen: {error}"))?;
    end_with_parent(|| std::process::exit(0));
    let mut output = io::stdout();
    writeln!(output, "{address}")
        .and_then(|()| output.flush())
        .map_err(|error| format!("cannot say the address: {error}"))?;
    (server.serve)(workers, listener);
    Ok(())
}

/// A listener on a free port.
fn listen() -> io::Result<TcpListener> {
    /// More than come before a server is awake: the system drops what has no room, and its client asks again a second
    /// later. std's backlog is 128.
    const BACKLOG: i32 = 4096;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(listener)
}

/// This program with a hidden subcommand, its input and output pipes.
pub(crate) fn child(subcommand: &str) -> Command {
    // The program's file may be replaced while a long run goes on: the link leads to what is running.
    let link = Path::new("/proc/self/exe");
    let mut command = match std::env::current_exe() {
        Ok(path) if !link.exists() => Command::new(path),
        _ => Command::new(link),
    };
    command
        .arg0(std::env::args_os().next().unwrap_or_default())
        .arg(OsStr::new(subcommand))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// Calls `end` when the parent is gone. To be called in a [`child`].
pub(crate) fn end_with_parent(end: fn()) {
    let wait = move || {
        let mut nothing = [0];
        while matches!(io::stdin().read(&mut nothing), Ok(1)) {}
        end();
    };
    thread::Builder::new()
        .name("parent".to_owned())
        .spawn(wait)
        .expect("a process that has just started can start a thread");
}

/// Ends this process, and all that it started if it heads the group that [`child_group`] made.
pub(crate) fn end_group() {
    if rustix::process::getpgrp() == rustix::process::getpid() {
        // It cannot fail: the group has a member, this process.
        let _ = rustix::process::kill_current_process_group(Signal::KILL);
    }
    std::process::exit(1);
}

/// Makes the command's process the head of a group, which [`kill_group`] ends as a whole: with the servers and load
/// generators that a sample started.
pub(crate) fn child_group(command: &mut Command) -> &mut Command {
    command.process_group(0)
}

/// Kills the group of a child that has not been waited for.
pub(crate) fn kill_group(child: &Child) {
    if let Some(pid) = pid(child) {
        // It may be gone already, which is as well.
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
    }
}

/// Calls `exited` when the child is over; it is not waited for by that, so that its group can still be killed.
pub(crate) fn when_exited(child: &Child, exited: impl FnOnce() + Send + 'static) {
    let pid = pid(child);
    thread::spawn(move || {
        // An error means that it is over too: somebody has waited for it.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Some(Err(Errno::INTR)) =
            pid.map(|pid| rustix::process::waitid(WaitId::Pid(pid), options))
        {}
        exited();
    });
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}
