//! The options of a test that is simulated: read, then checked against each other, then handed over to the runtime.

use crate::entry::{Entry, Kind};
use crate::options::read;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Error, LitBool, LitInt, LitStr, Result, Token};

/// Whether, and how, a test is simulated.
pub(crate) enum Simulation {
    /// If the environment says so.
    Asked,
    /// Never, since the test says so.
    Never,
    /// As the test says: the word for it, and a value of `attribute::Options`.
    Always(Ident, TokenStream),
}

/// What is written about simulation: each option at most once, with its name.
#[derive(Default)]
pub(crate) struct Written {
    /// `sim`, or `sim = false`.
    sim: Option<(Ident, bool)>,
    explore: Option<Ident>,
    seeds: Option<(Ident, Seeds)>,
    bound: Option<(Ident, LitInt)>,
    depth: Option<(Ident, LitInt)>,
    strategy: Option<(Ident, LitStr)>,
    polls: Option<(Ident, LitInt)>,
    virtual_time: Option<(Ident, Time)>,
    time: Option<(Ident, Time)>,
    stalls: Option<(Ident, LitBool)>,
    isolate: Option<(Ident, LitStr)>,
    tolerate_panics: Option<(Ident, LitBool)>,
    tolerate_sleepers: Option<(Ident, LitBool)>,
    shared: Option<(Ident, LitStr)>,
    replay: Option<(Ident, LitStr)>,
}

/// The names that [`Written::read`] knows, for those who look for one.
pub(crate) const NAMES: &str = "`sim`, `explore`, `seeds`, `bound`, `depth`, `strategy`, `polls`, `virtual_time`, `time`, `stalls`, \
     `isolate`, `tolerate_panics`, `tolerate_sleepers`, `shared` and `replay`";

/// A number of seeds, or a range of them.
struct Seeds {
    from: Option<LitInt>,
    to: LitInt,
    with_last: bool,
}

impl Parse for Seeds {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let first: LitInt = input.parse()?;
        if !input.peek(Token![..]) {
            return Ok(Self {
                from: None,
                to: first,
                with_last: false,
            });
        }
        let with_last = input.peek(Token![..=]);
        if with_last {
            input.parse::<Token![..=]>()?;
        } else {
            input.parse::<Token![..]>()?;
        }
        Ok(Self {
            from: Some(first),
            to: input.parse()?,
            with_last,
        })
    }
}

/// Text with a unit, or a number of seconds.
enum Time {
    Text(LitStr),
    Seconds(LitInt),
}

impl Parse for Time {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            input.parse().map(Self::Text)
        } else {
            input.parse().map(Self::Seconds)
        }
    }
}

impl Time {
    fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span(),
            Self::Seconds(seconds) => seconds.span(),
        }
    }

    fn milliseconds(&self, name: &Ident) -> Result<u64> {
        let milliseconds = match self {
            Self::Seconds(seconds) => number(seconds, name)?.checked_mul(1000),
            Self::Text(text) => from_text(&text.value()),
        };
        milliseconds.filter(|&milliseconds| milliseconds != 0).ok_or_else(|| {
            Error::new(
                self.span(),
                format!("`{name}` takes a time above 0: `\"30s\"`, or with `ms`, `m` or `h`, or a number of seconds"),
            )
        })
    }
}

fn from_text(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '_');
    let (digits, unit) = text.split_at(end?);
    let count: u64 = digits.replace('_', "").parse().ok()?;
    count.checked_mul(match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    })
}

fn number(literal: &LitInt, name: &Ident) -> Result<u64> {
    literal
        .base10_parse()
        .map_err(|error| Error::new(literal.span(), format!("`{name}` takes a number: {error}")))
}

/// A number from 1 to `most`.
fn count(literal: &LitInt, name: &Ident, most: u64) -> Result<u64> {
    let count = number(literal, name)?;
    if count == 0 || count > most {
        let to = if most == u64::MAX {
            String::new()
        } else {
            format!(" to {most}")
        };
        return Err(Error::new(
            literal.span(),
            format!("`{name}` takes a number from 1{to}"),
        ));
    }
    Ok(count)
}

