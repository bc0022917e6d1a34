//! The server itself: HTTP, watches, and the world's moods.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::answers::{Answer, Asked, answer, status, whole};
use super::{Stop, TOKEN, World};

/// Controllers look around this often.
const TURN: Duration = Duration::from_millis(10);

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Serves on loopback until it is told to stop; its URL.
pub(super) fn start(world: Arc<World>, stopped: oneshot::Receiver<()>) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a listener");
            tokio::select! {
                () = accept(&listener, &world) => {}
                () = turns(&world) => {}
                _ = stopped => {}
            }
        });
    });
    url
}

async fn turns(world: &World) {
    loop {
        world.turn();
        tokio::time::sleep(TURN).await;
    }
}

async fn accept(listener: &TcpListener, world: &Arc<World>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let world = Arc::clone(world);
        tokio::spawn(async move {
            let service = service_fn(|request| respond(Arc::clone(&world), request));
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn respond(
    world: Arc<World>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    let header = |name: &str| {
        let value = parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let query = parts.uri.query().unwrap_or_default();
    let mut asked = Asked::new(parts.method.as_str(), parts.uri.path(), query);
    let content = header("content-type");
    asked.content = content.split(';').next().unwrap_or_default().to_owned();
    let bytes = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    asked.body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    world.inner().agents.insert(header("user-agent"));
    if header("authorization") != format!("Bearer {TOKEN}") {
        return Ok(whole_body(status(401, "Unauthorized", "Unauthorized")));
    }
    if asked.is_watch() {
        return Ok(watch(world, asked));
    }
    match decide(&world, &asked) {
        Decided::Answer(answer) => Ok(whole_body(answer)),
        Decided::Never => std::future::pending().await,
    }
}

enum Decided {
    Answer(Answer),
    Never,
}

/// Where moods and stops have their say.
fn decide(world: &World, asked: &Asked) -> Decided {
    let now = world.now_ms();
    let mut inner = world.inner();
    let changing = !asked.is_question() && !asked.is_dry();
    if inner.moods.expire_after == Some(0) {
        return Decided::Answer(status(401, "Unauthorized", "Unauthorized"));
    }
    if asked.path.ends_with("/selfsubjectaccessreviews") {
        return Decided::Answer(review(&inner.moods.denied, &asked.body));
    }
    if inner.moods.denied.contains(&asked.right()) {
        let message = format!("User \"tester\" cannot {}", asked.right());
        return Decided::Answer(status(403, "Forbidden", &message));
    }
    if asked.right().starts_with("list ") {
        let limit = asked
            .query
            .get("limit")
            .and_then(|limit| limit.parse().ok());
        inner.largest_page = inner.largest_page.max(limit.unwrap_or(usize::MAX));
    }
    let line = format!("{} {}", asked.method, asked.path);
    if inner
        .moods
        .fail
        .as_ref()
        .is_some_and(|part| line.contains(part))
    {
        return Decided::Answer(status(500, "InternalError", "told to fail"));
    }
    if !changing {
        return Decided::Answer(answer(&mut inner.store, asked, now));
    }
    let number = inner.calls.len();
    if inner.stop == Some(Stop::Answered(number)) || inner.stopped {
        inner.stopped = true;
        world.reached.notify_all();
        return Decided::Never;
    }
    inner.calls.push(line);
    if inner.moods.mute > 0 {
        inner.moods.mute -= 1;
        return Decided::Never;
    }
    if inner.moods.throttle > 0 {
        inner.moods.throttle -= 1;
        let (code, mut busy) = status(429, "TooManyRequests", "the server is busy");
        busy["details"] = json!({ "retryAfterSeconds": 1 });
        return Decided::Answer((code, busy));
    }
    let answered = answer(&mut inner.store, asked, now);
    if let Some(left) = &mut inner.moods.expire_after {
        *left -= 1;
    }
    let unanswered = inner.stop == Some(Stop::Unanswered(number));
    inner.stopped |= unanswered;
    drop(inner);
    world.changed.notify_waiters();
    if unanswered {
        world.reached.notify_all();
        return Decided::Never;
    }
    Decided::Answer(answered)
}

fn review(denied: &std::collections::BTreeSet<String>, body: &Value) -> Answer {
    let asked = &body["spec"]["resourceAttributes"];
    let part = |key: &str| asked[key].as_str().unwrap_or_default();
    let sub = match part("subresource") {
        "" => String::new(),
        sub => format!("/{sub}"),
    };
    let right = format!("{} {}{sub}", part("verb"), part("resource"));
    let mut answer = body.clone();
    answer["status"] = json!({ "allowed": !denied.contains(&right) });
    (201, answer)
}

fn whole_body((code, body): Answer) -> Response<Body> {
    Response::builder()
        .status(code)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_string())).boxed_unsync())
        .expect("a response")
}

/// A stream of changes from a version on.
fn watch(world: Arc<World>, asked: Asked) -> Response<Body> {
    {
        let inner = world.inner();
        if inner.moods.expire_after == Some(0) {
            return whole_body(status(401, "Unauthorized", "Unauthorized"));
        }
        if inner.moods.denied.contains(&asked.right()) {
            return whole_body(status(403, "Forbidden", "watching is forbidden"));
        }
    }
    let since = asked.query.get("resourceVersion");
    let mut seen: u64 = since.and_then(|version| version.parse().ok()).unwrap_or(0);
    let (tell, told) = mpsc::channel::<Bytes>(64);
    tokio::spawn(async move {
        loop {
            let changed = world.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let (lines, end) = news(&world, &asked, &mut seen);
            for line in lines {
                if tell.send(line).await.is_err() {
                    return;
                }
            }
            if end {
                return;
            }
            tokio::select! {
                () = changed => {}
                () = tell.closed() => return,
            }
        }
    });
    let lines = futures::stream::unfold(told, |mut told| async {
        let line = told.recv().await?;
        Some((Ok::<_, Infallible>(Frame::data(line)), told))
    });
    Response::builder()
        .header("content-type", "application/json")
        .body(StreamBody::new(lines).boxed_unsync())
        .expect("a response")
}

/// What is to be told of since then, and whether the watch ends with it.
fn news(world: &World, asked: &Asked, seen: &mut u64) -> (Vec<Bytes>, bool) {
    let inner = world.inner();
    let line = |event: Value| Bytes::from(format!("{event}\n"));
    if *seen + 1 < inner.store.compacted {
        let (_, gone) = status(410, "Expired", "too old resource version");
        return (vec![line(json!({ "type": "ERROR", "object": gone }))], true);
    }
    let new = inner
        .store
        .log
        .iter()
        .filter(|changed| changed.version > *seen);
    let told = new
        .filter(|changed| asked.selects(&changed.id.0, &changed.object))
        .map(|changed| {
            let object = whole(&changed.id.0, changed.object.clone());
            line(json!({ "type": changed.how, "object": object }))
        })
        .collect();
    *seen = (*seen).max(inner.store.version);
    (told, false)
}
