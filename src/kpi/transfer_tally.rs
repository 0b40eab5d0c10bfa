//! What a row of the transfer report says, as sums that can be put together: of rows one by one, of roll-ups, of both.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{
    AgentId, CallRow, CodecError, PlannedRoutes, QueueId, Reader, TargetKind, TransferFailure,
    TransferMethod, TransferOutcome, TransferRow, put_option, put_text, put_uint,
};

use super::matrix::{Matrix, Passed, PassedTo};
use super::transfers::{
    TRANSFERS_SLOTS, is_excessive, is_return, is_served, is_transferred, is_wrong_door,
    transfers_slot,
};
use super::visit_tally::{put_span, span};

/// Sums over served calls and their transfers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferTally {
    /// Calls that a human answered.
    pub calls_served: u64,
    /// Of them with at least one transfer.
    pub calls_transferred: u64,
    /// Transfers done.
    pub transfers: u64,
    /// T4: served calls by number of transfers.
    pub calls_by_transfers: [u64; TRANSFERS_SLOTS],
    /// T10: served calls by number of transfers, planned routes left out.
    pub calls_by_unplanned: [u64; TRANSFERS_SLOTS],
    /// T1.
    pub kinds: BTreeMap<(TransferMethod, TargetKind), u64>,
    /// T5.
    pub returns: u64,
    /// T5: served calls by number of returns.
    pub calls_by_returns: [u64; TRANSFERS_SLOTS],
    /// T6 by cause.
    pub failures: BTreeMap<TransferFailure, u64>,
    /// T7: answered after.
    pub after_answered: u64,
    /// T7: abandoned after.
    pub after_abandoned: u64,
    /// T7: returned and answered.
    pub after_returned: u64,
    /// T7: W4 of those answered.
    pub after_answered_wait: Duration,
    /// T7: W4 of those abandoned.
    pub after_abandoned_wait: Duration,
    /// T7: W4 of those returned.
    pub after_returned_wait: Duration,
    /// Answered by nobody yet.
    pub after_pending: u64,
    /// W4.
    pub transfer_wait_sum: Duration,
    /// T8, planned routes left out.
    pub wrong_door: u64,
    /// T10, by the limit asked for, planned routes left out.
    pub excessive: u64,
    /// T11.
    pub reroutes: u64,
    /// Queued again by the same queue.
    pub requeued: u64,
    /// T2.
    pub consult_only: u64,
    /// T9.
    pub matrix: Matrix,
}

impl TransferTally {
    /// Counts a call, of which `planned` transfers go along planned routes; one with more than `limit` others is
    /// excessive.
    pub fn add_call(&mut self, call: &CallRow, routes: &PlannedRoutes, planned: u32, limit: u32) {
        self.reroutes += u64::from(call.reroutes);
        if !is_served(call) {
            return;
        }
        self.calls_served += 1;
        self.calls_transferred += u64::from(is_transferred(call));
        self.transfers += u64::from(call.transfers);
        self.calls_by_transfers[transfers_slot(call.transfers)] += 1;
        self.calls_by_returns[transfers_slot(call.returns)] += 1;
        self.transfer_wait_sum = self.transfer_wait_sum.saturating_add(call.transfer_wait);
        self.wrong_door += u64::from(is_wrong_door(call, routes));
        let unplanned = call.transfers.saturating_sub(planned);
        self.calls_by_unplanned[transfers_slot(unplanned)] += 1;
        self.excessive += u64::from(is_excessive(unplanned, limit));
        self.requeued += u64::from(call.requeued);
        self.consult_only += u64::from(call.consult_only);
        for cause in &call.failed_transfers {
            *self.failures.entry(*cause).or_default() += 1;
        }
    }

    /// Counts a transfer that was done.
    pub fn add_transfer(&mut self, transfer: &TransferRow) {
        let kind = (transfer.method, transfer.target);
        *self.kinds.entry(kind).or_default() += 1;
        self.returns += u64::from(is_return(transfer));
        self.matrix.add(transfer);
        let (count, wait) = match transfer.outcome {
            Some(TransferOutcome::Answered) => {
                (&mut self.after_answered, &mut self.after_answered_wait)
            }
            Some(TransferOutcome::Abandoned) => {
                (&mut self.after_abandoned, &mut self.after_abandoned_wait)
            }
            Some(TransferOutcome::Returned) => {
                (&mut self.after_returned, &mut self.after_returned_wait)
            }
            None => {
                self.after_pending += 1;
                return;
            }
            // Not done: T6 counts it by the call.
            Some(TransferOutcome::Failed) => return,
        };
        *count += 1;
        *wait = wait.saturating_add(transfer.wait);
    }

    /// Adds the sums of others.
    pub fn merge(&mut self, other: &Self) {
        self.calls_served += other.calls_served;
        self.calls_transferred += other.calls_transferred;
        self.transfers += other.transfers;
        let add = |sums: &mut [u64], others: &[u64]| {
            sums.iter_mut()
                .zip(others)
                .for_each(|(sum, other)| *sum += other);
        };
        add(&mut self.calls_by_transfers, &other.calls_by_transfers);
        add(&mut self.calls_by_unplanned, &other.calls_by_unplanned);
        add(&mut self.calls_by_returns, &other.calls_by_returns);
        self.returns += other.returns;
        self.after_answered += other.after_answered;
        self.after_abandoned += other.after_abandoned;
        self.after_returned += other.after_returned;
        self.after_pending += other.after_pending;
        for (sum, other) in self.waits().into_iter().zip(other.waits_held()) {
            *sum = sum.saturating_add(other);
        }
        self.wrong_door += other.wrong_door;
        self.excessive += other.excessive;
        self.reroutes += other.reroutes;
        self.requeued += other.requeued;
        self.consult_only += other.consult_only;
        for (kind, count) in &other.kinds {
            *self.kinds.entry(*kind).or_default() += count;
        }
        for (cause, count) in &other.failures {
            *self.failures.entry(*cause).or_default() += count;
        }
        self.matrix.merge(&other.matrix);
    }

