//! One question: asked, repeated, answered, given up.

use crate::model::AnswerCode;

use crate::survey::definition::{
    After, Definition, Kind, LeaveKey, Next, Number, PromptIndex, Question,
};
use crate::survey::key::Key;
use crate::survey::order::{Order, Press, Record};

use super::Interview;
use super::ending::Why;
use super::limits;
use super::state::{Asking, Given, Passed, Place, Stage};

/// Why a question is asked again.
#[derive(Clone, Copy)]
pub(super) enum Again {
    Silence,
    WrongKey,
}

impl Interview {
    /// Asks a question for the first time.
    pub(super) fn ask_first(
        &mut self,
        definition: &Definition,
        question: usize,
        orders: &mut Vec<Order>,
    ) {
        self.stage = Stage::Asking(Asking::new(question));
        self.ask(definition, None, orders);
    }

    /// Asks the question of the stage: the whole of it the first time, with what went wrong said before it, or repeated.
    pub(super) fn ask(
        &mut self,
        definition: &Definition,
        again: Option<Again>,
        orders: &mut Vec<Order>,
    ) {
        let Stage::Asking(asking) = &mut self.stage else {
            return;
        };
        let question = &definition.questions[asking.question];
        let lead = match again {
            None if asking.failed() + asking.repeats == 0 => question.intro,
            None => None,
            Some(Again::Silence) => tapered(&question.noinput, asking.noinputs),
            Some(Again::WrongKey) => tapered(&question.nomatch, asking.nomatches),
        };
        asking.is_playing = true;
        asking.digits.clear();
        let first_digit_timeout = patience(question, asking.noinputs);
        let appeal = match &question.kind {
            Kind::VoiceNote(note) => Some(note.appeal),
            Kind::Choice | Kind::Scale | Kind::YesNo | Kind::Number(_) | Kind::Nps => None,
        };
        let prompts = lead.into_iter().chain([question.prompt]).chain(appeal);
        let prompts: Vec<PromptIndex> = prompts.collect();
        if !self.play(definition, &prompts, question.barge_in, orders) {
            return;
        }
        let number = question.kind.number();
        orders.push(Order::Collect {
            question: Some(question.code.clone()),
            digits_max: number.map_or(1, |number| number.digits),
            term: number.map(|_| Key::HASH),
            first_digit_timeout,
            inter_digit_timeout: question.inter_digit_timeout,
        });
    }

    /// The prompts have ended: the caller's turn.
    pub(super) fn await_first_digit(&mut self, definition: &Definition) {
        if let Stage::Asking(asking) = &self.stage {
            let question = &definition.questions[asking.question];
            self.deadline = Some(self.at.plus(patience(question, asking.noinputs)));
        }
    }

    /// The deadline of a question: its prompts' end was never told, a number is done, or nothing came.
    pub(super) fn question_due(&mut self, definition: &Definition, orders: &mut Vec<Order>) {
        let Stage::Asking(asking) = &mut self.stage else {
            return;
        };
        if asking.is_playing {
            asking.is_playing = false;
            self.await_first_digit(definition);
            return;
        }
        let question = &definition.questions[asking.question];
        if let Some(number) = question.kind.number().filter(|_| !asking.digits.is_empty()) {
            self.take_number(definition, number, orders);
            return;
        }
        asking.noinputs += 1;
        self.try_again(definition, Again::Silence, orders);
    }

    fn try_again(&mut self, definition: &Definition, again: Again, orders: &mut Vec<Order>) {
        let Stage::Asking(asking) = &self.stage else {
            return;
        };
        let place = asking.question;
        let question = &definition.questions[place];
        if asking.failed() < question.attempts {
            self.ask(definition, Some(again), orders);
            return;
        }
        let after = match again {
            Again::Silence => question.after_noinput,
            Again::WrongKey => question.after_nomatch,
        };
        match after {
            After::GoOn => self.pass_over(definition, place, orders),
            After::End => self.stop(definition, Why::NothingCame, orders),
        }
    }

