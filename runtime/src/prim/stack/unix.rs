//! A walk by the unwinder that std links: its C interface, which is that of the Itanium C++ ABI.

use super::Visit;
use std::ffi::{c_int, c_void};

/// One frame, as the unwinder sees it.
#[repr(C)]
struct Context {
    _opaque: [u8; 0],
}

const GO_ON: c_int = 0;
/// Any other number ends the walk: this one says that it was meant to.
const STOP: c_int = 4;

unsafe extern "C" {
    fn _Unwind_Backtrace(
        each: extern "C" fn(*mut Context, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;

    fn _Unwind_GetIPInfo(context: *mut Context, interrupted: *mut c_int) -> usize;
}

/// Tells `visit` of this thread's frames; the first is that of the function that calls this one.
// Part of its caller, so that there is no frame of its own.
#[inline(always)]
pub(super) fn walk<V: Visit>(visit: &mut V) {
    // SAFETY: `each` is called with the argument that is given here, a `V` that nobody else uses meanwhile, and not after
    // the call. It does not unwind: see there.
    let end = unsafe { _Unwind_Backtrace(each::<V>, std::ptr::from_mut(visit).cast()) };
    // The call is not the last thing that the caller does, or the caller's frame might be gone by then.
    std::hint::black_box(end);
}

/// Where the unwinder's code is, or a part of it.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(super) fn unwinder() -> usize {
    _Unwind_Backtrace as *const () as usize
}

/// Does not unwind as long as the visitor does not; if it did, the process would abort, since this is `extern "C"`.
extern "C" fn each<V: Visit>(context: *mut Context, visit: *mut c_void) -> c_int {
    let mut interrupted = 0;
    // SAFETY: the unwinder's own context, and a place for an integer.
    let address = unsafe { _Unwind_GetIPInfo(context, &raw mut interrupted) };
    if address == 0 {
        // The end of a stack whose unwind information does not say so.
        return STOP;
    }
    let interrupted = interrupted != 0;
    // There the address is that of the next instruction itself, not of one to return to.
    let address = address + usize::from(interrupted);
    // SAFETY: what `walk` has passed to the unwinder.
    let visit = unsafe { &mut *visit.cast::<V>() };
    if visit.frame(address, interrupted) {
        GO_ON
    } else {
        STOP
    }
}
