//! `leno::io`: no byte may be lost, or be there twice, if the operation is called again.

use crate::streams::{Inflow, Outflow, Taken, now};
use crate::support::{Row, ends, happened, kept, later, of_the_system, row, settle};
use leno::io::unix::AsyncFd;
use leno::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use leno::io::{BufReader, BufWriter, Interest, SeekFrom, copy, copy_bidirectional};
use leno::io::{copy_bidirectional_with_sizes, copy_buf, empty, join, sink};
use std::io::{IoSlice, Read, Write};
use std::os::unix::net::UnixStream;

/// Each is measured on a thread of its own.
pub(crate) const LISTS: &[fn() -> Vec<Row>] = &[
    read,
    read_buffered,
    write,
    write_whole,
    copies,
    seek,
    descriptors,
];

const TEXT: &[u8] = b"one\ntwo\n";

fn read() -> Vec<Row> {
    vec![
        row! {
            "io::AsyncReadExt::read";
            make (Inflow::of(TEXT), [0; 4]);
            run |(inflow, buf)| inflow.near.read(buf) => |n| inflow.got.extend(&buf[..n.unwrap()]);
            check |(inflow, _), _cut| inflow.comes().await
        },
        row! {
            "io::AsyncReadExt::read_buf";
            make Inflow::of(TEXT);
            run |inflow| inflow.near.read_buf(&mut inflow.got);
            check |inflow, _cut| inflow.comes().await
        },
        row! {
            "io::AsyncReadExt::read_exact";
            make (Inflow::of(TEXT), [0; 4]);
            run |(inflow, buf)| inflow.near.read_exact(buf) => |n| inflow.is_done = n.is_ok();
            check |(mut inflow, mut buf), _cut| {
                let is_done = inflow.is_done || inflow.near.read_exact(&mut buf).await.is_ok();
                kept(is_done && buf == TEXT[..4])
            }
        },
        row! {
            "io::AsyncReadExt::read_to_end";
            make Inflow::of(TEXT);
            run |inflow| inflow.near.read_to_end(&mut inflow.got);
            check |inflow, _cut| inflow.comes().await
        },
        row! {
            "io::AsyncReadExt::read_to_string";
            make (Inflow::of(TEXT), String::new());
            run |(inflow, text)| inflow.near.read_to_string(text);
            check |(mut inflow, mut text), _cut| {
                inflow.near.read_to_string(&mut text).await.unwrap();
                kept(text.as_bytes() == TEXT)
            }
        },
    ]
}

/// As many bytes as the buffer of the reader holds come at once.
fn buffered() -> (BufReader<leno::io::DuplexStream>, Vec<u8>) {
    (
        BufReader::with_capacity(2, Inflow::of(TEXT).near),
        Vec::new(),
    )
}

fn read_buffered() -> Vec<Row> {
    vec![
        row! {
            "io::AsyncBufReadExt::fill_buf";
            make buffered();
            run |(reader, _)| reader.fill_buf();
            check |(mut reader, mut got), _cut| {
                reader.read_to_end(&mut got).await.unwrap();
                kept(got == TEXT)
            }
        },
        row! {
            "io::AsyncBufReadExt::read_until";
            make buffered();
            run |(reader, got)| reader.read_until(b'\n', got);
            check |(mut reader, mut got), cut| {
                if !cut.is_completed() {
                    reader.read_until(b'\n', &mut got).await.unwrap();
                }
                kept(got == TEXT[..4])
            }
        },
        row! {
            "io::AsyncBufReadExt::read_line";
            make (buffered().0, String::new());
            run |(reader, line)| reader.read_line(line);
            check |(mut reader, mut line), cut| {
                if !cut.is_completed() {
                    reader.read_line(&mut line).await.unwrap();
                }
                kept(line.as_bytes() == &TEXT[..4])
            }
        },
        row! {
            "io::Lines::next_line";
            make (buffered().0.lines(), None);
            run |(lines, line)| lines.next_line() => |next| *line = next.unwrap();
            check |(mut lines, mut line), cut| {
                if !cut.is_completed() {
                    line = lines.next_line().await.unwrap();
                }
                kept(line.as_deref() == Some("one"))
            }
        },
        row! {
            "io::Split::next_segment";
            make (buffered().0.split(b'\n'), None);
            run |(segments, segment)| segments.next_segment() => |next| *segment = next.unwrap();
            check |(mut segments, mut segment), cut| {
                if !cut.is_completed() {
                    segment = segments.next_segment().await.unwrap();
                }
                kept(segment.as_deref() == Some(b"one"))
            }
        },
    ]
}

