//! The state of an interview as it was written by each version.

use std::time::Duration;

use super::{TWO_QUESTIONS, definition};
use crate::model::Timestamp;
use crate::survey::{Heard, Input, Interview, Key, Order, Press, StateError};

/// After the first answer, which is being written down.
const V1: &str = include_str!("../../../tests/golden/interview-v1.json");

fn bytes(version: u8, json: &str) -> Vec<u8> {
    [&[version], json.trim_end().as_bytes()].concat()
}

#[test]
fn version_1_is_written_and_goes_on_at_the_unanswered_question() {
    let definition = definition(TWO_QUESTIONS);
    let at = |seconds| Timestamp::from_micros(0).plus(Duration::from_secs(seconds));
    let mut orders = Vec::new();
    let mut interview = Interview::begin(&definition, "ru", at(0), &mut orders);
    let press = Press {
        key: Key::parse("4").unwrap(),
        input_seq: None,
        heard: Heard::Unknown,
    };
    for (seconds, input) in [
        (18, Input::PromptEnded { play: Some(1) }),
        (18, Input::Recorded { seq: 1 }),
        (25, Input::Press(press)),
    ] {
        interview.handle_input(&definition, &input, at(seconds), &mut orders);
    }
    assert_eq!(interview.encode(), bytes(1, V1));

    let mut kept = Interview::decode(&bytes(1, V1)).unwrap();
    orders.clear();
    kept.handle_input(&definition, &Input::Resumed, at(40), &mut orders);
    let asked = orders.iter().find_map(|order| match order {
        Order::Collect { question, .. } => question.as_ref(),
        Order::Play { .. } | Order::Listen { .. } | Order::Record { .. } | Order::End { .. } => {
            None
        }
    });
    assert_eq!(asked.map(|question| question.as_str()), Some("solved"));
    assert_eq!(kept.answers().collect::<Vec<_>>(), [(0, "4")]);
}

#[test]
fn other_bytes_are_refused() {
    assert!(matches!(Interview::decode(&[]), Err(StateError::Empty)));
    assert!(matches!(
        Interview::decode(&bytes(2, V1)),
        Err(StateError::Version(2))
    ));
    let torn = &bytes(1, V1)[..100];
    assert!(matches!(
        Interview::decode(torn),
        Err(StateError::Damaged(_))
    ));
}

#[test]
fn nothing_that_was_pressed_is_shown() {
    let kept = Interview::decode(&bytes(1, V1)).unwrap();
    let shown = format!("{kept:?}");
    assert!(
        shown.contains("Key(•)") && !shown.contains("answer"),
        "{shown}"
    );
}
