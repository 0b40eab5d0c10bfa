//! What the supervisor's board is told, and how it is made again at a start.
//!
//! The board holds nothing that the rows do not: the settled calls of each source's last day, its open calls, and what
//! agents were told to be. So it is no part of the checkpoint; a start reads these and goes on from there.

use std::time::Duration;

use crate::metrics::Totals;
use crate::model::{CallKey, Fact, Mode, QueueId, SourceId, Timestamp};
use crate::store;

use super::apply::Pipeline;

/// How far back a day on the board begins at the most.
const DAY: Duration = Duration::from_secs(25 * 60 * 60);
/// Calls read at once.
const CALLS_A_PAGE: usize = 1_000;
/// The most calls of one source that a start reads, the newest first: some seconds of work.
const CALLS_MAX: usize = 300_000;
/// How far back estimates of waits look: a quiet queue needs days for its errors.
const ESTIMATES: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Calls of one source that are enough for estimates; older ones are read up to so many only.
const ESTIMATES_CALLS_MAX: usize = 20_000;

/// The name under which a queue is shown: that of the metrics, so that those beyond their cap share one. A queue that is
/// known only because an agent serves it takes a label, too.
fn label(totals: &Totals) -> impl Fn(&QueueId) -> QueueId {
    |queue| match totals.admit_queue(queue) {
        Ok(()) => queue.clone(),
        Err(other) => QueueId::new(other),
    }
}

impl Pipeline {
    /// Shows what agents were told to be, and calls that settled.
    pub(super) fn show_facts(&self, name: &SourceId, facts: &[Fact], totals: &Totals) {
        let shown = |fact: &&Fact| match fact {
            Fact::Settled(settled) => settled.mode == Mode::Live,
            Fact::AgentTold { mode, .. } => *mode == Mode::Live,
            Fact::CallArrived
            | Fact::VisitOffered { .. }
            | Fact::VisitEnded { .. }
            | Fact::VisitDecided { .. }
            | Fact::Corrected
            | Fact::WrapUp { .. }
            | Fact::LineTold { .. }
            | Fact::Late { .. }
            | Fact::CallExists { .. } => false,
        };
        if !facts.iter().any(|fact| shown(&fact)) {
            return;
        }
        let label = label(totals);
        self.live.with(|live| {
            for fact in facts.iter().filter(shown) {
                match fact {
                    Fact::Settled(settled) => {
                        live.settle(name, settled.key, &settled.record, &label);
                    }
                    Fact::AgentTold { at, told, .. } => {
                        live.tell_agent(name, *at, told, &label);
                    }
                    Fact::CallArrived
                    | Fact::VisitOffered { .. }
                    | Fact::VisitEnded { .. }
                    | Fact::VisitDecided { .. }
                    | Fact::Corrected
                    | Fact::WrapUp { .. }
                    | Fact::LineTold { .. }
                    | Fact::Late { .. }
                    | Fact::CallExists { .. } => {}
                }
            }
        });
    }

    /// Shows how calls stand that something was told of.
    pub(super) fn show_calls(&self, name: &SourceId, changed: &[CallKey], totals: &Totals) {
        let Some(source) = self.sources.get(name) else {
            return;
        };
        let label = label(totals);
        let records = changed
            .iter()
            .filter_map(|key| Some((*key, source.calls.live_record(*key)?)));
        self.live.with(|live| {
            records.for_each(|(key, record)| live.tell(name, key, &record, &label));
        });
    }

    /// Makes the board again as it was at the checkpoint; before the journal's rows behind it are applied.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn restore_live(&mut self) -> Result<(), store::Error> {
        if self.next.rebuild {
            // The journal tells all of it again.
            return Ok(());
        }
        let sources: Vec<_> = self.sources.iter().collect();
        let heard = sources
            .into_iter()
            .filter_map(|(name, source)| Some((name.clone(), source.heard?, source.gap_events)));
        let heard: Vec<_> = heard.collect();
        for (name, heard, gap_events) in &heard {
            self.live.with(|live| live.hear(name, *heard, *gap_events));
        }
        for (name, (sent_at, _), _) in &heard {
            self.restore_settled(name, *sent_at).await?;
            self.restore_agents(name, *sent_at).await?;
        }
        // After those of all sources that settled: who calls again may have called by another switch before.
        self.restore_open(heard.iter().map(|(name, ..)| name));
        Ok(())
    }

    /// The calls of a source's last day; for the estimates those before, too.
    async fn restore_settled(
        &self,
        name: &SourceId,
        sent_at: Timestamp,
    ) -> Result<(), store::Error> {
        let since = sent_at.minus(DAY);
        let oldest = sent_at.minus(ESTIMATES);
        let mut before = None;
        let mut read = 0;
        let mut is_of_day = true;
        while read < CALLS_MAX && (is_of_day || read < ESTIMATES_CALLS_MAX) {
            let page = self
                .store
                .live_calls(name, oldest, before.as_ref(), CALLS_A_PAGE);
            let page = page.await?;
            read += page.len();
            let is_last = page.len() < CALLS_A_PAGE;
            before = page.last().map(|call| call.place.clone());
            is_of_day = before
                .as_ref()
                .is_some_and(|place| place.arrived_at >= since);
            self.board.record(|totals| -> Result<(), store::Error> {
                for call in page {
                    let record = call.record()?;
                    totals.know_queues_of_call(name, &record);
                    let label = label(totals);
                    let key = call.place.call.key();
                    let is_of_day = call.place.arrived_at >= since;
                    self.live.with(|live| match is_of_day {
                        true => live.settle(name, key, &record, &label),
                        false => live.learn(name, (key, &record), &label),
                    });
                }
                Ok(())
            })?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// What a source's agents were told to be on its last day, and last.
    async fn restore_agents(
        &self,
        name: &SourceId,
        sent_at: Timestamp,
    ) -> Result<(), store::Error> {
        let (since, end) = (sent_at.minus(DAY), sent_at.plus(DAY));
        // Who has been in a state for longer than a day is in it still.
        let last = self.store.agents_told_last(name).await?;
        let told = store::Rows::told(&self.store, (since, end)).await?;
        let before = last.iter().filter(|told| told.at < since);
        let of_source = told.agents.iter().filter(|told| told.source == *name);
        let of_day = of_source.filter(|told| told.mode == Mode::Live);
        let all = before.chain(of_day);
        self.board.record(|totals| {
            for told in all.clone() {
                totals.know_queues_of_agent(name, &told.told);
            }
            let label = label(totals);
            self.live.with(|live| {
                for told in all {
                    live.tell_agent(name, told.at, &told.told, &label);
                }
            });
        });
        Ok(())
    }

    /// The calls that have not settled, in order of arrival: whether a caller calls again depends on it.
    fn restore_open<'a>(&self, names: impl Iterator<Item = &'a SourceId> + Clone) {
        let sources = names
            .clone()
            .filter_map(|name| self.sources.get_key_value(name));
        let open = sources.flat_map(|(name, source)| {
            let records = source.calls.live_records();
            records.map(move |(key, record)| (name, key, record))
        });
        let mut open: Vec<_> = open.collect();
        open.sort_by_key(|(name, key, record)| (record.arrived_at, *name, *key));
        self.board.record(|totals| {
            for (name, _, record) in &open {
                totals.know_queues_of_call(name, record);
            }
            let label = label(totals);
            self.live.with(|live| {
                for (name, key, record) in &open {
                    live.tell(name, *key, record, &label);
                }
                for name in names {
                    // They were counted when they were answered.
                    drop(live.score(name));
                }
            });
        });
    }
}
