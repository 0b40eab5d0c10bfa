//! What surveys need of the pipeline: how a call stands now, and what became of its session.

use tokio::sync::{mpsc, oneshot};

use crate::metrics::Totals;
use crate::model::{CallId, Caller, Position, SourceId, SurveyEvent, SurveyText, Timestamp};
use crate::survey::Candidate;

use super::apply::Pipeline;

/// Questions that may wait; each takes some microseconds.
const QUESTIONS_WAITING: usize = 64;

/// Asks how a call stands at `now`.
#[derive(Debug)]
pub(super) struct Question {
    source: SourceId,
    call: CallId,
    now: Timestamp,
    reply: oneshot::Sender<Option<CallNow>>,
}

/// A call that is open, or has not settled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallNow {
    /// What decides whether it is asked.
    pub candidate: Candidate,
    /// When its caller was invited last.
    pub invited_at: Option<Timestamp>,
}

/// The way to ask; cheap to clone.
#[derive(Clone, Debug)]
pub struct Lookup(mpsc::Sender<Question>);

impl Lookup {
    pub(super) fn channel() -> (Self, mpsc::Receiver<Question>) {
        let (sender, receiver) = mpsc::channel(QUESTIONS_WAITING);
        (Self(sender), receiver)
    }

    /// How a call stands; `None` when nothing is known of it, or it has settled.
    pub async fn call(&self, source: &SourceId, call: &CallId, now: Timestamp) -> Option<CallNow> {
        let (reply, answer) = oneshot::channel();
        let question = Question {
            source: source.clone(),
            call: call.clone(),
            now,
            reply,
        };
        self.0.send(question).await.ok()?;
        answer.await.ok()?
    }
}

impl Pipeline {
    pub(super) fn answer(&self, question: Question) {
        let calls = self
            .sources
            .get(&question.source)
            .map(|source| &source.calls);
        let record = calls.and_then(|calls| calls.record(question.call.key()));
        let found = record.map(|record| {
            let candidate = Candidate::of(record, question.now);
            let invited_at = candidate.caller;
            CallNow {
                invited_at: invited_at.and_then(|caller| self.sessions.invited_at(caller)),
                candidate,
            }
        });
        // Whoever has gone need not know.
        drop(question.reply.send(found));
    }

    pub(super) fn take_definition(&mut self, text: SurveyText, position: Position) {
        if position > self.stored_before {
            self.next.surveys.push(text);
        }
    }

    /// Applies one step of a session.
    pub(super) fn take_survey(
        &mut self,
        name: &SourceId,
        at: Timestamp,
        event: SurveyEvent,
        totals: &mut Totals,
    ) {
        let SurveyEvent::Session { call, event, state } = event else {
            return;
        };
        let calls = self.sources.get(name).map(|source| &source.calls);
        let record = calls.and_then(|calls| calls.record(call.key()));
        let caller = record.and_then(|record| match &record.caller {
            Caller::Known(pseudonym) => Some(*pseudonym),
            Caller::Unknown | Caller::Withheld => None,
        });
        let mut facts = Vec::new();
        let step = (event, state);
        self.sessions
            .handle_event((name, call), at, step, caller, &mut facts);
        facts.iter().for_each(|fact| totals.apply_survey(fact));
    }
}
