//! Doing a run again: exactly, by positions; or as far as it goes on a program that has changed, by keys.

use crate::actor::{Actor, Actors};
use crate::cause::{Cause, Nth};
use crate::chooser::{Chooser, Point};
use crate::record::{Choice, word};
use crate::run::Run;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts the draws of each kind between two boundaries of one actor.
#[derive(Clone, Debug, Default)]
struct Draws {
    actor: Actor,
    turn: u32,
    counts: [u32; 6],
}

impl Draws {
    /// One more: in which turn, and the how manieth of its kind there.
    fn count(&mut self, actors: &Actors, point: Point, actor: Actor) -> (u32, u32) {
        let turn = actors.turns(actor);
        if (self.actor, self.turn) != (actor, turn) {
            *self = Self {
                actor,
                turn,
                counts: [0; 6],
            };
        }
        let count = &mut self.counts[point as usize];
        *count += 1;
        (turn, *count)
    }
}

/// What a chooser finds out during a run and is asked for after it: the run owns the chooser meanwhile.
type Shared<T> = Arc<Mutex<T>>;

fn take<T: Default>(shared: &Shared<T>) -> T {
    mem::take(&mut *shared.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Gives the answers of an earlier run, by their positions.
///
/// It is total: what lies beyond the last answer is calm, and an answer that is too great is taken modulo the number of answers
/// there are. Whether the run was the same one in the end, [`Record::is`](crate::Record::is) says.
///
/// ```
/// use leno_sim::{Choice, Exact, Point, Run};
///
/// let choices = [Choice { position: 1, taken: 2 }];
/// let mut run = Run::new(Box::new(Exact::new(&choices)));
/// run.begin(0);
/// assert_eq!(run.draw(Point::Choice, 5), 0);
/// assert_eq!(run.draw(Point::Choice, 5), 2);
/// assert_eq!(run.draw(Point::Choice, 5), 0);
/// ```
#[derive(Clone, Debug)]
pub struct Exact {
    choices: Vec<Choice>,
    /// The next of `choices`.
    at: usize,
    /// How many decisions have been made.
    position: u64,
    draws: Draws,
    telling: Option<Shared<Telling>>,
    /// By actor, the turn before which it is told to have been passed over: it waits for one turn through many others.
    passed: Vec<u32>,
}

impl Exact {
    /// Answers as `choices` say, which are in the order of their positions.
    pub fn new(choices: &[Choice]) -> Self {
        Self {
            choices: choices.to_vec(),
            at: 0,
            position: 0,
            draws: Draws::default(),
            telling: None,
            passed: Vec::new(),
        }
    }

    /// As [`new`](Self::new), and says what the choices come to, by keys: it is in the second value once the run is over.
    pub(crate) fn telling(choices: &[Choice]) -> (Self, Told<Telling>) {
        let mut this = Self::new(choices);
        let telling = Shared::default();
        this.telling = Some(Arc::clone(&telling));
        (this, Told(telling))
    }

    fn answer(&mut self, count: u32) -> u32 {
        let position = self.position;
        self.position += 1;
        match self.choices.get(self.at) {
            Some(choice) if choice.position == position => {
                self.at += 1;
                choice.taken % count
            }
            _ => 0,
        }
    }

    /// Notes that `actor` is passed over before this turn, which is from 1. True if that is new.
    fn is_passed_first(&mut self, actor: Actor, turn: u32) -> bool {
        let index = actor.0 as usize;
        self.passed.resize(self.passed.len().max(index + 1), 0);
        mem::replace(&mut self.passed[index], turn) != turn
    }

    fn tell(&self, tell: impl FnOnce(&mut Telling)) {
        if let Some(telling) = &self.telling {
            tell(&mut telling.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// What the answers of a run come to, by keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Telling {
    /// Each answer that was not calm.
    pub(crate) causes: Vec<Cause>,
    /// Who was held up: at leaves, and once a turn, as [`Cause::Hold`], who was passed over where a poll starts. And draws.
    pub(crate) holds: Vec<Cause>,
}

/// What a chooser has found out, to be taken once its run is over.
#[derive(Debug)]
pub(crate) struct Told<T>(Shared<T>);

impl<T: Default> Told<T> {
    pub(crate) fn take(&self) -> T {
        take(&self.0)
    }
}

impl Chooser for Exact {
    fn begin(&mut self, _seed: u64) -> bool {
        self.at = 0;
        self.position = 0;
        self.draws = Draws::default();
        self.passed.clear();
        true
    }

    fn next(&mut self, actors: &Actors, ready: &[Actor]) -> usize {
        let taken = self.answer(ready.len() as u32) as usize;
        if taken != 0 && self.telling.is_some() {
            let mut passed = Vec::new();
            for &actor in &ready[..taken] {
                let turn = actors.turns(actor) + 1;
                let key = self.is_passed_first(actor, turn).then(|| actors.key(actor));
                passed.extend(key.map(|key| Cause::Hold { key, turn }));
            }
            self.tell(|telling| {
                telling.causes.push(Cause::Ahead {
                    key: actors.key(ready[taken]),
                    of: actors.key(ready[0]),
                    turn: actors.turns(ready[0]) + 1,
                });
                telling.holds.append(&mut passed);
            });
        }
        taken
    }

    fn hold(&mut self, actors: &Actors, actor: Actor) -> bool {
        let held = self.answer(2) != 0;
        if held {
            self.tell(|telling| {
                let leaf = Cause::Leaf {
                    key: actors.key(actor),
                    turn: actors.turns(actor) + 1,
                };
                telling.causes.push(leaf.clone());
                telling.holds.push(leaf);
            });
        }
        held
    }

    fn draw(&mut self, actors: &Actors, point: Point, actor: Actor, count: u32) -> u32 {
        let value = self.answer(count);
        if self.telling.is_some() {
            let (turn, nth) = self.draws.count(actors, point, actor);
            if value != 0 {
                self.tell(|telling| {
                    let draw = Cause::Draw {
                        point,
                        key: actors.key(actor),
                        turn,
                        nth,
                        value,
                    };
                    telling.causes.push(draw.clone());
                    telling.holds.push(draw);
                });
            }
        }
        value
    }
}

/// How far one of the causes has come in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    /// The actor is held, and passed over.
    Active,
    Over,
}

#[derive(Clone, Debug)]
struct Guide {
    cause: Cause,
    state: State,
    /// Whom the cause is about, once it is born.
    actor: Option<Actor>,
    /// The how manieth of all it was that began.
    order: usize,
}

impl Guide {
    /// It begins, as the next after `begun` others.
    fn begins(&mut self, begun: &mut usize, state: State) {
        self.state = state;
        *begun += 1;
        self.order = *begun;
    }
}

/// What came of a cause in a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate {
    /// Why it was left out, if it was.
    pub(crate) left_out: Option<String>,
    /// The how manieth of all it was that began.
    pub(crate) order: usize,
}

/// Is calm, but for some causes: it holds actors at their n-th turns, and gives draws their values, by keys.
///
/// So it can be used on a program that has changed since, and it leaves out what does not happen any more.
///
/// ```
/// use leno_sim::{Cause, Guided, Key, Run};
///
/// let hold = Cause::Hold { key: "root".parse::<Key>().unwrap(), turn: 2 };
/// let mut run = Run::new(Box::new(Guided::new([hold])));
/// run.begin(0);
/// run.next(&[leno_sim::Actor::ROOT]);
/// assert!(!run.leaf(), "this is its second turn");
/// ```
#[derive(Clone, Debug)]
pub struct Guided {
    guides: Vec<Guide>,
    /// How many of them have begun in this run.
    begun: usize,
    draws: Draws,
    fates: Option<Shared<Vec<Fate>>>,
}

impl Guided {
    /// Is calm, but for `causes`.
    pub fn new(causes: impl IntoIterator<Item = Cause>) -> Self {
        Self {
            guides: causes
                .into_iter()
                .map(|cause| Guide {
                    cause,
                    state: State::Waiting,
                    actor: None,
                    order: 0,
                })
                .collect(),
            begun: 0,
            draws: Draws::default(),
            fates: None,
        }
    }

    /// As [`new`](Self::new), and says what came of each cause: in the second value, once the run is over.
    pub(crate) fn telling(causes: impl IntoIterator<Item = Cause>) -> (Self, Told<Vec<Fate>>) {
        let mut this = Self::new(causes);
        let fates = Shared::default();
        this.fates = Some(Arc::clone(&fates));
        (this, Told(fates))
    }

    /// The hold of `actor` that is in `state`, and at `turn` if it waits for one.
    fn hold_of(&self, actor: Actor, state: State, turn: u32) -> Option<usize> {
        self.guides.iter().position(|guide| {
            guide.actor == Some(actor)
                && guide.state == state
                && matches!(guide.cause, Cause::Hold { turn: at, .. } if state == State::Active || at == turn)
        })
    }

    fn begins(&mut self, guide: usize, state: State) {
        self.guides[guide].begins(&mut self.begun, state);
    }

    /// True if `actor`, which would go on now, is passed over.
    fn passes_over(&mut self, actors: &Actors, actor: Actor) -> bool {
        if self.hold_of(actor, State::Active, 0).is_some() {
            return true;
        }
        let turn = actors.turns(actor) + 1;
        match self.hold_of(actor, State::Waiting, turn) {
            Some(guide) => {
                self.begins(guide, State::Active);
                true
            }
            None => false,
        }
    }

    /// Nobody else can go on, so `actor` does.
    fn lets_go(&mut self, actors: &Actors, actor: Actor) {
        while let Some(guide) = self.hold_of(actor, State::Active, 0) {
            self.guides[guide].state = State::Over;
        }
        let turn = actors.turns(actor) + 1;
        if let Some(guide) = self.hold_of(actor, State::Waiting, turn) {
            self.begins(guide, State::Over);
        }
    }

    fn ahead(&mut self, actors: &Actors, ready: &[Actor]) -> Option<usize> {
        let front = ready[0];
        let before = actors.turns(front) + 1;
        self.guides.iter_mut().find_map(|guide| {
            let Cause::Ahead { of, turn, .. } = &guide.cause else {
                return None;
            };
            if guide.state != State::Waiting || *turn != before || !actors.is_called(front, of) {
                return None;
            }
            let index = ready
                .iter()
                .position(|&actor| Some(actor) == guide.actor)
                .filter(|&index| index != 0)?;
            guide.begins(&mut self.begun, State::Over);
            Some(index)
        })
    }

    fn knows(&mut self, actors: &Actors, actor: Actor) {
        for guide in &mut self.guides {
            if guide.actor.is_none()
                && guide
                    .cause
                    .key()
                    .is_some_and(|key| actors.is_called(actor, key))
            {
                guide.actor = Some(actor);
            }
        }
    }
}

impl Chooser for Guided {
    fn begin(&mut self, _seed: u64) -> bool {
        for guide in &mut self.guides {
            guide.state = State::Waiting;
            // The root is there from the start, and nobody tells of its birth.
            let is_root = guide
                .cause
                .key()
                .is_some_and(|key| *key == Default::default());
            guide.actor = is_root.then_some(Actor::ROOT);
        }
        self.begun = 0;
        self.draws = Draws::default();
        true
    }

    fn next(&mut self, actors: &Actors, ready: &[Actor]) -> usize {
        if let Some(index) = self.ahead(actors, ready) {
            return index;
        }
        let free = ready
            .iter()
            .position(|&actor| !self.passes_over(actors, actor));
        free.unwrap_or_else(|| {
            self.lets_go(actors, ready[0]);
            0
        })
    }

    fn only(&mut self, actors: &Actors, actor: Actor) {
        self.lets_go(actors, actor);
    }

    fn born(&mut self, actors: &Actors, actor: Actor, _by: Actor) {
        self.knows(actors, actor);
    }

    fn hold(&mut self, actors: &Actors, actor: Actor) -> bool {
        let here = actors.turns(actor) + 1;
        let guide = self.guides.iter_mut().find(|guide| {
            guide.actor == Some(actor)
                && guide.state == State::Waiting
                && matches!(guide.cause, Cause::Hold { turn, .. } | Cause::Leaf { turn, .. } if turn == here)
        });
        let Some(guide) = guide else { return false };
        let state = match guide.cause {
            Cause::Hold { .. } => State::Active,
            _ => State::Over,
        };
        guide.begins(&mut self.begun, state);
        true
    }

    fn draw(&mut self, actors: &Actors, point: Point, actor: Actor, _count: u32) -> u32 {
        let (now, count) = self.draws.count(actors, point, actor);
        let mut value = 0;
        for guide in &mut self.guides {
            let Cause::Draw {
                point: of,
                turn,
                nth,
                value: drawn,
                ..
            } = guide.cause
            else {
                continue;
            };
            if guide.actor == Some(actor)
                && guide.state == State::Waiting
                && (of, turn, nth) == (point, now, count)
            {
                guide.begins(&mut self.begun, State::Over);
                value = drawn;
            }
        }
        value
    }

    fn end(&mut self, run: &Run, _failed: bool) {
        if let Some(fates) = &self.fates {
            let all = self.guides.iter().map(|guide| Fate {
                left_out: left_out(guide, run.actors()),
                order: guide.order,
            });
            *fates.lock().unwrap_or_else(PoisonError::into_inner) = all.collect();
        }
    }
}

/// Why the cause of `guide` was left out of the run that is over, if it was.
fn left_out(guide: &Guide, actors: &Actors) -> Option<String> {
    if guide.state != State::Waiting {
        return None;
    }
    let turn_is_gone = |key, turn| match actors.find(key) {
        None => Some(format!("`{key}` is not there any more")),
        Some(actor) if actors.turns(actor) < turn => {
            Some(format!("`{key}` has no {} turn any more", Nth(turn)))
        }
        Some(_) => None,
    };
    Some(match &guide.cause {
        Cause::Hold { key, turn } => turn_is_gone(key, *turn).unwrap_or_else(|| {
            format!(
                "`{key}` goes on at its {} turn before anybody is asked",
                Nth(*turn)
            )
        }),
        Cause::Leaf { key, turn } => turn_is_gone(key, *turn).unwrap_or_else(|| {
            format!(
                "the {} turn of `{key}` is no leaf any more, but the start of a poll",
                Nth(*turn)
            )
        }),
        Cause::Ahead { key, of, turn } => turn_is_gone(of, *turn)
            .or_else(|| turn_is_gone(key, 0))
            .unwrap_or_else(|| {
                format!(
                    "`{key}` cannot go on any more before the {} turn of `{of}`",
                    Nth(*turn)
                )
            }),
        Cause::Draw {
            point,
            key,
            turn,
            nth,
            ..
        } => turn_is_gone(key, *turn).unwrap_or_else(|| {
            format!(
                "`{key}` has no {} draw of the kind `{}` in its {} turn any more",
                Nth(*nth),
                word(*point),
                Nth(*turn)
            )
        }),
        Cause::Other(text) => format!("this version does not know what `{text}` means"),
    })
}
