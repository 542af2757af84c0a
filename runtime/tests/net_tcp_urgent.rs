//! Urgent data leaves a mark in the stream at which reads end, before and after it has been taken: there is more behind it.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod net_support;

use leno::io::{AsyncReadExt, Interest};
use leno::net::TcpStream;
use net_support::*;
use socket2::SockRef;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;

/// Takes the urgent byte; that there is none is no error.
fn take(stream: &TcpStream) -> io::Result<u8> {
    let mut byte = [MaybeUninit::new(0)];
    match SockRef::from(stream).recv_out_of_band(&mut byte) {
        // SAFETY: it was initialised above.
        Ok(1) => Ok(unsafe { byte[0].assume_init() }),
        _ => Err(ErrorKind::WouldBlock.into()),
    }
}

/// Sends text with urgent bytes in it, which stand between `!`s.
fn send(stream: &TcpStream, parts: &[&str]) -> io::Result<()> {
    let socket = SockRef::from(stream);
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            assert_eq!(socket.send_out_of_band(b"!")?, 1);
        }
        assert_eq!(socket.send(part.as_bytes())?, part.len());
    }
    Ok(())
}

async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let (near, far) = tcp_pair().await?;
    near.set_nodelay(true)?;
    Ok((near, far))
}

/// Reads so many bytes, with room for more.
async fn read(
    stream: &mut (impl leno::io::AsyncRead + Unpin),
    length: usize,
) -> io::Result<String> {
    let mut text = Vec::new();
    while text.len() < length {
        let mut buffer = [0; 64];
        let read = stream.read(&mut buffer).await?;
        assert!(read > 0, "the stream has ended");
        text.extend_from_slice(&buffer[..read]);
    }
    Ok(String::from_utf8(text).unwrap())
}

#[test]
fn what_is_behind_the_mark_is_read_after_an_attempt_took_it() {
    on_one(async {
        let (near, mut far) = pair().await?;
        send(&near, &["abc", "def"])?;
        far.ready(Interest::PRIORITY).await?;
        assert_eq!(far.try_io(Interest::PRIORITY, || take(&far))?, b'!');
        // Nothing urgent is known of from here on.
        assert_would_block(far.try_io(Interest::PRIORITY, || take(&far)));
        assert_eq!(read(&mut far, 6).await?, "abcdef");
        Ok(())
    });
}

#[test]
fn what_is_behind_the_mark_is_read_while_another_task_takes_it() {
    on_both(|| async {
        for _ in 0..50 {
            let (near, far) = pair().await?;
            let (mut reader, writer) = far.into_split();
            let taking = leno::spawn(async move {
                let far: &TcpStream = writer.as_ref();
                far.async_io(Interest::PRIORITY, || take(far)).await?;
                assert_would_block(far.try_io(Interest::PRIORITY, || take(far)));
                io::Result::Ok(writer)
            });
            send(&near, &["abc", "def"])?;
            let text = read(&mut reader, 6).await?;
            assert_eq!(text.replace('!', ""), "abcdef");
            // Where the bytes before the mark were read first, it may be gone.
            taking.abort();
            let _ = taking.await;
        }
        Ok(())
    });
}

#[test]
fn every_mark_is_passed() {
    on_one(async {
        let (near, mut far) = pair().await?;
        for round in 0..5 {
            send(&near, &["abc", "def"])?;
            far.ready(Interest::PRIORITY).await?;
            far.async_io(Interest::PRIORITY, || take(&far)).await?;
            assert_would_block(far.try_io(Interest::PRIORITY, || take(&far)));
            assert_eq!(read(&mut far, 6).await?, "abcdef", "round {round}");
        }
        drop(near);
        assert_eq!(far.read(&mut [0; 8]).await?, 0);
        Ok(())
    });
}