    fn waits(&mut self) -> [&mut Duration; 4] {
        [
            &mut self.transfer_wait_sum,
            &mut self.after_answered_wait,
            &mut self.after_abandoned_wait,
            &mut self.after_returned_wait,
        ]
    }

    fn waits_held(&self) -> [Duration; 4] {
        [
            self.transfer_wait_sum,
            self.after_answered_wait,
            self.after_abandoned_wait,
            self.after_returned_wait,
        ]
    }

    /// Works out again which calls are excessive; `can_judge` says for which limits.
    pub fn judge(&mut self, limit: u32) {
        let over = self.calls_by_unplanned.iter().skip(limit as usize + 1);
        self.excessive = over.sum();
    }

    /// Whether the histogram of transfers tells how many calls have more than these.
    pub fn can_judge(limit: u32) -> bool {
        (limit as usize) < TRANSFERS_SLOTS - 1
    }

    /// T6.
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// Appends its bytes; which calls are excessive is not among them.
    pub fn write(&self, out: &mut Vec<u8>) {
        for count in self.calls_by_transfers.iter().chain(&self.calls_by_returns) {
            put_uint(out, *count);
        }
        for count in [
            self.transfers,
            self.returns,
            self.after_answered,
            self.after_abandoned,
            self.after_returned,
            self.after_pending,
            self.wrong_door,
            self.reroutes,
            self.requeued,
            self.consult_only,
        ] {
            put_uint(out, count);
        }
        for wait in self.waits_held() {
            put_span(out, wait);
        }
        put_uint(out, self.kinds.len() as u64);
        for ((method, target), count) in &self.kinds {
            out.extend([method.code(), target.code()]);
            put_uint(out, *count);
        }
        put_uint(out, self.failures.len() as u64);
        for (cause, count) in &self.failures {
            out.push(cause.code());
            put_uint(out, *count);
        }
        put_uint(out, self.matrix.queues.len() as u64);
        for ((from, to), passed) in &self.matrix.queues {
            put_option(out, from.as_ref(), |out, from| put_text(out, from.as_str()));
            put_passed(out, to, passed);
        }
        put_uint(out, self.matrix.agents.len() as u64);
        for ((from, to), passed) in &self.matrix.agents {
            put_text(out, from.as_str());
            put_passed(out, to, passed);
        }
        // Only where routes are planned, and taken: it is behind what earlier versions end with.
        if self.calls_by_unplanned != self.calls_by_transfers {
            for count in self.calls_by_unplanned {
                put_uint(out, count);
            }
        }
    }

    /// Reads what `write` wrote, to the end; which calls are excessive is for `judge`.
    ///
    /// # Errors
    /// When the bytes are none of `write`.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let mut tally = Self::default();
        let slots = tally.calls_by_transfers.iter_mut();
        for count in slots.chain(&mut tally.calls_by_returns) {
            *count = reader.uint()?;
        }
        tally.calls_served = tally.calls_by_transfers.iter().sum();
        tally.calls_transferred = tally.calls_served - tally.calls_by_transfers[0];
        for count in [
            &mut tally.transfers,
            &mut tally.returns,
            &mut tally.after_answered,
            &mut tally.after_abandoned,
            &mut tally.after_returned,
            &mut tally.after_pending,
            &mut tally.wrong_door,
            &mut tally.reroutes,
            &mut tally.requeued,
            &mut tally.consult_only,
        ] {
            *count = reader.uint()?;
        }
        for wait in tally.waits() {
            *wait = span(reader)?;
        }
        for _ in 0..reader.uint()? {
            let method = word(reader, TransferMethod::from_code)?;
            let target = word(reader, TargetKind::from_code)?;
            tally.kinds.insert((method, target), reader.uint()?);
        }
        for _ in 0..reader.uint()? {
            let cause = word(reader, TransferFailure::from_code)?;
            tally.failures.insert(cause, reader.uint()?);
        }
        for _ in 0..reader.uint()? {
            let from = match reader.byte()? {
                0 => None,
                _ => Some(QueueId::new(reader.str()?)),
            };
            let (to, passed) = passed(reader)?;
            tally.matrix.queues.insert((from, to), passed);
        }
        for _ in 0..reader.uint()? {
            let from = AgentId::new(reader.str()?);
            let (to, passed) = passed(reader)?;
            tally.matrix.agents.insert((from, to), passed);
        }
        tally.calls_by_unplanned = tally.calls_by_transfers;
        if !reader.is_empty() {
            for count in &mut tally.calls_by_unplanned {
                *count = reader.uint()?;
            }
        }
        Ok(tally)
    }
}

fn word<T>(reader: &mut Reader<'_>, from_code: fn(u8) -> Option<T>) -> Result<T, CodecError> {
    let code = reader.byte()?;
    from_code(code).ok_or(CodecError::Code(code))
}

fn put_passed(out: &mut Vec<u8>, (target, to): &PassedTo, passed: &Passed) {
    out.push(target.code());
    put_text(out, to);
    put_uint(out, passed.transfers);
    put_uint(out, passed.returns);
    put_span(out, passed.wait);
    put_span(out, passed.spent);
}

fn passed(reader: &mut Reader<'_>) -> Result<(PassedTo, Passed), CodecError> {
    let to = (word(reader, TargetKind::from_code)?, reader.str()?.into());
    let passed = Passed {
        transfers: reader.uint()?,
        returns: reader.uint()?,
        wait: span(reader)?,
        spent: span(reader)?,
    };
    Ok((to, passed))
}
