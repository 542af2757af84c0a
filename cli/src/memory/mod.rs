//! The tasks of a process that does not answer, read from its memory: nobody has prepared it, or it is stopped.
//!
//! The section `.leno` of its executable says where what is (`runtime/src/diagnostics/memory.rs`, which this mirrors). The process
//! goes on while it is read. So nothing that is read is believed: each pointer, length and text is looked at, each walk has an end,
//! and a list whose last task is not the one that it should be, since tasks have come or gone, is read again.
//!
//! A task's type is the result of a function, which cannot be called here. What the compiler makes of it is a few instructions,
//! which are read ([`code`]).

mod code;
mod elf;
mod image;
mod table;

use crate::fault::Fault;
use crate::process;
use image::{Image, word};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use table::{Entry, Table};

/// So many runtimes are looked for at most.
const MOST_RUNTIMES: usize = 10_000;
/// So many lists of one, and so many tasks in each.
const MOST_LISTS: u64 = 65_536;
const MOST_TASKS: usize = 20_000_000;
/// So often a list is read that changes meanwhile.
const ATTEMPTS: usize = 10;
/// The longest text, in bytes.
const MOST_TEXT: u64 = 64 * 1024;

/// Which tasks there are, as the process itself would answer.
pub(crate) fn ps(pid: u32) -> Result<Value, Fault> {
    let image = Image::open(pid)?;
    let table = elf::find_table(&image)?;
    let mut reader = Reader {
        image: &image,
        table: &table,
        places: HashMap::new(),
        types: HashMap::new(),
        moving: false,
    };
    let pids = process::numbers_of(pid);
    let entries = reader.entries();
    let runtimes: Vec<_> = entries
        .iter()
        // A process that was forked has copies of its parent's.
        .filter(|entry| pids.contains(&entry.process))
        .map(|entry| reader.runtime(entry))
        .collect();
    Ok(json!({
        "leno": 1,
        "pid": pid,
        "from_memory": true,
        "moving": reader.moving,
        "runtimes": runtimes,
    }))
}

struct Reader<'a> {
    image: &'a Image,
    table: &'a Table,
    /// By address, since many tasks have the same.
    places: HashMap<u64, Option<Value>>,
    types: HashMap<u64, Option<String>>,
    moving: bool,
}

