//! The wallboard on the HTTP port: one page, and the events that it draws.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

use super::message::Shown;
use super::publisher::{Pictures, apart};

/// Boards at the same time: one in every room of a large house; each takes some kilobytes and a connection.
const BOARDS_MAX: usize = 500;
/// An eye follows no more, and what happens is seen well within a second.
const EVERY: Duration = Duration::from_millis(500);
/// Nothing but our own files, and no outside at all.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

const PAGE: (&str, &str) = ("text/html; charset=utf-8", include_str!("page/wall.html"));
const STYLE: (&str, &str) = ("text/css; charset=utf-8", include_str!("page/wall.css"));
const WORDS: (&str, &str) = (
    "text/javascript; charset=utf-8",
    include_str!("page/words.js"),
);
const SCRIPT: (&str, &str) = (
    "text/javascript; charset=utf-8",
    include_str!("page/wall.js"),
);

#[derive(Clone)]
struct Walls {
    pictures: Pictures,
    ready: watch::Receiver<bool>,
    boards: Arc<AtomicUsize>,
    /// The newest picture as it is sent, made once for all boards.
    written: Arc<Mutex<Option<Written>>>,
}

/// A picture as it is sent.
struct Written {
    of: Arc<Shown>,
    text: Bytes,
}

/// One of the boards, as long as it is held.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The routes of the wallboard: `/wall`, its files, `/wall/events`.
pub fn routes(pictures: Pictures, ready: watch::Receiver<bool>) -> Router {
    let walls = Walls {
        pictures,
        ready,
        boards: Arc::default(),
        written: Arc::default(),
    };
    Router::new()
        .route("/wall", get(async || file(PAGE)))
        .route("/wall/wall.css", get(async || file(STYLE)))
        .route("/wall/words.js", get(async || file(WORDS)))
        .route("/wall/wall.js", get(async || file(SCRIPT)))
        .route("/wall/events", get(events))
        .with_state(walls)
}

fn file((kind, text): (&'static str, &'static str)) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // After an upgrade the page must be that of the server.
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn events(State(walls): State<Walls>) -> Response {
    if !*walls.ready.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "starting\n").into_response();
    }
    let before = walls.boards.fetch_add(1, Ordering::Relaxed);
    let place = Place(walls.boards.clone());
    if before >= BOARDS_MAX {
        let sentence =
            format!("{BOARDS_MAX} boards look already; close one that nobody looks at\n");
        return (StatusCode::SERVICE_UNAVAILABLE, sentence).into_response();
    }
    // One picture on its way: a board that does not read gets the newest one when it does.
    let (out, parts) = mpsc::channel::<Result<Bytes, Infallible>>(1);
    tokio::spawn(async move {
        let _place = place;
        tell(&walls, apart(before), &out).await;
    });
    let mut response = Body::from_stream(ReceiverStream::new(parts)).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Tells pictures until nobody listens.
async fn tell(walls: &Walls, apart: Duration, out: &mpsc::Sender<Result<Bytes, Infallible>>) {
    let mut pictures = walls.pictures.watch();
    let first = walls.text(&walls.pictures.now().await);
    if out.send(Ok(first)).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            () = out.closed() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        tokio::select! {
            () = out.closed() => return,
            changed = pictures.changed() => if changed.is_err() {
                return;
            },
        }
        tokio::time::sleep(apart).await;
        let newest = pictures.borrow_and_update().clone();
        let text = walls.text(&newest);
        if out.send(Ok(text)).await.is_err() {
            return;
        }
    }
}

impl Walls {
    fn text(&self, newest: &Arc<Shown>) -> Bytes {
        // A text is put in whole, so a panic elsewhere cannot have spoiled it.
        let mut kept = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(kept) if Arc::ptr_eq(&kept.of, newest) => kept.text.clone(),
            Some(_) | None => {
                let text: Bytes = written(newest).into();
                *kept = Some(Written {
                    of: newest.clone(),
                    text: text.clone(),
                });
                text
            }
        }
    }
}

/// A picture as an event: without anything that names an agent.
fn written(shown: &Shown) -> String {
    let mut shown = shown.clone();
    for too_long in shown
        .queues
        .iter_mut()
        .flat_map(|queue| &mut queue.too_long)
    {
        too_long.agent.clear();
        too_long.reason.clear();
    }
    // Our own message: it has no map with keys that JSON could not write.
    let json = serde_json::to_string(&shown).unwrap_or_else(|_| "{}".to_owned());
    format!("data: {json}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1;

    #[test]
    fn no_agent_has_a_name_on_a_wall() {
        let too_long = v1::TooLongLive {
            agent: "anna".to_owned(),
            state: "paused".to_owned(),
            reason: "doctor".to_owned(),
            ..v1::TooLongLive::default()
        };
        // How many there are for a reason names nobody.
        let paused = v1::PausedTooLongLive {
            reason: "lunch".to_owned(),
            agents: 2,
            ..v1::PausedTooLongLive::default()
        };
        let queue = v1::QueueLive {
            too_long: vec![too_long],
            paused_too_long: vec![paused],
            ..v1::QueueLive::default()
        };
        let shown = Shown {
            queues: vec![queue],
            ..Shown::default()
        };
        let text = written(&shown);
        assert!(text.contains("lunch"), "{text}");
        assert!(text.contains("paused") && text.ends_with("\n\n"), "{text}");
        assert!(!text.contains("anna") && !text.contains("doctor"), "{text}");
        assert_eq!(text.lines().filter(|line| !line.is_empty()).count(), 1);
    }
}
