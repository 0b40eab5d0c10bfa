//! The bytes of events: written as ever, read back as they were, and never a panic whatever they are.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::*;

/// What version 1 wrote once and every later version must read: a kind's name, then its bytes.
const GOLDEN_V1: &str = include_str!("../../../tests/golden/events-v1.hex");

fn samples() -> Vec<Event> {
    let agent = || AgentId::new("ann");
    let queue = || QueueId::new("sales");
    let key = Pseudonym {
        key: 300,
        hash: *b"0123456789abcdef",
    };
    let calls = vec![
        CallEvent::Arrived {
            caller: Caller::Known(key),
            line: Some(LineId::new("8412")),
            channel: Some("PJSIP/1".into()),
            direction: Direction::Return,
        },
        CallEvent::Arrived {
            caller: Caller::Withheld,
            line: None,
            channel: None,
            direction: Direction::Inbound,
        },
        CallEvent::Tagged {
            key: TagKey::Topic,
            code: "пенсия".into(),
            by: TaggedBy::Agent,
        },
        CallEvent::Refused {
            reason: RefusalReason::Full,
            line: Some(LineId::new("8412")),
            queue: Some(queue()),
        },
        CallEvent::QueueEntered {
            queue: queue(),
            position: 300,
            priority: -2,
        },
        CallEvent::QueueLeft {
            queue: queue(),
            exit: QueueExit::Callback,
        },
        CallEvent::AgentOffered {
            agent: agent(),
            queue: Some(queue()),
        },
        CallEvent::OfferMissed {
            agent: agent(),
            queue: None,
            reason: MissedReason::AnsweredElsewhere,
        },
        CallEvent::AgentConnected {
            agent: agent(),
            queue: Some(queue()),
        },
        CallEvent::AgentReleased {
            agent: agent(),
            queue: None,
            by: EndedBy::Pbx,
        },
        CallEvent::HoldStarted {
            agent: agent(),
            for_consultation: false,
        },
        CallEvent::HoldEnded { agent: agent() },
        CallEvent::TransferStarted {
            method: TransferMethod::Attended,
            from: agent(),
            to: TransferTarget::Outside("+7800".into()),
        },
        CallEvent::TransferCompleted {
            from: agent(),
            method: Some(TransferMethod::Conference),
            to: Some(TransferTarget::Queue(queue())),
        },
        CallEvent::TransferCompleted {
            from: agent(),
            method: None,
            to: Some(TransferTarget::Agent(AgentId::new("bob"))),
        },
        CallEvent::TransferFailed {
            from: agent(),
            cause: TransferFailure::CallerGone,
        },
        CallEvent::DigitPressed { digit: Some(b'#') },
        CallEvent::CallbackPromised {
            due: Some(Timestamp::from_micros(-1)),
            queue: Some(queue()),
        },
        CallEvent::CallbackAttempted {
            result: CallbackResult::Reached,
            agent: Some(agent()),
        },
        CallEvent::MessageLeft {
            recording: "rec-1".into(),
        },
        CallEvent::Ended {
            by: EndedBy::Caller,
            cause: "16".into(),
        },
    ];
    let calls = calls.into_iter().map(|event| Body::Call {
        call: CallId::new("c-1"),
        event,
    });
    let others = [
        Body::Agent(AgentEvent::StateChanged {
            agent: agent(),
            state: AgentState::Paused,
            reason: "обед".into(),
            queues: vec![queue(), QueueId::new("tech")],
        }),
        Body::Agent(AgentEvent::WrapUpEnded { agent: agent() }),
        Body::Line(LineEvent {
            line: LineId::new("8412"),
            busy: 2,
            total: 30,
        }),
    ];
    let event = |(index, body)| Event {
        sequence: 1_000 + index as u64,
        occurred_at: Timestamp::from_micros(1_700_000_000_000_000),
        ahead: index % 5 == 4,
        body,
    };
    calls.chain(others).enumerate().map(event).collect()
}

fn written(event: &Event) -> Vec<u8> {
    let mut out = Vec::new();
    write_event(&mut out, event, &mut (0, Timestamp::default()));
    out
}

fn read(bytes: &[u8]) -> Result<Event, CodecError> {
    let mut reader = Reader::new(bytes);
    let event = read_event(&mut reader, &mut (0, Timestamp::default()))?;
    assert!(reader.is_empty(), "nothing is left over");
    Ok(event)
}

#[test]
fn version_1_is_written_and_read_as_ever() {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let samples = samples();
    let lines: Vec<String> = samples
        .iter()
        .map(|event| format!("{} {}", event.body.kind(), hex(&written(event))))
        .collect();
    assert_eq!(lines.join("\n"), GOLDEN_V1.trim_end());
    for event in samples {
        assert_eq!(read(&written(&event)), Ok(event));
    }
}

