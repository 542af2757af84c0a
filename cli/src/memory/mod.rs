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
const MOST_TASKS: usize = 2_000_000;
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
        for number in 0..lists {
            let address = entry.lists.wrapping_add(number.wrapping_mul(entry.stride));
            tasks.extend(self.list(address, number));
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
    fn list(&mut self, list: u64, number: u64) -> Vec<Value> {
        let mut best = Vec::new();
        for _ in 0..ATTEMPTS {
            let (tasks, is_whole) = self.walk(list, number);
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
    fn walk(&mut self, list: u64, number: u64) -> (Vec<Value>, bool) {
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
                .and_then(|()| self.task(&header, number));
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

    /// A task, if it is one that may be in the list of this number.
    fn task(&mut self, header: &[u8], number: u64) -> Option<Value> {
        let table = self.table;
        let state = word(header, table.state)?;
        // (Above it is a count.)
        let id = word(header, table.id)? & ((1 << 48) - 1);
        let vtable = word(header, table.vtable)?;
        let origin = word(header, table.origin)?;
        if state & table.complete != 0 || id == 0 || vtable == 0 || vtable % 8 != 0 {
            return None;
        }
        // Which list it is in is said a moment after it has come there.
        let list = (state & table.shard_mask) >> table.shard_shift;
        if state & table.linked != 0 && list != number {
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

#[cfg(test)]
mod tests {
    use super::*;
    use table::Place;

    /// Where things are in the tasks below: headers of six words, `next` being the third.
    fn table() -> Table {
        Table {
            header_size: 48,
            state: 0,
            vtable: 8,
            next: 16,
            id: 24,
            origin: 32,
            type_name: 0,
            future_size: 8,
            extra_bit: 1,
            extra_place: 0,
            extra_name: 8,
            head: 0,
            tail: 8,
            running: 1,
            notified: 2,
            complete: 4,
            cancelled: 8,
            linked: 16,
            shard_shift: 8,
            shard_mask: 0xff00,
            place: Some(Place {
                file: 0,
                length: 8,
                line: 16,
                column: 20,
                excess: 0,
            }),
            entries: 0,
        }
    }

    fn address<T>(value: &T) -> u64 {
        std::ptr::from_ref(value).addr() as u64
    }

    /// Some tasks in this process' memory, in a list.
    struct Tasks {
        vtable: Box<[u64; 2]>,
        place: Box<[u64; 3]>,
        headers: Vec<[u64; 6]>,
        list: Box<[u64; 2]>,
    }

    impl Tasks {
        fn new(count: u64) -> Self {
            static FILE: &str = "src/shop.rs";
            let mut tasks = Self {
                vtable: Box::new([0, 77]),
                place: Box::new([FILE.as_ptr().addr() as u64, FILE.len() as u64, 7 << 32 | 9]),
                headers: Vec::new(),
                list: Box::new([0, 0]),
            };
            for id in 1..=count {
                let (vtable, place) = (address(&*tasks.vtable), address(&*tasks.place));
                tasks.headers.push([16 | 7 << 8, vtable, 0, id, place, 0]);
            }
            for pair in 1..tasks.headers.len() {
                tasks.headers[pair - 1][2] = address(&tasks.headers[pair]);
            }
            let ends = [tasks.headers.first(), tasks.headers.last()];
            *tasks.list = ends.map(|header| header.map_or(0, address));
            tasks
        }

        /// The ids that are found, and whether that is the whole list.
        fn walk(&self) -> (Vec<String>, bool) {
            let image = Image::open(std::process::id()).unwrap();
            let table = table();
            let mut reader = Reader {
                image: &image,
                table: &table,
                places: HashMap::new(),
                types: HashMap::new(),
                moving: false,
            };
            let found = reader.list(address(&*self.list), 7);
            let ids = found
                .iter()
                .map(|task| task["id"].as_str().unwrap().to_owned());
            (ids.collect(), !reader.moving)
        }
    }

    #[test]
    fn a_list_is_read() {
        let ids = ["1", "2", "3"].map(str::to_owned);
        assert_eq!(Tasks::new(3).walk(), (ids.to_vec(), true));
        assert_eq!(Tasks::new(0).walk(), (Vec::new(), true));
    }

    #[test]
    fn a_list_that_makes_no_sense_ends() {
        let some = |count: usize| (1..=count).map(|id| id.to_string()).collect::<Vec<_>>();
        // A circle.
        let mut tasks = Tasks::new(3);
        tasks.headers[2][2] = address(&tasks.headers[0]);
        assert_eq!(tasks.walk(), (some(3), false));
        // It ends before its end.
        let mut tasks = Tasks::new(3);
        tasks.headers[1][2] = 0;
        assert_eq!(tasks.walk(), (some(2), false));
        // Pointers to nowhere, and to what is no task: memory of its own, since behind a shorter piece there may be anything.
        let no_task = Box::new([0_u64; 6]);
        for pointer in [8, u64::MAX, 1 << 63, address(&*no_task)] {
            let mut tasks = Tasks::new(3);
            tasks.headers[0][2] = pointer;
            assert_eq!(tasks.walk(), (some(1), false), "{pointer:x}");
        }
        // A task that is complete, or is in another list, or was one once.
        for (field, value) in [
            (0, 4),
            (0, 16 | 3 << 8),
            (3, 0),
            (1, 0),
            (1, 13),
            (1, 1 << 62),
            (4, 1 | 1 << 62),
        ] {
            let mut tasks = Tasks::new(3);
            tasks.headers[1][field] = value;
            assert_eq!(tasks.walk(), (some(1), false), "{field} {value:x}");
        }
    }

    #[test]
    fn a_place_that_makes_no_sense_is_left_out() {
        let place = |words: [u64; 3]| {
            let mut tasks = Tasks::new(1);
            *tasks.place = words;
            let image = Image::open(std::process::id()).unwrap();
            let table = table();
            let mut reader = Reader {
                image: &image,
                table: &table,
                places: HashMap::new(),
                types: HashMap::new(),
                moving: false,
            };
            reader.list(address(&*tasks.list), 7)[0]["spawned_at"]["file"].clone()
        };
        let good = *Tasks::new(1).place;
        assert_eq!(place(good), "src/shop.rs");
        let [file, length, numbers] = good;
        for words in [
            [8, length, numbers],
            [file, u64::MAX, numbers],
            [file, 1 << 40, numbers],
        ] {
            assert_eq!(place(words), "?", "{words:x?}");
        }
    }
}
