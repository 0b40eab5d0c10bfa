//! The notation of stories: `arrive 0; enter sales 1.5; ring ann 4; answer ann sales 9; end caller 60`.
//!
//! The last word of each step is its time in seconds; `!` behind it says that the source's clock was ahead, `#7` that
//! the step is told under that number (else they count from 1). Steps are told in the order in which they stand.
//!
//! ```text
//! arrive [return]                 tag KEY [CODE]               refuse REASON [QUEUE]
//! enter QUEUE                     left QUEUE EXIT              ring AGENT [QUEUE]
//! miss AGENT REASON               answer AGENT [QUEUE]         release AGENT[@QUEUE] [BY]
//! hold AGENT                      unhold AGENT                 begin AGENT METHOD KIND NAME
//! done AGENT [METHOD] [KIND NAME] fail AGENT CAUSE             key
//! promise [QUEUE]                 tried RESULT                 message
//! end BY                          KIND: agent, queue, outside
//! ```

use crate::model::{
    AgentId, CallEvent, CallbackResult, Caller, Direction, EndedBy, MissedReason, QueueExit,
    QueueId, RefusalReason, TagKey, TaggedBy, Timestamp, TransferFailure, TransferMethod,
    TransferTarget,
};

/// One step of a story.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) at: Timestamp,
    pub(super) sequence: u64,
    pub(super) ahead: bool,
    pub(super) event: CallEvent,
}

/// The steps of a story.
pub(super) fn parse(story: &str) -> Vec<Step> {
    let steps = story
        .split(';')
        .map(str::trim)
        .filter(|step| !step.is_empty());
    steps
        .enumerate()
        .map(|(index, step)| parse_step(step, index as u64 + 1))
        .collect()
}

fn parse_step(step: &str, count: u64) -> Step {
    let mut words: Vec<&str> = step.split_whitespace().collect();
    let time = words.pop().expect("a step has words");
    let (time, sequence) = match time.split_once('#') {
        Some((time, sequence)) => (time, sequence.parse().expect("a number")),
        None => (time, count),
    };
    let ahead = time.ends_with('!');
    Step {
        at: at(time.trim_end_matches('!')),
        sequence,
        ahead,
        event: parse_event(&words).unwrap_or_else(|| panic!("no such step: {step}")),
    }
}

/// The instant that many seconds in.
pub(super) fn at(seconds: &str) -> Timestamp {
    let seconds: f64 = seconds.parse().expect("seconds");
    Timestamp::from_micros((seconds * 1e6).round() as i64)
}

fn parse_event(words: &[&str]) -> Option<CallEvent> {
    Some(match *words {
        ["arrive"] => arrived(Direction::Inbound),
        ["arrive", "return"] => arrived(Direction::Return),
        ["tag", key] => tagged(key, ""),
        ["tag", key, code] => tagged(key, code),
        ["refuse", reason] => refused(reason, None),
        ["refuse", reason, queue] => refused(reason, Some(queue)),
        ["enter", queue] => CallEvent::QueueEntered {
            queue: QueueId::new(queue),
            position: 0,
            priority: 0,
        },
        ["left", queue, exit] => CallEvent::QueueLeft {
            queue: QueueId::new(queue),
            exit: word(QueueExit::ALL, QueueExit::as_str, exit),
        },
        ["ring", agent] => offered(agent, None),
        ["ring", agent, queue] => offered(agent, Some(queue)),
        ["miss", agent, reason] => CallEvent::OfferMissed {
            agent: AgentId::new(agent),
            queue: None,
            reason: word(MissedReason::ALL, MissedReason::as_str, reason),
        },
        ["answer", agent] => connected(agent, None),
        ["answer", agent, queue] => connected(agent, Some(queue)),
        ["release", agent] => released(agent, "unknown"),
        ["release", agent, by] => released(agent, by),
        ["hold", agent] => hold(agent, false),
        ["hold", agent, "consult"] => hold(agent, true),
        ["unhold", agent] => CallEvent::HoldEnded {
            agent: AgentId::new(agent),
        },
        ["begin", from, method, kind, name] => CallEvent::TransferStarted {
            method: transfer_method(method)?,
            from: AgentId::new(from),
            to: target(kind, name)?,
        },
        ["done", from] => completed(from, None, None),
        ["done", from, method] => completed(from, transfer_method(method), None),
        ["done", from, kind, name] => completed(from, None, target(kind, name)),
        ["done", from, method, kind, name] => {
            completed(from, transfer_method(method), target(kind, name))
        }
        ["fail", from, cause] => CallEvent::TransferFailed {
            from: AgentId::new(from),
            cause: word(TransferFailure::ALL, TransferFailure::as_str, cause),
        },
        ["key"] => CallEvent::DigitPressed { digit: None },
        ["promise"] => CallEvent::CallbackPromised {
            due: None,
            queue: None,
        },
        ["promise", queue] => CallEvent::CallbackPromised {
            due: None,
            queue: Some(QueueId::new(queue)),
        },
        ["tried", result] => CallEvent::CallbackAttempted {
            result: word(CallbackResult::ALL, CallbackResult::as_str, result),
            agent: None,
        },
        ["message"] => CallEvent::MessageLeft {
            recording: "1".into(),
        },
        ["end", by] => CallEvent::Ended {
            by: word(EndedBy::ALL, EndedBy::as_str, by),
            cause: "".into(),
        },
        _ => return None,
    })
}

