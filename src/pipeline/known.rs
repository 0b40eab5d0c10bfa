//! Which calls of a row were settled before: in the store, or on their way to it.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::calls::Calls;
use crate::journal::{Entry, EntryKind};
use crate::model::{Body, CallKey, EpochIndex, Position, SourceId};
use crate::store::{self, Store};

/// Calls settled and not yet in the store.
#[derive(Debug, Default)]
pub(super) struct OnTheWay {
    settled: HashMap<(SourceId, CallKey), EpochIndex>,
    stretches: VecDeque<(Position, Vec<(SourceId, CallKey)>)>,
    gathering: Vec<(SourceId, CallKey)>,
}

impl OnTheWay {
    /// A call settled.
    pub(super) fn settle(&mut self, source: &SourceId, key: CallKey, epoch: EpochIndex) {
        self.settled.insert((source.clone(), key), epoch);
        self.gathering.push((source.clone(), key));
    }

    /// What settled so far is on its way to the store, as part of the stretch that ends there.
    pub(super) fn sent(&mut self, position: Position) {
        self.stretches
            .push_back((position, std::mem::take(&mut self.gathering)));
    }

    /// The store holds everything up to there.
    pub(super) fn stored(&mut self, position: Position) {
        while self
            .stretches
            .front()
            .is_some_and(|(end, _)| *end <= position)
        {
            let keys = self.stretches.pop_front().map(|(_, keys)| keys);
            for key in keys.unwrap_or_default() {
                self.settled.remove(&key);
            }
        }
    }

    fn get(&self, source: &SourceId, key: CallKey) -> Option<EpochIndex> {
        self.settled.get(&(source.clone(), key)).copied()
    }
}

/// Which calls of one row were settled before it.
#[derive(Debug, Default)]
pub(super) struct SettledBefore {
    calls: HashMap<(SourceId, CallKey), EpochIndex>,
}

impl SettledBefore {
    /// Under which epoch a call was settled.
    pub(super) fn epoch(&self, source: &SourceId, key: CallKey) -> Option<EpochIndex> {
        if self.calls.is_empty() {
            return None;
        }
        self.calls.get(&(source.clone(), key)).copied()
    }

    /// A call settled within the row.
    pub(super) fn settle(&mut self, source: &SourceId, key: CallKey, epoch: EpochIndex) {
        self.calls.insert((source.clone(), key), epoch);
    }

    /// Looks up the row's calls that are not live.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn look_up<'a>(
        entries: &[Entry],
        calls: impl Fn(&SourceId) -> Option<&'a Calls>,
        on_the_way: &OnTheWay,
        store: &Store,
        first: Position,
    ) -> Result<Self, store::Error> {
        let mut found = Self::default();
        let mut asked: HashMap<&SourceId, HashSet<CallKey>> = HashMap::new();
        for entry in entries {
            let EntryKind::Batch(events) = &entry.kind else {
                continue;
            };
            // A source that is not known yet has settled nothing.
            let Some(calls) = calls(&entry.source) else {
                continue;
            };
            let mut last = None;
            for event in events {
                let Body::Call { call, .. } = &event.body else {
                    continue;
                };
                let key = call.key();
                if last == Some(key) || calls.is_live(key) {
                    continue;
                }
                last = Some(key);
                match on_the_way.get(&entry.source, key) {
                    Some(epoch) => found.settle(&entry.source, key, epoch),
                    None => {
                        asked.entry(&entry.source).or_default().insert(key);
                    }
                }
            }
        }
        for (source, keys) in asked {
            let keys: Vec<CallKey> = keys.into_iter().collect();
            for (key, epoch) in store.settled(source, &keys, first).await? {
                found.settle(source, key, epoch);
            }
        }
        Ok(found)
    }
}
