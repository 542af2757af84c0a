//! The stack of a thread, as addresses: who called whom, without names.
//!
//! Taking them neither allocates nor looks anything up by name, so it may be done in the middle of anything: in a waker's
//! clone, on a thread that must not be held up. What the addresses mean is found out later, elsewhere, by whoever wants
//! to know.
//!
//! The walk is that of the unwinder that std links. Where there is none that can be called by its C names, there are no
//! addresses ([`none`]).

use std::fmt;

#[cfg(all(
    any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_vendor = "apple"
    ),
    // There the unwinder has no function that tells an address.
    not(target_arch = "arm")
))]
#[path = "unix.rs"]
mod walk;

#[cfg(not(all(
    any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_vendor = "apple"
    ),
    not(target_arch = "arm")
)))]
#[path = "none.rs"]
mod walk;

#[cfg(all(target_os = "linux", not(target_arch = "arm")))]
mod unwinder;

/// Prepares for the [stacks of interrupted threads](Frames::capture_interrupted): false if there are none.
pub(crate) fn prepare() -> bool {
    #[cfg(all(target_os = "linux", not(target_arch = "arm")))]
    if unwinder::find(walk::unwinder()) {
        // What the unwinder prepares at its first use is not for a handler.
        let _stack = std::hint::black_box(Frames::capture(0));
        return true;
    }
    false
}

/// True for code that no walk may begin in.
fn is_forbidden(_address: usize) -> bool {
    #[cfg(all(target_os = "linux", not(target_arch = "arm")))]
    if unwinder::contains(_address) {
        return true;
    }
    false
}

/// How many frames are kept: the innermost.
pub(crate) const DEEPEST: usize = 128;

/// Where the callers of a function go on, from the innermost outwards. 1 KiB, in place.
///
/// All are addresses to return to. The instruction that called is the one before, so whoever looks a name up looks at the
/// byte before.
pub(crate) struct Frames {
    count: usize,
    addresses: [usize; DEEPEST],
}

impl Frames {
    pub(crate) const fn new() -> Self {
        Self {
            count: 0,
            addresses: [0; DEEPEST],
        }
    }

    /// The stack of this thread. The first frame is in the caller of this function; `skip` frames are left out before that.
    ///
    /// Some 150 ns a frame. Async-signal-safe with glibc from 2.35 and libgcc from 12, which look up without a lock;
    /// elsewhere the walk may take the lock of the dynamic linker.
    #[inline(never)]
    pub(crate) fn capture(skip: usize) -> Self {
        let mut frames = Self::new();
        // This function's own frame is the first.
        walk::walk(&mut Skipping {
            left: skip.saturating_add(1),
            frames: &mut frames,
        });
        frames
    }

    /// For a signal handler: the stack that this thread had when the signal interrupted it, without the handler's own
    /// frames. It takes 2 to 4 µs. Not before [`prepare`].
    pub(crate) fn capture_interrupted() -> Self {
        let mut frames = Self::new();
        walk::walk(&mut Interrupted {
            found: false,
            frames: &mut frames,
        });
        frames
    }

    /// True if the walk of an [interrupted](Self::capture_interrupted) thread has ended at its first frame: the thread is to
    /// be asked again.
    ///
    /// It was in the unwinder, from where no walk begins; or in a stub. Some linkers (LLVM's) give no unwind information for
    /// the stubs through which functions of shared libraries are called; a thread is in one for a nanosecond. Stubs call
    /// nobody, so they are nowhere else in a stack.
    pub(crate) fn is_cut(&self) -> bool {
        self.count == 1
    }

    pub(crate) fn addresses(&self) -> &[usize] {
        &self.addresses[..self.count]
    }

    /// False if there is no room for more.
    fn push(&mut self, address: usize) -> bool {
        if let Some(place) = self.addresses.get_mut(self.count) {
            *place = address;
            self.count += 1;
        }
        self.count < DEEPEST
    }
}

/// Whoever is told of each frame of a stack, from the innermost outwards.
trait Visit {
    /// `address` is one to return to, also where a signal has interrupted the thread at the instruction before
    /// (`interrupted`). False if that is enough.
    fn frame(&mut self, address: usize, interrupted: bool) -> bool;
}

/// Leaves some frames out.
struct Skipping<'a> {
    left: usize,
    frames: &'a mut Frames,
}

impl Visit for Skipping<'_> {
    fn frame(&mut self, address: usize, _interrupted: bool) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => self.frames.push(address),
        }
    }
}

/// Begins anew at the innermost frame that a signal has interrupted.
struct Interrupted<'a> {
    found: bool,
    frames: &'a mut Frames,
}

impl Visit for Interrupted<'_> {
    fn frame(&mut self, address: usize, interrupted: bool) -> bool {
        if interrupted && !self.found {
            self.found = true;
            self.frames.count = 0;
            // The walk goes on from here only if it may.
            return self.frames.push(address) && !is_forbidden(address);
        }
        self.frames.push(address)
    }
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x?}", self.addresses())
    }
}

#[cfg(all(test, target_os = "linux"))]
#[path = "tests.rs"]
mod interrupted;

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn deep(depth: usize) -> Frames {
        let frames = match depth {
            0 => Frames::capture(0),
            _ => deep(depth - 1),
        };
        // No tail call: this function's frame stays.
        std::hint::black_box(frames)
    }

    #[test]
    #[cfg_attr(not(target_os = "linux"), allow(unused))]
    fn a_deeper_stack_has_more_frames() {
        let (flat, deep) = (deep(0), deep(10));
        if cfg!(target_os = "linux") {
            assert!(!flat.addresses().is_empty());
        }
        assert_eq!(
            deep.addresses().len(),
            flat.addresses().len() + if flat.addresses().is_empty() { 0 } else { 10 }
        );
        assert!(flat.addresses().iter().all(|&address| address != 0));
    }

    #[test]
    fn frames_can_be_left_out() {
        #[inline(never)]
        fn both() -> (Frames, Frames) {
            (Frames::capture(0), Frames::capture(2))
        }
        let (all, fewer) = both();
        let (all, fewer) = (all.addresses(), fewer.addresses());
        assert_eq!(fewer, all.get(2..).unwrap_or_default());
    }

    #[test]
    fn an_endless_stack_is_cut() {
        let frames = deep(2 * DEEPEST);
        let count = frames.addresses().len();
        assert!(count == DEEPEST || count == 0);
    }
}
