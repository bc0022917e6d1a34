//! What runs for every request takes no memory, once its buffers have grown.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;

use loadtest::load::bench::{Checking, Recording};
use loadtest::scenario::extract::{Found, JsonPath, JsonPaths, Need};
use loadtest::scenario::surroundings::Nowhere;
use loadtest::scenario::template::{Context, Value};
use loadtest::scenario::{Body, Overrides, Scenario, parse};

/// The system's allocator, counting what each thread asks it for.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more, and nothing to count.
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often the second of two runs asks for memory: the first lets buffers grow.
fn asked(mut work: impl FnMut()) -> u64 {
    work();
    let before = ASKED.get();
    work();
    ASKED.get() - before
}

const BODY: &[u8] = br#"{"token":"t-1","items":[{"id":1,"tags":["a"]},{"id":22}],"total":3}"#;

fn shop() -> Scenario {
    let text = r#"
name = "shop"
[target]
base_url = "http://127.0.0.1"
[[load]]
journey = "shop"
users = [{ count = 1, for = "10s" }]
[[journey]]
name = "shop"
[[journey.step]]
name = "log in"
get = "/"
capture = { token = "$.token" }
[[journey.step]]
name = "order"
post = "/orders/${token}?n=${iteration()}"
headers = { Authorization = "Bearer ${token}" }
json = { token = "${token}", quantity = "${random(1, 3)}", trace = "${uuid()}" }
expect = { json = { "$.token" = "${token}", "$.total" = 3, "$.items" = "present", "$.error" = "absent", "$.items[-1].id" = { contains = "2" } } }
"#;
    match parse(
        text,
        Path::new("shop.toml"),
        &Overrides::default(),
        &Nowhere,
    ) {
        Ok(reading) => reading.scenario,
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    }
}

#[test]
fn looking_for_json_paths_takes_no_memory_and_a_tree_does() {
    let paths = [
        "$.token",
        "$.total",
        "$.items[*].id",
        "$.items[-1].id",
        "$.none",
    ];
    let wanted = |text: &&str| (JsonPath::parse(text).unwrap(), Need::Text);
    let set = JsonPaths::new(paths.iter().map(wanted).collect());
    let mut found = Found::default();
    assert_eq!(asked(|| set.look(BODY, &mut found).unwrap()), 0);
    assert!(found.texts(BODY, 2).eq(["1", "22"]));
    // The counter counts.
    assert!(asked(|| set.look_in_tree(BODY, &mut found).unwrap()) > 10);
}

#[test]
fn rendering_checking_and_recording_take_no_memory() {
    let scenario = shop();
    let step = &scenario.steps[1];
    let Body::Json(body) = &step.body else {
        panic!("the step has a JSON body");
    };
    let mut slots = [Value::Text("t-1".into())];
    let mut context = Context {
        slots: &mut slots,
        rows: &[],
        random: &mut fastrand::Rng::with_seed(1),
        iteration: 7,
        user: 3,
        run: 1,
    };

    let mut out = Vec::new();
    let rendering = asked(|| {
        out.clear();
        for template in [&step.url, &step.headers[0].1, body] {
            template.render(&mut context, &mut out).unwrap();
        }
    });
    assert_eq!(rendering, 0, "rendering");

    let mut checking = Checking::new(step);
    let checks = asked(|| assert!(checking.holds(step, BODY, &mut context)));
    assert_eq!(checks, 0, "checks");

    let mut recording = Recording::new(2);
    assert_eq!(
        asked(|| recording.request(1, 100, 150, 900)),
        0,
        "recording"
    );
}
