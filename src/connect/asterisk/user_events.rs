//! What the dialplan says itself: `UserEvent(QueueExit,…)` and `UserEvent(dozvon,…)`.
//!
//! The first tells for certain how a caller left a queue. The second tells what no event of the switch shows: what a call
//! is about, that somebody will be called back, that a message was left. Its headers bear the names of the contract's
//! fields. What cannot be understood is refused with a reason, and the call goes on without it.

use crate::{
    model::Timestamp,
    proto::v1::{
        CallRefused, CallTagged, CallbackAttempted, CallbackPromised, CallbackResult, MessageLeft,
        QueueExit, RefusalReason, TagKey, TaggedBy, call_event::Kind,
    },
};

use super::{
    interpreter::{Interpreter, instant},
    members::agent_of_interface,
    message::Message,
    said::What,
};

/// The contract takes no longer id, code or name of a recording.
const ID_BYTES_MAX: usize = 128;
const WORDS_BYTES_MAX: usize = 256;

/// Refusals that wait to be told; what is beyond them is only counted.
const REFUSED_MAX: usize = 100;

/// What the dialplan said and nobody understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// How many.
    pub count: u64,
    /// Why, the first ones.
    pub reasons: Vec<String>,
}

impl Refused {
    fn add(&mut self, reason: String) {
        self.count += 1;
        if self.reasons.len() < REFUSED_MAX {
            self.reasons.push(reason);
        }
    }
}

impl Interpreter {
    /// The dialplan said something.
    pub(super) fn user_event(&mut self, message: &Message<'_>, at: Timestamp) {
        let named = message.get("UserEvent").unwrap_or_default();
        let is_ours = named.eq_ignore_ascii_case(b"dozvon");
        if !is_ours && !named.eq_ignore_ascii_case(b"QueueExit") {
            return;
        }
        match message.text("Kind").filter(|_| is_ours) {
            Some(kind) => {
                if let Err(why) = self.dialplan_tells(&kind, message, at) {
                    self.refused
                        .add(format!("UserEvent(dozvon,Kind: {kind}): {why}"));
                }
            }
            None if message.get("Status").is_some() => self.dialplan_exit(message, at),
            None if is_ours => {
                let why = "UserEvent(dozvon) has neither Kind nor Status".to_owned();
                self.refused.add(why);
            }
            None => {}
        }
    }

    /// Takes what was refused since this was last asked.
    pub fn take_refused(&mut self) -> Refused {
        std::mem::take(&mut self.refused)
    }

    /// What the dialplan says itself after a queue is exact.
    fn dialplan_exit(&mut self, message: &Message<'_>, at: Timestamp) {
        let (Some(key), Some(status)) = (self.channel(message, at), message.text("Status")) else {
            return;
        };
        let Some(call) = self.call_behind(key) else {
            return;
        };
        let exit = match &*status {
            "TIMEOUT" => QueueExit::Timeout,
            "LEAVEEMPTY" | "LEAVEUNAVAIL" => QueueExit::LeftEmpty,
            "WITHDRAW" => QueueExit::Withdrawn,
            "JOINEMPTY" | "JOINUNAVAIL" | "FULL" => {
                let reason = match &*status {
                    "FULL" => RefusalReason::Full,
                    _ => RefusalReason::NoAgents,
                };
                let refused = CallRefused {
                    reason: reason.into(),
                    line: String::new(),
                    queue: message.text("Queue").unwrap_or_default().into_owned(),
                };
                self.say(call, at, What::Event(Kind::Refused(refused)));
                return;
            }
            _ => return,
        };
        if let Some(left_at) = self.waits.get(&key).map(|wait| wait.left_at.unwrap_or(at)) {
            self.leave_queue(key, call, Some(exit), left_at);
        }
    }

