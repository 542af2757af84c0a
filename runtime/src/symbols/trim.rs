//! The part of a stack that is the user's: without what leno and the standard library do around it.
//!
//! Functions are told by their paths. Without the feature `diagnostics` there are none, and nothing is left out.

use super::Frame;

/// Wrappers that only have a marker: whoever called them called what they wrap.
#[cfg(feature = "diagnostics")]
const TRANSPARENT: [&str; 1] = ["leno::kernel::cancel_safe::"];

/// What a leaf does to register its waker, and leno to note that.
const REGISTERING: [&str; 12] = [
    "_Unwind_",
    "core::cell::",
    "core::clone::",
    "core::mem::",
    "core::ops::function::",
    "core::option::Option",
    "core::task::wake::",
    "leno::kernel::",
    "leno::prim::",
    "leno_reactor::",
    "std::sync::",
    "std::thread::local::",
];

/// What of the kernel users wait for themselves.
const LEAVES: [&str; 1] = ["leno::kernel::task::join::"];

/// How a thread waits for another, or for the system.
const WAITING: [&str; 3] = ["core::", "std::sys::", "std::thread::local::"];

/// Where leno calls the future of a task, a root future, or a closure.
const CALLERS: [&str; 12] = [
    "leno::kernel::blocking::closure::",
    "leno::kernel::local::",
    "leno::kernel::local_set::Polling",
    "leno::kernel::root::",
    "leno::kernel::task::capture::tells",
    "leno::kernel::task::cell::",
    "leno::kernel::task::run::",
    "leno::kernel::worker::",
    "leno::runtime::roots::",
    "leno::test::",
    "std::rt::",
    "std::sys::backtrace::__rust_begin_short_backtrace",
];

/// What leno calls it through.
const AROUND: [&str; 8] = [
    "__rust_try",
    "core::ops::function::",
    "core::panic::unwind_safe::",
    "core::pin::Pin",
    "leno::kernel::",
    "leno::prim::",
    "std::panic::",
    "std::panicking::",
];

/// Leaves out the wrappers that do nothing, wherever they are.
#[cfg(feature = "diagnostics")]
pub(super) fn transparent(frames: &mut Vec<Frame>) {
    let is_wrapper = |frame: &Frame| path(frame).is_some_and(|path| starts(path, &TRANSPARENT));
    if !frames.iter().all(is_wrapper) {
        frames.retain(|frame| !is_wrapper(frame));
    }
}

/// Leaves out the innermost frames, up to the leaf: for a stack that was taken as that registered its waker.
pub(crate) fn inner(frames: &mut Vec<Frame>) {
    let count = leading(frames, is_registering);
    leave_out(frames, count);
}

fn is_registering(path: &str) -> bool {
    starts(path, &REGISTERING) && !starts(path, &LEAVES)
}

/// Leaves out the innermost frames, up to the function of the standard library that was called: for a thread that waits.
/// (Functions of other libraries stay, and what they call, since that tells where the thread is.)
pub(crate) fn wait(frames: &mut Vec<Frame>) {
    // The C library's, which call the system.
    let foreign = leading(frames, |path| !path.contains("::"));
    let std = leading(&frames[foreign..], |path| starts(path, &WAITING));
    if std > 0 {
        leave_out(frames, foreign + std);
    }
}

fn leave_out(frames: &mut Vec<Frame>, count: usize) {
    // Something must be left to tell of.
    if count < frames.len() {
        frames.drain(..count);
    }
}

/// Futures of leno's that stand for what they hold, which has a name that tells more.
const WRAPPERS: [&str; 2] = ["leno::io::ext::operation::", "leno::runtime::required::"];

/// What there may be between two functions of leno's.
const BETWEEN: [&str; 3] = ["core::future::", "core::ops::function::", "core::pin::"];

/// Leaves out the innermost frames that are leno's, but for the last of them: the function that the user, or a library of theirs,
/// has called to wait.
pub(crate) fn leaf(frames: &mut Vec<Frame>) {
    let is_ours = |frame: &Frame| path(frame).is_some_and(|path| path.starts_with("leno::"));
    // What leno awaits by a `poll_fn` has frames of the standard library in between.
    let is_between = |path: &str| path.starts_with("leno::") || starts(path, &BETWEEN);
    let inner = leading(frames, is_between);
    let last = frames[..inner].iter().rposition(is_ours);
    let ours = last.map_or(0, |last| last + 1);
    if ours == frames.len() {
        return;
    }
    let is_wrapper = |frame: &&Frame| path(frame).is_some_and(|path| starts(path, &WRAPPERS));
    let wrappers = frames[..ours].iter().rev().take_while(is_wrapper).count();
    if wrappers < ours {
        frames.drain(ours - wrappers..ours);
    }
    frames.drain(..(ours - wrappers).saturating_sub(1));
}

