//! What the engine measures is what the server spent: compared request by request with the
//! server's own clock, so that a busy machine slows both sides alike.

use hdrhistogram::Histogram;
use loadtest::measure::interval::histogram;

use crate::bench::{arrivals, get, run, scenario};
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
    let truth = of(&server.state.took_us.lock().unwrap());
    assert_eq!((sum.ok, truth.len()), (200, 200));
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

/// 500 arrivals a second for 4 s, one stall of 1 s: response times from the intended start must
/// follow the closed form, whose p99 is 920 ms and whose maximum is 1 s. Needs a calm machine.
#[test]
#[ignore = "compares with a closed form on the wall clock: run it alone on a calm machine"]
fn a_stall_is_told_in_full() {
    let server = Server::start();
    let plan = scenario(vec![get("/ok")], arrivals(500.0, 4.0, 600));
    let begun = crate::bench::begin(plan, &server.url(), Default::default()).unwrap();
    let at = |micros: u64| {
        let until = begun.running.began() + micros;
        while begun.clock.now() < until {
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
    };
    at(1_000_000);
    server.stall();
    at(2_000_000);
    server.resume();
    let left = begun.wait();
    let sum = left.sum(0);
    assert_eq!((sum.ok, sum.failed), (2_000, 0));
    assert_eq!(left.outcome.totals.arrivals_dropped, 0);
    // A quarter of all arrivals meet the stall and wait for what is left of it.
    for (quantile, expected) in [
        (0.99, 960_000),
        (0.95, 800_000),
        (0.90, 600_000),
        (1.0, 1_000_000),
    ] {
        let measured = sum.response.value_at_quantile(quantile);
        assert!(
            off(measured, expected) <= 0.02,
            "{measured} µs at {quantile}"
        );
    }
    assert!(sum.response.value_at_quantile(0.5) < 5_000);
}
