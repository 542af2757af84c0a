//! What is announced of a TCP stream's readiness is true, and clears when it was used up.

mod net_support;

use leno::io::{AsyncReadExt, AsyncWriteExt, Interest};
use leno::net::TcpStream;
use net_support::*;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::sync::Arc;

#[test]
fn try_read_reads_what_readable_announced() {
    on_both(|| async {
        let (mut near, far) = tcp_pair().await?;
        let mut buffer = [0; 16];
        assert_would_block(far.try_read(&mut buffer));
        near.write_all(b"hello").await?;
        far.readable().await?;
        assert_eq!(far.try_read(&mut buffer)?, 5);
        assert_eq!(&buffer[..5], b"hello");
        assert_would_block(far.try_read(&mut buffer));

        near.write_all(b"abcdef").await?;
        far.readable().await?;
        let (mut head, mut tail) = ([0; 2], [0; 8]);
        let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
        assert_eq!(far.try_read_vectored(&mut bufs)?, 6);
        assert_eq!((&head, &tail[..4]), (b"ab", &b"cdef"[..]));

        near.write_all(b"more").await?;
        far.readable().await?;
        let mut vec = Vec::with_capacity(64);
        vec.extend_from_slice(b"and ");
        assert_eq!(far.try_read_buf(&mut vec)?, 4);
        assert_eq!(vec, b"and more");

        near.shutdown().await?;
        far.readable().await?;
        assert_eq!(far.try_read(&mut buffer)?, 0);
        Ok(())
    });
}

/// Where the system tells of what comes later, and of urgent data.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_short_read_uses_the_readiness_up() {
    on_both(|| async {
        let (mut near, mut far) = tcp_pair().await?;
        for _ in 0..3 {
            near.write_all(b"hello").await?;
            let mut buffer = [0; 16];
            assert_eq!(far.read(&mut buffer).await?, 5);
            start_and_cancel(far.readable());
        }
        Ok(())
    });
}

/// Writes until there is no room, and returns how much.
fn fill(stream: &TcpStream) -> io::Result<usize> {
    let chunk = [7; 64 * 1024];
    let mut sum = 0;
    loop {
        match stream.try_write(&chunk) {
            Ok(length) => sum += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(sum),
            Err(error) => return Err(error),
        }
    }
}

#[test]
fn writable_announces_room_after_the_stream_was_full() {
    on_both(|| async {
        let (near, mut far) = tcp_pair().await?;
        near.writable().await?;
        let filled = fill(&near)?;
        assert!(filled > 0);
        let reading = leno::spawn(async move {
            let mut buffer = vec![0; filled];
            far.read_exact(&mut buffer).await?;
            io::Result::Ok(far)
        });
        loop {
            near.writable().await?;
            match near.try_write_vectored(&[IoSlice::new(b"a"), IoSlice::new(b"b")]) {
                Ok(length) => break assert!(length > 0),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        reading.await??;
        Ok(())
    });
}

#[test]
fn a_write_that_found_no_room_goes_on_when_there_is_some() {
    on_both(|| async {
        let (mut near, mut far) = tcp_pair().await?;
        let sent = vec![3; 16 << 20];
        let expected = sent.len();
        let writing = leno::spawn(async move {
            near.write_all(&sent).await?;
            near.shutdown().await
        });
        let mut received = Vec::new();
        far.read_to_end(&mut received).await?;
        writing.await??;
        assert_eq!(received.len(), expected);
        Ok(())
    });
}

#[test]
fn any_number_of_tasks_may_wait_for_readability() {
    on_both(|| async {
        let (mut near, far) = tcp_pair().await?;
        let far = Arc::new(far);
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let far = far.clone();
                leno::spawn(async move { far.readable().await })
            })
            .collect();
        leno::task::yield_now().await;
        near.write_all(b"x").await?;
        for task in waiting {
            task.await??;
        }
        Ok(())
    });
}

#[test]
fn ready_tells_what_the_stream_is_ready_for() {
    on_both(|| async {
        let (near, far) = tcp_pair().await?;
        let both = Interest::READABLE | Interest::WRITABLE;
        // A client usually speaks first: until a read has found nothing, the accepted stream counts as readable.
        let ready = far.ready(both).await?;
        assert!(ready.is_writable() && ready.is_readable(), "{ready:?}");
        assert_eq!(
            far.try_read(&mut [0; 8]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        let ready = far.ready(both).await?;
        assert!(ready.is_writable() && !ready.is_readable(), "{ready:?}");
        drop(near);
        let ready = far.ready(Interest::READABLE).await?;
        assert!(ready.is_readable() && ready.is_read_closed(), "{ready:?}");
        Ok(())
    });
}

#[test]
fn poll_ready_waits_for_its_direction() {
    on_both(|| async {
        let (mut near, far) = tcp_pair().await?;
        poll_fn(|cx| far.poll_write_ready(cx)).await?;
        let waiting = leno::spawn(async move {
            poll_fn(|cx| far.poll_read_ready(cx)).await?;
            far.try_read(&mut [0; 8])
        });
        near.write_all(b"abc").await?;
        assert_eq!(waiting.await??, 3);
        Ok(())
    });
}

#[test]
fn operations_of_ones_own_wait_and_clear_as_ours_do() {
    on_both(|| async {
        let (mut near, far) = tcp_pair().await?;
        let would_block = || io::Result::<()>::Err(ErrorKind::WouldBlock.into());
        far.writable().await?;
        assert_would_block(far.try_io(Interest::WRITABLE, would_block));
        let untried = || panic!("called although the stream is not known to be writable");
        assert_would_block(far.try_io::<()>(Interest::WRITABLE, untried));

        let mut calls = 0;
        near.write_all(b"abc").await?;
        let length = far
            .async_io(Interest::READABLE, || {
                calls += 1;
                socket2::SockRef::from(&far).peek(&mut [std::mem::MaybeUninit::uninit(); 8])
            })
            .await?;
        assert_eq!(length, 3);
        assert!(calls > 0);
        Ok(())
    });
}
