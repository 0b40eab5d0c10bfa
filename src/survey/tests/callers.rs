//! Simulated callers: each kind answers in its own way, and must get the end that this way deserves.
//!
//! The table in docs/survey.md is what this test prints.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{TWO_QUESTIONS, definition};
use crate::model::Timestamp;
use crate::survey::{Definition, Heard, Input, Interview, Key, Order, Press};

const CALLERS: u64 = 500;
const DOCS: &str = include_str!("../../../docs/survey.md");

/// How a caller behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Answers in the middle of the prompt.
    Quick,
    /// Takes 8 s for a key.
    Slow,
    /// Says nothing the first time, answers the second.
    Hesitant,
    /// Presses a wrong key first.
    WrongKey,
    /// Never finds the right key.
    OnlyWrongKeys,
    /// Each press is heard three times.
    Bouncing,
    /// Hears each question three times more.
    Repeating,
    /// Never presses a key.
    Silent,
    /// Hangs up at a moment of chance.
    HangsUp,
    /// Presses into the invitation, and as soon as a question begins.
    Early,
    /// Types what it was told 15 s after the prompt's end, whatever is said meanwhile.
    Relay,
}

const KINDS: [(Kind, &str); 11] = [
    (Kind::Quick, "quick: answers into the prompt"),
    (Kind::Slow, "slow: 8 s a key"),
    (Kind::Hesitant, "hesitant: silent first, then answers"),
    (Kind::WrongKey, "a wrong key, then the right one"),
    (Kind::OnlyWrongKeys, "wrong keys only"),
    (Kind::Bouncing, "bouncing: each press heard three times"),
    (Kind::Repeating, "asks to repeat three times"),
    (Kind::Silent, "silent"),
    (Kind::HangsUp, "hangs up at any moment"),
    (Kind::Early, "presses early"),
    (Kind::Relay, "relay operator: 15 s pauses"),
];

struct Caller {
    kind: Kind,
    chance: ChaCha8Rng,
    hangs_up_at: Option<Duration>,
    /// How often the question was heard.
    rounds: u32,
    asked: Option<String>,
    /// What is about to be done.
    plans: Vec<(Timestamp, Input)>,
    /// Answers that were meant, and the keys pressed at all.
    meant: Vec<String>,
    pressed: bool,
}

fn press(key: char) -> Input {
    Input::Press(Press {
        key: Key::try_from(key).unwrap(),
        input_seq: None,
        heard: Heard::Unknown,
    })
}

impl Caller {
    fn new(kind: Kind, seed: u64) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let hangs_up = (kind == Kind::HangsUp).then(|| chance.random_range(0..70_000));
        Self {
            kind,
            chance,
            hangs_up_at: hangs_up.map(Duration::from_millis),
            rounds: 0,
            asked: None,
            plans: Vec::new(),
            meant: Vec::new(),
            pressed: false,
        }
    }

    /// The answer's key: any of the question's.
    fn right(&mut self, question: &str) -> char {
        let keys = if question == "satisfaction" {
            "12345"
        } else {
            "12"
        };
        let place = self.chance.random_range(0..keys.len());
        keys.chars().nth(place).unwrap()
    }

    /// Prompts begin; they will be over at `over`.
    fn hears(&mut self, question: Option<&str>, now: Timestamp, over: Timestamp) {
        let Some(question) = question else {
            if self.kind == Kind::Early {
                let at = now.plus(Duration::from_secs(2));
                self.plans.push((at, press('3')));
            }
            return;
        };
        let is_again = self.asked.as_deref() == Some(question);
        self.rounds = if is_again { self.rounds + 1 } else { 1 };
        self.asked = Some(question.to_owned());
        // Who relays has heard the question once and is typing.
        if self.kind == Kind::Relay && is_again {
            return;
        }
        self.plans.clear();
        let right = self.right(question);
        let jitter = Duration::from_millis(self.chance.random_range(0..1_000));
        let after = |seconds: u64| over.plus(Duration::from_secs(seconds) + jitter);
        let plan = match (self.kind, self.rounds) {
            (Kind::Quick, _) => vec![(now.plus(Duration::from_secs(1) + jitter), right)],
            (Kind::Slow, _) => vec![(after(8), right)],
            (Kind::Hesitant, 1) | (Kind::Silent, _) => Vec::new(),
            (Kind::WrongKey, 1) | (Kind::OnlyWrongKeys, _) => vec![(after(2), '8')],
            (Kind::Hesitant | Kind::WrongKey | Kind::HangsUp, _) => vec![(after(3), right)],
            (Kind::Bouncing, _) => [0, 110, 230]
                .map(|ms| (after(2).plus(Duration::from_millis(ms)), right))
                .into(),
            (Kind::Repeating, 1..=3) => vec![(after(1), '*')],
            (Kind::Repeating, _) => vec![(after(2), right)],
            (Kind::Early, _) => vec![(now.plus(Duration::from_millis(300)), right)],
            (Kind::Relay, _) => vec![(after(15), right)],
        };
        self.plans = plan.into_iter().map(|(at, key)| (at, press(key))).collect();
    }

    /// What the definition of this kind says that must come out.
    fn deserves(&self, is_invited: bool, answered: usize) -> &'static str {
        match self.kind {
            Kind::Quick | Kind::Slow | Kind::Hesitant | Kind::WrongKey | Kind::Bouncing => {
                "complete"
            }
            Kind::Repeating | Kind::Early | Kind::Relay => "complete",
            Kind::OnlyWrongKeys => "break_off",
            Kind::Silent => "noinput",
            // By what was done before the hand went down.
            Kind::HangsUp => match answered {
                _ if !is_invited => "refused",
                0 => "noinput",
                1 => "partial",
                _ => "complete",
            },
        }
    }
}

