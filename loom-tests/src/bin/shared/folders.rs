//! Copies of the repository's folders, in cargo's target folder. The checkout is only read.

use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, retry_on_intr};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository that this was built from.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .parent()
        .expect("the models are in the repository")
        .into()
}

/// Where to build: cargo's own folder, as nothing there is the checkout's.
pub(crate) fn target(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| OsString::from("target"));
    root.join(target)
}

/// Waits until nobody else uses the folder, which is made if it is not there. It is this process's until what is returned is dropped.
pub(crate) fn occupy(folder: &Path) -> Result<File, String> {
    let path = folder.join("in-use");
    let opened = fs::create_dir_all(folder).and_then(|()| {
        let mut options = File::options();
        options.create(true).write(true).truncate(false).open(&path)
    });
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = opened.map_err(told)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => {
            eprintln!("{}: another run has it; this one waits", folder.display());
            retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))
        }
        done => done,
    }
    .map_err(|error| told(error.into()))?;
    Ok(file)
}

/// Puts the lock file into a copy, if the checkout's is another than the one it was made of.
pub(crate) fn bring_lock(root: &Path, copy: &Path) -> Result<(), String> {
    let lock = fs::read_to_string(root.join("Cargo.lock"))
        .map_err(|error| format!("Cargo.lock: {error}"))?;
    // cargo leaves out of the copy's what its packages do not need, so it is compared with what it was made of.
    let made_of = copy.join("Cargo.lock.of");
    if fs::read_to_string(&made_of).ok().as_deref() != Some(&*lock) {
        put(&copy.join("Cargo.lock"), &lock)?;
        put(&made_of, &lock)?;
    }
    Ok(())
}

/// What becomes of a file, by its name; `None`, if it is left out.
pub(crate) type Change<'a> = dyn Fn(&str, Vec<u8>) -> Result<Option<Vec<u8>>, String> + 'a;

/// Makes a folder of the copy what the checkout's is, but for `change`, whose `None` leaves a file out, and for a file that is in the
/// copy alone. Only what differs is written, so that cargo builds no more than it must.
pub(crate) fn bring(
    root: &Path,
    copy: &Path,
    folder: &Path,
    besides: Option<&str>,
    change: &Change<'_>,
) -> Result<(), String> {
    let told = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let mut names = BTreeSet::new();
    fs::create_dir_all(copy.join(folder)).map_err(|error| told(folder, error))?;
    for entry in fs::read_dir(root.join(folder)).map_err(|error| told(folder, error))? {
        let entry = entry.map_err(|error| told(folder, error))?;
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            bring(root, copy, &path, besides, change)?;
        } else {
            let bytes = fs::read(entry.path()).map_err(|error| told(&path, error))?;
            let Some(bytes) = change(&path.to_string_lossy(), bytes)? else {
                continue;
            };
            put_bytes(&copy.join(&path), &bytes)?;
        }
        names.insert(entry.file_name());
    }
    for entry in fs::read_dir(copy.join(folder)).map_err(|error| told(folder, error))? {
        let entry = entry.map_err(|error| told(folder, error))?;
        let is_besides =
            besides.is_some_and(|file| folder.join(entry.file_name()) == Path::new(file));
        if !names.contains(&entry.file_name()) && !is_besides {
            let path = entry.path();
            let removed = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.map_err(|error| told(&path, error))?;
        }
    }
    Ok(())
}

/// Writes a file, if it is not so already.
pub(crate) fn put(path: &Path, text: &str) -> Result<(), String> {
    put_bytes(path, text.as_bytes())
}

fn put_bytes(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let folder = path.parent().expect("within the copy");
    let done = fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes));
    done.map_err(|error| format!("{}: {error}", path.display()))
}

/// The files that differ from where this branch began.
pub(crate) fn changed_since(base: &str) -> Result<BTreeSet<String>, String> {
    let git = |args: &[&str]| -> Result<String, String> {
        let output = Command::new("git")
            .arg("-C")
            .arg(root())
            .args(args)
            .output();
        let output =
            output.map_err(|error| format!("--changed asks git, which cannot be run: {error}"))?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr);
            return Err(format!(
                "--changed {base}: git {}: {}",
                args.join(" "),
                told.trim()
            ));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let began = git(&["merge-base", "HEAD", base])?;
    Ok(git(&["diff", "--name-only", &began])?
        .lines()
        .map(str::to_owned)
        .collect())
}
