//! The admin service: what the command line does to a running server.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::model::SourceId;
use crate::proto::v1;
use crate::proto::v1::admin_service_server::AdminService;
use crate::proto::v1::recompute_response::Message;
use crate::reports;
use crate::store::Erasure;
use crate::upkeep::{self, Person, Progress, QueueFigures, Recomputed, Upkeep};

use crate::validate::{Privacy, caps, country_of};

use super::error::RequestError;
use super::ready;
use super::report;
use super::source::timestamp;
use super::status;

/// Messages of one stream that may wait for its reader.
const MESSAGES_WAITING: usize = 4;
/// The row of all queues, as reports name it.
const ALL: &str = "ALL";

/// Answers `AdminService`.
#[derive(Clone, Debug)]
pub struct Admin {
    upkeep: Upkeep,
    privacy: Arc<Privacy>,
    ready: watch::Receiver<bool>,
    stopping: CancellationToken,
}

impl Admin {
    /// Has things done by this upkeep, once the server is ready and until it stops.
    pub fn new(
        upkeep: Upkeep,
        privacy: Arc<Privacy>,
        ready: watch::Receiver<bool>,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            upkeep,
            privacy,
            ready,
            stopping,
        }
    }

    fn check_ready(&self) -> Result<(), RequestError> {
        ready::check(&self.ready, &self.stopping)
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    type RecomputeStream = ReceiverStream<Result<v1::RecomputeResponse, Status>>;

    async fn list_definitions(
        &self,
        _: Request<v1::ListDefinitionsRequest>,
    ) -> Result<Response<v1::ListDefinitionsResponse>, Status> {
        Ok(Response::new(definitions()))
    }

    async fn recompute(
        &self,
        request: Request<v1::RecomputeRequest>,
    ) -> Result<Response<Self::RecomputeStream>, Status> {
        self.check_ready()?;
        let asked = asked(request.into_inner()).map_err(|error| status::upkeep(&error))?;
        let (out, answers) = mpsc::channel(MESSAGES_WAITING);
        let (upkeep, stopping) = (self.upkeep.clone(), self.stopping.clone());
        tokio::spawn(async move {
            let done = recompute(&upkeep, &asked, &stopping, &out).await;
            let last = match done {
                Ok(done) => Ok(message(Message::Result(result(&done)))),
                Err(error) => Err(status::upkeep(&error)),
            };
            // Whoever has gone need not know.
            drop(out.send(last).await);
        });
        Ok(Response::new(ReceiverStream::new(answers)))
    }

    async fn erase_caller(
        &self,
        request: Request<v1::EraseCallerRequest>,
    ) -> Result<Response<v1::EraseCallerResponse>, Status> {
        self.check_ready()?;
        let person = person(request.get_ref(), &self.privacy);
        let person = person.map_err(|error| status::upkeep(&error))?;
        let upkeep = self.upkeep.clone();
        // Once begun it goes on, whether or not who asked still listens.
        let erased = tokio::spawn(async move { upkeep.erase(person).await }).await;
        match erased {
            Ok(Ok(erased)) => Ok(Response::new(act(&erased))),
            Ok(Err(error)) => Err(status::upkeep(&error)),
            Err(_) => Err(status::upkeep(&upkeep::Error::Stopped)),
        }
    }
}

/// Whom a request is about. The number goes no further than here.
fn person(request: &v1::EraseCallerRequest, privacy: &Privacy) -> Result<Person, upkeep::Error> {
    let bad = |field, fault| Err(upkeep::Error::BadCaller { field, fault });
    match (&*request.number, &*request.pseudonym) {
        ("", "") => bad("number", "name the caller by number or by pseudonym"),
        ("", hex) => {
            let digits = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
            match u128::from_str_radix(hex, 16) {
                Ok(hash) if digits => Ok(Person {
                    hash: hash.to_be_bytes(),
                    key: None,
                }),
                Ok(_) | Err(_) => bad("pseudonym", "a pseudonym has 32 hexadecimal digits"),
            }
        }
        (number, "") => {
            let country = match &*request.country {
                "" => country_of("RU"),
                code => match country_of(code) {
                    Some(country) => Some(country),
                    None => {
                        return bad("country", "no such country: give its ISO 3166 code, as RU");
                    }
                },
            };
            if number.len() > caps::CALLER_BYTES
                || !number.bytes().any(|byte| byte.is_ascii_digit())
            {
                return bad("number", "that is no telephone number");
            }
            let pseudonym = privacy.of_number(number, country);
            Ok(Person {
                hash: pseudonym.hash,
                key: Some(pseudonym.key),
            })
        }
        _ => bad(
            "pseudonym",
            "name the caller by number or by pseudonym, not by both",
        ),
    }
}

