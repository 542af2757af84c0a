//! Files: reading, writing and seeking, and what goes on behind.

mod fs_support;
mod net_support;

use fs_support::*;
use leno::fs::{File, FileTimes, OpenOptions};
use leno::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};
use net_support::{on_both, panic_text, poll_once};
use std::io::{ErrorKind, IoSlice, Read, Result, Write};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};
use tempfile::{NamedTempFile, TempDir, tempdir};

fn on_one(test: impl Future<Output = Result<()>>) {
    one_thread().block_on(test).unwrap();
}

fn containing(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn contents(file: &NamedTempFile) -> String {
    std::fs::read_to_string(file.path()).unwrap()
}

async fn read_write(file: &NamedTempFile) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).open(file.path()).await
}

/// A file that has read ten bytes, of which nobody has taken any.
async fn with_ten_unread(path: &NamedTempFile) -> Result<File> {
    let mut file = read_write(path).await?;
    let busy = Busy::new().await;
    assert!(poll_once(&mut pin!(file.read(&mut [0; 10]))).is_pending());
    drop(busy);
    // A read of nothing takes nothing, but waits for what is under way.
    assert_eq!(file.read(&mut []).await?, 0);
    Ok(file)
}

#[test]
fn what_was_written_is_read() {
    on_both(|| async {
        let path = NamedTempFile::new()?;
        let written: Vec<u8> = (0..5 << 20).map(|n: u32| (n / 7) as u8).collect();
        let mut file = File::create(path.path()).await?;
        file.write_all(&written).await?;
        file.flush().await?;
        let mut read = Vec::new();
        let mut file = File::open(path.path()).await?;
        file.read_to_end(&mut read).await?;
        assert!(read == written);
        assert_eq!(file.read(&mut [0; 8]).await?, 0);
        Ok(())
    });
}

#[test]
fn several_buffers_are_one_write() {
    on_one(async {
        let path = NamedTempFile::new()?;
        let mut file = File::create(path.path()).await?;
        let buffers = [b"one ".as_slice(), b"", b"two"].map(IoSlice::new);
        assert_eq!(file.write_vectored(&buffers).await?, 7);
        file.shutdown().await?;
        assert_eq!(contents(&path), "one two");
        Ok(())
    });
}

#[test]
fn the_limit_holds_for_reads_and_writes_and_goes_to_clones() {
    on_one(async {
        let path = containing("0123456789");
        let mut file = read_write(&path).await?;
        file.set_max_buf_size(3);
        assert_eq!(file.read(&mut [0; 8]).await?, 3);
        assert_eq!(file.write(b"abcdef").await?, 3);
        assert_eq!(
            file.write_vectored(&[IoSlice::new(b"xy"), IoSlice::new(b"zv")])
                .await?,
            3
        );
        file.flush().await?;
        assert_eq!(contents(&path), "012abcxyz9");
        assert_eq!(file.try_clone().await?.max_buf_size(), 3);
        let text = panic_text(|| file.set_max_buf_size(0));
        assert!(text.contains("must be greater than 0"), "{text}");
        Ok(())
    });
}

