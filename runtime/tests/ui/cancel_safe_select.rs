//! `select! { safe; … }` takes only futures that lose nothing.

use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::net::TcpStream;
use leno::sync::{mpsc, oneshot};

async fn reads(stream: &mut TcpStream, buf: &mut [u8]) {
    leno::select! {
        safe;
        _ = stream.read_exact(buf) => {}
        _ = leno::task::yield_now() => {}
    }
}

async fn writes(stream: &mut TcpStream) {
    leno::select! {
        safe;
        biased;
        _ = leno::task::yield_now() => {}
        _ = stream.write_all(b"hello") => {}
    }
}

async fn sends(sender: &mpsc::Sender<u32>) {
    leno::select! {
        biased;
        safe;
        _ = sender.send(1) => {}
        else => {}
    }
}

async fn joins(handle: leno::task::JoinHandle<u32>, receiver: oneshot::Receiver<u32>) {
    leno::select! {
        safe;
        _ = handle => {}
        _ = receiver => {}
    }
}

async fn calls() {
    async fn own() {}

    leno::select! {
        safe;
        () = own() => {}
        () = async {} => {}
    }
}

fn main() {}
