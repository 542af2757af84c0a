//! Reading bytes: `AsyncReadExt` without the numbers.

#[path = "support/io.rs"]
mod support;

use leno::io::{self, AsyncBufRead, AsyncRead, AsyncReadExt, BufReader, ErrorKind, ReadBuf};
use std::io::Cursor;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use support::{Read, Source, ready};

#[test]
fn a_read_is_one_poll() {
    let mut source = Source::pieces(&[b"abc", b"def"]);
    let mut buf = [0; 8];
    assert_eq!(ready(source.read(&mut buf)).unwrap(), 3);
    assert_eq!((&buf[..3], source.polls), (&b"abc"[..], 1));

    let mut interrupted = Source::new([Read::Fail(ErrorKind::Interrupted)]);
    let error = ready(interrupted.read(&mut buf)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

#[test]
fn slices_and_cursors_are_sources() {
    let mut slice: &[u8] = b"abcd";
    assert_eq!(ready(slice.read(&mut [0; 3])).unwrap(), 3);
    assert_eq!(slice, b"d");

    let mut cursor = Cursor::new(b"abcd");
    cursor.set_position(3);
    assert_eq!(ready(cursor.read(&mut [0; 3])).unwrap(), 1);
    assert_eq!(cursor.position(), 4);
    cursor.set_position(u64::MAX);
    assert_eq!(ready(cursor.read(&mut [0; 3])).unwrap(), 0);
    assert_eq!(cursor.position(), u64::MAX);
}

#[test]
fn boxes_references_and_pins_forward() {
    fn read_all(reader: impl AsyncRead + Unpin) -> Vec<u8> {
        let mut reader = reader;
        let mut bytes = Vec::new();
        ready(reader.read_to_end(&mut bytes)).unwrap();
        bytes
    }
    let mut slice: &[u8] = b"abc";
    let reference: &mut (dyn AsyncRead + Unpin) = &mut slice;
    assert_eq!(read_all(reference), b"abc");
    assert_eq!(slice, b"", "it was read through the reference");
    assert_eq!(read_all(Box::new(&b"abc"[..])), b"abc");
    assert_eq!(read_all(Box::pin(&b"abc"[..])), b"abc");
    let unsized_box: Box<dyn AsyncRead + Unpin> = Box::new(&b"abc"[..]);
    assert_eq!(read_all(unsized_box), b"abc");
}

#[test]
fn read_buf_appends_to_uninitialised_memory() {
    let mut source = Source::pieces(&[b"abc", b"def"]);
    let mut buf = Vec::with_capacity(4);
    assert_eq!(ready(source.read_buf(&mut buf)).unwrap(), 3);
    assert_eq!(ready(source.read_buf(&mut buf)).unwrap(), 1);
    assert_eq!(buf, b"abcd");

    let mut full: &mut [u8] = &mut [];
    assert_eq!(ready(source.read_buf(&mut full)).unwrap(), 0);
    assert_eq!(source.polls, 2, "a full buffer needs no read");
}

#[leno::test]
async fn read_exact_fills_the_buffer_over_many_reads() {
    let mut source = Source::new([
        Read::Bytes(b"abc"),
        Read::Fail(ErrorKind::Interrupted),
        Read::Wait,
        Read::Bytes(b"defg"),
    ]);
    let mut buf = [0; 6];
    assert_eq!(source.read_exact(&mut buf).await.unwrap(), 6);
    assert_eq!(&buf, b"abcdef");
    assert_eq!(ready(source.read_exact(&mut [])).unwrap(), 0);
}

#[test]
fn read_exact_fails_at_an_early_end() {
    let mut source = Source::pieces(&[b"abc"]);
    let error = ready(source.read_exact(&mut [0; 4])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[leno::test]
async fn read_to_end_appends_everything() {
    let mut source = Source::new([
        Read::Bytes(b"abc"),
        Read::Fail(ErrorKind::Interrupted),
        Read::Wait,
        Read::Bytes(b"def"),
    ]);
    let mut buf = b"old ".to_vec();
    assert_eq!(source.read_to_end(&mut buf).await.unwrap(), 6);
    assert_eq!(buf, b"old abcdef");
}

#[test]
fn read_to_end_keeps_what_came_before_an_error() {
    let mut source = Source::new([Read::Bytes(b"abc"), Read::Fail(ErrorKind::Other)]);
    let mut buf = b"old ".to_vec();
    let error = ready(source.read_to_end(&mut buf)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert_eq!(buf, b"old abc");
}

#[test]
fn read_to_end_does_not_grow_a_vector_that_is_large_enough() {
    static BYTES: [u8; 100] = [5; 100];
    for len in 32..100 {
        for cut in [0, 1, len / 2, len - 1] {
            for capacity in 0..=100 {
                let (one, two) = BYTES[..len].split_at(cut);
                let pieces: &[&[u8]] = if one.is_empty() { &[two] } else { &[one, two] };
                let mut buf = Vec::with_capacity(capacity);
                ready(Source::pieces(pieces).read_to_end(&mut buf)).unwrap();
                assert_eq!(buf, &BYTES[..len]);
                if capacity >= len {
                    assert_eq!(buf.capacity(), capacity, "len {len}, cut {cut}");
                }
            }
        }
    }
}

#[test]
fn read_to_end_remembers_what_was_initialised() {
    /// Initialises two bytes more than it fills.
    struct Eager {
        expected: usize,
        left: usize,
    }
    impl AsyncRead for Eager {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            assert_eq!(buf.initialized().len() - buf.filled().len(), self.expected);
            if self.left > 0 {
                self.left -= 1;
                buf.initialize_unfilled_to(self.expected + 2);
                buf.advance(1);
                self.expected += 1;
            }
            Poll::Ready(Ok(()))
        }
    }
    let mut buf = Vec::with_capacity(64);
    let mut eager = Eager {
        expected: 0,
        left: 10,
    };
    assert_eq!(ready(eager.read_to_end(&mut buf)).unwrap(), 10);
    assert_eq!(buf, [0; 10]);
}

#[test]
fn read_to_string_appends_characters_that_come_in_pieces() {
    let mut source = Source::pieces(&[b"h\xc3", b"\xa9", b"llo"]);
    let mut text = String::from("old ");
    assert_eq!(ready(source.read_to_string(&mut text)).unwrap(), 6);
    assert_eq!(text, "old héllo");
}

#[test]
fn read_to_string_leaves_the_string_alone_when_it_fails() {
    let mut text = String::from("öld");
    let error = ready((&b"ab\xff"[..]).read_to_string(&mut text)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(text, "öld");

    for bytes in [&b"ab"[..], b"ab\xff"] {
        let mut source = Source::new([Read::Bytes(bytes), Read::Fail(ErrorKind::Other)]);
        let error = ready(source.read_to_string(&mut text)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
        assert_eq!(text, "öld");
    }
}

#[test]
fn a_chain_goes_on_with_the_second_source() {
    let mut chain = Source::pieces(&[b"ab", b"c"]).chain(Source::pieces(&[b"de"]));
    let mut bytes = Vec::new();
    // Reading into no room is not the end of the first one.
    assert_eq!(ready(chain.read(&mut [])).unwrap(), 0);
    ready(chain.read_to_end(&mut bytes)).unwrap();
    assert_eq!(bytes, b"abcde");
}

#[test]
fn a_chain_of_buffered_sources_consumes_from_the_right_one() {
    let mut chain = pin!((&b"ab"[..]).chain(&b"cd"[..]));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    for expected in [&b"ab"[..], b"b", b"cd", b"d", b""] {
        let Poll::Ready(Ok(bytes)) = chain.as_mut().poll_fill_buf(&mut cx) else {
            panic!("memory is always ready");
        };
        assert_eq!(bytes, expected);
        let one = bytes.len().min(1);
        chain.as_mut().consume(one);
    }
}

#[test]
fn take_ends_at_its_limit() {
    let mut take = Source::pieces(&[b"abcdef"]).take(4);
    let mut bytes = Vec::new();
    ready(take.read_to_end(&mut bytes)).unwrap();
    assert_eq!((&bytes[..], take.limit()), (&b"abcd"[..], 0));
    let polls = take.get_ref().polls;
    assert_eq!(ready(take.read(&mut [0; 4])).unwrap(), 0);
    assert_eq!(
        take.get_ref().polls,
        polls,
        "nothing is asked of the source at the limit"
    );
    take.set_limit(1);
    assert_eq!(ready(take.read_u8()).unwrap(), b'e');
}

#[test]
fn take_fills_behind_what_is_filled() {
    let mut take = pin!((&b"abcdef"[..]).take(4));
    let mut memory = [0; 8];
    let mut buf = ReadBuf::new(&mut memory);
    buf.put_slice(b"12");
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(take.as_mut().poll_read(&mut cx, &mut buf).is_ready());
    assert_eq!(buf.filled(), b"12abcd");
}

#[test]
fn take_cannot_be_consumed_past_its_limit() {
    let mut take = pin!(BufReader::new(&b"abcdef"[..]).take(4));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(matches!(
        take.as_mut().poll_fill_buf(&mut cx),
        Poll::Ready(Ok(b"abcd"))
    ));
    take.as_mut().consume(100);
    assert_eq!(take.limit(), 0);
    assert_eq!(take.get_ref().buffer(), b"ef");
}

/// A source that breaks the rules: it puts another buffer in the place of the one it was given.
struct Replacer;

impl AsyncRead for Replacer {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut other = ReadBuf::new(Box::leak(Box::new([1; 10])));
        other.advance(10);
        *buf = other;
        Poll::Ready(Ok(()))
    }
}

#[test]
#[should_panic(expected = "must not replace the ReadBuf")]
fn a_replaced_buffer_is_noticed_by_read_buf() {
    let _ = ready(Replacer.read_buf(&mut Vec::with_capacity(10)));
}

#[test]
#[should_panic(expected = "must not replace the ReadBuf")]
fn a_replaced_buffer_is_noticed_by_read_to_end() {
    let _ = ready(Replacer.read_to_end(&mut Vec::new()));
}

#[test]
#[should_panic(expected = "must not replace the ReadBuf")]
fn a_replaced_buffer_is_noticed_by_take() {
    let _ = ready(Replacer.take(10).read(&mut [0; 10]));
}
