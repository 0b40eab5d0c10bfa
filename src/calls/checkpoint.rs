//! What the store keeps of a source's live calls, and a source made again from it.

use std::collections::HashSet;

use crate::model::{CallKey, Mode, Timestamp};

use super::deadlines::Due;
use super::live::LiveCall;
use super::state::{self, StateError};
use super::table::{Calls, Options, count_in_progress};
use super::wrap_up::WrapUps;

/// A call that is open or not settled yet, as the store keeps it.
#[derive(Clone, Debug)]
pub struct OpenCall {
    /// Its key.
    pub key: CallKey,
    /// Everything needed to go on with it after a restart; checksummed by the store. `record_of_open` reads its record.
    pub state: Vec<u8>,
}

/// What changed among the open calls since the store was last told.
#[derive(Clone, Debug, Default)]
pub struct OpenChanges {
    /// Calls to write.
    pub written: Vec<OpenCall>,
    /// Calls to remove.
    pub closed: Vec<CallKey>,
}

impl Calls {
    /// What changed among the open calls since this was last asked.
    pub fn take_changes(&mut self) -> OpenChanges {
        let mut changes = OpenChanges {
            written: Vec::new(),
            closed: std::mem::take(&mut self.closed),
        };
        for key in std::mem::take(&mut self.dirty) {
            let Some(call) = self.calls.get_mut(&key) else {
                continue;
            };
            call.dirty = false;
            call.stored = true;
            changes.written.push(OpenCall {
                key,
                state: state::write_call(call),
            });
        }
        changes
    }

    /// The source's own state beside its open calls, for the checkpoint.
    pub fn write_source(&self) -> Vec<u8> {
        let wrap_ups = self.wrap_ups.all();
        state::write_source(self.watermark, &self.backfill.counts(), &wrap_ups)
    }

    /// A source as the checkpoint left it.
    ///
    /// # Errors
    /// When a state was written by a version that is not known, or is damaged.
    pub fn restore(
        options: Options,
        source: Option<&[u8]>,
        open: impl IntoIterator<Item = (CallKey, Vec<u8>)>,
    ) -> Result<Self, StateError> {
        let mut calls = Self::new(options);
        if let Some(bytes) = source {
            let read = state::read_source(bytes)?;
            calls.watermark = read.watermark;
            calls.wrap_ups = WrapUps::restore(read.released);
            for (epoch, events) in read.backfill {
                calls.backfill.restore(epoch, events);
            }
        }
        let mut seen = HashSet::new();
        for (key, bytes) in open {
            if seen.insert(key) {
                let call = state::read_call(&bytes)?;
                calls.restore_call(key, call);
            }
        }
        calls.backfill.sort();
        Ok(calls)
    }

    /// Takes a call back. What was said of it is not said again; what a later version concludes otherwise is said with
    /// the next thing told, or when the call settles.
    fn restore_call(&mut self, key: CallKey, mut call: LiveCall) {
        call.stored = true;
        call.show(&mut self.queues);
        if call.mode == Mode::Live {
            count_in_progress(&mut call, &mut self.in_progress);
            let expires_at = call.story().last_at.plus(self.options.call_deadline);
            self.deadlines.push(expires_at, key, Due::Expire);
            let waiting = call.said.iter().filter(|said| said.awaits_decision());
            for due in waiting.filter_map(|said| said.decided_at(&self.options.targets)) {
                self.deadlines.push(due, key, Due::Decide);
            }
            let ended_at: Option<Timestamp> = call.story().record.ended_at;
            call.settles_at = ended_at.map(|ended_at| self.options.settles_at(ended_at));
            if let Some(at) = call.settles_at {
                self.deadlines.push(at, key, Due::Settle);
            }
        } else if let Some(after) = call.settle_after {
            self.backfill.push(call.epoch, after, key);
        }
        self.calls.insert(key, Box::new(call));
    }
}
