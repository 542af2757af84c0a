//! Which file an address was loaded from: the program or one of its libraries, and where in it.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use loaded::places;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use unknown::places;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod unknown {
    use super::super::Place;

    /// Nothing is known of what is loaded.
    pub(in super::super) fn places(addresses: &[usize]) -> Vec<Option<Place>> {
        vec![None; addresses.len()]
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod loaded {
    use super::super::Place;
    use std::ffi::{CStr, OsStr, c_int, c_void};
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};
    use std::slice;

    /// Where these addresses, which are ones to return to, are in their modules.
    pub(in super::super) fn places(addresses: &[usize]) -> Vec<Option<Place>> {
        let mut search = Search {
            addresses,
            places: vec![None; addresses.len()],
        };
        // SAFETY: `each` is called with the search, which nobody else uses meanwhile, and not after the call.
        unsafe { libc::dl_iterate_phdr(Some(each), (&raw mut search).cast()) };
        search.places
    }

    struct Search<'a> {
        addresses: &'a [usize],
        places: Vec<Option<Place>>,
    }

    /// One module. It does not panic; if it did, the process would abort, since this is `extern "C"`.
    unsafe extern "C" fn each(
        info: *mut libc::dl_phdr_info,
        _size: usize,
        search: *mut c_void,
    ) -> c_int {
        // SAFETY: what `places` has passed on.
        let search = unsafe { &mut *search.cast::<Search<'_>>() };
        // SAFETY: the linker's own description, for the time of this call.
        let info = unsafe { &*info };
        if info.dlpi_phdr.is_null() {
            return 0;
        }
        // SAFETY: the linker's: so many headers are there.
        let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
        let base = info.dlpi_addr as usize;
        let mut module = None;
        for (&address, place) in search.addresses.iter().zip(&mut search.places) {
            // The call is the instruction before.
            let offset = address.wrapping_sub(1).wrapping_sub(base);
            let is_inside = headers.iter().any(|header| {
                header.p_type == libc::PT_LOAD
                    && offset.wrapping_sub(header.p_vaddr as usize) < header.p_memsz as usize
            });
            if is_inside {
                let module = module.get_or_insert_with(|| {
                    let notes = headers
                        .iter()
                        .filter(|header| header.p_type == libc::PT_NOTE);
                    let mut ids = notes.filter_map(|header| {
                        let start = base.wrapping_add(header.p_vaddr as usize) as *const u8;
                        // SAFETY: notes are part of what is loaded, and stay so while the linker calls this function.
                        let notes =
                            unsafe { slice::from_raw_parts(start, header.p_memsz as usize) };
                        build_id(notes)
                    });
                    let file = file(info);
                    let id = ids.next().unwrap_or_else(|| name_of(&file));
                    (id, file)
                });
                let (module, file) = module.clone();
                *place = Some(Place {
                    module,
                    file,
                    offset,
                });
            }
        }
        0
    }

    /// A module's file. The program itself has no name for the linker.
    fn file(info: &libc::dl_phdr_info) -> PathBuf {
        let name = if info.dlpi_name.is_null() {
            c""
        } else {
            // SAFETY: the linker's: a string that is there while it calls `each`.
            unsafe { CStr::from_ptr(info.dlpi_name) }
        };
        match name.to_bytes() {
            b"" => PathBuf::from("/proc/self/exe"),
            name => PathBuf::from(OsStr::from_bytes(name)),
        }
    }

    /// The name without the folder.
    fn name_of(file: &Path) -> String {
        let name = file.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The build id among the notes, in hexadecimal. A note is three numbers (the lengths of its name and of its content,
    /// its type), then both, padded to four bytes.
    pub(super) fn build_id(mut notes: &[u8]) -> Option<String> {
        const BUILD_ID: u32 = 3;
        loop {
            let name_length = number(&mut notes)? as usize;
            let length = number(&mut notes)? as usize;
            let kind = number(&mut notes)?;
            let name = padded(&mut notes, name_length)?;
            let content = padded(&mut notes, length)?;
            if kind == BUILD_ID && name == b"GNU\0" && !content.is_empty() {
                let mut id = String::with_capacity(2 * content.len());
                for byte in content {
                    // Writing to a string does not fail.
                    let _ = write!(id, "{byte:02x}");
                }
                return Some(id);
            }
        }
    }

    fn number(notes: &mut &[u8]) -> Option<u32> {
        let (number, rest) = notes.split_first_chunk()?;
        *notes = rest;
        Some(u32::from_ne_bytes(*number))
    }

    fn padded<'a>(notes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
        let content = notes.get(..length)?;
        // The last one may go without its padding.
        *notes = notes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(content)
    }
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use super::loaded::build_id;
    use super::places;

    fn note(name: &[u8], kind: u32, content: &[u8]) -> Vec<u8> {
        let mut note = Vec::new();
        note.extend((name.len() as u32).to_ne_bytes());
        note.extend((content.len() as u32).to_ne_bytes());
        note.extend(kind.to_ne_bytes());
        for part in [name, content] {
            note.extend(part);
            note.resize(note.len().next_multiple_of(4), 0);
        }
        note
    }

    #[test]
    fn the_build_id_is_found_among_other_notes() {
        let mut notes = note(b"GNU\0", 1, &[0; 16]);
        notes.extend(note(b"Other\0", 3, &[1, 2, 3, 4]));
        notes.extend(note(b"GNU\0", 3, &[0xc0, 0xff, 0xee]));
        assert_eq!(build_id(&notes).as_deref(), Some("c0ffee"));
        // Without the padding of the last, too; and what is cut short has none.
        notes.pop();
        assert_eq!(build_id(&notes).as_deref(), Some("c0ffee"));
        for length in 0..notes.len() - 2 {
            assert_eq!(build_id(&notes[..length]), None);
        }
    }

    #[test]
    fn code_is_in_its_module_and_data_of_the_heap_is_in_none() {
        let heap = Box::new(0u64);
        let own = (build_id as fn(&[u8]) -> Option<String>) as usize;
        let library = (libc::getpid as unsafe extern "C" fn() -> i32) as usize;
        let places = places(&[own + 1, library + 1, (&raw const *heap).addr() + 1, own + 5]);
        let module = |index: usize| places[index].as_ref().map(|place| place.module.as_str());
        assert!(module(0).is_some_and(|module| !module.is_empty()));
        assert!(module(1).is_some());
        assert_ne!(module(0), module(1));
        assert_eq!(module(2), None);
        assert_eq!(module(3), module(0));
        let offset = |index: usize| places[index].as_ref().unwrap().offset;
        assert_eq!(offset(3), offset(0) + 4);
    }
}
