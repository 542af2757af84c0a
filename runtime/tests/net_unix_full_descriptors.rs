//! Waiting for room in a queue of Unix sockets takes no descriptors, and goes on, as seldom, when there are none.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod net_support;

use leno::net::UnixDatagram;
use net_support::*;
use std::fs::File;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CHILD: &str = "LENO_TEST_NET_UNIX_FULL_CHILD";
const NAME: &str = "senders_that_wait_take_no_descriptors";

/// The limit is the whole process', so the test runs in a process of its own.
#[test]
fn senders_that_wait_take_no_descriptors() {
    if std::env::var_os(CHILD).is_some() {
        return on_both(wait);
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    let child = child.args(["--exact", NAME, "--nocapture"]).env(CHILD, "1");
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("1 passed"),
        "the child has run nothing: {text}"
    );
}

async fn wait() -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: 64,
        rlim_max: 64,
    };
    // SAFETY: `limit` is ours, and the call does not keep it.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
    let folder = Folder::new("full-descriptors");
    let path = Arc::new(folder.path("receiver"));
    let receiver = UnixDatagram::bind(&*path)?;
    let sender = Arc::new(UnixDatagram::unbound()?);
    while sender.try_send_to(b"early", &*path).is_ok() {}

    let senders: Vec<_> = (0..200)
        .map(|_| {
            let (sender, path) = (Arc::clone(&sender), Arc::clone(&path));
            leno::spawn(async move { sender.send_to(b"late", &*path).await })
        })
        .collect();
    for _ in 0..10 {
        leno::task::yield_now().await;
    }
    let mut files = vec![File::open("/dev/null")?];
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }

    let begin = Instant::now();
    let mut polls = 0;
    let mut sending = pin!(sender.send_to(b"late", &*path));
    let mut turns = pin!(leno::time::sleep(Duration::from_millis(150)));
    poll_fn(|cx| {
        assert!(sending.as_mut().poll(cx).is_pending());
        polls += 1;
        turns.as_mut().poll(cx)
    })
    .await;
    // Nine pauses that grow, then those of 25 ms.
    let most = 12 + begin.elapsed().as_millis() / 25;
    assert!(polls <= most, "{polls} polls, and not {most}");

    let receiving = async {
        let mut late = 0;
        let mut message = [0; 8];
        while late < 201 {
            let length = receiver.recv(&mut message).await.unwrap();
            late += usize::from(&message[..length] == b"late");
        }
    };
    let (sent, ()) = leno::join!(sending, receiving);
    assert_eq!(sent?, 4);
    for sender in senders {
        assert_eq!(sender.await??, 4);
    }
    let nothing = receiver.try_recv(&mut [0; 8]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    Ok(())
}
