//! Applying one committed row: calls, metrics, what the store will be told.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::calls::{self, Arrival, Calls};
use crate::journal::{Committed, Entry, EntryKind};
use crate::live;
use crate::metrics::{Board, Totals};
use crate::model::{Body, CallKey, Event, Mode, Position, QueueId, SourceId, SourceNow, Timestamp};
use crate::store::{self, SourceWrite, Store, Write};
use crate::survey::{Plan, Sessions};
use crate::validate::Reason;
use crate::wall::LiveBoard;

use super::facts::note_settled;
use super::forget::Forgetting;
use super::known::{OnTheWay, SettledBefore};
use super::lead::Lead;
use super::lookup::{Lookup, Question};
use super::queues;
use super::status::Status;

/// How calls are closed and judged.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Deadlines and thresholds.
    pub calls: calls::Options,
    /// Whom to ask for their opinion.
    pub surveys: Plan,
    /// What the board goes by.
    pub live: live::Options,
}

/// One source as the pipeline follows it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) calls: Calls,
    /// Its clock when it last sent, as far as that is believed, and ours then.
    pub(super) heard: Option<(Timestamp, Timestamp)>,
    pub(super) lead: Lead,
    pub(super) late_events: u64,
    pub(super) call_exists_events: u64,
    pub(super) gap_events: u64,
    /// It was logged that calls are let go because too many are open.
    pub(super) crowded: bool,
}

/// Follows the journal.
pub struct Pipeline {
    pub(super) options: Options,
    pub(super) store: Store,
    pub(super) board: Board,
    /// What a supervisor looks at.
    pub(super) live: LiveBoard,
    pub(super) status: Status,
    pub(super) sources: HashMap<SourceId, Source>,
    pub(super) queues: HashSet<QueueId>,
    pub(super) on_the_way: OnTheWay,
    /// Sources touched since the store was last told.
    pub(super) touched: BTreeSet<SourceId>,
    /// What the store will be told next.
    pub(super) next: Write,
    /// Rows up to here are in the store already: a rebuild throws their facts away.
    pub(super) stored_before: Position,
    /// Sessions of surveys that may still change.
    pub(super) sessions: Sessions,
    pub(super) questions: mpsc::Receiver<Question>,
    pub(super) lookup: Lookup,
}

impl Pipeline {
    /// Follows the journal until it stops, telling the store whenever that is idle.
    ///
    /// # Errors
    /// When the store cannot be read, or has stopped.
    pub async fn run(
        mut self,
        mut committed: mpsc::Receiver<Committed>,
        writes: mpsc::Sender<Write>,
        mut stored: watch::Receiver<Position>,
        mut forgetting: mpsc::Receiver<Forgetting>,
    ) -> Result<(), store::Error> {
        let mut sent = *stored.borrow();
        loop {
            let idle = *stored.borrow_and_update() >= sent;
            if idle {
                self.on_the_way.stored(sent);
                if self.next.position > sent {
                    sent = self.next.position;
                    if writes.send(self.take_write()).await.is_err() {
                        return Err(store::Error::Stopped);
                    }
                }
            }
            tokio::select! {
                biased;
                Some(question) = self.questions.recv() => self.answer(question),
                row = committed.recv() => match row {
                    Some(row) => self.apply(row).await?,
                    None => break,
                },
                Some(asked) = forgetting.recv() => {
                    let calls = self.forget(&asked);
                    // Written at once, though no row of the journal came: who asked goes on from there.
                    sent = self.next.position.max(sent);
                    if writes.send(self.take_write()).await.is_err() {
                        return Err(store::Error::Stopped);
                    }
                    asked.answer(calls);
                }
                changed = stored.changed() => {
                    if changed.is_err() {
                        return Err(store::Error::Stopped);
                    }
                }
            }
        }
        if self.next.position > sent && writes.send(self.take_write()).await.is_err() {
            return Err(store::Error::Stopped);
        }
        Ok(())
    }

