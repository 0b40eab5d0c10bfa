//! The HTTP door: `/metrics`, `/healthz`, and a page that says what is where.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::accept;
use super::board::Board;
use crate::clock::Clock;
use crate::model::{AgentsNow, Timestamp};

/// Without a scrape a sample takes 16 bytes until the next upkeep; a second of them is no burden.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

const INDEX: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>dozvon</title>\n\
    <h1>dozvon</h1>\n\
    <ul>\n\
    <li><a href=\"/wall\">/wall</a>: the board, for the floor\n\
    <li><a href=\"/metrics\">/metrics</a>: the figures, for Prometheus\n\
    <li><a href=\"/healthz\">/healthz</a>: whether the service is ready\n\
    </ul>\n";

/// Tells the agents at a moment of our clock.
pub(crate) type AskAgents = Arc<dyn Fn(Timestamp) -> AgentsNow + Send + Sync>;

#[derive(Clone)]
struct Shown {
    board: Board,
    agents: AskAgents,
    ready: watch::Receiver<bool>,
    clock: Clock,
}

/// Serves until `shutdown` and folds process samples meanwhile; before `ready` there are no figures to show. `others` are
/// the routes of others on the same port.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    board: Board,
    agents: AskAgents,
    ready: watch::Receiver<bool>,
    clock: Clock,
    others: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let process = board.process().clone();
    let shown = Shown {
        board,
        agents,
        ready,
        clock,
    };
    let router = Router::new()
        .route("/", get(async || Html(INDEX)))
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .with_state(shown)
        .merge(others);
    let upkeep = async move {
        let mut ticks = interval(UPKEEP_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            process.upkeep();
        }
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(shutdown);
    tokio::select! {
        served = server => served,
        () = upkeep => Ok(()),
    }
}

async fn metrics(State(shown): State<Shown>, asked: HeaderMap) -> Response {
    if !*shown.ready.borrow() {
        let sentence =
            "starting: the journal's tail is not applied yet, so the figures would be too low\n";
        return (StatusCode::SERVICE_UNAVAILABLE, sentence).into_response();
    }
    let format = accept::format(&all_of(&asked, header::ACCEPT));
    let packs = accept::takes_gzip(&all_of(&asked, header::ACCEPT_ENCODING));
    let now = shown.clock.now();
    let rendering = tokio::task::spawn_blocking(move || {
        let agents = (shown.agents)(now);
        let told = shown.board.render(now, &agents, format);
        if packs {
            // The fastest level: lines so alike become small without much looking.
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            told.write(&mut packed)?;
            packed.finish()
        } else {
            let mut plain = Vec::new();
            told.write(&mut plain)?;
            Ok(plain)
        }
    });
    let rendered = rendering.await.map_err(io::Error::other);
    match rendered.and_then(|rendered| rendered) {
        Ok(body) => {
            let kind = [
                (header::CONTENT_TYPE, format.content_type()),
                (header::VARY, "accept, accept-encoding"),
            ];
            let mut response = (kind, body).into_response();
            if packs {
                let gzip = HeaderValue::from_static("gzip");
                response
                    .headers_mut()
                    .insert(header::CONTENT_ENCODING, gzip);
            }
            response
        }
        Err(error) => {
            tracing::error!(%error, "rendering the metrics failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A header that may come in several lines, as one; what is no text counts for nothing.
fn all_of(headers: &HeaderMap, name: HeaderName) -> String {
    let lines = headers.get_all(name).iter();
    let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    lines.join(",")
}

async fn healthz(State(shown): State<Shown>) -> (StatusCode, &'static str) {
    if *shown.ready.borrow() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting\n")
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::super::text::Format;
    use super::super::totals::Totals;
    use super::*;
    use crate::model::Targets;

    async fn get(url: &str) -> (u16, String, String) {
        let answer = reqwest::get(url).await.unwrap();
        let status = answer.status().as_u16();
        let kind = answer.headers().get("content-type");
        let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
        (status, kind, answer.text().await.unwrap())
    }

    #[tokio::test]
    async fn figures_are_shown_once_they_are_ready() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (ready, ready_seen) = watch::channel(false);
        let (stop, stopped) = oneshot::channel::<()>();
        let clock = Clock::manual(Timestamp::from_micros(0));
        let board = Board::new(Totals::new(&Targets::default()));
        let server = tokio::spawn(serve(
            listener,
            board.clone(),
            Arc::new(|_| AgentsNow::default()),
            ready_seen,
            clock.clone(),
            Router::new(),
            async {
                let _ = stopped.await;
            },
        ));

        let (status, _, body) = get(&format!("{address}/metrics")).await;
        assert_eq!(status, 503);
        assert!(body.starts_with("starting"), "{body}");
        let (status, _, body) = get(&format!("{address}/healthz")).await;
        assert_eq!((status, body.as_str()), (503, "starting\n"));

        ready.send(true).unwrap();
        let (status, kind, body) = get(&format!("{address}/metrics")).await;
        assert_eq!((status, kind.as_str()), (200, Format::Text.content_type()));
        let text = board
            .render(clock.now(), &AgentsNow::default(), Format::Text)
            .to_string();
        assert_eq!(body, text);
        let (status, _, body) = get(&format!("{address}/healthz")).await;
        assert_eq!((status, body.as_str()), (200, "ok\n"));
        let (status, kind, body) = get(&address).await;
        assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
        assert!(body.contains("/metrics") && body.contains("/healthz"));
        assert_eq!(get(&format!("{address}/wallboard")).await.0, 404);

        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}
