//! Settled calls of a period made again: from what was told of them, what was told too late included.
//!
//! A page of calls is read, made again off the threads that serve, and compared column by column with what is kept; only
//! what differs is written. So a second run writes nothing, and a run that was killed is finished by the next one. What a
//! later version would conclude or keep of a call is written the same way.

use std::collections::HashSet;
use std::collections::btree_map::{BTreeMap, Entry as Known};

use tokio::sync::mpsc;

use crate::calls;
use crate::journal::{self, Entry, EntryKind};
use crate::model::{Body, Position, SourceId, Timestamp};
use crate::store::{CallValues, Chore, KeptCall, LateEvent, Period, Rewrite, Store};

use super::figures::Figures;
use super::{Error, Upkeep};

/// Calls read, made again and written at once: a transaction of some milliseconds.
const PAGE_CALLS: usize = 500;

/// Which calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Those that arrived at this instant or later.
    pub start: Option<Timestamp>,
    /// And before this one.
    pub end: Option<Timestamp>,
    /// Of this source; `None` = of all.
    pub source: Option<SourceId>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Calls looked at.
    pub calls_done: u64,
    /// Calls to look at, as counted at the start.
    pub calls_in_all: u64,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recomputed {
    /// Calls looked at.
    pub calls: u64,
    /// Calls that are kept otherwise now.
    pub calls_changed: u64,
    /// Late events that are in the figures now.
    pub late_taken: u64,
    /// Late events of these calls that are still left out: their call has told too much already, or the journal's row is
    /// gone.
    pub late_left: u64,
    /// Figures of the calls looked at, as they were.
    pub before: Figures,
    /// As they are.
    pub after: Figures,
}

impl Asked {
    fn period(&self) -> Result<Period, Error> {
        let missing = |field| Error::PeriodMissing { field };
        let start = self.start.ok_or(missing("start"))?;
        let end = self.end.ok_or(missing("end"))?;
        if end < start {
            return Err(Error::PeriodReversed);
        }
        Ok((start, end))
    }
}

impl Upkeep {
    /// Makes the calls of a period again; how far it is goes to `progress`, and when nobody listens any more, it ends.
    ///
    /// # Errors
    /// When the period or the source is wrong, something else is under way, or a database fails; what was done by then is
    /// done.
    pub async fn recompute(
        &self,
        asked: &Asked,
        progress: &mpsc::Sender<Progress>,
    ) -> Result<Recomputed, Error> {
        let period = asked.period()?;
        let source = asked.source.as_ref().map(|name| self.source_row(name));
        let source = source.transpose()?;
        let _turn = self.take_turn().await?;
        self.catch_up().await?;
        let mut at = Progress {
            calls_done: 0,
            calls_in_all: self.store.kept_count(period, source).await?,
        };
        let mut done = Recomputed::default();
        // A call that now arrived later would be met a second time.
        let mut moved = HashSet::new();
        let mut last = None;
        loop {
            if progress.send(at).await.is_err() {
                return Err(Error::Stopped);
            }
            let mut calls = self
                .store
                .kept_calls(period, source, last.as_ref(), PAGE_CALLS)
                .await?;
            let Some(end) = calls.last().map(|call| call.place.clone()) else {
                break;
            };
            last = Some(end);
            calls.retain(|call| !moved.contains(&call.row));
            at.calls_done += calls.len() as u64;
            self.fetch_late(&mut calls).await?;
            let store = self.store.clone();
            let made = tokio::task::spawn_blocking(move || make_all(&store, calls)).await;
            let made = made.map_err(|_| Error::Stopped)??;
            done.add(&made, &mut moved);
            let changed: Vec<_> = made.into_iter().filter_map(|made| made.again).collect();
            if !changed.is_empty() {
                let written = self.chores.ask(Chore::Rewrite(changed)).await?;
                self.status.take_recomputed(&written.recomputed);
            }
        }
        tracing::info!(
            calls = done.calls,
            calls_changed = done.calls_changed,
            late_taken = done.late_taken,
            late_left = done.late_left,
            "recomputed"
        );
        Ok(done)
    }

