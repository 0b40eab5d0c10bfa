//! SurveyService: a dialog a call, definitions, and what ends by itself.
//!
//! A dialog tells the interview (`crate::survey`) what happens and when, writes down what it wants recorded, and passes its
//! orders on once that is durable. Whatever goes wrong, the last order lets the caller go. Digits are in no log.

mod case_opening;
mod case_report;
mod cases;
mod definitions;
mod desk;
mod dialog;
mod keeper;
mod open;
mod reason;
mod submit;
mod words;
mod written;

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::clock::Clock;
use crate::journal::{self, Durable, Note, Refusal};
use crate::model::{Position, SurveyId, SurveySession, SurveyText};
use crate::pipeline::{self, Lookup};
use crate::proto::v1 as wire;
use crate::proto::v1::survey_service_server::SurveyService;
use crate::store::Store;
use crate::survey::Plan;

use super::error::{RequestError, SurveyError};
use super::ready;
use super::status;

pub use case_opening::CasePlan;
use definitions::{Definitions, Kept};
use desk::Desk;
pub use reason::LetGoReason;

/// Orders of one dialog that may wait for the switch: more than one answer brings.
const ORDERS_WAITING: usize = 16;
/// How long to wait until what was refused is said again.
const SAY_AGAIN: Duration = Duration::from_millis(200);

/// SurveyService; cheap to clone.
#[derive(Clone)]
pub struct Surveys {
    parts: Parts,
    definitions: Definitions,
    desk: Desk,
    /// Forms, and steps of cases, are decided one after the other against what is stored.
    deciding: std::sync::Arc<tokio::sync::Mutex<()>>,
}

/// What the service works with.
#[derive(Clone)]
pub struct Parts {
    /// Whom to ask.
    pub plan: Plan,
    /// By when cases are to be closed.
    pub cases: CasePlan,
    /// Where it is written down.
    pub journal: journal::Handle,
    /// How calls stand.
    pub lookup: Lookup,
    /// Which calls have settled, which forms and cases are known.
    pub store: Store,
    /// How far the store has come.
    pub stored: watch::Receiver<Position>,
    /// Which sources are known.
    pub status: pipeline::Status,
    /// Whether the journal's tail is applied.
    pub ready: watch::Receiver<bool>,
    /// Whether the server stops.
    pub stopping: CancellationToken,
    /// The time.
    pub clock: Clock,
}

impl Surveys {
    /// A service that knows no survey and no session yet.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            definitions: Definitions::default(),
            desk: Desk::default(),
            deciding: std::sync::Arc::default(),
        }
    }

    /// Takes in what is stored, before anything is served.
    pub fn restore<'a>(
        &self,
        texts: impl IntoIterator<Item = SurveyText>,
        sessions: impl Iterator<Item = &'a SurveySession>,
    ) {
        self.definitions.restore(texts);
        self.desk.restore(sessions, |survey, version| {
            let kept = self.definitions.find(survey, version)?;
            Some(kept.definition.session_max)
        });
    }

    /// Keeps a definition; returns whether it was not kept before, and what might be better.
    ///
    /// # Errors
    /// When it cannot be asked, when its version is kept with another text, or when the journal refuses.
    pub async fn put(&self, file: &str) -> Result<(bool, Vec<String>), SurveyError> {
        let now = self.parts.clock.now();
        let put = self.definitions.put(&self.parts.journal, file, now).await?;
        let warnings = put.warnings.iter().map(ToString::to_string).collect();
        Ok((put.is_new, warnings))
    }

    /// Ends sessions that nobody goes on with, until the server stops.
    pub async fn keep(self) {
        keeper::run(self).await;
    }

    fn check_ready(&self) -> Result<(), RequestError> {
        ready::check(&self.parts.ready, &self.parts.stopping)
    }

    fn find(&self, survey: &str, version: u32) -> Result<std::sync::Arc<Kept>, SurveyError> {
        let id = SurveyId::new(survey);
        self.definitions.find(&id, version).ok_or_else(|| {
            let known = self.definitions.all();
            let known = known.iter().map(|kept| words::spelled(kept));
            SurveyError::UnknownSurvey {
                survey: survey.chars().take(64).collect(),
                version,
                known: known.collect(),
            }
        })
    }

    /// Writes something down, once; returns when the store holds it.
    ///
    /// # Errors
    /// When the journal refuses: nothing of it was taken.
    async fn keep_until_stored(&self, notes: Vec<Note>) -> Result<Durable<Position>, SurveyError> {
        let safe = self.parts.journal.note(notes).await?;
        let mut stored = self.parts.stored.clone();
        let reached = stored.wait_for(|stored| *stored >= *safe.get()).await;
        reached.map_err(|_| RequestError::ShuttingDown)?;
        Ok(safe)
    }

    /// Writes something down, again and again until it is safe.
    ///
    /// # Errors
    /// When the journal has stopped.
    async fn note(&self, mut notes: Vec<Note>) -> Result<Durable<Position>, Refusal> {
        loop {
            for note in &mut notes {
                let key = note.event.call_key();
                if key.is_some_and(|key| self.parts.lookup.is_forgotten(&note.source, key)) {
                    note.event.forget_call();
                }
            }
            match self.parts.journal.note(notes.clone()).await {
                Ok(safe) => return Ok(safe),
                Err(Refusal::Stopped) => return Err(Refusal::Stopped),
                // A full disk, a database that is away: nothing of it was taken.
                Err(_) => tokio::time::sleep(SAY_AGAIN).await,
            }
        }
    }
}