    /// Leaves a question without an answer.
    pub(super) fn pass_over(
        &mut self,
        definition: &Definition,
        question: usize,
        orders: &mut Vec<Order>,
    ) {
        self.leave_behind();
        match definition.questions[question].next {
            Next::Question(next) => self.ask_first(definition, next, orders),
            Next::End => self.stop(definition, Why::Done, orders),
        }
    }

    /// Remembers what the question of the stage took; one that was asked again after a crash has one entry.
    pub(super) fn leave_behind(&mut self) {
        let Stage::Asking(asking) = &self.stage else {
            return;
        };
        let took = Passed::of(asking);
        let before = self
            .passed
            .iter_mut()
            .find(|passed| passed.question == took.question);
        match before {
            Some(passed) => {
                passed.noinputs += took.noinputs;
                passed.nomatches += took.nomatches;
                passed.repeats += took.repeats;
            }
            None => self.passed.push(took),
        }
        // Whatever is ordered next, the question is not left twice.
        self.stage = Stage::Recording { then: Place::End };
    }

    pub(super) fn take_press(
        &mut self,
        definition: &Definition,
        press: &Press,
        orders: &mut Vec<Order>,
    ) {
        if matches!(self.stage, Stage::Parting { .. } | Stage::Ended { .. }) {
            return;
        }
        if let Some(key) = self.keypad.take(press, self.at) {
            self.take_key(definition, key, orders);
        }
    }

    /// A key that counts as a press, where the interview stands.
    pub(super) fn take_key(&mut self, definition: &Definition, key: Key, orders: &mut Vec<Order>) {
        match &self.stage {
            Stage::Opening { .. } => self.take_opening_key(definition, key, orders),
            Stage::Asking(_) => self.take_question_key(definition, key, orders),
            Stage::Recording { .. } => self.keypad.keep(key),
            // The key that ends a comment is the switch's.
            Stage::Listening { .. } | Stage::Parting { .. } | Stage::Ended { .. } => {}
        }
    }

    fn take_question_key(&mut self, definition: &Definition, key: Key, orders: &mut Vec<Order>) {
        let Stage::Asking(asking) = &mut self.stage else {
            return;
        };
        let question = &definition.questions[asking.question];
        if key == Key::STAR
            && self.keypad.is_second_star(self.at)
            && definition.leave.by == LeaveKey::StarStar
        {
            self.stop(definition, Why::Left, orders);
            return;
        }
        if asking.is_playing && !question.barge_in {
            return;
        }
        if key == Key::STAR {
            asking.repeats += 1;
            self.ask(definition, None, orders);
        } else if key == Key::ZERO && definition.leave.by == LeaveKey::Zero {
            self.stop(definition, Why::Left, orders);
        } else if key == Key::HASH && definition.skip && asking.digits.is_empty() {
            self.skip(definition, orders);
        } else if let Some(number) = question.kind.number() {
            self.take_digit(definition, number, key, orders);
        } else if let Kind::VoiceNote(note) = &question.kind {
            if key == Key::ONE {
                let consent = Record::NoteConsent {
                    question: question.code.clone(),
                    text_id: note.text_id.clone(),
                    version: note.version,
                    key,
                };
                let then = Place::Note(asking.question);
                self.record(consent, then, orders);
            } else if key == Key::TWO {
                self.skip(definition, orders);
            } else {
                asking.nomatches += 1;
                self.try_again(definition, Again::WrongKey, orders);
            }
        } else if let Some(answer) = answer_of(question, key) {
            let (code, next) = (answer.code.clone(), answer.next);
            self.answer(definition, code, next, orders);
        } else {
            asking.nomatches += 1;
            self.try_again(definition, Again::WrongKey, orders);
        }
    }

