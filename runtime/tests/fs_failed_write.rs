//! A file that has no room, and then has: what was taken is not lost, in whichever order it goes on.
#![cfg(target_os = "linux")]

mod fs_support;
mod net_support;

use fs_support::*;
use leno::fs::{File, OpenOptions};
use leno::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};
use net_support::poll_once;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::Future;
use std::io::{ErrorKind, Result, Seek, Write};
use std::os::unix::fs::FileExt;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::NamedTempFile;

/// Files must not become longer than this while there is a [`NoRoom`]: the process's other files are short.
const END: u64 = 1 << 30;

/// A limit to the length of this process's files, until it is dropped. One test at a time.
struct NoRoom {
    before: Rlimit,
    _one: MutexGuard<'static, ()>,
}

impl NoRoom {
    fn new() -> Self {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: no handler is installed.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
        let before = getrlimit(Resource::Fsize);
        let limit = Rlimit {
            current: Some(END),
            maximum: before.maximum,
        };
        setrlimit(Resource::Fsize, limit).unwrap();
        Self { before, _one: one }
    }

    fn make_room(&self) {
        setrlimit(Resource::Fsize, self.before).unwrap();
    }
}

impl Drop for NoRoom {
    fn drop(&mut self) {
        self.make_room();
    }
}

/// A file with room for ten bytes, that has taken sixteen.
async fn full(path: &NamedTempFile, options: &mut OpenOptions) -> Result<File> {
    let mut file = options.read(true).open(path.path()).await?;
    file.seek(SeekFrom::Start(END - 10)).await?;
    assert_eq!(file.write(b"0123456789abcdef").await?, 16);
    Ok(file)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    options
}

/// What is in the file near the place where there was no room.
fn near_the_end(path: &NamedTempFile) -> String {
    let file = std::fs::File::open(path.path()).unwrap();
    let mut bytes = [0; 100];
    let length = file.read_at(&mut bytes, END - 10).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

fn test<F: Future<Output = Result<()>>>(test: impl FnOnce(NoRoom, NamedTempFile) -> F) {
    let no_room = NoRoom::new();
    let path = NamedTempFile::new().unwrap();
    one_thread().block_on(test(no_room, path)).unwrap();
}

#[test]
fn all_that_need_the_bytes_are_told_until_they_are_written() {
    test(async |no_room, path| {
        let mut file = full(&path, &mut options()).await?;
        for _ in 0..2 {
            let errors = [
                file.flush().await.unwrap_err(),
                file.write(b"more").await.unwrap_err(),
                file.write_vectored(&[std::io::IoSlice::new(b"more")])
                    .await
                    .unwrap_err(),
                file.sync_all().await.unwrap_err(),
                file.sync_data().await.unwrap_err(),
                file.shutdown().await.unwrap_err(),
                file.rewind().await.unwrap_err(),
                file.seek(SeekFrom::End(0)).await.unwrap_err(),
                file.read(&mut [0; 4]).await.unwrap_err(),
                file.set_len(END + 6).await.unwrap_err(),
                file.set_len(END + 1).await.unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::FileTooLarge);
            }
        }
        assert_eq!(near_the_end(&path), "0123456789");
        no_room.make_room();
        file.write_all(b"gh").await?;
        file.flush().await?;
        assert_eq!(near_the_end(&path), "0123456789abcdefgh");
        assert_eq!(file.stream_position().await?, END + 8);
        Ok(())
    });
}

#[test]
fn whoever_comes_first_when_there_is_room_writes_them() {
    for first in ["flush", "sync", "read", "seek", "set_len", "clone"] {
        test(async |no_room, path| {
            let mut file = full(&path, &mut options()).await?;
            assert!(file.flush().await.is_err());
            no_room.make_room();
            match first {
                "flush" => file.flush().await?,
                "sync" => file.sync_data().await?,
                "read" => assert_eq!(file.read(&mut [0; 4]).await?, 0),
                "seek" => assert_eq!(file.seek(SeekFrom::End(0)).await?, END + 6),
                "set_len" => file.set_len(END + 6).await?,
                _ => drop(file.try_clone().await?),
            }
            assert_eq!(near_the_end(&path), "0123456789abcdef", "{first}");
            Ok(())
        });
    }
}

#[test]
fn what_set_len_cuts_off_needs_no_room() {
    test(async |_, path| {
        let mut file = full(&path, &mut options()).await?;
        assert!(file.flush().await.is_err());
        file.set_len(4).await?;
        file.flush().await?;
        // As if they had been written, and cut off after that.
        assert_eq!(file.stream_position().await?, END + 6);
        assert_eq!(file.seek(SeekFrom::End(0)).await?, 4);
        file.write_all(b"next").await?;
        file.sync_all().await?;
        assert_eq!(std::fs::read(path.path())?, b"\0\0\0\0next");
        Ok(())
    });
}

