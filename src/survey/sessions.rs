//! The sessions of calls, made from what the journal says of them: each served call ends in exactly one disposition.
//!
//! A session is kept here until it has ended and its call has settled; then its row says all. A served call that no
//! dialog was ever opened for gets its disposition when it settles. Pseudonyms are not part of a session: who was invited
//! is known by the call.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::model::{
    CallId, CallKey, CallRecord, Direction, Disposition, Outcome, Pseudonym, SessionEnded,
    SessionEvent, SessionOpened, SourceId, SurveyConsent, SurveyFact, SurveyId, SurveySession,
    Timestamp,
};

use super::plan::{Candidate, Plan, WHOLE, disposition_of, known, why_never_asked};

/// A session whose call has not settled this long after its end is let go: no call is longer than a day, and a call that
/// was never told of never settles.
const UNSETTLED_MAX: Duration = Duration::from_secs(48 * 60 * 60);

/// How often what is too old is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);

/// By the key, which an erased call keeps.
type Key = (SourceId, CallKey);

/// The sessions that may still change.
#[derive(Debug, Default)]
pub struct Sessions {
    plan: Plan,
    sessions: BTreeMap<Key, SurveySession>,
    /// When each caller was invited last.
    invited: HashMap<Pseudonym, Timestamp>,
    touched: BTreeSet<Key>,
    latest: Timestamp,
    looked_at: Timestamp,
}

