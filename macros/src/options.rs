//! The options between the parentheses of an attribute: read one by one, then checked against each other.

use crate::entry::{Entry, Kind};
use crate::home::path;
use crate::simulation::{self, Simulation};
use crate::tokens::{Error, Ident, Reader, Result, TokenStream, TokenTree, is_punct};
use crate::values::{Number, Switch, Text, Value};

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
    pub(crate) start_paused: Option<Switch>,
    pub(crate) name: Option<Text>,
    /// The path of the runtime crate, if it is not the attribute's home.
    pub(crate) home: Option<TokenStream>,
    pub(crate) simulation: Simulation,
}

/// Options as they were written: each at most once, its value a literal of the right type.
#[derive(Default)]
struct Written {
    flavor: Option<Text>,
    worker_threads: Option<Number>,
    start_paused: Option<Switch>,
    name: Option<Text>,
    home: Option<Text>,
    simulation: simulation::Written,
}

impl Options {
    pub(crate) fn parse(entry: &Entry, options: TokenStream) -> Result<Self> {
        let written = Written::parse(options)?;

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
                    paused.is_on
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

impl Written {
    fn parse(options: TokenStream) -> Result<Self> {
        let mut written = Self::default();
        each(options, |name, input| {
            match name.to_string().as_str() {
                "flavor" => read(&mut written.flavor, name, "\"current_thread\"", input)?,
                "worker_threads" => read(&mut written.worker_threads, name, "4", input)?,
                "start_paused" => read(&mut written.start_paused, name, "true", input)?,
                "name" => read(&mut written.name, name, "\"my-runtime\"", input)?,
                "crate" => read(&mut written.home, name, "\"path::to::leno\"", input)?,
                other => {
                    if !written.simulation.read(name, input)? {
                        return Err(Error::new(name.span(), advice(other)));
                    }
                }
            }
            Ok(())
        })?;
        Ok(written)
    }
}

/// Reads options with commas between them. `option` is given the name of each, and reads what follows.
pub(crate) fn each(
    options: TokenStream,
    mut option: impl FnMut(&Ident, &mut Reader) -> Result<()>,
) -> Result<()> {
    let mut input = Reader::new(options);
    while let Some(first) = input.take() {
        let TokenTree::Ident(name) = first else {
            return Err(Error::new(
                first.span(),
                "expected an option: `name = value`",
            ));
        };
        option(&name, &mut input)?;
        if input.peek().is_some() && input.take_punct(',').is_none() {
            return Err(Error::new(input.span(), "expected `,`"));
        }
    }
    Ok(())
}

/// Whether a value comes.
pub(crate) fn has_value(input: &mut Reader) -> bool {
    input.peek().is_some_and(|token| is_punct(token, '='))
}

/// Reads `= value` of the option `name`, for which `example` is a good value.
pub(crate) fn read<V: Value>(
    slot: &mut Option<V>,
    name: &Ident,
    example: &str,
    input: &mut Reader,
) -> Result<()> {
    if slot.is_some() {
        return Err(Error::new(
            name.span(),
            format!("`{name}` is given twice: remove one"),
        ));
    }
    let Some(sign) = input.take_punct('=') else {
        return Err(Error::new(
            name.span(),
            format!("`{name}` needs a value: `{name} = {example}`"),
        ));
    };
    let place = input.peek().map_or(sign.span(), TokenTree::span);
    let value = V::take(input).ok_or_else(|| {
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
fn refuse_workers(word: &Ident, flavor: Option<&Text>, workers: Option<&Number>) -> Result<()> {
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

fn parse_flavor(flavor: &Text) -> Result<Flavor> {
    match flavor.value() {
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

fn parse_count(count: &Number) -> Result<usize> {
    match count.value() {
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

pub(crate) fn parse_home(home: &Text) -> Result<TokenStream> {
    path(home.value(), home.span()).ok_or_else(|| {
        Error::new(
            home.span(),
            format!(
                "`{}` is not a path: write the crate's, as in `crate = \"path::to::leno\"`",
                home.value()
            ),
        )
    })
}
