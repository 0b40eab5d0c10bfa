//! Whom to ask: served, talked long enough, no test, not asked lately, drawn.
//!
//! A draw is a keyed hash of the call: the same call is drawn the same way again and again, and nobody on the floor can
//! tell beforehand which one is. The quiet period silences repeat callers, so it has a disposition of its own; a caller
//! whose number is withheld cannot be known again and is asked without one.

use std::collections::BTreeMap;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::model::{
    CallId, CallRecord, Caller, Direction, Disposition, EndedBy, LineId, Pseudonym, SourceId,
    SurveyId, SurveyReason, TagKey, TargetKind, Text, Timestamp, TransferOutcome,
};

/// A whole, in the parts in which rates are told.
pub const WHOLE: u32 = 1_000_000;

/// The code of a menu's tag that says: stay on the line afterwards.
pub const MENU_YES: &str = "survey";
/// The code of a menu's tag that says: do not ask me.
pub const MENU_NO: &str = "no_survey";

/// Whom to ask, and what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Who talked for less is not asked.
    pub talk_min: Duration,
    /// The share of eligible calls that are drawn, in millionths.
    pub rate: u32,
    /// Who was invited less than this ago is left in peace; zero = no such period.
    pub quiet: Duration,
    /// The key of the draw.
    pub key: [u8; 32],
    /// How lines without a plan of their own are asked; `None` = they are not.
    pub default: Option<LinePlan>,
    /// How the others are asked.
    pub lines: BTreeMap<LineId, LinePlan>,
}

/// How the callers of a line are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePlan {
    /// The survey; `None` = they are not asked.
    pub survey: Option<SurveyId>,
    /// The language.
    pub language: Text,
    /// When they are invited.
    pub invite: Invite,
}

/// When callers are invited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Invite {
    /// After the talk: only those are asked whom an agent lets stay.
    #[default]
    After,
    /// By the menu before the queue: key 1 = "stay on the line afterwards", told as a tag.
    Before,
}

/// What is known of a call when it is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The number dialled.
    pub line: Option<LineId>,
    /// Whether a human answered.
    pub is_answered: bool,
    /// Whether it is a call of ours, or a test.
    pub is_test: bool,
    /// Talk so far.
    pub talk: Duration,
    /// Who called, when that is known.
    pub caller: Option<Pseudonym>,
    /// What the caller said to an invitation before the queue.
    pub menu: Option<bool>,
}

impl Candidate {
    /// A call as it stands at `now`; a talk that goes on counts until then.
    pub fn of(record: &CallRecord, now: Timestamp) -> Self {
        let talks = record.legs.iter().map(|leg| match leg.released_at {
            Some(_) => leg.talk().unwrap_or_default(),
            None => {
                let connected = now.since(leg.connected_at).unwrap_or_default();
                connected.saturating_sub(leg.hold)
            }
        });
        let said = record.tags.iter().rev().find_map(|tag| match &*tag.code {
            MENU_YES if tag.key == TagKey::MenuChoice => Some(true),
            MENU_NO if tag.key == TagKey::MenuChoice => Some(false),
            _ => None,
        });
        Self {
            line: record.line.clone(),
            is_answered: !record.legs.is_empty(),
            is_test: record.test || record.direction == Direction::Return,
            talk: talks.sum(),
            caller: known(record),
            menu: said,
        }
    }
}

/// Who called, when that is known.
pub(super) fn known(record: &CallRecord) -> Option<Pseudonym> {
    match &record.caller {
        Caller::Known(pseudonym) => Some(*pseudonym),
        Caller::Unknown | Caller::Withheld => None,
    }
}

impl Plan {
    /// Whether anybody is asked without being named by the switch.
    pub fn is_on(&self) -> bool {
        self.surveys().next().is_some()
    }

    /// The surveys that are asked.
    pub fn surveys(&self) -> impl Iterator<Item = &SurveyId> {
        let lines = self.lines.values().chain(&self.default);
        lines.filter_map(|line| line.survey.as_ref())
    }

