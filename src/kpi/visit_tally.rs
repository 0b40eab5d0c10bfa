//! What a row of the queue report says of visits, as sums that can be put together: of rows one by one, of roll-ups, of
//! both.

use std::time::Duration;

use crate::model::{CodecError, Exit, ExitClass, QueueTarget, Reader, VisitRow, put_uint};

use super::abandonment::{is_abandoned_after_transfer, is_answered_short};
use super::cells::Slots;
use super::compat::CompatCounts;
use super::exits::ExitCounts;
use super::service_level::LevelCounts;
use super::wait::is_span_negative;
use super::waits::{Held, Waits};

/// Sums over visits.
#[derive(Clone, Debug)]
pub struct VisitTally {
    /// Visits begun.
    pub offered: u64,
    /// Of those that began here, the ones that ended, whenever that was.
    pub ended: u64,
    /// Visits ended, by exit.
    pub exits: ExitCounts,
    /// Visits that wait.
    pub waiting: u64,
    /// The counts of the service level, by the thresholds of each visit's queue.
    pub counts: LevelCounts,
    /// The counts of other products' figures; roll-ups have none.
    pub compat: CompatCounts,
    /// Visits that ended without a wait, because the clock stepped back.
    pub negative_spans: u64,
    /// Visits that ended without a wait, because the answer was never told.
    pub waits_unknown: u64,
    /// Talk of the visits' legs.
    pub talk_sum: Duration,
    /// W13.
    pub missed_offer_time: Duration,
    /// AB4.
    pub abandoned_after_transfer: u64,
    /// AB6.
    pub answered_short: u64,
    /// Waits of answered visits.
    pub answered: Waits,
    /// Waits of abandoned visits.
    pub abandoned: Waits,
    /// Waits of visits that ended to be called back.
    pub called_back: Waits,
    /// Waits of visits that ended otherwise.
    pub other: Waits,
}

impl VisitTally {
    /// No visits yet; waits will be held so.
    pub fn new(held: &Held) -> Self {
        Self {
            offered: 0,
            ended: 0,
            exits: ExitCounts::default(),
            waiting: 0,
            counts: LevelCounts::default(),
            compat: CompatCounts::default(),
            negative_spans: 0,
            waits_unknown: 0,
            talk_sum: Duration::ZERO,
            missed_offer_time: Duration::ZERO,
            abandoned_after_transfer: 0,
            answered_short: 0,
            answered: Waits::new(held),
            abandoned: Waits::new(held),
            called_back: Waits::new(held),
            other: Waits::new(held),
        }
    }

    /// Counts a visit that began.
    pub fn add_offered(&mut self, visit: &VisitRow) {
        self.offered += 1;
        if visit.exit.is_some() {
            self.ended += 1;
        } else {
            self.waiting += 1;
            self.add_spans(visit);
        }
    }

    /// Counts a visit that is decided.
    pub fn add_decided(&mut self) {
        self.counts.decided += 1;
    }

    /// Counts a visit's end by its queue's thresholds; a talk shorter than `short_answered` is a short one.
    pub fn add_ended(&mut self, visit: &VisitRow, target: QueueTarget, short_answered: Duration) {
        let Some(exit) = visit.exit else {
            return;
        };
        self.exits.add(exit, 1);
        self.add_spans(visit);
        if is_span_negative(visit.entered_at, visit.exited_at) {
            self.negative_spans += 1;
        } else {
            self.waits_unknown += u64::from(visit.wait.is_none());
        }
        self.counts.add(LevelCounts::of_end(visit, target));
        self.compat.add(CompatCounts::of_end(visit, target));
        self.abandoned_after_transfer += u64::from(is_abandoned_after_transfer(visit));
        let waits = match exit.class() {
            ExitClass::Answered => {
                let short = is_answered_short(visit.talk, short_answered);
                self.answered_short += u64::from(short);
                &mut self.answered
            }
            ExitClass::Abandoned => &mut self.abandoned,
            ExitClass::Other if exit == Exit::Callback => &mut self.called_back,
            ExitClass::Other => &mut self.other,
        };
        waits.add(visit.wait);
    }

