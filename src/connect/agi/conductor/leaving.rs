//! How the caller is let go: by the dialog's last order, by our own goodbye when the dialog is of no use, or at once.

use std::time::Duration;

use crate::proto::v1 as wire;
use crate::proto::v1::conduct_survey_request::Message;

use super::super::ending::{Ending, Next, is_decision};
use super::{Act, Conductor, Play, Playing, Stage};

impl Conductor {
    /// Takes leave of the caller without the dialog.
    pub(in crate::connect::agi) fn give_up(
        &mut self,
        reason: &'static str,
        at: Duration,
        acts: &mut Vec<Act>,
    ) {
        if !matches!(self.stage, Stage::Asking) {
            return;
        }
        self.fail(reason, acts);
        let ending = Ending {
            disposition: String::new(),
            reason: reason.to_owned(),
            next: Next::HangUp,
        };
        if self.is_hung_up {
            self.leave(&ending, at, acts);
        } else {
            self.part(ending, at, acts);
        }
    }

    pub(super) fn fail(&self, cause: &str, acts: &mut Vec<Act>) {
        if matches!(self.stage, Stage::Asking) {
            let cause = cause.to_owned();
            acts.push(Act::Report(Message::Failed(wire::DialogFailed { cause })));
        }
    }

    pub(super) fn over(&mut self, acts: &mut Vec<Act>) {
        self.order_by = None;
        self.answer_by = None;
        if !matches!(self.stage, Stage::Over) {
            self.stage = Stage::Over;
            acts.push(Act::Over);
        }
    }

    /// The dialog's last order.
    pub(super) fn end(&mut self, end: &wire::EndDialog, at: Duration, acts: &mut Vec<Act>) {
        let is_course = end.reason.is_empty();
        let had_goodbye = is_course && self.last_asked_nothing && self.plays > 1;
        let next = if end.next() == wire::DialogNext::Specialist {
            Next::Specialist
        } else if self.plays == 0 && is_decision(&end.reason) {
            // Who was never spoken to hears what the dialplan always says.
            Next::Goodbye
        } else {
            Next::HangUp
        };
        let ending = Ending {
            disposition: end.disposition.clone(),
            reason: end.reason.clone(),
            next,
        };
        if self.is_hung_up || had_goodbye || next != Next::HangUp {
            self.leave(&ending, at, acts);
        } else {
            self.part(ending, at, acts);
        }
    }

    /// Our own goodbye, then the dialplan.
    pub(super) fn part(&mut self, ending: Ending, at: Duration, acts: &mut Vec<Act>) {
        self.order_by = None;
        self.coming = None;
        self.stage = Stage::Parting(ending);
        self.playing = Some(Playing {
            play: Play::Goodbye,
            files: [self.options.goodbye.clone()].into(),
            offset: 0,
            barge_in: false,
            is_heard: false,
        });
        self.go(at, acts);
    }

    pub(super) fn leave(&mut self, ending: &Ending, at: Duration, acts: &mut Vec<Act>) {
        self.order_by = None;
        self.stage = Stage::Leaving(ending.commands());
        self.go(at, acts);
    }
}
