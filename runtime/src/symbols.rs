//! Names for the addresses of a stack: functions, files and lines.
//!
//! With the feature `diagnostics` they are looked up in the debugging information of the running program, functions that
//! were inlined included. That allocates, reads files, takes a lock of the process and, for the first stack, some hundred
//! milliseconds: so it is for a thread that nobody waits for, never for a worker.
//!
//! Each frame also tells its module and the offset in it: what is to be known to look the names up elsewhere, and all there
//! is without the feature.

mod modules;
#[cfg(feature = "diagnostics")]
mod paths;
#[cfg(feature = "diagnostics")]
mod table;
pub(crate) mod trim;

use std::fmt;
use std::path::PathBuf;

/// One function of a stack, and the place in it.
///
/// Its text is `shop::api::checkout::{{closure}} src/api.rs:97`, as far as that is known; otherwise the id of the module and
/// the offset in it, by which the function can be found later.
// An address has several, if functions were inlined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its path, as `shop::api::checkout::{{closure}}`, without the hash that the compiler adds. A bare name if the function
    /// was inlined, and the program has tables of lines but no other debugging information.
    pub(crate) function: Option<String>,
    /// Relative to the current directory if it is below that; files of libraries begin with the name of the package.
    pub(crate) file: Option<String>,
    /// The line of the call.
    pub(crate) line: Option<u32>,
    /// Where the thread returns to in this function.
    pub(crate) address: usize,
    pub(crate) place: Option<Place>,
}

/// Where an instruction is in a file, whatever address that was loaded to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The build id of the module, in hexadecimal; or the name of its file, if it has no id.
    pub(crate) module: String,
    pub(crate) file: PathBuf,
    /// The address that the debugging information knows the call by: within the instruction, not behind it.
    pub(crate) offset: usize,
}

impl Frame {
    /// The path of the function, as `shop::api::checkout::{{closure}}`; a bare name if it was inlined and there is little
    /// debugging information, and `None` if there is none, or without the feature `diagnostics`.
    pub fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// The file, relative to the current directory if it is below that. Files of libraries begin with the name of the
    /// package.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line of the call.
    pub fn line(&self) -> Option<u32> {
        self.line
    }
}

/// The functions at these addresses, which are ones to return to, from the innermost outwards.
pub(crate) fn resolve(addresses: &[usize]) -> Vec<Frame> {
    let places = modules::places(addresses);
    let bare = addresses.iter().zip(places).map(|(&address, place)| Frame {
        function: None,
        file: None,
        line: None,
        address,
        place,
    });
    named(bare.collect())
}

#[cfg(not(feature = "diagnostics"))]
fn named(bare: Vec<Frame>) -> Vec<Frame> {
    bare
}

/// Puts a frame for each function in the place of each bare one, but for those of wrappers that do nothing.
#[cfg(feature = "diagnostics")]
fn named(bare: Vec<Frame>) -> Vec<Frame> {
    let here = std::env::current_dir().ok();
    let mut frames = Vec::new();
    // Which frames are functions of the program as it runs, not inlined ones, and have no path.
    let mut unclear = Vec::new();
    for bare in bare {
        let before = frames.len();
        let mut is_bare = true;
        // What is looked up is the byte before.
        backtrace::resolve(bare.address as *mut std::ffi::c_void, |symbol| {
            let file = symbol.filename();
            // The alternate form is without the hash.
            let function = symbol.name().map(|name| format!("{name:#}"));
            is_bare = function.as_deref().is_none_or(paths::is_bare);
            frames.push(Frame {
                function: function.map(|name| paths::qualified(name, file)),
                file: file.map(|file| paths::brief(file, here.as_deref())),
                line: symbol.lineno(),
                ..bare.clone()
            });
        });
        if frames.len() == before {
            frames.push(bare);
        }
        if is_bare {
            unclear.push(frames.len() - 1);
        }
    }
    table::complete(&mut frames, &unclear);
    trim::transparent(&mut frames);
    frames
}

