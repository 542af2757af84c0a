//! When the process has no file descriptors left, accepting fails, and goes on when it has some again.
#![cfg(unix)]

mod net_support;

use leno::net::TcpListener;
use net_support::*;
use std::process::Command;
use std::{fs, io};

const CHILD: &str = "LENO_TEST_NET_LIMITS_CHILD";
const NAME: &str = "a_connection_waits_while_there_are_no_descriptors";

/// The limit is the whole process', so the test runs in a process of its own.
#[test]
fn a_connection_waits_while_there_are_no_descriptors() {
    if std::env::var_os(CHILD).is_some() {
        return on_both(exhaust);
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

async fn exhaust() -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: 64,
        rlim_max: 64,
    };
    // SAFETY: `limit` is ours, and the call does not keep it.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = std::net::TcpStream::connect(listener.local_addr()?)?;

    let mut files = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        files.push(file);
    }
    for _ in 0..3 {
        let error = listener.accept().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
    }

    drop(files);
    let (_, peer) = listener.accept().await?;
    assert_eq!(peer, client.local_addr()?);
    Ok(())
}