fn act(act: &Erasure) -> v1::EraseCallerResponse {
    v1::EraseCallerResponse {
        act: act.number,
        begun_at: Some(timestamp(act.begun_at)),
        finished_at: act.finished_at.map(timestamp),
        key_id: act.key.unwrap_or_default(),
        calls: act.calls,
        calls_open: act.calls_open,
        events: act.events,
        digest: act.digest.clone(),
    }
}

/// Recomputes until it is done, nobody listens any more, or the server stops.
async fn recompute(
    upkeep: &Upkeep,
    asked: &upkeep::Asked,
    stopping: &CancellationToken,
    out: &mpsc::Sender<Result<v1::RecomputeResponse, Status>>,
) -> Result<Recomputed, upkeep::Error> {
    let (progress, mut steps) = mpsc::channel(1);
    let work = upkeep.recompute(asked, &progress);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            Some(step) = steps.recv() => {
                let step = message(Message::Progress(far(step)));
                if stopping.is_cancelled() || out.send(Ok(step)).await.is_err() {
                    return Err(upkeep::Error::Stopped);
                }
            }
        }
    }
}

fn asked(request: v1::RecomputeRequest) -> Result<upkeep::Asked, upkeep::Error> {
    let instant = |field, at: Option<pbjson_types::Timestamp>| match at {
        None => Ok(None),
        Some(at) => match report::first_micros(&at) {
            Some(at) => Ok(Some(at)),
            None => Err(upkeep::Error::PeriodOutOfRange { field }),
        },
    };
    Ok(upkeep::Asked {
        start: instant("start", request.start)?,
        end: instant("end", request.end)?,
        source: (!request.source.is_empty()).then(|| SourceId::new(request.source)),
    })
}

fn message(message: Message) -> v1::RecomputeResponse {
    v1::RecomputeResponse {
        message: Some(message),
    }
}

fn far(progress: Progress) -> v1::RecomputeProgress {
    v1::RecomputeProgress {
        calls_done: progress.calls_done,
        calls_in_all: progress.calls_in_all,
    }
}

fn result(done: &Recomputed) -> v1::RecomputeResult {
    let all = (ALL.to_owned(), done.before.all(), done.after.all());
    let queues = done.before.changed(&done.after).into_iter().chain([all]);
    let queues = queues.map(|(queue, before, after)| v1::RecomputedQueue {
        queue,
        before: Some(figures(before)),
        after: Some(figures(after)),
    });
    v1::RecomputeResult {
        calls: done.calls,
        calls_changed: done.calls_changed,
        late_events_taken: done.late_taken,
        late_events_left: done.late_left,
        queues: queues.collect(),
    }
}

fn figures(figures: QueueFigures) -> v1::RecomputedFigures {
    v1::RecomputedFigures {
        visits_offered: figures.visits_offered,
        answered: figures.answered,
        abandoned: figures.abandoned,
        wait_sum: Some(figures.wait_sum.into()),
        transfers: figures.transfers,
    }
}

/// The catalogue as the contract has it.
pub fn definitions() -> v1::ListDefinitionsResponse {
    let entries = reports::glossary()
        .chain(reports::letters())
        .map(|(definition, words)| v1::CatalogueEntry {
            id: definition.id.to_owned(),
            name: definition.name().into_owned(),
            version: definition.version,
            formula: definition.sentence.into_owned(),
            source: words.source.to_owned(),
            english: words.english.to_owned(),
            russian: words.russian.to_owned(),
        });
    v1::ListDefinitionsResponse {
        definitions: entries.collect(),
    }
}
