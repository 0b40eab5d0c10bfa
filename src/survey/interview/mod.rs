//! The interview: a machine that is told what happens and when, and says what is to be done.
//!
//! ```text
//! begin ─▶ Opening ─consent─▶ Recording ─▶ Asking ─answer─▶ Recording ─▶ Asking … ─▶ Parting ─goodbye ended─▶ Ended
//!              └─────────────── hang-up, failure, limits, the way out ───────────────────┴───────────▲
//! ```
//!
//! It ends in exactly one disposition, within `session_max` and `plays_max` and the goodbye, whatever comes in; an answer
//! that was recorded is never asked again. Its state is a value (`encode`, `decode`) that is journaled with each record:
//! after a crash the newest one is told `Input::Resumed` and asks the question that was not answered.

mod asking;
mod ending;
mod keypad;
mod opening;
mod state;

use crate::model::{Disposition, SurveyId, Timestamp};

use super::definition::{Definition, Next, PromptIndex};
use super::limits;
use super::order::{Input, Order, Record};

use ending::Why;
use keypad::Keypad;
pub use state::StateError;
use state::{Given, Passed, Place, Stage};

/// One caller being asked.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interview {
    survey: String,
    version: u32,
    /// Its place in `Definition::languages`.
    language: usize,
    started_at: Timestamp,
    /// The latest time told; time never goes back in here.
    at: Timestamp,
    stage: Stage,
    /// When the stage goes on by itself.
    deadline: Option<Timestamp>,
    /// Play orders so far.
    plays: u32,
    /// Records so far.
    records: u32,
    /// When the last end of a prompt was told.
    prompt_ended_at: Option<Timestamp>,
    keypad: Keypad,
    given: Vec<Given>,
    passed: Vec<Passed>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Outcome {
    #[serde(with = "state::disposition")]
    /// In which way.
    pub disposition: Disposition,
    /// Whether not a single key was heard.
    pub no_dtmf: bool,
    /// Where the caller went.
    pub next: super::definition::Then,
}

/// What one question took: for break-off, noinput, nomatch and repeat rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Its place in `Definition::questions`.
    pub question: usize,
    /// How often nothing was pressed in time.
    pub noinputs: u32,
    /// How often something else was pressed.
    pub nomatches: u32,
    /// How often the caller wished to hear it again.
    pub repeats: u32,
    /// Whether it was answered or skipped.
    pub is_done: bool,
}

impl Interview {
    /// Begins an interview: the invitation is ordered. A language that the definition does not have is its default one.
    pub fn begin(
        definition: &Definition,
        language: &str,
        now: Timestamp,
        orders: &mut Vec<Order>,
    ) -> Self {
        let mut interview = Self {
            survey: definition.survey.as_str().to_owned(),
            version: definition.version,
            language: definition.language(language),
            started_at: now,
            at: now,
            stage: Stage::Opening {
                is_playing: true,
                noinputs: 0,
                nomatches: 0,
            },
            deadline: None,
            plays: 0,
            records: 0,
            prompt_ended_at: None,
            keypad: Keypad::default(),
            given: Vec::new(),
            passed: Vec::new(),
        };
        interview.invite(definition, orders);
        interview
    }

    /// Takes what happened; appends what is to be done. What is overdue by then happens first, and an input at the very
    /// instant of a deadline is in time.
    pub fn handle_input(
        &mut self,
        definition: &Definition,
        input: &Input,
        now: Timestamp,
        orders: &mut Vec<Order>,
    ) {
        let ordered = self.records;
        // While the service was away nobody could press a key: nothing is overdue.
        if *input != Input::Resumed {
            while let Some(due) = self.poll_deadline(definition).filter(|due| *due < now) {
                self.handle_deadline(definition, due, orders);
            }
        }
        self.at = self.at.max(now);
        match input {
            Input::Press(press) => self.take_press(definition, press, orders),
            Input::PromptEnded { play } => self.take_prompt_end(definition, *play, orders),
            // What is ordered only by what was overdue cannot be on disk yet.
            Input::Recorded { seq } if *seq > ordered => {}
            Input::Recorded { seq } => self.take_recorded(definition, *seq, orders),
            Input::VoiceNote { recording } => self.take_note(definition, recording, orders),
            Input::HangUp => self.stop(definition, Why::HungUp, orders),
            Input::Unable => self.stop(definition, Why::Unable, orders),
            Input::Failed => self.stop(definition, Why::Failed, orders),
            Input::Resumed => self.resume(definition, orders),
        }
    }

