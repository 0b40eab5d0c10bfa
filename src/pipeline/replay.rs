//! A start: the checkpoint is taken back, then the journal's rows behind it are applied.
//!
//! When anything the checkpoint holds is damaged, or written by a version that is not known here, all live state is made
//! again from the journal's beginning, and what the rows hold already is thrown away.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::calls::Calls;
use crate::clock::Clock;
use crate::journal::{self, Committed};
use crate::live::Live;
use crate::metrics::{Board, Totals};
use crate::model::{CounterRow, Position, SourceId, Targets};
use crate::store::{self, Checkpoint, Store, StoredSource, Write};
use crate::survey::Sessions;
use crate::wall::LiveBoard;

use super::apply::{Options, Pipeline, Source};
use super::known::OnTheWay;
use super::lookup::Lookup;
use super::status::Status;

/// Positions applied in a replay before the store is told.
const STRETCH: u64 = 100_000;

/// Why a start fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Store and journal do not belong together.
    #[error(
        "the store goes on to position {checkpoint}, but the journal ends at {end}: one of the two is of another time; restore both from one backup, or remove the store (store.db, or PostgreSQL's schema store) to make it again from the journal"
    )]
    StoreAhead {
        /// The store's position.
        checkpoint: Position,
        /// The journal's end.
        end: Position,
    },
    /// What would have to be applied again was trimmed.
    #[error(
        "{fault}, and the journal cannot make up for it: it was trimmed up to position {trimmed}; restore journal and store from one backup"
    )]
    Trimmed {
        /// What is wrong with the store.
        fault: String,
        /// The journal begins behind it.
        trimmed: Position,
    },
}

/// What the journal holds: rows behind `trimmed`, up to `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Rows up to here were trimmed.
    pub trimmed: Position,
    /// The last row ends here.
    pub end: Position,
}

/// What a checkpoint gives back: sources and totals, or nothing when it is damaged.
struct Restored {
    sources: HashMap<SourceId, Source>,
    totals: Totals,
}

fn restore(options: &Options, checkpoint: &Checkpoint) -> Option<Restored> {
    let mut sources = HashMap::new();
    for stored in &checkpoint.sources {
        let StoredSource {
            source,
            state,
            heard,
            late_events,
            call_exists_events,
            recomputed_events: _,
            open,
        } = stored;
        let open: Option<Vec<_>> = open
            .iter()
            .map(|(key, state)| Some((*key, state.clone()?)))
            .collect();
        let calls = Calls::restore(options.calls.clone(), Some(state.as_deref()?), open?);
        let restored = Source {
            calls: calls.ok()?,
            heard: *heard,
            lead: Default::default(),
            late_events: *late_events,
            call_exists_events: *call_exists_events,
            gap_events: 0,
            crowded: false,
        };
        sources.insert(source.clone(), restored);
    }
    let counters: Vec<CounterRow> = checkpoint.counters.clone()?;
    let totals = Totals::restore(&options.calls.targets, counters).ok()?;
    Some(Restored { sources, totals })
}

