//! What one request costs on the way through the engine, part by part, each beside a naive way of
//! doing the same: what counts is the ratio, which is seen in one run.
//!
//! ```console
//! $ just micro            # all
//! $ just micro capture    # one part
//! ```

#[path = "common/shop.rs"]
mod shop;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hdrhistogram::Histogram;
use loadtest::load::bench::{Checking, Recording, Schedule};
use loadtest::scenario::extract::{Found, JsonPath, JsonPaths, Need};
use loadtest::scenario::template::Context;
use loadtest::scenario::{Body, Spread, Step, ValueRule};
use shop::{answer, captured, context, shop};

criterion_group!(
    benches,
    templates,
    capture,
    capture_of_all,
    checks,
    recording,
    pacing
);
criterion_main!(benches);

/// Path, header and body of an order.
fn templates(criterion: &mut Criterion) {
    let scenario = shop();
    let step = &scenario.steps[1];
    let Body::Json(body) = &step.body else {
        panic!("the step has a JSON body")
    };
    let all = [&step.url, &step.headers[0].1, body];
    let mut group = criterion.benchmark_group("templates");

    let (mut slots, mut random) = (captured(), fastrand::Rng::with_seed(1));
    let mut out = Vec::new();
    group.bench_function("compiled", |bencher| {
        bencher.iter(|| {
            let mut context = context(&mut slots, &mut random);
            out.clear();
            for template in all {
                template.render(&mut context, &mut out).unwrap();
            }
            black_box(out.len())
        });
    });

    let names: HashMap<&str, &str> = [
        ("token", "eyJhbGciOiJIUzI1NiJ9.c2hvcHBlcg.abcdef"),
        ("product", "8"),
    ]
    .into();
    group.bench_function("naive: replace names in texts", |bencher| {
        bencher.iter(|| {
            let mut length = 0;
            for template in all {
                let mut text = template.source().to_owned();
                for (name, value) in &names {
                    text = text.replace(&format!("${{{name}}}"), value);
                }
                let quantity = random.u32(1..=3).to_string();
                text = text.replace("${random(1, 3)}", &quantity);
                length += text.len();
            }
            black_box(length)
        });
    });
    group.finish();
}

fn set(paths: &[&str]) -> JsonPaths {
    let wanted = |text: &&str| (JsonPath::parse(text).unwrap(), Need::Text);
    JsonPaths::new(paths.iter().map(wanted).collect())
}

/// Both ways of looking for the paths, and owning what was found.
fn look_for(criterion: &mut Criterion, group: &str, paths: &[&str]) {
    let (body, paths_compiled) = (answer(), set(paths));
    let body = body.as_bytes();
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Bytes(body.len() as u64));
    let own = |found: &Found| -> Vec<String> {
        (0..paths.len())
            .filter_map(|path| found.texts(body, path).last().map(str::to_owned))
            .collect()
    };
    let mut found = Found::default();
    group.bench_function("streaming", |bencher| {
        bencher.iter(|| {
            paths_compiled.look(black_box(body), &mut found).unwrap();
            own(&found)
        });
    });
    group.bench_function("naive: a tree by serde_json", |bencher| {
        bencher.iter(|| {
            paths_compiled
                .look_in_tree(black_box(body), &mut found)
                .unwrap();
            own(&found)
        });
    });
    group.finish();
}

fn capture(criterion: &mut Criterion) {
    look_for(criterion, "capture", &["$.token", "$.items[1].id"]);
}

fn capture_of_all(criterion: &mut Criterion) {
    look_for(criterion, "capture of a whole list", &["$.items[*].id"]);
}