#[test]
fn what_is_appended_goes_to_the_end() {
    let appending = || {
        let mut options = OpenOptions::new();
        options.append(true);
        options
    };
    test(async |no_room, path| {
        path.as_file().set_len(END - 10)?;
        let mut file = full(&path, &mut appending()).await?;
        assert!(file.flush().await.is_err());
        no_room.make_room();
        file.flush().await?;
        assert_eq!(near_the_end(&path), "0123456789abcdef");
        Ok(())
    });
    test(async |_, path| {
        // The position of a file that has only been opened says nothing of where the bytes go.
        path.as_file().set_len(END)?;
        let mut file = appending().open(path.path()).await?;
        assert_eq!(file.write(b"record").await?, 6);
        assert!(file.flush().await.is_err());
        file.set_len(END - 3).await?;
        file.flush().await?;
        file.write_all(b"abc").await?;
        file.flush().await?;
        assert_eq!(near_the_end(&path), "\0\0\0\0\0\0\0abc");
        Ok(())
    });
}

#[test]
fn given_up_attempts_and_reads_panic_nobody() {
    for given_up in ["read", "flush", "seek", "set_len", "clone", "sync"] {
        for next in ["set_len", "clone", "seek", "read", "write", "into_std"] {
            test(async |no_room, path| {
                let mut file = full(&path, &mut options()).await?;
                assert!(file.rewind().await.is_err());
                let busy = Busy::new().await;
                let is_pending = match given_up {
                    "read" => poll_once(&mut pin!(file.read(&mut [0; 4]))).is_pending(),
                    "flush" => poll_once(&mut pin!(file.flush())).is_pending(),
                    "seek" => poll_once(&mut pin!(file.rewind())).is_pending(),
                    "set_len" => poll_once(&mut pin!(file.set_len(END + 1))).is_pending(),
                    "clone" => poll_once(&mut pin!(file.try_clone())).is_pending(),
                    _ => poll_once(&mut pin!(file.sync_all())).is_pending(),
                };
                assert!(is_pending, "{given_up}");
                drop(busy);
                match next {
                    "set_len" => assert!(file.set_len(END + 1).await.is_err()),
                    "clone" => drop(file.try_clone().await?),
                    "seek" => assert!(file.rewind().await.is_err()),
                    "read" => assert!(file.read(&mut [0; 4]).await.is_err()),
                    "write" => assert!(file.write(b"more").await.is_err()),
                    _ => {
                        let mut std = file.into_std().await;
                        assert_eq!(std.stream_position()?, END);
                        return Ok(());
                    }
                }
                assert!(file.flush().await.is_err(), "{given_up}, {next}");
                no_room.make_room();
                file.flush().await?;
                assert_eq!(
                    near_the_end(&path),
                    "0123456789abcdef",
                    "{given_up}, {next}"
                );
                Ok(())
            });
        }
    }
}

#[test]
fn a_dropped_file_tries_once_more() {
    // In a runtime, whose end waits for it; and without one.
    for within in [true, false] {
        let no_room = NoRoom::new();
        let path = NamedTempFile::new().unwrap();
        let runtime = one_thread();
        let file = runtime.block_on(async {
            let mut file = full(&path, &mut options()).await.unwrap();
            assert!(file.flush().await.is_err());
            no_room.make_room();
            // Dropped here, or after the runtime.
            (!within).then_some(file)
        });
        drop(runtime);
        drop(file);
        assert_eq!(near_the_end(&path), "0123456789abcdef");
    }
}

#[test]
fn taking_a_file_apart_gives_up_what_cannot_be_written() {
    test(async |no_room, path| {
        let mut file = full(&path, &mut options()).await?;
        assert!(file.flush().await.is_err());
        let file = file.try_into_std().unwrap_err();
        let mut std = file.into_std().await;
        no_room.make_room();
        std.write_all(b"xyz")?;
        drop(std);
        assert_eq!(near_the_end(&path), "0123456789xyz");

        // There is room: it is written after all.
        let no_room = (drop(no_room), NoRoom::new()).1;
        let mut file = full(&path, &mut options()).await?;
        assert!(file.flush().await.is_err());
        no_room.make_room();
        let mut std = file.into_std().await;
        assert_eq!(std.stream_position()?, END + 6);
        assert_eq!(near_the_end(&path), "0123456789abcdef");
        Ok(())
    });
}

#[test]
fn a_device_without_room_tells_each_time() {
    test(async |_, _| {
        let mut file = options().read(true).open("/dev/full").await?;
        assert_eq!(file.write(b"text").await?, 4);
        for _ in 0..3 {
            assert_eq!(
                file.flush().await.unwrap_err().kind(),
                ErrorKind::StorageFull
            );
            assert!(file.sync_all().await.is_err());
            assert!(file.write(b"x").await.is_err());
        }
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_set_len_that_fails_gives_nothing_up() {
    test(async |_, _| {
        let mut file = options().open("/dev/full").await?;
        assert_eq!(file.write(b"text").await?, 4);
        for _ in 0..2 {
            assert!(file.set_len(0).await.is_err());
            assert_eq!(
                file.flush().await.unwrap_err().kind(),
                ErrorKind::StorageFull
            );
        }
        Ok(())
    });
}
