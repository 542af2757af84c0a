//! Known data, synthetic data, and data that hardly is any.

use super::*;

fn peer(name: &str, samples: &[f64]) -> PeerResult {
    PeerResult {
        peer: name.to_owned(),
        samples: samples.iter().copied().map(Some).collect(),
        histogram: Vec::new(),
        trouble: None,
    }
}

fn to_ones(samples: &[f64]) -> Estimate {
    let ones = vec![1.0; samples.len()];
    ratio(&peer("a", samples), &peer("b", &ones)).expect("there are rounds")
}

/// Normal by the sum of twelve uniform numbers: near enough, and without a crate.
fn noisy(random: &mut Rng, mean: f64, deviation: f64) -> f64 {
    let sum: f64 = (0..12).map(|_| random.f64()).sum();
    mean + deviation * (sum - 6.0)
}

#[test]
fn medians_are_in_the_middle() {
    assert_eq!(median(&mut []), None);
    assert_eq!(median(&mut [3.0]), Some(3.0));
    assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
    assert_eq!(median(&mut [f64::INFINITY; 2]), Some(f64::INFINITY));
    assert_eq!(median(&mut [f64::MAX; 2]), Some(f64::MAX));
}

#[test]
fn ratios_pair_the_rounds() {
    // The machine becomes four times as slow, for both: each round says a half.
    let of = peer("a", &[1.0, 2.0, 4.0, 8.0, 16.0]);
    let to = peer("b", &[2.0, 4.0, 8.0, 16.0, 32.0]);
    let estimate = ratio(&of, &to).expect("there are rounds");
    let certain = Estimate {
        median: 0.5,
        low: 0.5,
        high: 0.5,
        rounds: 5,
    };
    assert_eq!(estimate, certain);
    // A round that one of them lacks does not count, and does not shift the others.
    let mut holey = to.clone();
    holey.samples[1] = None;
    let estimate = ratio(&of, &holey).expect("there are rounds");
    assert_eq!(
        estimate,
        Estimate {
            rounds: 4,
            ..certain
        }
    );
}

#[test]
fn no_round_gives_no_ratio() {
    assert_eq!(ratio(&peer("a", &[]), &peer("b", &[])), None);
    let mut none = peer("b", &[1.0]);
    none.samples[0] = None;
    assert_eq!(ratio(&peer("a", &[1.0]), &none), None);
    assert_eq!(change(&none, &peer("a", &[1.0])), None);
    assert_eq!(peer_median(&none), None);
}

#[test]
fn nothing_by_nothing_is_the_same() {
    let zeros = peer("b", &[0.0; 5]);
    let both = ratio(&peer("a", &[0.0; 5]), &zeros).expect("there are rounds");
    assert_eq!((both.low, both.median, both.high), (1.0, 1.0, 1.0));
    assert_eq!(both.verdict(Unit::Count), Verdict::Same);
    let more = ratio(&peer("a", &[2.0; 5]), &zeros).expect("there are rounds");
    assert_eq!(more.median, f64::INFINITY);
    assert_eq!(more.verdict(Unit::Count), Verdict::Worse);
    let less = ratio(&zeros, &peer("a", &[2.0; 5])).expect("there are rounds");
    assert_eq!(less.verdict(Unit::Count), Verdict::Better);
    // What cannot be told as a ratio is left out, and nothing is ever NaN.
    let odd = [0.0, -1.0, f64::INFINITY, f64::NAN, 2.0];
    for of in odd {
        for to in odd {
            let estimate = ratio(&peer("a", &[of, 1.0]), &peer("b", &[to, 0.0]));
            let estimate = estimate.expect("the second round has one");
            assert!(!(estimate.low.is_nan() || estimate.median.is_nan()));
            assert!(!estimate.high.is_nan());
        }
    }
}

