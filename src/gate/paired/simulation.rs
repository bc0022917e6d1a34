//! How often the paired test cries wolf, and how often it misses one: simulated pairs with a known
//! truth, on a machine whose speed wanders by 15 % from pair to pair and which gets 1 % slower with
//! every run; each run is off by 6 % more for reasons of its own.

use super::*;

const TRIALS: u32 = 4_000;

/// One trial's pairs, with b `slower` times as slow.
fn pairs(random: &mut fastrand::Rng, count: usize, slower: f64) -> Vec<(f64, f64)> {
    // Sum of uniforms: normal enough, and bounded.
    let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    let mut run = 0;
    (0..count)
        .map(|pair| {
            let hour = 0.15 * normal();
            let mut values = [0.0; 2];
            for side in order(pair) {
                let truth = match side {
                    Side::A => 1.0,
                    Side::B => slower,
                };
                let off = hour + 0.01 * f64::from(run) + 0.06 * normal();
                values[side as usize] = 100.0 * truth * off.exp();
                run += 1;
            }
            (values[0], values[1])
        })
        .collect()
}

/// Share of trials in which a metric ends so.
fn share(verdict: GateVerdict, slower: f64, metrics: usize, count: usize) -> f64 {
    let mut random = fastrand::Rng::with_seed(4711);
    let mut hits = 0;
    for _ in 0..TRIALS {
        let metrics: Vec<Pairs> = (0..metrics)
            .map(|_| Pairs {
                metric: "steady/p99".into(),
                name: "p99".into(),
                better: Better::Less,
                values: pairs(&mut random, count, slower),
            })
            .collect();
        let told = judge(&metrics, 0.1);
        hits += u32::from(told.iter().any(|one| one.verdict == verdict));
    }
    f64::from(hits) / f64::from(TRIALS)
}

#[test]
fn the_rates_that_the_handbook_tells() {
    let mut table = String::new();
    for (slower, metrics, what) in [
        (1.0, 1, "unchanged, 1 metric"),
        (1.0, 3, "unchanged, 3 metrics"),
        (1.1, 1, "as slow as allowed"),
        (1.3, 1, "30 % slower"),
        (1.5, 1, "50 % slower"),
    ] {
        let rates = [4, 6, 10].map(|count| {
            let share = share(GateVerdict::Fail, slower, metrics, count) * 100.0;
            format!("{share:5.1} %")
        });
        table += &format!("{what:20} {}\n", rates.join(" "));
    }
    println!("fails of             4 pairs 6 pairs 10\n{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn unchanged_code_hardly_ever_fails() {
    for count in [4, 6, 10] {
        let alarms = share(GateVerdict::Fail, 1.0, 1, count);
        assert!(alarms <= 0.005, "{count} pairs: {alarms}");
    }
    // Three metrics together are hardly more likely to.
    let alarms = share(GateVerdict::Fail, 1.0, 3, 4);
    assert!(alarms <= 0.01, "{alarms}");
}

#[test]
fn what_is_exactly_as_slow_as_allowed_fails_no_more_often_than_it_may() {
    let alarms = share(GateVerdict::Fail, 1.1, 1, 6);
    assert!(alarms <= 0.06, "{alarms}");
}

#[test]
fn half_as_slow_again_is_nearly_always_caught() {
    for (count, least) in [(4, 0.97), (6, 0.99)] {
        let caught = share(GateVerdict::Fail, 1.5, 1, count);
        assert!(caught >= least, "{count} pairs: {caught}");
    }
}
