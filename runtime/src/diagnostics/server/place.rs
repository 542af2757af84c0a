//! Where the socket is: `$XDG_RUNTIME_DIR/leno/PID.sock`, or else `/tmp/leno-UID/PID.sock`.
//!
//! The directory is this user's alone (0700), and looked at before it is used: in `/tmp` anybody may have made one of that name,
//! or a link. Once it is known to be a directory, ours, and closed to others, nobody else can put anything in its place, so what
//! is done in it by path cannot be led elsewhere.

use crate::prim::system;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// A socket in the file system, which this process has made.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// What tells the file from one that has taken its place.
    inode: (u64, u64),
}

impl Place {
    /// Makes a socket that is this process'.
    pub(super) fn listen() -> io::Result<(UnixListener, Self)> {
        let user = system::user();
        let directory = directory(user);
        prepare(&directory, user).map_err(|error| at(&directory, &error))?;
        let path = directory.join(format!("{}.sock", std::process::id()));
        let listen = || {
            clear(&path)?;
            let listener = UnixListener::bind(&path)?;
            // Others cannot reach it in the directory anyway.
            fs::set_permissions(&path, Permissions::from_mode(0o600))?;
            let metadata = fs::symlink_metadata(&path)?;
            Ok((listener, (metadata.dev(), metadata.ino())))
        };
        let (listener, inode) = listen().map_err(|error| at(&path, &error))?;
        Ok((listener, Self { path, inode }))
    }

    /// Removes the socket, if it is still there.
    pub(super) fn remove(&self) {
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.inode);
        if is_ours {
            // If it fails the socket stays, and refuses whoever connects.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Where the sockets of a user's processes are.
fn directory(user: u32) -> PathBuf {
    let of_session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    // One that is another user's has been inherited by a program such as `su`.
    let is_ours = |path: &PathBuf| {
        path.is_absolute() && fs::metadata(path).is_ok_and(|of| of.is_dir() && of.uid() == user)
    };
    match of_session.filter(is_ours) {
        Some(path) => path.join("leno"),
        None => PathBuf::from(format!("/tmp/leno-{user}")),
    }
}

/// Makes the directory if there is none, and looks at it either way.
fn prepare(directory: &Path, user: u32) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let metadata = fs::symlink_metadata(directory)?;
    if !metadata.is_dir() {
        return Err(io::Error::other("it is not a directory"));
    }
    if metadata.uid() != user {
        return Err(io::Error::other(format!(
            "it belongs to user {}, not to {user}",
            metadata.uid()
        )));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(io::Error::other(format!(
            "others may use it: its mode is {:03o}, not 700",
            metadata.mode() & 0o777
        )));
    }
    Ok(())
}

/// Removes a socket that was left behind by a process of the same number.
fn clear(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !metadata.file_type().is_socket() {
        return Err(io::Error::other("there is a file that is not a socket"));
    }
    // Where several systems share a directory, another process may have the number too.
    if UnixStream::connect(path).is_ok() {
        return Err(io::Error::other("another process listens there"));
    }
    fs::remove_file(path)
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
