//! How channels end, and with them talks and calls; and the keys a customer presses.

use std::time::Duration;

use crate::{
    model::Timestamp,
    proto::v1::{CallEnded, DigitPressed, EndedBy, call_event::Kind},
};

use super::{
    channels::{ChannelKey, Role},
    interpreter::{Due, Interpreter},
    message::Message,
    said::{Note, What},
};

/// The agent's hang-up and the customer's end belong together when they are told within this; a survey takes longer.
const SAME_MOMENT: Duration = Duration::from_millis(500);

/// A channel that was told to hang up, and of which nothing is heard for this long, has ended: its end was lost.
const END_LOST: Duration = Duration::from_secs(5);

/// The hang-up that follows a caller's abandoning a queue was within 50 ms in every run.
const ABANDONED_AND_ENDED: Duration = Duration::from_millis(250);

impl Interpreter {
    pub(super) fn hangup_request(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(key) = self.channel(message, at) else {
            return;
        };
        let Some(channel) = self.channels.get_mut(key) else {
            return;
        };
        // Of the side that hangs up: of a Local half it only says that the other half did.
        if channel.role == Role::Local || channel.hangup_requested.is_some() {
            return;
        }
        channel.hangup_requested = Some(at);
        channel.cause = message.number("Cause").or(channel.cause);
        match channel.role {
            Role::Customer(call) => {
                self.release_where(call, at, EndedBy::Caller, |_| true);
                self.later(at, END_LOST, Due::Ended(key));
            }
            Role::Phone => self.release_phone(key, EndedBy::Agent, at),
            Role::Local => {}
        }
    }

    pub(super) fn soft_hangup_request(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(key) = self.channel(message, at) else {
            return;
        };
        if let Some(channel) = self.channels.get_mut(key)
            && let Role::Customer(_) = channel.role
            && channel.soft_requested.is_none()
        {
            channel.soft_requested = Some(at);
            self.later(at, END_LOST, Due::Ended(key));
        }
    }

    /// Nothing was heard of a customer's line since it was to be hung up.
    pub(super) fn end_unheard(&mut self, key: ChannelKey, now: Timestamp) {
        let Some(channel) = self.channels.get(key) else {
            return;
        };
        let requested = channel.hangup_requested.max(channel.soft_requested);
        let is_quiet = now
            .since(channel.heard_at)
            .is_some_and(|gap| gap >= END_LOST);
        if let Some(at) = requested
            && is_quiet
        {
            self.channel_gone(key, at, None);
        }
    }

    pub(super) fn hangup(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(key) = self.channel(message, at) else {
            return;
        };
        self.channel_gone(key, at, Some(message));
    }

    /// A channel has ended.
    pub(super) fn channel_gone(
        &mut self,
        key: ChannelKey,
        at: Timestamp,
        message: Option<&Message<'_>>,
    ) {
        self.end_hold(key, at);
        let before = self.channels.calls_reached(key);
        let Some(channel) = self.channels.get(key) else {
            return;
        };
        let cause = channel
            .cause
            .or(message.and_then(|message| message.number("Cause")));
        match channel.role {
            Role::Customer(call) => self.end_call(call, key, at, message),
            Role::Phone => {
                let ended_at = channel.hangup_requested.unwrap_or(at);
                self.offer_gone(key, ended_at, cause);
                self.ring_gone(key, ended_at, cause);
                let by = self.who_let_go(key);
                self.release_phone(key, by, ended_at);
            }
            Role::Local => self.offer_gone(key, at, cause),
        }
        self.consult_line_gone(key, at);
        if self.waits.get(&key).is_some_and(|wait| wait.call.is_some()) {
            self.decide_exit(key, true);
        }
        self.waits.remove(&key);
        self.channels.remove(key);
        for call in before {
            self.follow(call, at);
        }
    }

    /// Who ended the talk of a telephone that is gone.
    fn who_let_go(&self, phone: ChannelKey) -> EndedBy {
        let own = self
            .channels
            .get(phone)
            .and_then(|one| one.hangup_requested);
        if own.is_some() {
            return EndedBy::Agent;
        }
        let Some(call) = self
            .call_of_phone(phone)
            .and_then(|call| self.calls.get(&call))
        else {
            return EndedBy::Unknown;
        };
        let customer = self.channels.get(call.channel);
        if customer.is_some_and(|one| one.hangup_requested.is_some()) {
            return EndedBy::Caller;
        }
        let mut talks = call.talks.iter();
        let talk = talks.find(|talk| talk.phone == Some(phone));
        talk.and_then(|talk| talk.reason).unwrap_or(EndedBy::Pbx)
    }