fn write() -> Vec<Row> {
    vec![
        row! {
            "io::AsyncWriteExt::write";
            make Outflow::new();
            run |outflow| outflow.near.write(TEXT) => |n| outflow.written = n.unwrap();
            check |mut outflow, _cut| {
                outflow.near.write_all(&TEXT[outflow.written..]).await.unwrap();
                outflow.arrives(TEXT).await
            }
        },
        row! {
            "io::AsyncWriteExt::write_vectored";
            make (Outflow::new(), [IoSlice::new(&TEXT[..2]), IoSlice::new(&TEXT[2..])]);
            run |(outflow, slices)| outflow.near.write_vectored(slices) => |n| outflow.written = n.unwrap();
            check |(mut outflow, _), _cut| {
                outflow.near.write_all(&TEXT[outflow.written..]).await.unwrap();
                outflow.arrives(TEXT).await
            }
        },
        row! {
            "io::AsyncWriteExt::write_buf";
            make (Outflow::new(), TEXT);
            run |(outflow, rest)| outflow.near.write_buf(rest);
            check |(mut outflow, rest), _cut| {
                outflow.near.write_all(rest).await.unwrap();
                outflow.arrives(TEXT).await
            }
        },
        row! {
            "io::AsyncWriteExt::flush";
            make {
                let Outflow { near, taken, .. } = Outflow::new();
                let mut writer = BufWriter::new(near);
                assert!(now(writer.write_all(TEXT)));
                (writer, taken)
            };
            run |(writer, _)| writer.flush();
            check |(mut writer, taken), _cut| {
                writer.flush().await.unwrap();
                drop(writer);
                taken.are(TEXT).await
            }
        },
        row! {
            "io::AsyncWriteExt::shutdown";
            make {
                let Outflow { near, taken, .. } = Outflow::new();
                let mut writer = BufWriter::new(near);
                assert!(now(writer.write_all(TEXT)));
                (writer, taken)
            };
            run |(writer, _)| writer.shutdown();
            check |(mut writer, taken), _cut| {
                writer.shutdown().await.unwrap();
                // The other side has seen the end: the stream is still there.
                let seen = taken.are(TEXT).await;
                drop(writer);
                seen
            }
        },
    ]
}

fn write_whole() -> Vec<Row> {
    vec![
        row! {
            "io::AsyncWriteExt::write_all";
            make Outflow::new();
            run |outflow| outflow.near.write_all(TEXT) => |written| outflow.is_done = written.is_ok();
            check |mut outflow, _cut| {
                if !outflow.is_done {
                    outflow.near.write_all(TEXT).await.unwrap();
                }
                outflow.arrives(TEXT).await
            }
        },
        row! {
            "io::AsyncWriteExt::write_all_buf";
            make (Outflow::new(), TEXT);
            run |(outflow, rest)| outflow.near.write_all_buf(rest);
            check |(mut outflow, mut rest), _cut| {
                outflow.near.write_all_buf(&mut rest).await.unwrap();
                outflow.arrives(TEXT).await
            }
        },
    ]
}

fn copies() -> Vec<Row> {
    vec![
        row! {
            "io::copy";
            make (Inflow::of(TEXT), Outflow::new());
            run |(inflow, outflow)| copy(&mut inflow.near, &mut outflow.near);
            check |(mut inflow, mut outflow), _cut| {
                copy(&mut inflow.near, &mut outflow.near).await.unwrap();
                outflow.arrives(TEXT).await
            }
        },
        row! {
            "io::copy_buf";
            make (buffered().0, Outflow::new());
            run |(reader, outflow)| copy_buf(reader, &mut outflow.near);
            check |(mut reader, mut outflow), _cut| {
                copy_buf(&mut reader, &mut outflow.near).await.unwrap();
                outflow.arrives(TEXT).await
            }
        },
        row! {
            "io::copy_bidirectional";
            make both_ways();
            run |(near, far, _)| copy_bidirectional(near, far);
            check |(mut near, mut far, taken), _cut| {
                copy_bidirectional(&mut near, &mut far).await.unwrap();
                drop(far);
                taken.are(TEXT).await
            }
        },
        row! {
            "io::copy_bidirectional_with_sizes";
            make both_ways();
            run |(near, far, _)| copy_bidirectional_with_sizes(near, far, 2, 2);
            check |(mut near, mut far, taken), _cut| {
                copy_bidirectional_with_sizes(&mut near, &mut far, 2, 2).await.unwrap();
                drop(far);
                taken.are(TEXT).await
            }
        },
    ]
}

type Stream = leno::io::Join<leno::io::DuplexStream, leno::io::Sink>;
type Other = leno::io::Join<leno::io::Empty, leno::io::DuplexStream>;

/// What comes from one stream goes to another, and nothing the other way.
fn both_ways() -> (Stream, Other, Taken) {
    let Outflow { near, taken, .. } = Outflow::new();
    let inflow = join(Inflow::of(TEXT).near, sink());
    (inflow, join(empty(), near), taken)
}

