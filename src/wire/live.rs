//! The live service: the board for those who ask once, and for those who watch.
//!
//! A watcher holds the newest picture only: what it cannot take in time is replaced by what is newer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::model::QueueId;
use crate::proto::v1;
use crate::proto::v1::live_service_server::LiveService;
use crate::reports::nearest;
use crate::validate::caps;
use crate::wall::{self, Pictures, Shown};

use super::error::{LiveError, RequestError};
use super::ready;
use super::status;

/// Watchers at the same time: a wall in every office, and room for those who have several; each takes some kilobytes.
const WATCHERS_MAX: usize = 500;
/// Answers a second at the most: the board is not taken more often.
const RATE_MAX: f64 = 10.0;
/// Answers a second without a word: what an eye follows.
const RATE_DEFAULT: f64 = 1.0;
/// The least: an hour between two answers.
const RATE_LEAST: f64 = 1.0 / 3600.0;
/// Queues that may be named.
const QUEUES_NAMED_MAX: usize = 500;

/// Answers `LiveService`.
#[derive(Clone, Debug)]
pub struct Live {
    pictures: Pictures,
    ready: watch::Receiver<bool>,
    stopping: CancellationToken,
    watchers: Arc<AtomicUsize>,
}

/// One of the watchers, as long as it is held.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Live {
    /// Shows these pictures, once the server is ready and until it stops.
    pub fn new(
        pictures: Pictures,
        ready: watch::Receiver<bool>,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            pictures,
            ready,
            stopping,
            watchers: Arc::default(),
        }
    }

    fn check_ready(&self) -> Result<(), RequestError> {
        ready::check(&self.ready, &self.stopping)
    }

    /// A place among the watchers, and how far it is from the first.
    fn place(&self) -> Result<(Place, usize), LiveError> {
        let before = self.watchers.fetch_add(1, Ordering::Relaxed);
        let place = Place(self.watchers.clone());
        if before >= WATCHERS_MAX {
            let limit = WATCHERS_MAX;
            return Err(LiveError::TooManyWatchers { limit });
        }
        Ok((place, before))
    }

    /// The board at this moment, once the queues named are known to be there.
    async fn chosen(&self, queues: &[String]) -> Result<Shown, LiveError> {
        if queues.len() > QUEUES_NAMED_MAX {
            let limit = QUEUES_NAMED_MAX;
            return Err(LiveError::TooManyQueues { limit });
        }
        let mut shown = Shown::clone(&*self.pictures.now().await);
        let known = |name: &String| shown.queues.iter().any(|queue| queue.queue == *name);
        if let Some(unknown) = queues.iter().find(|name| !known(name)) {
            let names = shown.queues.iter().map(|queue| queue.queue.as_str());
            return Err(unknown_queue("queues", unknown, names));
        }
        shown.queues.retain(|one| is_asked(queues, &one.queue));
        Ok(shown)
    }
}

fn unknown_queue<'a>(
    field: &'static str,
    asked: &str,
    known: impl Iterator<Item = &'a str>,
) -> LiveError {
    let nearest = nearest(asked, known).map(str::to_owned);
    let mut queue = asked.to_owned();
    queue.truncate(queue.floor_char_boundary(caps::NAME_BYTES));
    LiveError::UnknownQueue {
        field,
        queue,
        nearest,
    }
}

/// Whether a queue is among those asked for: all when none is named.
fn is_asked(asked: &[String], queue: &String) -> bool {
    asked.is_empty() || asked.contains(queue)
}

/// The time between two answers.
fn interval(rate_max: f64) -> Result<Duration, LiveError> {
    let rate = if rate_max == 0.0 {
        RATE_DEFAULT
    } else {
        rate_max
    };
    if !(RATE_LEAST..=RATE_MAX).contains(&rate) {
        return Err(LiveError::BadRate { most: RATE_MAX });
    }
    Ok(Duration::from_secs_f64(1.0 / rate))
}

#[tonic::async_trait]
impl LiveService for Live {
    type WatchQueuesStream = ReceiverStream<Result<v1::WatchQueuesResponse, Status>>;

    async fn get_queues(
        &self,
        request: Request<v1::GetQueuesRequest>,
    ) -> Result<Response<v1::GetQueuesResponse>, Status> {
        self.check_ready()?;
        let chosen = self.chosen(&request.get_ref().queues).await;
        chosen
            .map(Response::new)
            .map_err(|error| status::live(&error))
    }

