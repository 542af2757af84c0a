//! The end of a current-thread scheduler.
//!
//! [`Driven::close`] runs on one thread, with the core: it closes the injected queue (a later push cancels its task
//! then and there; the tasks of a current-thread runtime are `Send`), the owned list, and drains the core's queue.

use super::{Closed, Driven, Local};
use crate::kernel::foreign;
use crate::kernel::here::Blocking;
use crate::kernel::root::Driving;

impl Local {
    /// Waits until no task is left, after [`close`](Self::close).
    pub(crate) fn wait_for_tasks(&self) {
        let mut guard = self.injected.lock();
        while self.live_tasks() != 0 {
            guard = self.ended.wait(guard);
        }
    }
}

impl Driven {
    /// Ends the scheduler.
    pub(super) fn close(&self) {
        let local = &*self.local;
        let _driving = Driving::replace(Blocking::Forbidden);
        local.injected.lock().closed = Closed::Closing;
        local.register.owned.close();
        while self.drain() {}
        if local.bound {
            self.wait_for_wakers();
        }
        local.injected.lock().closed = Closed::Yes;
        while self.drain() {}
        local.wheel.close();
        local.driver.close();
        let hooks = self.core().hooks.take();
        foreign::call(|| drop(hooks));
        // What wakers and the hooks' owner have spawned here meanwhile.
        while self.drain() {}
    }

    /// The end of a scheduler whose tasks need not be `Send`: a waker on another thread may have claimed one, and is about
    /// to push it. Waits for that, and cancels it here.
    fn wait_for_wakers(&self) {
        let local = &*self.local;
        loop {
            while self.drain() {}
            let mut injected = local.injected.lock();
            while injected.queue.is_empty() {
                if local.live_tasks() == 0 {
                    return;
                }
                injected = local.ended.wait(injected);
            }
        }
    }

    /// Cancels what is in the queues; true if there was anything.
    fn drain(&self) -> bool {
        self.resume();
        let mut any = false;
        while let Some(task) = self.next() {
            task.cancel();
            any = true;
        }
        any
    }
}
