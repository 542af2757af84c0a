//! The table of strings: places, types, names and labels, each once, for events to refer to by a number.
//!
//! The words of the table, which is part of a file's too: `used`, seven that are 0, then from word 8 on one string after the
//! other, its length in bytes in a word, and its bytes, filled up to whole words. A string's number is the place of its length,
//! counted from word 8; nothing is at 0, which stands for none.
//!
//! Whoever adds one holds the lock, writes the string, and then `used` (Release); a reader loads that first (Acquire), so what
//! it copies has been written. Strings do not change.

use crate::prim::Mutex;
use crate::prim::atomic::Ordering;
use crate::prim::process;
use crate::prim::words::Words;
use std::collections::HashMap;

/// A string's greatest length in bytes.
pub(crate) const LONGEST: usize = 2048;

/// Words before the strings.
pub(crate) const HEAD: usize = 8;
const USED: usize = 0;

/// A table, which may fill up: then what is new has no number.
#[derive(Debug)]
pub(crate) struct Strings {
    words: Words,
    /// Whose table it is.
    process: u32,
    numbers: Mutex<HashMap<Box<str>, u32>>,
}

/// A string as words: its length, and its bytes.
pub(crate) fn encode(text: &str) -> impl Iterator<Item = u64> {
    let bytes = text.as_bytes().chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        // The bytes are in order in memory, whatever the machine's.
        u64::from_ne_bytes(word)
    });
    std::iter::once(text.len() as u64).chain(bytes)
}

/// What is entered of a text: of those that are very long, as types of futures may be, the beginning.
fn shortened(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Strings {
    /// An empty table in memory that is all zeros.
    pub(crate) fn new(words: Words) -> Self {
        // The first word after the head stands for none.
        // Ordering: Release, as in `number`.
        words[USED].store(1, Ordering::Release);
        Self {
            words,
            process: process::number(),
            numbers: Mutex::new(HashMap::new()),
        }
    }

    /// The number of a string, which is entered if it is new; 0 if there is no room, and in a process that was forked from the one
    /// whose table it is: there another thread's lock may never be released.
    pub(crate) fn number(&self, text: &str) -> u32 {
        if self.process != process::number() {
            return 0;
        }
        let text = shortened(text);
        let mut numbers = self.numbers.lock();
        if let Some(&number) = numbers.get(text) {
            return number;
        }
        // Ordering: Relaxed, only who holds the lock writes it.
        let used = self.words[USED].load(Ordering::Relaxed) as usize;
        let place = HEAD + used;
        let length = 1 + text.len().div_ceil(8);
        let Some(room) = self.words.get(place..place + length) else {
            return 0;
        };
        let Ok(number) = u32::try_from(used) else {
            return 0;
        };
        for (word, value) in room.iter().zip(encode(text)) {
            // Ordering: Relaxed, published by `used`.
            word.store(value, Ordering::Relaxed);
        }
        // Ordering: Release, the partner of the load in `copy`.
        self.words[USED].store((used + length) as u64, Ordering::Release);
        numbers.insert(text.into(), number);
        number
    }

    /// The words that are in use, from the first string on.
    pub(crate) fn copy(&self) -> Vec<u64> {
        // Ordering: Acquire, the partner of the store in `number`.
        let used = self.words[USED].load(Ordering::Acquire) as usize;
        let strings = &self.words[HEAD..HEAD + used];
        // Ordering: Relaxed, by the above.
        strings
            .iter()
            .map(|word| word.load(Ordering::Relaxed))
            .collect()
    }
}
