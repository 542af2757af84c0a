//! Copying from stream to stream.

#[path = "support/io.rs"]
mod support;

use leno::io::{
    self, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter, ErrorKind, copy, copy_bidirectional,
    copy_bidirectional_with_sizes, copy_buf, duplex, join,
};
use std::pin::pin;
use support::{Read, Source, Target, Write, poll_once, ready};

#[leno::test]
async fn everything_arrives_and_is_flushed() {
    let script = || {
        Source::new([
            Read::Bytes(b"ab"),
            Read::Fail(ErrorKind::Interrupted),
            Read::Wait,
            Read::Bytes(b"cdef"),
        ])
    };
    let slow = || {
        Target::new([
            Write::Take(1),
            Write::Fail(ErrorKind::Interrupted),
            Write::Wait,
            Write::Take(2),
        ])
    };
    let mut target = slow();
    assert_eq!(copy(&mut script(), &mut target).await.unwrap(), 6);
    assert_eq!(target.bytes, b"abcdef");
    assert!(target.flushes > 0);

    let mut target = slow();
    let mut reader = BufReader::new(script());
    assert_eq!(copy_buf(&mut reader, &mut target).await.unwrap(), 6);
    assert_eq!(target.bytes, b"abcdef");
    assert!(target.flushes > 0);
}

#[test]
fn nothing_is_stuck_in_the_writer_while_the_reader_is_waited_for() {
    let mut writer = BufWriter::new(Target::default());
    let mut source = Source::new([Read::Bytes(b"ab"), Read::Wait]);
    assert!(poll_once(pin!(copy(&mut source, &mut writer))).is_pending());
    assert_eq!(writer.get_ref().bytes, b"ab");

    let mut writer = BufWriter::new(Target::default());
    let mut source = BufReader::new(Source::new([Read::Bytes(b"ab"), Read::Wait]));
    assert!(poll_once(pin!(copy_buf(&mut source, &mut writer))).is_pending());
    assert_eq!(writer.get_ref().bytes, b"ab");
}

#[leno::test]
async fn the_next_write_is_larger_after_a_wait_for_the_writer() {
    let mut source = Source::pieces(&[b"ab", b"cd"]);
    let mut target = Target::new([Write::Wait]);
    assert_eq!(copy(&mut source, &mut target).await.unwrap(), 4);
    assert_eq!(target.writes, 2, "one is pending, one writes everything");
}

#[test]
fn copy_buf_keeps_what_was_not_written() {
    let mut source = BufReader::new(&b"abcdef"[..]);
    let mut target = Target::new([Write::Take(2), Write::Wait]);
    assert!(poll_once(pin!(copy_buf(&mut source, &mut target))).is_pending());
    assert_eq!(ready(copy_buf(&mut source, &mut target)).unwrap(), 4);
    assert_eq!(target.bytes, b"abcdef");
}

#[test]
fn errors_end_a_copy() {
    let mut failing = Source::new([Read::Bytes(b"a"), Read::Fail(ErrorKind::Other)]);
    let error = ready(copy(&mut failing, &mut io::sink())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);

    let mut full = Target::new([Write::Take(1), Write::Take(0)]);
    let error = ready(copy(&mut &b"ab"[..], &mut full)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);

    let mut full = Target::new([Write::Take(0)]);
    let error = ready(copy_buf(&mut &b"ab"[..], &mut full)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
}

#[leno::test]
async fn both_directions_are_copied_and_shut_down() {
    for sizes in [None, Some((1, 1))] {
        let mut a = join(Source::pieces(&[b"question"]), Target::default());
        let mut b = join(
            Source::new([Read::Bytes(b"ans"), Read::Wait, Read::Bytes(b"wer")]),
            Target::new([Write::Take(3), Write::Wait]),
        );
        let copied = match sizes {
            None => copy_bidirectional(&mut a, &mut b).await,
            Some((there, back)) => copy_bidirectional_with_sizes(&mut a, &mut b, there, back).await,
        };
        assert_eq!(copied.unwrap(), (8, 6));
        assert_eq!(
            (&a.writer().bytes[..], a.writer().shut_down),
            (&b"answer"[..], true)
        );
        assert_eq!(
            (&b.writer().bytes[..], b.writer().shut_down),
            (&b"question"[..], true)
        );
    }
}

#[test]
fn one_direction_goes_on_when_the_other_has_ended() {
    let (mut client, mut near) = duplex(8);
    let (mut far, mut server) = duplex(8);
    let mut copying = pin!(copy_bidirectional(&mut near, &mut far));

    ready(client.shutdown()).unwrap();
    assert!(poll_once(copying.as_mut()).is_pending());
    assert_eq!(ready(server.read(&mut [0; 8])).unwrap(), 0);

    ready(server.write_all(b"late")).unwrap();
    assert!(poll_once(copying.as_mut()).is_pending());
    let mut word = [0; 4];
    ready(client.read_exact(&mut word)).unwrap();
    assert_eq!(&word, b"late");

    drop(server);
    assert_eq!(ready(copying).unwrap(), (0, 4));
}

#[test]
fn a_direction_that_waits_does_not_hold_up_the_other() {
    let (mut client, mut near) = duplex(1);
    let (mut far, mut server) = duplex(1);
    let mut copying = pin!(copy_bidirectional_with_sizes(&mut near, &mut far, 1, 1));
    // Client to server is stuck: nobody reads there.
    while poll_once(pin!(client.write(b"x"))).is_ready() {
        assert!(poll_once(copying.as_mut()).is_pending());
    }
    ready(server.write_all(b"y")).unwrap();
    assert!(poll_once(copying.as_mut()).is_pending());
    assert_eq!(ready(client.read_u8()).unwrap(), b'y');
}

#[test]
fn an_error_of_either_direction_ends_both() {
    for fails in [0, 1] {
        let side = |fail| {
            let script = if fail {
                Read::Fail(ErrorKind::Other)
            } else {
                Read::Wait
            };
            join(Source::new([script]), Target::default())
        };
        let (mut a, mut b) = (side(fails == 0), side(fails == 1));
        assert!(ready(copy_bidirectional(&mut a, &mut b)).is_err());
    }
}

#[test]
#[should_panic(expected = "`a_to_b_buf_size` must be greater than 0")]
fn the_buffer_there_must_not_be_empty() {
    let _ = ready(copy_bidirectional_with_sizes(
        &mut io::empty(),
        &mut io::empty(),
        0,
        1,
    ));
}

#[test]
#[should_panic(expected = "`b_to_a_buf_size` must be greater than 0")]
fn the_buffer_back_must_not_be_empty() {
    let _ = ready(copy_bidirectional_with_sizes(
        &mut io::empty(),
        &mut io::empty(),
        1,
        0,
    ));
}
