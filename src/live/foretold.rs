//! What the estimators of queues are told of calls, and when they take it in.

use crate::model::{CallKey, CallRecord, ExitClass, QueueId, SourceId, Timestamp};

use super::board::{Live, Source};
use super::estimate::{Happened, Move, Scored};
use super::seen::{Item, What, items};

impl Live {
    /// Takes a settled live call that is older than the windows and the day in for its estimates alone.
    pub fn learn(
        &mut self,
        source: &SourceId,
        record: (CallKey, &CallRecord),
        label: &dyn Fn(&QueueId) -> QueueId,
    ) {
        let (key, record) = record;
        let known_until = Timestamp::from_micros(i64::MAX);
        let items = items(record, &self.options.targets, known_until, label);
        let source = self.source(source);
        source.tell_estimators(key, &[], &items);
        source.forget_waiting(key, &items);
    }

    /// Takes in by order of time what was told of a source's queues since this was done last: to be done when a row of the
    /// journal has been told. The answers among it, with what had been said of each caller.
    pub fn score(&mut self, source: &SourceId) -> Vec<(QueueId, Scored)> {
        let Self {
            options, sources, ..
        } = self;
        let Some(source) = sources.get_mut(source) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for name in std::mem::take(&mut source.told) {
            let Some(queue) = source.queues.get_mut(&name) else {
                continue;
            };
            let mut scored = Vec::new();
            queue.estimator.take_in(&mut scored);
            for answer in scored.iter().filter(|answer| answer.is_overtaking) {
                let item = Item {
                    queue: Some(name.clone()),
                    at: answer.answered_at,
                    cohort_at: answer.entered_at,
                    what: What::Overtook,
                };
                queue.add(&item, |at| options.date_of(at));
            }
            all.extend(scored.into_iter().map(|answer| (name.clone(), answer)));
        }
        all
    }
}

impl Source {
    /// Tells the estimators of queues what of a call's visits is otherwise than before. Who was answered stays so there:
    /// what had been said of a caller is scored once.
    pub(super) fn tell_estimators(&mut self, key: CallKey, before: &[Item], after: &[Item]) {
        let alike = before.iter().zip(after);
        let alike = alike.take_while(|(old, new)| old == new).count();
        let (before, after) = (&before[alike..], &after[alike..]);
        let gone = before.iter().filter(|old| !after.contains(old));
        for item in gone.filter(|old| old.what == What::Offered) {
            self.tell_estimator(key, item, Move::Forgotten, item.at);
        }
        for item in after.iter().filter(|new| !before.contains(new)) {
            let what = match &item.what {
                What::Offered => Move::Entered,
                What::Ended { exit, wait, .. } => match exit.class() {
                    ExitClass::Answered if wait.is_some() => Move::Answered,
                    // The answer was never told, or the clock stepped back: nobody knows how long it took.
                    ExitClass::Answered => Move::Forgotten,
                    ExitClass::Abandoned | ExitClass::Other => Move::LeftOtherwise,
                },
                What::Decided
                | What::Transferred
                | What::Refused
                | What::Overtook
                | What::CallOffered
                | What::CallLost => continue,
            };
            self.tell_estimator(key, item, what, item.at);
        }
    }

    /// A call that is over waits nowhere, though no end of a visit was told.
    pub(super) fn forget_waiting(&mut self, key: CallKey, items: &[Item]) {
        let last = items.iter().map(|item| item.at).max();
        for item in items.iter().filter(|item| item.what == What::Offered) {
            self.tell_estimator(key, item, Move::Forgotten, last.unwrap_or(item.at));
        }
    }

    fn tell_estimator(&mut self, key: CallKey, item: &Item, what: Move, at: Timestamp) {
        let Some(name) = &item.queue else { return };
        if !self.told.contains(name) {
            self.told.insert(name.clone());
        }
        self.queue(Some(name)).estimator.tell(Happened {
            at,
            what,
            entered_at: item.cohort_at,
            key,
        });
    }
}
