//! What becomes of a writer that says it has written more than it was given: whoever writes to it panics, with a text that names
//! the culprit, and nothing is counted, cut off or read twice for it.

use leno::io::{
    self, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter, ReadBuf, copy,
    copy_bidirectional, copy_buf,
};
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Says that it has written one byte more than there were, and reads as `abc`, once.
#[derive(Default)]
struct Boaster {
    was_read: bool,
}

impl AsyncWrite for Boaster {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len() + 1))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Boaster {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.was_read, true) {
            buf.put_slice(b"abc");
        }
        Poll::Ready(Ok(()))
    }
}

/// Polls the future, which is ready at once, or panics.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future is pending"),
    }
}

fn accused<T>(f: impl FnOnce() -> T) {
    let payload: Box<dyn Any + Send> = match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("nobody has noticed"),
        Err(payload) => payload,
    };
    let text = payload.downcast_ref::<String>().unwrap();
    assert!(text.contains("mend the writer"), "{text}");
}

#[test]
fn whoever_writes_to_it_panics() {
    accused(|| ready(Boaster::default().write_all(b"abc")));
    accused(|| ready(Boaster::default().write_u64(7)));
    accused(|| ready(copy(&mut &b"abc"[..], &mut Boaster::default())));
    accused(|| {
        let mut reader = BufReader::new(&b"abc"[..]);
        ready(copy_buf(&mut reader, &mut Boaster::default()))
    });
    accused(|| {
        let (mut one, mut other) = (Boaster::default(), Boaster::default());
        ready(copy_bidirectional(&mut one, &mut other))
    });
}

#[test]
fn a_buffer_keeps_what_it_could_not_write() {
    let mut writer = BufWriter::new(Boaster::default());
    ready(writer.write_all(b"abc")).unwrap();
    for _ in 0..2 {
        accused(|| ready(writer.flush()));
        assert_eq!(writer.buffer(), b"abc");
    }
}