#[test]
fn seeks_lead_where_they_say() {
    on_one(async {
        let path = containing("0123456789");
        let mut file = File::open(path.path()).await?;
        assert_eq!(file.seek(SeekFrom::End(-3)).await?, 7);
        assert_eq!(file.read_u8().await?, b'7');
        assert_eq!(file.stream_position().await?, 8);
        assert_eq!(file.seek(SeekFrom::Current(-8)).await?, 0);
        let error = file.seek(SeekFrom::Current(-1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(file.read_u8().await?, b'0');
        assert_eq!(file.rewind().await?, 0);
        Ok(())
    });
}

#[test]
fn a_dropped_read_is_not_lost() {
    on_one(async {
        let path = containing("0123456789abcdef");
        let mut file = with_ten_unread(&path).await?;
        let mut buffer = [0; 7];
        assert_eq!(file.read(&mut buffer).await?, 7);
        assert_eq!(&buffer, b"0123456");
        assert_eq!(file.read(&mut buffer).await?, 3);
        assert_eq!(&buffer[..3], b"789");
        assert_eq!(file.read(&mut buffer).await?, 6);
        assert_eq!(&buffer[..6], b"abcdef");
        Ok(())
    });
}

#[test]
fn whoever_does_not_read_starts_where_the_reader_is() {
    on_one(async {
        let path = containing("0123456789abcdef");
        let mut file = with_ten_unread(&path).await?;
        assert_eq!(file.read_u8().await?, b'0');
        assert_eq!(file.stream_position().await?, 1);
        assert_eq!(file.read_u8().await?, b'1');

        let mut file = with_ten_unread(&path).await?;
        assert_eq!(file.read_u8().await?, b'0');
        assert!(file.seek(SeekFrom::Current(-2)).await.is_err());
        assert_eq!(file.stream_position().await?, 1);

        let mut file = with_ten_unread(&path).await?;
        assert_eq!(file.read_u8().await?, b'0');
        file.write_all(b"XY").await?;
        assert_eq!(file.stream_position().await?, 3);
        assert_eq!(contents(&path), "0XY3456789abcdef");

        let mut file = with_ten_unread(&path).await?;
        assert_eq!(file.read_u8().await?, b'0');
        file.set_len(3).await?;
        let mut rest = String::new();
        file.read_to_string(&mut rest).await?;
        assert_eq!(rest, "XY");

        let mut file = with_ten_unread(&path).await?;
        let mut clone = file.try_clone().await?;
        assert_eq!(clone.read_u8().await?, b'0');
        assert_eq!(file.read_u8().await?, b'X');

        let file = with_ten_unread(&path).await?;
        let mut rest = String::new();
        file.try_into_std().unwrap().read_to_string(&mut rest)?;
        assert_eq!(rest, "0XY");
        Ok(())
    });
}

#[test]
fn a_failed_write_is_told_by_each_write_flush_and_sync() {
    on_one(async {
        let path = containing("text");
        let failed = async || {
            let mut file = File::open(path.path()).await?;
            assert_eq!(file.write(b"not for writing").await?, 15);
            Result::Ok(file)
        };
        let mut file = failed().await?;
        for _ in 0..2 {
            assert!(file.flush().await.is_err());
            assert!(file.write(b"more").await.is_err());
            assert!(file.sync_all().await.is_err());
            assert!(file.sync_data().await.is_err());
            assert!(file.shutdown().await.is_err());
        }

        // What such a file can do all the same goes on, and does not swallow it.
        let mut file = failed().await?;
        assert_eq!(file.read_u8().await?, b't');
        assert_eq!(file.stream_position().await?, 1);
        assert_eq!(file.metadata().await?.len(), 4);
        file.set_times(FileTimes::new()).await?;
        assert_eq!(file.try_clone().await?.read_u8().await?, b'e');
        assert!(file.flush().await.is_err());
        let mut file = file.try_into_std().unwrap_err().into_std().await;
        let mut rest = String::new();
        file.read_to_string(&mut rest)?;
        assert_eq!(rest, "xt");
        Ok(())
    });
}

#[test]
fn operations_wait_for_the_write_before_them() {
    on_one(async {
        let path = NamedTempFile::new()?;
        let mut file = read_write(&path).await?;
        file.write_all(b"0123456789").await?;
        file.set_len(4).await?;
        assert_eq!(file.metadata().await?.len(), 4);
        file.write_all(b"x").await?;
        leno::try_join!(file.sync_all(), file.sync_data())?;
        assert_eq!(contents(&path), "0123\0\0\0\0\0\0x");

        file.write_all(b"y").await?;
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        file.set_modified(time).await?;
        assert_eq!(file.metadata().await?.modified()?, time);

        file.write_all(b"z").await?;
        let mut clone = file.try_clone().await?;
        assert_eq!(clone.stream_position().await?, 13);
        Ok(())
    });
}

#[test]
fn a_seek_is_refused_while_something_is_under_way() {
    on_one(async {
        let path = containing("text");
        let mut file = File::open(path.path()).await?;
        let busy = Busy::new().await;
        assert!(poll_once(&mut pin!(file.read(&mut [0; 1]))).is_pending());
        let seek = leno::io::AsyncSeek::start_seek(pin!(&mut file), SeekFrom::Start(2));
        assert!(seek.is_err());
        drop(busy);
        // The extension waits by itself.
        assert_eq!(file.seek(SeekFrom::Start(2)).await?, 2);
        assert_eq!(file.read_u8().await?, b'x');
        Ok(())
    });
}

#[test]
fn it_becomes_stds_when_nothing_is_under_way() {
    on_one(async {
        let path = containing("text");
        let mut file = File::from(std::fs::File::open(path.path())?);
        let busy = Busy::new().await;
        assert!(poll_once(&mut pin!(file.read(&mut [0; 1]))).is_pending());
        let file = file.try_into_std().unwrap_err();
        drop(busy);
        let mut std = file.into_std().await;
        let mut rest = String::new();
        // Nobody has taken what the dropped read has read.
        std.read_to_string(&mut rest)?;
        assert_eq!(rest, "text");

        let file = File::from_std(std);
        assert!(file.try_into_std().is_ok());

        // A dropped `metadata` still has the file.
        let file = File::open(path.path()).await?;
        let busy = Busy::new().await;
        assert!(poll_once(&mut pin!(file.metadata())).is_pending());
        let mut file = file.into_std().await;
        drop(busy);
        file.read_to_string(&mut rest)?;
        assert_eq!(rest, "texttext");
        Ok(())
    });
}

#[test]
fn options_say_how_to_open() {
    on_one(async {
        let folder = tempdir()?;
        let path = folder.path().join("new");
        assert_eq!(
            File::open(&path).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        let mut file = File::create_new(&path).await?;
        file.write_all(b"one").await?;
        file.rewind().await?;
        assert_eq!(file.read_u8().await?, b'o');
        let error = File::create_new(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);

        let mut file = File::options().append(true).open(&path).await?;
        file.rewind().await?;
        file.write_all(b" two").await?;
        file.flush().await?;
        assert_eq!(std::fs::read_to_string(&path)?, "one two");
        drop(File::create(&path).await?);
        assert_eq!(std::fs::read_to_string(&path)?, "");
        Ok(())
    });
}

#[cfg(unix)]
#[test]
fn unix_has_modes_flags_and_descriptors() {
    use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
    use std::os::unix::fs::PermissionsExt;
    on_one(async {
        let folder = tempdir()?;
        let path = folder.path().join("new");
        let mut options = OpenOptions::default();
        let file = options
            .write(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .await?;
        assert_eq!(file.metadata().await?.permissions().mode() & 0o777, 0o600);
        file.set_permissions(PermissionsExt::from_mode(0o640))
            .await?;
        assert_eq!(file.metadata().await?.permissions().mode() & 0o777, 0o640);

        let link = folder.path().join("link");
        leno::fs::symlink(&path, &link).await?;
        let mut options = OpenOptions::from(std::fs::OpenOptions::new());
        options.read(true).custom_flags(libc::O_NOFOLLOW);
        assert!(options.open(&link).await.is_err());

        assert_eq!(file.as_fd().as_raw_fd(), file.as_raw_fd());
        let raw = file.into_std().await.into_raw_fd();
        // SAFETY: it has just been given away.
        let mut file = unsafe { File::from_raw_fd(raw) };
        file.write_all(b"text").await?;
        let mut file = File::from(OwnedFd::from(file.into_std().await));
        file.flush().await?;
        assert_eq!(std::fs::read_to_string(&path)?, "text");
        Ok(())
    });
}

/// One write is taken while the only thread is busy; then the runtime ends.
fn write_at_the_end(folder: &TempDir, end: impl FnOnce(leno::runtime::Runtime) + Send) -> String {
    let path = folder.path().join("file");
    let runtime = one_thread();
    let (busy, other) = runtime.block_on(async {
        let mut file = File::create(&path).await.unwrap();
        let busy = Busy::new().await;
        let other = leno::task::spawn_blocking(|| ());
        assert_eq!(file.write(b"text").await.unwrap(), 4);
        (busy, other)
    });
    std::thread::scope(|scope| {
        scope.spawn(|| end(runtime));
        // Cancelled, and not run: the thread is busy.
        while !other.is_finished() {
            std::thread::yield_now();
        }
        drop(busy);
    });
    let error = net_support::current_thread().block_on(other).unwrap_err();
    assert!(error.is_cancelled());
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_end_of_the_runtime_waits_for_what_was_written() {
    let folder = tempdir().unwrap();
    assert_eq!(write_at_the_end(&folder, drop), "text");
    let patient = |runtime: leno::runtime::Runtime| runtime.shutdown_timeout(Duration::MAX);
    assert_eq!(write_at_the_end(&folder, patient), "text");
}

#[test]
fn after_the_end_everything_fails_and_nothing_hangs() {
    let path = containing("text");
    let handle = ended();
    let _entered = handle.enter();
    let std = std::fs::File::options()
        .read(true)
        .write(true)
        .open(path.path());
    let mut file = File::from_std(std.unwrap());
    for _ in 0..2 {
        assert!(matches!(
            poll_once(&mut pin!(file.read(&mut [0; 1]))),
            Poll::Ready(Err(_))
        ));
        assert!(matches!(
            poll_once(&mut pin!(file.write(b"x"))),
            Poll::Ready(Err(_))
        ));
        assert!(matches!(
            poll_once(&mut pin!(file.rewind())),
            Poll::Ready(Err(_))
        ));
        assert!(matches!(
            poll_once(&mut pin!(file.set_len(0))),
            Poll::Ready(Err(_))
        ));
        assert!(matches!(
            poll_once(&mut pin!(file.sync_all())),
            Poll::Ready(Err(_))
        ));
        assert!(matches!(
            poll_once(&mut pin!(file.metadata())),
            Poll::Ready(Err(_))
        ));
        assert!(matches!(
            poll_once(&mut pin!(File::open(path.path()))),
            Poll::Ready(Err(_))
        ));
    }
    assert!(matches!(
        poll_once(&mut pin!(file.flush())),
        Poll::Ready(Ok(()))
    ));
    drop(file);
    assert_eq!(contents(&path), "text");
}

#[test]
fn what_was_under_way_at_the_end_fails() {
    let path = containing("text");
    let runtime = one_thread();
    let mut file = runtime.block_on(async {
        let mut file = File::open(path.path()).await.unwrap();
        let busy = Busy::new().await;
        assert!(poll_once(&mut pin!(file.read(&mut [0; 1]))).is_pending());
        // The read is in the queue when that is closed, as the thread is still busy.
        leno::runtime::Handle::current().spawn_blocking(move || drop(busy));
        file
    });
    runtime.shutdown_background();
    net_support::current_thread().block_on(async {
        assert!(file.read(&mut [0; 1]).await.is_err());
        assert_eq!(file.read_u8().await.unwrap(), b't');
    });
}

#[test]
fn outside_of_a_runtime_it_panics() {
    let text = panic_text(|| drop(poll_once(&mut pin!(File::open("file")))));
    assert!(text.contains("no leno runtime"), "{text}");
}

#[test]
fn what_a_panic_has_refused_is_not_written_later() {
    let path = containing("");
    for is_retried in [false, true] {
        let std = std::fs::File::options().append(true).open(&path).unwrap();
        let mut file = File::from_std(std);
        panic_text(|| drop(poll_once(&mut pin!(file.write(b"refused")))));
        if is_retried {
            on_one(async {
                file.write_all(b"taken").await?;
                file.flush().await
            });
        } else {
            drop(file);
            assert_eq!(contents(&path), "");
        }
    }
    assert_eq!(contents(&path), "taken");
}
