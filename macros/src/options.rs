//! The options between the parentheses of an attribute: read one by one, then checked against each other.

use crate::entry::{Entry, Kind};
use crate::simulation::{self, Simulation};
use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, LitBool, LitInt, LitStr, Path, Result, Token};

/// Which runtime to build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    MultiThread,
    CurrentThread,
    Local,
}

/// Options that fit together.
pub(crate) struct Options {
    pub(crate) flavor: Flavor,
    pub(crate) worker_threads: Option<usize>,
    pub(crate) start_paused: Option<LitBool>,
    pub(crate) name: Option<LitStr>,
    /// The path of the runtime crate, if it is not the attribute's home.
    pub(crate) home: Option<Path>,
    pub(crate) simulation: Simulation,
}

/// Options as they were written: each at most once, its value a literal of the right type.
#[derive(Default)]
struct Written {
    flavor: Option<LitStr>,
    worker_threads: Option<LitInt>,
    start_paused: Option<LitBool>,
    name: Option<LitStr>,
    home: Option<LitStr>,
    simulation: simulation::Written,
}

impl Options {
    pub(crate) fn parse(entry: &Entry, options: proc_macro2::TokenStream) -> Result<Self> {
        let written = Written::parse.parse2(options)?;

        let simulation = written.simulation.check(entry)?;
        if let Simulation::Always(word, _) = &simulation {
            refuse_workers(
                word,
                written.flavor.as_ref(),
                written.worker_threads.as_ref(),
            )?;
        }
        let flavor = match (&written.flavor, entry.kind) {
            (Some(flavor), _) => parse_flavor(flavor)?,
            (None, Kind::Main) => Flavor::MultiThread,
            (None, Kind::Test) => Flavor::CurrentThread,
        };
        if let (Some(count), false) = (&written.worker_threads, flavor == Flavor::MultiThread) {
            return Err(Error::new(
                count.span(),
                format!(
                    "`worker_threads` needs the flavor that has workers: \
                     `#[{entry}(flavor = \"multi_thread\", worker_threads = {count})]`"
                ),
            ));
        }
        if let (Some(paused), Flavor::MultiThread) = (&written.start_paused, flavor) {
            return Err(Error::new(
                paused.span(),
                format!(
                    "`start_paused` needs a flavor whose clock can stand still: \
                     `#[{entry}(flavor = \"current_thread\", start_paused = {})]`",
                    paused.value
                ),
            ));
        }
        Ok(Self {
            flavor,
            worker_threads: written
                .worker_threads
                .as_ref()
                .map(parse_count)
                .transpose()?,
            start_paused: written.start_paused,
            name: written.name,
            home: written.home.as_ref().map(parse_home).transpose()?,
            simulation,
        })
    }
}

impl Parse for Written {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut written = Self::default();
        while !input.is_empty() {
            // `crate` is a keyword.
            let name = input.call(Ident::parse_any)?;
            match name.to_string().as_str() {
                "flavor" => read(&mut written.flavor, &name, "\"current_thread\"", input)?,
                "worker_threads" => read(&mut written.worker_threads, &name, "4", input)?,
                "start_paused" => read(&mut written.start_paused, &name, "true", input)?,
                "name" => read(&mut written.name, &name, "\"my-runtime\"", input)?,
                "crate" => read(&mut written.home, &name, "\"path::to::leno\"", input)?,
                other => {
                    if !written.simulation.read(&name, input)? {
                        return Err(Error::new(name.span(), advice(other)));
                    }
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(written)
    }
}

/// Reads `= value` of the option `name`, for which `example` is a good value.
pub(crate) fn read<T: Parse>(
    slot: &mut Option<T>,
    name: &Ident,
    example: &str,
    input: ParseStream<'_>,
) -> Result<()> {
    if slot.is_some() {
        return Err(Error::new(
            name.span(),
            format!("`{name}` is given twice: remove one"),
        ));
    }
    if !input.peek(Token![=]) {
        return Err(Error::new(
            name.span(),
            format!("`{name}` needs a value: `{name} = {example}`"),
        ));
    }
    input.parse::<Token![=]>()?;
    let place = input.span();
    let value = input.parse().map_err(|_| {
        Error::new(
            place,
            format!("not a literal that `{name}` takes: write one as in `{name} = {example}`"),
        )
    })?;
    *slot = Some(value);
    Ok(())
}

/// What to say about a name that is no option.
fn advice(name: &str) -> String {
    match name {
        "multi_thread" | "current_thread" | "local" => {
            format!("`{name}` is a flavor: write `flavor = \"{name}\"`")
        }
        "core_threads" => "no such option: the number of workers is `worker_threads`".into(),
        "unhandled_panic" => "`unhandled_panic` is not supported: \
            await the `JoinHandle` of the task and look at its `JoinError`"
            .into(),
        _ => format!(
            "no option is called `{name}`: there are `flavor`, `worker_threads`, `start_paused`, `name` and `crate`, and for tests {}",
            simulation::NAMES
        ),
    }
}

/// A simulation has one thread.
fn refuse_workers(word: &Ident, flavor: Option<&LitStr>, workers: Option<&LitInt>) -> Result<()> {
    let text = format!(
        "a simulation has one thread, and draws what more of them could do: remove this, or `{word}`"
    );
    match (flavor, workers) {
        (Some(flavor), _) if flavor.value() == "multi_thread" => {
            Err(Error::new(flavor.span(), text))
        }
        (_, Some(workers)) => Err(Error::new(workers.span(), text)),
        _ => Ok(()),
    }
}

fn parse_flavor(flavor: &LitStr) -> Result<Flavor> {
    match flavor.value().as_str() {
        "multi_thread" => Ok(Flavor::MultiThread),
        "current_thread" => Ok(Flavor::CurrentThread),
        "local" => Ok(Flavor::Local),
        other => Err(Error::new(
            flavor.span(),
            format!(
                "no flavor is called `{other}`: \
                 there are \"multi_thread\", \"current_thread\" and \"local\""
            ),
        )),
    }
}

fn parse_count(count: &LitInt) -> Result<usize> {
    match count.base10_parse() {
        Ok(0) => Err(Error::new(
            count.span(),
            "`worker_threads` cannot be 0: a pool without workers runs nothing. \
             For a runtime without threads of its own use `flavor = \"current_thread\"`",
        )),
        Ok(count) => Ok(count),
        Err(error) => Err(Error::new(
            count.span(),
            format!("`worker_threads` takes a number of threads: {error}"),
        )),
    }
}

pub(crate) fn parse_home(home: &LitStr) -> Result<Path> {
    home.parse().map_err(|_| {
        Error::new(
            home.span(),
            format!(
                "`{}` is not a path: write the crate's, as in `crate = \"path::to::leno\"`",
                home.value()
            ),
        )
    })
}
