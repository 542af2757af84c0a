//! `split`, and its opposite, `join`.

#[path = "support/io.rs"]
mod support;

use leno::io::{
    self, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex, join, split,
};
use std::io::IoSlice;
use std::thread;
use support::{Source, Target, block_on, panic_file, ready};

#[test]
fn the_halves_work_on_two_threads() {
    const BYTES: usize = 100_000;
    let (near, far) = duplex(64);
    let echo = thread::spawn(move || {
        block_on(async {
            let (mut reader, mut writer) = split(far);
            let copied = io::copy(&mut reader, &mut writer).await.unwrap();
            writer.shutdown().await.unwrap();
            copied
        })
    });
    let (mut reader, mut writer) = split(near);
    let sender = thread::spawn(move || {
        block_on(async {
            writer.write_all(&[7; BYTES]).await.unwrap();
            writer.shutdown().await.unwrap();
        });
    });
    let mut bytes = Vec::new();
    block_on(reader.read_to_end(&mut bytes)).unwrap();
    assert_eq!(bytes, [7; BYTES]);
    assert_eq!(echo.join().unwrap(), BYTES as u64);
    sender.join().unwrap();
}

#[test]
fn the_halves_know_each_other_and_come_together_again() {
    let (reader, writer) = split(join(Source::pieces(&[b"ab"]), Target::default()));
    let (other_reader, other_writer) = split(join(io::empty(), io::sink()));
    let (third_reader, third_writer) = split(join(io::empty(), io::sink()));
    assert!(reader.is_pair_of(&writer) && writer.is_pair_of(&reader));
    assert!(!other_reader.is_pair_of(&third_writer));
    assert!(!other_writer.is_pair_of(&third_reader));

    let mut stream = reader.unsplit(writer);
    assert_eq!(ready(stream.read_u8()).unwrap(), b'a');
}

#[test]
fn halves_of_two_streams_panic_where_they_are_put_together() {
    let file = panic_file(|| {
        let (reader, _) = split(join(io::empty(), io::sink()));
        let (_, writer) = split(join(io::empty(), io::sink()));
        reader.unsplit(writer);
    });
    assert_eq!(file, file!());
}

#[test]
fn a_half_says_whether_the_stream_can_write_vectored() {
    assert!(split(join(io::empty(), io::sink())).1.is_write_vectored());
    let (_, writer) = split(join(io::empty(), Target::default()));
    assert!(!writer.is_write_vectored());
}

#[test]
fn a_half_writes_several_slices_at_once() {
    let (reader, mut writer) = split(join(io::empty(), Vec::new()));
    let bufs = [&b"ab"[..], b"cd"].map(IoSlice::new);
    assert_eq!(ready(writer.write_vectored(&bufs)).unwrap(), 4);
    assert_eq!(reader.unsplit(writer).writer(), b"abcd");
}

#[test]
fn a_joined_stream_reads_and_writes_its_parts() {
    let mut stream = join(&b"ab\ncd"[..], Vec::new());
    let mut line = String::new();
    ready(stream.read_line(&mut line)).unwrap();
    ready(stream.write_all(b"12")).unwrap();
    assert_eq!((line.as_str(), *stream.reader()), ("ab\n", &b"cd"[..]));
    stream.writer_mut().push(b'3');
    *stream.reader_mut() = b"";
    assert_eq!(stream.into_inner(), (&b""[..], b"123".to_vec()));
}