/// Reads `= value` into `slot`, and keeps the name with it.
fn named<T: Parse>(
    slot: &mut Option<(Ident, T)>,
    name: &Ident,
    example: &str,
    input: ParseStream<'_>,
) -> Result<()> {
    let (before, mut value) = match slot.take() {
        Some((before, value)) => (Some(before), Some(value)),
        None => (None, None),
    };
    read(&mut value, name, example, input)?;
    *slot = value.map(|value| (before.unwrap_or_else(|| name.clone()), value));
    Ok(())
}

impl Written {
    /// Reads the option `name` if it is one of these; false if it is not.
    pub(crate) fn read(&mut self, name: &Ident, input: ParseStream<'_>) -> Result<bool> {
        match name.to_string().as_str() {
            "sim" if self.sim.is_none() && !input.peek(Token![=]) => {
                self.sim = Some((name.clone(), true));
            }
            "sim" => {
                let mut value = self
                    .sim
                    .as_ref()
                    .map(|(name, sim)| LitBool::new(*sim, name.span()));
                read(&mut value, name, "false", input)?;
                self.sim = value.map(|value| (name.clone(), value.value));
            }
            "explore" if self.explore.is_some() => {
                return Err(Error::new(
                    name.span(),
                    "`explore` is given twice: remove one",
                ));
            }
            "explore" if input.peek(Token![=]) => {
                return Err(Error::new(
                    name.span(),
                    "`explore` takes no value: write `explore`, and how far it goes as `bound = 2`",
                ));
            }
            "explore" => self.explore = Some(name.clone()),
            "seeds" => named(&mut self.seeds, name, "1000", input)?,
            "bound" => named(&mut self.bound, name, "2", input)?,
            "depth" => named(&mut self.depth, name, "3", input)?,
            "strategy" => named(&mut self.strategy, name, "\"pct(3)\"", input)?,
            "polls" => named(&mut self.polls, name, "1_000_000", input)?,
            "virtual_time" => named(&mut self.virtual_time, name, "\"1h\"", input)?,
            "time" => named(&mut self.time, name, "\"30s\"", input)?,
            "stalls" => named(&mut self.stalls, name, "true", input)?,
            "isolate" => named(&mut self.isolate, name, "\"thread\"", input)?,
            "tolerate_panics" => named(&mut self.tolerate_panics, name, "true", input)?,
            "tolerate_sleepers" => named(&mut self.tolerate_sleepers, name, "true", input)?,
            "shared" => named(&mut self.shared, name, "\"leno\"", input)?,
            "replay" => named(&mut self.replay, name, "\"traces/name.trace\"", input)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What it comes to, if it fits together.
    pub(crate) fn check(self, entry: &Entry) -> Result<Simulation> {
        let word = match (&self.sim, &self.explore) {
            (Some(_), Some(explore)) => {
                return Err(Error::new(
                    explore.span(),
                    "`sim` runs seeds, and `explore` goes through schedules: remove one",
                ));
            }
            (Some((sim, true)), None) => sim.clone(),
            (None, Some(explore)) => explore.clone(),
            (sim, None) => {
                if let Some(name) = self.first() {
                    let advice = match (sim, name.to_string().as_str()) {
                        (Some(_), _) => {
                            "is for tests that are simulated: remove it, or `sim = false`"
                                .to_owned()
                        }
                        (None, "bound") => {
                            format!("is for `explore`: write `#[{entry}(explore, bound = …)]`")
                        }
                        (None, other) => format!(
                            "is for tests that are simulated: write `#[{entry}(sim, {other} = …)]`"
                        ),
                    };
                    return Err(Error::new(name.span(), format!("`{name}` {advice}")));
                }
                if let (Some((name, _)), Kind::Main) = (sim, entry.kind) {
                    return Err(not_for_main(name));
                }
                return Ok(if sim.is_some() {
                    Simulation::Never
                } else {
                    Simulation::Asked
                });
            }
        };
        if let Kind::Main = entry.kind {
            return Err(not_for_main(&word));
        }
        self.fits(word == "explore")?;
        let options = self.options(word == "explore")?;
        Ok(Simulation::Always(word, options))
    }

    /// The names of the options that say how, in the order in which they are refused.
    fn names(&self) -> [Option<&Ident>; 13] {
        fn name<T>(slot: &Option<(Ident, T)>) -> Option<&Ident> {
            slot.as_ref().map(|(name, _)| name)
        }
        [
            name(&self.bound),
            name(&self.seeds),
            name(&self.depth),
            name(&self.strategy),
            name(&self.time),
            name(&self.polls),
            name(&self.virtual_time),
            name(&self.stalls),
            name(&self.isolate),
            name(&self.tolerate_panics),
            name(&self.tolerate_sleepers),
            name(&self.shared),
            name(&self.replay),
        ]
    }

    fn first(&self) -> Option<&Ident> {
        self.names().into_iter().flatten().next()
    }

    /// Refuses what says two things at once.
    fn fits(&self, explores: bool) -> Result<()> {
        let [bound, seeds, depth, strategy, time, ..] = self.names();
        let refuse =
            |name: &Ident, text: &str| Err(Error::new(name.span(), format!("`{name}` {text}")));
        if self.replay.is_some() {
            // What comes before `polls` says what is run, and that is the trace.
            let others = [bound, seeds, depth, strategy, time];
            if let Some(name) = others.into_iter().flatten().next() {
                return refuse(
                    name,
                    "says what to run, and so does `replay`, which runs one trace: remove one",
                );
            }
        }
        if let (Some(bound), Some(_)) = (bound, &self.shared) {
            return refuse(
                bound,
                "counts delays, and with `shared` all classes of schedules are gone through: remove one",
            );
        }
        match (explores, bound, seeds, depth, strategy) {
            (false, Some(name), ..) => refuse(
                name,
                "is for `explore`: write that in the place of `sim`, or `strategy = \"delays(…)\"`",
            ),
            (true, _, Some(name), ..) => refuse(
                name,
                "is for `sim`: `explore` goes through schedules, each of them once",
            ),
            (true, _, _, Some(name), _) => refuse(name, "is for `sim`: `explore` has a `bound`"),
            (true, _, _, _, Some(name)) => refuse(
                name,
                "is for `sim`: the one of `explore` is to take all schedules with at most `bound` delays",
            ),
            (false, _, _, Some(name), Some(_)) => {
                refuse(name, "is that of `strategy = \"pct(…)\"`: remove one")
            }
            _ => Ok(()),
        }
    }

    /// Calls of `attribute::Options`.
    fn options(&self, explores: bool) -> Result<TokenStream> {
        let mut calls = TokenStream::new();
        let mut call = |tokens: TokenStream| calls.extend(tokens);
        if explores {
            let bound = match &self.bound {
                Some((name, bound)) => {
                    let most = u64::from(u32::MAX);
                    let value = number(bound, name)?;
                    if value > most {
                        return Err(Error::new(
                            bound.span(),
                            format!("`bound` takes a number up to {most}"),
                        ));
                    }
                    value as u32
                }
                None => 2,
            };
            call(quote!(.explore(#bound)));
        }
        if let Some((name, seeds)) = &self.seeds {
            let (from, to) = seeds.range(name)?;
            call(quote!(.seeds(#from..#to)));
        }
        if let Some((name, depth)) = &self.depth {
            let strategy = format!("pct({})", count(depth, name, 64)?);
            call(quote!(.strategy(#strategy)));
        }
        if let Some((_, strategy)) = &self.strategy {
            check_strategy(strategy)?;
            if strategy.value().trim() == "dpor" && self.shared.is_none() {
                return Err(Error::new(
                    strategy.span(),
                    "\"dpor\" leaves out schedules, which is right only if the test's tasks share state through leno alone: no std locks, \
                     no atomics, no statics. If that is so, say it by `shared = \"leno\"`; else take \"delays(2)\" or \"exhaustive\"",
                ));
            }
            call(quote!(.strategy(#strategy)));
        }
        if let Some((name, polls)) = &self.polls {
            let polls = count(polls, name, u64::MAX)?;
            call(quote!(.polls(#polls)));
        }
        if let Some((name, time)) = &self.virtual_time {
            let milliseconds = time.milliseconds(name)?;
            call(quote!(.virtual_time(#milliseconds)));
        }
        if let Some((name, time)) = &self.time {
            let milliseconds = time.milliseconds(name)?;
            call(quote!(.time(#milliseconds)));
        }
        if let Some((_, stalls)) = &self.stalls {
            call(quote!(.stalls(#stalls)));
        }
        if let Some((_, isolate)) = &self.isolate {
            if !matches!(isolate.value().as_str(), "auto" | "never" | "thread") {
                return Err(Error::new(
                    isolate.span(),
                    "`isolate` takes \"auto\", \"never\" or \"thread\"",
                ));
            }
            call(quote!(.isolate(#isolate)));
        }
        if let Some((_, tolerates)) = &self.tolerate_panics {
            call(quote!(.tolerate_panics(#tolerates)));
        }
        if let Some((_, tolerates)) = &self.tolerate_sleepers {
            call(quote!(.tolerate_sleepers(#tolerates)));
        }
        if let Some((_, shared)) = &self.shared {
            if shared.value() != "leno" {
                return Err(Error::new(
                    shared.span(),
                    "`shared` takes \"leno\": that the test's tasks share state through leno alone, and not by std locks, atomics or statics",
                ));
            }
            call(quote!(.shared_through_leno()));
        }
        if let Some((_, file)) = &self.replay {
            // The folder is that of whoever is compiled with this, and cargo's to tell.
            call(quote_spanned! {Span::mixed_site()=>
                .replay(::core::option_env!("CARGO_MANIFEST_DIR"), #file)
            });
        }
        Ok(calls)
    }
}

impl Seeds {
    fn range(&self, name: &Ident) -> Result<(u64, u64)> {
        let to = number(&self.to, name)?;
        let from = self
            .from
            .as_ref()
            .map_or(Ok(0), |from| number(from, name))?;
        let to = if self.with_last {
            to.checked_add(1)
        } else {
            Some(to)
        };
        to.filter(|&to| from < to)
            .map(|to| (from, to))
            .ok_or_else(|| {
                let place = self.from.as_ref().unwrap_or(&self.to);
                Error::new(
                    place.span(),
                    "`seeds` has none: write how many, or a range with its first below its end",
                )
            })
    }
}

/// Refuses what no strategy is called. What stands in its parentheses only the strategy knows.
fn check_strategy(strategy: &LitStr) -> Result<()> {
    let text = strategy.value();
    let name = text.split('(').next().unwrap_or_default().trim();
    if [
        "portfolio",
        "walk",
        "pct",
        "pos",
        "delays",
        "exhaustive",
        "dpor",
    ]
    .contains(&name)
    {
        return Ok(());
    }
    Err(Error::new(
        strategy.span(),
        format!(
            "no strategy is called `{text}`: there are \"portfolio\", \"walk\", \"walk(1/4)\", \"pct(3)\", \"pos\", \"delays(2)\", \
             \"exhaustive\" and \"dpor\""
        ),
    ))
}

fn not_for_main(name: &Ident) -> Error {
    Error::new(
        name.span(),
        format!(
            "`{name}` is for tests, which can be run again and again: a program is simulated by `leno::sim::Builder`"
        ),
    )
}
