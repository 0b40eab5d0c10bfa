//! What the switch answered to the command that ran: a key or none, how far a recording was played, a comment, a hang-up.

use std::time::Duration;

use crate::proto::v1 as wire;
use crate::proto::v1::conduct_survey_request::Message;

use super::super::codec::{Answer, Command, KEYS};
use super::{Act, Conductor, Play, Running, SLICE_MIN};

/// The same key again within this is the same press, as the survey counts it: it stops no prompt.
const BOUNCE: Duration = Duration::from_millis(250);
/// A wait that only asks whether the caller is still there.
const PROBE: Duration = Duration::from_millis(20);

impl Conductor {
    /// Takes an answer of the switch to the command that runs.
    pub(in crate::connect::agi) fn handle_answer(
        &mut self,
        answer: &Answer,
        at: Duration,
        acts: &mut Vec<Act>,
    ) {
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
}

/// The key that a result stands for: its ASCII code.
fn key_of(result: i64) -> Option<char> {
    let key = char::from(u8::try_from(result).ok()?);
    (KEYS.contains(key) || ('A'..='D').contains(&key)).then_some(key)
}