/// `shop::api::checkout::{{closure}} src/api.rs:97`. A width is that of the function's column.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = f.width().unwrap_or(0);
        match (&self.function, &self.place) {
            (Some(function), _) => match (&self.file, self.line) {
                (Some(file), Some(line)) => write!(f, "{function:<width$} {file}:{line}"),
                (Some(file), None) => write!(f, "{function:<width$} {file}"),
                (None, _) => f.write_str(function),
            },
            (None, Some(place)) => write!(f, "{}+{:#x}", place.module, place.offset),
            (None, None) => write!(f, "{:#x}", self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prim::stack::Frames;

    fn frame() -> Frame {
        Frame {
            function: Some("shop::api::checkout::{{closure}}".to_owned()),
            file: Some("src/api.rs".to_owned()),
            line: Some(97),
            address: 0x1235,
            place: Some(Place {
                module: "c0ffee".to_owned(),
                file: PathBuf::from("/proc/self/exe"),
                offset: 0x34,
            }),
        }
    }

    #[test]
    fn a_frame_is_told_by_what_is_known_of_it() {
        let mut frame = frame();
        let text = "shop::api::checkout::{{closure}} src/api.rs:97";
        assert_eq!(frame.to_string(), text);
        assert_eq!(
            format!("{frame:34}"),
            "shop::api::checkout::{{closure}}   src/api.rs:97"
        );
        frame.line = None;
        assert_eq!(
            frame.to_string(),
            "shop::api::checkout::{{closure}} src/api.rs"
        );
        frame.file = None;
        assert_eq!(frame.to_string(), "shop::api::checkout::{{closure}}");
        assert_eq!(format!("{frame:40}"), "shop::api::checkout::{{closure}}");
        frame.function = None;
        assert_eq!(frame.to_string(), "c0ffee+0x34");
        frame.place = None;
        assert_eq!(frame.to_string(), "0x1235");
    }

    #[inline(always)]
    fn inlined() -> Frames {
        Frames::capture(0)
    }

    #[inline(never)]
    fn outer() -> (u32, Frames) {
        let frames = inlined();
        (line!() - 1, std::hint::black_box(frames))
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_offset_leads_back_to_the_function() {
        let (_, frames) = outer();
        let frames = resolve(frames.addresses());
        let own = frames[0].place.as_ref().unwrap();
        // All of the test program's functions are at the same distance from their offsets.
        let function = (outer as fn() -> (u32, Frames)) as usize;
        let start = modules::places(&[function + 1])[0].clone().unwrap();
        assert_eq!(own.module, start.module);
        assert_eq!(own.offset - start.offset, frames[0].address - 1 - function);
    }

    /// An optimised program has fewer functions, and no debugging information unless it is asked for.
    #[cfg(all(feature = "diagnostics", target_os = "linux", debug_assertions))]
    mod names {
        use super::*;
        use crate::runtime::Builder;
        use std::pin::Pin;
        use std::task::{Context, Poll};

        #[test]
        fn functions_have_names_and_lines_if_they_are_inlined_too() {
            let (line, frames) = outer();
            let frames = resolve(frames.addresses());
            let function = |index: usize| frames[index].function.as_deref().unwrap();
            let module = module_path!();
            // How much of the path there is depends on the debugging information.
            assert!(
                function(0).starts_with("leno::symbols::") && function(0).ends_with("::inlined")
            );
            assert!(function(1).ends_with("::tests::outer"));
            assert_eq!(
                function(2),
                format!("{module}::functions_have_names_and_lines_if_they_are_inlined_too")
            );
            assert_eq!(frames[0].address, frames[1].address);
            assert_eq!(frames[1].line, Some(line));
            assert!(file!().ends_with(frames[1].file.as_deref().unwrap()));
        }

        /// Where it is polled, it takes the stack.
        struct Leaf;

        impl Future for Leaf {
            type Output = Frames;

            #[inline(never)]
            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Frames> {
                Poll::Ready(std::hint::black_box(Frames::capture(0)))
            }
        }

        async fn reserve() -> (u32, Frames) {
            (line!(), Leaf.await)
        }

        async fn checkout() -> (u32, Frames) {
            reserve().await
        }

        #[test]
        fn the_chain_of_a_task_is_what_is_left_of_its_stack() {
            let pool = Builder::new_multi_thread().worker_threads(1).build();
            let local = Builder::new_current_thread().build();
            for runtime in [pool.unwrap(), local.unwrap()] {
                let boxed: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(checkout());
                let tasks = [runtime.spawn(checkout()), runtime.spawn(boxed)];
                let tasks = tasks.map(|task| runtime.block_on(task).unwrap());
                for (line, frames) in tasks.into_iter().chain([runtime.block_on(checkout())]) {
                    let mut frames = resolve(frames.addresses());
                    trim::inner(&mut frames);
                    trim::outer(&mut frames);
                    let functions: Vec<_> = frames
                        .iter()
                        .map(|frame| frame.function.as_deref().unwrap())
                        .collect();
                    let module = module_path!();
                    let [leaf, reserve, checkout] = *functions else {
                        panic!("{functions:#?}");
                    };
                    assert_eq!(
                        leaf,
                        format!("<{module}::Leaf as core::future::future::Future>::poll")
                    );
                    assert_eq!(reserve, format!("{module}::reserve::{{{{closure}}}}"));
                    assert_eq!(checkout, format!("{module}::checkout::{{{{closure}}}}"));
                    assert_eq!(frames[1].line, Some(line));
                }
            }
        }
    }
}
