//! What was read last from each page, so that counters become increases. Pure.

use std::collections::HashMap;

use super::buckets::{self, Buckets};
use super::text::{Line, lines};
use super::track::{Cell, Track};
use crate::measure::clock::Micros;
use crate::scenario::{Across, MetricSource, MetricSpec, Selector};

/// One page as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'t> {
    /// Whose it is: `shop-1`. Who is started anew has another name, or counts from zero again.
    pub process: &'t str,
    /// What that is: `shop`.
    pub app: &'t str,
    /// When it was read, run time.
    pub at: Micros,
    /// What it says.
    pub text: &'t str,
}

/// All pages, look by look.
#[derive(Debug)]
pub struct Pages {
    metrics: Vec<MetricSpec>,
    /// In the order of the metrics.
    tracks: Vec<Track>,
    before: HashMap<String, Before>,
    looked: bool,
}

/// What a page said when it was read last.
#[derive(Debug)]
struct Before {
    at: Micros,
    counters: HashMap<String, f64>,
}

impl Pages {
    /// Nothing read yet.
    #[must_use]
    pub fn new(metrics: &[MetricSpec]) -> Self {
        Self {
            metrics: metrics.to_vec(),
            tracks: vec![Track::default(); metrics.len()],
            before: HashMap::new(),
            looked: false,
        }
    }

    /// Takes what all pages said at about the same time. What the first look finds counted was
    /// counted before the run.
    pub fn look(&mut self, at: Micros, pages: &[Page<'_>]) {
        let mut sums: Vec<Sum> = self.metrics.iter().map(|_| Sum::default()).collect();
        for page in pages {
            self.read(page, &mut sums);
        }
        for ((metric, track), sum) in self.metrics.iter().zip(&mut self.tracks).zip(sums) {
            if let Some(cell) = sum.cell(&metric.source) {
                track.looks.push((at, cell));
            }
        }
        self.looked = true;
    }

    /// The metrics over the run, in their order.
    #[must_use]
    pub fn into_tracks(self) -> Vec<Track> {
        self.tracks
    }

    fn read(&mut self, page: &Page<'_>, sums: &mut [Sum]) {
        let before = self.before.remove(page.process);
        let elapsed = before
            .as_ref()
            .map(|before| page.at.saturating_sub(before.at));
        let mut counters = HashMap::new();
        for line in lines(page.text) {
            let increase = || match &before {
                Some(before) => match before.counters.get(line.series) {
                    Some(last) if line.value >= *last => line.value - last,
                    // Counted from zero again, or counted for the first time.
                    _ => line.value,
                },
                // Who appears during the run was started in it.
                None if self.looked => line.value,
                None => 0.0,
            };
            let mut counts = false;
            for (metric, sum) in self.metrics.iter().zip(&mut *sums) {
                let other_app = metric.app.as_deref().is_some_and(|app| app != page.app);
                if !other_app {
                    counts |= sum.take(&metric.source, &line, increase, elapsed);
                }
            }
            if counts {
                counters.insert(line.series.to_owned(), line.value);
            }
        }
        let at = page.at;
        let now = Before { at, counters };
        self.before.insert(page.process.to_owned(), now);
    }
}

/// What the pages of one look tell of one metric.
#[derive(Debug, Default)]
struct Sum {
    gauges: Vec<f64>,
    seen: bool,
    by: f64,
    rate: f64,
    buckets: Buckets,
    observed: f64,
    whole: f64,
}

impl Sum {
    /// Adds a sample if it is the metric's; whether it counts, so that it must be remembered.
    fn take(
        &mut self,
        source: &MetricSource,
        line: &Line<'_>,
        increase: impl Fn() -> f64,
        elapsed: Option<Micros>,
    ) -> bool {
        match source {
            MetricSource::Gauge { of, .. } => {
                if selects(of, line, "") {
                    self.gauges.push(line.value);
                }
                return false;
            }
            MetricSource::Counter { of } if selects(of, line, "") => {
                let by = increase();
                self.by += by;
                // Whoever was started since then has counted for about a second.
                let elapsed = elapsed.filter(|elapsed| *elapsed > 0).unwrap_or(1_000_000);
                self.rate += by * 1e6 / elapsed as f64;
            }
            MetricSource::Histogram { of, .. } if selects(of, line, "_bucket") => {
                let bound = line.labels.iter().find(|(label, _)| *label == "le");
                let bound = bound.and_then(|(_, bound)| bound.parse::<f64>().ok());
                let Some(bound) = bound else { return false };
                buckets::add(&mut self.buckets, &[(bound, increase())]);
            }
            MetricSource::Histogram { of, .. } if selects(of, line, "_sum") => {
                self.observed += increase();
            }
            MetricSource::Share { part, whole } => {
                let (in_part, in_whole) = (selects(part, line, ""), selects(whole, line, ""));
                if !in_part && !in_whole {
                    return false;
                }
                self.by += if in_part { increase() } else { 0.0 };
                self.whole += if in_whole { increase() } else { 0.0 };
            }
            _ => return false,
        }
        self.seen = true;
        true
    }

