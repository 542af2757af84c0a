//! Records: lines, segments, and what is shown before it is taken.

#[path = "support/io.rs"]
mod support;

use leno::io::{AsyncBufReadExt, AsyncReadExt, BufReader, ErrorKind};
use std::io::Cursor;
use std::pin::pin;
use std::str::Utf8Error;
use support::{Read, Source, poll_once, ready};

#[leno::test]
async fn read_until_stops_behind_the_delimiter() {
    let mut reader = BufReader::new(Source::new([
        Read::Bytes(b"one"),
        Read::Fail(ErrorKind::Interrupted),
        Read::Wait,
        Read::Bytes(b";two;"),
        Read::Bytes(b"three"),
    ]));
    let mut buf = b"old ".to_vec();
    assert_eq!(reader.read_until(b';', &mut buf).await.unwrap(), 4);
    assert_eq!(reader.read_until(b';', &mut buf).await.unwrap(), 4);
    assert_eq!(reader.read_until(b';', &mut buf).await.unwrap(), 5);
    assert_eq!(reader.read_until(b';', &mut buf).await.unwrap(), 0);
    assert_eq!(buf, b"old one;two;three");
}

#[test]
fn read_until_keeps_what_it_has_when_it_fails_or_is_cancelled() {
    let mut reader = BufReader::new(Source::new([
        Read::Bytes(b"a"),
        Read::Wait,
        Read::Bytes(b"b"),
        Read::Fail(ErrorKind::Other),
        Read::Bytes(b"c;"),
    ]));
    let mut buf = Vec::new();
    assert!(poll_once(pin!(reader.read_until(b';', &mut buf))).is_pending());
    assert!(ready(reader.read_until(b';', &mut buf)).is_err());
    assert_eq!(ready(reader.read_until(b';', &mut buf)).unwrap(), 2);
    assert_eq!(buf, b"abc;");
}

#[test]
fn read_line_appends_a_line_with_its_ending() {
    let mut reader = BufReader::new(Source::pieces(&[b"one\ntw", b"\xc3", b"\xb6\n", b"end"]));
    let mut line = String::from("> ");
    assert_eq!(ready(reader.read_line(&mut line)).unwrap(), 4);
    assert_eq!(ready(reader.read_line(&mut line)).unwrap(), 5);
    assert_eq!(ready(reader.read_line(&mut line)).unwrap(), 3);
    assert_eq!(ready(reader.read_line(&mut line)).unwrap(), 0);
    assert_eq!(line, "> one\ntwö\nend");
}

#[test]
fn read_line_restores_the_string_when_the_line_is_not_utf8() {
    let mut reader = Cursor::new(b"ab\xffcd\nnext\n");
    let mut line = String::from("old");
    let error = ready(reader.read_line(&mut line)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let utf8 = error.into_inner().unwrap().downcast::<Utf8Error>().unwrap();
    assert_eq!(utf8.valid_up_to(), 5);
    assert_eq!(line, "old");
    assert_eq!(ready(reader.read_line(&mut line)).unwrap(), 5);
    assert_eq!(line, "oldnext\n");
}

#[test]
fn read_line_keeps_text_that_came_before_an_error() {
    let script = |bytes| [Read::Bytes(bytes), Read::Fail(ErrorKind::Other)];

    let mut line = String::from("old ");
    let mut reader = BufReader::new(Source::new(script(b"text")));
    let error = ready(reader.read_line(&mut line)).unwrap_err();
    assert_eq!((error.kind(), &line[..]), (ErrorKind::Other, "old text"));

    let mut reader = BufReader::new(Source::new(script(b"\xff")));
    let error = ready(reader.read_line(&mut line)).unwrap_err();
    assert_eq!((error.kind(), &line[..]), (ErrorKind::Other, "old text"));
}

#[test]
fn lines_come_without_their_endings() {
    let mut lines = (&b"one\r\n\ntwo\rhalf\nlast"[..]).lines();
    for expected in ["one", "", "two\rhalf", "last"] {
        assert_eq!(ready(lines.next_line()).unwrap().as_deref(), Some(expected));
    }
    assert_eq!(ready(lines.next_line()).unwrap(), None);
    assert_eq!(ready(lines.next_line()).unwrap(), None);
}

#[test]
fn a_cancelled_next_line_loses_nothing() {
    let mut lines = BufReader::new(Source::new([
        Read::Bytes(b"on"),
        Read::Wait,
        Read::Bytes(b"e\ntwo\n"),
    ]))
    .lines();
    assert!(poll_once(pin!(lines.next_line())).is_pending());
    assert_eq!(ready(lines.next_line()).unwrap().as_deref(), Some("one"));
    assert_eq!(ready(lines.next_line()).unwrap().as_deref(), Some("two"));
}

#[test]
fn a_line_that_is_not_utf8_is_skipped() {
    let mut lines = (&b"a\xff\nb\n"[..]).lines();
    assert_eq!(
        ready(lines.next_line()).unwrap_err().kind(),
        ErrorKind::InvalidData
    );
    assert_eq!(ready(lines.next_line()).unwrap().as_deref(), Some("b"));
}

#[test]
fn segments_come_without_their_delimiters() {
    let mut segments = AsyncBufReadExt::split(
        BufReader::new(Source::new([
            Read::Bytes(b"a,"),
            Read::Bytes(b",b"),
            Read::Wait,
            Read::Bytes(b"c"),
        ])),
        b',',
    );
    assert_eq!(ready(segments.next_segment()).unwrap(), Some(b"a".to_vec()));
    assert_eq!(ready(segments.next_segment()).unwrap(), Some(b"".to_vec()));
    assert!(poll_once(pin!(segments.next_segment())).is_pending());
    assert_eq!(
        ready(segments.next_segment()).unwrap(),
        Some(b"bc".to_vec())
    );
    assert_eq!(ready(segments.next_segment()).unwrap(), None);
}

#[leno::test]
async fn fill_buf_shows_the_same_bytes_until_they_are_consumed() {
    let mut reader = BufReader::new(Source::new([Read::Wait, Read::Bytes(b"abcdef")]));
    assert_eq!(reader.fill_buf().await.unwrap(), b"abcdef");
    reader.consume(2);
    assert_eq!(ready(reader.fill_buf()).unwrap(), b"cdef");
    assert_eq!(ready(reader.read_u8()).unwrap(), b'c');
    reader.consume(100);
    assert_eq!(ready(reader.fill_buf()).unwrap(), b"");
}

#[test]
#[should_panic(expected = "must not be polled again")]
fn fill_buf_lends_its_bytes_once() {
    let mut reader: &[u8] = b"abc";
    let mut filling = pin!(reader.fill_buf());
    assert!(poll_once(filling.as_mut()).is_ready());
    let _ = poll_once(filling.as_mut());
}