#[test]
fn the_golden_file_has_every_kind() {
    let kinds = samples().into_iter().filter_map(|event| match event.body {
        Body::Call { event, .. } => Some(call_kind(&event)),
        Body::Agent(_) | Body::Line(_) => None,
    });
    let mut kinds: Vec<u8> = kinds.collect();
    kinds.dedup();
    assert_eq!(kinds, (1..=19).collect::<Vec<u8>>());
    for name in ["agent_state_changed ", "wrap_up_ended ", "line_status "] {
        assert!(GOLDEN_V1.contains(name));
    }
}

#[test]
fn a_cut_event_is_no_event() {
    for event in samples() {
        let bytes = written(&event);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{event:?} cut at {length}");
        }
    }
}

#[test]
fn a_count_or_length_beyond_the_bytes_is_refused_before_anything_is_reserved() {
    let mut state = vec![0, 0, AGENT_STATE, 1, b'a', AgentState::Available.code(), 0];
    put_uint(&mut state, u64::MAX);
    assert_eq!(read(&state), Err(CodecError::Short));
    let mut text = vec![0, 0, WRAP_UP];
    put_uint(&mut text, u64::MAX >> 1);
    assert_eq!(read(&text), Err(CodecError::Short));
}

#[test]
fn what_no_version_has_is_named() {
    assert_eq!(read(&[0, 0, 31, 1, b'a']), Err(CodecError::Code(31)));
    assert_eq!(read(&[0, 0, 15, 1, b'a', 2]), Err(CodecError::Code(2)));
    assert_eq!(read(&[0, 0, WRAP_UP, 1, 0xff]), Err(CodecError::Utf8));
    let endless = [0xff; 11];
    assert_eq!(Reader::new(&endless).uint(), Err(CodecError::Overflow));
    let too_great = [0xff, 0xff, 0xff, 0xff, 0x1f];
    assert_eq!(Reader::new(&too_great).uint32(), Err(CodecError::Overflow));
}

#[test]
fn names_read_twice_share_their_memory() {
    let mut out = Vec::new();
    let mut before = (0, Timestamp::default());
    let queue = QueueId::new("sales");
    for sequence in 1..=2 {
        let event = Event {
            sequence,
            occurred_at: Timestamp::default(),
            ahead: false,
            body: Body::Call {
                call: CallId::new("1"),
                event: CallEvent::QueueLeft {
                    queue: queue.clone(),
                    exit: QueueExit::Timeout,
                },
            },
        };
        write_event(&mut out, &event, &mut before);
    }
    let mut reader = Reader::new(&out);
    let mut before = (0, Timestamp::default());
    let mut addresses = (0..2).map(|_| match read_event(&mut reader, &mut before) {
        Ok(Event {
            body:
                Body::Call {
                    event: CallEvent::QueueLeft { queue, .. },
                    ..
                },
            ..
        }) => queue.as_str().as_ptr() as usize,
        other => panic!("not what was written: {other:?}"),
    });
    assert_eq!(addresses.next(), addresses.next());
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{1,3}", "\\PC{0,20}"]
}

