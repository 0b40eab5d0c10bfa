//! The invitation and the consent. Keys that are pressed while the invitation plays never count: nobody agrees to what was
//! not said.

use crate::survey::definition::{Consent, Definition, LeaveKey, PromptIndex};
use crate::survey::key::Key;
use crate::survey::order::{Order, Record};

use super::Interview;
use super::ending::Why;
use super::state::{Place, Stage};

/// What is said at the beginning.
fn opening_prompts(definition: &Definition) -> Vec<PromptIndex> {
    let opening = definition.opening.as_ref();
    let prompts = opening.map(|opening| [Some(opening.invitation), opening.consent.prompt]);
    prompts.into_iter().flatten().flatten().collect()
}

fn consent(definition: &Definition) -> Option<&Consent> {
    definition.opening.as_ref().map(|opening| &opening.consent)
}

impl Interview {
    /// Orders the invitation.
    pub(super) fn invite(&mut self, definition: &Definition, orders: &mut Vec<Order>) {
        if let Stage::Opening { is_playing, .. } = &mut self.stage {
            *is_playing = true;
        }
        let is_said = self.play(definition, &opening_prompts(definition), false, orders);
        let awaited = consent(definition).filter(|consent| is_said && consent.key.is_some());
        if let Some(consent) = awaited {
            orders.push(Order::Collect {
                question: None,
                digits_max: 1,
                term: None,
                first_digit_timeout: consent.first_digit_timeout,
                inter_digit_timeout: consent.first_digit_timeout,
            });
        }
    }

    /// The invitation has been heard.
    pub(super) fn invited(&mut self, definition: &Definition, orders: &mut Vec<Order>) {
        match consent(definition) {
            Some(consent) if consent.key.is_some() => {
                if let Stage::Opening { is_playing, .. } = &mut self.stage {
                    *is_playing = false;
                }
                self.deadline = Some(self.at.plus(consent.first_digit_timeout));
            }
            Some(_) | None => self.record_consent(definition, None, orders),
        }
    }

    fn record_consent(
        &mut self,
        definition: &Definition,
        key: Option<Key>,
        orders: &mut Vec<Order>,
    ) {
        let audio = |prompt: PromptIndex| definition.prompts[prompt].audio.clone();
        let prompts = opening_prompts(definition).into_iter().map(audio);
        let Some(consent) = consent(definition) else {
            return;
        };
        let record = Record::Consent {
            text_id: consent.text_id.clone(),
            version: consent.version,
            prompts: prompts.collect(),
            key,
        };
        self.record(record, Place::Question(0), orders);
    }

    /// A key while the invitation plays or consent is awaited.
    pub(super) fn take_opening_key(
        &mut self,
        definition: &Definition,
        key: Key,
        orders: &mut Vec<Order>,
    ) {
        let Stage::Opening {
            is_playing: false,
            nomatches,
            ..
        } = &mut self.stage
        else {
            return;
        };
        let Some(consent) = consent(definition) else {
            return;
        };
        let leaves = match definition.leave.by {
            LeaveKey::Zero => key == Key::ZERO,
            LeaveKey::StarStar => key == Key::STAR && self.keypad.is_second_star(self.at),
        };
        if consent.key == Some(key) {
            self.record_consent(definition, Some(key), orders);
        } else if leaves {
            self.stop(definition, Why::SaidNo, orders);
        } else if key == Key::STAR {
            self.invite(definition, orders);
        } else {
            *nomatches += 1;
            self.invite_again(definition, consent.attempts, orders);
        }
    }

    /// The invitation's end was never told, or nobody consented in time.
    pub(super) fn opening_due(&mut self, definition: &Definition, orders: &mut Vec<Order>) {
        let Stage::Opening {
            is_playing,
            noinputs,
            ..
        } = &mut self.stage
        else {
            return;
        };
        if *is_playing {
            self.invited(definition, orders);
            return;
        }
        *noinputs += 1;
        let attempts = consent(definition).map_or(1, |consent| consent.attempts);
        self.invite_again(definition, attempts, orders);
    }

    fn invite_again(&mut self, definition: &Definition, attempts: u32, orders: &mut Vec<Order>) {
        let Stage::Opening {
            noinputs,
            nomatches,
            ..
        } = self.stage
        else {
            return;
        };
        if noinputs + nomatches < attempts {
            self.invite(definition, orders);
        } else {
            self.stop(definition, Why::NotConsented, orders);
        }
    }
}
