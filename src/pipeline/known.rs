//! Which calls of a row were settled before: in the store, or on their way to it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::calls::Calls;
use crate::journal::{Entry, EntryKind};
use crate::model::{Body, ByKey, CallKey, EpochIndex, Position, SourceId};
use crate::store::{self, Store};

use super::flush::LOST_RETRY;

/// Calls settled and not yet in the store.
#[derive(Debug, Default)]
pub(super) struct OnTheWay {
    settled: HashMap<SourceId, ByKey<EpochIndex>>,
    stretches: VecDeque<(Position, Vec<(SourceId, CallKey)>)>,
    gathering: Vec<(SourceId, CallKey)>,
}

impl OnTheWay {
    /// A call settled.
    pub(super) fn settle(&mut self, source: &SourceId, key: CallKey, epoch: EpochIndex) {
        of(&mut self.settled, source).insert(key, epoch);
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
            for (source, key) in keys.unwrap_or_default() {
                of(&mut self.settled, &source).remove(&key);
            }
        }
    }
}

fn of<'a>(
    sources: &'a mut HashMap<SourceId, ByKey<EpochIndex>>,
    source: &SourceId,
) -> &'a mut ByKey<EpochIndex> {
    if !sources.contains_key(source) {
        sources.insert(source.clone(), ByKey::default());
    }
    sources.get_mut(source).expect("it was inserted above")
}

/// Which calls of one row were settled before it, by source.
#[derive(Debug, Default)]
pub(super) struct SettledBefore {
    sources: BTreeMap<SourceId, ByKey<EpochIndex>>,
}

impl SettledBefore {
    /// The calls of one source; to be put back when its entry is applied.
    pub(super) fn take(&mut self, source: &SourceId) -> ByKey<EpochIndex> {
        self.sources
            .get_mut(source)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Puts the calls of a source back, those that settled meanwhile among them.
    pub(super) fn put_back(&mut self, source: SourceId, settled: ByKey<EpochIndex>) {
        if !settled.is_empty() {
            self.sources.insert(source, settled);
        }
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
        let mut asked = Vec::new();
        let mut asked_before: BTreeMap<SourceId, ByKey<()>> = BTreeMap::new();
        for entry in entries {
            let EntryKind::Batch(events) = &entry.kind else {
                continue;
            };
            // A source that is not known yet has settled nothing.
            let Some(calls) = calls(&entry.source) else {
                continue;
            };
            let on_the_way = on_the_way.settled.get(&entry.source);
            let found = found.sources.entry(entry.source.clone()).or_default();
            let asked_before = asked_before.entry(entry.source.clone()).or_default();
            for event in events {
                let Body::Call { call, .. } = &event.body else {
                    continue;
                };
                let key = call.key();
                if calls.is_live(key) || asked_before.contains_key(&key) {
                    continue;
                }
                match on_the_way.and_then(|settled| settled.get(&key)) {
                    Some(epoch) => drop(found.insert(key, *epoch)),
                    None => {
                        asked_before.insert(key, ());
                        asked.push((entry.source.clone(), key));
                    }
                }
            }
        }
        if asked.is_empty() {
            return Ok(found);
        }
        // Nothing can be applied without the answer: a database that is away is waited for.
        let settled = loop {
            match store.settled_before(&asked, first).await {
                Err(store::Error::Lost { .. }) => tokio::time::sleep(LOST_RETRY).await,
                settled => break settled?,
            }
        };
        for (source, key, epoch) in settled {
            found.sources.entry(source).or_default().insert(key, epoch);
        }
        Ok(found)
    }
}
