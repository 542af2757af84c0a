//! The example service's data file, against the changes that it was told.

use crate::many::Many;
use crate::opening;
use crate::record;
use crate::store::{Change, JsonText, Map};
use arbitrary::Arbitrary;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[derive(Arbitrary, Debug)]
pub struct Script {
    damage: Option<Damage>,
    /// What is written between one start of the service and the next.
    runs: Many<Many<Many<Told>>>,
}

#[derive(Arbitrary, Clone, Debug)]
pub struct Told {
    key: String,
    /// `None` deletes it.
    value: Option<Many<u8>>,
}

#[derive(Arbitrary, Debug)]
pub enum Damage {
    /// The process was killed amid a write.
    CutOff(u16),
    Changed {
        at: u16,
        by: u8,
    },
}

impl Told {
    fn change(&self) -> Change {
        let key = self.key.clone();
        match &self.value {
            None => Change::Delete { key },
            Some(value) => {
                let value = serde_json::json!(value.0).to_string();
                let value = JsonText::parse(value.as_bytes()).expect("it is JSON");
                Change::Put { key, value }
            }
        }
    }
}

type Model = BTreeMap<String, String>;

fn tell(model: &mut Model, told: &Told) {
    match &told.value {
        Some(value) => model.insert(told.key.clone(), serde_json::json!(value.0).to_string()),
        None => model.remove(&told.key),
    };
}

fn contents(map: &Map) -> Model {
    map.after(None)
        .map(|(key, value)| {
            let value = String::from_utf8(value.as_bytes().to_vec()).unwrap();
            (key.clone(), value)
        })
        .collect()
}

impl super::Script for Script {
    fn run(self) {
        // In memory, where there is such a place: what is synced is not what is looked for here.
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        let folder = folder.expect("a folder");
        let path = folder.path().join("data");
        let mut model = Model::new();
        let mut all = Vec::new();
        for batches in self.runs.iter() {
            let (mut journal, map) = opening::open(&path, false).expect("an undamaged file opens");
            assert_eq!(contents(&map), model);
            for batch in batches.iter() {
                let changes: Vec<_> = batch.iter().map(Told::change).collect();
                journal.append(changes.iter()).expect("the disk takes it");
                batch.iter().for_each(|told| tell(&mut model, told));
                all.extend_from_slice(batch);
            }
        }
        drop(opening::open(&path, false).expect("an undamaged file opens"));
        if let Some(damage) = &self.damage {
            damaged(&path, damage, &all);
        }
    }
}

fn damaged(path: &Path, damage: &Damage, all: &[Told]) {
    let mut bytes = fs::read(path).unwrap();
    match damage {
        Damage::CutOff(at) => {
            let length = usize::from(*at) % (bytes.len() + 1);
            bytes.truncate(length);
            fs::write(path, &bytes).unwrap();
            let opened = opening::open(path, false);
            if length > 0 && length < record::FIRST_LINE.len() {
                assert!(opened.is_err(), "it is not known whose file it is");
                return;
            }
            let (journal, map) = opened.expect("a torn file opens");
            // Whole records count, and no others.
            let whole = bytes
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count()
                .saturating_sub(1);
            let mut model = Model::new();
            all[..whole].iter().for_each(|told| tell(&mut model, told));
            assert_eq!(contents(&map), model);
            let end = bytes
                .iter()
                .rposition(|&byte| byte == b'\n')
                .map_or(0, |end| end + 1);
            let kept = match length {
                0 => record::FIRST_LINE.as_bytes(),
                _ => &bytes[..end],
            };
            assert_eq!(fs::read(path).unwrap(), kept);
            assert_eq!(journal.length, kept.len() as u64);
            // What was cut off is beside it.
            if end < length {
                let mut torn = path.as_os_str().to_owned();
                torn.push(".torn-1");
                assert_eq!(fs::read(torn).unwrap(), bytes[end..]);
            }
        }
        Damage::Changed { at, by } => {
            let at = usize::from(*at) % bytes.len();
            bytes[at] ^= (*by).max(1);
            fs::write(path, &bytes).unwrap();
            assert!(
                opening::open(path, false).is_err(),
                "a damaged file is refused"
            );
            assert_eq!(fs::read(path).unwrap(), bytes, "and left as it is");
        }
    }
}
