//! What is in which scope, and who waits for the scopes.

use super::Key;
use crate::answer::{DumpedRuntime, Leaf, Scope, number};
use std::collections::{HashMap, HashSet};

pub(super) struct Nest<'a> {
    scopes: HashMap<u64, &'a Scope>,
    /// Below whom each scope is, if it is below anybody; and each task that is in a scope.
    above: HashMap<Key, Key>,
    /// The other way round, in order.
    below: HashMap<Key, Vec<Key>>,
    /// How many tasks are in a scope, and in those within it.
    tasks: HashMap<u64, u64>,
    /// How many of the live in a scope are listed.
    known: HashMap<u64, u64>,
    /// The scopes whose owners wait for what is left in them.
    are_left: HashSet<u64>,
}

impl<'a> Nest<'a> {
    pub(super) fn of(runtime: &'a DumpedRuntime) -> Self {
        let scopes = runtime.scopes.iter();
        let scopes: HashMap<_, _> = scopes.map(|scope| (scope.number(), scope)).collect();
        let of_tasks = runtime.tasks.iter().flat_map(|task| &task.leaves);
        let of_roots = runtime.roots.iter().flat_map(|root| &root.leaves);
        let are_left = of_tasks.chain(of_roots).filter_map(Leaf::waits_for_rest_of);
        let mut nest = Self {
            scopes,
            above: HashMap::new(),
            below: HashMap::new(),
            tasks: HashMap::new(),
            known: HashMap::new(),
            are_left: are_left.collect(),
        };
        let known: HashSet<_> = runtime
            .tasks
            .iter()
            .map(|task| task.task.number())
            .collect();
        let roots = nest.roots(runtime);
        for scope in nest.scopes.values() {
            let above = nest.owner(scope, &known).or_else(|| {
                let around = nest.around(scope).map(|around| Key::Scope(around.number()));
                around.or_else(|| roots.get(&scope.number()).copied())
            });
            if let Some(above) = above {
                nest.above.insert(Key::Scope(scope.number()), above);
            }
        }
        for task in &runtime.tasks {
            let scope = task.scope.as_deref().and_then(number);
            if let Some(scope) = scope.filter(|scope| nest.scopes.contains_key(scope)) {
                let key = Key::Task(task.task.number());
                nest.above.insert(key, Key::Scope(scope));
                *nest.tasks.entry(scope).or_default() += 1;
            }
        }
        // A task counts in each scope around it.
        let mut known = HashMap::<_, u64>::new();
        for (&innermost, &tasks) in &nest.tasks {
            let mut at = nest.scopes.get(&innermost).copied();
            while let Some(scope) = at {
                *known.entry(scope.number()).or_default() += tasks;
                at = nest.around(scope);
            }
        }
        nest.known = known;
        for (key, above) in &nest.above {
            nest.below.entry(*above).or_default().push(*key);
        }
        nest.below
            .values_mut()
            .for_each(|keys| keys.sort_unstable());
        nest.add_up();
        nest
    }

    fn around(&self, scope: &Scope) -> Option<&'a Scope> {
        let around = scope.around.as_deref().and_then(number)?;
        self.scopes.get(&around).copied()
    }

    /// The task that waits for the scope; or the scope around it, if that is the same task's.
    fn owner(&self, scope: &Scope, known: &HashSet<u64>) -> Option<Key> {
        let task = scope.begun_by.as_deref().and_then(number)?;
        match self.around(scope) {
            Some(around) if around.begun_by == scope.begun_by => Some(Key::Scope(around.number())),
            _ => known.contains(&task).then_some(Key::Task(task)),
        }
    }

    /// The roots that have begun scopes.
    fn roots(&self, runtime: &DumpedRuntime) -> HashMap<u64, Key> {
        let mut roots = HashMap::new();
        // If there is one alone, whatever no task waits for is its own.
        if runtime.roots.len() == 1 {
            let scopes = self.scopes.values();
            let own = scopes.filter(|scope| scope.awaited && scope.begun_by.is_none());
            roots.extend(own.map(|scope| (scope.number(), Key::Root(0))));
        }
        for (root, dumped) in runtime.roots.iter().enumerate() {
            let innermost = dumped
                .leaves
                .iter()
                .filter_map(|leaf| leaf.scope.as_deref());
            for scope in innermost {
                let mut scope = number(scope).and_then(|scope| self.scopes.get(&scope).copied());
                while let Some(inner) = scope {
                    // Those around it are known too, then.
                    if roots.insert(inner.number(), Key::Root(root)) == Some(Key::Root(root)) {
                        break;
                    }
                    scope = self.around(inner);
                }
            }
        }
        roots
    }

    /// Counts the tasks of each scope for those around it.
    fn add_up(&mut self) {
        let mut within: HashMap<u64, usize> = HashMap::new();
        for around in self.scopes.values().filter_map(|scope| self.around(scope)) {
            *within.entry(around.number()).or_default() += 1;
        }
        // From the inside out: one is taken when all within it have been.
        let scopes = self.scopes.keys().copied();
        let mut next: Vec<_> = scopes.filter(|scope| !within.contains_key(scope)).collect();
        while let Some(scope) = next.pop() {
            let Some(around) = self.around(self.scopes[&scope]).map(Scope::number) else {
                continue;
            };
            let tasks = self.tasks.get(&scope).copied().unwrap_or_default();
            *self.tasks.entry(around).or_default() += tasks;
            if let Some(left) = within.get_mut(&around) {
                *left -= 1;
                if *left == 0 {
                    next.push(around);
                }
            }
        }
    }

    pub(super) fn below(&self, key: Key) -> Vec<Key> {
        self.below.get(&key).cloned().unwrap_or_default()
    }

    /// What the scopes are called that tasks are in.
    pub(super) fn members(&self) -> HashMap<Key, String> {
        let above = self.above.iter();
        let tasks = above.filter_map(|(key, above)| match (key, above) {
            (Key::Task(_), Key::Scope(scope)) => Some((*key, self.scopes[scope].called())),
            _ => None,
        });
        tasks.collect()
    }

    /// What there is to be told of a scope.
    pub(super) fn stands(&self, scope: &Scope) -> String {
        let number = scope.number();
        let key = Key::Scope(number);
        let above = self.above.get(&key);
        let is_below_owner = match above {
            Some(Key::Task(_)) => true,
            Some(Key::Scope(around)) => self.scopes[around].begun_by == scope.begun_by,
            Some(Key::Root(_)) | None => false,
        };
        let whose = if is_below_owner && scope.awaited {
            String::new()
        } else {
            scope.whose()
        };
        let mut text = whose + &scope.stands();
        if scope.cancelled.is_some() {
            match self.tasks.get(&number).copied().unwrap_or_default() {
                0 => {}
                1 => text += "; 1 task left",
                tasks => text += &format!("; {tasks} tasks left"),
            }
        }
        if self.are_left.contains(&number) {
            // Nobody else is in it than tasks: those that are known, and those that are not.
            let known = self.known.get(&number).copied().unwrap_or_default();
            let unknown = scope.live.saturating_sub(known);
            if unknown > 0 {
                text +=
                    &format!("; waits for {unknown} more (blocking closures, or never asleep yet)");
            }
        }
        text
    }
}