/// Conducts one interview and returns its disposition, checked against what the caller deserves.
fn conduct(definition: &Definition, mut caller: Caller) -> &'static str {
    let begin = Timestamp::from_micros(0);
    let mut orders = Vec::new();
    let mut interview = Interview::begin(definition, "ru", begin, &mut orders);
    let mut ends_at: Option<Timestamp> = None;
    let (mut is_invited, mut at) = (false, begin);
    loop {
        let mut done = 0;
        let mut heard: Option<(Timestamp, Option<String>)> = None;
        while let Some(order) = orders.get(done).cloned() {
            done += 1;
            match order {
                Order::Play { prompts, .. } => {
                    let lengths = prompts
                        .iter()
                        .map(|audio| definition.prompt_of(audio).unwrap().said[0].length());
                    let over = at.plus(lengths.sum());
                    ends_at = Some(over);
                    heard = Some((over, None));
                }
                Order::Collect { question, .. } => {
                    if let Some((_, asked)) = &mut heard {
                        *asked = question.map(|question| question.to_string());
                    }
                }
                Order::Record { seq, record } => {
                    is_invited = true;
                    if let crate::survey::Record::Answer { answer, .. } = record {
                        caller.meant.push(answer.to_string());
                    }
                    interview.handle_input(definition, &Input::Recorded { seq }, at, &mut orders);
                }
                Order::Listen { .. } => panic!("nobody is asked to speak"),
                Order::End { .. } => ends_at = None,
            }
        }
        orders.clear();
        if let Some((over, asked)) = heard {
            caller.hears(asked.as_deref(), at, over);
        }
        if let Some(outcome) = interview.outcome() {
            let answered = caller.meant.len();
            let deserved = caller.deserves(is_invited, answered);
            assert_eq!(outcome.disposition.as_str(), deserved, "{:?}", caller.kind);
            assert_eq!(outcome.no_dtmf, !caller.pressed);
            return deserved;
        }
        let hangs_up = caller
            .hangs_up_at
            .map(|after| (begin.plus(after), Input::HangUp));
        let ended = ends_at.map(|at| (at, Input::PromptEnded { play: None }));
        let planned = caller.plans.first().cloned();
        let next = [hangs_up, planned, ended]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at);
        let due = interview.poll_deadline(definition);
        match next {
            Some((when, input)) if due.is_none_or(|due| when <= due) => {
                at = when;
                match &input {
                    Input::PromptEnded { .. } => ends_at = None,
                    Input::Press(_) => {
                        caller.pressed = true;
                        caller.plans.remove(0);
                    }
                    Input::HangUp => caller.hangs_up_at = None,
                    Input::Recorded { .. }
                    | Input::VoiceNote { .. }
                    | Input::Unable
                    | Input::Failed
                    | Input::Resumed => {}
                }
                interview.handle_input(definition, &input, at, &mut orders);
            }
            _ => {
                at = due.expect("what goes on has a deadline");
                interview.handle_deadline(definition, at, &mut orders);
            }
        }
    }
}

#[test]
fn every_kind_of_caller_gets_the_end_it_deserves_as_the_docs_say() {
    let definition = definition(TWO_QUESTIONS);
    let mut table = String::from("| caller | complete | dispositions |\n|---|---|---|\n");
    for (kind, words) in KINDS {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for seed in 0..CALLERS {
            *counts
                .entry(conduct(&definition, Caller::new(kind, seed)))
                .or_default() += 1;
        }
        let complete = counts.get("complete").copied().unwrap_or(0) as f64 * 100.0 / CALLERS as f64;
        let ends: Vec<_> = counts
            .iter()
            .map(|(word, count)| format!("{count} `{word}`"))
            .collect();
        table.push_str(&format!(
            "| {words} | {complete:.1} % | {} |\n",
            ends.join(" · ")
        ));
        let expected: &[&str] = match kind {
            Kind::HangsUp => &["complete", "noinput", "partial", "refused"],
            Kind::OnlyWrongKeys => &["break_off"],
            Kind::Silent => &["noinput"],
            Kind::Quick
            | Kind::Slow
            | Kind::Hesitant
            | Kind::WrongKey
            | Kind::Bouncing
            | Kind::Repeating
            | Kind::Early
            | Kind::Relay => &["complete"],
        };
        assert!(counts.keys().eq(expected), "{words}: {counts:?}");
    }
    assert!(
        DOCS.contains(&table),
        "docs/survey.md must hold this table:\n{table}"
    );
}
