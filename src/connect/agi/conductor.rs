//! The bridge between a dialog and a channel, as a machine: orders, answers and the time in; commands and reports out.
//!
//! One command runs at a time, and one always runs: a key that is pressed between two commands is dropped by Asterisk
//! (`run_agi` throws frames away while it idles), so the channel waits for a key in short slices whenever there is nothing
//! to play. A prompt is streamed with every key as an escape: where the first key may not stop it, it goes on at the sample
//! where it was stopped, and the key is reported all the same. What the dialog orders last is what is done.
//!
//! What the switch answered is taken in `answered`; how the caller is let go is in `leaving`.

mod answered;
mod leaving;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::proto::v1 as wire;
use crate::proto::v1::conduct_survey_request::Message;
use crate::proto::v1::conduct_survey_response::Order;

use super::codec::{Command, KEYS};
use super::ending::{Ending, Next};
use super::options::Options;

/// The first wait for a key after something was reported: an order is soon to come.
const SLICE_MIN: Duration = Duration::from_millis(50);
/// The longest: so late a prompt after a silence may begin.
const SLICE_MAX: Duration = Duration::from_millis(400);
/// How long the end of a session may take to come when the caller is gone.
const END_WITHIN: Duration = Duration::from_secs(2);
/// A switch answers a command this long after the time that the command itself takes; else it is gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// No prompt is longer; a switch that still plays is stuck.
const PLAY_MAX: Duration = Duration::from_secs(300);

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Send a command.
    Say(Command),
    /// Tell the dialog.
    Report(Message),
    /// A recording is not there.
    Missing(String),
    /// The dialplan goes on: close.
    Over,
}

/// What runs on the channel.
#[derive(Debug)]
enum Running {
    Wait,
    /// A recording, of this play.
    Stream {
        play: Play,
    },
    /// A wait that tells a missing recording from a hang-up.
    Probe {
        play: Play,
    },
    Record {
        file: String,
        order: wire::RecordVoiceNote,
        beeps: bool,
    },
    Set,
}

/// Which play order: one of the dialog, or our own goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Play {
    Ordered(u32),
    Goodbye,
}

#[derive(Debug)]
struct Playing {
    play: Play,
    files: VecDeque<String>,
    /// Where the first of them goes on.
    offset: u64,
    barge_in: bool,
    is_heard: bool,
}

/// The order that is done next.
#[derive(Debug)]
enum Coming {
    Play(Playing),
    Record(wire::RecordVoiceNote),
    End(wire::EndDialog),
}

#[derive(Debug)]
enum Stage {
    /// The dialog conducts.
    Asking,
    /// Our own goodbye.
    Parting(Ending),
    /// Variables are set.
    Leaving(VecDeque<Command>),
    Over,
}

/// One channel that is asked.
#[derive(Debug)]
pub(super) struct Conductor {
    options: Arc<Options>,
    /// What a recording of a comment is called.
    note_name: String,
    stage: Stage,
    running: Option<Running>,
    /// When what runs must have been answered.
    answer_by: Option<Duration>,
    coming: Option<Coming>,
    playing: Option<Playing>,
    collect: Option<wire::CollectDigits>,
    /// Prompts of the dialog that were begun, and whether the last one that was heard asked for nothing.
    plays: u32,
    last_asked_nothing: bool,
    slice: Duration,
    pressed: u64,
    /// Presses since the prompts ended.
    presses: u32,
    last_key: Option<(char, Duration)>,
    /// When the dialog must have said something.
    order_by: Option<Duration>,
    is_hung_up: bool,
    /// The switch closed the connection.
    is_gone: bool,
}

