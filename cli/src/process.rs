//! Where the sockets of processes are, and what the system says of a process.
//!
//! A process puts its socket to `$XDG_RUNTIME_DIR/leno/PID.sock`, or else to `/tmp/leno-UID/PID.sock`. Its environment may be
//! another than ours, so it is looked at where the system shows it.

use crate::fault::Fault;
use rustix::io::Errno;
use rustix::process::{Pid, geteuid, test_kill_process};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A directory with sockets of processes, which nobody but its owner can have put there.
struct Directory(PathBuf);

/// The socket of a process.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) pid: u32,
    pub(crate) path: PathBuf,
}

impl Directory {
    /// `None` if there is none. A fault if somebody else may have put there what is in it.
    fn at(path: PathBuf, pid: Option<u32>) -> Result<Option<Self>, Fault> {
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return pid.map_or(Ok(None), |pid| Err(Fault::NotAllowed(pid)));
            }
            Err(_) => return Ok(None),
        };
        let distrusted = |why: &str| Err(Fault::Distrusted(path.clone(), why.to_owned()));
        if !metadata.is_dir() {
            return distrusted("it is not a directory");
        }
        if !is_trusted(&metadata) {
            // That of another user's process is as it should be.
            return match pid {
                Some(pid) if owner_of(pid) == Some(metadata.uid()) => Err(Fault::NotAllowed(pid)),
                _ => distrusted(&format!("it belongs to user {}", metadata.uid())),
            };
        }
        if metadata.mode() & 0o077 != 0 {
            return distrusted(&format!(
                "others may use it: its mode is {:03o}, not 700",
                metadata.mode() & 0o777
            ));
        }
        Ok(Some(Self(path)))
    }

    fn socket(&self, pid: u32) -> Option<Socket> {
        let path = self.0.join(format!("{pid}.sock"));
        let is_socket =
            fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.file_type().is_socket());
        is_socket.then_some(Socket { pid, path })
    }

    fn sockets(&self) -> Vec<Socket> {
        let Ok(entries) = fs::read_dir(&self.0) else {
            return Vec::new();
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let pids = names.filter_map(|name| name.strip_suffix(".sock")?.parse().ok());
        pids.filter_map(|pid| self.socket(pid)).collect()
    }
}

/// Ours; or whoever's, for root, who is asked to look.
fn is_trusted(metadata: &Metadata) -> bool {
    let us = geteuid();
    us.is_root() || metadata.uid() == us.as_raw()
}

/// The socket of a process, or why there is none to be used.
pub(crate) fn socket(pid: u32) -> Result<Socket, Fault> {
    check_alive(pid)?;
    let mut fault = None;
    for path in directories_of(pid) {
        match Directory::at(path, Some(pid)) {
            Ok(directory) => {
                if let Some(socket) = directory.and_then(|directory| directory.socket(pid)) {
                    return Ok(socket);
                }
            }
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    Err(fault.unwrap_or_else(|| {
        let is_ours =
            geteuid().is_root() || owner_of(pid).is_none_or(|user| user == geteuid().as_raw());
        if is_ours {
            Fault::NoSocket(pid)
        } else {
            Fault::NotAllowed(pid)
        }
    }))
}

/// The sockets of all living processes that this user may ask. What the dead have left is removed.
pub(crate) fn sockets() -> Result<Vec<Socket>, Fault> {
    let mut sockets = Vec::new();
    for path in directories(None, geteuid().as_raw()) {
        if let Some(directory) = Directory::at(path, None)? {
            sockets.extend(directory.sockets());
        }
    }
    sockets.retain(|socket| {
        let is_alive = check_alive(socket.pid).is_ok();
        if !is_alive {
            remove_stale(socket);
        }
        is_alive
    });
    sockets.sort_by_key(|socket| socket.pid);
    sockets.dedup_by_key(|socket| socket.pid);
    Ok(sockets)
}

/// Removes what a process that is no more has left, unless somebody listens there: a process of another system that shares the
/// directory.
fn remove_stale(socket: &Socket) {
    let refuses = std::os::unix::net::UnixStream::connect(&socket.path)
        .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    if refuses {
        // If it stays, it is removed next time.
        let _ = fs::remove_file(&socket.path);
    }
}

/// Where the process' socket may be, the likeliest first.
fn directories_of(pid: u32) -> Vec<PathBuf> {
    let user = owner_of(pid).unwrap_or_else(|| geteuid().as_raw());
    directories(environment_of(pid, "XDG_RUNTIME_DIR"), user)
}

fn directories(of_process: Option<PathBuf>, user: u32) -> Vec<PathBuf> {
    let ours = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let of_user = Some(PathBuf::from(format!("/run/user/{user}")));
    let mut directories: Vec<_> = [of_process, ours, of_user]
        .into_iter()
        .flatten()
        .filter(|path| path.is_absolute())
        .map(|path| path.join("leno"))
        .collect();
    directories.push(PathBuf::from(format!("/tmp/leno-{user}")));
    let mut seen = Vec::new();
    directories.retain(|path| {
        let is_new = !seen.contains(path);
        seen.push(path.clone());
        is_new
    });
    directories
}

/// A variable of the environment that the process was started with, where the system tells.
fn environment_of(pid: u32, name: &str) -> Option<PathBuf> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let value = variables
        .find_map(|variable| variable.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    Some(PathBuf::from(OsString::from_vec(value.to_vec())))
}

/// The effective user of a process, where the system tells.
fn owner_of(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    users.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The numbers that a process has: one for each system that it is in, this one first and its own last.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn numbers_of(pid: u32) -> Vec<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    let numbers = numbers.unwrap_or_default().split_ascii_whitespace();
    let mut numbers: Vec<_> = numbers.filter_map(|number| number.parse().ok()).collect();
    numbers.push(pid);
    numbers
}

/// True if the process is stopped, by a signal or a debugger.
pub(crate) fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before it may have anything in it, parentheses as well.
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
    state.is_some_and(|state| state.starts_with(['T', 't']))
}

/// What the process was called as, where the system tells.
pub(crate) fn command_of(pid: u32) -> Option<String> {
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = command.split(|byte| *byte == 0);
    let words: Vec<_> = words.map(String::from_utf8_lossy).collect();
    Some(words.join(" ").trim_end().to_owned()).filter(|command| !command.is_empty())
}

fn check_alive(pid: u32) -> Result<(), Fault> {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let number = number.ok_or(Fault::NoProcess(pid))?;
    match test_kill_process(number) {
        Err(Errno::SRCH) => Err(Fault::NoProcess(pid)),
        // That of another user is there as well.
        _ if is_dead(pid) => Err(Fault::NoProcess(pid)),
        _ => Ok(()),
    }
}

/// It has ended, and its parent has not asked for it yet.
fn is_dead(pid: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    let stat = stat.unwrap_or_default();
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
    state.is_some_and(|state| state.starts_with(['Z', 'X']))
}
