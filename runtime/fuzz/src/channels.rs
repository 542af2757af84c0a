//! `mpsc` and `broadcast`, against queues.

use crate::many::Many;
use crate::polling::{Flag, poll_once};
use arbitrary::Arbitrary;
use leno::sync::{broadcast, mpsc};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

#[derive(Arbitrary, Debug)]
pub enum Script {
    Mpsc {
        capacity: u8,
        steps: Many<MpscStep>,
    },
    Broadcast {
        capacity: u8,
        steps: Many<BroadcastStep>,
    },
}

#[derive(Arbitrary, Debug)]
pub enum MpscStep {
    Send,
    PollSend(u8),
    CancelSend(u8),
    TrySend,
    Receive,
    ReceiveMany(u8),
    TryReceive,
    Close,
    DropReceiver,
    DropSender,
}

#[derive(Arbitrary, Debug)]
pub enum BroadcastStep {
    Send,
    Subscribe,
    Resubscribe(u8),
    Receive(u8),
    TryReceive(u8),
    DropReceiver(u8),
    DropSender,
}

impl super::Script for Script {
    fn run(self) {
        match self {
            Script::Mpsc { capacity, steps } => {
                let mut world = Mpsc::new(usize::from(capacity) % 5 + 1);
                for (number, step) in steps.into_iter().enumerate() {
                    world.perform(step, number);
                    world.check();
                }
            }
            Script::Broadcast { capacity, steps } => {
                let mut world = Broadcast::new(usize::from(capacity) % 6 + 1);
                for (number, step) in steps.into_iter().enumerate() {
                    world.perform(step, number);
                    world.check();
                }
            }
        }
    }
}

/// Somebody who waits for room, with the number of its step for a value.
struct Sending {
    future: Pin<Box<dyn Future<Output = Result<(), mpsc::error::SendError<usize>>>>>,
    flag: Arc<Flag>,
    value: usize,
    /// There is room for it, which nobody else can take.
    has_room: bool,
}

struct Mpsc {
    sender: Option<mpsc::Sender<usize>>,
    receiver: Option<mpsc::Receiver<usize>>,
    /// In order of arrival.
    sending: Vec<Sending>,
    values: VecDeque<usize>,
    free: usize,
    capacity: usize,
    is_closed: bool,
    /// The receiver's, if it waits.
    receiving: Option<Arc<Flag>>,
}

impl Mpsc {
    fn new(capacity: usize) -> Self {
        let (sender, receiver) = mpsc::channel(capacity);
        Self {
            sender: Some(sender),
            receiver: Some(receiver),
            sending: Vec::new(),
            values: VecDeque::new(),
            free: capacity,
            capacity,
            is_closed: false,
            receiving: None,
        }
    }

    /// Room for one more.
    fn give_room(&mut self) {
        let next = self.sending.iter_mut().find(|sending| !sending.has_room);
        match next {
            Some(sending) if !self.is_closed => sending.has_room = true,
            _ => self.free += 1,
        }
    }

    fn push(&mut self, value: usize) {
        self.values.push_back(value);
        if let Some(flag) = self.receiving.take() {
            assert!(
                flag.is_woken(),
                "there is a value, and the receiver sleeps on"
            );
        }
    }