/// Four JSON expectations that hold.
fn checks(criterion: &mut Criterion) {
    let scenario = shop();
    let step = &scenario.steps[1];
    let body = answer();
    let body = body.as_bytes();
    let (mut slots, mut random) = (captured(), fastrand::Rng::with_seed(1));
    let mut context = context(&mut slots, &mut random);
    let mut group = criterion.benchmark_group("checks");
    let mut checking = Checking::new(step);
    group.bench_function("streaming", |bencher| {
        bencher.iter(|| assert!(checking.holds(step, black_box(body), &mut context)));
    });
    group.bench_function("naive: a tree by serde_json", |bencher| {
        bencher.iter(|| assert!(holds_in_tree(step, black_box(body), &mut context)));
    });
    group.finish();
}

fn holds_in_tree(step: &Step, body: &[u8], context: &mut Context<'_>) -> bool {
    let tree: serde_json::Value = serde_json::from_slice(body).unwrap();
    step.expect.json.iter().all(|(path, rule)| {
        let found = path.query(&tree);
        match rule {
            ValueRule::Present => found.iter().any(|value| !value.is_null()),
            ValueRule::Absent => found.iter().all(|value| value.is_null()),
            ValueRule::Equals(template) => {
                let mut wanted = Vec::new();
                template.render(context, &mut wanted).unwrap();
                let wanted = String::from_utf8(wanted).unwrap();
                found.iter().any(|value| match value {
                    serde_json::Value::String(text) => *text == wanted,
                    other => other.to_string() == wanted,
                })
            }
            ValueRule::Contains(_) | ValueRule::Matches(_) => false,
        }
    })
}

/// A thousand requests of five steps within one second.
fn recording(criterion: &mut Criterion) {
    type ByName = HashMap<(String, u16), [Histogram<u64>; 2]>;
    let mut group = criterion.benchmark_group("recording");
    group.throughput(Throughput::Elements(1));
    let service = |number: u64| 200 + number * 7_919 % 3_000;
    let mut number = 0;
    let mut recording = Recording::new(5);
    group.bench_function("a worker's own recorder", |bencher| {
        bencher.iter(|| {
            number += 1;
            let at = number % 1_000_000 + 5_000;
            let step = (number % 5) as usize;
            recording.request(step, at - service(number) - 100, at - service(number), at);
        });
    });

    let names = ["log in", "list", "look", "order", "read"];
    let shared: Mutex<ByName> = Mutex::default();
    group.bench_function("naive: histograms by name behind a lock", |bencher| {
        bencher.iter(|| {
            number += 1;
            let key = (names[(number % 5) as usize].to_owned(), 200);
            let mut shared = shared.lock().unwrap();
            let empty = || Histogram::new(3).unwrap();
            let [response, service_time] = shared.entry(key).or_insert_with(|| [empty(), empty()]);
            response.record(service(number) + 100).unwrap();
            service_time.record(service(number)).unwrap();
        });
    });
    group.finish();
}

/// Arrivals of a ramp from 1,000 to 50,000 a second.
fn pacing(criterion: &mut Criterion) {
    const FROM: f64 = 1_000.0;
    const TO: f64 = 50_000.0;
    const SECONDS: f64 = 600.0;
    let mut group = criterion.benchmark_group("pacing");
    group.throughput(Throughput::Elements(1));
    for (name, spread) in [("even", Spread::Even), ("Poisson", Spread::Poisson)] {
        let ramp = || Schedule::ramp(FROM, TO, Duration::from_secs_f64(SECONDS), spread);
        let mut schedule = ramp();
        group.bench_function(name, |bencher| {
            bencher.iter(|| match schedule.next() {
                Some(due) => due,
                None => {
                    schedule = ramp();
                    0
                }
            });
        });
    }

    let integral = |t: f64| FROM * t + (TO - FROM) / SECONDS * t * t / 2.0;
    let mut number = 0.0;
    group.bench_function(
        "naive: search for when the integral reaches a count",
        |bencher| {
            bencher.iter(|| {
                number = if number < 10_000_000.0 {
                    number + 1.0
                } else {
                    0.0
                };
                let (mut low, mut high) = (0.0, SECONDS);
                while high - low > 1e-7 {
                    let middle = (low + high) / 2.0;
                    if integral(middle) < number {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                black_box(low)
            });
        },
    );
    group.finish();
}