    async fn watch_queues(
        &self,
        request: Request<v1::WatchQueuesRequest>,
    ) -> Result<Response<Self::WatchQueuesStream>, Status> {
        self.check_ready()?;
        let v1::WatchQueuesRequest { queues, rate_max } = request.into_inner();
        let refused = |error| status::live(&error);
        let every = interval(rate_max).map_err(refused)?;
        let (place, before) = self.place().map_err(refused)?;
        let first = self.chosen(&queues).await.map_err(refused)?;
        // One answer on its way: who has not taken it gets the newest one next.
        let (out, answers) = mpsc::channel(1);
        let pictures = self.pictures.watch();
        let pace = (every, wall::apart(before));
        let watching = watching(first, queues, pace, pictures, out);
        let stopping = self.stopping.clone();
        tokio::spawn(async move {
            let _place = place;
            stopping.run_until_cancelled_owned(watching).await;
        });
        Ok(Response::new(ReceiverStream::new(answers)))
    }

    async fn estimate_wait(
        &self,
        request: Request<v1::EstimateWaitRequest>,
    ) -> Result<Response<v1::EstimateWaitResponse>, Status> {
        self.check_ready()?;
        let v1::EstimateWaitRequest { queue } = request.into_inner();
        let said = self.pictures.estimate(QueueId::new(queue.as_str())).await;
        let said = said.map_err(|known| {
            let names = known.iter().map(QueueId::as_str);
            status::live(&unknown_queue("queue", &queue, names))
        });
        said.map(Response::new)
    }
}

/// Tells what changed until nobody listens.
async fn watching(
    first: Shown,
    queues: Vec<String>,
    (every, apart): (Duration, Duration),
    mut pictures: watch::Receiver<Arc<Shown>>,
    out: mpsc::Sender<Result<v1::WatchQueuesResponse, Status>>,
) {
    let mut known = Arc::new(first.clone());
    let mut answer = v1::WatchQueuesResponse {
        at: first.at,
        full: true,
        hotline: first.hotline,
        queues: first.queues,
    };
    loop {
        if out.send(Ok(answer)).await.is_err() {
            return;
        }
        tokio::select! {
            () = out.closed() => return,
            () = tokio::time::sleep(every) => {}
        }
        tokio::select! {
            () = out.closed() => return,
            changed = pictures.changed() => if changed.is_err() {
                return;
            },
        }
        tokio::time::sleep(apart).await;
        let newest = pictures.borrow_and_update().clone();
        answer = v1::WatchQueuesResponse {
            at: newest.at,
            full: false,
            hotline: newest.hotline.clone(),
            queues: changed(&known.queues, &newest.queues, &queues),
        };
        known = newest;
    }
}

/// Those of the queues asked for, all when none is named, that are not as they were.
fn changed(
    before: &[v1::QueueLive],
    after: &[v1::QueueLive],
    asked: &[String],
) -> Vec<v1::QueueLive> {
    let was = |queue: &v1::QueueLive| {
        let found = before.binary_search_by(|known| known.queue.cmp(&queue.queue));
        found.is_ok_and(|place| before[place] == *queue)
    };
    let is_told = |queue: &&v1::QueueLive| is_asked(asked, &queue.queue) && !was(queue);
    after.iter().filter(is_told).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str, waiting: u64) -> v1::QueueLive {
        v1::QueueLive {
            queue: name.to_owned(),
            waiting,
            ..v1::QueueLive::default()
        }
    }

    #[test]
    fn what_is_as_it_was_is_not_told_again() {
        let before = [queue("a", 1), queue("b", 2)];
        let after = [queue("a", 1), queue("b", 3), queue("c", 0)];
        let told = |asked: &[&str]| {
            let asked: Vec<_> = asked.iter().map(|name| String::from(*name)).collect();
            changed(&before, &after, &asked)
        };
        assert_eq!(told(&[]), [queue("b", 3), queue("c", 0)]);
        assert_eq!(told(&["a", "c"]), [queue("c", 0)]);
    }

    #[test]
    fn a_rate_is_within_reason() {
        assert_eq!(interval(0.0).unwrap(), Duration::from_secs(1));
        assert_eq!(interval(10.0).unwrap(), Duration::from_millis(100));
        for absurd in [10.1, -1.0, 1e-9, f64::NAN, f64::INFINITY] {
            assert!(interval(absurd).is_err(), "{absurd}");
        }
    }
}
