//! Tests by `#[leno::test]`, simulated: because they say so, or because the environment does.

use super::builder::Builder;
use super::environment;
use super::program::Isolate;
use crate::attribute::{Options, Test};
use crate::runtime::inner::How;
use leno_sim::{Because, Claim, Failed, FailureKind, Strategy, Summary};
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// A test's body, which can be run again and again.
pub(crate) type Body<'a> = dyn Fn() -> Pin<Box<dyn Future<Output = ()> + 'a>> + Sync + 'a;

/// Simulates a test that does not say so itself, if the environment wants it. False if it is to be run as usual: because the
/// environment says nothing, or because it needs what a simulation does not have, which is told.
#[track_caller]
pub(crate) fn test(test: &Test, body: &Body<'_>) -> bool {
    let name = name(test);
    if !environment::wants(name) || super::is_running() {
        return false;
    }
    if test.stays_out {
        environment::say(format_args!(
            "{name}: not simulated: the test has `sim = false`"
        ));
        return false;
    }
    // It was written for a runtime where a task that panics tells only those who await it, and tasks may be left behind; where a poll by
    // hand has all of the budget; and where time that stands still costs nothing. What goes on for ever has its polls counted, and a
    // long test has many of them before a deadline, if all of its leaves may be held up.
    let builder = builder(test)
        .tolerate_panics(true)
        .tolerate_sleepers(true)
        .spare_hand_polls()
        .polls_at_once(400_000)
        .virtual_time(Duration::MAX);
    match builder.run(body) {
        Ok(summary) => passed(&summary),
        Err(failed) => {
            if let Some(why) = refusal(&failed) {
                environment::say(format_args!("{name}: not simulated: {why}"));
                return false;
            }
            fail(*failed);
        }
    }
    true
}

/// Simulates a test that says so itself.
#[track_caller]
pub(crate) fn simulate(test: &Test, options: &Options, body: &Body<'_>) {
    let mut builder = builder(test)
        .stalls(options.stalls)
        .tolerate_panics(options.tolerate_panics)
        .tolerate_sleepers(options.tolerate_sleepers)
        .shared_through_leno(options.shared_through_leno);
    if let Some(seeds) = &options.seeds {
        builder = builder.seeds(seeds.clone());
    }
    if let Some(polls) = options.polls {
        builder = builder.polls(polls);
    }
    if let Some(time) = options.virtual_time {
        builder = builder.virtual_time(time);
    }
    if let Some(time) = options.time {
        builder = builder.time(time);
        if options.seeds.is_none() {
            builder = builder.seeds(0..u64::MAX);
        }
    }
    if let Some(isolate) = options.isolate {
        builder = builder.isolate(isolation(isolate));
    }
    if let Some(text) = options.strategy {
        let strategy = text.parse();
        builder = builder.strategy(strategy.unwrap_or_else(|error| panic!("{error}")));
    }
    if let Some((folder, file)) = options.replay {
        builder = builder.replay(environment::find(Path::new(folder), Path::new(file)));
    }
    let Some(bound) = options.explores else {
        return run(builder, body);
    };
    let began = Instant::now();
    // If it is known what they share, schedules of one class need not all be tried, and then no bound is needed.
    let strategy = if options.shared_through_leno {
        Strategy::dpor()
    } else {
        Strategy::delays(bound)
    };
    let systematic = builder.clone().seeds(0..u64::MAX).strategy(strategy);
    match systematic.run(body) {
        Err(failed) => fail(*failed),
        Ok(summary) => {
            passed(&summary);
            // What the bound leaves out may be found by chance.
            let left = options
                .time
                .map(|time| time.saturating_sub(began.elapsed()));
            let left = left.filter(|left| !left.is_zero());
            let is_all = summary.claim().is_some_and(Claim::is_complete);
            if is_all {
                return;
            }
            if let (Because::Exhausted, Some(left)) = (summary.because(), left) {
                run(builder.seeds(0..u64::MAX).time(left), body);
            }
        }
    }
}

#[track_caller]
fn run(builder: Builder, body: &Body<'_>) {
    match builder.run(body) {
        Ok(summary) => passed(&summary),
        Err(failed) => fail(*failed),
    }
}

#[track_caller]
fn builder(test: &Test) -> Builder {
    let builder = Builder::new().name(name(test)).attribute(test.attribute);
    builder.how(How {
        is_local: test.is_local,
        start_paused: test.start_paused,
        name: test.runtime_name,
    })
}

/// What `cargo test` calls it: its path, without the crate.
fn name(test: &Test) -> &'static str {
    test.path
        .split_once("::")
        .map_or(test.path, |(_, name)| name)
}

fn isolation(text: &str) -> Isolate {
    match text {
        "never" => Isolate::Never,
        "thread" => Isolate::Thread,
        _ => Isolate::Auto,
    }
}

/// Why a test could not be simulated, if that is all that is wrong: a simulation does not have what it needs, or does not see
/// what decides there.
fn refusal(failed: &Failed) -> Option<&str> {
    let all = failed.found.iter().all(|found| match found.failure.kind {
        FailureKind::Refused | FailureKind::Differs => true,
        // The calm run does: it waits for time that passes by itself, or does not end outside of a simulation either.
        FailureKind::Livelock => found.why.is_empty(),
        _ => !found.repeats,
    });
    let first = failed.found.first().filter(|_| all)?;
    Some(&first.failure.message)
}

/// Kept back unless the test fails, or is run with `--nocapture`.
fn passed(summary: &Summary) {
    println!("{summary}");
}

#[track_caller]
fn fail(failed: Failed) -> ! {
    panic!("{}", failed.report.trim_end())
}
