//! The store, for those who read: reports and the pipeline's look-ups.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use sqlx::{Postgres, Sqlite, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::database::{self, Columns, Db, Fetch as _, on};
use crate::model::{
    AgentTold, CallId, CallKey, EpochIndex, LineId, Position, SourceId, SurveySession, SurveyText,
    Timestamp,
};

use super::chore::{Erasure, ForgottenEvent};
use super::forms::{self, FormsAsked};
use super::from_row;
use super::ids::SourceIds;
use super::kept::{CallValues, KeptCall};
use super::rollups::{Gather, Part, RollupState, RollupsAsked, Stale, Within};
use super::rows::{
    BusyLines, Error, Head, OfCaller, Period, Rows, Selection, Spoken, Told, failed,
};
use super::stored::{Place, Readers, StoredCall};
use super::stream::Which;
use super::surveyed::{self, Surveyed};
use super::write::SettledCall;
use super::writer::StoreWriter;
use super::{agents_told, gather, insert_postgres, insert_sqlite, keeping, kept, stream, table};

/// Reports that may read at the same time.
const REPORTS_AT_ONCE: u32 = 4;
/// Connections for reading: the pipeline's look-ups never wait for a report.
pub(super) const READERS: u32 = REPORTS_AT_ONCE + 1;

/// Stands for every source; their own numbers begin at 1.
const EVERY_SOURCE: i64 = 0;

/// The store, for those who read.
#[derive(Clone, Debug)]
pub struct Store {
    readers: database::Readers,
    reading: Readers,
    ids: SourceIds,
    /// Reports take turns: who waits for another report is not told that the database is away.
    turns: Arc<Semaphore>,
}

impl Store {
    /// Reads what the writer writes.
    pub(super) fn new(readers: database::Readers, reading: Readers, writer: &StoreWriter) -> Self {
        Self {
            readers,
            reading,
            ids: writer.ids.clone(),
            turns: Arc::new(Semaphore::new(REPORTS_AT_ONCE as usize)),
        }
    }

    /// Which of these calls were settled before `position`, and under which epoch.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settled_before(
        &self,
        asked: &[(SourceId, CallKey)],
        position: Position,
    ) -> Result<Vec<(SourceId, CallKey, EpochIndex)>, Error> {
        let mut names = HashMap::new();
        let mut keys = table::Rows::of(&table::CALL_KEYS_ASKED, asked.len());
        for (source, key) in asked {
            // A source that is not stored has settled nothing.
            if let Some(id) = self.ids.of(source) {
                names.entry(id).or_insert_with(|| source.clone());
                keys.push([id.into(), key.to_bytes().to_vec().into()]);
            }
        }
        let one = |row: &dyn Columns| {
            let source = names.get(&row.int(0));
            let source = source.ok_or(Error::Corrupt { what: "source" })?;
            let epoch = EpochIndex(row.int(2) as u32);
            Ok((source.clone(), from_row::key(row, 1)?, epoch))
        };
        match &self.readers {
            Db::Sqlite(readers) => {
                let rows = insert_sqlite::settled(readers, keys, position).await;
                let rows = rows.map_err(failed("look calls up"))?;
                rows.iter().map(|row| one(row)).collect()
            }
            Db::Postgres(readers) => {
                let rows = insert_postgres::settled(readers, keys, position).await;
                let rows = rows.map_err(failed("look calls up"))?;
                rows.iter().map(|row| one(row)).collect()
            }
        }
    }
}

impl Store {
    /// The number of a source whose rows are stored.
    pub(super) fn source_id(&self, source: &SourceId) -> Option<i64> {
        self.ids.of(source)
    }

    pub(super) async fn begin(&self) -> Result<Reading, Error> {
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|_| Error::Stopped)?;
        let begun = match &self.readers {
            Db::Sqlite(readers) => readers.begin().await.map(Db::Sqlite),
            Db::Postgres(readers) => {
                let begin = "begin isolation level repeatable read, read only";
                readers.begin_with(begin).await.map(Db::Postgres)
            }
        };
        Ok(Reading {
            transaction: begun.map_err(failed("begin to read"))?,
            _turn: turn,
        })
    }
}