    /// How the callers of a line are asked.
    pub fn of_line(&self, line: Option<&LineId>) -> Option<&LinePlan> {
        line.and_then(|line| self.lines.get(line))
            .or(self.default.as_ref())
    }

    /// Whether a call is drawn.
    pub fn draws(&self, source: &SourceId, call: &CallId) -> bool {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(source.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(call.as_str().as_bytes());
        let hash = mac.finalize().into_bytes();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        let share = (u128::from(u64::from_be_bytes(first)) * u128::from(WHOLE)) >> 64;
        share < u128::from(self.rate)
    }

    /// Whether a call is asked, and why: `Drawn`, or what speaks against it. `named` says that the switch itself named the
    /// survey; `invited_at` is when this caller was invited last, before this call.
    pub fn decide(
        &self,
        (source, call): (&SourceId, &CallId),
        candidate: &Candidate,
        named: bool,
        invited_at: Option<Timestamp>,
        now: Timestamp,
    ) -> SurveyReason {
        let line = self.of_line(candidate.line.as_ref());
        let has_survey = named || line.is_some_and(|line| line.survey.is_some());
        let before = line.is_some_and(|line| line.invite == Invite::Before);
        let since = invited_at.and_then(|at| now.since(at));
        if candidate.is_test {
            SurveyReason::TestCall
        } else if !candidate.is_answered {
            SurveyReason::NotServed
        } else if !has_survey {
            SurveyReason::NoSurvey
        } else if candidate.talk < self.talk_min {
            SurveyReason::TalkShort
        } else if since.is_some_and(|since| since < self.quiet) {
            SurveyReason::InvitedBefore
        } else if !self.draws(source, call) {
            SurveyReason::NotDrawn
        } else if before && candidate.menu == Some(false) {
            SurveyReason::Declined
        } else if before && candidate.menu.is_none() {
            SurveyReason::NoKey
        } else {
            SurveyReason::Drawn
        }
    }
}

/// Why a call that was drawn and has ended was never asked.
pub fn why_never_asked(record: &CallRecord) -> SurveyReason {
    let led_away = record.transfers.last().is_some_and(|last| {
        let is_lost = last.outcome == Some(TransferOutcome::Abandoned) || last.outcome.is_none();
        last.target == TargetKind::Outside || is_lost
    });
    let leg = record.legs.last();
    let by_caller = [Some(record.ended_by), leg.map(|leg| leg.released_by)];
    if led_away {
        SurveyReason::LostInTransfer
    } else if by_caller[1] == Some(EndedBy::Caller)
        || (by_caller[0] == Some(EndedBy::Caller) && by_caller[1] == Some(EndedBy::Unknown))
    {
        SurveyReason::CallerLeft
    } else {
        SurveyReason::NotHandedOver
    }
}

/// The disposition of a call that is not asked for this reason; `None` = it is asked.
pub const fn disposition_of(reason: SurveyReason) -> Option<Disposition> {
    Some(match reason {
        SurveyReason::Drawn | SurveyReason::Unbound => return None,
        SurveyReason::NotServed
        | SurveyReason::TalkShort
        | SurveyReason::TestCall
        | SurveyReason::NoSurvey => Disposition::NotEligible,
        SurveyReason::InvitedBefore => Disposition::QuietPeriod,
        SurveyReason::NotDrawn => Disposition::NotSelected,
        SurveyReason::Declined => Disposition::Refused,
        SurveyReason::NoKey => Disposition::NoInput,
        SurveyReason::UnknownSurvey => Disposition::TechnicalFailure,
        SurveyReason::CallerLeft => Disposition::CallerLeftFirst,
        SurveyReason::NotHandedOver => Disposition::NotHandedOver,
        SurveyReason::LostInTransfer => Disposition::LostInTransfer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn plan() -> Plan {
        Plan {
            talk_min: Duration::from_secs(20),
            rate: WHOLE,
            quiet: MINUTE,
            key: [7; 32],
            default: Some(LinePlan {
                survey: Some(SurveyId::new("two-questions")),
                language: "ru".into(),
                invite: Invite::After,
            }),
            lines: BTreeMap::new(),
        }
    }

    fn candidate() -> Candidate {
        Candidate {
            line: Some(LineId::new("8412")),
            is_answered: true,
            is_test: false,
            talk: Duration::from_secs(20),
            caller: None,
            menu: None,
        }
    }

    fn decide(plan: &Plan, candidate: &Candidate, invited_ago: Option<Duration>) -> &'static str {
        let now = Timestamp::default().plus(MINUTE * 60);
        let call = (&SourceId::new("pbx"), &CallId::new("c"));
        let invited_at = invited_ago.map(|ago| now.minus(ago));
        let reason = plan.decide(call, candidate, false, invited_at, now);
        reason.as_str()
    }

    #[test]
    fn each_condition_has_its_word() {
        let silent = Plan {
            default: None,
            ..plan()
        };
        let none = Plan { rate: 0, ..plan() };
        let mut before = plan();
        before.default.as_mut().unwrap().invite = Invite::Before;
        let said = |menu| Candidate {
            menu,
            ..candidate()
        };
        let of = |change: fn(&mut Candidate)| {
            let mut candidate = candidate();
            change(&mut candidate);
            candidate
        };
        let short = Duration::from_micros(19_999_999);
        let cases = [
            (plan(), candidate(), None, "drawn"),
            (plan(), of(|call| call.is_test = true), None, "test_call"),
            (
                plan(),
                of(|call| call.is_answered = false),
                None,
                "not_served",
            ),
            (
                plan(),
                Candidate {
                    talk: short,
                    ..candidate()
                },
                None,
                "talk_short",
            ),
            (silent, candidate(), None, "no_survey"),
            (plan(), candidate(), Some(MINUTE), "drawn"),
            (
                plan(),
                candidate(),
                Some(MINUTE - Duration::from_micros(1)),
                "invited_before",
            ),
            (none, candidate(), None, "not_drawn"),
            (before.clone(), said(None), None, "no_key"),
            (before.clone(), said(Some(false)), None, "declined"),
            (before, said(Some(true)), None, "drawn"),
        ];
        for (plan, candidate, invited_ago, expected) in cases {
            assert_eq!(decide(&plan, &candidate, invited_ago), expected);
        }
    }

    #[test]
    fn a_line_may_have_a_survey_of_its_own_or_none() {
        let mut plan = plan();
        let line = |survey: Option<&str>| LinePlan {
            survey: survey.map(SurveyId::new),
            language: "en".into(),
            invite: Invite::After,
        };
        plan.lines.insert(LineId::new("8412"), line(None));
        assert_eq!(decide(&plan, &candidate(), None), "no_survey");
        plan.lines.insert(LineId::new("8412"), line(Some("long")));
        assert_eq!(decide(&plan, &candidate(), None), "drawn");
        let of_line = plan.of_line(Some(&LineId::new("8412")));
        assert_eq!(of_line, Some(&line(Some("long"))));
        assert_eq!(plan.of_line(None), plan.default.as_ref());
    }

    /// 10,000 calls at 20 %: 2,000 ± 4 standard deviations of √(10,000 · 0.2 · 0.8) = 40.
    #[test]
    fn the_draw_is_as_large_as_its_rate_and_the_same_each_time() {
        let mut plan = plan();
        plan.rate = WHOLE / 5;
        let source = SourceId::new("pbx");
        let drawn = |plan: &Plan| {
            let calls = (0..10_000).map(|number| CallId::new(format!("call-{number}")));
            calls
                .filter(|call| plan.draws(&source, call))
                .collect::<Vec<_>>()
        };
        let first = drawn(&plan);
        assert!((1_840..=2_160).contains(&first.len()), "{}", first.len());
        assert_eq!(drawn(&plan), first);
        plan.key = [8; 32];
        assert_ne!(drawn(&plan), first, "another key draws others");
        plan.rate = WHOLE;
        assert_eq!(drawn(&plan).len(), 10_000);
        plan.rate = 0;
        assert_eq!(drawn(&plan).len(), 0);
    }
}
