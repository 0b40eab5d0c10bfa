//! Handling: what agents did with the calls that were offered to them.

use std::time::Duration;

use crate::model::OfferResult;

use super::share::share;

/// A talk shorter than this that the agent ended is looked at: nobody is helped in less.
pub const TALK_SHORT: Duration = Duration::from_secs(10);

/// Below so many a single agent's share says more about chance, and about one caller, than about the agent.
pub const AGENT_SHARE_LEAST: u64 = 10;

/// Whether an offer says something about the agent: one that ended for other reasons does not.
pub const fn is_agents_own(result: OfferResult) -> bool {
    match result {
        OfferResult::Answered
        | OfferResult::NoAnswer
        | OfferResult::Busy
        | OfferResult::Rejected => true,
        OfferResult::CallerGone
        | OfferResult::RingTimeout
        | OfferResult::AnsweredElsewhere
        | OfferResult::Error => false,
    }
}

/// agent_answer_rate: answered ÷ (answered + no_answer + busy + rejected); suppressed below `AGENT_SHARE_LEAST`.
pub fn agent_answer_rate(answered: u64, own_offers: u64) -> Option<f64> {
    (own_offers >= AGENT_SHARE_LEAST)
        .then(|| share(answered, own_offers))
        .flatten()
}

/// AHT: (talk + hold + wrap-up) ÷ handled, talk without hold.
pub fn handle_time(
    talk: Duration,
    hold: Duration,
    wrap_up: Duration,
    handled: u64,
) -> Option<Duration> {
    let sum = talk.saturating_add(hold).saturating_add(wrap_up);
    let micros = sum.as_micros().checked_div(handled.into())?;
    Some(Duration::from_micros(
        u64::try_from(micros).unwrap_or(u64::MAX),
    ))
}

/// occupancy: handling ÷ (handling + available); ringing, breaks and logged-out time are in neither.
pub fn occupancy(handling: Duration, available: Duration) -> Option<f64> {
    let [handling, available] = [handling, available].map(|span| span.as_secs_f64());
    let whole = handling + available;
    (whole > 0.0).then(|| handling / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn few_offers_give_no_share() {
        for (answered, offers, expected) in [
            (0, 0, None),
            (9, 9, None),
            (9, 10, Some(0.9)),
            (0, 12, Some(0.0)),
        ] {
            assert_eq!(agent_answer_rate(answered, offers), expected);
        }
    }

    #[test]
    fn an_offer_that_the_agent_could_not_help_is_not_the_agent_s() {
        let own = OfferResult::ALL
            .iter()
            .filter(|result| is_agents_own(**result));
        let own: Vec<_> = own.map(|result| result.as_str()).collect();
        assert_eq!(own, ["answered", "no_answer", "busy", "rejected"]);
    }

    #[test]
    fn handle_time_counts_every_second_once() {
        // (300 + 60 + 30) ÷ 3 = 130.
        assert_eq!(handle_time(s(300), s(60), s(30), 3), Some(s(130)));
        assert_eq!(handle_time(s(0), s(0), s(0), 0), None);
    }

    #[test]
    fn occupancy_is_of_the_time_at_work() {
        // 45 ÷ (45 + 15) = 0.75.
        assert_eq!(occupancy(s(45), s(15)), Some(0.75));
        assert_eq!(occupancy(s(45), s(0)), Some(1.0));
        assert_eq!(occupancy(s(0), s(0)), None);
    }
}
