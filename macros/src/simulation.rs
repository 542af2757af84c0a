//! The options of a test that is simulated: read, then checked against each other, then handed over to the runtime.

use crate::entry::{Entry, Kind};
use crate::options::{has_value, read};
use crate::tokens::{Error, Ident, Reader, Result, Span, TokenStream, written};
use crate::values::{Number, Range, Switch, Text, Time, Value};
use std::fmt;

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
    seeds: Option<(Ident, Range)>,
    bound: Option<(Ident, Number)>,
    depth: Option<(Ident, Number)>,
    strategy: Option<(Ident, Text)>,
    polls: Option<(Ident, Number)>,
    virtual_time: Option<(Ident, Time)>,
    time: Option<(Ident, Time)>,
    stalls: Option<(Ident, Switch)>,
    isolate: Option<(Ident, Text)>,
    tolerate_panics: Option<(Ident, Switch)>,
    tolerate_sleepers: Option<(Ident, Switch)>,
    shared: Option<(Ident, Text)>,
    replay: Option<(Ident, Text)>,
}

/// The names that [`Written::read`] knows, for those who look for one.
pub(crate) const NAMES: &str = "`sim`, `explore`, `seeds`, `bound`, `depth`, `strategy`, `polls`, `virtual_time`, `time`, `stalls`, \
     `isolate`, `tolerate_panics`, `tolerate_sleepers`, `shared` and `replay`";

fn milliseconds(time: &Time, name: &Ident) -> Result<u64> {
    let milliseconds = match time {
        Time::Seconds(seconds) => number(seconds, name)?.checked_mul(1000),
        Time::Text(text) => from_text(text.value()),
    };
    milliseconds.filter(|&milliseconds| milliseconds != 0).ok_or_else(|| {
        Error::new(
            time.span(),
            format!("`{name}` takes a time above 0: `\"30s\"`, or with `ms`, `m` or `h`, or a number of seconds"),
        )
    })
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

fn number(literal: &Number, name: &Ident) -> Result<u64> {
    literal
        .value()
        .map_err(|error| Error::new(literal.span(), format!("`{name}` takes a number: {error}")))
}

/// A number from 1 to `most`.
fn count(literal: &Number, name: &Ident, most: u64) -> Result<u64> {
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
fn named<V: Value>(
    slot: &mut Option<(Ident, V)>,
    name: &Ident,
    example: &str,
    input: &mut Reader,
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
    pub(crate) fn read(&mut self, name: &Ident, input: &mut Reader) -> Result<bool> {
        match name.to_string().as_str() {
            "sim" if self.sim.is_none() && !has_value(input) => {
                self.sim = Some((name.clone(), true));
            }
            "sim" if self.sim.is_some() => {
                return Err(Error::new(name.span(), "`sim` is given twice: remove one"));
            }
            "sim" => {
                let mut value: Option<Switch> = None;
                read(&mut value, name, "false", input)?;
                self.sim = value.map(|value| (name.clone(), value.is_on));
            }
            "explore" if self.explore.is_some() => {
                return Err(Error::new(
                    name.span(),
                    "`explore` is given twice: remove one",
                ));
            }
            "explore" if has_value(input) => {
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
        let explores = self.explore.is_some();
        self.fits(explores)?;
        let options = self.options(explores)?;
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
        let here = Span::mixed_site();
        let mut calls = TokenStream::new();
        // Of a method, with a literal that was written, or one that is made here.
        let mut call = |name: &str, value: &TokenStream| {
            calls.extend(written(
                here,
                &format!(".{name}($value)"),
                &[("value", value)],
            ));
        };
        let made = |value: &dyn fmt::Display| written(here, &value.to_string(), &[]);
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
            call("explore", &made(&bound));
        }
        if let Some((name, seeds)) = &self.seeds {
            let (from, to) = bounds(seeds, name)?;
            call("seeds", &made(&format_args!("{from}..{to}")));
        }
        if let Some((name, depth)) = &self.depth {
            let depth = count(depth, name, 64)?;
            call("strategy", &made(&format_args!("\"pct({depth})\"")));
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
            call("strategy", &strategy.tokens());
        }
        if let Some((name, polls)) = &self.polls {
            let polls = count(polls, name, u64::MAX)?;
            call("polls", &made(&polls));
        }
        if let Some((name, time)) = &self.virtual_time {
            call("virtual_time", &made(&milliseconds(time, name)?));
        }
        if let Some((name, time)) = &self.time {
            call("time", &made(&milliseconds(time, name)?));
        }
        if let Some((_, stalls)) = &self.stalls {
            call("stalls", &stalls.tokens());
        }
        if let Some((_, isolate)) = &self.isolate {
            if !matches!(isolate.value(), "auto" | "never" | "thread") {
                return Err(Error::new(
                    isolate.span(),
                    "`isolate` takes \"auto\", \"never\" or \"thread\"",
                ));
            }
            call("isolate", &isolate.tokens());
        }
        if let Some((_, tolerates)) = &self.tolerate_panics {
            call("tolerate_panics", &tolerates.tokens());
        }
        if let Some((_, tolerates)) = &self.tolerate_sleepers {
            call("tolerate_sleepers", &tolerates.tokens());
        }
        if let Some((_, shared)) = &self.shared {
            if shared.value() != "leno" {
                return Err(Error::new(
                    shared.span(),
                    "`shared` takes \"leno\": that the test's tasks share state through leno alone, and not by std locks, atomics or statics",
                ));
            }
            call("shared_through_leno", &TokenStream::new());
        }
        if let Some((_, file)) = &self.replay {
            // The folder is that of whoever is compiled with this, and cargo's to tell.
            let text = "::core::option_env!(\"CARGO_MANIFEST_DIR\"), $file";
            call("replay", &written(here, text, &[("file", &file.tokens())]));
        }
        Ok(calls)
    }
}

/// The first of the seeds, and where they end.
fn bounds(seeds: &Range, name: &Ident) -> Result<(u64, u64)> {
    let to = number(&seeds.to, name)?;
    let from = seeds.from.as_ref();
    let first = from.map_or(Ok(0), |from| number(from, name))?;
    let end = if seeds.with_last {
        to.checked_add(1)
    } else {
        Some(to)
    };
    end.filter(|&end| first < end)
        .map(|end| (first, end))
        .ok_or_else(|| {
            let place = from.unwrap_or(&seeds.to);
            Error::new(
                place.span(),
                "`seeds` has none: write how many, or a range with its first below its end",
            )
        })
}

/// Refuses what no strategy is called. What stands in its parentheses only the strategy knows.
fn check_strategy(strategy: &Text) -> Result<()> {
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
