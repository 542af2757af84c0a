//! A thread that is asked for its stack, in a signal handler that may come at any time.
//!
//! The handler is a thread of its own here. That is more than a handler may do to the one it interrupts, and less only where
//! it interrupts the one who asks: there it runs from its begin to its end between two steps, which is among what is tried.

use super::explore;
use crate::kernel::slow::question::{Answer, Question};
use crate::prim::Arc;
use crate::prim::stack::Frames;
use loom::thread;

/// A signal comes.
fn signal(question: &Arc<Question>, poll: u64) -> thread::JoinHandle<()> {
    let question = question.clone();
    thread::spawn(move || {
        question.answer(|| Answer {
            poll,
            stack: Frames::new(),
        });
    })
}

/// Waits until the handler is done with the question, if it has it.
fn settle(question: &Question) -> Option<u64> {
    loop {
        if let Some(answer) = question.collect() {
            return Some(answer.poll);
        }
        if question.withdraw() {
            return None;
        }
        thread::yield_now();
    }
}

/// Who asks gets the answer, or knows that there will be none; and the next question gets an answer of its own.
// Mutations: question.rs, `withdraw` stores FREE whatever there is, or `answer` goes on whatever there is: two threads have the
// place at once.
#[test]
fn an_answer_is_to_the_question() {
    explore(3, || {
        let question = Arc::new(Question::new());
        assert!(question.ask());
        let first = signal(&question, 1);
        let answer = settle(&question);
        assert!(answer.is_none_or(|poll| poll == 1));
        first.join().unwrap();
        assert!(question.collect().is_none());
        assert!(question.ask());
        let second = signal(&question, 2);
        second.join().unwrap();
        assert_eq!(settle(&question), Some(2));
    });
}

/// Signals that come whenever they like: each answers one question or none, and no answer comes twice.
// Mutations: those of the first model.
#[test]
fn signals_may_come_at_any_time() {
    explore(3, || {
        let question = Arc::new(Question::new());
        let handler = thread::spawn({
            let question = question.clone();
            move || {
                for poll in 1..=2 {
                    question.answer(|| Answer {
                        poll,
                        stack: Frames::new(),
                    });
                }
            }
        });
        let answers = [(), ()].map(|()| {
            // What is settled is free.
            assert!(question.ask());
            settle(&question)
        });
        handler.join().unwrap();
        if let [Some(first), Some(second)] = answers {
            assert!(first < second);
        }
        assert!(question.collect().is_none());
    });
}
