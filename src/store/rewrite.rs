//! Settled calls written again, under the numbers they have.

use std::collections::{BTreeMap, BTreeSet};

use crate::database::{Fetch as _, on};
use crate::model::Timestamp;

use super::chore::{Done, Rewrite};
use super::kept::CallValues;
use super::rows::{Error, failed};
use super::table::{CALL_ROWS, Rows};
use super::write;
use super::writer::StoreWriter;

impl StoreWriter {
    /// Writes calls again in one transaction, with what that means for late events and for whatever is summed up from
    /// calls.
    pub(super) async fn rewrite(&mut self, calls: &[Rewrite]) -> Result<Done, Error> {
        let ids = self.ids.all();
        self.begin().await?;
        for table in &CALL_ROWS {
            let mut rows = Rows::of(table, calls.len());
            calls.iter().for_each(|call| rows.push([call.row.into()]));
            self.delete(rows).await?;
        }
        let again = || calls.iter().map(|again| (again.row, &again.call));
        self.insert(write::calls(again(), &ids)).await?;
        self.insert(write::visits(again())).await?;
        self.insert(write::transfers(again())).await?;
        let mut instants = BTreeSet::new();
        let mut taken = BTreeMap::<_, i64>::new();
        for again in calls {
            instants.extend(again.before.iter().copied());
            instants.extend(CallValues::of(again.row, &again.call, &ids).instants());
            let source = ids[&again.call.source];
            let id = again.call.settled.call.as_str();
            for (position, sequence) in &again.taken {
                let sql = "update unapplied_events set reason = 'recomputed', told = null
                    where position = $1 and source_id = $2 and call_id = $3 and sequence = $4
                        and reason = 'late'";
                let key = [
                    (position.0 as i64).into(),
                    source.into(),
                    id.into(),
                    (*sequence as i64).into(),
                ];
                self.run(sql, &key, "note a late event as taken in").await?;
            }
            if !again.taken.is_empty() {
                *taken.entry(source).or_default() += again.taken.len() as i64;
            }
        }
        for (source, events) in &taken {
            let sql = "update sources set recomputed_events = recomputed_events + $1
                where source_id = $2";
            let values = [(*events).into(), (*source).into()];
            self.run(sql, &values, "count late events as taken in")
                .await?;
        }
        self.announce_changed(&instants).await?;
        self.run("commit", &[], "commit").await?;
        Ok(Done {
            recomputed: self.recomputed().await?,
            ..Done::default()
        })
    }

    /// The one place where it is told, within the transaction that changes calls, at which instants figures change:
    /// whatever is summed up from calls and kept is to be summed up again for these.
    async fn announce_changed(&mut self, instants: &BTreeSet<Timestamp>) -> Result<(), Error> {
        self.mark_instants_stale(instants).await
    }

    /// Of each source, the late events that are in the figures by now.
    async fn recomputed(&mut self) -> Result<Vec<(crate::model::SourceId, u64)>, Error> {
        let sql = "select name, recomputed_events from sources";
        on!(self.connection.connection(), connection => {
            let rows = connection.fetch(sql, &[]).await;
            let rows = rows.map_err(failed("count late events taken in"))?;
            let one = |row: &dyn crate::database::Columns| {
                (crate::model::SourceId::new(row.text(0)), row.int(1) as u64)
            };
            Ok(rows.iter().map(|row| one(row)).collect())
        })
    }
}
