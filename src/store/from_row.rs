//! From a row of either database to what reports and restarts read.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::database::Columns;
use crate::model::{
    AgentId, CallId, CallKey, CallRow, Caller, Direction, Exit, Marks, Outcome, Pseudonym, QueueId,
    RefusalReason, SourceId, TargetKind, Timestamp, TransferFailure, TransferMethod,
    TransferOutcome, TransferRow, VisitRow,
};

use super::rows::Error;

/// A call's key.
pub(super) fn key(row: &dyn Columns, column: usize) -> Result<CallKey, Error> {
    let bytes = row.bytes(column).try_into();
    let bytes = bytes.map_err(|_| Error::Corrupt { what: "call key" })?;
    Ok(CallKey::from_bytes(bytes))
}

/// A word of a closed list.
pub(super) fn word<T>(
    row: &dyn Columns,
    column: usize,
    from_code: fn(u8) -> Option<T>,
) -> Result<T, Error> {
    let code = u8::try_from(row.int(column)).ok().and_then(from_code);
    code.ok_or(Error::Corrupt { what: "code" })
}

/// A span, where there is one.
pub(super) fn span(row: &dyn Columns, column: usize) -> Option<Duration> {
    row.maybe_int(column)
        .map(|micros| Duration::from_micros(micros as u64))
}

/// An instant, where there is one.
pub(super) fn moment(row: &dyn Columns, column: usize) -> Option<Timestamp> {
    row.maybe_int(column).map(Timestamp::from_micros)
}

/// Queue names read again and again share their memory.
#[derive(Default)]
pub(super) struct Names {
    known: HashSet<QueueId>,
}

impl Names {
    /// A queue by its name.
    pub(super) fn queue(&mut self, name: &str) -> QueueId {
        let queue = QueueId::new(name);
        match self.known.get(&queue) {
            Some(known) => known.clone(),
            None => {
                self.known.insert(queue.clone());
                queue
            }
        }
    }

    fn maybe_queue(&mut self, row: &dyn Columns, column: usize) -> Option<QueueId> {
        row.maybe_text(column).map(|name| self.queue(name))
    }

    /// A call, as reports select its columns.
    pub(super) fn call(
        &mut self,
        row: &dyn Columns,
        sources: &HashMap<i64, SourceId>,
    ) -> Result<CallRow, Error> {
        let caller = match (row.maybe_int(4), row.maybe_bytes(5)) {
            (Some(key), Some(hash)) => {
                let hash = hash
                    .try_into()
                    .map_err(|_| Error::Corrupt { what: "pseudonym" })?;
                Caller::Known(Pseudonym {
                    key: key as u32,
                    hash,
                })
            }
            (_, Some(_)) => Caller::Withheld,
            (_, None) => Caller::Unknown,
        };
        let refused = match row.maybe_int(8) {
            None => None,
            Some(_) => Some((
                word(row, 8, RefusalReason::from_code)?,
                self.maybe_queue(row, 9),
            )),
        };
        let failed = row.bytes(14).iter();
        let failed = failed.map(|code| TransferFailure::from_code(*code));
        Ok(CallRow {
            row: row.int(31),
            arrived_at: Timestamp::from_micros(row.int(0)),
            outcome: Some(word(row, 1, Outcome::from_code)?),
            direction: word(row, 2, Direction::from_code)?,
            test: row.flag(3),
            provisional: false,
            source: sources
                .get(&row.int(20))
                .cloned()
                .ok_or(Error::Corrupt { what: "source" })?,
            call: CallId::new(row.text(21)),
            caller,
            visits: row.int(6) as u32,
            first_queue: self.maybe_queue(row, 7),
            refused,
            answered: row.flag(10),
            first_answer_queue: self.maybe_queue(row, 11),
            last_answer_queue: self.maybe_queue(row, 12),
            transfers: row.int(13) as u32,
            failed_transfers: failed
                .collect::<Option<_>>()
                .ok_or(Error::Corrupt { what: "code" })?,
            reroutes: row.int(15) as u32,
            requeued: row.int(16) as u32,
            consult_only: row.int(17) as u32,
            transfer_wait: span(row, 18).unwrap_or_default(),
            marks: Marks::from_bits(row.int(19) as u32),
            ended_at: moment(row, 22),
            first_entered_at: moment(row, 23),
            first_answered_at: moment(row, 24),
            last_exit: match row.maybe_int(25) {
                None => None,
                Some(_) => Some(word(row, 25, Exit::from_code)?),
            },
            queue_wait: span(row, 26).unwrap_or_default(),
            talk: span(row, 27).unwrap_or_default(),
            hold: span(row, 28).unwrap_or_default(),
            missed_offer_time: span(row, 29).unwrap_or_default(),
            returns: row.int(30) as u32,
        })
    }

    /// A visit.
    pub(super) fn visit(&mut self, row: &dyn Columns) -> Result<VisitRow, Error> {
        Ok(VisitRow {
            queue: self.queue(row.text(0)),
            entered_at: Timestamp::from_micros(row.int(1)),
            exit: Some(word(row, 2, Exit::from_code)?),
            exited_at: Some(Timestamp::from_micros(row.int(6))),
            wait: span(row, 3),
            talk: span(row, 4),
            first: row.int(5) == 0,
            provisional: false,
            missed_offer_time: span(row, 7).unwrap_or_default(),
            after_transfer: row.flag(8),
            waits_at: None,
        })
    }

    /// A transfer.
    pub(super) fn transfer(&mut self, row: &dyn Columns) -> Result<TransferRow, Error> {
        Ok(TransferRow {
            call_row: row.int(11),
            call_arrived_at: Timestamp::from_micros(row.int(0)),
            first_answer_queue: self.maybe_queue(row, 1),
            method: word(row, 2, TransferMethod::from_code)?,
            target: word(row, 3, TargetKind::from_code)?,
            to: row.text(4).into(),
            from_queue: self.maybe_queue(row, 5),
            is_return: row.flag(6),
            outcome: Some(word(row, 7, TransferOutcome::from_code)?),
            from_agent: AgentId::new(row.text(8)),
            wait: span(row, 9).unwrap_or_default(),
            spent: span(row, 10).unwrap_or_default(),
        })
    }
}
