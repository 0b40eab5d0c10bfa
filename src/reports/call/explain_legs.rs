//! Explanations by offer and by leg: what agents did with the call.

use std::time::Duration;

use crate::kpi::{self, Part};
use crate::model::{Leg, Offer, OfferResult};

use super::super::agents;
use super::case::{Case, counted, halves, queue_words, s};
use super::explain::Explanation;

fn offer_words(index: usize, offer: &Offer) -> String {
    let queue = queue_words(offer.queue.as_ref());
    let ended = offer.result.map_or("still ringing", OfferResult::as_str);
    format!("offer {} to {} of {queue}: {ended}", index + 1, offer.agent)
}

fn leg_words(index: usize, leg: &Leg) -> String {
    let queue = queue_words(leg.queue.as_ref());
    format!("leg {} with {} of {queue}", index + 1, leg.agent)
}

/// agent_answer_rate.
pub(super) fn answer_rate(case: &Case<'_>) -> Vec<Explanation> {
    let offers = case.record.offers.iter().enumerate();
    offers
        .map(|(index, offer)| {
            let own = offer.result.filter(|result| kpi::is_agents_own(*result));
            let part = Part {
                count: (own == Some(OfferResult::Answered)).into(),
                of: own.is_some().into(),
            };
            let words = format!("{}: {}", offer_words(index, offer), halves(part));
            Explanation::part(offer.agent.as_str(), part, words)
        })
        .collect()
}

/// AHT.
pub(super) fn handle_time(case: &Case<'_>) -> Vec<Explanation> {
    let is_handled = agents::is_handled(case.record);
    let legs = case.record.legs.iter().enumerate();
    legs.map(|(index, leg)| {
        let leg_words = leg_words(index, leg);
        if !is_handled {
            let words = format!("{leg_words}: our own return call, not counted");
            return Explanation::count(leg.agent.as_str(), 0, words);
        }
        let talk = leg.talk().unwrap_or_default();
        let span = kpi::handle_time(talk, leg.hold, Duration::ZERO, 1);
        let (talk, hold) = (s(talk), s(leg.hold));
        let words = format!(
            "{leg_words}: {talk} of talk and {hold} of hold, {}; the work after it is added by the agent's own time",
            counted(1)
        );
        Explanation::count(leg.agent.as_str(), 1, words).with_span(span)
    })
    .collect()
}

/// occupancy.
pub(super) fn handling(case: &Case<'_>) -> Vec<Explanation> {
    let is_handled = agents::is_handled(case.record);
    let what = if is_handled {
        "handling, in the numerator and the denominator"
    } else {
        "our own return call, in neither numerator nor denominator"
    };
    legs_as(case, what, is_handled)
}

/// agent_states.
pub(super) fn states(case: &Case<'_>) -> Vec<Explanation> {
    let state = if agents::is_handled(case.record) {
        "the agent was talking"
    } else {
        "the agent was on an other call"
    };
    let mut all = legs_as(case, state, true);
    let offers = case.record.offers.iter().enumerate();
    all.extend(offers.map(|(index, offer)| {
        let rang = offer.ended_at.and_then(|end| end.since(offer.offered_at));
        let rang_words = rang.map_or_else(|| "not known how long".to_owned(), s);
        let words = format!(
            "{}: the agent was ringing for {rang_words}, unless talking",
            offer_words(index, offer)
        );
        Explanation::count(offer.agent.as_str(), 1, words).with_span(rang)
    }));
    all
}

fn legs_as(case: &Case<'_>, what: &str, counts: bool) -> Vec<Explanation> {
    let legs = case.record.legs.iter().enumerate();
    legs.map(|(index, leg)| {
        let lasted = leg.released_at.and_then(|end| end.since(leg.connected_at));
        let lasted_words = lasted.map_or_else(|| "not known how long".to_owned(), s);
        let words = format!("{}, {lasted_words}: {what}", leg_words(index, leg));
        let span = lasted.filter(|_| counts);
        Explanation::count(leg.agent.as_str(), counts.into(), words).with_span(span)
    })
    .collect()
}
