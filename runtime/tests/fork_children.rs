//! A process that has children forks: each of the two processes has its own children, and leaves the other's alone.

#[cfg(unix)]
mod fork_support;
#[cfg(unix)]
mod process_support;

#[cfg(target_os = "linux")]
fn main() {
    use tests::*;
    fork_support::run(&[
        (
            "an_inherited_child_is_neither_killed_nor_waited_for",
            an_inherited_child_is_neither_killed_nor_waited_for,
        ),
        (
            "orphans_are_reaped_on_both_sides",
            orphans_are_reaped_on_both_sides,
        ),
        (
            "orphans_are_reaped_where_the_parents_thread_is_not",
            orphans_are_reaped_where_the_parents_thread_is_not,
        ),
        (
            "a_crowd_of_orphans_is_its_parents",
            a_crowd_of_orphans_is_its_parents,
        ),
        (
            "parent_and_child_wait_for_their_own",
            parent_and_child_wait_for_their_own,
        ),
        (
            "a_wait_under_way_goes_on_in_the_parent",
            a_wait_under_way_goes_on_in_the_parent,
        ),
    ]);
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod tests {
    use crate::fork_support::*;
    use crate::process_support::*;
    use leno::process::Child;
    use leno::runtime::Runtime;
    use std::fs::exists;
    use std::io::ErrorKind;
    use std::os::unix::process::ExitStatusExt;

    pub fn an_inherited_child_is_neither_killed_nor_waited_for() {
        for kind in KINDS {
            let runtime = kind();
            let started = runtime.block_on(async { endless().spawn() }).unwrap();
            let (child, mut started) = fork_with(started, |mut inherited| {
                let refused = |result: std::io::Result<()>| {
                    let error = result.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Other);
                    assert!(error.to_string().contains("is the parent's"), "{error}");
                };
                kind().block_on(async {
                    refused(inherited.wait().await.map(drop));
                    refused(inherited.try_wait().map(drop));
                    refused(inherited.start_kill());
                });
                // Which would kill it.
                drop(inherited);
            });
            child.succeeds();
            assert!(started.try_wait().unwrap().is_none());
            runtime.block_on(started.kill()).unwrap();
        }
    }

    /// Starts some, and lets go of them.
    fn orphans(runtime: &Runtime) -> Vec<u32> {
        runtime.block_on(async {
            let start = |n| {
                let mut command = match n % 3 {
                    0 => endless(),
                    1 => shell("sleep 0.1"),
                    _ => shell(""),
                };
                command.spawn().unwrap()
            };
            let children: Vec<Child> = (0..9).map(start).collect();
            children.iter().map(|child| child.id().unwrap()).collect()
        })
    }

    fn are_reaped(runtime: &Runtime, ids: Vec<u32>) {
        runtime.block_on(async {
            for id in ids {
                is_reaped(id).await;
            }
        });
    }

    pub fn orphans_are_reaped_on_both_sides() {
        for kind in KINDS {
            let runtime = kind();
            let parents = orphans(&runtime);
            let child = fork(|| {
                let own = kind();
                let ids = orphans(&own);
                are_reaped(&own, ids);
                // Those of no runtime as well.
                let ids = orphans(&own);
                drop(own);
                ids.into_iter().for_each(until_reaped);
            });
            are_reaped(&runtime, parents);
            let ids = orphans(&runtime);
            are_reaped(&runtime, ids);
            child.succeeds();
        }
    }

    pub fn orphans_are_reaped_where_the_parents_thread_is_not() {
        let slow = {
            let runtime = current_thread();
            let slow = runtime.block_on(async {
                let mut command = shell("exec sleep 1000");
                command.spawn().unwrap().id().unwrap()
            });
            // From now on a thread has it.
            drop(runtime);
            slow
        };
        fork(|| {
            for kind in KINDS {
                let own = kind();
                let ids = orphans(&own);
                drop(own);
                ids.into_iter().for_each(until_reaped);
            }
            assert!(exists(format!("/proc/{slow}")).unwrap());
        })
        .succeeds();
        kill(slow);
        until_reaped(slow);
    }

    pub fn a_crowd_of_orphans_is_its_parents() {
        for kind in KINDS {
            let start = |runtime: &Runtime| {
                let start = |_| shell("exec sleep 1000").spawn().unwrap().id().unwrap();
                runtime.block_on(async { (0..50).map(start).collect::<Vec<_>>() })
            };
            let end = |runtime: &Runtime, ids: Vec<u32>| {
                ids.iter().for_each(|&id| kill(id));
                are_reaped(runtime, ids);
            };
            let runtime = kind();
            let parents = start(&runtime);
            fork(|| {
                let own = kind();
                let ids = start(&own);
                end(&own, ids);
            })
            .succeeds();
            let goes_on = |id: &u32| exists(format!("/proc/{id}")).unwrap();
            assert!(parents.iter().all(goes_on));
            end(&runtime, parents);
        }
    }

    fn rounds(runtime: &Runtime) {
        runtime.block_on(async {
            for code in 0..20 {
                let status = shell(&format!("exit {code}")).status();
                assert_eq!(status.await.unwrap().code(), Some(code));
                let mut child = endless().spawn().unwrap();
                child.kill().await.unwrap();
            }
        });
    }

    pub fn parent_and_child_wait_for_their_own() {
        for kind in KINDS {
            let runtime = kind();
            rounds(&runtime);
            let children = KINDS.map(|kind| fork(|| rounds(&kind())));
            rounds(&runtime);
            children
                .into_iter()
                .for_each(crate::fork_support::Child::succeeds);
        }
    }

    pub fn a_wait_under_way_goes_on_in_the_parent() {
        for kind in KINDS {
            let runtime = kind();
            let (id, wait) = runtime.block_on(async {
                let mut child = endless().spawn().unwrap();
                let id = child.id().unwrap();
                let wait = leno::spawn(async move { child.wait().await });
                // It has begun to wait.
                leno::time::sleep(std::time::Duration::from_millis(10)).await;
                (id, wait)
            });
            let (child, runtime) = fork_with(runtime, |inherited| {
                drop(inherited);
                rounds(&kind());
            });
            child.succeeds();
            kill(id);
            let status = runtime.block_on(wait).unwrap().unwrap();
            assert_eq!(status.signal(), Some(libc::SIGKILL));
        }
    }
}
