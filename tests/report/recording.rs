//! A recording gives back what was put into it, and aggregating it loses nothing.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use loadtest::measure::aggregate::{Cut, Plan, Series, aggregate};
use loadtest::measure::interval::{Interval, StepInterval, histogram};
use loadtest::measure::outcome::ErrorKind;
use loadtest::measure::quantile::Sparse;
use loadtest::measure::recording::{Reader, StepNames, Writer};
use loadtest::scenario::{PhaseSelector, Scope};
use proptest::prelude::*;

/// (succeeded, microseconds) of each request of each step of each second.
type Requests = Vec<[Vec<(bool, u64)>; 2]>;

fn requests() -> impl Strategy<Value = Requests> {
    let request = (
        any::<bool>(),
        prop_oneof![1_u64..50_000, 1_u64..600_000_000],
    );
    let step = || proptest::collection::vec(request.clone(), 0..12);
    let second = (step(), step()).prop_map(|(first, second)| [first, second]);
    proptest::collection::vec(second, 1..12)
}

/// What a histogram holds, whatever its capacity.
fn counts(histogram: &Histogram<u64>) -> Sparse {
    Sparse::from(histogram)
}

fn names() -> StepNames {
    StepNames::new(vec![
        ("buy, fast".into(), "log in".into()),
        ("buy, fast".into(), "50%/all".into()),
    ])
}

fn interval(second: usize, steps: &[Vec<(bool, u64)>; 2]) -> Interval {
    let mut start_lag_us = histogram();
    start_lag_us.record(100 + second as u64).expect("in range");
    let steps = steps
        .iter()
        .enumerate()
        .filter(|(_, requests)| !requests.is_empty());
    Interval {
        second: second as u64,
        steps: steps
            .map(|(step, requests)| step_interval(step, requests))
            .collect(),
        start_lag_us,
        scheduled: 7,
        started: 6,
        ended: 5,
        users: second as u64,
        responders: Vec::new(),
    }
}

fn step_interval(step: usize, requests: &[(bool, u64)]) -> StepInterval {
    let mut of = StepInterval {
        step,
        ok_response_us: histogram(),
        ok_service_us: histogram(),
        failed_response_us: histogram(),
        failed_service_us: histogram(),
        errors: BTreeMap::new(),
        statuses: BTreeMap::new(),
        bytes_sent: 3,
        bytes_received: 4,
    };
    for (ok, us) in requests {
        let service = us / 2 + 1;
        if *ok {
            of.ok_response_us.record(*us).expect("in range");
            of.ok_service_us.record(service).expect("in range");
            *of.statuses.entry(200).or_default() += 1;
        } else {
            of.failed_response_us.record(*us).expect("in range");
            of.failed_service_us.record(service).expect("in range");
            *of.errors.entry(ErrorKind::Timeout).or_default() += 1;
        }
    }
    of
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn seconds_come_back_as_they_were(requests in requests()) {
        let folder = tempfile::tempdir().expect("a folder");
        let written: Vec<Interval> =
            requests.iter().enumerate().map(|(second, steps)| interval(second, steps)).collect();
        let mut writer = Writer::create(folder.path(), names(), 1_700_000_000_000_000).expect("writable");
        for interval in &written {
            writer.append(interval).expect("writable");
        }
        writer.finish().expect("writable");
        let read: Vec<Interval> =
            Reader::open(folder.path(), names()).expect("there").collect::<Result<_, _>>().expect("sound");
        prop_assert_eq!(read.len(), written.len());
        for (read, written) in read.iter().zip(&written) {
            prop_assert_eq!((read.second, read.scheduled, read.started), (written.second, 7, 6));
            prop_assert_eq!(counts(&read.start_lag_us), counts(&written.start_lag_us));
            prop_assert_eq!(read.steps.len(), written.steps.len());
            for (read, written) in read.steps.iter().zip(&written.steps) {
                prop_assert_eq!(read.step, written.step);
                prop_assert_eq!(counts(&read.ok_response_us), counts(&written.ok_response_us));
                prop_assert_eq!(counts(&read.ok_service_us), counts(&written.ok_service_us));
                prop_assert_eq!(counts(&read.failed_response_us), counts(&written.failed_response_us));
                prop_assert_eq!(counts(&read.failed_service_us), counts(&written.failed_service_us));
                prop_assert_eq!(&read.errors, &written.errors);
                prop_assert_eq!(&read.statuses, &written.statuses);
            }
        }
    }

    #[test]
    fn merging_seconds_is_recording_everything_in_one(requests in requests()) {
        let intervals = requests.iter().enumerate().map(|(second, steps)| Ok::<_, ()>(interval(second, steps)));
        let cut = Cut { scope: Scope::Run, during: PhaseSelector::Whole, resample: Some(Series::Response) };
        let plan = Plan { journey_of: vec![0, 0], windows: Vec::new(), cuts: vec![cut.clone()] };
        let measured = aggregate(intervals, &plan).expect("no error");
        let mut all = histogram();
        for (_, us) in requests.iter().flatten().flatten() {
            all.record(*us).expect("in range");
        }
        let tally = measured.resampled(&cut).expect("asked");
        prop_assert_eq!(&tally.response, &all);
        prop_assert_eq!(tally.count, all.len());
        let failed = requests.iter().flatten().flatten().filter(|(ok, _)| !ok).count() as u64;
        prop_assert_eq!(tally.failed, failed);
        let resampled: u64 = tally.units.items().iter().map(Sparse::count).sum();
        prop_assert_eq!(resampled, all.len());
        let drawn: u64 = measured.timeline.items().iter().map(|bucket| bucket.response.count()).sum();
        prop_assert_eq!(drawn, all.len());
        let by_step: u64 = measured.steps.iter().map(|step| step.response.len()).sum();
        prop_assert_eq!(by_step, all.len());
    }
}

#[test]
fn files_that_disagree_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::create(folder.path(), names(), 0).expect("writable");
    writer
        .append(&interval(0, &[vec![(true, 5), (false, 9)], Vec::new()]))
        .expect("writable");
    writer.finish().expect("writable");
    let samples = folder.path().join("samples.csv");
    let text = std::fs::read_to_string(&samples).expect("written");
    std::fs::write(&samples, text.replace("log in,2,1", "log in,3,1")).expect("writable");
    let mut reader = Reader::open(folder.path(), names()).expect("there");
    let error = reader
        .next()
        .expect("one second")
        .expect_err("one request is missing");
    let error = format!("{:#}", anyhow::Error::from(error));
    assert!(
        error.ends_with("second 0 of `buy%2C%20fast/log%20in` disagrees with samples.csv"),
        "{error}"
    );
}
