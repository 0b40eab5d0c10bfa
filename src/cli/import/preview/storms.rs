//! Recordings of a real Asterisk with one thing wrong: an event missing, two neighbours swapped, an event told twice.
//!
//! Whatever is wrong, every call must come out sane: there, ended, each visit with one exit, no span negative. How often
//! the figures change is told, and bounded.

use std::io::Read as _;
use std::path::Path;

use super::tests::{golden, logs, shared};
use super::*;
use crate::connect::asterisk::{
    codec::Decoder,
    interpreter::{Interpreter, Options},
    members::Members,
    message::Message,
};

/// Events that the interpreter hears: nothing depends on the others.
const HEARD: [&[u8]; 26] = [
    b"Newchannel",
    b"Newstate",
    b"LocalBridge",
    b"BridgeEnter",
    b"BridgeLeave",
    b"BridgeDestroy",
    b"DialBegin",
    b"DialEnd",
    b"QueueCallerJoin",
    b"QueueCallerLeave",
    b"QueueCallerAbandon",
    b"AgentCalled",
    b"AgentConnect",
    b"AgentRingNoAnswer",
    b"AgentComplete",
    b"Hold",
    b"Unhold",
    b"BlindTransfer",
    b"AttendedTransfer",
    b"DTMFEnd",
    b"UserEvent",
    b"HangupRequest",
    b"SoftHangupRequest",
    b"Hangup",
    b"QueueMemberRemoved",
    b"QueueMemberAdded",
];

/// One recording, message by message.
struct Recording {
    name: String,
    messages: Vec<Vec<u8>>,
    members: Members,
    callers: Vec<Option<String>>,
    as_told: String,
}

impl Recording {
    fn read(folder: &Path) -> Self {
        let path = logs(folder).pop().unwrap();
        let mut bytes = Vec::new();
        let file = std::fs::File::open(&path).unwrap();
        if path.extension().is_some_and(|ending| ending == "gz") {
            let mut file = flate2::read::MultiGzDecoder::new(file);
            file.read_to_end(&mut bytes).unwrap();
        } else {
            std::io::BufReader::new(file)
                .read_to_end(&mut bytes)
                .unwrap();
        }
        let mut messages = Vec::new();
        let mut members = Members::default();
        Decoder::default().feed(&bytes, |_, message| {
            members.learn(&message);
            let event = message.event().unwrap_or_default();
            let is_member = event == b"QueueMember";
            if is_member || HEARD.contains(&event) {
                messages.push(written(&message));
            }
        });
        let mut recording = Self {
            name: folder.display().to_string(),
            messages,
            members,
            callers: Vec::new(),
            as_told: String::new(),
        };
        let order: Vec<usize> = (0..recording.messages.len()).collect();
        let preview = recording.play(&order);
        recording.callers = callers(&preview);
        recording.as_told = figures(&preview);
        recording
    }

    /// What the messages come to in this order.
    fn play(&self, order: &[usize]) -> Preview {
        let mut interpreter = Interpreter::new(Options::default(), self.members.clone());
        let mut gathered = Gathered::default();
        let mut decoder = Decoder::default();
        for index in order {
            decoder.feed(&self.messages[*index], |_, message| {
                interpreter.handle(&message, None);
            });
            interpreter.drain_into(&mut |concluded| gathered.add(concluded));
        }
        interpreter.finish();
        interpreter.drain_into(&mut |concluded| gathered.add(concluded));
        gathered.preview(2)
    }

    /// Plays it in another order; says whether the figures changed.
    fn check(&self, order: &[usize], what: &str) -> bool {
        let preview = self.play(order);
        let problems = problems(&preview);
        assert!(problems.is_empty(), "{}: {what}: {problems:?}", self.name);
        assert_eq!(callers(&preview), self.callers, "{}: {what}", self.name);
        figures(&preview) != self.as_told
    }

    fn named(&self, index: usize) -> String {
        String::from_utf8_lossy(&self.messages[index]).into_owned()
    }

    fn first(&self) -> usize {
        // The members listed at the beginning are known before anything else.
        let is_list = |message: &Vec<u8>| message.starts_with(b"Event: QueueMember\r");
        self.messages
            .iter()
            .filter(|message| is_list(message))
            .count()
    }
}