#[test]
fn verdicts_need_rounds_and_an_interval() {
    assert_eq!(
        to_ones(&[0.5; 4]).verdict(Unit::Nanoseconds),
        Verdict::Undecided
    );
    assert_eq!(
        to_ones(&[0.5; 5]).verdict(Unit::Nanoseconds),
        Verdict::Better
    );
    assert_eq!(to_ones(&[0.5; 5]).verdict(Unit::PerSecond), Verdict::Worse);
    assert_eq!(to_ones(&[2.0; 5]).verdict(Unit::Bytes), Verdict::Worse);
    assert_eq!(to_ones(&[2.0; 5]).verdict(Unit::Percent), Verdict::Better);
    assert_eq!(
        to_ones(&[0.97; 5]).verdict(Unit::Nanoseconds),
        Verdict::Same
    );
    let spread = [0.5, 0.8, 1.0, 1.3, 1.6];
    assert_eq!(
        to_ones(&spread).verdict(Unit::Nanoseconds),
        Verdict::Undecided
    );
}

#[test]
fn intervals_are_the_same_each_time_and_hold_the_median() {
    let samples = [1.0, 1.2, 0.9, 1.1, 1.05, 0.97, 1.3];
    let estimate = to_ones(&samples);
    assert_eq!(estimate, to_ones(&samples));
    assert_eq!(estimate.median, 1.05);
    assert!(estimate.low < 1.05 && 1.05 < estimate.high);
    assert!(0.9 <= estimate.low && estimate.high <= 1.3);
}

#[test]
fn intervals_hold_the_truth_about_as_often_as_they_say() {
    let mut random = Rng::with_seed(7);
    let mut held = 0;
    for _ in 0..200 {
        let samples: Vec<f64> = (0..15).map(|_| noisy(&mut random, 0.8, 0.05)).collect();
        let estimate = to_ones(&samples);
        held += u32::from(estimate.low <= 0.8 && 0.8 <= estimate.high);
    }
    // 95 % of 200 are 190, give or take three a deviation.
    assert!((180..=199).contains(&held), "{held} of 200");
}

#[test]
fn a_change_is_of_two_runs() {
    let mut random = Rng::with_seed(8);
    let mut run = |mean| -> Vec<f64> { (0..15).map(|_| noisy(&mut random, mean, 0.02)).collect() };
    let (old, slower, again) = (run(1.0), run(1.2), run(1.0));
    let old = peer("a", &old);
    let changed = change(&old, &peer("a", &slower)).expect("there are rounds");
    assert!(changed.low > 1.1 && changed.high < 1.3, "{changed:?}");
    let same = change(&old, &peer("a", &again)).expect("there are rounds");
    assert!(same.low <= 1.0 && 1.0 <= same.high, "{same:?}");
    // Against a reference that became slower too, nothing changed.
    let (before, after) = (peer("b", &[1.0; 15]), peer("b", &[1.2; 15]));
    let slower = peer("a", &slower);
    let relative = change_of_ratio((&old, &before), (&slower, &after));
    let relative = relative.expect("there are rounds");
    assert!(
        relative.low <= 1.01 && 0.99 <= relative.high,
        "{relative:?}"
    );
}

#[test]
fn tokio_is_the_reference_and_leno_the_subject() {
    let row = |peers: &[&str]| Row {
        group: String::new(),
        workload: String::new(),
        workers: 1,
        quantity: String::new(),
        unit: Unit::Count,
        floor: None,
        results: peers.iter().map(|name| peer(name, &[1.0])).collect(),
    };
    let roles = |peers: &[&str]| {
        let row = row(peers);
        let name = |result: Option<&PeerResult>| result.map(|result| result.peer.clone());
        (name(reference(&row)), name(subject(&row)))
    };
    let expect =
        |reference: &str, subject: &str| (Some(reference.to_owned()), Some(subject.to_owned()));
    assert_eq!(roles(&["leno", "tokio", "smol"]), expect("tokio", "leno"));
    assert_eq!(roles(&["smol", "tokio"]), expect("tokio", "smol"));
    assert_eq!(roles(&["leno", "tokio", "own"]), expect("tokio", "own"));
    assert_eq!(roles(&["own", "leno"]), expect("own", "leno"));
    assert_eq!(roles(&["bare", "tokio", "leno"]), expect("tokio", "leno"));
    assert_eq!(roles(&["smol", "leno"]), expect("smol", "leno"));
    assert_eq!(roles(&["leno", "smol"]), expect("leno", "smol"));
    assert_eq!(roles(&["leno"]), (Some("leno".to_owned()), None));
    assert_eq!(roles(&[]), (None, None));
}