    /// Something that no event of the switch shows.
    fn dialplan_tells(
        &mut self,
        kind: &str,
        message: &Message<'_>,
        at: Timestamp,
    ) -> Result<(), String> {
        let told = match kind {
            "tagged" => Kind::Tagged(tagged(message)?),
            "callback_promised" => Kind::CallbackPromised(promised(message)?),
            "callback_attempted" => Kind::CallbackAttempted(attempted(message)?),
            "message_left" => Kind::MessageLeft(MessageLeft {
                recording_id: words(message, "Recording")?.ok_or("Recording is missing")?,
            }),
            _ => {
                let known = "tagged, callback_promised, callback_attempted or message_left";
                return Err(format!("is none of {known}"));
            }
        };
        // Whom we call back is on a line of ours: the call that this is about is named.
        if let Some(id) = message.text("Call") {
            if id.len() > ID_BYTES_MAX {
                return Err(format!("Call is longer than {ID_BYTES_MAX} bytes"));
            }
            self.say_of(&id, at, What::Event(told));
            return Ok(());
        }
        let key = self.channel(message, at);
        let call = key.and_then(|key| self.call_behind(key));
        let call = call.ok_or(
            "is on a channel that belongs to no caller's call; say which with Call: its Uniqueid",
        )?;
        self.say(call, at, What::Event(told));
        Ok(())
    }
}

fn tagged(message: &Message<'_>) -> Result<CallTagged, String> {
    let key = match message.text("Key").ok_or("Key is missing")?.as_ref() {
        "topic" => TagKey::Topic,
        "stage" => TagKey::Stage,
        "test" => TagKey::Test,
        "conflict" => TagKey::Conflict,
        "menu_choice" => TagKey::MenuChoice,
        "needs_more_time" => TagKey::NeedsMoreTime,
        "self_served" => TagKey::SelfServed,
        other => {
            let known = "topic, stage, test, conflict, menu_choice, needs_more_time or self_served";
            return Err(format!("Key \"{other}\" is none of {known}"));
        }
    };
    let code = words(message, "Code")?;
    let needs_code = matches!(key, TagKey::Topic | TagKey::Stage | TagKey::MenuChoice);
    if needs_code && code.is_none() {
        return Err("Code is missing".to_owned());
    }
    let by = match message.text("By").as_deref() {
        None | Some("dialplan") => TaggedBy::Dialplan,
        Some("menu") => TaggedBy::Menu,
        Some("agent") => TaggedBy::Agent,
        Some(other) => return Err(format!("By \"{other}\" is none of dialplan, menu or agent")),
    };
    Ok(CallTagged {
        key: key.into(),
        code: code.unwrap_or_default(),
        by: by.into(),
    })
}

fn promised(message: &Message<'_>) -> Result<CallbackPromised, String> {
    let due = match message.text("Due") {
        None => None,
        Some(due) => Some(instant(&due).ok_or("Due is no time: expected Unix seconds")?),
    };
    Ok(CallbackPromised {
        due: due.map(|due| pbjson_types::Timestamp {
            seconds: due.as_micros().div_euclid(1_000_000),
            nanos: 0,
        }),
        queue: words(message, "Queue")?.unwrap_or_default(),
    })
}

fn attempted(message: &Message<'_>) -> Result<CallbackAttempted, String> {
    let result = match message.text("Result").ok_or("Result is missing")?.as_ref() {
        "reached" => CallbackResult::Reached,
        "no_answer" => CallbackResult::NoAnswer,
        "busy" => CallbackResult::Busy,
        "failed" => CallbackResult::Failed,
        other => {
            let known = "reached, no_answer, busy or failed";
            return Err(format!("Result \"{other}\" is none of {known}"));
        }
    };
    let agent = message.get("Agent").map(agent_of_interface);
    Ok(CallbackAttempted {
        result: result.into(),
        agent: agent.unwrap_or_default(),
    })
}

/// A header's words, if it is there; an error when they are too long.
fn words(message: &Message<'_>, key: &str) -> Result<Option<String>, String> {
    match message.text(key) {
        Some(words) if words.len() > WORDS_BYTES_MAX => {
            Err(format!("{key} is longer than {WORDS_BYTES_MAX} bytes"))
        }
        words => Ok(words.map(Into::into)),
    }
}