fn written(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, value) in message.headers() {
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

fn callers(preview: &Preview) -> Vec<Option<String>> {
    let mut callers: Vec<_> = preview
        .calls
        .iter()
        .map(|call| call.caller.clone())
        .collect();
    callers.sort();
    callers
}

/// What reports would show of it: to the second, so that a stamp taken from the neighbour is no change.
fn figures(preview: &Preview) -> String {
    let mut lines = Vec::new();
    for call in &preview.calls {
        let visits = call.visits.iter().map(|visit| {
            let wait = visit.left_at.map(|left| (left - visit.entered_at).round());
            (&visit.queue, visit.exit, wait)
        });
        let talks = call.talks.iter().map(|talk| {
            let span = talk.end.map(|end| (end - talk.start).round());
            (
                &talk.agent,
                &talk.queue,
                talk.ended_by,
                span,
                talk.hold_s.round(),
            )
        });
        let transfers = call
            .transfers
            .iter()
            .map(|one| (one.kind, &one.from, &one.to));
        lines.push(format!(
            "{:?} {:?} {:?} {:?} {:?}",
            call.caller,
            call.ended_by,
            visits.collect::<Vec<_>>(),
            talks.collect::<Vec<_>>(),
            transfers.collect::<Vec<_>>()
        ));
    }
    lines.sort();
    lines.join("\n")
}

/// Everything that no call may be.
fn problems(preview: &Preview) -> Vec<String> {
    let mut found = Vec::new();
    for call in &preview.calls {
        let caller = &call.caller;
        let Some(ended_at) = call.ended_at else {
            found.push(format!("{caller:?}: open for ever"));
            continue;
        };
        // Stamps of two neighbours in the wrong order are milliseconds apart.
        let in_order = |from: f64, to: f64| from <= to + 0.05;
        if !in_order(call.arrived_at, ended_at) {
            found.push(format!("{caller:?}: ends before it begins"));
        }
        for visit in &call.visits {
            let left_at = visit.left_at.filter(|_| visit.exit.is_some());
            if !left_at
                .is_some_and(|left| in_order(visit.entered_at, left) && in_order(left, ended_at))
            {
                found.push(format!("{caller:?}: visit {visit:?}"));
            }
        }
        for talk in &call.talks {
            if !talk
                .end
                .is_some_and(|end| in_order(talk.start, end) && in_order(end, ended_at))
            {
                found.push(format!("{caller:?}: talk {talk:?}"));
            }
        }
    }
    found
}

/// Names of recordings kept beside the tests.
const NAMES: [&str; 6] = [
    "attended-transfer",
    "caller-hangs-up",
    "chains",
    "pause-and-empty",
    "ping-pong",
    "ring-no-answer",
];

fn recordings() -> Vec<Recording> {
    let mut folders: Vec<_> = NAMES.iter().map(|name| golden(name)).collect();
    if let Some(shared) = shared() {
        let others = ["abandoned", "survey", "timeout-and-key"];
        folders.extend(others.iter().map(|name| shared.join(name)));
    }
    folders
        .iter()
        .map(|folder| Recording::read(folder))
        .collect()
}

fn told(what: &str, runs: usize, changed: usize) {
    use std::io::Write as _;
    let line = format!("\n{what}: {runs} runs, all sane; figures changed in {changed}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

#[test]
fn any_event_may_be_missing() {
    let (mut runs, mut changed) = (0, 0);
    for recording in recordings() {
        for missing in recording.first()..recording.messages.len() {
            let all = 0..recording.messages.len();
            let order: Vec<usize> = all.filter(|index| *index != missing).collect();
            runs += 1;
            let is_changed = recording.check(&order, &recording.named(missing));
            changed += usize::from(is_changed);
        }
    }
    told("one event missing", runs, changed);
    assert!(changed * 100 <= runs * 6, "{changed} of {runs}");
}

#[test]
fn any_two_neighbours_may_be_swapped() {
    let (mut runs, mut changed) = (0, 0);
    for recording in recordings() {
        for first in recording.first()..recording.messages.len() - 1 {
            let mut order: Vec<usize> = (0..recording.messages.len()).collect();
            order.swap(first, first + 1);
            runs += 1;
            changed += usize::from(recording.check(&order, &recording.named(first)));
        }
    }
    told("two neighbours swapped", runs, changed);
    assert!(changed * 100 <= runs, "{changed} of {runs}");
}

#[test]
fn any_event_may_be_told_twice() {
    let (mut runs, mut changed) = (0, 0);
    for recording in recordings() {
        for twice in recording.first()..recording.messages.len() {
            let mut order: Vec<usize> = (0..recording.messages.len()).collect();
            order.insert(twice, twice);
            runs += 1;
            let is_changed = recording.check(&order, &recording.named(twice));
            assert!(
                !is_changed,
                "{}: {}",
                recording.name,
                recording.named(twice)
            );
            changed += usize::from(is_changed);
        }
    }
    told("one event told twice", runs, changed);
}