#[tonic::async_trait]
impl SurveyService for Surveys {
    type ConductSurveyStream = ReceiverStream<Result<wire::ConductSurveyResponse, Status>>;

    async fn conduct_survey(
        &self,
        request: Request<Streaming<wire::ConductSurveyRequest>>,
    ) -> Result<Response<Self::ConductSurveyStream>, Status> {
        let (out, orders) = mpsc::channel(ORDERS_WAITING);
        tokio::spawn(dialog::run(self.clone(), request.into_inner(), out));
        Ok(Response::new(ReceiverStream::new(orders)))
    }

    async fn put_survey(
        &self,
        request: Request<wire::PutSurveyRequest>,
    ) -> Result<Response<wire::PutSurveyResponse>, Status> {
        let refused = |error: SurveyError| status::survey(&error);
        self.check_ready()?;
        let now = self.parts.clock.now();
        let file = request.into_inner().definition;
        let put = self.definitions.put(&self.parts.journal, &file, now).await;
        let put = put.map_err(refused)?;
        Ok(Response::new(wire::PutSurveyResponse {
            survey: Some(words::info(&put.kept)),
            added: put.is_new,
            warnings: put.warnings.iter().map(words::finding).collect(),
        }))
    }

    async fn get_survey(
        &self,
        request: Request<wire::GetSurveyRequest>,
    ) -> Result<Response<wire::GetSurveyResponse>, Status> {
        let asked = request.into_inner();
        self.check_ready()?;
        let found = self.find(&asked.survey, asked.version);
        let kept = found.map_err(|error| status::survey(&error))?;
        Ok(Response::new(wire::GetSurveyResponse {
            survey: Some(words::info(&kept)),
            definition: kept.text.text.to_string(),
        }))
    }

    async fn list_surveys(
        &self,
        _: Request<wire::ListSurveysRequest>,
    ) -> Result<Response<wire::ListSurveysResponse>, Status> {
        self.check_ready()?;
        let kept = self.definitions.all();
        let surveys = kept.iter().map(|kept| words::info(kept)).collect();
        Ok(Response::new(wire::ListSurveysResponse { surveys }))
    }

    async fn submit_answers(
        &self,
        request: Request<wire::SubmitAnswersRequest>,
    ) -> Result<Response<wire::SubmitAnswersResponse>, Status> {
        let refused = |error: SurveyError| status::survey(&error);
        self.check_ready()?;
        // Once begun it goes on, whether or not who asked still listens: the next one finds what was taken.
        let done = tokio::spawn(submit::submit(self.clone(), request.into_inner())).await;
        let done = done.map_err(|_| RequestError::ShuttingDown)?;
        Ok(Response::new(done.map_err(refused)?))
    }
}
