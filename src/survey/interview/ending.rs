//! How an interview ends: why it stops, and which disposition that is.

use crate::model::Disposition;

use crate::survey::definition::{Definition, Then};
use crate::survey::order::Order;

use super::state::{Place, Stage};
use super::{Interview, Outcome};

/// Why an interview stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Nothing is left to ask.
    Done,
    /// The last attempt at a question brought nothing, and the definition ends then.
    NothingCame,
    /// The caller hung up.
    HungUp,
    /// The caller pressed the way out at a question.
    Left,
    /// The caller pressed the way out when asked to consent.
    SaidNo,
    /// The caller never pressed the key that consents.
    NotConsented,
    /// The session took as long, or said as much, as it may.
    Limit,
    /// The caller cannot.
    Unable,
    /// The switch cannot go on.
    Failed,
    /// The journal does not write.
    JournalStalled,
}

impl Interview {
    /// Stops: says goodbye to a caller who is there to hear it.
    pub(super) fn stop(&mut self, definition: &Definition, why: Why, orders: &mut Vec<Order>) {
        let is_gone = matches!(why, Why::HungUp | Why::Failed);
        match &self.stage {
            Stage::Ended { .. } => return,
            // The goodbye is a courtesy: how it ended is decided.
            Stage::Parting { outcome } => {
                let outcome = Outcome {
                    next: if is_gone { Then::HangUp } else { outcome.next },
                    ..*outcome
                };
                if is_gone {
                    self.end(outcome, orders);
                }
                return;
            }
            Stage::Opening { .. }
            | Stage::Asking(_)
            | Stage::Listening { .. }
            | Stage::Recording { .. } => {}
        }
        let disposition = self.disposition(definition, why);
        self.leave_behind();
        let next = match why {
            Why::Left | Why::SaidNo => definition.leave.to,
            Why::Done
            | Why::NothingCame
            | Why::HungUp
            | Why::NotConsented
            | Why::Limit
            | Why::Unable
            | Why::Failed
            | Why::JournalStalled => Then::HangUp,
        };
        let outcome = Outcome {
            disposition,
            no_dtmf: !self.keypad.is_heard,
            next,
        };
        match definition.goodbye {
            // Who goes back to a specialist is not sent off.
            Some(goodbye) if !is_gone && next == Then::HangUp => {
                self.stage = Stage::Parting { outcome };
                self.say(definition, &[goodbye], false, orders);
            }
            Some(_) | None => self.end(outcome, orders),
        }
    }

    /// Ends for good.
    pub(super) fn end(&mut self, outcome: Outcome, orders: &mut Vec<Order>) {
        self.stage = Stage::Ended { outcome };
        self.deadline = None;
        orders.push(Order::End {
            disposition: outcome.disposition,
            no_dtmf: outcome.no_dtmf,
            next: outcome.next,
        });
    }

    fn disposition(&self, definition: &Definition, why: Why) -> Disposition {
        let is_opening = matches!(self.stage, Stage::Opening { .. });
        match why {
            Why::SaidNo => Disposition::Refused,
            Why::HungUp if is_opening => Disposition::Refused,
            Why::NotConsented if self.keypad.is_heard => Disposition::Refused,
            Why::NotConsented => Disposition::NoInput,
            Why::Unable => self.partial_or(definition, Disposition::Unable),
            Why::Failed | Why::JournalStalled => {
                self.partial_or(definition, Disposition::TechnicalFailure)
            }
            Why::Done if self.is_whole() => Disposition::Complete,
            // The answer that is being written was the last one.
            Why::HungUp if self.is_last_being_recorded() && self.is_whole() => {
                Disposition::Complete
            }
            Why::Done | Why::NothingCame | Why::HungUp | Why::Left | Why::Limit => {
                self.partial_or(definition, self.begun())
            }
        }
    }

    /// Partial with the headline answered, else what is given.
    fn partial_or(&self, definition: &Definition, other: Disposition) -> Disposition {
        let mut answers = self.answers();
        if answers.any(|(question, _)| question == definition.headline) {
            Disposition::Partial
        } else {
            other
        }
    }

    /// A session without a headline answer: begun with a key, or never.
    fn begun(&self) -> Disposition {
        if self.keypad.is_heard {
            Disposition::BreakOff
        } else {
            Disposition::NoInput
        }
    }

    /// Whether every question that was asked and left behind was answered or skipped.
    fn is_whole(&self) -> bool {
        let mut passed = self.passed.iter();
        !self.given.is_empty() && passed.all(|passed| self.is_given(passed.question))
    }

    fn is_last_being_recorded(&self) -> bool {
        matches!(self.stage, Stage::Recording { then: Place::End })
    }
}
