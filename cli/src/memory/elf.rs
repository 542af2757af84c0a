//! The section `.leno`: in which of the files that are mapped, and at which address.

use super::image::{Image, Mapping};
use super::table::Table;
use crate::fault::Fault;
use object::read::{Object, ObjectSection, ObjectSegment, ReadCache};
use std::fs::{self, File};
use std::path::PathBuf;

/// Finds the table, in the executable or else in a library.
pub(super) fn find_table(image: &Image) -> Result<Table, Fault> {
    let pid = image.pid;
    let executable = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    let executable = executable.to_string_lossy();
    // It may have been replaced by a newer one: this is the one that runs.
    let mut candidates = vec![(
        PathBuf::from(format!("/proc/{pid}/exe")),
        executable.as_ref(),
    )];
    for mapping in &image.mappings {
        let path = mapping.path.as_str();
        let is_known = candidates.iter().any(|(_, known)| *known == path);
        if path.starts_with('/') && !is_known {
            // As the process sees it, which may be in a container.
            candidates.push((PathBuf::from(format!("/proc/{pid}/root{path}")), path));
        }
    }
    let mut fault = Fault::NoLeno(pid);
    for (file, path) in candidates {
        let mapped = image.mappings.iter().find(|mapping| mapping.path == path);
        let address = mapped.and_then(|mapping| section(&file, mapping));
        match address.map(|address| Table::read(image, address)) {
            Some(Ok(table)) => return Ok(table),
            Some(Err(error)) => fault = error,
            None => {}
        }
    }
    Err(fault)
}

/// The address of the section, if the file has one; `mapping` is one of the file's.
fn section(path: &PathBuf, mapping: &Mapping) -> Option<u64> {
    let cache = ReadCache::new(File::open(path).ok()?);
    let file = object::File::parse(&cache).ok()?;
    if !file.is_64() || file.is_little_endian() != cfg!(target_endian = "little") {
        return None;
    }
    let section = file.section_by_name(".leno")?;
    // Where what is at the mapping's offset would be if the file were loaded where it says.
    let segment = file.segments().find(|segment| {
        let (start, size) = segment.file_range();
        // A mapping begins at a page's start, at or before that of its segment.
        (start & !0xfff) <= mapping.offset && mapping.offset < start.saturating_add(size)
    })?;
    let as_linked = segment
        .address()
        .wrapping_sub(segment.file_range().0)
        .wrapping_add(mapping.offset);
    let bias = mapping.start.wrapping_sub(as_linked);
    Some(section.address().wrapping_add(bias))
}
