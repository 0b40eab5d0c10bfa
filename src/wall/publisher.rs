//! Takes the board for everybody who looks.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::clock::instant;
use crate::model::QueueId;
use crate::proto::v1;

use super::board::LiveBoard;
use super::message::{Shown, estimated, shown};

/// How often the board is taken at the most while somebody looks: an event is seen within this and the time it takes.
const EVERY_LEAST: Duration = Duration::from_millis(100);
/// How often at the least, however many queues there are.
const EVERY_MOST: Duration = Duration::from_secs(1);
/// In between, taking it takes so small a part of the time: on a busy machine it is taken less often.
const PART: u32 = 5;

/// Between two who are told of the same picture, so that hundreds of them do not want the processor at one instant, when an
/// event waits for its ack.
const APART: Duration = Duration::from_micros(500);
/// Who comes after so many begins anew: nobody waits for long.
const APART_MAX: usize = 100;

/// How long one who looks waits after a picture, by how many there were when it came.
pub fn apart(place: usize) -> Duration {
    APART * (place % APART_MAX) as u32
}

/// The newest picture; cheap to clone, and the clones count as those who look.
#[derive(Clone, Debug)]
pub struct Pictures {
    board: LiveBoard,
    newest: watch::Sender<Arc<Shown>>,
    /// The last picture taken for somebody who asked.
    asked: Arc<Mutex<Option<Taken>>>,
}

/// A picture, and when taking it began.
#[derive(Debug)]
struct Taken {
    begun_at: Instant,
    picture: Arc<Shown>,
}

/// Takes the board again and again while somebody watches; runs until it is dropped.
pub async fn publish(pictures: Pictures) {
    let mut every = EVERY_LEAST;
    loop {
        tokio::time::sleep(every).await;
        if pictures.newest.receiver_count() == 0 {
            every = EVERY_LEAST;
            continue;
        }
        let begun_at = instant();
        let board = pictures.board.clone();
        // Reckoning takes a part of a millisecond a queue: not on a thread that serves.
        if let Ok(picture) = tokio::task::spawn_blocking(move || take(&board)).await {
            pictures.newest.send_replace(Arc::new(picture));
        }
        every = ((instant() - begun_at) * PART).clamp(EVERY_LEAST, EVERY_MOST);
    }
}

impl Pictures {
    /// Shows this board.
    pub fn new(board: LiveBoard) -> Self {
        let (newest, _) = watch::channel(Arc::default());
        let asked = Arc::default();
        Self {
            board,
            newest,
            asked,
        }
    }

    /// The board at this moment or a later one. It is taken once for all who ask while another picture is being taken: two
    /// hundred boards that come back at once cost two.
    pub async fn now(&self) -> Arc<Shown> {
        let asked_at = instant();
        let mut asked = self.asked.lock().await;
        if let Some(last) = &*asked
            && last.begun_at >= asked_at
        {
            return last.picture.clone();
        }
        let begun_at = instant();
        let board = self.board.clone();
        let taken = tokio::task::spawn_blocking(move || take(&board)).await;
        // The task was cancelled: the runtime stops, and nobody is shown anything any more.
        let picture = Arc::new(taken.unwrap_or_default());
        *asked = Some(Taken {
            begun_at,
            picture: picture.clone(),
        });
        picture
    }

    /// What is said of a caller who enters a queue at this moment.
    ///
    /// # Errors
    /// The queue is not known: the names of those that are.
    pub async fn estimate(&self, queue: QueueId) -> Result<v1::EstimateWaitResponse, Vec<QueueId>> {
        let board = self.board.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let now = board.clock().now();
            board.with(|live| {
                let known = live.queues();
                if !known.contains(&queue) {
                    return Err(known.into_iter().collect());
                }
                let agents = live.agents(now);
                Ok(estimated(now, &live.queue(&queue, now, &agents)))
            })
        });
        // The task was cancelled: the runtime stops, and nobody is told anything any more.
        asked.await.unwrap_or_else(|_| Err(Vec::new()))
    }

    /// Pictures from now on; each replaces the one before.
    pub fn watch(&self) -> watch::Receiver<Arc<Shown>> {
        self.newest.subscribe()
    }
}

/// The board at this moment; the pipeline waits for one queue at the most.
fn take(board: &LiveBoard) -> Shown {
    let now = board.clock().now();
    let (hotline, agents, queues) = board.with(|live| {
        let agents = live.agents(now);
        (live.hotline(now, &agents), agents, live.queues())
    });
    let queues = queues.iter();
    let queues = queues.map(|queue| board.with(|live| live.queue(queue, now, &agents)));
    shown(now, &hotline, &queues.collect::<Vec<_>>())
}
