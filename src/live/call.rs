//! What an open call does at this moment: who waits where, which agent rings or talks.

use crate::model::{AgentId, CallRecord, Caller, Direction, OfferResult, QueueId, Timestamp};

use super::seen::Item;

/// Offers, and legs, of a call that are looked at: a caller who waits long has many, and only the last ones say how it
/// goes now.
const LOOKED_AT: usize = 32;

/// A call that has not settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenCall {
    /// Its part in the figures.
    pub(super) items: Vec<Item>,
    /// Where it waits.
    pub(super) waiting: Option<Waiting>,
    /// Which agents it keeps busy.
    pub(super) engaged: Vec<(AgentId, Engaged)>,
    /// Ringings and talks that ended.
    pub(super) over: Vec<(AgentId, Over)>,
    /// Times it was passed on; 0 when it has ended.
    pub(super) transfers: u32,
    /// The queue it is with, waiting or talking.
    pub(super) with: Option<QueueId>,
    /// Who calls, by the hash of the pseudonym, and since when.
    pub(super) caller: Option<([u8; 16], Timestamp)>,
}

/// A visit that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// The queue.
    pub(super) queue: QueueId,
    /// Queue entry.
    pub(super) entered_at: Timestamp,
    /// The call's first queue entry.
    pub(super) journey_at: Timestamp,
}

/// What an agent does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Busy {
    /// The telephone rings.
    Rings,
    /// Talking with somebody who did not call us: our own return call keeps the agent from those who wait.
    OtherCall,
    /// Talking with a caller.
    Talks,
}

/// How an agent is kept busy by a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Engaged {
    /// With what.
    pub(super) busy: Busy,
    /// For which queue.
    pub(super) queue: Option<QueueId>,
    /// Since when.
    pub(super) since: Timestamp,
}

/// How an agent was kept busy by a call that has let go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Over {
    /// For which queue.
    pub(super) queue: Option<QueueId>,
    /// Since when.
    pub(super) since: Timestamp,
    /// Until when.
    pub(super) until: Timestamp,
    /// Of a ringing, whether it was missed by the agent's doing; `None` = it says nothing of that.
    pub(super) missed: Option<bool>,
}

impl OpenCall {
    /// What a record says of this moment.
    pub(super) fn of(
        record: &CallRecord,
        items: Vec<Item>,
        label: &dyn Fn(&QueueId) -> QueueId,
    ) -> Self {
        let mut call = Self {
            items,
            caller: caller_of(record).map(|caller| (caller, record.arrived_at)),
            ..Self::default()
        };
        if record.test {
            return call;
        }
        let label = |queue: &Option<QueueId>| queue.as_ref().map(label);
        let from = record.offers.len().saturating_sub(LOOKED_AT);
        for offer in &record.offers[from..] {
            let (Some(until), Some(result)) = (offer.ended_at, offer.result) else {
                continue;
            };
            let over = Over {
                queue: label(&offer.queue),
                since: offer.offered_at,
                until,
                missed: missed(result),
            };
            call.over.push((offer.agent.clone(), over));
        }
        let from_leg = record.legs.len().saturating_sub(LOOKED_AT);
        for leg in &record.legs[from_leg..] {
            if let Some(until) = leg.released_at {
                let over = Over {
                    queue: label(&leg.queue),
                    since: leg.connected_at,
                    until,
                    missed: None,
                };
                call.over.push((leg.agent.clone(), over));
            }
        }
        if record.ended_at.is_some() {
            return call;
        }
        let journey_at = record.visits.first().map(|visit| visit.entered_at);
        let last = record.visits.last().filter(|visit| visit.exit.is_none());
        if let Some((visit, journey_at)) = last.zip(journey_at) {
            let queue = label(&Some(visit.queue.clone()));
            call.with = queue.clone();
            call.waiting = queue.map(|queue| Waiting {
                queue,
                entered_at: visit.entered_at,
                journey_at,
            });
        }
        let open_offers = record.offers[from..].iter();
        for offer in open_offers.filter(|offer| offer.ended_at.is_none()) {
            let engaged = Engaged {
                busy: Busy::Rings,
                queue: label(&offer.queue),
                since: offer.offered_at,
            };
            call.engaged.push((offer.agent.clone(), engaged));
        }
        // As reports have it: only those of inbound calls are handled.
        let busy = match record.direction {
            Direction::Inbound => Busy::Talks,
            Direction::Return => Busy::OtherCall,
        };
        for leg in record.legs.iter().filter(|leg| leg.released_at.is_none()) {
            let engaged = Engaged {
                busy,
                queue: label(&leg.queue),
                since: leg.connected_at,
            };
            call.with = engaged.queue.clone().or(call.with);
            call.engaged.push((leg.agent.clone(), engaged));
        }
        if record.direction == Direction::Inbound {
            call.transfers = record.transfers.len() as u32;
        }
        call
    }
}

/// Whether a ringing that ended so was missed by the agent's doing; `None` = that says nothing of the agent.
fn missed(result: OfferResult) -> Option<bool> {
    match result {
        OfferResult::Answered => Some(false),
        OfferResult::NoAnswer | OfferResult::Busy | OfferResult::Rejected => Some(true),
        OfferResult::CallerGone
        | OfferResult::RingTimeout
        | OfferResult::AnsweredElsewhere
        | OfferResult::Error => None,
    }
}

/// The hash of a caller who is known and whose call counts.
fn caller_of(record: &CallRecord) -> Option<[u8; 16]> {
    match &record.caller {
        Caller::Known(known) if !record.test && record.direction == Direction::Inbound => {
            Some(known.hash)
        }
        Caller::Known(_) | Caller::Unknown | Caller::Withheld => None,
    }
}