    fn end_call(
        &mut self,
        call: u64,
        key: ChannelKey,
        at: Timestamp,
        message: Option<&Message<'_>>,
    ) {
        let Some(channel) = self.channels.get(key) else {
            return;
        };
        let requested = channel.hangup_requested;
        let is_in_survey = self.is_survey(&channel.context);
        let waits_undecided = self.undecided(call);
        if requested.is_none()
            && let Some(waiting) = waits_undecided
            && waiting == key
        {
            // The caller's request was lost: a hang-up at once, without a cause, is a caller's.
            let left_at = self.left_at(waiting).unwrap_or(at);
            let at_once = at
                .since(left_at)
                .is_some_and(|gap| gap <= ABANDONED_AND_ENDED);
            let no_cause = message.and_then(|message| message.number("Cause")) == Some(0);
            if at_once && no_cause {
                self.end_at(call, left_at, EndedBy::Caller, message);
                return;
            }
        }
        if let Some(waiting) = waits_undecided.filter(|_| requested.is_none()) {
            self.decide_exit(waiting, true);
        }
        let last = self.calls.get(&call).and_then(|live| live.past.last());
        let last_released = last.map(|talk| (talk.at, talk.by));
        if is_in_survey {
            self.enter_survey(call, last_released.map_or(at, |(released, _)| released));
        }
        let by = match (requested, last_released) {
            (Some(_), _) => EndedBy::Caller,
            (None, Some((released, EndedBy::Agent)))
                if at.since(released).is_none_or(|gap| gap <= SAME_MOMENT) =>
            {
                EndedBy::Agent
            }
            _ => EndedBy::Pbx,
        };
        self.end_at(call, requested.unwrap_or(at), by, message);
    }

    /// Ends a call and whatever hangs on it.
    pub(super) fn end_at(
        &mut self,
        call: u64,
        at: Timestamp,
        by: EndedBy,
        message: Option<&Message<'_>>,
    ) {
        self.say_unheard(call);
        self.end_waits(call, at);
        self.release_where(call, at, by, |_| true);
        self.end_consults(call, at);
        self.settle_blinds(call);
        let cause = message.map(|message| {
            let number = message.text("Cause").unwrap_or_default();
            let words = message.text("Cause-txt").unwrap_or_default();
            format!("{number} {words}").trim().to_owned()
        });
        let ended = CallEnded {
            by: by.into(),
            cause: cause.unwrap_or_default(),
        };
        self.say(call, at, What::Event(Kind::Ended(ended)));
        self.log_done(call);
        if let Some(live) = self.calls.remove(&call)
            && let Some(channel) = self.channels.get_mut(live.channel)
        {
            channel.role = Role::Phone;
        }
    }

    pub(super) fn agent_complete(&mut self, message: &Message<'_>, at: Timestamp) {
        // Of Local members it comes at the end of the whole call, with a talk that covers everybody: it only says who
        // ended what nothing else tells the end of.
        let dest = message
            .text("DestUniqueid")
            .and_then(|id| self.channels.find(&id));
        self.channel(message, at);
        let phone = dest.and_then(|dest| self.phone_behind(dest));
        let of_phone = phone.and_then(|phone| self.call_of_any_phone(phone));
        if let Some(call) = of_phone {
            self.tell_unheard(call, message, at);
        }
        let reason = match message.get("Reason") {
            Some(b"agent") => EndedBy::Agent,
            Some(b"caller") => EndedBy::Caller,
            _ => return,
        };
        let call = phone.and_then(|phone| Some((self.call_of_phone(phone)?, phone)));
        if let Some((call, phone)) = call
            && let Some(talk) = self.talk_of_phone(call, phone)
        {
            talk.reason = Some(reason);
        }
    }

    pub(super) fn digit(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(key) = self.channel(message, at) else {
            return;
        };
        if message.get("Direction") != Some(b"Received") {
            return;
        }
        self.key_in_queue(key, at);
        let Some(channel) = self.channels.get(key) else {
            return;
        };
        let Role::Customer(call) = channel.role else {
            return;
        };
        let digit = message.text("Digit").and_then(|digit| digit.chars().next());
        let Some(digit) = digit.filter(|digit| "0123456789*#".contains(*digit)) else {
            return;
        };
        let is_in_survey = self.is_survey(&channel.context);
        let Some(live) = self.calls.get_mut(&call) else {
            return;
        };
        if live.last_key.replace((at, digit)) == Some((at, digit)) {
            return;
        }
        let released_at = live.past.last().map(|talk| talk.at);
        if is_in_survey {
            self.enter_survey(call, released_at.unwrap_or(at));
            // The event is that of the release; a key is an answer when it is pressed.
            let held = u64::try_from(message.number("DurationMs").unwrap_or(0)).unwrap_or(0);
            let pressed_at = at.minus(Duration::from_millis(held));
            self.say(call, pressed_at, What::Note(Note::SurveyKey(digit)));
        }
        let pressed = DigitPressed {
            digit: digit.to_string(),
        };
        self.say(call, at, What::Event(Kind::DigitPressed(pressed)));
    }

    /// The customer is in the survey: since the last agent let go, for nothing is told when the dialplan goes there.
    fn enter_survey(&mut self, call: u64, at: Timestamp) {
        if let Some(live) = self.calls.get_mut(&call)
            && !std::mem::replace(&mut live.in_survey, true)
        {
            self.say(call, at, What::Note(Note::SurveyOffered));
        }
    }

    pub(super) fn is_survey(&self, context: &str) -> bool {
        let mut contexts = self.options.survey_contexts.iter();
        contexts.any(|survey| survey == context)
    }
}