    fn source_row(&self, name: &SourceId) -> Result<i64, Error> {
        self.store.source_row(name).ok_or_else(|| {
            let known = self.status.all();
            let names: Vec<&str> = known.iter().map(|(source, _)| source.as_str()).collect();
            Error::UnknownSource {
                name: name.as_str().to_owned(),
                known: if names.is_empty() {
                    "none yet".to_owned()
                } else {
                    names.join(", ")
                },
            }
        })
    }

    /// Late events that the journal alone has.
    async fn fetch_late(&self, calls: &mut [KeptCall]) -> Result<(), Error> {
        let mut rows = BTreeMap::<Position, Vec<Entry>>::new();
        for call in calls {
            let (source, id) = (&call.source, &call.place.call);
            for late in call.late.iter_mut().filter(|late| late.told.is_none()) {
                let entries = match rows.entry(late.position) {
                    Known::Occupied(known) => known.into_mut(),
                    Known::Vacant(unknown) => unknown.insert(self.entries(late.position).await?),
                };
                let mut entries = entries.iter().filter(|entry| entry.source == *source);
                late.told = entries.find_map(|entry| {
                    let EntryKind::Batch(events) = &entry.kind else {
                        return None;
                    };
                    let event = events.iter().find(|event| {
                        let of_call = matches!(&event.body, Body::Call { call, .. } if call == id);
                        of_call && event.sequence == late.sequence
                    });
                    calls::told_event(entry.epoch, event?)
                });
            }
        }
        Ok(())
    }

    /// What the journal's row that ends at a position holds; nothing when it is gone.
    async fn entries(&self, last: Position) -> Result<Vec<Entry>, Error> {
        let Some(row) = self.journal.row_ending_at(last).await? else {
            return Ok(Vec::new());
        };
        let damaged = |source| journal::Error::Damaged {
            position: row.first,
            source,
        };
        Ok(journal::decode(&row.body).map_err(damaged)?)
    }
}

/// A call made again.
struct Made {
    row: i64,
    before: CallValues,
    after: CallValues,
    moved_on: bool,
    taken: u64,
    left: u64,
    /// `None` = it is as it was.
    again: Option<Rewrite>,
}

fn make_all(store: &Store, calls: Vec<KeptCall>) -> Result<Vec<Made>, Error> {
    calls.into_iter().map(|call| make(store, call)).collect()
}

fn make(store: &Store, call: KeptCall) -> Result<Made, Error> {
    let known = |late: &&LateEvent| late.told.is_some();
    let told: Vec<&[u8]> = call
        .late
        .iter()
        .filter_map(|late| late.told.as_deref())
        .collect();
    let retold = calls::retell(&call.told, &told, call.marks);
    let retold = retold.map_err(|_| Error::Damaged {
        call: call.place.call.as_str().to_owned(),
    })?;
    let late = call.late.iter().filter(known).zip(&retold.taken);
    let taken: Vec<_> = late
        .filter(|(_, taken)| **taken)
        .map(|(late, _)| (late.position, late.sequence))
        .collect();
    let moved_on = retold.record.arrived_at > call.place.arrived_at;
    let again = call.with(retold.record, retold.told);
    let after = store.values_of(call.row, &again);
    let left = call.late.len() - taken.len();
    let is_same = after == call.rows && taken.is_empty();
    Ok(Made {
        row: call.row,
        moved_on,
        taken: taken.len() as u64,
        left: left as u64,
        again: (!is_same).then(|| Rewrite {
            row: call.row,
            call: again,
            before: call.rows.instants(),
            taken,
        }),
        before: call.rows,
        after,
    })
}

impl Recomputed {
    fn add(&mut self, made: &[Made], moved: &mut HashSet<i64>) {
        for made in made {
            self.calls += 1;
            self.calls_changed += u64::from(made.before != made.after);
            self.late_taken += made.taken;
            self.late_left += made.left;
            self.before.add(&made.before);
            self.after.add(&made.after);
            if made.moved_on {
                moved.insert(made.row);
            }
        }
    }
}