    fn cell(self, source: &MetricSource) -> Option<Cell> {
        match source {
            MetricSource::Gauge { across, .. } => gauge(*across, &self.gauges).map(Cell::Gauge),
            _ if !self.seen => None,
            MetricSource::Counter { .. } => Some(Cell::Counted {
                by: self.by,
                rate: self.rate,
            }),
            MetricSource::Histogram { .. } => Some(Cell::Observed {
                buckets: self.buckets,
                sum: self.observed,
            }),
            MetricSource::Share { .. } => Some(Cell::Share {
                part: self.by,
                whole: self.whole,
            }),
        }
    }
}

fn gauge(across: Across, values: &[f64]) -> Option<f64> {
    let values = values.iter().copied().filter(|value| value.is_finite());
    match across {
        Across::Sum => values.reduce(|a, b| a + b),
        Across::Max => values.reduce(f64::max),
        Across::Min => values.reduce(f64::min),
        Across::Mean => {
            let (sum, count) =
                values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
            (count > 0.0).then(|| sum / count)
        }
    }
}

fn selects(selector: &Selector, line: &Line<'_>, ending: &str) -> bool {
    line.name.strip_suffix(ending) == Some(&selector.name)
        && selector.labels.iter().all(|(label, value)| {
            let found = line.labels.iter().find(|(name, _)| name == label);
            found.is_some_and(|(_, found)| found == value)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Statistic;

    fn selector(name: &str) -> Selector {
        Selector {
            name: name.into(),
            labels: Vec::new(),
        }
    }

    fn metric(source: MetricSource) -> MetricSpec {
        MetricSpec {
            name: "it".into(),
            source,
            app: None,
        }
    }

    fn page<'t>(process: &'t str, seconds: u64, text: &'t str) -> Page<'t> {
        Page {
            process,
            app: "shop",
            at: seconds * 1_000_000,
            text,
        }
    }

    fn counted(looks: &[(u64, &[(&str, &str)])]) -> Vec<Cell> {
        let of = selector("orders_total");
        let mut pages = Pages::new(&[metric(MetricSource::Counter { of })]);
        for (at, read) in looks {
            let read: Vec<_> = read
                .iter()
                .map(|(who, text)| page(who, *at, text))
                .collect();
            pages.look(at * 1_000_000, &read);
        }
        let track = pages.into_tracks().remove(0);
        track.looks.into_iter().map(|(_, cell)| cell).collect()
    }

    fn by(by: f64, rate: f64) -> Cell {
        Cell::Counted { by, rate }
    }

    #[test]
    fn counters_tell_what_was_counted_since_the_look_before() {
        let cells = counted(&[
            (0, &[("shop-1", "orders_total 100")]),
            (2, &[("shop-1", "orders_total 110")]),
        ]);
        assert_eq!(cells, [by(0.0, 0.0), by(10.0, 5.0)]);
    }

    #[test]
    fn who_is_started_anew_counts_from_zero_under_any_name() {
        let cells = counted(&[
            (0, &[("shop-1", "orders_total 100")]),
            (
                1,
                &[("shop-1", "orders_total 3"), ("shop-2", "orders_total 4")],
            ),
            (2, &[("shop-2", "orders_total 5")]),
        ]);
        assert_eq!(cells, [by(0.0, 0.0), by(7.0, 7.0), by(1.0, 1.0)]);
    }

    #[test]
    fn a_page_that_did_not_answer_is_not_faster_afterwards() {
        let cells = counted(&[
            (0, &[("shop-1", "orders_total 0")]),
            (1, &[]),
            (5, &[("shop-1", "orders_total 50")]),
        ]);
        assert_eq!(cells, [by(0.0, 0.0), by(50.0, 10.0)]);
    }

    #[test]
    fn gauges_of_many_pods_come_to_what_was_asked_for() {
        let text = "jobs{state=\"waiting\"} 2\njobs{state=\"dead\"} 90\n";
        let other = "jobs{state=\"waiting\"} 6\n";
        for (across, wanted) in [
            (Across::Sum, 8.0),
            (Across::Max, 6.0),
            (Across::Min, 2.0),
            (Across::Mean, 4.0),
        ] {
            let of = Selector {
                name: "jobs".into(),
                labels: vec![("state".into(), "waiting".into())],
            };
            let mut pages = Pages::new(&[metric(MetricSource::Gauge { of, across })]);
            pages.look(0, &[page("a", 0, text), page("b", 0, other)]);
            assert_eq!(pages.into_tracks()[0].looks, [(0, Cell::Gauge(wanted))]);
        }
    }

    #[test]
    fn histograms_of_all_pods_are_one() {
        let source = MetricSource::Histogram {
            of: selector("took_seconds"),
            quantile: 0.95,
        };
        let text = |fast: u32, all: u32| {
            format!(
                "took_seconds_bucket{{le=\"0.1\"}} {fast}\ntook_seconds_bucket{{le=\"+Inf\"}} {all}\n\
                 took_seconds_sum {all}\ntook_seconds_count {all}\n"
            )
        };
        let mut pages = Pages::new(&[metric(source)]);
        pages.look(0, &[page("a", 0, &text(7, 9)), page("b", 0, &text(0, 0))]);
        pages.look(1, &[page("a", 1, &text(9, 11)), page("b", 1, &text(1, 2))]);
        let track = pages.into_tracks().remove(0);
        let during = crate::scenario::PhaseSelector::Whole;
        let total = track.statistic(Statistic::Total, &during, &[]);
        assert_eq!(total, Some(super::super::Found::Value(4.0)));
        let Cell::Observed { buckets, .. } = &track.looks[1].1 else {
            panic!("a histogram: {:?}", track.looks)
        };
        assert_eq!(buckets, &[(0.1, 3.0), (f64::INFINITY, 4.0)]);
    }

    #[test]
    fn what_other_apps_say_does_not_count() {
        let spec = MetricSpec {
            app: Some("edge".into()),
            ..metric(MetricSource::Counter {
                of: selector("orders_total"),
            })
        };
        let mut pages = Pages::new(&[spec]);
        pages.look(0, &[page("shop-1", 0, "orders_total 1")]);
        assert!(pages.into_tracks()[0].looks.is_empty());
    }
}