    /// Applies one row.
    pub(super) async fn apply(&mut self, row: Committed) -> Result<(), store::Error> {
        let process = self.board.process().clone();
        for (source, count) in &row.duplicates {
            process.duplicates(source, *count);
        }
        if row.took > Duration::ZERO && !row.entries.is_empty() {
            process.committed(row.took, (row.last.0 + 1 - row.first.0) as usize);
        }
        process.journaled(row.last);
        for (source, missing) in &row.missing {
            self.source(source).gap_events = *missing;
            self.touched.insert(source.clone());
        }
        let sources = &self.sources;
        let calls = |source: &SourceId| sources.get(source).map(|source| &source.calls);
        let mut settled = SettledBefore::look_up(
            &row.entries,
            calls,
            &self.on_the_way,
            &self.store,
            row.first,
        )
        .await?;
        let board = self.board.clone();
        board.record(|totals| {
            let mut touched = BTreeSet::new();
            let mut next = row.first;
            for mut entry in row.entries {
                let position = next;
                next = Position(next.0 + entry.positions());
                if let EntryKind::Survey(event) = entry.kind {
                    let at = (position, row.last, entry.sent_at);
                    match self.take_apart(&entry.source, at, event) {
                        Some(event) => entry.kind = EntryKind::Survey(event),
                        None => continue,
                    }
                }
                if !touched.contains(&entry.source) {
                    touched.insert(entry.source.clone());
                }
                if row.took > Duration::ZERO {
                    delays(&process, &entry, row.committed_at);
                }
                self.apply_entry(entry, row.last, &mut settled, totals);
            }
            touched.extend(row.missing.into_iter().map(|(source, _)| source));
            for source in touched {
                self.tell_now(&source, totals);
                self.touched.insert(source);
            }
        });
        self.next.position = row.last;
        if row.last <= self.stored_before {
            // The rows hold it already.
            drop(self.sessions.take_changed());
        }
        Ok(())
    }

    fn apply_entry(
        &mut self,
        entry: Entry,
        position: Position,
        all_settled: &mut SettledBefore,
        totals: &mut Totals,
    ) {
        let Entry {
            source: name,
            epoch,
            mode,
            sent_at,
            received_at,
            kind,
        } = entry;
        if let EntryKind::Survey(event) = kind {
            self.take_survey(&name, sent_at, event, totals);
            return;
        }
        // Taken out while it is worked on, instead of being looked up for each event.
        let mut source = self.take_source(&name);
        let mut changed = Vec::new();
        let mut sent_at = sent_at;
        if mode == Mode::Live {
            changed = source.hear((sent_at, received_at), &kind);
            let (heard, gap_events) = (source.heard.unwrap_or_default(), source.gap_events);
            // What is believed of its clock holds for calls as for the board: else a switch that is ahead and does not say
            // when it sends would have its callers waiting beyond the target decided minutes late.
            (sent_at, _) = heard;
            // Before what it tells: the board leaves out what is ahead of the source's own clock.
            self.live.with(|live| live.hear(&name, heard, gap_events));
        }
        let mut settled = all_settled.take(&name);
        let arrival = Arrival {
            epoch,
            mode,
            sent_at,
        };
        let mut facts = Vec::new();
        match kind {
            EntryKind::Batch(events) => {
                totals.applied(&name, events.len() as u64);
                for event in events {
                    queues::know(&event, &mut self.queues, &mut self.next.queues);
                    changed.extend(live_call(&event, mode));
                    let said = facts.len();
                    let known = |key| settled.get(&key).copied();
                    source.calls.handle_event(arrival, event, known, &mut facts);
                    note_settled(&facts[said..], &mut settled);
                }
            }
            EntryKind::Heartbeat if mode == Mode::Live => {
                source.calls.handle_clock(sent_at, &mut facts);
            }
            EntryKind::Heartbeat => {}
            EntryKind::Finish { complete } => {
                source.calls.handle_finish(epoch, complete, &mut facts);
            }
            // Taken above.
            EntryKind::Survey(_) => {}
            EntryKind::Rejected(events) => {
                self.status.update(&name, |status| {
                    status.rejected_events += events.len() as u64
                });
                for (_, reason) in events {
                    let known = Reason::ALL
                        .into_iter()
                        .find(|known| known.as_str() == &*reason);
                    totals.rejected(&name, known.map_or("other", Reason::as_str), 1);
                }
            }
        }
        note_settled(&facts, &mut settled);
        self.sources.insert(name.clone(), source);
        self.show_facts(&name, &facts, totals);
        self.take_facts(&name, facts, position, totals);
        // Each once, and in the same order whatever the order of telling.
        changed.sort_unstable();
        changed.dedup();
        self.show_calls(&name, &changed, totals);
        all_settled.put_back(name, settled);
    }

