//! The children of a local group: futures in boxes that one task owns and polls, and that come from anywhere.
//!
//! The first of the [`Lanes`] is that of the group's body, and each child has one. Handles may be anywhere, in the children
//! themselves and on other threads, so all is behind a lock. It is held for as long as it takes to put one child back and take
//! the next out, never while one is polled or dropped, or a waker called.
//!
//! *A child that comes is polled.* It has a lane that is to be polled. If the owner is in a poll (`is_polled`) it finds that: it
//! leaves the poll only when it has seen, and said, under the same lock that there is no such lane. If it is not in one, whoever
//! brings the child wakes it. Its registration came before it left (in its `begin`), so there is a waker, or a wake under way.
//!
//! *After the end nobody comes.* The end and the taking over are under the lock: what was taken over is dropped with the others,
//! and what comes later is given back.
//!
//! The model is `loom-tests/src/models/children.rs`.

use crate::kernel::lanes::{Lanes, Turn, With};
use crate::prim::Mutex;
use std::mem;
use std::pin::Pin;
use std::task::Waker;

/// The lane of the body, as long as that is there.
const BODY: usize = 0;

/// The children, of which `C` is what is known of their types; see the module's header.
pub(crate) struct Children<C: ?Sized>(Mutex<State<C>>);

struct State<C: ?Sized> {
    lanes: Lanes,
    /// By lane. The body's place is empty, and so is that of who is polled.
    children: Vec<Option<Pin<Box<C>>>>,
    /// How many there are.
    left: usize,
    /// The owner is in a poll, and looks for lanes that are woken before it leaves it.
    is_polled: bool,
    has_ended: bool,
}

/// What the owner does next.
pub(crate) enum Next<C: ?Sized> {
    /// Polls this one, by the waker if there is one and else by that of its task.
    Poll(Member<C>, Option<Waker>),
    /// It has left the poll: nobody is left to be polled. `true` if no child is left at all.
    Sleep(bool),
    /// It has left the poll, and has to be woken: others are left to be polled.
    Yield,
}

/// Who is polled.
pub(crate) enum Member<C: ?Sized> {
    Body,
    Child(usize, Pin<Box<C>>),
}

impl<C: ?Sized> Children<C> {
    pub(crate) fn new() -> Self {
        let mut lanes = Lanes::new();
        let body = lanes.insert();
        debug_assert_eq!(body, BODY, "it is the first");
        Self(Mutex::new(State {
            lanes,
            children: vec![None],
            left: 0,
            is_polled: false,
            has_ended: false,
        }))
    }

    /// Takes a child over. After the end it is given back.
    pub(crate) fn take_over(&self, child: Pin<Box<C>>) -> Result<(), Pin<Box<C>>> {
        let mut state = self.0.lock();
        if state.has_ended {
            return Err(child);
        }
        let lane = state.lanes.insert();
        if lane == state.children.len() {
            state.children.push(None);
        }
        state.children[lane] = Some(child);
        state.left += 1;
        let owner = match state.is_polled {
            true => None,
            false => state.lanes.take_owner(),
        };
        drop(state);
        if let Some(owner) = owner {
            owner.wake();
        }
        Ok(())
    }

    /// How many children there are.
    pub(crate) fn left(&self) -> usize {
        self.0.lock().left
    }

    /// The owner begins a poll, with its waker; `None` after the end.
    pub(crate) fn begin(&self, waker: &Waker) -> Option<Poller<'_, C>> {
        let mut state = self.0.lock();
        if state.has_ended {
            return None;
        }
        // Before the poll is begun: a waker that panics as it is cloned leaves nothing behind.
        let with = state.lanes.begin(waker);
        state.is_polled = true;
        Some(Poller {
            children: self,
            with,
            turn: Turn::default(),
            asleep: None,
        })
    }

    /// The end: gives all children back, to be dropped.
    pub(crate) fn end(&self) -> Vec<Option<Pin<Box<C>>>> {
        let mut state = self.0.lock();
        state.has_ended = true;
        state.left = 0;
        mem::take(&mut state.children)
    }
}

/// A poll of the owner. It goes on until [`next`](Self::next) says that nobody is next, or the owner ends (as it does if it
/// unwinds).
pub(crate) struct Poller<'a, C: ?Sized> {
    children: &'a Children<C>,
    with: With,
    turn: Turn,
    /// One that was polled, and has to be put back.
    asleep: Option<(usize, Pin<Box<C>>)>,
}

impl<C: ?Sized> Poller<'_, C> {
    /// Says who is next. If that is nobody, the owner has left the poll.
    pub(crate) fn next(&mut self) -> Next<C> {
        let mut state = self.children.0.lock();
        if let Some((lane, child)) = self.asleep.take() {
            state.children[lane] = Some(child);
        }
        let Some(lane) = state.lanes.next() else {
            // In the same breath: whoever comes from now on wakes the owner.
            state.is_polled = false;
            return Next::Sleep(state.left == 0);
        };
        if self.turn.is_over() {
            state.lanes.put_back(lane);
            state.is_polled = false;
            return Next::Yield;
        }
        let own = (self.with == With::Own).then(|| Waker::clone(&state.lanes.waker(lane)));
        let member = match state.children[lane].take() {
            Some(child) => Member::Child(lane, child),
            None => Member::Body,
        };
        Next::Poll(member, own)
    }

    /// A child is pending.
    pub(crate) fn put_back(&mut self, lane: usize, child: Pin<Box<C>>) {
        self.asleep = Some((lane, child));
    }

    /// A child is done and gone.
    pub(crate) fn remove(&mut self, lane: usize) {
        let mut state = self.children.0.lock();
        state.lanes.remove(lane);
        state.left -= 1;
    }

    /// The body is done and gone. A child may have its lane from now on.
    pub(crate) fn remove_body(&mut self) {
        self.children.0.lock().lanes.remove(BODY);
    }
}