/// Leaves out the outermost frames, from where leno called the innermost future or closure: what called leno is not part
/// of that, and tells nothing of it.
pub(crate) fn outer(frames: &mut Vec<Frame>) {
    let is_caller = |frame: &Frame| path(frame).is_some_and(|path| starts(path, &CALLERS));
    // A leaf that yields calls the scheduler, which is not what has called the leaf.
    let leaf = leading(frames, is_registering);
    let behind = frames[leaf..].iter().position(is_caller);
    let Some(caller) =
        behind.map_or_else(|| frames.iter().position(is_caller), |at| Some(leaf + at))
    else {
        return;
    };
    let around = frames[..caller]
        .iter()
        .rev()
        .take_while(|frame| {
            path(frame).is_some_and(|path| starts(path, &AROUND) && !starts(path, &LEAVES))
        })
        .count();
    let kept = caller - around;
    if kept > 0 {
        frames.truncate(kept);
    }
}

/// How many of the innermost frames have paths, and such ones.
fn leading(frames: &[Frame], is_such: impl Fn(&str) -> bool) -> usize {
    frames
        .iter()
        .take_while(|frame| path(frame).is_some_and(&is_such))
        .count()
}

/// The path of the function, or that of the type whose method it is: `<core::pin::Pin<P> as Future>::poll` begins with
/// `core::pin::Pin`.
fn path(frame: &Frame) -> Option<&str> {
    let function = frame.function.as_deref()?;
    Some(function.trim_start_matches(['<', '&', '*']))
}

