//! The edge's cache: each of its rules, over real sockets.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::origin::{Origin, said};
use crate::stack::eventually;

const HOUR: (&str, &str) = ("cache-control", "public, max-age=3600");

fn answer(cache: &str, number: usize) -> (String, String) {
    (cache.into(), format!("answer {number}"))
}

async fn purge(origin: &Origin, prefix: &str) -> Value {
    let edge = &origin.edge;
    let purge = edge.client.post(edge.admin("/purge"));
    let answer = purge.json(&json!({ "prefix": prefix })).send().await;
    answer.unwrap().json().await.unwrap()
}

async fn metrics(origin: &Origin) -> String {
    let edge = &origin.edge;
    let page = edge.client.get(edge.admin("/metrics")).send().await;
    page.unwrap().text().await.unwrap()
}

/// Asks for `/kept/a` so many times at once.
fn ask_at_once(origin: &Arc<Origin>, times: usize) -> JoinSet<(String, String)> {
    let ask = |origin: Arc<Origin>| async move { origin.get("/kept/a").await };
    (0..times).map(|_| ask(Arc::clone(origin))).collect()
}

/// One is at the target, the others wait for its answer.
async fn all_but_one_wait(origin: &Origin, all: usize) {
    let waiting = format!("edge_cache_collapsed_requests_total {}", all - 1);
    eventually("all but one wait", async || {
        metrics(origin).await.contains(&waiting).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_fetched_once_and_says_how_old_it_is() {
    let origin = Origin::start(&[HOUR, ("x-request-id", "first")]).await;
    let first = origin.answer("/kept/a?b=c", &[]).await;
    assert_eq!(said(&first, "x-cache"), "miss");
    assert_eq!(said(&first, "x-pod"), "origin");
    assert_eq!(first.text().await.unwrap(), "answer 1");

    let again = origin.answer("/kept/a?b=c", &[]).await;
    assert_eq!(said(&again, "x-cache"), "hit");
    said(&again, "age").parse::<u64>().expect("seconds");
    assert_eq!(said(&again, "x-pod"), "", "nobody answered this request");
    assert_eq!(
        said(&again, "x-request-id").len(),
        32,
        "and it has its own id"
    );
    assert_eq!(again.text().await.unwrap(), "answer 1");
    assert_eq!(origin.get("/kept/a?b=d").await, answer("miss", 2));
    assert_eq!(origin.get("/").await, answer("miss", 3));
    assert_eq!(origin.get("/").await, answer("hit", 3));
    let page = metrics(&origin).await;
    for line in [
        "edge_cache_requests_total{result=\"hit\"} 2",
        "edge_cache_requests_total{result=\"miss\"} 3",
        "edge_cache_lookups_total 5",
        "edge_cache_hits_total 2",
        "edge_cache_answered_bytes_total 16",
        "edge_cache_fetches_total 3",
    ] {
        assert!(page.contains(line), "{line} is missing in\n{page}");
    }
    let stored = page
        .lines()
        .find(|l| l.starts_with("edge_cache_stored_bytes"));
    let stored: u64 = stored.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!((3 * 8..1 << 20).contains(&stored), "{stored}");
}

#[tokio::test]
async fn what_is_somebodys_own_goes_past_the_cache() {
    let origin = Origin::start(&[HOUR]).await;
    origin.get("/kept/a").await;
    for own in [
        ("authorization", "Bearer x"),
        ("x-prefer-zone", "a"),
        ("range", "bytes=0-1"),
    ] {
        let before = origin.requests();
        let (cache, body) = origin.get_with("/kept/a", &[own]).await;
        assert_eq!((cache, body), answer("bypass", before + 1), "{own:?}");
    }
    let before = origin.requests();
    assert_eq!(origin.get("/elsewhere").await, answer("bypass", before + 1));
    let edge = &origin.edge;
    let post = edge.client.post(edge.running.url("/kept/a")).body("x");
    assert_eq!(said(&post.send().await.unwrap(), "x-cache"), "bypass");
    assert_eq!(origin.get("/kept/a").await, answer("hit", 1));
}

#[tokio::test]
async fn an_answer_that_may_not_be_kept_is_not() {
    let origin = Origin::start(&[]).await;
    for (number, headers) in [
        vec![],
        vec![("cache-control", "private, max-age=60")],
        vec![("cache-control", "no-store")],
        vec![HOUR, ("set-cookie", "a=b")],
        vec![HOUR, ("vary", "*")],
    ]
    .into_iter()
    .enumerate()
    {
        origin.say(&headers);
        let path = format!("/kept/{number}");
        assert_eq!(origin.get(&path).await, answer("miss", 2 * number + 1));
        assert_eq!(origin.get(&path).await, answer("miss", 2 * number + 2));
    }
    origin.say(&[HOUR]);
    origin.fail(404);
    let before = origin.requests();
    assert_eq!(origin.get("/kept/lost").await, answer("miss", before + 1));
    assert_eq!(origin.get("/kept/lost").await, answer("miss", before + 2));
}

#[tokio::test]
async fn a_cookie_neither_reaches_the_target_nor_divides_the_cache() {
    let origin = Origin::start(&[HOUR]).await;
    let mine = [("cookie", "me=1"), ("if-none-match", "\"x\"")];
    assert_eq!(origin.get_with("/kept/a", &mine).await, answer("miss", 1));
    let asked = origin.knobs.asked.lock().unwrap().clone();
    assert!(!asked.contains_key("cookie") && !asked.contains_key("if-none-match"));
    assert_eq!(asked["x-forwarded-for"], "127.0.0.1");
    assert_eq!(origin.get("/kept/a").await, answer("hit", 1));
}

#[tokio::test]
async fn answers_that_differ_by_a_header_are_kept_apart() {
    let origin = Origin::start(&[HOUR, ("vary", "accept-encoding, accept-language")]).await;
    let ask = async |encoding, language| {
        let headers = [("accept-encoding", encoding), ("accept-language", language)];
        origin.get_with("/kept/a", &headers).await
    };
    assert_eq!(ask("br", "de").await, answer("miss", 1));
    assert_eq!(ask("gzip", "de").await, answer("miss", 2));
    assert_eq!(ask("br", "en").await, answer("miss", 3));
    assert_eq!(ask("br, zstd", "de").await, answer("hit", 1));
    assert_eq!(ask("gzip;q=0.5", "de").await, answer("hit", 2));
    assert_eq!(purge(&origin, "/kept/").await["answers"], 3);
}

#[tokio::test]
async fn whoever_has_the_answer_is_told_so_and_gets_no_body() {
    let origin = Origin::start(&[HOUR, ("etag", "\"v1\"")]).await;
    origin.get("/kept/a").await;
    let known = origin
        .answer("/kept/a", &[("if-none-match", "W/\"v1\"")])
        .await;
    assert_eq!(
        (known.status().as_u16(), &*said(&known, "etag")),
        (304, "\"v1\"")
    );
    assert_eq!(known.text().await.unwrap(), "");
    let other = [("if-none-match", "\"v0\"")];
    assert_eq!(origin.get_with("/kept/a", &other).await, answer("hit", 1));
}

#[tokio::test]
async fn an_old_answer_is_given_out_while_one_new_one_is_fetched() {
    let stale = ("cache-control", "max-age=0, stale-while-revalidate=3600");
    let origin = Origin::start(&[stale]).await;
    assert_eq!(origin.get("/kept/a").await, answer("miss", 1));
    origin.hold();
    for _ in 0..5 {
        assert_eq!(
            origin.get("/kept/a").await,
            answer("stale", 1),
            "nobody waits"
        );
    }
    eventually("the new one is asked for", async || {
        (origin.requests() == 2).then_some(())
    })
    .await;
    origin.say(&[HOUR]);
    origin.knobs.permits.add_permits(1);
    eventually("the new one is there", async || {
        (origin.get("/kept/a").await == answer("hit", 2)).then_some(())
    })
    .await;
    assert_eq!(origin.requests(), 2, "one was fetched for all of them");
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_the_old_answer() {
    let stale = ("cache-control", "max-age=0, stale-while-revalidate=3600");
    let origin = Origin::start(&[stale]).await;
    origin.get("/kept/a").await;
    origin.fail(503);
    for failed in 2..5 {
        eventually("another refresh was tried", async || {
            assert_eq!(origin.get("/kept/a").await, answer("stale", 1));
            (origin.requests() >= failed).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn an_old_answer_is_better_than_an_error_but_not_for_ever() {
    let origin = Origin::start(&[("cache-control", "max-age=0, stale-if-error=3600")]).await;
    assert_eq!(origin.get("/kept/a").await, answer("miss", 1));
    assert_eq!(
        origin.get("/kept/a").await,
        answer("miss", 2),
        "no error, no old answer"
    );
    for status in [500, 502, 503, 504] {
        origin.fail(status);
        assert_eq!(origin.get("/kept/a").await, answer("stale", 2), "{status}");
    }
    // No target at all.
    origin.edge.set_targets(&[]).await;
    assert_eq!(origin.get("/kept/a").await, answer("stale", 2));
    let unknown = origin.answer("/kept/b", &[]).await;
    assert_eq!(
        (unknown.status().as_u16(), &*said(&unknown, "x-cache")),
        (503, "miss")
    );
}

#[tokio::test]
async fn a_mistake_of_the_client_is_no_error_of_the_target() {
    let origin = Origin::start(&[("cache-control", "max-age=0, stale-if-error=3600")]).await;
    origin.get("/kept/a").await;
    origin.fail(422);
    assert_eq!(origin.answer("/kept/a", &[]).await.status(), 422);
}

#[tokio::test]
async fn whoever_asks_for_the_same_waits_for_one_fetch() {
    let origin = Arc::new(Origin::start(&[HOUR]).await);
    origin.hold();
    let asking = ask_at_once(&origin, 20);
    all_but_one_wait(&origin, 20).await;
    origin.knobs.permits.add_permits(1);
    let answers = asking.join_all().await;
    assert_eq!(origin.requests(), 1);
    assert!(
        answers.iter().all(|(_, body)| body == "answer 1"),
        "{answers:?}"
    );
    let misses = answers.iter().filter(|(cache, _)| cache == "miss").count();
    assert_eq!(misses, 1, "{answers:?}");
}

#[tokio::test]
async fn whoever_waited_for_somebodys_own_answer_asks_again() {
    let origin = Arc::new(Origin::start(&[("cache-control", "private")]).await);
    origin.hold();
    let asking = ask_at_once(&origin, 3);
    all_but_one_wait(&origin, 3).await;
    origin.knobs.permits.add_permits(3);
    let answers = asking.join_all().await;
    let mut bodies: Vec<_> = answers.into_iter().map(|(_, body)| body).collect();
    bodies.sort();
    assert_eq!(bodies, ["answer 1", "answer 2", "answer 3"]);
}

#[tokio::test]
async fn a_purge_forgets_what_begins_so_also_what_is_on_its_way() {
    let origin = Origin::start(&[HOUR]).await;
    for path in ["/kept/a/1", "/kept/a/2", "/kept/b", "/"] {
        origin.get(path).await;
    }
    assert_eq!(purge(&origin, "/kept/a").await["answers"], 2);
    assert_eq!(origin.get("/kept/b").await, answer("hit", 3));
    assert_eq!(origin.get("/kept/a/1").await, answer("miss", 5));

    origin.hold();
    let (old, ()) = tokio::join!(origin.get("/kept/c"), async {
        eventually("it was asked for", async || {
            (origin.requests() == 6).then_some(())
        })
        .await;
        purge(&origin, "/kept/c").await;
        origin.knobs.permits.add_permits(2);
    });
    assert_eq!(old, answer("miss", 6));
    assert_eq!(
        origin.get("/kept/c").await,
        answer("miss", 7),
        "it is from before the purge"
    );
    assert_eq!(purge(&origin, "/").await["answers"], 4);
    let error = purge(&origin, "kept").await["error"].to_string();
    assert!(error.contains("starts with /"), "{error}");
}

#[tokio::test]
async fn an_edge_without_a_cache_keeps_nothing_and_says_so() {
    let a = crate::backend::Backend::start("a").await;
    let edge = crate::edge::Edge::start(vec![a.target()], |_| {}).await;
    let answer = edge.get("/").await;
    assert!(!answer.headers().contains_key("x-cache"));
    let purge = edge
        .client
        .post(edge.admin("/purge"))
        .json(&json!({ "prefix": "/" }));
    assert_eq!(purge.send().await.unwrap().status(), 409);
}