impl Store {
    /// The number of a source's rows; `None` = nothing of it is stored.
    pub fn source_row(&self, source: &SourceId) -> Option<i64> {
        self.ids.of(source)
    }

    /// All that would be written of a settled call under this number.
    pub fn values_of(&self, row: i64, call: &SettledCall) -> CallValues {
        CallValues::of(row, call, &self.ids.all())
    }

    /// How many settled calls arrived in a period, of the source with these rows or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_count(&self, period: Period, source: Option<i64>) -> Result<u64, Error> {
        let source = source.unwrap_or(EVERY_SOURCE);
        on!(&mut self.begin().await?.transaction, transaction => {
            kept::count(&mut **transaction, period, source).await
        })
    }

    /// The settled calls of a caller, by the hash of the pseudonym, and those with these keys; without visits and
    /// transfers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn calls_of_person(
        &self,
        caller: &[u8; 16],
        keys: &[(SourceId, CallKey)],
    ) -> Result<Vec<KeptCall>, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            kept::of_person(&mut **transaction, caller, keys).await
        })
    }

    /// The next settled calls that arrived before an instant and whose caller is known, behind an arrival and row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn calls_with_caller(
        &self,
        before: Timestamp,
        after: (Timestamp, i64),
        size: usize,
    ) -> Result<Vec<KeptCall>, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            kept::with_caller(&mut **transaction, before, after, size).await
        })
    }

    /// The next settled live calls of a source that arrived since an instant, none of them tests; the newest first, behind
    /// a place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live_calls(
        &self,
        source: &SourceId,
        since: Timestamp,
        before: Option<&Place>,
        size: usize,
    ) -> Result<Vec<StoredCall>, Error> {
        // A source that is not stored has settled nothing.
        let Some(source) = self.ids.of(source) else {
            return Ok(Vec::new());
        };
        on!(&mut self.begin().await?.transaction, transaction => {
            stream::live_calls(&mut **transaction, self.reading, source, since, before, size).await
        })
    }

    /// What was told last of each agent's state, live, and of the end of a wrap-up since then; in order of time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agents_told_last(&self, source: &SourceId) -> Result<Vec<AgentTold>, Error> {
        let Some(source) = self.ids.of(source) else {
            return Ok(Vec::new());
        };
        on!(&mut self.begin().await?.transaction, transaction => {
            agents_told::last(&mut **transaction, source).await
        })
    }

    /// Every event that is in the journal and not in the figures.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unapplied(&self) -> Result<Vec<ForgottenEvent>, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            keeping::late(&mut **transaction).await
        })
    }

    /// The position of the oldest late event that the journal alone has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn oldest_late_in_journal(&self) -> Result<Option<Position>, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            keeping::oldest_late_in_journal(&mut **transaction).await
        })
    }

    /// The acts of erasing that are under way, with the calls that each is about.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn erasures(&self) -> Result<Vec<(Erasure, Vec<(SourceId, CallKey)>)>, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            keeping::erasures(&mut **transaction).await
        })
    }

    /// On PostgreSQL: gives the room of row versions that are gone back, for others to write over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn vacuum(&self) -> Result<(), Error> {
        let Db::Postgres(readers) = &self.readers else {
            return Ok(());
        };
        let failed = failed("give room back");
        let mut connection = readers.acquire().await.map_err(&failed)?;
        let sql = "vacuum calls, open_calls, unapplied_events, erasing";
        connection.fetch(sql, &[]).await.map(drop).map_err(&failed)
    }

    /// The next settled calls that arrived in a period, of the source with these rows or of all, behind a place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_calls(
        &self,
        period: Period,
        source: Option<i64>,
        after: Option<&Place>,
        size: usize,
    ) -> Result<Vec<KeptCall>, Error> {
        let source = source.unwrap_or(EVERY_SOURCE);
        on!(&mut self.begin().await?.transaction, transaction => {
            kept::page(&mut **transaction, period, source, after, size).await
        })
    }
}

