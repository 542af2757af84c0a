//! `ReadBuf` knows what is filled and what is initialised.

#[path = "support/io.rs"]
mod support;

use bytes::BufMut;
use leno::io::ReadBuf;
use std::mem::MaybeUninit;
use support::panic_file;

#[test]
fn initialised_memory_starts_unfilled() {
    let mut memory = *b"old bytes";
    let buf = ReadBuf::new(&mut memory);
    assert_eq!(
        (buf.capacity(), buf.remaining(), buf.filled().len()),
        (9, 9, 0)
    );
    assert_eq!(buf.initialized(), b"old bytes");
}

#[test]
fn put_slice_fills_uninitialised_memory() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = ReadBuf::uninit(&mut memory);
    assert_eq!(buf.initialized(), b"");
    buf.put_slice(b"abc");
    buf.put_slice(b"de");
    assert_eq!((buf.filled(), buf.remaining()), (&b"abcde"[..], 3));
    buf.filled_mut()[0] = b'X';
    buf.initialized_mut()[1] = b'Y';
    assert_eq!(buf.initialized(), b"XYcde");
}

#[test]
fn clearing_keeps_what_is_initialised() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.put_slice(b"abc");
    buf.clear();
    assert_eq!((buf.filled(), buf.initialized()), (&b""[..], &b"abc"[..]));
    buf.set_filled(2);
    assert_eq!(buf.filled(), b"ab");
}

#[test]
fn only_uninitialised_memory_is_zeroed() {
    let mut memory = [MaybeUninit::uninit(); 6];
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.put_slice(b"abc");
    buf.set_filled(1);
    assert_eq!(buf.initialize_unfilled_to(3), b"bc\0");
    assert_eq!(buf.initialize_unfilled(), b"bc\0\0\0");
    buf.advance(5);
    assert_eq!(buf.filled(), b"abc\0\0\0");
    assert_eq!(buf.remaining(), 0);
}

#[test]
fn a_part_knows_what_is_initialised_in_it() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.put_slice(b"abcd");
    buf.set_filled(1);
    let mut part = buf.take(2);
    assert_eq!((part.capacity(), part.initialized()), (2, &b"bc"[..]));
    part.put_slice(b"X");
    // Of what is left, less is initialised than there is.
    let part = buf.take(100);
    assert_eq!((part.capacity(), part.initialized()), (7, &b"Xcd"[..]));
    assert_eq!(buf.filled(), b"a");
    buf.advance(1);
    assert_eq!(buf.filled(), b"aX");
}

#[test]
fn it_is_a_buf_mut() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.put_u32(0x6162_6364);
    assert_eq!((buf.remaining_mut(), buf.chunk_mut().len()), (4, 4));
    buf.chunk_mut()[..2].copy_from_slice(b"ef");
    // SAFETY: two bytes have just been written.
    unsafe { buf.advance_mut(2) };
    assert_eq!(buf.filled(), b"abcdef");
    buf.put_bytes(b'.', 2);
    assert_eq!((buf.filled(), buf.remaining_mut()), (&b"abcdef.."[..], 0));
}

#[test]
fn assume_init_never_shrinks_what_is_initialised() {
    let mut memory = [MaybeUninit::new(7); 8];
    let mut buf = ReadBuf::uninit(&mut memory);
    // SAFETY: the memory is initialised.
    unsafe { buf.assume_init(4) };
    // SAFETY: as above.
    unsafe { buf.assume_init(2) };
    assert_eq!(buf.initialized().len(), 4);
    buf.advance(4);
    // SAFETY: as above; counted from what is filled.
    unsafe { buf.assume_init(1) };
    assert_eq!(buf.initialized().len(), 5);
}

#[test]
fn misuse_panics_where_it_was_called() {
    let with = |misuse: fn(&mut ReadBuf<'_>)| {
        panic_file(|| {
            let mut memory = [MaybeUninit::uninit(); 4];
            misuse(&mut ReadBuf::uninit(&mut memory));
        })
    };
    assert_eq!(with(|buf| buf.put_slice(b"12345")), file!());
    assert_eq!(with(|buf| _ = buf.initialize_unfilled_to(5)), file!());
    assert_eq!(with(|buf| buf.set_filled(1)), file!());
    assert_eq!(with(|buf| buf.advance(1)), file!());
    assert_eq!(
        with(|buf| {
            buf.put_slice(b"1");
            buf.advance(usize::MAX);
        }),
        file!()
    );
}
