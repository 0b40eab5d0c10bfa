//! The bridge between a dialog and a channel, as a machine: orders, answers and the time in; commands and reports out.
//!
//! One command runs at a time, and one always runs: a key that is pressed between two commands is dropped by Asterisk
//! (`run_agi` throws frames away while it idles), so the channel waits for a key in short slices whenever there is nothing
//! to play. A prompt is streamed with every key as an escape: where the first key may not stop it, it goes on at the sample
//! where it was stopped, and the key is reported all the same. What the dialog orders last is what is done.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::proto::v1 as wire;
use crate::proto::v1::conduct_survey_request::Message;
use crate::proto::v1::conduct_survey_response::Order;

use super::codec::{Answer, Command, KEYS};
use super::ending::{Ending, Next, is_decision};
use super::options::Options;

/// The first wait for a key after something was reported: an order is soon to come.
const SLICE_MIN: Duration = Duration::from_millis(50);
/// The longest: so late a prompt after a silence may begin.
const SLICE_MAX: Duration = Duration::from_millis(400);
/// The same key again within this is the same press, as the survey counts it: it stops no prompt.
const BOUNCE: Duration = Duration::from_millis(250);
/// How long the end of a session may take to come when the caller is gone.
const END_WITHIN: Duration = Duration::from_secs(2);
/// A switch answers a command this long after the time that the command itself takes; else it is gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// No prompt is longer; a switch that still plays is stuck.
const PLAY_MAX: Duration = Duration::from_secs(300);
/// A wait that only asks whether the caller is still there.
const PROBE: Duration = Duration::from_millis(20);

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

    /// Takes an answer of the switch to the command that runs.
    pub(super) fn handle_answer(&mut self, answer: &Answer, at: Duration, acts: &mut Vec<Act>) {
        let Some(running) = self.running.take() else {
            return;
        };
        self.answer_by = None;
        match answer {
            Answer::Done {
                result,
                remark,
                endpos,
            } => {
                let result = result.unwrap_or_default();
                match running {
                    Running::Wait if result < 0 => self.hang_up(at, acts),
                    Running::Wait => self.take_waited(result, at, acts),
                    Running::Stream { play } => {
                        self.take_streamed(play, result, endpos.unwrap_or_default(), at, acts);
                    }
                    Running::Probe { .. } if result < 0 => self.hang_up(at, acts),
                    Running::Probe { play } => {
                        self.take_waited(result, at, acts);
                        self.pass_missing(play, at, acts);
                    }
                    Running::Record { file, order, beeps } => {
                        let remark = remark.as_deref().unwrap_or_default();
                        let is_beep = beeps && remark == "randomerror";
                        if is_beep {
                            // The beep is not there, or a key was pressed into it.
                            self.record(file, order, false, at, acts);
                            return;
                        }
                        self.take_recorded(&file, result, remark, endpos.unwrap_or(1), at, acts);
                    }
                    Running::Set => {}
                }
            }
            Answer::Dead => match running {
                Running::Set => {}
                Running::Wait
                | Running::Stream { .. }
                | Running::Probe { .. }
                | Running::Record { .. } => self.hang_up(at, acts),
            },
            Answer::Refused(code) => match running {
                Running::Set => {}
                Running::Wait
                | Running::Stream { .. }
                | Running::Probe { .. }
                | Running::Record { .. } => {
                    self.fail(&format!("the switch refuses a command ({code})"), acts);
                    self.over(acts);
                }
            },
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

    /// Takes leave of the caller without the dialog.
    pub(super) fn give_up(&mut self, reason: &'static str, at: Duration, acts: &mut Vec<Act>) {
        if !matches!(self.stage, Stage::Asking) {
            return;
        }
        self.fail(reason, acts);
        let ending = Ending {
            disposition: String::new(),
            reason: reason.to_owned(),
            next: Next::HangUp,
        };
        if self.is_hung_up {
            self.leave(&ending, at, acts);
        } else {
            self.part(ending, at, acts);
        }
    }

    fn fail(&self, cause: &str, acts: &mut Vec<Act>) {
        if matches!(self.stage, Stage::Asking) {
            let cause = cause.to_owned();
            acts.push(Act::Report(Message::Failed(wire::DialogFailed { cause })));
        }
    }

    fn over(&mut self, acts: &mut Vec<Act>) {
        self.order_by = None;
        self.answer_by = None;
        if !matches!(self.stage, Stage::Over) {
            self.stage = Stage::Over;
            acts.push(Act::Over);
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

    /// A key, or none.
    fn take_waited(&mut self, result: i64, at: Duration, acts: &mut Vec<Act>) {
        let Some(key) = key_of(result) else { return };
        let is_bounce = self.press(key, at, acts);
        if is_bounce || self.playing.is_some() {
            return;
        }
        self.presses += 1;
        let digits = self
            .collect
            .as_ref()
            .map_or(1, |collect| collect.digits_max);
        let between = self.collect.as_ref().and_then(|collect| {
            let between = collect.inter_digit_timeout?;
            Duration::try_from(between).ok()
        });
        // Of a number the next digit may come; a whole answer is to be followed by an order.
        let more = between.filter(|_| digits > 1 && self.presses <= digits);
        let by = at + self.options.deadline;
        self.order_by = Some(match (more, self.order_by) {
            (Some(more), _) => by + more,
            (None, Some(before)) => before.min(by),
            (None, None) => by,
        });
    }

    /// Reports a key; whether it is the one before, bouncing.
    fn press(&mut self, key: char, at: Duration, acts: &mut Vec<Act>) -> bool {
        self.pressed += 1;
        self.slice = SLICE_MIN;
        acts.push(Act::Report(Message::Key(wire::KeyPressed {
            key: key.to_string(),
            input_seq: self.pressed,
            heard: wire::Heard::Unspecified.into(),
        })));
        let before = self.last_key.replace((key, at));
        before.is_some_and(|(before, then)| before == key && at.saturating_sub(then) <= BOUNCE)
    }

    fn take_streamed(
        &mut self,
        play: Play,
        result: i64,
        endpos: u64,
        at: Duration,
        acts: &mut Vec<Act>,
    ) {
        if result < 0 {
            if !self.is_hung_up {
                self.say(
                    Command::Wait(PROBE),
                    Running::Probe { play },
                    PROBE,
                    at,
                    acts,
                );
            }
            return;
        }
        let key = key_of(result);
        let is_bounce = key.is_some_and(|key| self.press(key, at, acts));
        let Some(playing) = self.playing.as_mut().filter(|one| one.play == play) else {
            return;
        };
        playing.is_heard = true;
        if key.is_none() {
            playing.offset = 0;
            playing.files.pop_front();
        } else if playing.barge_in && !is_bounce {
            playing.files.clear();
        } else {
            playing.offset = endpos;
        }
        if playing.files.is_empty() {
            self.prompts_over(at, acts);
            if key.is_some() {
                self.take_barged(at);
            }
        }
    }

    /// A key stopped the prompts: an order follows, or the number's next digit.
    fn take_barged(&mut self, at: Duration) {
        self.presses = 1;
        let collect = self.collect.as_ref();
        if collect.is_none_or(|collect| collect.digits_max <= 1) {
            self.order_by = Some(at + self.options.deadline);
        }
    }

    /// A recording that is not there is passed over; when nothing at all was heard, nobody can be asked.
    fn pass_missing(&mut self, play: Play, at: Duration, acts: &mut Vec<Act>) {
        let Some(playing) = self.playing.as_mut().filter(|one| one.play == play) else {
            return;
        };
        playing.offset = 0;
        let file = playing.files.pop_front().unwrap_or_default();
        acts.push(Act::Missing(file));
        if !playing.files.is_empty() {
            return;
        }
        if playing.is_heard || play == Play::Goodbye {
            self.prompts_over(at, acts);
        } else {
            self.playing = None;
            self.fail("recordings are missing on the switch", acts);
            self.order_by = Some(at + self.options.deadline);
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

    fn take_recorded(
        &mut self,
        file: &str,
        result: i64,
        remark: &str,
        endpos: u64,
        at: Duration,
        acts: &mut Vec<Act>,
    ) {
        let is_hang_up = remark == "hangup" || self.is_hung_up;
        if result < 0 && !is_hang_up {
            self.fail("the comment cannot be recorded", acts);
        } else if endpos > 0 {
            let recording = file.to_owned();
            let note = wire::VoiceNoteRecorded { recording };
            acts.push(Act::Report(Message::VoiceNote(note)));
        }
        self.order_by = Some(at + self.options.deadline);
        if result < 0 && is_hang_up {
            self.hang_up(at, acts);
        }
    }

    /// The dialog's last order.
    fn end(&mut self, end: &wire::EndDialog, at: Duration, acts: &mut Vec<Act>) {
        let is_course = end.reason.is_empty();
        let had_goodbye = is_course && self.last_asked_nothing && self.plays > 1;
        let next = if end.next() == wire::DialogNext::Specialist {
            Next::Specialist
        } else if self.plays == 0 && is_decision(&end.reason) {
            // Who was never spoken to hears what the dialplan always says.
            Next::Goodbye
        } else {
            Next::HangUp
        };
        let ending = Ending {
            disposition: end.disposition.clone(),
            reason: end.reason.clone(),
            next,
        };
        if self.is_hung_up || had_goodbye || next != Next::HangUp {
            self.leave(&ending, at, acts);
        } else {
            self.part(ending, at, acts);
        }
    }

    /// Our own goodbye, then the dialplan.
    fn part(&mut self, ending: Ending, at: Duration, acts: &mut Vec<Act>) {
        self.order_by = None;
        self.coming = None;
        self.stage = Stage::Parting(ending);
        self.playing = Some(Playing {
            play: Play::Goodbye,
            files: [self.options.goodbye.clone()].into(),
            offset: 0,
            barge_in: false,
            is_heard: false,
        });
        self.go(at, acts);
    }

    fn leave(&mut self, ending: &Ending, at: Duration, acts: &mut Vec<Act>) {
        self.order_by = None;
        self.stage = Stage::Leaving(ending.commands());
        self.go(at, acts);
    }
}

/// The key that a result stands for: its ASCII code.
fn key_of(result: i64) -> Option<char> {
    let key = char::from(u8::try_from(result).ok()?);
    (KEYS.contains(key) || ('A'..='D').contains(&key)).then_some(key)
}
