//! Which of the seeds this process takes, if many share them.

use std::fmt;
use std::ops::Range;

/// One of several processes that share the seeds: it takes every `of`-th, beginning with the `index`-th.
///
/// ```
/// use leno_sim::Shard;
///
/// let shard: Shard = "1/4".parse().unwrap();
/// assert_eq!(shard.seeds(0..10).collect::<Vec<_>>(), [1, 5, 9]);
/// assert!("4/4".parse::<Shard>().is_err(), "they are counted from 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    index: u64,
    of: u64,
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl std::str::FromStr for Shard {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once('/')
            .and_then(|(index, of)| {
                let index = index.trim().parse().ok()?;
                Self::new(index, of.trim().parse().ok()?)
            })
            .ok_or_else(|| {
                NotAShard(format!(
                    "`{text}` is no shard: write `i/n`, with i from 0 to n - 1, as in `3/16`"
                ))
            })
    }
}

/// A text, or variables of the environment, that name no [`Shard`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAShard(String);

impl fmt::Display for NotAShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotAShard {}

impl Shard {
    /// The only one: it takes all seeds.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// The shard `index` of `of`, counted from 0. Nothing if there is no such shard.
    pub const fn new(index: u64, of: u64) -> Option<Self> {
        if index < of {
            Some(Self { index, of })
        } else {
            None
        }
    }

    /// The part `inner` of what this shard takes: a test that is split into several, in a process that is one of several.
    ///
    /// ```
    /// use leno_sim::Shard;
    ///
    /// let (outer, inner) = (Shard::new(1, 2).unwrap(), Shard::new(2, 3).unwrap());
    /// assert_eq!(outer.part(inner), Shard::new(5, 6));
    /// ```
    ///
    /// Nothing if there would be more shards than there are numbers.
    pub const fn part(self, inner: Self) -> Option<Self> {
        match self.of.checked_mul(inner.of) {
            Some(of) => Some(Self {
                index: self.index + inner.index * self.of,
                of,
            }),
            None => None,
        }
    }

    /// Which one it is, from 0.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many there are.
    pub const fn of(self) -> u64 {
        self.of
    }

    /// Those of `seeds` that this shard takes.
    ///
    /// They are counted from the first of `seeds`, so all shards have as many of them, but for one.
    pub fn seeds(self, seeds: Range<u64>) -> impl Iterator<Item = u64> + Clone + fmt::Debug {
        let Self { index, of } = self;
        let mut next = seeds.start.checked_add(index);
        std::iter::from_fn(move || {
            let seed = next.filter(|seed| *seed < seeds.end)?;
            next = seed.checked_add(of);
            Some(seed)
        })
    }

    /// The shard that the environment says: `LENO_SIM_SHARD=i/n`; else `JOB_COMPLETION_INDEX` of a Kubernetes indexed job, with
    /// `LENO_SIM_SHARDS` for their number; else `SLURM_ARRAY_TASK_ID` and its companions. Without any of them, all seeds.
    ///
    /// # Errors
    ///
    /// If what stands there makes no sense, or the number of shards is not said: then seeds would be left out, or done twice.
    pub fn from_env() -> Result<Self, NotAShard> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// As [`from_env`](Self::from_env), with `variable` for the environment.
    pub(crate) fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, NotAShard> {
        let set = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let number = |name: &str, text: String| -> Result<u64, NotAShard> {
            text.trim()
                .parse()
                .map_err(|_| NotAShard(format!("{name} is `{text}`, which is no number")))
        };
        if let Some(text) = set("LENO_SIM_SHARD") {
            return text
                .parse()
                .map_err(|NotAShard(text)| NotAShard(format!("LENO_SIM_SHARD: {text}")));
        }
        let shards = set("LENO_SIM_SHARDS")
            .map(|text| number("LENO_SIM_SHARDS", text))
            .transpose()?;
        if let Some(text) = set("JOB_COMPLETION_INDEX") {
            // Any job that is indexed has this variable, whatever it runs: without a number of shards it is none of ours.
            let Some(of) = shards else {
                return Err(NotAShard(
                    "JOB_COMPLETION_INDEX is set, so this is one pod of an indexed job: set LENO_SIM_SHARDS to the job's \
                     `completions` to share the seeds, or LENO_SIM_SHARD=0/1 to have all of them in each pod"
                        .to_owned(),
                ));
            };
            let index = number("JOB_COMPLETION_INDEX", text)?;
            return Self::new(index, of).ok_or_else(|| {
                NotAShard(format!(
                    "JOB_COMPLETION_INDEX is {index} and LENO_SIM_SHARDS is {of}: set LENO_SIM_SHARDS to the job's `completions`"
                ))
            });
        }
        if let Some(text) = set("SLURM_ARRAY_TASK_ID") {
            return Self::from_slurm(number("SLURM_ARRAY_TASK_ID", text)?, shards, |name| {
                set(name).map(|text| number(name, text)).transpose()
            });
        }
        match shards {
            None | Some(1) => Ok(Self::WHOLE),
            Some(of) => Err(NotAShard(format!(
                "LENO_SIM_SHARDS is {of}, and nothing says which of them this is: set LENO_SIM_SHARD=i/{of}, or run it as an \
                 indexed job, which sets JOB_COMPLETION_INDEX"
            ))),
        }
    }