    /// Does what is due by now by itself: a silence, a prompt whose end nobody told, a journal that stalls, the session's
    /// limit. Call it when `poll_deadline` says.
    pub fn handle_deadline(
        &mut self,
        definition: &Definition,
        now: Timestamp,
        orders: &mut Vec<Order>,
    ) {
        let Some(due) = self.poll_deadline(definition).filter(|due| *due <= now) else {
            return;
        };
        self.at = self.at.max(due);
        let is_over = self.session_end(definition) <= due;
        match &self.stage {
            Stage::Parting { outcome } => {
                let outcome = *outcome;
                self.end(outcome, orders);
            }
            Stage::Ended { .. } => {}
            Stage::Opening { .. } | Stage::Asking(_) | Stage::Listening { .. } if is_over => {
                self.stop(definition, Why::Limit, orders);
            }
            Stage::Opening { .. } => self.opening_due(definition, orders),
            Stage::Asking(_) => self.question_due(definition, orders),
            Stage::Listening { question } => {
                let question = *question;
                self.pass_over(definition, question, orders);
            }
            Stage::Recording { .. } => self.stop(definition, Why::JournalStalled, orders),
        }
    }

    /// The earliest moment at which something will happen by itself; none when it has ended.
    pub fn poll_deadline(&self, definition: &Definition) -> Option<Timestamp> {
        match self.stage {
            Stage::Ended { .. } => None,
            // The goodbye is heard to its end.
            Stage::Parting { .. } => self.deadline,
            Stage::Opening { .. }
            | Stage::Asking(_)
            | Stage::Listening { .. }
            | Stage::Recording { .. } => {
                let session_end = self.session_end(definition);
                Some(
                    self.deadline
                        .map_or(session_end, |own| own.min(session_end)),
                )
            }
        }
    }

