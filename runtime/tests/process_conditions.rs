//! Children of a process that is short of something: `SIGCHLD`, descriptors, threads. Each test is a process of its own.

#[cfg(unix)]
mod fork_support;
#[cfg(unix)]
mod process_support;

#[cfg(target_os = "linux")]
fn main() {
    use tests::*;
    fork_support::run(&[
        (
            "a_blocked_sigchld_is_not_missed",
            a_blocked_sigchld_is_not_missed,
        ),
        (
            "a_sigchld_that_is_the_programs_own_is_not_missed",
            a_sigchld_that_is_the_programs_own_is_not_missed,
        ),
        (
            "an_ignored_sigchld_is_an_error_and_no_load",
            an_ignored_sigchld_is_an_error_and_no_load,
        ),
        (
            "descriptors_that_are_used_up_after_the_start_do_not_matter",
            descriptors_that_are_used_up_after_the_start_do_not_matter,
        ),
        (
            "descriptors_that_are_used_up_before_the_start_do_not_matter",
            descriptors_that_are_used_up_before_the_start_do_not_matter,
        ),
        (
            "a_runtime_without_timers_waits_as_well",
            a_runtime_without_timers_waits_as_well,
        ),
        (
            "a_current_thread_runtime_reaps_without_a_thread",
            a_current_thread_runtime_reaps_without_a_thread,
        ),
        (
            "a_thread_reaps_for_a_runtime_that_ends_and_goes",
            a_thread_reaps_for_a_runtime_that_ends_and_goes,
        ),
        (
            "a_runtime_that_nobody_drives_keeps_no_heap_of_zombies",
            a_runtime_that_nobody_drives_keeps_no_heap_of_zombies,
        ),
        (
            "what_cannot_be_waited_for_without_a_thread_is_not_lost",
            what_cannot_be_waited_for_without_a_thread_is_not_lost,
        ),
        (
            "a_child_that_is_traced_is_waited_for",
            a_child_that_is_traced_is_waited_for,
        ),
        (
            "descriptors_go_with_the_children",
            descriptors_go_with_the_children,
        ),
        (
            "many_orphans_leave_descriptors_to_others",
            many_orphans_leave_descriptors_to_others,
        ),
        (
            "many_orphans_are_reaped_without_sigchld",
            many_orphans_are_reaped_without_sigchld,
        ),
        (
            "a_crowd_whose_program_cannot_start_threads_is_not_lost",
            a_crowd_whose_program_cannot_start_threads_is_not_lost,
        ),
        (
            "an_ignored_sigchld_stays_ignored",
            an_ignored_sigchld_stays_ignored,
        ),
        (
            "a_child_that_nobody_can_wait_for_starts_no_thread",
            a_child_that_nobody_can_wait_for_starts_no_thread,
        ),
    ]);
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod tests {
    use crate::fork_support::{Child, KINDS, current_thread, fork, fork_with};
    use crate::process_support::*;
    use leno::process::Command;
    use leno::runtime::Builder;
    use leno::time::sleep;
    use std::fs::{File, read_dir};
    use std::io::{Read, Write};
    use std::mem::MaybeUninit;
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    /// Waits for children that end by themselves, are killed, or are let go.
    async fn wait_for_all_kinds() {
        let status = shell("sleep 0.1; exit 3").status().await.unwrap();
        assert_eq!(status.code(), Some(3));
        let mut child = endless().spawn().unwrap();
        child.kill().await.unwrap();
        let mut orphans = Vec::new();
        for _ in 0..3 {
            for mut command in [endless(), shell("sleep 0.1"), shell("")] {
                orphans.push(command.spawn().unwrap().id().unwrap());
            }
        }
        for id in orphans {
            reaped(id).await;
        }
    }

    /// Waits until somebody has waited for a child, without a thread.
    async fn reaped(id: u32) {
        while is_process(id) {
            sleep(Duration::from_millis(1)).await;
        }
    }

    fn is_process(id: u32) -> bool {
        std::fs::exists(format!("/proc/{id}")).unwrap()
    }

    fn threads() -> usize {
        read_dir("/proc/self/task").unwrap().count()
    }

    /// How many descriptors there are that stand for a process.
    fn pidfds() -> usize {
        let open = read_dir("/proc/self/fd").unwrap().flatten();
        let targets = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        targets
            .filter(|target| target.to_string_lossy().contains("pidfd"))
            .count()
    }

    pub fn a_blocked_sigchld_is_not_missed() {
        for kind in KINDS {
            fork(|| {
                block_sigchld();
                kind().block_on(wait_for_all_kinds());
            })
            .succeeds();
        }
    }

    static COUNT: AtomicU32 = AtomicU32::new(0);

    extern "C" fn count(_: libc::c_int) {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }

    fn handle_sigchld_by(handler: libc::sighandler_t) {
        // SAFETY: the handler does nothing but what a handler may do.
        let result = unsafe { libc::signal(libc::SIGCHLD, handler) };
        assert_ne!(result, libc::SIG_ERR);
    }

    pub fn a_sigchld_that_is_the_programs_own_is_not_missed() {
        for kind in KINDS {
            fork(|| {
                let runtime = kind();
                // Whatever the runtime has installed by then is replaced.
                runtime.block_on(async { shell("").status().await.unwrap() });
                drop(runtime.block_on(async { endless().spawn() }));
                handle_sigchld_by(count as extern "C" fn(libc::c_int) as libc::sighandler_t);
                runtime.block_on(wait_for_all_kinds());
                assert_ne!(COUNT.load(Ordering::Relaxed), 0);
            })
            .succeeds();
        }
    }

    fn time_on_the_processor() -> Duration {
        let mut time = MaybeUninit::<libc::timespec>::zeroed();
        // SAFETY: the time can be written to; zeros are one.
        let time = unsafe {
            libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, time.as_mut_ptr());
            time.assume_init()
        };
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }

    pub fn an_ignored_sigchld_is_an_error_and_no_load() {
        for kind in KINDS {
            fork(|| {
                handle_sigchld_by(libc::SIG_IGN);
                kind().block_on(async {
                    let before = time_on_the_processor();
                    let error = shell("sleep 0.5").status().await.unwrap_err();
                    assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
                    // A loop would take all of it.
                    assert!(time_on_the_processor() - before < Duration::from_millis(400));
                    let mut child = endless().spawn().unwrap();
                    child.start_kill().unwrap();
                    let error = child.wait().await.unwrap_err();
                    assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
                    // There is nobody of that number that it would be an error not to reach.
                    child.start_kill().unwrap();
                });
            })
            .succeeds();
        }
    }

    /// Opens all descriptors that the process may have.
    fn use_up_descriptors() -> Vec<File> {
        let limit = libc::rlimit {
            rlim_cur: 200,
            rlim_max: 200,
        };
        // SAFETY: the limit can be read.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
        let mut files = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            files.push(file);
        }
        files
    }

    pub fn descriptors_that_are_used_up_after_the_start_do_not_matter() {
        for kind in KINDS {
            fork(|| {
                kind().block_on(async {
                    let mut child = shell("sleep 0.1; exit 7").spawn().unwrap();
                    let orphan = shell("sleep 0.1").spawn().unwrap();
                    let id = orphan.id().unwrap();
                    let files = use_up_descriptors();
                    assert_eq!(child.wait().await.unwrap().code(), Some(7));
                    drop(orphan);
                    reaped(id).await;
                    drop(files);
                });
            })
            .succeeds();
        }
    }

    pub fn descriptors_that_are_used_up_before_the_start_do_not_matter() {
        for kind in KINDS {
            fork(|| {
                kind().block_on(async {
                    let files = use_up_descriptors();
                    let mut child = shell("sleep 0.1; exit 7").spawn().unwrap();
                    let orphan = shell("sleep 0.1").spawn().unwrap();
                    let id = orphan.id().unwrap();
                    assert_eq!(child.wait().await.unwrap().code(), Some(7));
                    let mut child = endless().spawn().unwrap();
                    child.start_kill().unwrap();
                    assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGKILL));
                    drop(orphan);
                    reaped(id).await;
                    drop(files);
                });
            })
            .succeeds();
        }
    }

    pub fn a_runtime_without_timers_waits_as_well() {
        fork(|| {
            let runtime = Builder::new_current_thread().enable_io().build().unwrap();
            let files = use_up_descriptors();
            let status = runtime.block_on(async { shell("sleep 0.1; exit 7").status().await });
            assert_eq!(status.unwrap().code(), Some(7));
            drop(files);
        })
        .succeeds();
    }

    pub fn a_current_thread_runtime_reaps_without_a_thread() {
        fork(|| {
            let runtime = current_thread();
            let kept = runtime.block_on(async {
                let ids = [(); 3].map(|()| endless().spawn().unwrap().id().unwrap());
                assert_eq!(threads(), 1);
                for id in ids {
                    reaped(id).await;
                }
                // Also one that somebody has waited for, and one that ends by itself.
                let mut waited = shell("sleep 0.1").spawn().unwrap();
                let id = waited.id().unwrap();
                leno::select! {
                    biased;
                    _ = waited.wait() => panic!("it sleeps"),
                    () = leno::task::yield_now() => {}
                }
                drop(waited);
                assert_eq!(threads(), 1);
                reaped(id).await;
                endless().spawn().unwrap()
            });
            // Not in the runtime, which is there all the same.
            let id = kept.id().unwrap();
            drop(kept);
            assert_eq!(threads(), 1);
            runtime.block_on(reaped(id));
            assert_eq!(threads(), 1);
        })
        .succeeds();
    }

    pub fn a_thread_reaps_for_a_runtime_that_ends_and_goes() {
        for kind in KINDS {
            fork(|| {
                let runtime = kind();
                let ids: Vec<_> = runtime.block_on(async {
                    let sleep = |_| shell("sleep 0.1").spawn().unwrap().id().unwrap();
                    (0..3).map(sleep).collect()
                });
                drop(runtime);
                for id in ids {
                    until_reaped(id);
                }
                // The thread has nothing left to do.
                while threads() != 1 {
                    std::thread::yield_now();
                }
            })
            .succeeds();
        }
    }

    pub fn a_runtime_that_nobody_drives_keeps_no_heap_of_zombies() {
        fork(|| {
            let runtime = current_thread();
            let _entered = runtime.enter();
            let ids: Vec<_> = (0..50)
                .map(|_| {
                    let id = shell("").spawn().unwrap().id().unwrap();
                    until_ended(id);
                    id
                })
                .collect();
            let zombies = ids.iter().filter(|&&id| is_process(id)).count();
            assert!(zombies < 10, "{zombies}");
        })
        .succeeds();
    }

    fn limit_threads(limit: libc::rlim_t) -> libc::rlim_t {
        let mut limits = MaybeUninit::<libc::rlimit>::zeroed();
        // SAFETY: the limits can be written to and read; zeros are some.
        unsafe {
            assert_eq!(libc::getrlimit(libc::RLIMIT_NPROC, limits.as_mut_ptr()), 0);
            let mut limits = limits.assume_init();
            let before = std::mem::replace(&mut limits.rlim_cur, limit);
            assert_eq!(libc::setrlimit(libc::RLIMIT_NPROC, &raw const limits), 0);
            before
        }
    }

    pub fn what_cannot_be_waited_for_without_a_thread_is_not_lost() {
        fork(|| {
            // SAFETY: takes no pointers. The limit is not for root, who becomes nobody.
            unsafe { assert!(libc::geteuid() != 0 || libc::setuid(65_534) == 0) };
            current_thread().block_on(async {
                let files = use_up_descriptors();
                let mut child = shell("exec sleep 1000").spawn().unwrap();
                let orphan = shell("exec sleep 1000").spawn().unwrap();
                let id = orphan.id().unwrap();
                let before = limit_threads(0);
                let error = child.wait().await.unwrap_err();
                assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}");
                drop(orphan);
                assert!(is_process(id));

                limit_threads(before);
                child.start_kill().unwrap();
                let status = child.wait().await.unwrap();
                assert_eq!(status.signal(), Some(libc::SIGKILL));
                kill(id);
                // Whoever starts one looks at others.
                while is_process(id) {
                    assert!(shell("").status().await.unwrap().success());
                }
                drop(files);
            });
        })
        .succeeds();
    }

    /// A process that traces another one, and so is told of its end before the parent, until it is told to let go.
    struct Tracer {
        process: Child,
        /// The tracer reads the end of it.
        let_go: UnixStream,
    }

    impl Tracer {
        fn of(id: u32) -> Self {
            let (near, mut far) = UnixStream::pair().unwrap();
            let id = libc::pid_t::try_from(id).unwrap();
            let (process, mut let_go) = fork_with(near, |near| {
                drop(near);
                // SAFETY: nothing is read or written.
                let traced = unsafe { libc::ptrace(libc::PTRACE_SEIZE, id, 0, 0) };
                assert_eq!(traced, 0, "{}", std::io::Error::last_os_error());
                far.write_all(&[1]).unwrap();
                assert_eq!(far.read(&mut [0]).unwrap(), 0);
                let mut status = 0;
                // SAFETY: the status can be written to.
                let waited = unsafe { libc::waitpid(id, &raw mut status, libc::__WALL) };
                assert_eq!(waited, id);
            });
            let_go.read_exact(&mut [0]).unwrap();
            Self { process, let_go }
        }

        fn let_go(self) {
            drop(self.let_go);
            self.process.succeeds();
        }
    }

    pub fn a_child_that_is_traced_is_waited_for() {
        for kind in KINDS {
            fork(|| {
                kind().block_on(async {
                    let mut child = shell("exec sleep 1000").spawn().unwrap();
                    let id = child.id().unwrap();
                    let tracer = Tracer::of(id);
                    kill(id);
                    leno::select! {
                        biased;
                        _ = child.wait() => panic!("the tracer has not been told yet"),
                        () = sleep(Duration::from_millis(50)) => {}
                    }
                    tracer.let_go();
                    assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGKILL));

                    let child = shell("exec sleep 1000").spawn().unwrap();
                    let id = child.id().unwrap();
                    let tracer = Tracer::of(id);
                    drop(child);
                    kill(id);
                    sleep(Duration::from_millis(50)).await;
                    assert!(is_process(id));
                    tracer.let_go();
                    reaped(id).await;
                });
            })
            .succeeds();
        }
    }

    pub fn descriptors_go_with_the_children() {
        for kind in KINDS {
            fork(|| {
                kind().block_on(async {
                    let child = endless().spawn().unwrap();
                    assert_eq!(pidfds(), 1);
                    wait_for_all_kinds().await;
                    drop(child);
                    while pidfds() > 0 {
                        sleep(Duration::from_millis(1)).await;
                    }
                });
            })
            .succeeds();
        }
    }

    /// Starts programs that go on until they are killed, and lets go of them.
    fn let_go_of(count: usize) -> Vec<u32> {
        let start = |_| {
            let mut command = Command::new("sleep");
            // If the test fails nobody kills them: they must not hold up who reads its output.
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command.arg("200").spawn().unwrap().id().unwrap()
        };
        (0..count).map(start).collect()
    }

    /// How many orphans may have a descriptor, and need no thread.
    const FEW: usize = 32;

    pub fn many_orphans_leave_descriptors_to_others() {
        for kind in KINDS {
            fork(|| {
                let runtime = kind();
                let before = threads();
                let mut ids = runtime.block_on(async { let_go_of(FEW) });
                assert_eq!((pidfds(), threads()), (FEW, before));
                runtime.block_on(async {
                    ids.extend(let_go_of(100));
                    assert_eq!(pidfds(), FEW);
                    let files = use_up_descriptors();
                    assert!(files.len() > 100, "{}", files.len());
                    drop(files);
                    // Those of the crowd first.
                    for &id in ids.iter().rev() {
                        kill(id);
                        reaped(id).await;
                    }
                    while threads() != before || pidfds() > 0 {
                        sleep(Duration::from_millis(1)).await;
                    }
                    // There is room again.
                    let ids = let_go_of(1);
                    assert_eq!((pidfds(), threads()), (1, before));
                    kill(ids[0]);
                    reaped(ids[0]).await;
                });
            })
            .succeeds();
        }
    }

    fn block_sigchld() {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the set can be written to and, once it is empty, read.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
            let old = std::ptr::null_mut();
            assert_eq!(libc::sigprocmask(libc::SIG_BLOCK, set.as_ptr(), old), 0);
        }
    }

    pub fn many_orphans_are_reaped_without_sigchld() {
        for kind in KINDS {
            fork(|| {
                block_sigchld();
                let runtime = kind();
                let ids = runtime.block_on(async { let_go_of(3 * FEW) });
                ids.iter().for_each(|&id| kill(id));
                runtime.block_on(async {
                    for id in ids {
                        reaped(id).await;
                    }
                });
                // Nor does it need the runtime.
                let ids = runtime.block_on(async { let_go_of(3 * FEW) });
                drop(runtime);
                for id in ids {
                    kill(id);
                    until_reaped(id);
                }
            })
            .succeeds();
        }
    }

    pub fn a_crowd_whose_program_cannot_start_threads_is_not_lost() {
        fork(|| {
            current_thread().block_on(async {
                // SAFETY: takes no pointers. The limit is not for root, who becomes nobody.
                unsafe { assert!(libc::geteuid() != 0 || libc::setuid(65_534) == 0) };
                let (few, kept) = (let_go_of(FEW), endless().spawn().unwrap());
                let id = kept.id().unwrap();
                let before = limit_threads(0);
                drop(kept);
                assert_eq!(threads(), 1);
                until_ended(id);
                limit_threads(before);
                // Whoever starts one looks at the crowd.
                drop(endless().spawn().unwrap());
                reaped(id).await;
                few.into_iter().for_each(kill);
            });
        })
        .succeeds();
    }

    fn what_sigchld_does() -> libc::sigaction {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: nothing is installed; the action can be written to, and zeros are one.
        unsafe {
            let installed = libc::sigaction(libc::SIGCHLD, std::ptr::null(), action.as_mut_ptr());
            assert_eq!(installed, 0);
            action.assume_init()
        }
    }

    pub fn an_ignored_sigchld_stays_ignored() {
        for flags in [0, libc::SA_NOCLDWAIT] {
            fork(|| {
                let mut action = what_sigchld_does();
                action.sa_flags = flags;
                if flags == 0 {
                    action.sa_sigaction = libc::SIG_IGN;
                }
                // SAFETY: it is ignored, or does what it did.
                let result = unsafe {
                    libc::sigaction(libc::SIGCHLD, &raw const action, std::ptr::null_mut())
                };
                assert_eq!(result, 0);
                current_thread().block_on(async {
                    let mut child = shell("").spawn().unwrap();
                    for _ in 0..2 {
                        let error = child.wait().await.unwrap_err();
                        assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
                    }
                    let ids = let_go_of(FEW + 1);
                    let files = use_up_descriptors();
                    // Nothing is left but to look at it.
                    let error = shell("sleep 0.1").status().await.unwrap_err();
                    assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
                    drop(files);
                    let error = shell("sleep 0.1").status().await.unwrap_err();
                    assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
                    for id in ids {
                        kill(id);
                        reaped(id).await;
                    }
                });
                let now = what_sigchld_does();
                assert_eq!(now.sa_sigaction, action.sa_sigaction);
                assert_eq!(now.sa_flags & flags, flags);
            })
            .succeeds();
        }
    }

    pub fn a_child_that_nobody_can_wait_for_starts_no_thread() {
        fork(|| {
            handle_sigchld_by(libc::SIG_IGN);
            current_thread().block_on(async {
                let mut child = shell("").spawn().unwrap();
                for _ in 0..3 {
                    let error = child.wait().await.unwrap_err();
                    assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
                    assert_eq!(threads(), 1);
                }
            });
        })
        .succeeds();
    }
}
