//! What the tests of processes share.
#![allow(dead_code, reason = "no test uses all of it")]

use leno::process::Command;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

pub fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

/// A program that ends when it is killed, and is when the test fails.
pub fn endless() -> Command {
    let mut command = Command::new("sleep");
    command.arg("1000").kill_on_drop(true);
    command
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(id.try_into().unwrap()).unwrap()
}

pub fn kill(id: u32) {
    kill_process(pid(id), Signal::KILL).unwrap();
}

/// Waits until a child has ended, and leaves it to whoever waits for it.
pub fn until_ended(id: u32) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(pid(id)), options) {
        Ok(_) | Err(Errno::CHILD) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Waits until a child has ended and somebody has waited for it.
pub fn until_reaped(id: u32) {
    loop {
        // Waits for its end, and leaves the waiting that counts to who is to do it.
        match waitid(
            WaitId::Pid(pid(id)),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        ) {
            Err(Errno::CHILD) => return,
            Ok(_) | Err(Errno::INTR) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// [`until_reaped`] for a task, on whose runtime it may be that the child is waited for.
pub async fn is_reaped(id: u32) {
    leno::task::spawn_blocking(move || until_reaped(id))
        .await
        .unwrap();
}