    /// Says what is true at this moment.
    pub(super) fn tell_now(&mut self, name: &SourceId, totals: &mut Totals) {
        let settle = self.options.calls.settle;
        let source = self.source(name);
        let watermark = source.calls.watermark();
        let (gap_events, late_events) = (source.gap_events, source.late_events);
        let call_exists_events = source.call_exists_events;
        let heard_at = source.heard.map(|(_, received)| received);
        let heard = source.heard;
        totals.apply_now(SourceNow {
            source: name.clone(),
            sent_at: source.heard.map(|(sent, _)| sent),
            received_at: heard_at.unwrap_or_default(),
            watermark,
            calls_open: source.calls.in_progress(),
            gap_events,
            queues: source.calls.take_queues(),
        });
        if let Some(heard) = heard {
            let scored = self.live.with(|live| {
                live.hear(name, heard, gap_events);
                live.score(name)
            });
            for (queue, answer) in scored {
                totals.foretold(&queue, answer.errors());
            }
        }
        self.status.update(name, |status| {
            status.watermark = watermark;
            status.heard_at = heard_at;
            status.settled_until = watermark.map(|watermark| watermark.minus(settle));
            status.gap_events = gap_events;
            status.late_events = late_events;
            status.call_exists_events = call_exists_events;
        });
    }

    /// Everything gathered for the store, with the state of what was touched.
    pub(super) fn take_write(&mut self) -> Write {
        for name in std::mem::take(&mut self.touched) {
            let source = self.source(&name);
            let changes = source.calls.take_changes();
            let open = changes
                .written
                .into_iter()
                .map(|open| (open.key, open.state))
                .collect();
            let write = SourceWrite {
                state: source.calls.write_source(),
                heard: source.heard,
                late_events: source.late_events,
                call_exists_events: source.call_exists_events,
                open,
                closed: changes.closed,
                source: name,
            };
            self.next.sources.push(write);
        }
        self.next.sessions = self.sessions.take_changed();
        self.next.counters = self.board.record(Totals::take_changed);
        self.on_the_way.sent(self.next.position);
        let position = self.next.position;
        std::mem::replace(
            &mut self.next,
            Write {
                position,
                ..Write::default()
            },
        )
    }

    pub(super) fn source(&mut self, name: &SourceId) -> &mut Source {
        if !self.sources.contains_key(name) {
            let source = self.take_source(name);
            self.sources.insert(name.clone(), source);
        }
        self.sources.get_mut(name).expect("it was inserted above")
    }

    /// A source out of the table, or a new one; to be put back.
    fn take_source(&mut self, name: &SourceId) -> Source {
        self.sources.remove(name).unwrap_or_else(|| Source {
            calls: Calls::new(self.options.calls.clone()),
            heard: None,
            lead: Lead::default(),
            late_events: 0,
            call_exists_events: 0,
            gap_events: 0,
            crowded: false,
        })
    }
}

/// The call that an event is of, when it was told live.
fn live_call(event: &Event, mode: Mode) -> Option<CallKey> {
    match &event.body {
        Body::Call { call, .. } if mode == Mode::Live => Some(call.key()),
        Body::Call { .. } | Body::Agent(_) | Body::Line(_) => None,
    }
}

/// How long live events took from the switch to the commit, the source's skew taken out.
fn delays(process: &crate::metrics::Process, entry: &Entry, committed_at: Timestamp) {
    let (Mode::Live, EntryKind::Batch(events)) = (entry.mode, &entry.kind) else {
        return;
    };
    let skew = entry.received_at.as_micros() - entry.sent_at.as_micros();
    let spans = events.iter().map(|event| {
        let micros = committed_at.as_micros() - event.occurred_at.as_micros() - skew;
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    });
    process.delays(&entry.source, spans);
}
