//! Asking a process through its socket.

use crate::answer::Head;
use crate::fault::Fault;
use crate::process::{self, Socket};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketType};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

/// The version of the protocol.
const VERSION: u64 = 1;

/// For how long a process may say nothing.
const SILENCE: Duration = Duration::from_secs(5);
/// The same where there is another way.
const SHORT_SILENCE: Duration = Duration::from_secs(2);

/// An answer: the line as it came, and what is in it.
pub(crate) struct Answer<T> {
    pub(crate) line: String,
    pub(crate) content: T,
}

/// Which tasks there are: as the process says, or else as its memory does.
pub(crate) fn ps<T: DeserializeOwned>(pid: u32) -> Result<Answer<T>, Fault> {
    let asked = ask(pid, &json!({"leno": VERSION, "verb": "ps"}), SHORT_SILENCE);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(fault) = asked {
        return match fault {
            // There is nothing to be read, or it is told what is wrong.
            Fault::NoProcess(_) | Fault::NotAllowed(_) | Fault::Version(..) => Err(fault),
            _ => read_memory(pid).map_err(|error| Fault::Neither(Box::new(fault), Box::new(error))),
        };
    }
    asked
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn read_memory<T: DeserializeOwned>(pid: u32) -> Result<Answer<T>, Fault> {
    let found = crate::memory::ps(pid)?;
    let line = found.to_string();
    let content = serde_json::from_value(found)
        .map_err(|error| Fault::System(format!("the memory of process {pid}"), error.into()))?;
    Ok(Answer { line, content })
}

/// Where they stand, for which they are asked up to three times, and waited for up to `patience` each time.
pub(crate) fn dump<T: DeserializeOwned>(pid: u32, patience: Duration) -> Result<Answer<T>, Fault> {
    let request = json!({"leno": VERSION, "verb": "dump", "patience": patience.as_secs_f64()});
    ask(pid, &request, 3 * patience + 2 * SILENCE)
}

/// What is counted.
pub(crate) fn metrics<T: DeserializeOwned>(pid: u32) -> Result<Answer<T>, Fault> {
    ask(pid, &json!({"leno": VERSION, "verb": "metrics"}), SILENCE)
}

/// What was recorded, or is in the time that comes.
pub(crate) fn trace<T: DeserializeOwned>(pid: u32, time: Duration) -> Result<Answer<T>, Fault> {
    let request = json!({"leno": VERSION, "verb": "trace", "seconds": time.as_secs_f64()});
    ask(pid, &request, time + 2 * SILENCE)
}

/// Asks, and asks again if the process has too many clients just now: those that ask nothing it sends away in time.
fn ask<T: DeserializeOwned>(
    pid: u32,
    request: &Value,
    silence: Duration,
) -> Result<Answer<T>, Fault> {
    let end = Instant::now() + 2 * SILENCE;
    loop {
        match ask_once(pid, request, silence) {
            Err(Fault::Busy(_)) if Instant::now() < end => {
                // Nothing tells when there is a place.
                thread::sleep(Duration::from_millis(50));
            }
            other => return other,
        }
    }
}

/// Waits for as long as the process does not say nothing for longer than `silence`.
fn ask_once<T: DeserializeOwned>(
    pid: u32,
    request: &Value,
    silence: Duration,
) -> Result<Answer<T>, Fault> {
    let socket = process::socket(pid)?;
    if process::is_stopped(pid) {
        return Err(Fault::Stopped(pid));
    }
    let line = exchange(&socket, request, silence).map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::NotFound
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Fault::Gone(pid),
        io::ErrorKind::PermissionDenied => Fault::NotAllowed(pid),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut if process::is_stopped(pid) => {
            Fault::Stopped(pid)
        }
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Fault::Silent(pid, silence),
        _ => Fault::System(format!("process {pid}"), error),
    })?;
    let content = read(pid, &line)?;
    Ok(Answer { line, content })
}

fn read<T: DeserializeOwned>(pid: u32, line: &str) -> Result<T, Fault> {
    let unknown = |error: serde_json::Error| Fault::Version(pid, error.to_string());
    let head: Head = serde_json::from_str(line).map_err(unknown)?;
    if head.leno != VERSION {
        return Err(Fault::Version(
            pid,
            format!("{}, and this program {VERSION}", head.leno),
        ));
    }
    match (head.error.as_deref(), head.text) {
        (Some("version"), text) => Err(Fault::Version(pid, text.unwrap_or_default())),
        (Some("busy"), _) => Err(Fault::Busy(pid)),
        (Some(error), text) => Err(Fault::Refused(
            pid,
            text.unwrap_or_else(|| error.to_owned()),
        )),
        (None, _) => serde_json::from_str(line).map_err(unknown),
    }
}

fn exchange(socket: &Socket, request: &Value, silence: Duration) -> io::Result<String> {
    let mut stream = connect(socket, silence)?;
    stream.set_read_timeout(Some(silence))?;
    stream.set_write_timeout(Some(silence))?;
    let request = format!("{request}\n");
    // It fits into the socket's buffer. A process that is gone is an error, and no signal.
    match rustix::net::send(&stream, request.as_bytes(), no_signal()) {
        Ok(sent) if sent == request.len() => {}
        Ok(_) => return Err(io::ErrorKind::TimedOut.into()),
        // It may have said why before it hung up.
        Err(Errno::PIPE | Errno::CONNRESET) => {}
        Err(error) => return Err(error.into()),
    }
    let mut bytes = Vec::new();
    let mut buffer = [0; 64 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                let new = &buffer[..count];
                let end = new.iter().position(|byte| *byte == b'\n');
                bytes.extend_from_slice(&new[..end.unwrap_or(count)]);
                if end.is_some() {
                    return String::from_utf8(bytes)
                        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(not(target_vendor = "apple"))]
fn no_signal() -> SendFlags {
    SendFlags::NOSIGNAL
}

/// std has SIGPIPE ignored in a Rust program.
#[cfg(target_vendor = "apple")]
fn no_signal() -> SendFlags {
    SendFlags::empty()
}

/// Connects, also to a process that does not come to take its clients: then the system would have us wait for ever.
fn connect(socket: &Socket, patience: Duration) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(&socket.path)?;
    let descriptor = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&descriptor, rustix::io::FdFlags::CLOEXEC)?;
    let stream = UnixStream::from(descriptor);
    stream.set_nonblocking(true)?;
    let end = Instant::now() + patience;
    loop {
        match rustix::net::connect(&stream, &address) {
            Ok(()) => break,
            Err(Errno::AGAIN) if Instant::now() < end => {
                // Nothing tells when there is room for another client.
                thread::sleep(Duration::from_millis(20));
            }
            Err(Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    stream.set_nonblocking(false)?;
    Ok(stream)
}
