//! Keeping no longer than wanted: calls, their sums, who called, and the journal go by a task of their own, piece by piece.
//!
//! The journal goes only as far as nothing can need it again: what followed from a row is in the store's file, synced;
//! the open calls are rows there; what was told of settled calls, and of them too late, lies beside them. An event noted as
//! late by an earlier version, which the journal alone has, holds its row until a recompute takes it in.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::calls;
use crate::journal;
use crate::model::{Position, Timestamp};
use crate::store::{Chore, Rewrite};

use super::{Error, Upkeep};

/// How often it is looked for what is to go: nobody counts the hours of a year.
const LOOK: Duration = Duration::from_secs(60 * 60);
/// How soon again after something failed.
const RETRY: Duration = Duration::from_secs(60);
/// Calls whose caller goes in one transaction.
const CALLS_A_PIECE: usize = 500;

/// How long things are kept; `None` = for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Rows of the journal, from their commit on.
    pub journal: Option<Duration>,
    /// Calls with all that belongs to them, and what agents and lines said, from the call's arrival on.
    pub calls: Option<Duration>,
    /// Roll-ups, from the end of the interval on.
    pub rollups: Option<Duration>,
    /// Who called, from the call's arrival on.
    pub pseudonyms: Option<Duration>,
}

impl Upkeep {
    /// Goes on with what an earlier run began to erase, and removes what is kept long enough, again and again until the
    /// server stops.
    pub async fn keep(self, retention: Retention, stopping: CancellationToken) {
        let mut resumed = false;
        loop {
            let done = async {
                if !resumed {
                    self.resume_erasures().await?;
                    resumed = true;
                }
                self.remove(retention).await
            };
            let pause = tokio::select! {
                () = stopping.cancelled() => return,
                done = done => match done {
                    Ok(()) => LOOK,
                    Err(Error::Stopped) => return,
                    Err(error) => {
                        tracing::error!(%error, source = ?std::error::Error::source(&error), "what is to be removed is tried again");
                        RETRY
                    }
                },
            };
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn remove(&self, retention: Retention) -> Result<(), Error> {
        let now = self.clock.now();
        if let Some(span) = retention.calls {
            self.remove_older("calls", Chore::RemoveCalls, now.minus(span))
                .await?;
        }
        if let Some(span) = retention.rollups {
            self.remove_older("roll-ups", Chore::RemoveRollups, now.minus(span))
                .await?;
        }
        if let Some(span) = retention.pseudonyms {
            self.remove_callers(now.minus(span)).await?;
        }
        if let Some(span) = retention.journal {
            self.trim(now.minus(span)).await?;
        }
        Ok(())
    }

    /// Removes what is older, piece by piece, so that others have their turn.
    async fn remove_older(
        &self,
        what: &str,
        chore: fn(Timestamp) -> Chore,
        before: Timestamp,
    ) -> Result<(), Error> {
        let mut rows = 0;
        loop {
            let _turn = self.turn.lock().await;
            let done = self.chores.ask(chore(before)).await?;
            if done.rows == 0 {
                break;
            }
            rows += done.rows;
        }
        if rows > 0 {
            tracing::info!(
                rows,
                before = before.as_micros(),
                "removed {what} kept long enough"
            );
        }
        Ok(())
    }

    async fn remove_callers(&self, before: Timestamp) -> Result<(), Error> {
        let mut after = (Timestamp::from_micros(i64::MIN), i64::MIN);
        let mut callers = 0;
        loop {
            let _turn = self.turn.lock().await;
            let page = self
                .store
                .calls_with_caller(before, after, CALLS_A_PIECE)
                .await?;
            let Some(last) = page.last() else {
                break;
            };
            after = (last.place.arrived_at, last.row);
            let again = page.iter().map(|call| {
                let damaged = |_| Error::Damaged {
                    call: call.place.call.as_str().to_owned(),
                };
                let told = calls::forget_in_told(&call.told, true).map_err(damaged)?;
                let retold = calls::retell(&told, &[], call.marks).map_err(damaged)?;
                Ok(Rewrite {
                    row: call.row,
                    before: call.rows.instants(),
                    call: call.with(retold.record, retold.told),
                    taken: Vec::new(),
                })
            });
            let again = again.collect::<Result<Vec<_>, Error>>()?;
            callers += again.len();
            self.chores.ask(Chore::Rewrite(again)).await?;
        }
        self.chores.ask(Chore::NoteForgotten(before)).await?;
        if callers > 0 {
            tracing::info!(
                callers,
                before = before.as_micros(),
                "removed callers kept long enough"
            );
        }
        Ok(())
    }

    /// Removes the journal's rows that were committed before an instant, as far as nothing can need them again.
    async fn trim(&self, before: Timestamp) -> Result<(), Error> {
        let mut trimmed = None;
        loop {
            let _turn = self.turn.lock().await;
            let Some(most) = self.dispensable().await? else {
                break;
            };
            let Some(last) = self.journal.last_before(before, most).await? else {
                break;
            };
            self.ask_journal(journal::Chore::Trim(last)).await?;
            trimmed = Some(last);
        }
        if let Some(last) = trimmed {
            tracing::info!(position = last.0, "trimmed the journal");
        }
        Ok(())
    }

    /// Nothing can need a row that ends here or before; `None` = that cannot be said now.
    async fn dispensable(&self) -> Result<Option<Position>, Error> {
        let synced = self.chores.ask(Chore::Sync).await?.synced;
        let late = self.store.oldest_late_in_journal().await?;
        let before_late = late.map(|late| Position(late.0.saturating_sub(1)));
        Ok(synced.map(|synced| before_late.map_or(synced, |late| late.min(synced))))
    }
}
