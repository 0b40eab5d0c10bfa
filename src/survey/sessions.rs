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
mod tests {
    use std::collections::BTreeMap;

    use super::super::plan::{Invite, LinePlan};
    use super::*;
    use crate::model::{
        AgentId, AnswerCode, Caller, EndedBy, Leg, Marks, QuestionAsked, QuestionId, SurveyReason,
        TargetKind, Transfer, TransferMethod, TransferOutcome,
    };

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::default().plus(Duration::from_secs(seconds))
    }

    fn caller(number: u8) -> Pseudonym {
        Pseudonym {
            key: 1,
            hash: [number; 16],
        }
    }

    fn sessions() -> Sessions {
        Sessions::new(Plan {
            talk_min: Duration::from_secs(20),
            rate: WHOLE,
            quiet: 30 * DAY,
            key: [7; 32],
            default: Some(LinePlan {
                survey: Some(SurveyId::new("two")),
                language: "ru".into(),
                invite: Invite::After,
            }),
            lines: BTreeMap::new(),
        })
    }

    /// A served call of a minute's talk that began at `began`, ended by the caller.
    fn record(began: u64) -> CallRecord {
        CallRecord {
            arrived_at: at(began),
            ended_at: Some(at(began + 60)),
            ended_by: EndedBy::Caller,
            caller: Caller::Known(caller(1)),
            line: None,
            direction: Direction::Inbound,
            test: false,
            outcome: Some(Outcome::Served),
            visits: Vec::new(),
            offers: Vec::new(),
            legs: vec![Leg {
                visit: None,
                agent: AgentId::new("a"),
                queue: None,
                connected_at: at(began),
                released_at: Some(at(began + 60)),
                released_by: EndedBy::Caller,
                hold: Duration::ZERO,
            }],
            transfers: Vec::new(),
            failed_transfers: Vec::new(),
            reroutes: Vec::new(),
            requeued: 0,
            consult_only: 0,
            refusals: Vec::new(),
            tags: Vec::new(),
            callbacks_promised: Vec::new(),
            callbacks_tried: Vec::new(),
            messages: 0,
            marks: Marks::default(),
        }
    }

    fn transfer(target: TargetKind, outcome: Option<TransferOutcome>) -> Transfer {
        Transfer {
            at: at(30),
            method: TransferMethod::Blind,
            target,
            to: "b".into(),
            from_agent: AgentId::new("a"),
            from_queue: None,
            told: true,
            is_return: false,
            outcome,
            wait: Duration::ZERO,
        }
    }

    fn opened() -> SessionEvent {
        SessionEvent::Opened(SessionOpened {
            survey: SurveyId::new("two"),
            version: 1,
            language: "ru".into(),
            reason: SurveyReason::Drawn,
            rate: WHOLE,
        })
    }

    fn answered(question: &str, answer: &str) -> SessionEvent {
        SessionEvent::Answered {
            question: QuestionId::new(question),
            answer: AnswerCode::new(answer),
            coded: true,
        }
    }

    fn ended(disposition: Disposition) -> SessionEvent {
        SessionEvent::Ended(SessionEnded {
            disposition,
            no_dtmf: false,
            asked: vec![QuestionAsked {
                question: QuestionId::new("a"),
                noinputs: 1,
                nomatches: 0,
                repeats: 2,
            }],
        })
    }

    /// Applies steps to the call `c`, a second each, and returns the facts in words.
    fn told(sessions: &mut Sessions, steps: impl IntoIterator<Item = SessionEvent>) -> Vec<String> {
        let source = SourceId::new("pbx");
        let mut facts = Vec::new();
        for (second, event) in (0..).zip(steps) {
            let step = (event, vec![1]);
            let call = (&source, CallId::new("c"));
            sessions.handle_event(call, at(second), step, Some(caller(1)), &mut facts);
        }
        words(facts)
    }

    fn settle(sessions: &mut Sessions, call: &str, record: &CallRecord) -> Vec<String> {
        let mut facts = Vec::new();
        let source = SourceId::new("pbx");
        sessions.handle_settled(&source, &CallId::new(call), record, &mut facts);
        words(facts)
    }

    fn words(facts: Vec<SurveyFact>) -> Vec<String> {
        let word = |fact| match fact {
            SurveyFact::Answered {
                question, answer, ..
            } => format!("{question}={}", answer.unwrap()),
            SurveyFact::Ended { disposition, .. } => disposition.as_str().to_owned(),
        };
        facts.into_iter().map(word).collect()
    }

    #[test]
    fn an_answer_told_twice_and_what_comes_after_the_end_count_once() {
        let mut sessions = sessions();
        let steps = [
            opened(),
            answered("a", "5"),
            answered("a", "1"),
            ended(Disposition::Partial),
            answered("b", "2"),
            ended(Disposition::Complete),
            opened(),
        ];
        assert_eq!(told(&mut sessions, steps), ["a=5", "partial"]);
        let changed = sessions.take_changed();
        assert_eq!(changed.len(), 1);
        let questions = &changed[0].questions;
        assert_eq!(questions.len(), 1);
        assert_eq!(questions[0].answer, Some(AnswerCode::new("5")));
        assert_eq!((questions[0].noinputs, questions[0].repeats), (1, 2));
        assert_eq!(changed[0].opened_at, Some(at(0)));
    }

    #[test]
    fn a_call_has_one_disposition_whether_it_settles_before_or_after_its_session_ends() {
        for settles_first in [true, false] {
            let mut sessions = sessions();
            assert_eq!(told(&mut sessions, [opened()]), [""; 0]);
            if settles_first {
                assert_eq!(settle(&mut sessions, "c", &record(0)), [""; 0]);
            }
            assert_eq!(sessions.take_changed().len(), 1);
            assert_eq!(
                told(&mut sessions, [ended(Disposition::BreakOff)]),
                ["break_off"]
            );
            if !settles_first {
                assert_eq!(settle(&mut sessions, "c", &record(0)), [""; 0]);
            }
            assert_eq!(sessions.take_changed().len(), 1);
            assert_eq!(sessions.all().count(), 0, "it is over");
        }
    }

    #[test]
    fn a_served_call_that_was_never_asked_says_why() {
        let of = |change: fn(&mut CallRecord)| {
            let mut record = record(0);
            change(&mut record);
            record
        };
        let cases = [
            (record(0), vec!["caller_left_first"]),
            (
                of(|call| call.legs[0].released_by = EndedBy::Agent),
                vec!["not_handed_over"],
            ),
            (
                of(|call| call.legs[0].released_by = EndedBy::Unknown),
                vec!["caller_left_first"],
            ),
            (
                of(|call| call.transfers = vec![transfer(TargetKind::Outside, None)]),
                vec!["lost_in_transfer"],
            ),
            (
                of(|call| {
                    let lost = Some(TransferOutcome::Abandoned);
                    call.transfers = vec![transfer(TargetKind::Queue, lost)];
                }),
                vec!["lost_in_transfer"],
            ),
            (
                of(|call| {
                    let answered = Some(TransferOutcome::Answered);
                    call.transfers = vec![transfer(TargetKind::Queue, answered)];
                }),
                vec!["caller_left_first"],
            ),
            (
                of(|call| call.legs[0].released_at = Some(at(19))),
                vec!["not_eligible"],
            ),
            (of(|call| call.test = true), vec![]),
            (of(|call| call.direction = Direction::Return), vec![]),
            (of(|call| call.outcome = Some(Outcome::Abandoned)), vec![]),
        ];
        for (record, expected) in cases {
            assert_eq!(
                settle(&mut sessions(), "x", &record),
                expected,
                "{record:?}"
            );
        }
        let mut off = Sessions::new(Plan::default());
        assert_eq!(
            settle(&mut off, "x", &record(0)),
            [""; 0],
            "nobody is asked"
        );
    }

    #[test]
    fn who_was_invited_is_left_in_peace_for_the_quiet_period() {
        let mut sessions = sessions();
        told(&mut sessions, [opened(), ended(Disposition::Refused)]);
        let days = |days: u64| days * DAY.as_secs();
        assert_eq!(
            settle(&mut sessions, "next", &record(days(29))),
            ["quiet_period"]
        );
        let mut other = record(days(29));
        other.caller = Caller::Known(caller(2));
        assert_eq!(
            settle(&mut sessions, "other", &other),
            ["caller_left_first"]
        );
        other.caller = Caller::Withheld;
        assert_eq!(
            settle(&mut sessions, "withheld", &other),
            ["caller_left_first"]
        );
        assert_eq!(
            settle(&mut sessions, "month", &record(days(31))),
            ["caller_left_first"]
        );
    }

    #[test]
    fn what_was_stored_goes_on_as_if_nothing_had_happened() {
        let mut before = sessions();
        told(&mut before, [opened(), answered("a", "5")]);
        let stored = before.take_changed();
        let mut after = sessions();
        after.restore(stored, [(caller(1), at(0))]);
        let steps = [answered("a", "1"), ended(Disposition::Complete)];
        assert_eq!(
            told(&mut after, steps),
            ["complete"],
            "the answer is counted already"
        );
        assert_eq!(after.invited_at(caller(1)), Some(at(0)));
    }

    #[test]
    fn a_session_whose_call_never_settles_is_let_go() {
        let mut sessions = sessions();
        told(&mut sessions, [opened(), ended(Disposition::Complete)]);
        sessions.take_changed();
        assert_eq!(sessions.all().count(), 1);
        let later = at(3 * DAY.as_secs());
        let call = (&SourceId::new("pbx"), CallId::new("d"));
        let step = (opened(), Vec::new());
        sessions.handle_event(call, later, step, None, &mut Vec::new());
        sessions.take_changed();
        assert_eq!(sessions.all().count(), 1, "the later one alone");
    }
}