impl Conductor {
    /// Begins; `at` is the time since the session began, as everywhere here.
    pub(super) fn new(
        options: Arc<Options>,
        channel: &str,
        at: Duration,
        acts: &mut Vec<Act>,
    ) -> Self {
        let is_plain = |one: &char| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_');
        let mut conductor = Self {
            order_by: Some(at + options.deadline),
            options,
            note_name: channel.chars().filter(is_plain).collect(),
            stage: Stage::Asking,
            running: None,
            answer_by: None,
            coming: None,
            playing: None,
            collect: None,
            plays: 0,
            last_asked_nothing: false,
            slice: SLICE_MIN,
            pressed: 0,
            presses: 0,
            last_key: None,
            is_hung_up: false,
            is_gone: false,
        };
        conductor.go(at, acts);
        conductor
    }

    /// The earliest moment at which something will happen by itself.
    pub(super) fn poll_deadline(&self) -> Option<Duration> {
        let by = [self.order_by, self.answer_by];
        by.into_iter().flatten().min()
    }

    /// Does what is due: a dialog that says nothing, a switch that does not answer.
    pub(super) fn handle_deadline(&mut self, at: Duration, acts: &mut Vec<Act>) {
        if self.answer_by.is_some_and(|by| by <= at) {
            self.fail("the switch does not answer", acts);
            self.over(acts);
        } else if self.order_by.is_some_and(|by| by <= at) {
            self.order_by = None;
            if self.is_hung_up || self.is_gone {
                self.over(acts);
            } else {
                self.give_up("server_silent", at, acts);
            }
        }
    }

    /// Takes an order of the dialog.
    pub(super) fn handle_order(&mut self, order: Order, at: Duration, acts: &mut Vec<Act>) {
        match &mut self.stage {
            Stage::Asking => {}
            Stage::Parting(ending) => {
                // It was given up, and answered after all.
                if let Order::End(end) = order {
                    ending.disposition = end.disposition;
                }
                return;
            }
            Stage::Leaving(_) | Stage::Over => return,
        }
        match order {
            // What is played follows: in time, or not.
            Order::Opened(_) => {}
            Order::Play(play) => {
                self.order_by = None;
                self.collect = None;
                self.coming = Some(Coming::Play(self.playing_of(play)));
            }
            Order::Collect(collect) => {
                self.collect = Some(collect);
                if self.playing.is_none() && self.coming.is_none() {
                    self.await_caller(at);
                }
            }
            Order::Record(record) => {
                self.order_by = None;
                self.coming = Some(Coming::Record(record));
            }
            Order::End(end) => {
                self.order_by = None;
                self.coming = Some(Coming::End(end));
            }
        }
        self.go(at, acts);
    }

    /// The caller hung up. An answer to what runs still comes.
    pub(super) fn hang_up(&mut self, at: Duration, acts: &mut Vec<Act>) {
        if std::mem::replace(&mut self.is_hung_up, true) {
            return;
        }
        self.playing = None;
        match std::mem::replace(&mut self.stage, Stage::Asking) {
            Stage::Asking => {
                acts.push(Act::Report(Message::HungUp(wire::CallerHungUp {})));
                self.order_by = Some(at + END_WITHIN);
            }
            Stage::Parting(ending) => self.stage = Stage::Leaving(ending.commands()),
            before @ (Stage::Leaving(_) | Stage::Over) => self.stage = before,
        }
        self.go(at, acts);
    }

    /// The switch closed the connection: as a hang-up, and nothing can be said any more.
    pub(super) fn gone(&mut self, at: Duration, acts: &mut Vec<Act>) {
        self.is_gone = true;
        self.running = None;
        self.answer_by = None;
        self.hang_up(at, acts);
        self.go(at, acts);
    }

    /// The dialog was cut off; it is being opened again.
    pub(super) fn lost(&mut self, at: Duration) {
        if matches!(self.stage, Stage::Asking) {
            // What still plays belongs to nothing that comes.
            self.playing = None;
            self.collect = None;
            self.coming = None;
            let by = at + self.options.deadline;
            self.order_by = Some(self.order_by.map_or(by, |before| before.min(by)));
        }
    }

