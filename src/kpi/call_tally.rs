//! What a row of the queue report says of calls, as sums that can be put together: of rows one by one, of roll-ups, of
//! both.

use std::time::Duration;

use crate::model::{CallRow, CodecError, Outcome, Reader, put_uint};

use super::cells::Slots;
use super::journey::{
    JourneyCounts, caller_burden, journey_wait, journey_wait_censored, time_to_human,
};
use super::outcome::{OutcomeCounts, is_lost, is_refused_closed};
use super::visit_tally::{put_span, span};
use super::volume::{is_left_before_queue, is_offered, is_refused};
use super::waits::{Held, Waits};

/// Sums over calls.
#[derive(Clone, Debug)]
pub struct CallTally {
    /// Calls that arrived.
    pub arrived: u64,
    /// V1.
    pub offered: u64,
    /// Calls that ended without a queue or a refusal.
    pub left_before_queue: u64,
    /// Of those that arrived here, the ones that ended, whenever that was.
    pub ended: u64,
    /// Calls that have not ended.
    pub open: u64,
    /// Calls ended, by outcome.
    pub outcomes: OutcomeCounts,
    /// Of the refused those that met a closed line.
    pub refused_closed: u64,
    /// The counts of `journey` and `access`.
    pub journeys: JourneyCounts,
    /// W2 of answered calls.
    pub journey_waits: Waits,
    /// W2 of calls that ended without an answer.
    pub journey_waits_censored: Waits,
    /// W2q.
    pub queue_wait_sum: Duration,
    /// W3.
    pub times_to_human: Waits,
    /// W12.
    pub burdens: Waits,
    /// The numerator of AB2.
    pub lost: u64,
    /// V1 calls that ended here, whenever they arrived.
    pub offered_ended: u64,
}

impl CallTally {
    /// No calls yet; waits will be held so.
    pub fn new(held: &Held) -> Self {
        Self {
            arrived: 0,
            offered: 0,
            left_before_queue: 0,
            ended: 0,
            open: 0,
            outcomes: OutcomeCounts::default(),
            refused_closed: 0,
            journeys: JourneyCounts::default(),
            journey_waits: Waits::new(held),
            journey_waits_censored: Waits::new(held),
            queue_wait_sum: Duration::ZERO,
            times_to_human: Waits::new(held),
            burdens: Waits::new(held),
            lost: 0,
            offered_ended: 0,
        }
    }

    /// Counts a call that arrived.
    pub fn add_arrived(&mut self, call: &CallRow) {
        let ended = call.outcome.is_some();
        self.arrived += 1;
        self.offered += u64::from(is_offered(call));
        self.journeys.refused += u64::from(is_refused(call));
        self.refused_closed += u64::from(is_refused_closed(call));
        self.ended += u64::from(ended);
        self.open += u64::from(!ended);
    }

    /// Counts a call that met its first human.
    pub fn add_answered(&mut self, call: &CallRow) {
        self.journey_waits.add(journey_wait(call));
        self.times_to_human.add(time_to_human(call));
    }

    /// Counts a call whose journey is decided; `within` its threshold or not.
    pub fn add_decided(&mut self, within: bool) {
        self.journeys.decided += 1;
        self.journeys.answered_within += u64::from(within);
    }

    /// Counts a call that ended.
    pub fn add_ended(&mut self, call: &CallRow) {
        if let Some(outcome) = call.outcome {
            self.outcomes.add(outcome, 1);
        }
        self.left_before_queue += u64::from(is_left_before_queue(call));
        self.lost += u64::from(is_lost(call));
        self.offered_ended += u64::from(is_offered(call));
        self.journey_waits_censored.add(journey_wait_censored(call));
        self.queue_wait_sum = self.queue_wait_sum.saturating_add(call.queue_wait);
        self.burdens.add(burden(call));
    }

    /// Adds the sums of others.
    pub fn merge(&mut self, other: &Self) {
        self.arrived += other.arrived;
        self.offered += other.offered;
        self.left_before_queue += other.left_before_queue;
        self.ended += other.ended;
        self.open += other.open;
        self.outcomes.merge(&other.outcomes);
        self.refused_closed += other.refused_closed;
        self.journeys.answered_within += other.journeys.answered_within;
        self.journeys.decided += other.journeys.decided;
        self.journeys.refused += other.journeys.refused;
        self.journey_waits.merge(&other.journey_waits);
        self.journey_waits_censored
            .merge(&other.journey_waits_censored);
        self.queue_wait_sum = self.queue_wait_sum.saturating_add(other.queue_wait_sum);
        self.times_to_human.merge(&other.times_to_human);
        self.burdens.merge(&other.burdens);
        self.lost += other.lost;
        self.offered_ended += other.offered_ended;
    }

    /// Works out again how many met a human within this threshold of their first queue; exact where it is an edge.
    pub fn judge(&mut self, service_level: Duration) {
        self.journeys.answered_within = self.journey_waits.count_up_to(service_level);
    }

    /// Appends the bytes of calls that have all ended; who was answered within a threshold is not among them: it follows
    /// from the waits.
    pub fn write(&mut self, out: &mut Vec<u8>) {
        for outcome in Outcome::ALL {
            put_uint(out, self.outcomes.of(*outcome));
        }
        put_uint(out, self.offered);
        put_uint(out, self.left_before_queue);
        put_uint(out, self.refused_closed);
        put_uint(out, self.journeys.decided);
        put_uint(out, self.journeys.refused);
        put_span(out, self.queue_wait_sum);
        put_uint(out, self.lost);
        for waits in self.waits() {
            waits.write(out);
        }
    }

    /// Reads what `write` wrote; who was answered within a threshold is for `judge`.
    ///
    /// # Errors
    /// When the bytes are none of `write`.
    pub fn read(reader: &mut Reader<'_>, slots: &Slots) -> Result<Self, CodecError> {
        let mut tally = Self::new(&Held::Cells(slots.edges().clone()));
        for outcome in Outcome::ALL {
            tally.outcomes.add(*outcome, reader.uint()?);
        }
        tally.arrived = tally.outcomes.sum();
        tally.ended = tally.arrived;
        tally.offered = reader.uint()?;
        tally.offered_ended = tally.offered;
        tally.left_before_queue = reader.uint()?;
        tally.refused_closed = reader.uint()?;
        tally.journeys.decided = reader.uint()?;
        tally.journeys.refused = reader.uint()?;
        tally.queue_wait_sum = span(reader)?;
        tally.lost = reader.uint()?;
        for waits in tally.waits() {
            *waits = Waits::read(reader, slots)?;
        }
        Ok(tally)
    }

    fn waits(&mut self) -> [&mut Waits; 4] {
        [
            &mut self.journey_waits,
            &mut self.journey_waits_censored,
            &mut self.times_to_human,
            &mut self.burdens,
        ]
    }
}

/// W12 of a call that met a queue or a human.
pub fn burden(call: &CallRow) -> Option<Duration> {
    (is_offered(call) || call.answered).then(|| caller_burden(call))
}
