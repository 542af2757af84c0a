//! Listing directories.

mod fs_support;
mod net_support;

use fs_support::*;
use leno::fs;
use net_support::{current_thread, on_both, poll_once};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::pin::pin;
use tempfile::tempdir;

#[test]
fn every_entry_is_listed_once() {
    on_both(|| async {
        for count in [0, 1, 63, 64, 65, 500] {
            let folder = tempdir()?;
            let names: BTreeSet<_> = (0..count).map(|n| format!("file {n}")).collect();
            for name in &names {
                std::fs::write(folder.path().join(name), "")?;
            }
            let mut entries = fs::read_dir(folder.path()).await?;
            let mut listed = BTreeSet::new();
            while let Some(entry) = entries.next_entry().await? {
                let name = entry.file_name().into_string().unwrap();
                assert_eq!(entry.path(), folder.path().join(&name));
                assert!(listed.insert(name));
            }
            assert_eq!(listed, names);
            assert!(entries.next_entry().await?.is_none());
        }
        Ok(())
    });
}

#[test]
fn entries_tell_what_they_are() {
    on_both(|| async {
        let folder = tempdir()?;
        std::fs::write(folder.path().join("file"), "text")?;
        let entry = fs::read_dir(folder.path())
            .await?
            .next_entry()
            .await?
            .unwrap();
        assert!(entry.file_type().await?.is_file());
        let metadata = entry.metadata().await?;
        assert_eq!(metadata.len(), 4);
        #[cfg(unix)]
        assert_eq!(entry.ino(), std::os::unix::fs::MetadataExt::ino(&metadata));
        std::fs::remove_file(entry.path())?;
        let error = entry.metadata().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = fs::read_dir(folder.path().join("none")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        Ok(())
    });
}

#[test]
fn a_batch_that_the_end_cancels_is_an_error_and_then_the_end() {
    let folder = tempdir().unwrap();
    for n in 0..100 {
        std::fs::write(folder.path().join(n.to_string()), "").unwrap();
    }
    let runtime = one_thread();
    let mut entries = runtime.block_on(async {
        let mut entries = fs::read_dir(folder.path()).await.unwrap();
        let busy = Busy::new().await;
        while let std::task::Poll::Ready(entry) = poll_once(&mut pin!(entries.next_entry())) {
            assert!(entry.unwrap().is_some());
        }
        leno::task::spawn_blocking(move || drop(busy));
        entries
    });
    runtime.shutdown_background();
    current_thread().block_on(async {
        assert!(entries.next_entry().await.is_err());
        assert!(entries.next_entry().await.unwrap().is_none());
    });
}