/// A file of ten bytes, at its third.
fn file() -> (tempfile::TempDir, leno::fs::File) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "0123456789").unwrap();
    let mut file = std::fs::File::open(&path).unwrap();
    std::io::Seek::seek(&mut file, SeekFrom::Start(3)).unwrap();
    (folder, leno::fs::File::from_std(file))
}

/// Where the file is.
async fn position(file: &mut leno::fs::File) -> u64 {
    settle().await;
    file.stream_position().await.unwrap()
}

fn seek() -> Vec<Row> {
    let rows = vec![
        row! {
            "io::AsyncSeekExt::seek";
            make file();
            run |(_, file)| file.seek(SeekFrom::Current(1));
            check |(_folder, mut file), cut| happened(cut, position(&mut file).await == 4)
        },
        row! {
            "io::AsyncSeekExt::rewind";
            make file();
            run |(_, file)| file.rewind();
            check |(_folder, mut file), cut| happened(cut, position(&mut file).await == 0)
        },
        row! {
            "io::AsyncSeekExt::stream_position";
            make file();
            run |(_, file)| file.stream_position();
            check |(_folder, mut file), _cut| kept(position(&mut file).await == 3)
        },
    ];
    of_the_system(rows)
}

/// A descriptor in a runtime, and the other end. A byte comes a second from now.
fn readable() -> (AsyncFd<UnixStream>, UnixStream) {
    let (near, far) = UnixStream::pair().unwrap();
    let mut writer = far.try_clone().unwrap();
    later(async move { writer.write_all(b"x").unwrap() });
    (watched(near), far)
}

/// The same, without room to write until a second from now.
fn writable() -> (AsyncFd<UnixStream>, UnixStream) {
    let (near, far) = UnixStream::pair().unwrap();
    let mut reader = far.try_clone().unwrap();
    let near = watched(near);
    while near.get_ref().write(&[0; 4096]).is_ok() {}
    reader.set_nonblocking(true).unwrap();
    later(async move { while reader.read(&mut [0; 4096]).is_ok() {} });
    (near, far)
}

fn watched(stream: UnixStream) -> AsyncFd<UnixStream> {
    stream.set_nonblocking(true).unwrap();
    // SAFETY: the `AsyncFd` owns the stream, which closes its descriptor only when it is dropped.
    unsafe { AsyncFd::register(stream) }.unwrap()
}

fn descriptors() -> Vec<Row> {
    vec![
        row! {
            "io::unix::AsyncFd::ready";
            make readable();
            run |(fd, _)| fd.ready(Interest::READABLE);
            check |(fd, _far), _cut| ends(fd.ready(Interest::READABLE)).await
        },
        row! {
            "io::unix::AsyncFd::ready_mut";
            make readable();
            run |(fd, _)| fd.ready_mut(Interest::READABLE);
            check |(mut fd, _far), _cut| ends(fd.ready_mut(Interest::READABLE)).await
        },
        row! {
            "io::unix::AsyncFd::readable";
            make readable();
            run |(fd, _)| fd.readable();
            check |(fd, _far), _cut| ends(fd.readable()).await
        },
        row! {
            "io::unix::AsyncFd::readable_mut";
            make readable();
            run |(fd, _)| fd.readable_mut();
            check |(mut fd, _far), _cut| ends(fd.readable_mut()).await
        },
        row! {
            "io::unix::AsyncFd::writable";
            make writable();
            run |(fd, _)| fd.writable();
            check |(fd, _far), _cut| ends(fd.writable()).await
        },
        row! {
            "io::unix::AsyncFd::writable_mut";
            make writable();
            run |(fd, _)| fd.writable_mut();
            check |(mut fd, _far), _cut| ends(fd.writable_mut()).await
        },
        row! {
            "io::unix::AsyncFd::async_io";
            make (readable(), 0);
            run |((fd, _), _got)| {
                fd.async_io(Interest::READABLE, |mut stream| stream.read(&mut [0; 4]))
            } => |n| *_got = n.unwrap();
            check |((fd, _far), mut got), _cut| {
                if got == 0 {
                    got = fd.async_io(Interest::READABLE, |mut stream| stream.read(&mut [0; 4])).await.unwrap();
                }
                kept(got == 1)
            }
        },
        row! {
            "io::unix::AsyncFd::async_io_mut";
            make (readable(), 0);
            run |((fd, _), _got)| {
                fd.async_io_mut(Interest::READABLE, |stream| stream.read(&mut [0; 4]))
            } => |n| *_got = n.unwrap();
            check |((mut fd, _far), mut got), _cut| {
                if got == 0 {
                    got = fd.async_io_mut(Interest::READABLE, |stream| stream.read(&mut [0; 4])).await.unwrap();
                }
                kept(got == 1)
            }
        },
    ]
}