    /// Slurm's indices need not begin at 0 nor be dense: `--array=1-16`, `--array=0-30:2`.
    fn from_slurm(
        id: u64,
        shards: Option<u64>,
        number: impl Fn(&str) -> Result<Option<u64>, NotAShard>,
    ) -> Result<Self, NotAShard> {
        let least = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
        let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
        let Some(of) = number("SLURM_ARRAY_TASK_COUNT")?.or(shards) else {
            return Err(NotAShard(
                "SLURM_ARRAY_TASK_ID is set and SLURM_ARRAY_TASK_COUNT is not: set LENO_SIM_SHARDS to the number of tasks in the \
                 array"
                    .to_owned(),
            ));
        };
        id.checked_sub(least)
            .filter(|from_least| from_least % step == 0)
            .and_then(|from_least| Self::new(from_least / step, of))
            .ok_or_else(|| {
                NotAShard(format!(
                    "SLURM_ARRAY_TASK_ID is {id}, which is not one of {of} that begin at {least} in steps of {step}: the array \
                     has gaps, so set LENO_SIM_SHARD=i/{of} in the job's script"
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn from(variables: &[(&str, &str)]) -> Result<Shard, NotAShard> {
        Shard::from_variables(|name| {
            let found = variables.iter().find(|(there, _)| *there == name);
            found.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn shards_partition_the_seeds() {
        for of in 1..12 {
            for seeds in [0..0, 0..1, 5..40, u64::MAX - 7..u64::MAX] {
                let mut all = Vec::new();
                for index in 0..of {
                    let mine = Shard::new(index, of).unwrap().seeds(seeds.clone());
                    all.extend(mine);
                }
                let distinct: BTreeSet<u64> = all.iter().copied().collect();
                assert_eq!(distinct.len(), all.len(), "none is done twice");
                assert!(distinct.into_iter().eq(seeds), "none is left out");
            }
        }
    }

    #[test]
    fn parts_partition_a_shard() {
        for (of, parts) in [(1, 1), (1, 5), (3, 1), (3, 4)] {
            for index in 0..of {
                let outer = Shard::new(index, of).unwrap();
                let mut all: Vec<u64> = (0..parts)
                    .map(|part| outer.part(Shard::new(part, parts).unwrap()).unwrap())
                    .flat_map(|shard| shard.seeds(7..100))
                    .collect();
                all.sort_unstable();
                assert!(all.into_iter().eq(outer.seeds(7..100)));
            }
        }
        let many = Shard::new(0, u64::MAX).unwrap();
        assert_eq!(many.part(Shard::new(1, 2).unwrap()), None);
    }

    #[test]
    fn engines_say_which_shard_it_is() {
        let shard = |index, of| Ok(Shard::new(index, of).unwrap());
        assert_eq!(from(&[]), Ok(Shard::WHOLE));
        assert_eq!(from(&[("LENO_SIM_SHARD", "3/16")]), shard(3, 16));
        let kubernetes = [("JOB_COMPLETION_INDEX", "2"), ("LENO_SIM_SHARDS", "5")];
        assert_eq!(from(&kubernetes), shard(2, 5));
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "7"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
        ];
        assert_eq!(from(&slurm), shard(3, 4));
        assert!(from(&slurm[..2]).unwrap_err().0.contains("is 7"));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (variables, said) in [
            (&[("LENO_SIM_SHARD", "16/16")][..], "`i/n`"),
            (&[("LENO_SIM_SHARD", "three")], "as in `3/16`"),
            (&[("LENO_SIM_SHARDS", "4")], "LENO_SIM_SHARD=i/4"),
            (&[("JOB_COMPLETION_INDEX", "2")], "set LENO_SIM_SHARDS"),
            (
                &[("JOB_COMPLETION_INDEX", "x"), ("LENO_SIM_SHARDS", "5")],
                "no number",
            ),
            (&[("SLURM_ARRAY_TASK_ID", "2")], "set LENO_SIM_SHARDS"),
        ] {
            let error = from(variables).unwrap_err().to_string();
            assert!(error.contains(said), "{variables:?}: {error}");
        }
    }
}
