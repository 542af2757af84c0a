//! The map, and the thread that makes its changes durable.
//!
//! Reads take a lock for the length of a look-up. Changes go through one queue to one writer thread, which
//! takes all that are waiting, appends them to the journal with a single write (and a single fdatasync), and
//! only then puts them into the map and answers. So the journal and the map see changes in the same order, no
//! read returns what could still be lost, and a hundred concurrent writers wait for one disk write, not for
//! a hundred.

use crate::journal::Journal;
use crate::{compaction, record};
use hyper::body::Bytes;
use leno::sync::{mpsc, oneshot};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::{io, thread};

pub type Writer = thread::JoinHandle<()>;

/// Changes that may wait for the writer; the next one makes its request wait.
const QUEUE: usize = 1024;

/// A JSON value as text, on one line.
#[derive(Clone)]
pub struct JsonText(Bytes);

impl JsonText {
    /// Checks that the text is one JSON value and nothing else.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<&RawValue>(text).map(Self::from)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl From<&RawValue> for JsonText {
    fn from(value: &RawValue) -> Self {
        let mut text = value.get().as_bytes().to_vec();
        // JSON has line breaks only between its words: within a string they are escaped.
        for byte in &mut text {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        Self(Bytes::from(text))
    }
}

/// What a request does to the map.
pub enum Change {
    Put { key: String, value: JsonText },
    Delete { key: String },
}

/// What is stored.
#[derive(Default)]
pub struct Map {
    values: BTreeMap<String, JsonText>,
    live: u64,
}

impl Map {
    /// Makes the change; true if the key was there before.
    pub fn apply(&mut self, change: Change) -> bool {
        let (Change::Put { key, .. } | Change::Delete { key }) = &change;
        let replaced = self.values.get(key);
        let replaced = replaced.map(|value| record::put_length(key, value));
        self.live -= replaced.unwrap_or(0);
        match change {
            Change::Put { key, value } => {
                self.live += record::put_length(&key, &value);
                self.values.insert(key, value);
            }
            Change::Delete { key } => {
                self.values.remove(&key);
            }
        }
        replaced.is_some()
    }

    /// How many bytes of a data file it takes to make this map, and no more.
    pub fn live_bytes(&self) -> u64 {
        self.live
    }

    /// What comes after a key, or all, in the order of the keys.
    pub fn after(&self, key: Option<&str>) -> impl Iterator<Item = (&String, &JsonText)> {
        let start = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.values.range::<str, _>((start, Bound::Unbounded))
    }
}

/// A change on its way to the writer.
struct Pending {
    change: Change,
    done: oneshot::Sender<Result<bool, String>>,
}

/// The key–value store.
pub struct Store {
    map: Arc<RwLock<Map>>,
    writer: Option<mpsc::Sender<Pending>>,
}

impl Store {
    /// A store that forgets everything when the process ends.
    pub fn in_memory() -> Self {
        Self {
            map: Arc::default(),
            writer: None,
        }
    }

    /// A store that starts with `map` and appends its changes to `journal`.
    ///
    /// The writer ends when the store is dropped, after the changes that it was sent.
    pub fn journaled(map: Map, journal: Journal) -> io::Result<(Self, Writer)> {
        let map = Arc::new(RwLock::new(map));
        let journal = Arc::new(Mutex::new(journal));
        let (sender, queue) = mpsc::channel(QUEUE);
        let shared = map.clone();
        let writer = thread::Builder::new()
            .name("journal".to_string())
            .spawn(move || write_changes(queue, &journal, &shared))?;
        let store = Self {
            map,
            writer: Some(sender),
        };
        Ok((store, writer))
    }

    pub fn get(&self, key: &str) -> Option<JsonText> {
        read(&self.map, |map| map.values.get(key).cloned())
    }

    /// The first `limit` keys that start with `prefix`, in order, and whether there are more.
    pub fn list(&self, prefix: &str, limit: usize) -> (Vec<String>, bool) {
        read(&self.map, |map| {
            let mut found = map
                .values
                .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
                .map(|(key, _)| key)
                .take_while(|key| key.starts_with(prefix));
            let keys = found.by_ref().take(limit).cloned().collect();
            (keys, found.next().is_some())
        })
    }

    /// Makes a change, durably if there is a journal; true if the key was there before.
    ///
    /// Dropping the future does not take the change back once the writer has been sent it.
    pub async fn change(&self, change: Change) -> Result<bool, String> {
        let Some(writer) = &self.writer else {
            return Ok(write(&self.map, |map| map.apply(change)));
        };
        let (done, outcome) = oneshot::channel();
        let gone = |_| "the journal's writer has ended".to_string();
        writer
            .send(Pending { change, done })
            .await
            .map_err(|_| gone(()))?;
        outcome.await.map_err(|_| gone(()))?
    }
}

/// The writer thread.
fn write_changes(
    mut queue: mpsc::Receiver<Pending>,
    journal: &Arc<Mutex<Journal>>,
    map: &Arc<RwLock<Map>>,
) {
    let mut batch = Vec::new();
    while queue.blocking_recv_many(&mut batch, QUEUE) > 0 {
        let written = lock_journal(journal).append(batch.iter().map(|pending| &pending.change));
        // The answers are sent after the lock: sending one wakes a task.
        let answers: Vec<_> = write(map, |map| {
            let apply = |Pending { change, done }| {
                let outcome = written.clone().map(|()| map.apply(change));
                (done, outcome)
            };
            batch.drain(..).map(apply).collect()
        });
        for (done, outcome) in answers {
            // Nobody listens if the request has timed out.
            let _ = done.send(outcome);
        }
        compaction::tend(journal, map);
    }
    compaction::abandon(&mut lock_journal(journal));
}

// Nothing panics under these locks, and no half-made change could be seen if it did.

pub fn lock_journal(journal: &Mutex<Journal>) -> MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn read<T>(map: &RwLock<Map>, look: impl FnOnce(&Map) -> T) -> T {
    look(&map.read().unwrap_or_else(PoisonError::into_inner))
}

fn write<T>(map: &RwLock<Map>, change: impl FnOnce(&mut Map) -> T) -> T {
    change(&mut map.write().unwrap_or_else(PoisonError::into_inner))
}