    fn take_digit(
        &mut self,
        definition: &Definition,
        number: Number,
        key: Key,
        orders: &mut Vec<Order>,
    ) {
        let Stage::Asking(asking) = &mut self.stage else {
            return;
        };
        let question = &definition.questions[asking.question];
        match key.digit() {
            Some(_) => {
                asking.is_playing = false;
                asking.digits.push(key.as_char());
                if asking.digits.len() >= number.digits as usize {
                    self.take_number(definition, number, orders);
                } else {
                    self.deadline = Some(self.at.plus(question.inter_digit_timeout));
                }
            }
            None if key == Key::HASH && !asking.digits.is_empty() => {
                self.take_number(definition, number, orders);
            }
            None => {
                asking.nomatches += 1;
                self.try_again(definition, Again::WrongKey, orders);
            }
        }
    }

    /// A number is whole: an answer, or out of range.
    fn take_number(&mut self, definition: &Definition, number: Number, orders: &mut Vec<Order>) {
        let Stage::Asking(asking) = &mut self.stage else {
            return;
        };
        let value: Option<u32> = asking.digits.parse().ok();
        let value = value.filter(|value| (number.least..=number.most).contains(value));
        if let Some(value) = value {
            let next = definition.questions[asking.question].next;
            self.answer(definition, AnswerCode::new(value.to_string()), next, orders);
        } else {
            asking.nomatches += 1;
            self.try_again(definition, Again::WrongKey, orders);
        }
    }

    fn answer(
        &mut self,
        definition: &Definition,
        answer: AnswerCode,
        next: Next,
        orders: &mut Vec<Order>,
    ) {
        let Stage::Asking(asking) = &self.stage else {
            return;
        };
        let place = asking.question;
        self.given.push(Given {
            question: place,
            answer: Some(answer.as_str().to_owned()),
        });
        let question = definition.questions[place].code.clone();
        self.record(
            Record::Answer { question, answer },
            Self::place(next),
            orders,
        );
    }

    fn skip(&mut self, definition: &Definition, orders: &mut Vec<Order>) {
        let Stage::Asking(asking) = &self.stage else {
            return;
        };
        let place = asking.question;
        self.given.push(Given {
            question: place,
            answer: None,
        });
        let question = &definition.questions[place];
        let record = Record::Skip {
            question: question.code.clone(),
        };
        self.record(record, Self::place(question.next), orders);
    }

    /// Lets the caller speak.
    pub(super) fn listen(
        &mut self,
        definition: &Definition,
        question: usize,
        orders: &mut Vec<Order>,
    ) {
        let asked = &definition.questions[question];
        let Kind::VoiceNote(note) = &asked.kind else {
            self.pass_over(definition, question, orders);
            return;
        };
        drop(self.keypad.take_ahead());
        self.stage = Stage::Listening { question };
        self.deadline = Some(self.at.plus(note.seconds_max + limits::PROMPT_SLACK));
        orders.push(Order::Listen {
            question: asked.code.clone(),
            seconds_max: note.seconds_max,
            term: Key::HASH,
        });
    }

    pub(super) fn take_note(
        &mut self,
        definition: &Definition,
        recording: &str,
        orders: &mut Vec<Order>,
    ) {
        let Stage::Listening { question } = self.stage else {
            return;
        };
        self.given.push(Given {
            question,
            answer: Some(recording.to_owned()),
        });
        let asked = &definition.questions[question];
        let record = Record::Answer {
            question: asked.code.clone(),
            answer: AnswerCode::new(recording),
        };
        self.record(record, Self::place(asked.next), orders);
    }
}

/// The answer that a key gives.
fn answer_of(question: &Question, key: Key) -> Option<&crate::survey::definition::Answer> {
    let mut answers = question.answers.iter();
    answers.find(|answer| answer.key == Some(key))
}

/// The prompt for the n-th time that something went wrong: a list that gets shorter or longer, its last one for ever.
fn tapered(prompts: &[PromptIndex], time: u32) -> Option<PromptIndex> {
    let place = (time.max(1) as usize - 1).min(prompts.len().checked_sub(1)?);
    prompts.get(place).copied()
}

/// How long the first key may take, after so many silences.
fn patience(question: &Question, noinputs: u32) -> std::time::Duration {
    let mut patience = question.first_digit_timeout;
    for _ in 0..noinputs {
        patience = patience * limits::PATIENCE_PERCENT / 100;
    }
    patience
}