fn word<T: Copy>(all: &[T], as_str: fn(T) -> &'static str, word: &str) -> T {
    let found = all.iter().copied().find(|known| as_str(*known) == word);
    found.unwrap_or_else(|| panic!("no such word: {word}"))
}

fn transfer_method(name: &str) -> Option<TransferMethod> {
    let mut all = TransferMethod::ALL.iter().copied();
    all.find(|method| method.as_str() == name)
}

fn target(kind: &str, name: &str) -> Option<TransferTarget> {
    match kind {
        "agent" => Some(TransferTarget::Agent(AgentId::new(name))),
        "queue" => Some(TransferTarget::Queue(QueueId::new(name))),
        "outside" => Some(TransferTarget::Outside(name.into())),
        _ => None,
    }
}

fn arrived(direction: Direction) -> CallEvent {
    CallEvent::Arrived {
        caller: Caller::Unknown,
        line: None,
        channel: None,
        direction,
    }
}

fn tagged(key: &str, code: &str) -> CallEvent {
    CallEvent::Tagged {
        key: word(TagKey::ALL, TagKey::as_str, key),
        code: code.into(),
        by: TaggedBy::Unknown,
    }
}

fn refused(reason: &str, queue: Option<&str>) -> CallEvent {
    CallEvent::Refused {
        reason: word(RefusalReason::ALL, RefusalReason::as_str, reason),
        line: None,
        queue: queue.map(QueueId::new),
    }
}

fn offered(agent: &str, queue: Option<&str>) -> CallEvent {
    CallEvent::AgentOffered {
        agent: AgentId::new(agent),
        queue: queue.map(QueueId::new),
    }
}

fn connected(agent: &str, queue: Option<&str>) -> CallEvent {
    CallEvent::AgentConnected {
        agent: AgentId::new(agent),
        queue: queue.map(QueueId::new),
    }
}

fn hold(agent: &str, for_consultation: bool) -> CallEvent {
    CallEvent::HoldStarted {
        agent: AgentId::new(agent),
        for_consultation,
    }
}

fn released(agent: &str, by: &str) -> CallEvent {
    let (agent, queue) = match agent.split_once('@') {
        Some((agent, queue)) => (agent, Some(QueueId::new(queue))),
        None => (agent, None),
    };
    CallEvent::AgentReleased {
        agent: AgentId::new(agent),
        queue,
        by: word(EndedBy::ALL, EndedBy::as_str, by),
    }
}

fn completed(from: &str, method: Option<TransferMethod>, to: Option<TransferTarget>) -> CallEvent {
    CallEvent::TransferCompleted {
        from: AgentId::new(from),
        method,
        to,
    }
}