    /// How it ended; none while it goes on.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.stage {
            Stage::Ended { outcome } => Some(outcome),
            Stage::Opening { .. }
            | Stage::Asking(_)
            | Stage::Listening { .. }
            | Stage::Recording { .. }
            | Stage::Parting { .. } => None,
        }
    }

    /// The survey that is asked, and its version.
    pub fn survey(&self) -> (SurveyId, u32) {
        (SurveyId::new(self.survey.as_str()), self.version)
    }

    /// The answers so far: the question's place and the answer's code, in the order in which they were given. What was
    /// skipped is no answer.
    pub fn answers(&self) -> impl Iterator<Item = (usize, &str)> {
        let given = self.given.iter();
        given.filter_map(|given| Some((given.question, given.answer.as_deref()?)))
    }

    /// What each question took that was asked, in that order; the last one may be open.
    pub fn tallies(&self) -> Vec<Tally> {
        let passed = self.passed.iter().map(|passed| Tally {
            question: passed.question,
            noinputs: passed.noinputs,
            nomatches: passed.nomatches,
            repeats: passed.repeats,
            is_done: self.is_given(passed.question),
        });
        let open = match &self.stage {
            Stage::Asking(asking) => Some(Passed::of(asking)),
            Stage::Opening { .. }
            | Stage::Listening { .. }
            | Stage::Recording { .. }
            | Stage::Parting { .. }
            | Stage::Ended { .. } => None,
        };
        let open = open.map(|open| Tally {
            question: open.question,
            noinputs: open.noinputs,
            nomatches: open.nomatches,
            repeats: open.repeats,
            is_done: false,
        });
        passed.chain(open).collect()
    }

    fn is_given(&self, question: usize) -> bool {
        self.given.iter().any(|given| given.question == question)
    }

    fn session_end(&self, definition: &Definition) -> Timestamp {
        self.started_at.plus(definition.session_max)
    }

    /// Orders prompts; the deadline is when they must be over. False when the session has heard enough.
    fn play(
        &mut self,
        definition: &Definition,
        prompts: &[PromptIndex],
        barge_in: bool,
        orders: &mut Vec<Order>,
    ) -> bool {
        if self.plays >= definition.plays_max {
            self.stop(definition, Why::Limit, orders);
            return false;
        }
        self.say(definition, prompts, barge_in, orders);
        true
    }

    /// Orders prompts, limit or not.
    fn say(
        &mut self,
        definition: &Definition,
        prompts: &[PromptIndex],
        barge_in: bool,
        orders: &mut Vec<Order>,
    ) {
        self.plays += 1;
        let over_at = self
            .at
            .plus(definition.length_at_most(prompts, self.language));
        self.deadline = Some(over_at);
        let audio = |prompt: &PromptIndex| Some(definition.prompts.get(*prompt)?.audio.clone());
        let language = definition.languages.get(self.language);
        orders.push(Order::Play {
            play: self.plays,
            prompts: prompts.iter().filter_map(audio).collect(),
            language: language.cloned().unwrap_or_default(),
            barge_in,
        });
    }

    fn take_prompt_end(
        &mut self,
        definition: &Definition,
        play: Option<u32>,
        orders: &mut Vec<Order>,
    ) {
        if play.is_some_and(|play| play != self.plays) {
            return;
        }
        // Told twice: the second report speaks of the prompt before.
        let before = self.prompt_ended_at.replace(self.at);
        let since = before.and_then(|before| self.at.since(before));
        if play.is_none() && since.is_some_and(|since| since < limits::ENDED_TWICE) {
            return;
        }
        match &mut self.stage {
            Stage::Opening { is_playing, .. } if *is_playing => self.invited(definition, orders),
            Stage::Asking(asking) if asking.is_playing => {
                asking.is_playing = false;
                self.await_first_digit(definition);
            }
            Stage::Parting { outcome } => {
                let outcome = *outcome;
                self.end(outcome, orders);
            }
            Stage::Opening { .. }
            | Stage::Asking(_)
            | Stage::Listening { .. }
            | Stage::Recording { .. }
            | Stage::Ended { .. } => {}
        }
    }

    /// Orders a record, after which the interview waits for the disk.
    fn record(&mut self, record: Record, then: Place, orders: &mut Vec<Order>) {
        self.leave_behind();
        self.records += 1;
        self.stage = Stage::Recording { then };
        self.deadline = Some(self.at.plus(limits::RECORD_MAX));
        orders.push(Order::Record {
            seq: self.records,
            record,
        });
    }

    fn take_recorded(&mut self, definition: &Definition, seq: u32, orders: &mut Vec<Order>) {
        if let Stage::Recording { then } = self.stage
            && seq == self.records
        {
            self.go_on(definition, then, orders);
        }
    }

    /// Goes to what comes after a record.
    fn go_on(&mut self, definition: &Definition, then: Place, orders: &mut Vec<Order>) {
        match then {
            Place::Question(question) => {
                self.ask_first(definition, question, orders);
                for press in self.keypad.take_ahead() {
                    self.take_key(definition, press, orders);
                }
            }
            Place::Note(question) => self.listen(definition, question, orders),
            Place::End => self.stop(definition, Why::Done, orders),
        }
    }

    /// The place after a question.
    fn place(next: Next) -> Place {
        match next {
            Next::Question(question) => Place::Question(question),
            Next::End => Place::End,
        }
    }

    /// Goes on after a crash, at what was not answered.
    fn resume(&mut self, definition: &Definition, orders: &mut Vec<Order>) {
        self.keypad.forget();
        match &mut self.stage {
            Stage::Opening { .. } => self.invite(definition, orders),
            // This state was journaled with its record: it is safe.
            Stage::Recording { then } => {
                let then = *then;
                self.go_on(definition, then, orders);
            }
            Stage::Asking(asking) => {
                asking.digits.clear();
                self.ask(definition, None, orders);
            }
            Stage::Listening { question } => {
                let question = *question;
                self.ask_first(definition, question, orders);
            }
            Stage::Parting { outcome } => {
                let outcome = *outcome;
                self.end(outcome, orders);
            }
            Stage::Ended { .. } => {}
        }
    }
}