    /// What the receiver is told now.
    fn next(&self) -> Poll<Option<usize>> {
        match self.values.front() {
            Some(value) => Poll::Ready(Some(*value)),
            None if self.is_over() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    /// Nothing will come any more.
    fn is_over(&self) -> bool {
        let senders = self.sender.is_some() || !self.sending.is_empty();
        let reserved = self.sending.iter().any(|sending| sending.has_room);
        !senders || (self.is_closed && !reserved)
    }

    fn took(&mut self, count: usize) {
        for _ in 0..count {
            self.values.pop_front();
            self.give_room();
        }
    }

    fn perform(&mut self, step: MpscStep, number: usize) {
        match step {
            MpscStep::Send => {
                let Some(sender) = self.sender.clone() else {
                    return;
                };
                let mut future = Box::pin(async move { sender.send(number).await });
                let (polled, flag) = poll_once(future.as_mut());
                match polled {
                    Poll::Ready(Ok(())) => {
                        assert!(!self.is_closed && self.free > 0, "sent without room");
                        self.free -= 1;
                        drop(future);
                        self.push(number);
                    }
                    Poll::Ready(Err(error)) => {
                        assert!(self.is_closed);
                        assert_eq!(error.0, number);
                    }
                    Poll::Pending => {
                        assert!(!self.is_closed && self.free == 0, "it need not wait");
                        self.sending.push(Sending {
                            future,
                            flag,
                            value: number,
                            has_room: false,
                        });
                    }
                }
            }
            MpscStep::PollSend(which) if !self.sending.is_empty() => {
                let which = usize::from(which) % self.sending.len();
                let (polled, flag) = poll_once(self.sending[which].future.as_mut());
                match polled {
                    Poll::Pending => {
                        let sending = &mut self.sending[which];
                        assert!(!sending.has_room && !self.is_closed, "it has been answered");
                        sending.flag = flag;
                    }
                    Poll::Ready(sent) => {
                        let sending = self.sending.remove(which);
                        assert_eq!(sent.is_err(), self.is_closed);
                        match sent {
                            Ok(()) => {
                                assert!(sending.has_room);
                                self.push(sending.value);
                            }
                            Err(error) => {
                                assert_eq!(error.0, sending.value);
                                self.gone(sending);
                            }
                        }
                    }
                }
            }
            MpscStep::CancelSend(which) if !self.sending.is_empty() => {
                let which = usize::from(which) % self.sending.len();
                let sending = self.sending.remove(which);
                self.gone(sending);
            }
            MpscStep::TrySend => {
                let Some(sender) = &self.sender else {
                    return;
                };
                match sender.try_send(number) {
                    Ok(()) => {
                        assert!(!self.is_closed && self.free > 0);
                        self.free -= 1;
                        self.push(number);
                    }
                    Err(mpsc::error::TrySendError::Full(value)) => {
                        assert!(!self.is_closed && self.free == 0);
                        assert_eq!(value, number);
                    }
                    Err(mpsc::error::TrySendError::Closed(value)) => {
                        assert!(self.is_closed);
                        assert_eq!(value, number);
                    }
                }
            }
            MpscStep::Receive => {
                let Some(receiver) = &mut self.receiver else {
                    return;
                };
                let (polled, flag) = poll_once(pin!(poll_fn(|cx| receiver.poll_recv(cx))));
                assert_eq!(polled, self.next());
                match polled {
                    Poll::Pending => self.receiving = Some(flag),
                    Poll::Ready(value) => {
                        self.receiving = None;
                        self.took(value.iter().len());
                    }
                }
            }
            MpscStep::ReceiveMany(limit) => {
                let Some(receiver) = &mut self.receiver else {
                    return;
                };
                let limit = usize::from(limit) % 8;
                let mut values = Vec::new();
                let (polled, flag) = poll_once(pin!(poll_fn(|cx| {
                    receiver.poll_recv_many(cx, &mut values, limit)
                })));
                let expected: Vec<_> = self.values.iter().copied().take(limit).collect();
                assert_eq!(values, expected);
                match polled {
                    Poll::Pending => {
                        assert!(limit > 0 && self.next().is_pending());
                        self.receiving = Some(flag);
                    }
                    Poll::Ready(count) => {
                        assert_eq!(count, values.len());
                        assert!(count > 0 || limit == 0 || self.is_over());
                        self.receiving = None;
                        self.took(count);
                    }
                }
            }
            MpscStep::TryReceive => {
                let Some(receiver) = &mut self.receiver else {
                    return;
                };
                let tried = receiver.try_recv();
                let expected = match self.next() {
                    Poll::Ready(Some(value)) => Ok(value),
                    Poll::Ready(None) => Err(mpsc::error::TryRecvError::Disconnected),
                    Poll::Pending => Err(mpsc::error::TryRecvError::Empty),
                };
                assert_eq!(tried, expected);
                self.took(tried.iter().len());
            }
            MpscStep::Close => {
                if let Some(receiver) = &mut self.receiver {
                    receiver.close();
                    self.is_closed = true;
                    // Whoever closes looks again by itself.
                    self.receiving = None;
                }
            }
            MpscStep::DropReceiver if self.receiver.is_some() => {
                self.receiver = None;
                self.is_closed = true;
                self.receiving = None;
                self.values.clear();
            }
            MpscStep::DropSender => {
                self.sender = None;
                self.tell_the_end();
            }
            _ => {}
        }
    }

    /// A send that is over without a value.
    fn gone(&mut self, sending: Sending) {
        drop(sending.future);
        if sending.has_room {
            self.give_room();
        }
        self.tell_the_end();
    }

    fn tell_the_end(&mut self) {
        if self.is_over() {
            if let Some(flag) = self.receiving.take() {
                assert!(
                    flag.is_woken(),
                    "nothing will come, and the receiver sleeps on"
                );
            }
        }
    }

    fn check(&mut self) {
        for sending in &self.sending {
            let is_answered = sending.has_room || self.is_closed;
            assert!(
                !is_answered || sending.flag.is_woken(),
                "a sender sleeps on"
            );
        }
        if let Some(receiver) = &self.receiver {
            assert_eq!(receiver.len(), self.values.len());
            assert_eq!(
                receiver.is_closed(),
                self.is_closed || self.is_without_senders()
            );
            assert_eq!(receiver.max_capacity(), self.capacity);
            if !self.is_closed {
                assert_eq!(receiver.capacity(), self.free);
            }
        }
    }

    fn is_without_senders(&self) -> bool {
        self.sender.is_none() && self.sending.is_empty()
    }
}

type Receiving = Pin<
    Box<
        dyn Future<
            Output = (
                Result<usize, broadcast::error::RecvError>,
                broadcast::Receiver<usize>,
            ),
        >,
    >,
>;

/// A receiver, and how much of what was sent it has passed.
struct Subscriber {
    position: usize,
    state: SubscriberState,
}

enum SubscriberState {
    Idle(broadcast::Receiver<usize>),
    Waiting(Receiving, Arc<Flag>),
}

struct Broadcast {
    sender: Option<broadcast::Sender<usize>>,
    subscribers: Vec<Subscriber>,
    sent: Vec<usize>,
    /// How many are kept.
    kept: usize,
}

impl Broadcast {
    fn new(capacity: usize) -> Self {
        let (sender, receiver) = broadcast::channel(capacity);
        Self {
            sender: Some(sender),
            subscribers: vec![Subscriber {
                position: 0,
                state: SubscriberState::Idle(receiver),
            }],
            sent: Vec::new(),
            kept: capacity.next_power_of_two(),
        }
    }

    /// What a receiver is told at that position, which moves.
    fn next(&self, position: &mut usize) -> Poll<Result<usize, broadcast::error::RecvError>> {
        let oldest = self.sent.len().saturating_sub(self.kept);
        if *position < oldest {
            let missed = oldest - *position;
            *position = oldest;
            return Poll::Ready(Err(broadcast::error::RecvError::Lagged(missed as u64)));
        }
        match self.sent.get(*position) {
            Some(value) => {
                *position += 1;
                Poll::Ready(Ok(*value))
            }
            None if self.sender.is_none() => Poll::Ready(Err(broadcast::error::RecvError::Closed)),
            None => Poll::Pending,
        }
    }

    fn perform(&mut self, step: BroadcastStep, number: usize) {
        let count = self.subscribers.len();
        match step {
            BroadcastStep::Send => {
                if let Some(sender) = &self.sender {
                    match sender.send(number) {
                        Ok(receivers) => {
                            assert_eq!(receivers, count);
                            self.sent.push(number);
                        }
                        Err(error) => assert_eq!((error.0, count), (number, 0)),
                    }
                }
            }
            BroadcastStep::Subscribe => {
                if let Some(sender) = &self.sender {
                    self.subscribers.push(Subscriber {
                        position: self.sent.len(),
                        state: SubscriberState::Idle(sender.subscribe()),
                    });
                }
            }
            BroadcastStep::Resubscribe(which) if count > 0 => {
                if let SubscriberState::Idle(receiver) =
                    &self.subscribers[usize::from(which) % count].state
                {
                    self.subscribers.push(Subscriber {
                        position: self.sent.len(),
                        state: SubscriberState::Idle(receiver.resubscribe()),
                    });
                }
            }
            BroadcastStep::Receive(which) if count > 0 => {
                let Subscriber {
                    mut position,
                    state,
                } = self.subscribers.swap_remove(usize::from(which) % count);
                let mut future: Receiving = match state {
                    SubscriberState::Idle(mut receiver) => Box::pin(async move {
                        let received = receiver.recv().await;
                        (received, receiver)
                    }),
                    SubscriberState::Waiting(future, _) => future,
                };
                let expected = self.next(&mut position);
                let (polled, flag) = poll_once(future.as_mut());
                let state = match polled {
                    Poll::Ready((received, receiver)) => {
                        assert_eq!(Poll::Ready(received), expected);
                        SubscriberState::Idle(receiver)
                    }
                    Poll::Pending => {
                        assert!(expected.is_pending(), "{expected:?} is there");
                        SubscriberState::Waiting(future, flag)
                    }
                };
                self.subscribers.push(Subscriber { position, state });
            }
            BroadcastStep::TryReceive(which) if count > 0 => {
                let mut subscriber = self.subscribers.swap_remove(usize::from(which) % count);
                if let SubscriberState::Idle(receiver) = &mut subscriber.state {
                    let expected = match self.next(&mut subscriber.position) {
                        Poll::Pending => Err(broadcast::error::TryRecvError::Empty),
                        Poll::Ready(received) => received.map_err(|error| match error {
                            broadcast::error::RecvError::Closed => {
                                broadcast::error::TryRecvError::Closed
                            }
                            broadcast::error::RecvError::Lagged(missed) => {
                                broadcast::error::TryRecvError::Lagged(missed)
                            }
                        }),
                    };
                    assert_eq!(receiver.try_recv(), expected);
                }
                self.subscribers.push(subscriber);
            }
            BroadcastStep::DropReceiver(which) if count > 0 => {
                self.subscribers.swap_remove(usize::from(which) % count);
            }
            BroadcastStep::DropSender => self.sender = None,
            _ => {}
        }
    }

    fn check(&self) {
        for subscriber in &self.subscribers {
            let is_news = self.sender.is_none() || subscriber.position < self.sent.len();
            match &subscriber.state {
                SubscriberState::Idle(receiver) => {
                    assert_eq!(receiver.len(), self.sent.len() - subscriber.position);
                }
                SubscriberState::Waiting(_, flag) => {
                    assert!(!is_news || flag.is_woken(), "a receiver sleeps on");
                }
            }
        }
        if let Some(sender) = &self.sender {
            assert_eq!(sender.receiver_count(), self.subscribers.len());
        }
    }
}