impl Rows for Store {
    async fn calls(
        &self,
        period: Period,
        after: Option<Place>,
        parts: mpsc::Sender<Vec<StoredCall>>,
    ) -> Result<(), Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            stream::calls(&mut **transaction, self.reading, Which::All, period, after.as_ref(), &parts).await
        })
    }

    async fn calls_passed_around(
        &self,
        period: Period,
        parts: mpsc::Sender<Vec<StoredCall>>,
    ) -> Result<(), Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            stream::calls(&mut **transaction, self.reading, Which::PassedAround, period, None, &parts).await
        })
    }

    async fn spoken(&self, period: Period, parts: mpsc::Sender<Vec<Spoken>>) -> Result<(), Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            stream::spoken(&mut **transaction, self.reading, period, &parts).await
        })
    }

    async fn calls_of_caller(&self, caller: &[u8; 16], period: Period) -> Result<OfCaller, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            stream::of_caller(&mut **transaction, self.reading, caller, period).await
        })
    }

    async fn call(&self, id: &CallId) -> Result<Vec<StoredCall>, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            stream::call(&mut **transaction, self.reading, id).await
        })
    }

    async fn session(
        &self,
        source: &SourceId,
        call: &CallId,
    ) -> Result<Option<SurveySession>, Error> {
        self.survey_session(source, call).await
    }

    async fn surveys(&self) -> Result<Vec<SurveyText>, Error> {
        // The inherent one.
        Self::surveys(self).await
    }

    async fn told(&self, period: Period) -> Result<Told, Error> {
        on!(&mut self.begin().await?.transaction, transaction => stream::told(&mut **transaction, period).await)
    }

    async fn has_line(&self, line: &LineId) -> Result<bool, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            stream::has_line(&mut **transaction, self.reading, line).await
        })
    }

    async fn busy_lines(
        &self,
        period: Period,
        lines: &BTreeSet<LineId>,
    ) -> Result<BusyLines, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            stream::busy_lines(&mut **transaction, period, lines).await
        })
    }

    async fn gather(&self, asked: &Gather, parts: mpsc::Sender<Part>) -> Result<(), Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            gather::gather(&mut **transaction, self.reading, asked, &parts).await
        })
    }

    async fn surveyed(&self, period: Period, parts: mpsc::Sender<Surveyed>) -> Result<(), Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            surveyed::surveyed(&mut **transaction, self.reading, period, &parts).await
        })
    }

    async fn forms(&self, asked: FormsAsked, parts: mpsc::Sender<Surveyed>) -> Result<(), Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            forms::submitted(&mut **transaction, &asked, &parts).await
        })
    }

    async fn head(&self) -> Result<Head, Error> {
        on!(&mut self.begin().await?.transaction, transaction => gather::head(&mut **transaction).await)
    }
}

impl Store {
    /// The intervals that are stale and begin in a period, the shortest first and by time within a level, at most so many;
    /// and the newest quarter known at all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stale(
        &self,
        period: Period,
        at_most: u32,
    ) -> Result<(Vec<Stale>, Option<Timestamp>), Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            gather::stale(&mut **transaction, period, at_most).await
        })
    }

    /// The roll-ups that make an interval up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn within(&self, period: Period, rollups: RollupsAsked) -> Result<Within, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            gather::within(&mut **transaction, period, rollups).await
        })
    }

    /// The rows of settled calls of a period, all at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settled(&self, period: Period) -> Result<Selection, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            gather::all_settled(&mut **transaction, period).await
        })
    }

    /// What is known of all roll-ups.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rollup_state(&self) -> Result<RollupState, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            gather::state(&mut **transaction).await
        })
    }
}

/// One read transaction: every table as of one position.
pub(super) struct Reading {
    pub(super) transaction: Db<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>,
    _turn: OwnedSemaphorePermit,
}
