//! What holds whatever comes in, in whatever order.

use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;

use super::{EVERYTHING, TWO_QUESTIONS, definition};
use crate::model::Timestamp;
use crate::survey::script::Step;
use crate::survey::{Definition, Heard, Input, Interview, Key, Order, Press, Record};

/// Both definitions, read once.
fn both() -> &'static [Definition; 2] {
    static BOTH: LazyLock<[Definition; 2]> =
        LazyLock::new(|| [TWO_QUESTIONS, EVERYTHING].map(definition));
    &BOTH
}

/// Anything, a moment after what was before.
fn step() -> impl Strategy<Value = (u64, Input)> {
    let key = prop::sample::select("0123456789*#A".chars().collect::<Vec<_>>());
    let heard = prop::sample::select(vec![Heard::Unknown, Heard::Rfc4733, Heard::Inband]);
    let press =
        (key, heard, prop::option::weighted(0.1, 1_u64..20)).prop_map(|(key, heard, input_seq)| {
            Input::Press(Press {
                key: Key::try_from(key).unwrap(),
                input_seq,
                heard,
            })
        });
    let input = prop_oneof![
        12 => press,
        8 => Just(Input::PromptEnded { play: None }),
        1 => (0_u32..6).prop_map(|play| Input::PromptEnded { play: Some(play) }),
        6 => (0_u32..8).prop_map(|seq| Input::Recorded { seq }),
        1 => Just(Input::VoiceNote { recording: "rec".to_owned() }),
        1 => prop::sample::select(vec![Input::HangUp, Input::Failed, Input::Unable]),
        1 => Just(Input::Resumed),
    ];
    let gap = prop_oneof![
        Just(0_u64),
        1_u64..300,
        300_u64..20_000,
        20_000_u64..200_000
    ];
    (gap, input)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..60).prop_map(|steps| {
        let mut at = 0;
        let steps = steps.into_iter().map(|(gap, input)| {
            at += gap;
            (Duration::from_millis(at), input)
        });
        steps.collect()
    })
}

/// Every order with its time, to the end. `through` is what the state passes through at each step.
fn run(
    definition: &Definition,
    steps: &[Step],
    through: impl Fn(Interview) -> Interview,
) -> (Vec<(Timestamp, Order)>, Interview) {
    let begin = Timestamp::from_micros(1_000_000);
    let mut told = Vec::new();
    let mut orders = Vec::new();
    let mut interview = Interview::begin(definition, "en", begin, &mut orders);
    let mut steps = steps.iter().peekable();
    let mut at = begin;
    let mut rounds = 0;
    loop {
        told.extend(orders.drain(..).map(|order| (at, order)));
        interview = through(interview);
        rounds += 1;
        assert!(rounds < 10_000, "it comes to an end");
        let due = interview.poll_deadline(definition);
        match steps.peek() {
            Some((after, _)) if due.is_none_or(|due| begin.plus(*after) <= due) => {
                let (after, input) = steps.next().unwrap();
                at = begin.plus(*after);
                interview.handle_input(definition, input, at, &mut orders);
            }
            _ => match due {
                Some(due) => {
                    at = due;
                    interview.handle_deadline(definition, due, &mut orders);
                }
                None => return (told, interview),
            },
        }
    }
}

fn check(definition: &Definition, steps: &[Step]) {
    let (told, interview) = run(definition, steps, |state| state);
    let ends = told
        .iter()
        .filter(|(_, order)| matches!(order, Order::End { .. }));
    assert_eq!(ends.count(), 1, "exactly one end");
    let Some((ended_at, Order::End { disposition, .. })) = told.last() else {
        panic!("the end is the last order");
    };
    assert_eq!(interview.outcome().unwrap().disposition, *disposition);

    // Bounded: the session, and a goodbye.
    let longest = |language| {
        let goodbye: Vec<_> = definition.goodbye.into_iter().collect();
        definition.length_at_most(&goodbye, language)
    };
    let most = definition.session_max + longest(0).max(longest(definition.languages.len() - 1));
    let took = ended_at.since(Timestamp::from_micros(1_000_000)).unwrap();
    assert!(took <= most, "{took:?}");
    let plays = told
        .iter()
        .filter(|(_, order)| matches!(order, Order::Play { .. }))
        .count();
    assert!(
        plays <= definition.plays_max as usize + 1,
        "{plays} prompts"
    );

    // Never asked again, never recorded twice, never ahead of the disk.
    let mut done = Vec::new();
    for (_, order) in &told {
        match order {
            Order::Collect {
                question: Some(question),
                ..
            } => assert!(!done.contains(&question), "asked again"),
            Order::Record {
                record: Record::Answer { question, .. } | Record::Skip { question },
                ..
            } => {
                assert!(!done.contains(&question), "recorded twice");
                done.push(question);
            }
            Order::Collect { .. }
            | Order::Play { .. }
            | Order::Listen { .. }
            | Order::End { .. }
            | Order::Record {
                record: Record::Consent { .. } | Record::NoteConsent { .. },
                ..
            } => {}
        }
    }
    let recorded = told.iter().filter_map(|(_, order)| match order {
        Order::Record {
            record: Record::Answer { question, answer },
            ..
        } => Some((question.as_str(), answer.as_str())),
        Order::Record { .. }
        | Order::Play { .. }
        | Order::Collect { .. }
        | Order::Listen { .. }
        | Order::End { .. } => None,
    });
    let answers = interview.answers();
    let answers =
        answers.map(|(question, answer)| (definition.questions[question].code.as_str(), answer));
    assert!(recorded.eq(answers), "what was recorded is what is known");

    // Each question that was asked has one tally; the done ones are those that were recorded.
    let tallies = interview.tallies();
    let mut places: Vec<_> = tallies.iter().map(|tally| tally.question).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), tallies.len());
    let finished = tallies.iter().filter(|tally| tally.is_done);
    assert_eq!(finished.count(), done.len());

    // The same again, and through its bytes at each step.
    let (again, _) = run(definition, steps, |state| {
        let back = Interview::decode(&state.encode()).unwrap();
        assert_eq!(back, state);
        back
    });
    assert_eq!(again, told);
}

