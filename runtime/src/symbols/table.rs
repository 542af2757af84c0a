//! Names of functions from the tables of symbols in the modules' files.
//!
//! Where the compiler leaves out all debugging information but lines, that knows bare names: the table, which is for the
//! linker, has the whole ones. (Inlined functions are not in it.)

use super::Frame;

/// Gives the frames of these indices the names that the tables know.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn complete(frames: &mut [Frame], indices: &[usize]) {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    let mut wanted: BTreeMap<PathBuf, BTreeMap<u64, Option<String>>> = BTreeMap::new();
    for &index in indices {
        if let Some(place) = &frames[index].place {
            let offsets = wanted.entry(place.file.clone()).or_default();
            offsets.insert(place.offset as u64, None);
        }
    }
    for (file, offsets) in &mut wanted {
        // A file that is gone, or is no such file (as the kernel's page in each process), knows no names.
        let _ = elf::look_up(file, offsets);
    }
    for &index in indices {
        let frame = &mut frames[index];
        let found = frame.place.as_ref().and_then(|place| {
            let offsets = wanted.get_mut(&place.file)?;
            offsets.get(&(place.offset as u64))?.clone()
        });
        if found.is_some() {
            frame.function = found;
        }
    }
}

/// No tables are known here.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn complete(_frames: &mut [Frame], _indices: &[usize]) {}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod elf {
    use object::{Object, ObjectSymbol, ReadCache};
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    /// Fills in the functions that the offsets are in. Nothing of the file is kept.
    pub(super) fn look_up(
        file: &Path,
        offsets: &mut BTreeMap<u64, Option<String>>,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let cache = ReadCache::new(fs::File::open(file)?);
        let file = object::File::parse(&cache)?;
        for symbol in file.symbols().chain(file.dynamic_symbols()) {
            let start = symbol.address();
            let function = start..start.saturating_add(symbol.size());
            if !symbol.is_definition() || function.is_empty() {
                continue;
            }
            for (_, found) in offsets.range_mut(function) {
                if found.is_none() {
                    let name = backtrace::SymbolName::new(symbol.name_bytes()?);
                    // The alternate form is without the hash.
                    *found = Some(format!("{name:#}"));
                }
            }
        }
        Ok(())
    }
}
