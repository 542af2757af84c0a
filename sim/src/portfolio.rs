//! Several policies in turn, by seed: no one of them is the best for all programs, and bugs that one is blind for another one
//! finds at once (Deligiannis et al., "Industrial-strength controlled concurrency testing for C# programs with Coyote", TACAS
//! 2023).

use crate::actor::{Actor, Actors};
use crate::chooser::{Access, Chooser, Point, Resource};
use crate::pct::Pct;
use crate::pos::Pos;
use crate::random::{Odds, Random};
use crate::run::Run;
use crate::walk::Walk;

/// By seed modulo 8: the calm schedule with random draws; three walks; PCT of depth 2, 3 and 4; POS.
///
/// PCT learns from all of the runs how long they are.
#[derive(Clone, Debug)]
pub struct Portfolio {
    turn: Turn,
    draws: Random,
    walk: Walk,
    pct: [Pct; 3],
    pos: Pos,
    /// Somebody waits while the running actor runs: else a leaf is no step of PCT's.
    others: bool,
    steps: u32,
    longest: u32,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    Calm,
    Walk,
    Pct(usize),
    Pos,
}

/// How often the calm schedule has a stall, or a slow closure.
const RARE: f64 = 1.0 / 16.0;

impl Portfolio {
    /// Begins with whatever the first seed says.
    pub fn new() -> Self {
        Self {
            turn: Turn::Calm,
            draws: Random::new(0),
            walk: Walk::new(None),
            pct: [2, 3, 4].map(Pct::new),
            pos: Pos::new(),
            others: false,
            steps: 0,
            longest: 0,
        }
    }
}

impl Default for Portfolio {
    fn default() -> Self {
        Self::new()
    }
}

impl Chooser for Portfolio {
    fn begin(&mut self, seed: u64) -> bool {
        self.longest = self.longest.max(self.steps);
        self.steps = 0;
        self.others = false;
        match seed % 8 {
            0 => {
                self.turn = Turn::Calm;
                self.draws = Random::new(seed);
                true
            }
            1..=3 => {
                self.turn = Turn::Walk;
                self.walk.begin(seed)
            }
            which @ 4..=6 => {
                let index = which as usize - 4;
                self.turn = Turn::Pct(index);
                self.pct[index].learn(self.longest);
                self.pct[index].begin(seed)
            }
            _ => {
                self.turn = Turn::Pos;
                self.pos.begin(seed)
            }
        }
    }

    fn next(&mut self, actors: &Actors, ready: &[Actor]) -> usize {
        self.steps += 1;
        self.others = true;
        match self.turn {
            Turn::Calm => 0,
            Turn::Walk => self.walk.next(actors, ready),
            Turn::Pct(index) => self.pct[index].next(actors, ready),
            Turn::Pos => self.pos.next(actors, ready),
        }
    }

    fn hold(&mut self, actors: &Actors, actor: Actor) -> bool {
        self.steps += u32::from(self.others);
        match self.turn {
            Turn::Calm => false,
            Turn::Walk => self.walk.hold(actors, actor),
            Turn::Pct(index) => self.pct[index].hold(actors, actor),
            Turn::Pos => self.pos.hold(actors, actor),
        }
    }

    fn draw(&mut self, actors: &Actors, point: Point, actor: Actor, count: u32) -> u32 {
        match self.turn {
            Turn::Calm => self.draws.answer(point, count, Odds::new(RARE)),
            Turn::Walk => self.walk.draw(actors, point, actor, count),
            Turn::Pct(index) => self.pct[index].draw(actors, point, actor, count),
            Turn::Pos => self.pos.draw(actors, point, actor, count),
        }
    }

    fn only(&mut self, actors: &Actors, actor: Actor) {
        self.others = false;
        match self.turn {
            Turn::Calm | Turn::Walk => {}
            Turn::Pct(index) => self.pct[index].only(actors, actor),
            Turn::Pos => self.pos.only(actors, actor),
        }
    }

    fn born(&mut self, actors: &Actors, actor: Actor, by: Actor) {
        self.others = true;
        match self.turn {
            Turn::Calm | Turn::Walk => {}
            Turn::Pct(index) => self.pct[index].born(actors, actor, by),
            Turn::Pos => self.pos.born(actors, actor, by),
        }
    }

    fn woke(&mut self, actors: &Actors, actor: Actor, by: Actor) {
        self.others |= actor != by;
        match self.turn {
            Turn::Calm | Turn::Walk => {}
            Turn::Pct(index) => self.pct[index].woke(actors, actor, by),
            Turn::Pos => self.pos.woke(actors, actor, by),
        }
    }

    fn yielded(&mut self, actors: &Actors, actor: Actor) {
        match self.turn {
            Turn::Calm | Turn::Walk => {}
            Turn::Pct(index) => self.pct[index].yielded(actors, actor),
            Turn::Pos => self.pos.yielded(actors, actor),
        }
    }

    fn wants_touches(&self) -> bool {
        matches!(self.turn, Turn::Pos)
    }

    fn touch(&mut self, actors: &Actors, actor: Actor, resource: Resource, access: Access) {
        if let Turn::Pos = self.turn {
            self.pos.touch(actors, actor, resource, access);
        }
    }

    fn describe(&self) -> Option<String> {
        match self.turn {
            Turn::Calm => Some("calm".to_owned()),
            Turn::Walk => self.walk.describe(),
            Turn::Pct(index) => Some(format!("pct({})", index + 2)),
            Turn::Pos => Some("pos".to_owned()),
        }
    }

    fn end(&mut self, _run: &Run, _failed: bool) {
        self.longest = self.longest.max(self.steps);
    }
}
