//! What the engine measures is what the server spent: compared request by request with the
//! server's own clock, so that a busy machine slows both sides alike.

use std::time::Duration;

use hdrhistogram::Histogram;
use loadtest::measure::interval::histogram;

use crate::bench::{Manner, arrivals, begin, get, run, scenario};
use crate::server::Server;

fn off(measured: u64, truth: u64) -> f64 {
    (measured as f64 - truth as f64).abs() / truth as f64
}

fn of(values: &[u64]) -> Histogram<u64> {
    let mut all = histogram();
    for value in values {
        all.record(*value).unwrap();
    }
    all
}

/// How far p50, p99 and the maximum of the service time are from the server's at most, as a share.
fn disagreement() -> f64 {
    let server = Server::start();
    let plan = scenario(vec![get("/delay")], arrivals(50.0, 4.0, 60));
    let left = run(plan, &server.url());
    let sum = left.sum(0);
    assert_eq!(sum.ok, 200);
    let truth = of(&server.took_us(200));
    // The way there and back is part of what the client sees: it can never see less.
    assert!(sum.service.min() >= truth.min() - truth.min() / 500);
    // With users to spare, waiting adds nothing but the start lag.
    let lag = left.outcome.start_lag_us.max();
    assert!(sum.response.max() <= sum.service.max() + lag + sum.response.max() / 500);
    [0.5, 0.99, 1.0]
        .map(|quantile| {
            let measured = sum.service.value_at_quantile(quantile);
            off(measured, truth.value_at_quantile(quantile))
        })
        .into_iter()
        .fold(0.0, f64::max)
}

#[test]
fn service_times_agree_with_the_servers() {
    // A machine that is busy with something else can come between client and server, but not
    // every time.
    let best = (0..3).map(|_| disagreement()).find(|share| *share <= 0.02);
    assert!(best.is_some(), "never within 2 % in three runs");
}

/// 500 arrivals a second for 4 s, one stall of 1 s: whoever arrives during the stall waits for
/// what is left of it, so response times follow a closed form. Needs a calm machine.
#[test]
#[ignore = "compares with a closed form on the wall clock: run it alone on a calm machine"]
fn a_stall_is_told_in_full() {
    let server = Server::start();
    let plan = scenario(vec![get("/ok")], arrivals(500.0, 4.0, 600));
    let begun = begin(plan, &server.url(), Manner::default()).unwrap();
    let sleep_until = |second: u64| {
        let until = begun.running.began() + second * 1_000_000;
        while begun.clock.now() < until {
            std::thread::sleep(Duration::from_micros(200));
        }
        begun.clock.now()
    };
    let stalled = sleep_until(1);
    server.stall();
    let resumed = sleep_until(2);
    server.resume();
    let left = begun.wait();
    let sum = left.sum(0);
    assert_eq!((sum.ok, sum.failed), (2_000, 0));
    assert_eq!(left.outcome.totals.arrivals_dropped, 0);
    let stall = (resumed - stalled) as f64;
    for quantile in [0.9, 0.95, 0.99, 1.0] {
        // The share of arrivals that wait longer than x is stall/4 s · (1 − x/stall).
        let expected = stall - (1.0 - quantile) * 4_000_000.0;
        let measured = sum.response.value_at_quantile(quantile);
        assert!(
            off(measured, expected as u64) <= 0.02,
            "{measured} µs at {quantile}, expected {expected:.0}"
        );
    }
    assert!(sum.response.value_at_quantile(0.5) < 5_000);
}
