//! Who starts what, and how often.

use std::time::Duration;

use loadtest::scenario::{Journey, Load, Shape, Spread, Think, UserSegment};

use crate::bench::{Manner, arrivals, begin, get, run, scenario};
use crate::server::Server;

#[test]
fn every_arrival_is_started_and_counted_in_some_second() {
    let server = Server::start();
    for workers in [1, 2] {
        let mut plan = scenario(vec![get("/ok")], arrivals(150.0, 2.0, 20));
        if let Shape::Arrivals { spread, .. } = &mut plan.loads[0].shape {
            *spread = Spread::Poisson;
        }
        let manner = Manner {
            workers,
            ..Manner::default()
        };
        let left = begin(plan, &server.url(), manner).unwrap().wait();
        let totals = left.outcome.totals;
        assert_eq!(totals.arrivals_started, totals.arrivals_scheduled);
        assert_eq!(totals.iterations_ended, totals.arrivals_scheduled);
        assert_eq!(left.sum(0).ok, totals.arrivals_scheduled);
        let sum = |count: fn(&loadtest::measure::interval::Interval) -> u64| -> u64 {
            left.intervals.iter().map(count).sum()
        };
        assert_eq!(
            sum(|interval| interval.scheduled),
            totals.arrivals_scheduled
        );
        assert_eq!(sum(|interval| interval.started), totals.arrivals_started);
        assert_eq!(
            sum(|interval| interval.start_lag_us.len()),
            totals.arrivals_started
        );
        let pulsed: u64 = left
            .pulses
            .iter()
            .flat_map(|pulse| &pulse.slices)
            .map(|slice| u64::from(slice.ok))
            .sum();
        assert_eq!(pulsed, totals.arrivals_scheduled);
        let seconds: Vec<u64> = left.intervals.iter().map(|i| i.second).collect();
        assert!(
            seconds.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{seconds:?}"
        );
        assert_eq!(left.health.len(), left.intervals.len());
    }
}

#[test]
fn waiting_arrivals_count_from_when_they_were_due() {
    let server = Server::start();
    // One user, five arrivals at once every 0.2 s, 60 ms each: the queue shows in the response.
    let plan = scenario(vec![get("/slow-body")], arrivals(25.0, 1.0, 1));
    let left = run(plan, &server.url());
    let sum = left.sum(0);
    let service = sum.service.value_at_quantile(0.5);
    assert_eq!(left.outcome.totals.arrivals_scheduled, 25);
    // Work comes in every 40 ms and takes 60: the wait grows by 20 ms with every arrival.
    let grown = sum.response.max() - service;
    assert!(
        grown >= 15 * (service - 40_000),
        "{grown} µs with {service} µs each"
    );
}

#[test]
fn closed_users_follow_their_ramp_and_pacing() {
    let server = Server::start();
    let shape = Shape::Users {
        segments: vec![UserSegment {
            from: 3,
            to: 3,
            over: Duration::from_secs(1),
        }],
        at_once: false,
    };
    let mut plan = scenario(vec![get("/ok")], shape);
    plan.journeys[0].pacing = Some(Duration::from_millis(250));
    let left = run(plan, &server.url());
    // At 0, 250, 500 and 750 ms, three users each.
    assert_eq!(left.outcome.totals.iterations_ended, 12);
    assert!((1..=3).contains(&left.outcome.max_users));
    assert_eq!(left.outcome.totals.arrivals_scheduled, 0);
}

/// A scenario whose requests tell what was drawn: three journeys by weight, one step each.
fn drawn(workers: usize) -> Vec<(String, usize)> {
    let server = Server::start();
    let mut plan = scenario(
        vec![get("/one"), get("/two"), get("/three")],
        arrivals(200.0, 1.0, 8),
    );
    let journey = |id: usize| Journey {
        name: id.to_string(),
        steps: id..id + 1,
        think: Think::None,
        pacing: None,
        on_failure: loadtest::scenario::OnFailure::Stop,
    };
    plan.journeys = (0..3).map(journey).collect();
    plan.loads = vec![Load {
        journeys: vec![(0, 5), (1, 3), (2, 2)],
        ..plan.loads[0].clone()
    }];
    let manner = Manner {
        workers,
        ..Manner::default()
    };
    begin(plan, &server.url(), manner).unwrap().wait();
    ["/one", "/two", "/three"]
        .map(|path| (path.to_owned(), server.seen_at(path).len()))
        .to_vec()
}

#[test]
fn a_seed_repeats_choices_whatever_the_workers() {
    let once = drawn(1);
    assert_eq!(once, drawn(1));
    assert_eq!(once, drawn(2));
    let [one, two, three] = [once[0].1, once[1].1, once[2].1];
    assert_eq!(one + two + three, 200);
    assert!(one > two && two > three, "{once:?}");
}
