//! `empty`, `repeat` and `sink`.

#[path = "support/io.rs"]
mod support;

use leno::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt, SeekFrom, empty,
    repeat, sink,
};
use std::io::IoSlice;
use support::ready;

#[test]
fn they_are_shown_by_their_names() {
    assert_eq!(format!("{:?}", empty()), "Empty { .. }");
}

#[test]
fn empty_has_nothing_and_takes_everything() {
    assert_eq!(ready(empty().read(&mut [1; 4])).unwrap(), 0);
    assert_eq!(ready(empty().fill_buf()).unwrap(), b"");
    ready(empty().write_all(b"some bytes")).unwrap();
    ready(empty().shutdown()).unwrap();
    for position in [
        SeekFrom::Start(u64::MAX),
        SeekFrom::End(i64::MIN),
        SeekFrom::Current(1),
    ] {
        assert_eq!(ready(empty().seek(position)).unwrap(), 0);
    }
}

#[test]
fn repeat_fills_whatever_it_is_given() {
    let mut bytes = vec![9];
    ready(repeat(7).take(3).read_to_end(&mut bytes)).unwrap();
    assert_eq!(bytes, [9, 7, 7, 7]);
}

#[test]
fn sink_and_empty_take_all_buffers_at_once() {
    let bufs = [b"", &b"hello"[..], b"world"].map(IoSlice::new);
    assert!(sink().is_write_vectored() && empty().is_write_vectored());
    assert_eq!(ready(sink().write_vectored(&bufs)).unwrap(), 10);
    assert_eq!(ready(empty().write_vectored(&bufs)).unwrap(), 10);
}