    /// Begins the next command, when none runs.
    fn go(&mut self, at: Duration, acts: &mut Vec<Act>) {
        if self.running.is_some() || matches!(self.stage, Stage::Over) {
            return;
        }
        if matches!(self.stage, Stage::Asking) {
            match self.coming.take() {
                Some(Coming::End(end)) => return self.end(&end, at, acts),
                _ if self.is_hung_up => return,
                Some(Coming::Play(playing)) => {
                    self.plays += 1;
                    self.playing = Some(playing);
                }
                Some(Coming::Record(order)) => {
                    let name = format!("{}-{}", self.note_name, order.question);
                    let file = format!("{}/{name}", self.options.recordings);
                    return self.record(file, order, true, at, acts);
                }
                None => {}
            }
        }
        if let Stage::Leaving(commands) = &mut self.stage {
            match commands.pop_front().filter(|_| !self.is_gone) {
                Some(command) => self.say(command, Running::Set, Duration::ZERO, at, acts),
                None => self.over(acts),
            }
            return;
        }
        match &self.playing {
            Some(playing) => match playing.files.front() {
                Some(file) => {
                    let keys = if playing.play == Play::Goodbye {
                        ""
                    } else {
                        KEYS
                    };
                    let stream = Command::Stream {
                        file: file.clone(),
                        keys,
                        offset: playing.offset,
                    };
                    let play = playing.play;
                    self.say(stream, Running::Stream { play }, PLAY_MAX, at, acts);
                }
                None => self.prompts_over(at, acts),
            },
            None => {
                let slice = self.slice;
                self.slice = (slice * 2).min(SLICE_MAX);
                self.say(Command::Wait(slice), Running::Wait, slice, at, acts);
            }
        }
    }

    fn say(
        &mut self,
        command: Command,
        running: Running,
        takes: Duration,
        at: Duration,
        acts: &mut Vec<Act>,
    ) {
        self.running = Some(running);
        self.answer_by = Some(at + takes + ANSWER_WITHIN);
        acts.push(Act::Say(command));
    }

    fn playing_of(&self, play: wire::PlayPrompts) -> Playing {
        let file = |prompt: &String| self.options.sound(&play.language, prompt);
        Playing {
            files: play.prompts.iter().map(file).collect(),
            play: Play::Ordered(play.play),
            offset: 0,
            barge_in: play.barge_in,
            is_heard: false,
        }
    }

    /// What was to be played has been.
    fn prompts_over(&mut self, at: Duration, acts: &mut Vec<Act>) {
        let Some(playing) = self.playing.take() else {
            return;
        };
        match (playing.play, &mut self.stage) {
            (Play::Ordered(play), Stage::Asking) => {
                acts.push(Act::Report(Message::PromptEnded(wire::PromptEnded {
                    play,
                })));
                self.last_asked_nothing = self.collect.is_none() && playing.is_heard;
                self.await_caller(at);
                self.slice = SLICE_MIN;
            }
            (Play::Goodbye, Stage::Parting(ending)) => {
                if !playing.is_heard {
                    ending.next = Next::Goodbye;
                }
                self.stage = Stage::Leaving(ending.commands());
            }
            (Play::Ordered(_), _) | (Play::Goodbye, _) => {}
        }
        self.go(at, acts);
    }

    /// It is the caller's turn, or the dialog's when nothing was asked.
    fn await_caller(&mut self, at: Duration) {
        self.presses = 0;
        let first = self.collect.as_ref().and_then(|collect| {
            let first = collect.first_digit_timeout?;
            Duration::try_from(first).ok()
        });
        self.order_by = Some(at + first.unwrap_or_default() + self.options.deadline);
    }

    fn record(
        &mut self,
        file: String,
        order: wire::RecordVoiceNote,
        beeps: bool,
        at: Duration,
        acts: &mut Vec<Act>,
    ) {
        let seconds_max = order
            .seconds_max
            .and_then(|span| Duration::try_from(span).ok());
        let seconds_max = seconds_max.unwrap_or_default();
        let command = Command::Record {
            file: file.clone(),
            term: order.term.chars().next().unwrap_or('#'),
            seconds_max,
            beeps,
        };
        let running = Running::Record { file, order, beeps };
        self.say(command, running, seconds_max, at, acts);
    }
}