impl Pipeline {
    /// Takes the checkpoint back; `clock` tells for how long a source has been silent. Returns the pipeline and the position behind which rows are to be applied.
    ///
    /// # Errors
    /// When the store goes beyond the journal's end, or would have to be made again from rows that were trimmed.
    pub fn start(
        options: Options,
        checkpoint: Checkpoint,
        Extent { trimmed, end }: Extent,
        store: Store,
        clock: Clock,
    ) -> Result<(Self, Position), Error> {
        if checkpoint.position < trimmed {
            let fault = format!(
                "the store goes no further than position {}",
                checkpoint.position
            );
            return Err(Error::Trimmed { fault, trimmed });
        }
        if checkpoint.position > end {
            return Err(Error::StoreAhead {
                checkpoint: checkpoint.position,
                end,
            });
        }
        let restored = restore(&options, &checkpoint);
        let status = Status::new(clock.clone());
        let mut live = Live::new(options.live.clone());
        checkpoint.queues.iter().for_each(|queue| live.know(queue));
        let configured = options.calls.targets.queues.keys();
        configured.for_each(|queue| live.know(queue));
        let stored = checkpoint.sources.iter();
        let stored = stored.map(|stored| (stored.source.clone(), stored.recomputed_events));
        status.take_recomputed(&stored.collect::<Vec<_>>());
        let rebuild = restored.is_none();
        if rebuild && trimmed > Position(0) {
            let fault = "the store's state of the open calls is damaged".to_owned();
            return Err(Error::Trimmed { fault, trimmed });
        }
        if rebuild {
            tracing::warn!(
                "the checkpoint cannot be taken back: the live state is made again from the journal"
            );
        }
        let from = if rebuild {
            Position(0)
        } else {
            checkpoint.position
        };
        let targets: &Targets = &options.calls.targets;
        let fresh = || Restored {
            sources: HashMap::new(),
            totals: Totals::new(targets),
        };
        let Restored { sources, totals } = restored.unwrap_or_else(fresh);
        let mut sessions = Sessions::new(options.surveys.clone());
        if !rebuild {
            let stored = checkpoint.surveys;
            sessions.restore(stored.sessions, stored.invited);
        }
        let (lookup, questions) = Lookup::channel();
        let pipeline = Self {
            store,
            board: Board::new(totals),
            live: LiveBoard::new(live, clock),
            status,
            sources,
            queues: checkpoint.queues,
            on_the_way: OnTheWay::default(),
            touched: Default::default(),
            next: Write {
                position: checkpoint.position,
                rebuild,
                ..Write::default()
            },
            stored_before: checkpoint.position,
            options,
            sessions,
            questions,
            lookup,
        };
        let board = pipeline.board.clone();
        board.record(|totals| {
            pipeline
                .queues
                .iter()
                .for_each(|queue| totals.know_queue(queue));
            pipeline
                .options
                .surveys
                .surveys()
                .for_each(|survey| totals.know_survey(survey));
        });
        Ok((pipeline, from))
    }

    /// What a supervisor looks at.
    pub fn live(&self) -> &LiveBoard {
        &self.live
    }

    /// The figures, for the scrape.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Everything up to here was in the store at the start.
    pub fn stored(&self) -> Position {
        self.stored_before
    }

    /// The way to ask how a call stands.
    pub fn lookup(&self) -> Lookup {
        self.lookup.clone()
    }

    /// Sessions of surveys that may still change.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// What is known of each source.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Notes what the journal alone knows of its sources (missing and rejected numbers) and tells of every source.
    ///
    /// To be called before a replay, so that a gap is not taken for a filled one that opens anew; and after it, for a
    /// replay counts the rejected ones of its rows again.
    pub fn note_sources(&mut self, known: &[(SourceId, u64, u64)]) {
        for (name, missing, rejected) in known {
            self.source(name).gap_events = *missing;
            self.status
                .update(name, |status| status.rejected_events = *rejected);
        }
        let names: Vec<SourceId> = self.sources.keys().cloned().collect();
        let board = self.board.clone();
        board.record(|totals| names.iter().for_each(|name| self.tell_now(name, totals)));
    }

    /// Applies the journal's rows behind `from`, telling the store stretch by stretch. Returns when the store holds
    /// everything.
    ///
    /// # Errors
    /// When a row is damaged, or a database fails.
    pub async fn replay(
        &mut self,
        from: Position,
        reader: &journal::Reader,
        writes: &mpsc::Sender<Write>,
        stored: &mut watch::Receiver<Position>,
    ) -> Result<(), Error> {
        let mut at = from;
        let mut sent = self.stored_before;
        loop {
            let rows = reader.rows_after(at).await?;
            let done = rows.is_empty();
            for row in rows {
                let damaged = |source| journal::Error::Damaged {
                    position: row.first,
                    source,
                };
                let entries = journal::decode(&row.body).map_err(damaged)?;
                at = row.last;
                self.apply(Committed {
                    first: row.first,
                    last: row.last,
                    committed_at: row.committed_at,
                    took: Duration::ZERO,
                    entries,
                    duplicates: Vec::new(),
                    missing: Vec::new(),
                })
                .await?;
            }
            let waiting = self.next.position.0.saturating_sub(sent.0);
            let rebuilt = self.next.rebuild && at >= self.stored_before;
            if (waiting >= STRETCH || (done && waiting > 0) || (done && rebuilt))
                && at >= self.stored_before
            {
                self.next.position = at;
                sent = at;
                let write = self.take_write();
                // The store of a rebuild stands at `sent` before it is written: its position says nothing, its word does.
                stored.borrow_and_update();
                writes
                    .send(write)
                    .await
                    .map_err(|_| store::Error::Stopped)?;
                stored.changed().await.map_err(|_| store::Error::Stopped)?;
                self.on_the_way.stored(sent);
            }
            if done {
                return Ok(());
            }
        }
    }
}
