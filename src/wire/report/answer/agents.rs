//! An agent's row as the contract has it.

use std::time::Duration;

use crate::model::{AgentState, OfferResult, Text};
use crate::proto::v1;
use crate::reports::{AgentRow, OfferCounts};

use super::interval;

pub(super) fn row(row: AgentRow) -> v1::AgentReportRow {
    let time = Some(time(&row));
    let pause = |(reason, time): (Text, Duration)| v1::PauseTime {
        reason: reason.to_string(),
        time: Some(time.into()),
    };
    v1::AgentReportRow {
        bucket_start: row.bucket_start,
        agent: row.agent,
        name: row.name,
        team: row.team,
        offers: Some(offers(&row.offers)),
        answer_rate: row.answer_rate,
        answer_rate_interval: row.answer_rate_interval.map(interval),
        handled: row.handled,
        talk_sum: Some(row.talk_sum.into()),
        hold_sum: Some(row.hold_sum.into()),
        consult_sum: Some(row.consult_sum.into()),
        wrap_up_sum: Some(row.wrap_up_sum.into()),
        handle_time: row.handle_time.map(Into::into),
        occupancy: row.occupancy,
        transfers_out: row.transfers_out,
        transfers_in: row.transfers_in,
        released_first: row.released_first,
        released_first_short: row.released_first_short,
        time,
        pauses: row.pauses.into_iter().map(pause).collect(),
    }
}

fn offers(counts: &OfferCounts) -> v1::OfferCounts {
    v1::OfferCounts {
        answered: counts.of(OfferResult::Answered),
        no_answer: counts.of(OfferResult::NoAnswer),
        busy: counts.of(OfferResult::Busy),
        rejected: counts.of(OfferResult::Rejected),
        caller_gone: counts.of(OfferResult::CallerGone),
        ring_timeout: counts.of(OfferResult::RingTimeout),
        answered_elsewhere: counts.of(OfferResult::AnsweredElsewhere),
        error: counts.of(OfferResult::Error),
    }
}

fn time(row: &AgentRow) -> v1::AgentTime {
    let of = |state| Some(row.time_in(state).into());
    v1::AgentTime {
        available: of(AgentState::Available),
        ringing: of(AgentState::Ringing),
        talking: of(AgentState::Talking),
        wrap_up: of(AgentState::WrapUp),
        other_call: of(AgentState::OtherCall),
        desk: of(AgentState::Desk),
        paused: of(AgentState::Paused),
        logged_out: of(AgentState::LoggedOut),
    }
}
