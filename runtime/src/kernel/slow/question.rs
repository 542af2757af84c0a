//! A thread is asked for its stack, and answers in a signal handler.
//!
//! Each watched thread has one place for that, which stays as long as the thread may be interrupted: nothing is freed, so an
//! answer can never come too late for its memory. One word says whose the place is:
//!
//! ```text
//!             ask (who asks)           answer (the handler)
//!   FREE ──────────────────▶ ASKED ──────────────────▶ TAKEN ─────▶ ANSWERED
//!    ▲ ◀──────────────────────┘ withdraw (who asks)                     │
//!    └──────────────────────────────────────────────────────────────────┘ collect (who asks)
//! ```
//!
//! The two steps out of `ASKED` are compare-exchanges: a question is either withdrawn or answered. A signal that comes when
//! nothing is asked (any more), or from somebody else, finds nothing to do. The place is the handler's while it is `TAKEN`,
//! and who asks has it otherwise. The handler waits for nobody, so it may interrupt anything, the one who asks included.
//!
//! Orderings: `ASKED` is stored with Release and taken with Acquire, so that the handler fills the place after it was
//! emptied; `ANSWERED` is stored with Release and loaded with Acquire, so that it is emptied after it was filled.
//!
//! The model is `loom-tests/src/models/question.rs`.

use crate::prim::UnsafeCell;
use crate::prim::atomic::{AtomicU32, Ordering};
use crate::prim::stack::Frames;

const FREE: u32 = 0;
const ASKED: u32 = 1;
const TAKEN: u32 = 2;
const ANSWERED: u32 = 3;

/// The place for one thread's answer. One thread at a time asks.
#[derive(Debug)]
pub(crate) struct Question {
    state: AtomicU32,
    answer: UnsafeCell<Option<Answer>>,
}

/// What the interrupted thread says.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The [count](crate::kernel::task::Polling::own_count) of the poll that it is in.
    pub(crate) poll: u64,
    pub(crate) stack: Frames,
}

// SAFETY: the state says whose the answer is (see the module's header), and an answer is plain data.
unsafe impl Send for Question {}
// SAFETY: as above.
unsafe impl Sync for Question {}

impl Question {
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU32::new(FREE),
            answer: UnsafeCell::new(None),
        }
    }

    /// Asks, before the thread is interrupted. False if the thread is still at the answer to an earlier question.
    pub(crate) fn ask(&self) -> bool {
        // An answer that came after nobody wanted it any more.
        let _late = self.collect();
        // Ordering: Relaxed. From FREE on only this thread changes it.
        if self.state.load(Ordering::Relaxed) != FREE {
            return false;
        }
        // Ordering: Release, partner of the exchange in `answer`.
        self.state.store(ASKED, Ordering::Release);
        true
    }

    /// Answers, if there is a question: for the handler. `answer` may do what a handler may.
    pub(crate) fn answer(&self, answer: impl FnOnce() -> Answer) {
        // Ordering: Acquire, partner of the store in `ask`.
        let taken = self
            .state
            .compare_exchange(ASKED, TAKEN, Ordering::Acquire, Ordering::Relaxed);
        if taken.is_ok() {
            // SAFETY: TAKEN: it is this handler's, which is not interrupted by itself. What is overwritten is `None`, as
            // `collect` has left it, so nothing is dropped.
            self.answer
                .with_mut(|place| unsafe { *place = Some(answer()) });
            // Ordering: Release, partner of the load in `collect`.
            self.state.store(ANSWERED, Ordering::Release);
        }
    }

    /// The answer, if it has come.
    pub(crate) fn collect(&self) -> Option<Answer> {
        // Ordering: Acquire, partner of the store in `answer`.
        if self.state.load(Ordering::Acquire) != ANSWERED {
            return None;
        }
        // SAFETY: ANSWERED: the handler is done with it, and it belongs to the one who asks.
        let answer = self.answer.with_mut(|place| unsafe { (*place).take() });
        // Ordering: Relaxed. The handler sees the place again after `ask`, which releases it.
        self.state.store(FREE, Ordering::Relaxed);
        answer
    }

    /// The answer is not waited for any more. False if it is being given just now.
    pub(crate) fn withdraw(&self) -> bool {
        // Ordering: Relaxed; nothing is read.
        self.state
            .compare_exchange(ASKED, FREE, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}