fn starts(path: &str, with: &[&str]) -> bool {
    with.iter().any(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(functions: &[&str]) -> Vec<Frame> {
        let frame = |function: &&str| Frame {
            function: (!function.is_empty()).then(|| (*function).to_owned()),
            file: None,
            line: None,
            address: 1,
            place: None,
        };
        functions.iter().map(frame).collect()
    }

    #[track_caller]
    fn check(mut frames: Vec<Frame>, trim: fn(&mut Vec<Frame>), left: &[&str]) {
        trim(&mut frames);
        assert_eq!(frames, stack(left));
    }

    #[test]
    fn a_leaf_comes_first() {
        check(
            stack(&[
                "leno::prim::stack::Frames::capture",
                "leno::kernel::task::waker::clone",
                "<core::task::wake::Waker as core::clone::Clone>::clone",
                "leno::kernel::atomic_waker::AtomicWaker::register",
                "<leno::time::sleep::Sleep as core::future::future::Future>::poll",
                "shop::api::checkout::{{closure}}",
            ]),
            inner,
            &[
                "<leno::time::sleep::Sleep as core::future::future::Future>::poll",
                "shop::api::checkout::{{closure}}",
            ],
        );
    }

    #[test]
    fn a_task_that_is_awaited_is_a_leaf() {
        check(
            stack(&[
                "leno::kernel::task::waker::clone",
                "<leno::kernel::task::join::JoinHandle<T> as core::future::future::Future>::poll",
                "shop::api::checkout::{{closure}}",
            ]),
            inner,
            &[
                "<leno::kernel::task::join::JoinHandle<T> as core::future::future::Future>::poll",
                "shop::api::checkout::{{closure}}",
            ],
        );
    }

    #[test]
    fn a_leaf_that_yields_has_called_the_scheduler() {
        let functions = [
            "<core::task::wake::Waker as core::clone::Clone>::clone",
            "leno::kernel::deferred::Deferred::defer",
            "leno::kernel::worker::yielding::yield_now",
            "leno::task::yield_now::yield_now::{{closure}}",
            "shop::api::checkout::{{closure}}",
            "leno::kernel::task::run::Runnable::poll",
        ];
        let both = |frames: &mut Vec<Frame>| {
            outer(frames);
            inner(frames);
        };
        check(stack(&functions), both, &functions[3..5]);
    }

    #[test]
    fn what_leno_polls_by_std_is_its_own() {
        let functions = [
            "leno::sync::mutex::Mutex<T>::lock::{{closure}}::{{closure}}",
            "<core::future::poll_fn::PollFn<F> as core::future::future::Future>::poll",
            "leno::sync::mutex::Mutex<T>::lock::{{closure}}",
            "shop::api::checkout::{{closure}}",
        ];
        check(stack(&functions), leaf, &functions[2..]);
    }

    #[test]
    fn what_a_future_stands_for_tells_more() {
        let functions = [
            "leno::io::duplex::Pipe::poll_write",
            "<leno::io::ext::write::WriteAll<W> as leno::io::ext::operation::Step>::step",
            "<leno::io::ext::operation::Operation<S> as core::future::future::Future>::poll",
            "shop::api::checkout::{{closure}}",
        ];
        check(stack(&functions), leaf, &[functions[1], functions[3]]);
    }

    #[test]
    fn what_a_thread_waits_for_comes_first() {
        check(
            stack(&[
                "syscall",
                "std::sys::pal::unix::futex::futex_wait",
                "std::sys::sync::mutex::futex::Mutex::lock_contended",
                "std::sync::poison::mutex::Mutex<T>::lock",
                "shop::stock::Stock::reserve",
            ]),
            wait,
            &[
                "std::sync::poison::mutex::Mutex<T>::lock",
                "shop::stock::Stock::reserve",
            ],
        );
    }

    #[test]
    fn what_another_library_waits_for_is_told_whole() {
        let functions = ["pread64", "unixRead", "sqlite3_step", "shop::db::load"];
        check(stack(&functions), wait, &functions);
    }

    #[test]
    fn the_task_comes_last() {
        check(
            stack(&[
                "shop::stock::Stock::reserve",
                "shop::api::checkout::{{closure}}",
                "<core::pin::Pin<P> as core::future::future::Future>::poll",
                "leno::kernel::task::cell::Cell<F>::poll::{{closure}}::{{closure}}",
                "leno::prim::cell::UnsafeCell<T>::with_mut",
                "std::panicking::catch_unwind",
                "leno::kernel::task::run::Runnable::poll",
                "shop::main",
            ]),
            outer,
            &[
                "shop::stock::Stock::reserve",
                "shop::api::checkout::{{closure}}",
            ],
        );
    }

    #[test]
    #[cfg(feature = "diagnostics")]
    fn a_wrapper_is_not_there() {
        check(
            stack(&[
                "leno::sync::mutex::Mutex<T>::lock::{{closure}}",
                "leno::kernel::cancel_safe::poll",
                "<leno::kernel::cancel_safe::AssertCancelSafe<F> as core::future::future::Future>::poll",
                "shop::api::checkout::{{closure}}",
            ]),
            transparent,
            &[
                "leno::sync::mutex::Mutex<T>::lock::{{closure}}",
                "shop::api::checkout::{{closure}}",
            ],
        );
    }

    #[test]
    fn a_set_that_is_awaited_is_a_leaf() {
        let functions = [
            "leno::kernel::task::capture::clone_another",
            "<core::task::wake::Waker as core::clone::Clone>::clone",
            "leno::kernel::local_set::LocalSet::poll",
            "<leno::task::local_set::LocalSet as core::future::future::Future>::poll",
            "leno::runtime::roots::Listed::poll",
        ];
        let both = |frames: &mut Vec<Frame>| {
            outer(frames);
            inner(frames);
        };
        check(stack(&functions), both, &functions[3..4]);
    }

    #[test]
    fn a_runtime_within_a_task_is_the_innermost() {
        check(
            stack(&[
                "shop::inner::{{closure}}",
                "leno::kernel::root::block_on",
                "leno::runtime::Runtime::block_on",
                "shop::outer::{{closure}}",
                "leno::kernel::task::run::Runnable::poll",
            ]),
            outer,
            &["shop::inner::{{closure}}"],
        );
    }

    #[test]
    fn without_names_nothing_is_left_out() {
        for trim in [inner, wait, outer] {
            check(stack(&["", "", ""]), trim, &["", "", ""]);
        }
    }

    #[test]
    fn something_is_always_left() {
        let functions = ["leno::kernel::task::run::Runnable::poll"];
        for trim in [inner, wait, outer] {
            check(stack(&functions), trim, &functions);
        }
    }
}
