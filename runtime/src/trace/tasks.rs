//! What is known of the tasks that a trace speaks of.

use super::format::{Data, string};
use crate::kernel::observe::event::{Kind, Word};
use crate::kernel::observe::strings;
use crate::task::TaskInfo;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// If there are more tasks than this, what they are is told of those only that events speak of.
const MANY: usize = 1 << 14;

/// What a trace knows of a task.
///
/// Its text tells which task it is, as that of [`TaskInfo`](crate::task::TaskInfo) does:
///
/// ```text
/// task 4711 "checkout", shop::api::checkout::{{closure}}, spawned at src/api.rs:88:9
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedTask {
    id: u64,
    name: Option<String>,
    type_name: Option<String>,
    spawned_at: Option<String>,
    spawned_by: Option<u64>,
    future_size: usize,
    has_ended: bool,
}

impl TracedTask {
    /// The number of its [`Id`](crate::task::Id).
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The name that it was given, if it was.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What the compiler calls the type of its future. `None` if all that is known of the task is that it has ended.
    pub fn type_name(&self) -> Option<&str> {
        self.type_name.as_deref()
    }

    /// File, line and column of its spawn.
    pub fn spawned_at(&self) -> Option<&str> {
        self.spawned_at.as_deref()
    }

    /// The task that has spawned it, if that is known.
    pub fn spawned_by(&self) -> Option<u64> {
        self.spawned_by
    }

    /// The size of its future in bytes.
    pub fn future_size(&self) -> usize {
        self.future_size
    }

    /// True if it has ended before the trace did.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Its name, or else the type of its future, or else its number.
    pub fn title(&self) -> String {
        match (&self.name, &self.type_name) {
            (Some(name), _) | (None, Some(name)) => name.clone(),
            (None, None) => self.to_string(),
        }
    }
}

impl fmt::Display for TracedTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        let (Some(type_name), Some(place)) = (&self.type_name, &self.spawned_at) else {
            return f.write_str(if self.has_ended { " (ended)" } else { "" });
        };
        write!(f, ", {type_name}, spawned at {place}")
    }
}

/// All tasks that something is known of.
pub(super) fn all(data: &Data) -> HashMap<u64, TracedTask> {
    let mut tasks: HashMap<u64, TracedTask> = HashMap::new();
    let text = |number: u64| string(&data.strings, number as u32);
    for &[_, word, names, more, parent] in data.tracks.iter().flat_map(|track| &track.lives) {
        let word = Word(word);
        let id = word.id();
        let task = tasks.entry(id).or_insert_with(|| TracedTask {
            id,
            name: None,
            type_name: None,
            spawned_at: None,
            spawned_by: None,
            future_size: 0,
            has_ended: false,
        });
        match word.kind() {
            Some(Kind::End) => task.has_ended = true,
            Some(Kind::Spawn | Kind::Known) => {
                task.spawned_at = text(names >> 32);
                task.type_name = text(names & u64::from(u32::MAX));
                task.name = text(more >> 32);
                task.future_size = (more & u64::from(u32::MAX)) as usize;
                task.spawned_by = task.spawned_by.or((parent != 0).then_some(parent));
            }
            _ => {}
        }
    }
    tasks
}

/// Adds what is known of tasks that are there, to what a trace knows of them.
pub(super) fn add(data: &mut Data, there: &[TaskInfo]) {
    let known = all(data);
    // A file is not to grow with a million tasks that nothing is said of.
    let mentioned: Option<HashSet<u64>> = (there.len() > MANY).then(|| {
        let events = data.tracks.iter().flat_map(|track| &track.events);
        events.map(|&[_, word]| Word(word).id()).collect()
    });
    let unknown = there.iter().filter(|task| {
        if mentioned
            .as_ref()
            .is_some_and(|mentioned| !mentioned.contains(&task.id().get()))
        {
            return false;
        }
        let known = known.get(&task.id().get());
        known.is_none_or(|known| known.type_name.is_none())
    });
    let mut lives = Vec::new();
    let mut numbers = HashMap::new();
    for task in unknown {
        let mut number = |text: &str| {
            *numbers.entry(text.to_owned()).or_insert_with(|| {
                let number = data.strings.len() as u64;
                data.strings.extend(strings::encode(text));
                number
            })
        };
        let place = number(&task.spawned_at().to_string());
        let type_name = number(task.type_name());
        let name = task.name().map_or(0, number);
        let size = u32::try_from(task.future_size()).unwrap_or(u32::MAX);
        lives.push([
            0,
            Word::new(Kind::Known, task.id().get()).0,
            place << 32 | type_name,
            name << 32 | u64::from(size),
            0,
        ]);
    }
    if let Some(track) = data.tracks.first_mut() {
        track.lives.extend(lives);
    }
}
