//! A story's offers: agents that rang for the caller.

use std::time::Duration;

use crate::model::{AgentId, MissedReason, Offer, OfferResult, QueueId, Timestamp};

use super::story::Story;

/// A switch takes the ringing back before it says that the caller hung up: within the second that stamps may differ.
const CANCELLED_BEFORE_END: Duration = Duration::from_secs(1);

impl Story {
    /// The agent's offer that has not ended.
    pub(super) fn open_offer(&self, agent: &AgentId) -> Option<usize> {
        let open = |offer: &Offer| offer.ended_at.is_none() && offer.agent == *agent;
        self.record.offers.iter().rposition(open)
    }

    pub(super) fn offer(&mut self, at: Timestamp, agent: &AgentId, queue: Option<&QueueId>) {
        if self.is_ended() {
            self.contradict();
            return;
        }
        let fits = queue.is_none_or(|queue| self.waits_in(queue));
        if !fits {
            self.contradict();
        }
        let visit = self.waiting.filter(|_| fits);
        if let Some(ringing) = self.open_offer(agent) {
            self.close_offer(ringing, at, OfferResult::NoAnswer);
        }
        self.push_offer(at, agent, visit, queue);
    }

    fn push_offer(
        &mut self,
        at: Timestamp,
        agent: &AgentId,
        visit: Option<usize>,
        queue: Option<&QueueId>,
    ) {
        let of_visit = visit.map(|visit| self.record.visits[visit].queue.clone());
        self.record.offers.push(Offer {
            visit,
            agent: agent.clone(),
            queue: of_visit.or(queue.cloned()),
            offered_at: at,
            ended_at: None,
            result: None,
        });
        self.implied_offers.push(false);
    }

    pub(super) fn miss(&mut self, at: Timestamp, agent: &AgentId, reason: MissedReason) {
        let Some(offer) = self.open_offer(agent).or_else(|| self.implied_offer(agent)) else {
            self.contradict();
            let rang = |offer: &Offer| offer.visit == self.waiting && offer.agent == *agent;
            if self.waiting.is_some() && !self.record.offers.iter().any(rang) {
                // The beginning was lost: that the agent did not answer is certain, for how long it rang is not.
                self.push_offer(at, agent, self.waiting, None);
                self.end_offer(self.record.offers.len() - 1, at, reason.into());
            }
            return;
        };
        self.implied_offers[offer] = false;
        self.end_offer(offer, at, reason.into());
    }

    /// The agent's last offer, if its end was concluded: told afterwards, the miss only refines that.
    fn implied_offer(&self, agent: &AgentId) -> Option<usize> {
        let last = self
            .record
            .offers
            .iter()
            .rposition(|offer| offer.agent == *agent);
        last.filter(|&offer| self.implied_offers[offer])
    }

    /// Says how an offer ended; when it ended stays as it was concluded.
    pub(super) fn end_offer(&mut self, offer: usize, at: Timestamp, result: OfferResult) {
        let offer = &mut self.record.offers[offer];
        offer.ended_at = Some(offer.ended_at.unwrap_or(at));
        offer.result = Some(result);
    }

    /// Concludes how an offer ended, unless it was told.
    pub(super) fn close_offer(&mut self, offer: usize, at: Timestamp, result: OfferResult) {
        if self.record.offers[offer].ended_at.is_none() {
            self.end_offer(offer, at, result);
            self.implied_offers[offer] = true;
        }
    }

    /// Whether an agent was ringing for a visit when its call ended.
    pub(super) fn rings_at_end(&self, visit: usize, at: Timestamp) -> bool {
        let rings = |offer: &Offer| match offer.ended_at {
            None => true,
            Some(ended_at) => {
                offer.result == Some(OfferResult::CallerGone)
                    && at
                        .since(ended_at)
                        .is_some_and(|gap| gap <= CANCELLED_BEFORE_END)
            }
        };
        let mut offers = self.record.offers.iter();
        offers.any(|offer| offer.visit == Some(visit) && rings(offer))
    }
}
