//! What surveys need of the pipeline: how a call stands now, and what became of its session.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::metrics::Totals;
use crate::model::{
    CallId, CallKey, Caller, CaseStepTaken, CaseSubject, Position, SourceId, SurveyEvent,
    TakenForm, Timestamp,
};
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
pub struct Lookup {
    questions: mpsc::Sender<Question>,
    /// Calls that were erased while they were open: few, and a key each.
    forgotten: Arc<Mutex<BTreeSet<(SourceId, CallKey)>>>,
}

impl Lookup {
    pub(super) fn channel() -> (Self, mpsc::Receiver<Question>) {
        let (sender, receiver) = mpsc::channel(QUESTIONS_WAITING);
        let lookup = Self {
            questions: sender,
            forgotten: Arc::default(),
        };
        (lookup, receiver)
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
        self.questions.send(question).await.ok()?;
        answer.await.ok()?
    }

    /// Whether a call was erased while it was open: what is still said of it is nobody's.
    pub fn is_forgotten(&self, source: &SourceId, call: CallKey) -> bool {
        self.lock().contains(&(source.clone(), call))
    }

    pub(super) fn forget(&self, calls: &[(SourceId, CallKey)]) {
        self.lock().extend(calls.iter().cloned());
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<(SourceId, CallKey)>> {
        // Nothing in the lock can panic half-way.
        self.forgotten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

    /// Takes what is only to be stored, and moves nothing live: definitions, forms, cases; gives a session's step back.
    ///
    /// `position` is its own, `last` that of its row.
    pub(super) fn take_apart(
        &mut self,
        source: &SourceId,
        (position, last, at): (Position, Position, Timestamp),
        event: SurveyEvent,
    ) -> Option<SurveyEvent> {
        let keep = last > self.stored_before;
        match event {
            SurveyEvent::Session { .. } => return Some(event),
            SurveyEvent::Defined(_) | SurveyEvent::Form(_) | SurveyEvent::Case { .. } if !keep => {}
            SurveyEvent::Defined(text) => self.next.surveys.push(text),
            SurveyEvent::Form(form) => self.next.forms.push(TakenForm {
                source: source.clone(),
                taken_at: at,
                form,
            }),
            SurveyEvent::Case { call, form, step } => self.next.cases.push(CaseStepTaken {
                position,
                at,
                subject: CaseSubject {
                    source: source.clone(),
                    call,
                    form,
                },
                step,
            }),
        }
        None
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