/// Nothing that asks is ordered between a record and the word that it is safe.
fn check_order_of_disk(definition: &Definition, steps: &[Step]) {
    let begin = Timestamp::from_micros(0);
    let mut orders = Vec::new();
    let mut interview = Interview::begin(definition, "en", begin, &mut orders);
    let mut pending = None;
    for (after, input) in steps {
        orders.clear();
        if let Input::Recorded { seq } = input
            && pending == Some(*seq)
        {
            pending = None;
        }
        // What was journaled with the state is there after a restart.
        if *input == Input::Resumed {
            pending = None;
        }
        interview.handle_input(definition, input, begin.plus(*after), &mut orders);
        for order in &orders {
            match order {
                Order::Record { seq, .. } => pending = Some(*seq),
                Order::Collect { .. } | Order::Listen { .. } => {
                    assert_eq!(pending, None, "asked ahead of the disk");
                }
                Order::Play { .. } | Order::End { .. } => {}
            }
        }
    }
}

/// Killed after any step, it goes on from what was journaled: with its records, and with nothing asked that is answered.
fn check_crash(definition: &Definition, steps: &[Step], crash: usize) {
    let begin = Timestamp::from_micros(0);
    let mut orders = Vec::new();
    let mut interview = Interview::begin(definition, "en", begin, &mut orders);
    let mut journaled = interview.encode();
    let mut at = begin;
    for (after, input) in steps.iter().take(crash) {
        orders.clear();
        at = begin.plus(*after);
        interview.handle_input(definition, input, at, &mut orders);
        if orders
            .iter()
            .any(|order| matches!(order, Order::Record { .. }))
        {
            journaled = interview.encode();
        }
    }
    let mut interview = Interview::decode(&journaled).unwrap();
    let answered: Vec<_> = interview.answers().map(|(question, _)| question).collect();
    orders.clear();
    interview.handle_input(definition, &Input::Resumed, at, &mut orders);
    interview.handle_input(definition, &Input::HangUp, at, &mut orders);
    for order in &orders {
        if let Order::Collect {
            question: Some(question),
            ..
        } = order
        {
            let mut kept = answered
                .iter()
                .map(|place| &definition.questions[*place].code);
            assert!(
                !kept.any(|code| code == question),
                "asked again after a crash"
            );
        }
    }
    let after: Vec<_> = interview.answers().map(|(question, _)| question).collect();
    assert_eq!(after, answered, "answers survive");
    assert!(interview.outcome().is_some());
}

/// The invitation's end is overdue, so that its consent is ordered while the word that it is safe comes in: too early.
#[test]
fn a_record_is_not_safe_before_it_is_ordered() {
    let early = (Duration::from_millis(40_182), Input::Recorded { seq: 1 });
    check_order_of_disk(&both()[0], &[early]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_inputs_end_once_within_bounds_and_lose_nothing(steps in steps()) {
        for definition in both() {
            check(definition, &steps);
            check_order_of_disk(definition, &steps);
        }
    }

    #[test]
    fn a_crash_at_any_step_keeps_what_was_recorded(steps in steps(), crash in 0_usize..60) {
        for definition in both() {
            check_crash(definition, &steps, crash);
        }
    }

    #[test]
    fn any_bytes_are_a_definition_or_findings(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (definition, findings) = crate::survey::lint(&bytes);
        prop_assert!(definition.is_some() || !findings.is_empty());
    }

    #[test]
    fn a_definition_with_a_piece_cut_out_is_a_definition_or_findings(from in 0_usize..6_000, length in 0_usize..200) {
        for text in [TWO_QUESTIONS, EVERYTHING] {
            let bytes = text.as_bytes();
            let from = from.min(bytes.len());
            let to = (from + length).min(bytes.len());
            let cut = [&bytes[..from], &bytes[to..]].concat();
            let (definition, findings) = crate::survey::lint(&cut);
            prop_assert!(definition.is_some() || !findings.is_empty());
            if let Some(definition) = definition {
                check(&definition, &[]);
            }
        }
    }
}
