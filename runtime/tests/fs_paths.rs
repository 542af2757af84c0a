//! Whole files, directories, and what is done by path.

mod fs_support;
mod net_support;

use fs_support::*;
use leno::fs;
use net_support::{on_both, poll_once};
use std::io::{ErrorKind, Result};
use std::pin::pin;
use std::task::Poll;
use tempfile::tempdir;

#[test]
fn whole_files_are_written_and_read() {
    on_both(|| async {
        let folder = tempdir()?;
        let path = folder.path().join("file");
        fs::write(&path, "some text").await?;
        assert_eq!(fs::read(&path).await?, b"some text");
        assert_eq!(fs::read_to_string(&path).await?, "some text");
        fs::write(&path, vec![0xff]).await?;
        let error = fs::read_to_string(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let error = fs::read(folder.path().join("none")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        Ok(())
    });
}

#[test]
fn files_are_copied_renamed_linked_and_removed() {
    on_both(|| async {
        let folder = tempdir()?;
        let path = |name: &str| folder.path().join(name);
        fs::write(path("one"), "text").await?;
        assert_eq!(fs::copy(path("one"), path("two")).await?, 4);
        fs::rename(path("two"), path("three")).await?;
        assert!(!fs::try_exists(path("two")).await?);
        fs::hard_link(path("three"), path("four")).await?;
        fs::remove_file(path("three")).await?;
        assert_eq!(fs::read(path("four")).await?, b"text");
        let mut permissions = fs::metadata(path("four")).await?.permissions();
        permissions.set_readonly(true);
        fs::set_permissions(path("four"), permissions).await?;
        assert!(fs::metadata(path("four")).await?.permissions().readonly());
        Ok(())
    });
}

#[test]
fn directories_are_made_and_removed() {
    on_both(|| async {
        let folder = tempdir()?;
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("a")).await?;
        let error = fs::create_dir(path("a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        fs::create_dir_all(path("a/b/c")).await?;
        fs::create_dir_all(path("a/b/c")).await?;
        assert!(fs::remove_dir(path("a")).await.is_err());
        fs::remove_dir(path("a/b/c")).await?;
        fs::remove_dir_all(path("a")).await?;
        assert!(!fs::try_exists(path("a")).await?);

        assert!(fs::DirBuilder::new().create(path("d/e")).await.is_err());
        fs::DirBuilder::new()
            .recursive(true)
            .create(path("d/e"))
            .await?;
        assert!(fs::metadata(path("d/e")).await?.is_dir());
        let same = fs::canonicalize(path("d/../d/./e")).await?;
        assert_eq!(same, std::fs::canonicalize(path("d/e"))?);
        Ok(())
    });
}

#[cfg(unix)]
#[test]
fn links_are_followed_or_not() {
    use std::os::unix::fs::PermissionsExt;
    on_both(|| async {
        let folder = tempdir()?;
        let path = |name: &str| folder.path().join(name);
        fs::symlink(path("file"), path("link")).await?;
        assert_eq!(fs::read_link(path("link")).await?, path("file"));
        assert!(!fs::try_exists(path("link")).await?);
        assert!(fs::symlink_metadata(path("link")).await?.is_symlink());
        fs::write(path("link"), "text").await?;
        assert!(fs::metadata(path("link")).await?.is_file());
        assert_eq!(fs::read(path("file")).await?, b"text");

        let mut builder = fs::DirBuilder::new();
        builder.mode(0o700).create(path("private")).await?;
        let mode = fs::metadata(path("private")).await?.permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        Ok(())
    });
}

#[test]
fn a_dropped_future_still_does_its_work() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    let runtime = one_thread();
    runtime.block_on(async {
        let busy = Busy::new().await;
        assert!(poll_once(&mut pin!(fs::write(&path, "text"))).is_pending());
        drop(busy);
        // The thread comes to this when it has done that.
        leno::task::spawn_blocking(|| ()).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"text");
    });
}

#[test]
fn after_the_end_everything_fails() {
    let handle = ended();
    let _entered = handle.enter();
    fn fails<T>(future: impl Future<Output = Result<T>>) {
        assert!(matches!(poll_once(&mut pin!(future)), Poll::Ready(Err(_))));
    }
    fails(fs::read("file"));
    fails(fs::write("file", "text"));
    fails(fs::metadata("file"));
    fails(fs::read_dir("."));
}
