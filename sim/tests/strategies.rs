//! Strategies are explored by, and say what they covered.

mod toys;

use leno_sim::{Because, Explorer, Merged, Run, Settings, Shard, Strategy};
use tempfile::tempdir;
use toys::{Toy, dining, lock_inversion, walk};

#[test]
fn the_environment_names_a_strategy() {
    let toy = lock_inversion();
    let named = |name: &str, toy: &Toy| {
        let folder = tempdir().unwrap();
        let mut explorer = walk("strategy", folder.path());
        explorer.settings_mut().strategy = Some(name.to_owned());
        explorer.explore(&mut |run: &mut Run| toy.run(run))
    };
    for name in [
        "pct(3)",
        "pos",
        "portfolio",
        "delays(2)",
        "exhaustive",
        "dpor",
    ] {
        let failed = named(name, &toy).unwrap_err();
        assert_eq!(failed.found[0].why.len(), 1, "{name}: {failed}");
    }
    let failed = named("wild", &toy).unwrap_err();
    assert!(
        failed.found.is_empty()
            && failed
                .to_string()
                .contains("`wild` is no strategy: there are"),
        "{failed}"
    );
}

#[test]
fn a_systematic_search_says_what_it_covered() {
    let mut toy = dining();
    toy.scripts.truncate(2);
    let explore = |settings: Settings, strategy: Strategy| {
        Explorer::new(settings)
            .strategy(strategy)
            .explore(&mut |run: &mut Run| toy.run(run))
    };
    // There are far more schedules than seeds, which mean nothing to it.
    let mut settings = Settings::new("all");
    settings.seeds = 0..2;
    let summary = explore(settings.clone(), Strategy::delays(2)).unwrap();
    assert_eq!(summary.because(), Because::Exhausted);
    assert!(summary.runs() > 2 && summary.claim().is_some(), "{summary}");
    assert!(
        summary.to_string().contains("schedules with ≤ 2 delays"),
        "{summary}"
    );
    // One that is cut short claims nothing of the kind.
    settings.runs = Some(3);
    let short = explore(settings.clone(), Strategy::exhaustive()).unwrap();
    assert_eq!(short.because(), Because::Runs);
    assert!(!short.claim().unwrap().is_complete(), "{short}");
    settings.runs = None;
    settings.shard = Shard::new(1, 3).unwrap();
    let refused = explore(settings, Strategy::dpor()).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("cannot be shared by 3 processes"),
        "{refused}"
    );
}

#[test]
fn shards_of_a_systematic_search_are_the_whole() {
    let mut toy = dining();
    toy.scripts.truncate(2);
    let folder = tempdir().unwrap();
    let explore = |shard: Shard, runs: Option<u64>, out: &str| {
        let mut settings = Settings::new("shared");
        settings.shard = shard;
        settings.runs = runs;
        settings.out = Some(folder.path().join(out));
        Explorer::new(settings)
            .strategy(Strategy::exhaustive())
            .explore(&mut |run: &mut Run| toy.run(run))
            .unwrap()
    };
    let whole = explore(Shard::WHOLE, None, "whole");
    for index in 0..3 {
        explore(Shard::new(index, 3).unwrap(), None, "shards");
    }
    let merged = Merged::read([folder.path().join("shards")]).unwrap();
    let (distinct, _) = whole.distinct();
    let text = merged.to_string();
    assert!(
        text.contains(&format!("about {distinct} different ones")),
        "{text}"
    );
    assert!(text.contains("  shard 2 of 3: "), "{text}");
    assert_eq!(merged.status(), 0, "{text}");
    explore(Shard::WHOLE, Some(3), "short");
    let short = Merged::read([folder.path().join("short")]).unwrap();
    assert_eq!(short.status(), 2, "{short}");
    assert!(
        short.to_string().contains(" left, which its line has"),
        "{short}"
    );
    assert!(
        short
            .to_string()
            .contains("ended early, at its limit of runs"),
        "{short}"
    );
}
