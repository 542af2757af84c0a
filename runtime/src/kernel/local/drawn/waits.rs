//! What waits on the thread of a simulation.
//!
//! A closure that waits (in a `block_on`, or for a channel) would wait for others that only this thread runs. So it runs them, on
//! its own stack, until it is woken ([`Simulation::run_until`]). Those waits end in the opposite order to that in which they
//! began: if the innermost cannot go on, nobody can, even if one further out has been woken meanwhile. Then it unwinds with a
//! panic that says which of both it is.

use super::Drawn;
use super::bounds::Stuck;
use crate::kernel::here::{self, Blocking, Hold, Simulation};
use crate::kernel::root::WOKEN_OUTSIDE;
use crate::prim::asked;
use std::mem;
use std::ptr;
use std::task::Waker;

const TWO_STACKS: &str = "two blocking calls wait at a time, and the one that began later waits for the other one to go on. In a \
     simulation they share one stack: let one of them be asynchronous";

impl Simulation for Drawn<'_> {
    fn run_until(&self, woken: &dyn Fn() -> bool) {
        // SAFETY: it is in the list for as long as `wait` lives, which is the length of this call.
        let woken =
            unsafe { mem::transmute::<&dyn Fn() -> bool, &'static dyn Fn() -> bool>(woken) };
        self.waits.borrow_mut().push(woken);
        let wait = Wait::begin(self, true);
        while !woken() {
            if let Err(why) = self.turn_of_others() {
                drop(wait);
                self.cannot_go_on(why);
            }
        }
    }

    fn give_way(&self) {
        let wait = Wait::begin(self, false);
        // Time does not move for it, since somebody can go on: who waits.
        let turn = if self.gather() {
            self.turn_of_others()
        } else {
            self.count.turn(&self.bounds)
        };
        drop(wait);
        if let Err(why) = turn {
            self.cannot_go_on(why);
        }
    }

    fn lends(&self, waker: &Waker) -> bool {
        // A task's waker points to the task, and the root's to the root. (`Waker::noop` points to nothing.)
        let running = here::with(|here| here.running.get());
        let lent = if running.is_null() {
            ptr::from_ref(self.root).cast()
        } else {
            running
        };
        waker.data() == lent
    }
}

/// Others have their turns, on the stack of one that waits, until this is dropped.
struct Wait<'a, 'b> {
    drawn: &'a Drawn<'b>,
    is_listed: bool,
    outer: Outer,
}

impl<'a, 'b> Wait<'a, 'b> {
    fn begin(drawn: &'a Drawn<'b>, is_listed: bool) -> Self {
        asked::waits();
        Self {
            drawn,
            is_listed,
            outer: Outer::put_aside(),
        }
    }
}

impl Drop for Wait<'_, '_> {
    fn drop(&mut self) {
        if self.is_listed {
            self.drawn.waits.borrow_mut().pop();
        }
        self.outer.put_back();
        asked::resumes();
    }
}

impl Drawn<'_> {
    /// As [`turn`](Self::turn), for one that waits.
    #[inline(never)]
    fn turn_of_others(&self) -> Result<(), Stuck> {
        self.turn()
    }

    fn cannot_go_on(&self, why: Stuck) -> ! {
        let others = self.waits.borrow().iter().any(|woken| woken());
        match why {
            Stuck::Deadlock if others => {
                asked::refuse(TWO_STACKS);
                panic!("{TWO_STACKS}");
            }
            Stuck::Deadlock => panic!(
                "this blocking call never ends: nobody can go on, and no timer is due. (In a simulation it has been tried.)"
            ),
            Stuck::Livelock | Stuck::LivelockAtOnce | Stuck::TooLate(_) => panic!(
                "this blocking call has not ended within what the simulation allows (turns, or virtual time)"
            ),
            Stuck::Alien => {
                asked::refuse(WOKEN_OUTSIDE);
                panic!("{WOKEN_OUTSIDE}")
            }
        }
    }
}

/// What this thread was doing when it began to wait: its cells, as they have to be found again.
struct Outer {
    running: *const (),
    woken_itself: bool,
    task_id: u64,
    budget: u8,
    local_set: *const (),
    hold: Hold,
    blocking: Blocking,
}

impl Outer {
    fn put_aside() -> Self {
        here::with(|here| Self {
            running: here.running.replace(ptr::null()),
            woken_itself: here.woken_itself.replace(false),
            task_id: here.task_id.replace(0),
            budget: here.budget.get(),
            local_set: here.local_set.replace(ptr::null()),
            hold: here.hold.replace(Hold::Nothing),
            blocking: here.blocking.replace(Blocking::Forbidden),
        })
    }

    fn put_back(&self) {
        here::with(|here| {
            here.running.set(self.running);
            here.woken_itself.set(self.woken_itself);
            here.task_id.set(self.task_id);
            here.budget.set(self.budget);
            here.local_set.set(self.local_set);
            here.hold.set(self.hold);
            here.blocking.set(self.blocking);
        });
    }
}