impl Sessions {
    /// No sessions yet.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            ..Self::default()
        }
    }

    /// Takes back what was stored: sessions that may still change, and when callers were invited.
    pub fn restore(
        &mut self,
        sessions: impl IntoIterator<Item = SurveySession>,
        invited: impl IntoIterator<Item = (Pseudonym, Timestamp)>,
    ) {
        for session in sessions {
            self.latest = self.latest.max(session.opened_at.unwrap_or_default());
            let key = (session.source.clone(), session.call.key());
            self.sessions.insert(key, session);
        }
        for (caller, at) in invited {
            self.invite(caller, at);
        }
    }

    /// Whom to ask.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The session of a call, while it may still change.
    pub fn of(&self, source: &SourceId, call: &CallId) -> Option<&SurveySession> {
        self.sessions.get(&(source.clone(), call.key()))
    }

    /// Every session that may still change.
    pub fn all(&self) -> impl Iterator<Item = &SurveySession> {
        self.sessions.values()
    }

    /// When a caller was invited last.
    pub fn invited_at(&self, caller: Pseudonym) -> Option<Timestamp> {
        self.invited.get(&caller).copied()
    }

    /// Applies one step of a session; `caller` is who called, as far as that is known by then.
    pub fn handle_event(
        &mut self,
        (source, call): (&SourceId, CallId),
        at: Timestamp,
        (event, state): (SessionEvent, Vec<u8>),
        caller: Option<Pseudonym>,
        facts: &mut Vec<SurveyFact>,
    ) {
        self.latest = self.latest.max(at);
        let key = (source.clone(), call.key());
        if let SessionEvent::Opened(opened) = event {
            if let Some(caller) = caller.filter(|_| disposition_of(opened.reason).is_none()) {
                self.invite(caller, at);
            }
            let source = source.clone();
            let session = SurveySession {
                source,
                call,
                opened_at: Some(at),
                opened,
                consents: Vec::new(),
                questions: Vec::new(),
                ended: None,
                settled: false,
                state,
            };
            // A call is asked once.
            self.sessions.entry(key.clone()).or_insert(session);
            self.touched.insert(key);
            return;
        }
        let Some(session) = self.sessions.get_mut(&key) else {
            return;
        };
        // What comes after the end is nobody's.
        if session.ended.is_some() {
            return;
        }
        session.state = state;
        match event {
            SessionEvent::Opened(_) => {}
            SessionEvent::Consented(consent) => {
                let is_same = |known: &SurveyConsent| known.question == consent.question;
                if !session.consents.iter().any(is_same) {
                    session.consents.push(consent);
                }
            }
            SessionEvent::Answered {
                question,
                answer,
                coded,
            } => {
                let asked = session.question_mut(&question);
                if asked.done_at.is_none() {
                    asked.done_at = Some(at);
                    asked.answer = Some(answer.clone());
                    asked.coded = coded;
                    facts.push(SurveyFact::Answered {
                        survey: session.opened.survey.clone(),
                        question,
                        answer: coded.then_some(answer),
                    });
                }
            }
            SessionEvent::Skipped { question } => {
                let asked = session.question_mut(&question);
                asked.done_at = asked.done_at.or(Some(at));
            }
            SessionEvent::Ended(ended) => {
                for asked in &ended.asked {
                    let question = session.question_mut(&asked.question);
                    question.noinputs = asked.noinputs;
                    question.nomatches = asked.nomatches;
                    question.repeats = asked.repeats;
                }
                facts.push(SurveyFact::Ended {
                    survey: Some(session.opened.survey.clone()),
                    disposition: ended.disposition,
                });
                session.state.clear();
                session.ended = Some((at, ended));
            }
        }
        self.touched.insert(key);
    }

    /// A live call has settled: its session is bound to it for good; without one it has its disposition now.
    pub fn handle_settled(
        &mut self,
        source: &SourceId,
        call: &CallId,
        record: &CallRecord,
        facts: &mut Vec<SurveyFact>,
    ) {
        let key = (source.clone(), call.key());
        if let Some(session) = self.sessions.get_mut(&key) {
            session.settled = true;
            let asked = disposition_of(session.opened.reason).is_none();
            let invited = session.opened_at.filter(|_| asked).zip(known(record));
            self.touched.insert(key);
            if let Some((at, caller)) = invited {
                self.invite(caller, at);
            }
            return;
        }
        let is_served = record.outcome == Some(Outcome::Served);
        let is_counted = is_served && !record.test && record.direction == Direction::Inbound;
        if !is_counted || !self.plan.is_on() {
            return;
        }
        let ended_at = record.ended_at.unwrap_or(record.arrived_at);
        let session = self.never_asked(source, call, record, ended_at);
        if let Some((_, ended)) = &session.ended {
            let has_survey = !session.opened.survey.as_str().is_empty();
            facts.push(SurveyFact::Ended {
                survey: has_survey.then(|| session.opened.survey.clone()),
                disposition: ended.disposition,
            });
        }
        self.sessions.insert(key.clone(), session);
        self.touched.insert(key);
    }

    /// The session of a call that no dialog was opened for.
    fn never_asked(
        &self,
        source: &SourceId,
        call: &CallId,
        record: &CallRecord,
        ended_at: Timestamp,
    ) -> SurveySession {
        let candidate = Candidate::of(record, ended_at);
        let invited_at = candidate.caller.and_then(|caller| self.invited_at(caller));
        let decided = self
            .plan
            .decide((source, call), &candidate, false, invited_at, ended_at);
        let reason = if disposition_of(decided).is_none() {
            why_never_asked(record)
        } else {
            decided
        };
        let line = self.plan.of_line(record.line.as_ref());
        let survey = line.and_then(|line| line.survey.clone());
        let ended = SessionEnded {
            // Every reason but those of a call that is asked has one.
            disposition: disposition_of(reason).unwrap_or(Disposition::NotHandedOver),
            no_dtmf: false,
            asked: Vec::new(),
        };
        SurveySession {
            source: source.clone(),
            call: call.clone(),
            opened_at: None,
            opened: SessionOpened {
                survey: survey.unwrap_or_else(|| SurveyId::new("")),
                version: 0,
                language: line.map_or("".into(), |line| line.language.clone()),
                reason,
                rate: self.plan.rate.min(WHOLE),
            },
            consents: Vec::new(),
            questions: Vec::new(),
            ended: Some((ended_at, ended)),
            settled: true,
            state: Vec::new(),
        }
    }

    /// Forgets a caller, by the hash of the pseudonym, and whose sessions these calls' are.
    pub fn forget(&mut self, caller: &[u8; 16], calls: &[(SourceId, CallKey)]) {
        self.invited.retain(|invited, _| invited.hash != *caller);
        for key in calls {
            if let Some(session) = self.sessions.get_mut(key) {
                session.forget();
                self.touched.insert(key.clone());
            }
        }
    }

    /// What changed since this was last asked. What cannot change any more is let go.
    pub fn take_changed(&mut self) -> Vec<SurveySession> {
        let touched = std::mem::take(&mut self.touched);
        let changed = touched.iter().filter_map(|key| self.sessions.get(key));
        let changed: Vec<_> = changed.cloned().collect();
        for key in &touched {
            let is_over = |session: &SurveySession| session.ended.is_some() && session.settled;
            if self.sessions.get(key).is_some_and(is_over) {
                self.sessions.remove(key);
            }
        }
        self.let_go();
        changed
    }

    /// Looks now and then for what is too old to matter.
    fn let_go(&mut self) {
        let latest = self.latest;
        if latest
            .since(self.looked_at)
            .is_none_or(|since| since < LOOK_EVERY)
        {
            return;
        }
        self.looked_at = latest;
        let passed = |at: Timestamp| latest.since(at).unwrap_or_default();
        self.sessions.retain(|_, session| {
            let ended_at = session.ended.as_ref().map(|(at, _)| *at);
            ended_at.is_none_or(|at| passed(at) <= UNSETTLED_MAX)
        });
        let quiet = self.plan.quiet + UNSETTLED_MAX;
        self.invited.retain(|_, at| passed(*at) <= quiet);
    }

    fn invite(&mut self, caller: Pseudonym, at: Timestamp) {
        self.latest = self.latest.max(at);
        let last = self.invited.entry(caller).or_insert(at);
        *last = at.max(*last);
    }
}

/// Whether the disposition says that the caller was invited.
pub const fn is_reached(disposition: Disposition) -> bool {
    match disposition {
        Disposition::NotEligible
        | Disposition::QuietPeriod
        | Disposition::NotSelected
        | Disposition::CallerLeftFirst
        | Disposition::NotHandedOver
        | Disposition::LostInTransfer => false,
        Disposition::Refused
        | Disposition::NoInput
        | Disposition::Unable
        | Disposition::BreakOff
        | Disposition::Partial
        | Disposition::Complete
        | Disposition::TechnicalFailure => true,
    }
}

#[cfg(test)]
#[path = "sessions_test.rs"]
mod tests;
