//! The halves of a TCP stream work by themselves, and become one stream again.

mod net_support;

use leno::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest, ReadBuf};
use leno::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use leno::net::{TcpListener, TcpStream};
use net_support::*;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};

#[test]
fn borrowed_halves_read_and_write_at_once() {
    on_both(|| async {
        let (mut near, mut far) = tcp_pair().await?;
        let echo = leno::spawn(async move {
            let (mut reader, mut writer) = far.split();
            leno::io::copy(&mut reader, &mut writer).await
        });
        {
            let (mut reader, mut writer) = near.split();
            writer.write_all(b"to and fro").await?;
            writer.shutdown().await?;
            let mut text = String::new();
            reader.read_to_string(&mut text).await?;
            assert_eq!(text, "to and fro");
        }
        assert_eq!(
            near.read(&mut [0; 8]).await?,
            0,
            "the stream is whole again"
        );
        assert_eq!(echo.await??, 10);
        Ok(())
    });
}

#[test]
fn owned_halves_go_to_two_tasks() {
    on_both(|| async {
        let (near, far) = tcp_pair().await?;
        let (mut near_reader, mut near_writer) = near.into_split();
        let (mut far_reader, mut far_writer) = far.into_split();
        let writing = leno::spawn(async move { near_writer.write_all(b"there").await });
        let echo =
            leno::spawn(async move { leno::io::copy(&mut far_reader, &mut far_writer).await });
        let mut text = String::new();
        near_reader.read_to_string(&mut text).await?;
        assert_eq!(text, "there");
        writing.await??;
        assert_eq!(echo.await??, 5);
        Ok(())
    });
}

#[test]
fn dropping_the_write_half_ends_its_direction_alone() {
    on_both(|| async {
        let (near, mut far) = tcp_pair().await?;
        let (mut reader, writer) = near.into_split();
        drop(writer);
        assert_eq!(far.read(&mut [0; 8]).await?, 0);
        far.write_all(b"still").await?;
        let mut buffer = [0; 5];
        reader.read_exact(&mut buffer).await?;
        assert_eq!(&buffer, b"still");
        Ok(())
    });
}

#[test]
fn a_forgotten_write_half_ends_nothing() {
    on_one(async {
        let (near, far) = tcp_pair().await?;
        let (reader, writer) = near.into_split();
        writer.forget();
        poll_fn(|cx| far.poll_write_ready(cx)).await?;
        assert_would_block(far.try_read(&mut [0; 8]));
        drop(reader);
        far.readable().await?;
        assert_eq!(far.try_read(&mut [0; 8])?, 0);
        Ok(())
    });
}

#[test]
fn halves_of_one_stream_reunite() {
    on_both(|| async {
        let (near, mut far) = tcp_pair().await?;
        let (reader, writer) = near.into_split();
        let near = reader.reunite(writer).unwrap();
        let (reader, writer) = near.into_split();
        let mut near = writer.reunite(reader).unwrap();
        near.write_all(b"one").await?;
        let mut buffer = [0; 3];
        far.read_exact(&mut buffer).await?;
        assert_eq!(&buffer, b"one");
        Ok(())
    });
}

#[test]
fn halves_of_two_streams_come_back_in_the_error() {
    on_one(async {
        let (near, mut far) = tcp_pair().await?;
        let (near_reader, near_writer) = near.into_split();
        let (_other, stranger) = tcp_pair().await?;
        let (stranger_reader, stranger_writer) = stranger.into_split();
        let error = near_reader.reunite(stranger_writer).unwrap_err();
        assert!(error.to_string().contains("not from the same socket"));
        let near_reader: OwnedReadHalf = error.0;
        let error = near_writer.reunite(stranger_reader).unwrap_err();
        let mut near_writer: OwnedWriteHalf = error.1;
        near_writer.write_all(b"alive").await?;
        let mut buffer = [0; 5];
        far.read_exact(&mut buffer).await?;
        near_reader.reunite(near_writer).unwrap();
        Ok(())
    });
}

#[test]
fn halves_peek_and_try_as_the_stream_does() {
    on_both(|| async {
        let (near, mut far) = tcp_pair().await?;
        let (mut reader, writer) = far.split();
        let mut buffer = [0; 8];
        assert_would_block(reader.try_read(&mut buffer));

        let (near_reader, near_writer) = near.into_split();
        near_writer.writable().await?;
        let bufs = [IoSlice::new(b"pe"), IoSlice::new(b"ek")];
        assert_eq!(near_writer.try_write_vectored(&bufs)?, 4);
        assert_eq!(reader.peek(&mut buffer).await?, 4);
        let mut buf = ReadBuf::new(&mut buffer);
        assert_eq!(poll_fn(|cx| reader.poll_peek(cx, &mut buf)).await?, 4);
        assert!(reader.ready(Interest::READABLE).await?.is_readable());
        let mut vec = Vec::with_capacity(8);
        assert_eq!(reader.try_read_buf(&mut vec)?, 4);
        assert_eq!(vec, b"peek");

        writer.writable().await?;
        assert!(writer.is_write_vectored());
        assert!(writer.ready(Interest::WRITABLE).await?.is_writable());
        assert_eq!(writer.try_write(b"back")?, 4);
        near_reader.readable().await?;
        let (mut head, mut tail) = ([0; 1], [0; 8]);
        let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
        assert_eq!(near_reader.try_read_vectored(&mut bufs)?, 4);
        assert_eq!((&head, &tail[..3]), (b"b", &b"ack"[..]));

        assert_eq!(near_reader.peer_addr()?, writer.local_addr()?);
        assert_eq!(near_writer.local_addr()?, reader.peer_addr()?);
        assert_eq!(
            near_reader.as_ref().local_addr()?,
            near_writer.as_ref().local_addr()?
        );
        Ok(())
    });
}

#[test]
fn a_half_that_waits_does_not_hinder_the_other() {
    on_both(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (mut reader, mut writer) = TcpStream::connect(listener.local_addr()?)
            .await?
            .into_split();
        let (mut far, _) = listener.accept().await?;
        let reading = leno::spawn(async move {
            let mut text = String::new();
            reader.read_to_string(&mut text).await?;
            io::Result::Ok(text)
        });
        leno::task::yield_now().await;
        for _ in 0..100 {
            writer.write_all(b"x").await?;
            far.read_exact(&mut [0; 1]).await?;
        }
        far.write_all(b"enough").await?;
        drop(far);
        assert_eq!(reading.await??, "enough");
        Ok(())
    });
}

#[test]
fn writing_after_shutdown_fails_and_dropping_is_quiet() {
    on_one(async {
        let (near, far) = tcp_pair().await?;
        let (_reader, mut writer) = near.into_split();
        writer.shutdown().await?;
        let error = writer.write(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        drop(far);
        drop(writer);
        Ok(())
    });
}
