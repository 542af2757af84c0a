//! Where the unwinder is.
//!
//! A thread that is interrupted within the unwinder may have half left the frames that it unwinds. What another walk from
//! there would make of them is anybody's guess, and it follows pointers by that: so there is none.

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::slice;
use std::sync::OnceLock;

static CODE: OnceLock<Option<Range<usize>>> = OnceLock::new();

/// Finds it. False if it is in no library of its own, so that it cannot be told from the program.
pub(super) fn find(function: usize) -> bool {
    let code = CODE.get_or_init(|| {
        let own: fn(usize) -> bool = find;
        module_of(function).filter(|module| !module.contains(&(own as usize)))
    });
    code.is_some()
}

/// True for an address in the unwinder. May be called in a signal handler.
pub(super) fn contains(address: usize) -> bool {
    match CODE.get() {
        Some(Some(code)) => code.contains(&address),
        _ => false,
    }
}

/// The addresses of the module that a function is in.
fn module_of(function: usize) -> Option<Range<usize>> {
    let mut search = Search {
        function,
        found: None,
    };
    // SAFETY: `each` is called with the search, which nobody else uses meanwhile, and not after the call.
    unsafe { libc::dl_iterate_phdr(Some(each), (&raw mut search).cast()) };
    search.found
}

struct Search {
    function: usize,
    found: Option<Range<usize>>,
}

/// One module. It does not panic; if it did, the process would abort, since this is `extern "C"`.
unsafe extern "C" fn each(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    search: *mut c_void,
) -> c_int {
    // SAFETY: what `module_of` has passed on.
    let search = unsafe { &mut *search.cast::<Search>() };
    // SAFETY: the linker's own description, for the time of this call.
    let info = unsafe { &*info };
    if info.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: the linker's: so many headers are there.
    let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    let loaded = headers
        .iter()
        .filter(|header| header.p_type == libc::PT_LOAD)
        .map(|header| {
            let start = (info.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
            start..start.saturating_add(header.p_memsz as usize)
        });
    let is_here = loaded.clone().any(|part| part.contains(&search.function));
    if !is_here {
        return 0;
    }
    let start = loaded.clone().map(|part| part.start).min();
    let end = loaded.map(|part| part.end).max();
    search.found = start.zip(end).map(|(start, end)| start..end);
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_has_its_functions_and_no_others() {
        let own = (a_module_has_its_functions_and_no_others as fn()) as usize;
        let library = (libc::getpid as unsafe extern "C" fn() -> i32) as usize;
        let module = module_of(own).unwrap();
        assert!(module.contains(&own) && !module.contains(&library));
        assert!(module_of(library).unwrap().contains(&library));
        assert_eq!(module_of(1), None);
    }
}
