//! The memory of a process, by `/proc/PID/mem`, and what is mapped where.

use crate::fault::Fault;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

#[derive(Debug)]
pub(super) struct Image {
    pub(super) pid: u32,
    memory: File,
    pub(super) mappings: Vec<Mapping>,
}

/// A part of a file, or of memory, at its addresses.
#[derive(Debug)]
pub(super) struct Mapping {
    pub(super) start: u64,
    end: u64,
    executable: bool,
    pub(super) offset: u64,
    pub(super) path: String,
}

/// So many bytes of a function are looked at.
pub(super) const CODE: usize = 48;

impl Image {
    pub(super) fn open(pid: u32) -> Result<Self, Fault> {
        let opened = File::open(format!("/proc/{pid}/mem"))
            .and_then(|memory| Ok((memory, fs::read_to_string(format!("/proc/{pid}/maps"))?)));
        let (memory, maps) = opened.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => Fault::Unreadable(pid),
            io::ErrorKind::NotFound => Fault::NoProcess(pid),
            _ => Fault::System(format!("the memory of process {pid}"), error),
        })?;
        Ok(Self {
            pid,
            memory,
            mappings: maps.lines().filter_map(Mapping::parse).collect(),
        })
    }

    /// Fills `bytes` from an address. `None` if there is nothing, or not so much.
    pub(super) fn read(&self, address: u64, bytes: &mut [u8]) -> Option<()> {
        self.memory.read_exact_at(bytes, address).ok()
    }

    /// What is at the address: a pointer, or a number as large as one.
    pub(super) fn pointer(&self, address: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        self.read(address, &mut bytes)?;
        Some(u64::from_ne_bytes(bytes))
    }

    /// The beginning of a function, if that is where code is.
    pub(super) fn code(&self, function: u64) -> Option<[u8; CODE]> {
        let is_there = |mapping: &&Mapping| {
            mapping.executable && (mapping.start..mapping.end).contains(&function)
        };
        let mapping = self.mappings.iter().find(is_there)?;
        let length = usize::try_from(mapping.end - function).ok()?.min(CODE);
        let mut code = [0; CODE];
        self.read(function, &mut code[..length])?;
        Some(code)
    }
}

impl Mapping {
    /// Reads a line such as `55d0c000-55d0d000 r-xp 00001000 fe:01 1234   /usr/bin/shop`.
    fn parse(line: &str) -> Option<Self> {
        let mut rest = line;
        let mut field = || {
            let (field, after) = rest
                .trim_start()
                .split_once(' ')
                .unwrap_or((rest.trim(), ""));
            rest = after;
            field
        };
        let (range, rights, offset) = (field(), field(), field());
        let (_device, _inode) = (field(), field());
        let (start, end) = range.split_once('-')?;
        Some(Self {
            start: u64::from_str_radix(start, 16).ok()?,
            end: u64::from_str_radix(end, 16).ok()?,
            executable: rights.as_bytes().get(2) == Some(&b'x'),
            offset: u64::from_str_radix(offset, 16).ok()?,
            path: rest.trim_start().to_owned(),
        })
    }
}

/// A word of what was read.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_maps_is_read() {
        let line = "55d0c000-55d0d800 r-xp 00001000 fe:01 1234                 /opt/my shop/shop (deleted)";
        let mapping = Mapping::parse(line).unwrap();
        assert_eq!((mapping.start, mapping.end), (0x55d0_c000, 0x55d0_d800));
        assert_eq!(mapping.offset, 0x1000);
        assert!(mapping.executable);
        assert_eq!(mapping.path, "/opt/my shop/shop (deleted)");
        let nameless = Mapping::parse("7f00-7f10 rw-p 00000000 00:00 0").unwrap();
        assert_eq!((nameless.path.as_str(), nameless.executable), ("", false));
        assert!(Mapping::parse("").is_none());
        assert!(Mapping::parse("x-y rw-p 0 0 0").is_none());
    }

    #[test]
    fn this_process_is_read() {
        let image = Image::open(std::process::id()).unwrap();
        let value = 0x1234_5678_9abc_def0u64;
        let address = std::ptr::from_ref(&value).addr() as u64;
        assert_eq!(image.pointer(address), Some(value));
        assert_eq!(image.pointer(8), None);
        assert_eq!(image.pointer(u64::MAX), None);
        assert_eq!(image.code(address), None);
        let function = (Image::open as *const ()).addr() as u64;
        assert_ne!(image.code(function).unwrap(), [0; CODE]);
    }
}