fn call_event() -> impl Strategy<Value = CallEvent> {
    let agent = || text().prop_map(AgentId::new);
    let queue = || text().prop_map(QueueId::new);
    let line = || of(text().prop_map(LineId::new));
    let caller = prop_oneof![
        Just(Caller::Unknown),
        Just(Caller::Withheld),
        any::<(u32, [u8; 16])>().prop_map(|(key, hash)| Caller::Known(Pseudonym { key, hash })),
    ];
    let target = || {
        prop_oneof![
            agent().prop_map(TransferTarget::Agent),
            queue().prop_map(TransferTarget::Queue),
            text().prop_map(|name| TransferTarget::Outside(name.into())),
        ]
    };
    let arrived = (caller, line(), of(text()), select(Direction::ALL));
    let entered = (queue(), any::<u32>(), any::<i32>());
    prop_oneof![
        arrived.prop_map(|(caller, line, channel, direction)| CallEvent::Arrived {
            caller,
            line,
            channel: channel.map(Into::into),
            direction,
        }),
        (select(TagKey::ALL), text(), select(TaggedBy::ALL)).prop_map(|(key, code, by)| {
            CallEvent::Tagged {
                key,
                code: code.into(),
                by,
            }
        }),
        (select(RefusalReason::ALL), line(), of(queue())).prop_map(|(reason, line, queue)| {
            CallEvent::Refused {
                reason,
                line,
                queue,
            }
        }),
        entered.prop_map(|(queue, position, priority)| CallEvent::QueueEntered {
            queue,
            position,
            priority,
        }),
        (queue(), select(QueueExit::ALL))
            .prop_map(|(queue, exit)| CallEvent::QueueLeft { queue, exit }),
        (agent(), of(queue())).prop_map(|(agent, queue)| CallEvent::AgentOffered { agent, queue }),
        (agent(), of(queue()), select(MissedReason::ALL)).prop_map(|(agent, queue, reason)| {
            CallEvent::OfferMissed {
                agent,
                queue,
                reason,
            }
        }),
        (agent(), of(queue()))
            .prop_map(|(agent, queue)| CallEvent::AgentConnected { agent, queue }),
        (agent(), of(queue()), select(EndedBy::ALL))
            .prop_map(|(agent, queue, by)| CallEvent::AgentReleased { agent, queue, by }),
        (agent(), any::<bool>()).prop_map(|(agent, for_consultation)| CallEvent::HoldStarted {
            agent,
            for_consultation,
        }),
        agent().prop_map(|agent| CallEvent::HoldEnded { agent }),
        (select(TransferMethod::ALL), agent(), target())
            .prop_map(|(method, from, to)| CallEvent::TransferStarted { method, from, to }),
        (agent(), of(select(TransferMethod::ALL)), of(target()))
            .prop_map(|(from, method, to)| CallEvent::TransferCompleted { from, method, to }),
        (agent(), select(TransferFailure::ALL))
            .prop_map(|(from, cause)| CallEvent::TransferFailed { from, cause }),
        of(any::<u8>()).prop_map(|digit| CallEvent::DigitPressed { digit }),
        (of(any::<i64>()), of(queue())).prop_map(|(due, queue)| CallEvent::CallbackPromised {
            due: due.map(Timestamp::from_micros),
            queue,
        }),
        (select(CallbackResult::ALL), of(agent()))
            .prop_map(|(result, agent)| CallEvent::CallbackAttempted { result, agent }),
        text().prop_map(|recording| CallEvent::MessageLeft {
            recording: recording.into(),
        }),
        (select(EndedBy::ALL), text()).prop_map(|(by, cause)| CallEvent::Ended {
            by,
            cause: cause.into(),
        }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let agent = || text().prop_map(AgentId::new);
    let queues = vec(text().prop_map(QueueId::new), 0..4);
    let state = (agent(), select(AgentState::ALL), text(), queues);
    let body = prop_oneof![
        6 => (text(), call_event()).prop_map(|(call, event)| Body::Call {
            call: CallId::new(call),
            event,
        }),
        1 => state.prop_map(|(agent, state, reason, queues)| {
            Body::Agent(AgentEvent::StateChanged {
                agent,
                state,
                reason: reason.into(),
                queues,
            })
        }),
        1 => agent().prop_map(|agent| Body::Agent(AgentEvent::WrapUpEnded { agent })),
        1 => (text(), any::<u32>(), any::<u32>()).prop_map(|(line, busy, total)| {
            Body::Line(LineEvent {
                line: LineId::new(line),
                busy,
                total,
            })
        }),
    ];
    let place = (any::<u64>(), any::<i64>(), any::<bool>());
    (place, body).prop_map(|((sequence, micros, ahead), body)| Event {
        sequence,
        occurred_at: Timestamp::from_micros(micros),
        ahead,
        body,
    })
}

proptest! {
    #[test]
    fn reads_what_it_wrote(events in vec(event(), 1..5)) {
        let mut out = Vec::new();
        let mut before = (0, Timestamp::default());
        events.iter().for_each(|event| write_event(&mut out, event, &mut before));
        let mut reader = Reader::new(&out);
        let mut before = (0, Timestamp::default());
        for event in events {
            prop_assert_eq!(read_event(&mut reader, &mut before), Ok(event));
        }
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn any_bytes_are_an_event_or_an_error(bytes in vec(any::<u8>(), 0..60), kind in 0..40u8) {
        let mut reader = Reader::new(&bytes);
        let _ = read_event(&mut reader, &mut (0, Timestamp::default()));
        let _ = Reader::new(&bytes).call_fields(kind);
    }

    #[test]
    fn damaged_events_are_other_events_or_errors(event in event(), place in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = written(&event);
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let mut reader = Reader::new(&bytes);
        if let Ok(other) = read_event(&mut reader, &mut (0, Timestamp::default())) {
            let rest = reader.rest().len();
            prop_assert!(rest > 0 || other != event, "every bit counts");
        }
    }
}
