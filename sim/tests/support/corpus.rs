//! Toy versions of bugs that are known from programs.

#![allow(dead_code)]

use super::{Op, Toy};
use Op::{
    Acquire, Check, CheckNot, HiddenBump, Join, Load, NotifyAll, Release, Set, SkipIf, Spawn,
    Store, Wait, Yield,
};

/// Three locks in a circle.
pub fn dining_3() -> Toy {
    let philosopher = |left: usize| {
        let right = (left + 1) % 3;
        vec![
            Acquire(left),
            Acquire(right),
            Yield,
            Release(left),
            Release(right),
        ]
    };
    let all: Vec<_> = (0..3).map(philosopher).collect();
    Toy::of(&[&all[0], &all[1], &all[2]])
}

/// Two locks in two orders, by a task and by the root.
pub fn lock_inversion() -> Toy {
    let task = [Acquire(0), Acquire(1), Release(1), Release(0)];
    let root = vec![
        Spawn(1),
        Acquire(1),
        Acquire(0),
        Release(0),
        Release(1),
        Join(1),
    ];
    Toy {
        actors: vec![root, task.to_vec()],
        permits: vec![1, 1],
        capacities: vec![],
    }
}

/// Lock, read, unlock; lock, write, unlock.
pub fn rmw_across_await() -> Toy {
    let task = [
        Acquire(0),
        Load(0),
        Release(0),
        Acquire(0),
        Store(0),
        Release(0),
    ];
    Toy::of(&[&task, &task]).then(&[Check(0, 2)])
}

/// Both hold one of two permits and want another.
pub fn semaphore_upgrade() -> Toy {
    let task = [Acquire(0), Acquire(0), Release(0), Release(0)];
    let mut toy = Toy::of(&[&task, &task]);
    toy.permits[0] = 2;
    toy
}

/// Looks, awaits a log, then waits for the news, which have come meanwhile.
pub fn lost_notify_await() -> Toy {
    let task = [Acquire(0), Set(0, 1), Release(0), NotifyAll(0)];
    let root = vec![
        Spawn(1),
        Acquire(0),
        Load(0),
        Release(0),
        SkipIf(1, 3),
        Acquire(1),
        Release(1),
        Wait(0),
        Join(1),
    ];
    Toy {
        actors: vec![root, task.to_vec()],
        permits: vec![1, 1],
        capacities: vec![],
    }
}

/// Two tasks that yield to each other must alternate six times.
pub fn six_switches() -> Toy {
    let one: Vec<_> = (0..3)
        .flat_map(|turn| [HiddenBump(0, 2 * turn), Yield])
        .collect();
    let other: Vec<_> = (0..3)
        .flat_map(|turn| [HiddenBump(0, 2 * turn + 1), Yield])
        .collect();
    let mut root = vec![Spawn(1), Spawn(2)];
    root.extend([Yield; 8]);
    root.extend([Join(1), Join(2), CheckNot(0, 6)]);
    Toy {
        actors: vec![root, one, other],
        permits: vec![],
        capacities: vec![],
    }
}

/// Two tasks that must take turns `depth` + 1 times, at leaves, with steps between that do nothing.
pub fn planted(depth: usize, yields: bool) -> Toy {
    let pause = |lock: usize| {
        if yields {
            vec![Yield]
        } else {
            vec![Acquire(lock), Release(lock)]
        }
    };
    let task = |number: usize| {
        let mut ops = Vec::new();
        for turn in (number..=depth).step_by(2) {
            ops.extend(pause(number));
            ops.push(HiddenBump(0, turn as i32));
        }
        ops
    };
    let (one, other) = (task(0), task(1));
    Toy::of(&[&one, &other]).then(&[CheckNot(0, depth as i32 + 1)])
}