impl Reader<'_> {
    fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut next = self.table.entries;
        while next != 0 && entries.len() < MOST_RUNTIMES {
            let Some(entry) = Entry::read(self.image, next) else {
                break;
            };
            next = entry.next;
            entries.push(entry);
        }
        entries.retain(Entry::is_used);
        // Those that began first come first.
        entries.sort_by_key(|entry| entry.id);
        entries
    }

    fn runtime(&mut self, entry: &Entry) -> Value {
        let name = self.text(entry.name, entry.name_length);
        let lists = entry.count.min(MOST_LISTS);
        let mut tasks = Vec::new();
        for list in 0..lists {
            let address = entry.lists.wrapping_add(list.wrapping_mul(entry.stride));
            tasks.extend(self.list(address));
        }
        let workers = if entry.is_pool { lists } else { 1 };
        json!({
            "id": entry.id.to_string(),
            "name": name.filter(|name| !name.is_empty()),
            "kind": if entry.is_pool { "multi-thread" } else { "current-thread" },
            "workers": (0..workers).map(|worker| json!({"id": worker})).collect::<Vec<_>>(),
            "tasks": tasks,
        })
    }

    /// The tasks of a list.
    fn list(&mut self, list: u64) -> Vec<Value> {
        let mut best = Vec::new();
        for _ in 0..ATTEMPTS {
            let (tasks, is_whole) = self.walk(list);
            if is_whole {
                return tasks;
            }
            if tasks.len() > best.len() {
                best = tasks;
            }
        }
        self.moving = true;
        best
    }

    /// The tasks that a list has, and whether the last of them is its last one.
    fn walk(&mut self, list: u64) -> (Vec<Value>, bool) {
        let mut tasks = Vec::new();
        let mut seen = HashSet::new();
        let pointer = |offset: u64| self.image.pointer(list.wrapping_add(offset));
        let (Some(mut next), mut last) = (pointer(self.table.head), 0) else {
            return (tasks, false);
        };
        let tail = self.table.tail;
        let mut header = vec![0; self.table.header_size];
        while next != 0 {
            // A circle, or what was a task once.
            if !seen.insert(next) || tasks.len() >= MOST_TASKS {
                return (tasks, false);
            }
            let task = self
                .image
                .read(next, &mut header)
                .and_then(|()| self.task(&header));
            let Some(task) = task else {
                return (tasks, false);
            };
            tasks.push(task);
            last = next;
            next = word(&header, self.table.next).unwrap_or(0);
        }
        let tail = self.image.pointer(list.wrapping_add(tail));
        (tasks, tail == Some(last))
    }

    /// A task, if it is one that may be in a list.
    fn task(&mut self, header: &[u8]) -> Option<Value> {
        let table = self.table;
        let state = word(header, table.state)?;
        let id = word(header, table.id)?;
        let vtable = word(header, table.vtable)?;
        let origin = word(header, table.origin)?;
        if state & table.complete != 0 || id == 0 || vtable == 0 || vtable % 8 != 0 {
            return None;
        }
        let (place, name) = if origin & table.extra_bit != 0 {
            let extra = origin & !table.extra_bit;
            let place = self.image.pointer(extra.checked_add(table.extra_place)?)?;
            let name = extra.checked_add(table.extra_name)?;
            let pointer = self.image.pointer(name)?;
            let length = self.image.pointer(name.checked_add(8)?)?;
            let name = match pointer {
                0 => None,
                pointer => Some(self.text(pointer, length)?),
            };
            (place, name)
        } else {
            (origin, None)
        };
        let unknown = || json!({"file": "?", "line": 0, "column": 0});
        let place = self.place(place).unwrap_or_else(unknown);
        let type_name = self.type_name(vtable).unwrap_or_else(|| "?".to_owned());
        let size = self.image.pointer(vtable.checked_add(table.future_size)?)?;
        let is = |bit| state & bit != 0;
        Some(json!({
            "id": id.to_string(),
            "name": name,
            "type": type_name,
            "spawned_at": place,
            "state": if is(table.running) {
                "running"
            } else if is(table.notified) {
                "queued"
            } else {
                "asleep"
            },
            "cancelled": is(table.cancelled),
            "size": size,
        }))
    }

    fn type_name(&mut self, vtable: u64) -> Option<String> {
        if let Some(known) = self.types.get(&vtable) {
            return known.clone();
        }
        let read = || {
            let function = self
                .image
                .pointer(vtable.checked_add(self.table.type_name)?)?;
            let code = self.image.code(function)?;
            let (text, length) = code::constant_text(function, code)?;
            self.text(text, length)
        };
        let name = read();
        self.types.insert(vtable, name.clone());
        name
    }

    fn place(&mut self, address: u64) -> Option<Value> {
        if let Some(known) = self.places.get(&address) {
            return known.clone();
        }
        let read = || {
            let layout = self.table.place.as_ref()?;
            let mut bytes = [0; 24];
            self.image.read(address, &mut bytes)?;
            let number = |at: usize| {
                let bytes = bytes.get(at..at.checked_add(4)?)?;
                Some(u32::from_ne_bytes(bytes.try_into().ok()?))
            };
            let length = word(&bytes, layout.length)?.checked_sub(layout.excess)?;
            let file = self.text(word(&bytes, layout.file)?, length)?;
            let (line, column) = (number(layout.line)?, number(layout.column)?);
            Some(json!({"file": file, "line": line, "column": column}))
        };
        let place = read();
        self.places.insert(address, place.clone());
        place
    }

    fn text(&self, address: u64, length: u64) -> Option<String> {
        if length > MOST_TEXT {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        if !bytes.is_empty() {
            self.image.read(address, &mut bytes)?;
        }
        String::from_utf8(bytes).ok()
    }
}