    fn add_spans(&mut self, visit: &VisitRow) {
        let talk = visit.talk.unwrap_or_default();
        self.talk_sum = self.talk_sum.saturating_add(talk);
        self.missed_offer_time = self
            .missed_offer_time
            .saturating_add(visit.missed_offer_time);
    }

    /// Adds the sums of others.
    pub fn merge(&mut self, other: &Self) {
        self.offered += other.offered;
        self.ended += other.ended;
        self.exits.merge(&other.exits);
        self.waiting += other.waiting;
        self.counts.add(other.counts);
        self.compat.add(other.compat);
        self.negative_spans += other.negative_spans;
        self.waits_unknown += other.waits_unknown;
        self.talk_sum = self.talk_sum.saturating_add(other.talk_sum);
        self.missed_offer_time = self
            .missed_offer_time
            .saturating_add(other.missed_offer_time);
        self.abandoned_after_transfer += other.abandoned_after_transfer;
        self.answered_short += other.answered_short;
        self.answered.merge(&other.answered);
        self.abandoned.merge(&other.abandoned);
        self.called_back.merge(&other.called_back);
        self.other.merge(&other.other);
    }

    /// Waits of all visits that ended.
    pub fn all(&self) -> Waits {
        let mut all = self.answered.clone();
        for waits in [&self.abandoned, &self.called_back, &self.other] {
            all.merge(waits);
        }
        all
    }

    /// Works the service level's counts out again by these thresholds; exact where they are edges. All visits have ended.
    pub fn judge(&mut self, target: QueueTarget) {
        let abandoned = [Exit::AbandonedWaiting, Exit::AbandonedRinging];
        self.counts = LevelCounts {
            answered: self.exits.of(Exit::Answered),
            answered_within: self.answered.count_up_to(target.service_level),
            abandoned: abandoned.iter().map(|exit| self.exits.of(*exit)).sum(),
            abandoned_within: self.abandoned.count_up_to(target.service_level),
            abandoned_short: self.abandoned.count_up_to(target.short_abandon),
            decided: self.exits.sum(),
            callback_within: self.called_back.count_up_to(target.service_level),
        };
    }

    /// Appends the bytes of visits that have all ended; the counts of the service level are not among them: they follow
    /// from the waits.
    pub fn write(&mut self, out: &mut Vec<u8>) {
        for exit in Exit::ALL {
            put_uint(out, self.exits.of(*exit));
        }
        put_uint(out, self.negative_spans);
        put_uint(out, self.waits_unknown);
        put_span(out, self.talk_sum);
        put_span(out, self.missed_offer_time);
        put_uint(out, self.abandoned_after_transfer);
        put_uint(out, self.answered_short);
        for waits in self.waits() {
            waits.write(out);
        }
    }

    /// Reads what `write` wrote; the service level is for `judge`.
    ///
    /// # Errors
    /// When the bytes are none of `write`.
    pub fn read(reader: &mut Reader<'_>, slots: &Slots) -> Result<Self, CodecError> {
        let mut tally = Self::new(&Held::Cells(slots.edges().clone()));
        for exit in Exit::ALL {
            tally.exits.add(*exit, reader.uint()?);
        }
        tally.offered = tally.exits.sum();
        tally.ended = tally.offered;
        tally.negative_spans = reader.uint()?;
        tally.waits_unknown = reader.uint()?;
        tally.talk_sum = span(reader)?;
        tally.missed_offer_time = span(reader)?;
        tally.abandoned_after_transfer = reader.uint()?;
        tally.answered_short = reader.uint()?;
        for waits in tally.waits() {
            *waits = Waits::read(reader, slots)?;
        }
        Ok(tally)
    }

    fn waits(&mut self) -> [&mut Waits; 4] {
        [
            &mut self.answered,
            &mut self.abandoned,
            &mut self.called_back,
            &mut self.other,
        ]
    }
}

/// Appends a span in microseconds.
pub(super) fn put_span(out: &mut Vec<u8>, span: Duration) {
    put_uint(out, u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
}

/// Reads a span.
pub(super) fn span(reader: &mut Reader<'_>) -> Result<Duration, CodecError> {
    reader.uint().map(Duration::from_micros)
}
