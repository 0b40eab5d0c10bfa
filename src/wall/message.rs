//! The board in the words of the contract.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::kpi::{abandon_rate, lost_rate, strict};
use crate::live::{
    Estimate, HotlinePicture, PredictorSays, QueuePicture, QueueState, SourcePicture, TooLong,
    TooLongState, UsualPicture, WINDOWS, WindowPicture, recent,
};
use crate::model::{AgentCounts, AgentState, Exit, SourceId, Timestamp};
use crate::proto::v1;

/// The board at one moment, as everybody is shown it.
pub type Shown = v1::GetQueuesResponse;

/// A span as the contract has it.
fn duration(span: Duration) -> pbjson_types::Duration {
    span.into()
}

fn signed(micros: i64) -> pbjson_types::Duration {
    pbjson_types::Duration {
        seconds: micros / 1_000_000,
        // Both parts have the sign of the whole.
        nanos: (micros % 1_000_000 * 1_000) as i32,
    }
}

fn instant(at: Timestamp) -> pbjson_types::Timestamp {
    let micros = at.as_micros();
    pbjson_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: (micros.rem_euclid(1_000_000) * 1_000) as i32,
    }
}

/// The whole board.
pub(super) fn shown(at: Timestamp, hotline: &HotlinePicture, queues: &[QueuePicture]) -> Shown {
    v1::GetQueuesResponse {
        at: Some(instant(at)),
        hotline: Some(self::hotline(hotline)),
        queues: queues.iter().map(queue).collect(),
    }
}

fn hotline(picture: &HotlinePicture) -> v1::HotlineLive {
    let refused = picture.refused.iter().zip(WINDOWS);
    let ages = picture.sources.iter();
    let recent = recent(ages.map(|source| (source.data_age, &source.source)));
    let oldest = recent.iter().map(|(age, _)| *age).max();
    let is_gone = |source: &SourceId| recent.iter().all(|(_, recent)| *recent != source);
    let sources = picture.sources.iter();
    let sources = sources.map(|one| source(one, is_gone(&one.source)));
    v1::HotlineLive {
        waiting: picture.waiting,
        oldest_wait: Some(duration(picture.oldest_wait)),
        oldest_journey: Some(duration(picture.oldest_journey)),
        refused: refused
            .map(|(refused, window)| v1::RefusedLive {
                window: Some(duration(Duration::from_secs(window))),
                refused: *refused,
            })
            .collect(),
        refused_today: picture.refused_today,
        data_age: oldest.map(duration),
        sources: sources.collect(),
        agents: Some(agents(&picture.agents)),
        agents_planned: picture.agents_planned,
        agents_there: there(&picture.agents),
    }
}

fn source(picture: &SourcePicture, gone: bool) -> v1::SourceLive {
    v1::SourceLive {
        source: picture.source.as_str().to_owned(),
        now: Some(instant(picture.now)),
        data_age: Some(duration(picture.data_age)),
        skew: Some(signed(picture.skew_micros)),
        silent: picture.is_silent,
        gap_events: picture.gap_events,
        agents_left_out: picture.agents_left_out,
        gone,
    }
}

fn queue(picture: &QueuePicture) -> v1::QueueLive {
    let spans = WINDOWS.map(Duration::from_secs);
    let windows = picture.windows.iter().zip(spans);
    let sources = picture.sources.iter();
    v1::QueueLive {
        queue: picture.queue.as_str().to_owned(),
        open: picture.is_open,
        service_level_target: Some(duration(picture.service_level)),
        waiting: picture.waiting,
        oldest_wait: Some(duration(picture.oldest_wait)),
        oldest_journey: Some(duration(picture.oldest_journey)),
        repeat_waiting: picture.repeat_waiting,
        second_transfer: picture.second_transfer,
        agents: Some(agents(&picture.agents)),
        nobody_there: picture.is_nobody_there,
        too_long: picture.too_long.iter().map(too_long).collect(),
        paused_too_long: paused_too_long(&picture.too_long),
        windows: windows.map(|(one, span)| window(one, Some(span))).collect(),
        day: Some(window(&picture.day, None)),
        day_since: Some(instant(picture.day_since)),
        estimate: Some(estimate(&picture.estimate)),
        usual: picture.usual.as_ref().map(usual),
        agents_planned: picture.agents_planned,
        state: state(picture.state).into(),
        state_because: picture.state.because().to_owned(),
        agents_there: there(&picture.agents),
        sources: sources.map(|source| source.as_str().to_owned()).collect(),
    }
}

fn state(state: QueueState) -> v1::QueueState {
    match state {
        QueueState::Good => v1::QueueState::Good,
        QueueState::Closed => v1::QueueState::Closed,
        QueueState::NotKnown => v1::QueueState::NotKnown,
        QueueState::WaitsLong | QueueState::ManyLost => v1::QueueState::Beyond,
        QueueState::NobodyThere
        | QueueState::Unheeded
        | QueueState::WaitsTwice
        | QueueState::NobodyAnswered => v1::QueueState::Stuck,
    }
}

fn estimate(picture: &Estimate) -> v1::EstimateLive {
    match picture.given {
        Ok(given) => v1::EstimateLive {
            wait: Some(duration(given.wait)),
            low: Some(duration(given.low)),
            high: Some(duration(given.high)),
            predictor: given.predictor.as_str().to_owned(),
            mean_error: Some(duration(given.mean_error)),
            scored: given.scored,
            none_because: String::new(),
        },
        Err(why) => v1::EstimateLive {
            none_because: why.as_str().to_owned(),
            ..v1::EstimateLive::default()
        },
    }
}

fn usual(picture: &UsualPicture) -> v1::UsualLive {
    v1::UsualLive {
        days: picture.days,
        offered: picture.offered,
        answered: picture.answered,
        abandoned: picture.abandoned,
        service_level: picture.service_level,
        asa: picture.asa.map(duration),
        offered_whole_day: picture.offered_whole_day,
        offered_expected: picture.offered_expected,
    }
}

/// What is said of a caller who enters a queue at a moment, with what each predictor says.
pub(super) fn estimated(at: Timestamp, queue: &QueuePicture) -> v1::EstimateWaitResponse {
    let picture = &queue.estimate;
    v1::EstimateWaitResponse {
        at: Some(instant(at)),
        queue: queue.queue.as_str().to_owned(),
        estimate: Some(estimate(picture)),
        ahead: picture.ahead,
        load: picture.load.as_str().to_owned(),
        predictors: picture.predictors.iter().map(predictor).collect(),
        unscored: picture.unscored,
    }
}

fn predictor(says: &PredictorSays) -> v1::PredictorLive {
    let (low, high) = says.prediction.range.unzip();
    v1::PredictorLive {
        predictor: says.predictor.as_str().to_owned(),
        wait: says.prediction.wait.map(duration),
        low: low.map(duration),
        high: high.map(duration),
        scored: says.scored,
        mean_error: says.mean_error.map(duration),
        bias: says.bias_micros.map(signed),
        inside: says.inside,
    }
}

/// Who is logged in; `None` where no agent is known, so that nobody can say who is there.
fn there(counts: &AgentCounts) -> Option<u64> {
    let known: u64 = AgentState::ALL.iter().map(|state| counts.of(*state)).sum();
    (known > 0).then(|| known - counts.of(AgentState::LoggedOut))
}

fn agents(counts: &AgentCounts) -> v1::AgentsLive {
    v1::AgentsLive {
        available: counts.of(AgentState::Available),
        ringing: counts.of(AgentState::Ringing),
        talking: counts.of(AgentState::Talking),
        wrap_up: counts.of(AgentState::WrapUp),
        other_call: counts.of(AgentState::OtherCall),
        desk: counts.of(AgentState::Desk),
        paused: counts.of(AgentState::Paused),
        logged_out: counts.of(AgentState::LoggedOut),
    }
}

fn too_long(one: &TooLong) -> v1::TooLongLive {
    let (state, reason, missed) = match &one.state {
        TooLongState::State(state, reason) => (state.as_str(), reason.to_string(), 0),
        TooLongState::Missed(count) => ("missed", String::new(), *count as u64),
    };
    v1::TooLongLive {
        agent: one.agent.as_str().to_owned(),
        state: state.to_owned(),
        reason,
        span: Some(duration(one.span)),
        missed,
    }
}

/// Pauses that last too long, by reason, those of the most agents first.
fn paused_too_long(all: &[TooLong]) -> Vec<v1::PausedTooLongLive> {
    let mut reasons = BTreeMap::<&str, (u64, Duration)>::new();
    for one in all {
        if let TooLongState::State(AgentState::Paused, reason) = &one.state {
            let (agents, longest) = reasons.entry(reason).or_default();
            *agents += 1;
            *longest = one.span.max(*longest);
        }
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, (agents, longest))| Reverse((*agents, *longest)));
    let reasons = reasons.into_iter();
    reasons
        .map(|(reason, (agents, longest))| v1::PausedTooLongLive {
            reason: reason.to_owned(),
            agents,
            longest: Some(duration(longest)),
        })
        .collect()
}

fn window(picture: &WindowPicture, span: Option<Duration>) -> v1::WindowLive {
    let (exits, level) = (&picture.exits, &picture.level);
    let answered = exits.of(Exit::Answered);
    let abandoned = level.abandoned;
    v1::WindowLive {
        window: span.map(duration),
        offered: picture.offered,
        answered,
        abandoned,
        abandoned_short: level.abandoned_short,
        ended_otherwise: exits.sum() - answered - abandoned,
        answered_within_target: level.answered_within,
        decided: level.decided,
        service_level: strict(level),
        abandon_rate: abandon_rate(abandoned, exits.sum()),
        asa: picture.asa.map(duration),
        waits: waits(&picture.waits),
        censored_waits: waits(&picture.censored),
        transfers: picture.transfers,
        refused: picture.refused,
        overtaking: picture.overtaking,
        calls_offered: picture.calls_offered,
        calls_lost: picture.calls_lost,
        lost_rate: lost_rate(picture.calls_lost, picture.calls_offered).filter(|_| span.is_none()),
    }
}

fn waits(quantiles: &[Option<Duration>; 4]) -> Option<v1::WaitsLive> {
    let [p50, p90, p95, p99] = quantiles.map(|wait| wait.map(duration));
    quantiles
        .iter()
        .any(Option::is_some)
        .then_some(v1::WaitsLive { p50, p90, p95, p99 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AgentId;

    #[test]
    fn pauses_that_last_too_long_are_counted_by_reason_and_name_nobody() {
        let long = |agent: &str, state, minutes: u64| TooLong {
            agent: AgentId::new(agent),
            state,
            span: Duration::from_secs(minutes * 60),
        };
        let state = |state, reason: &str| TooLongState::State(state, reason.into());
        let paused = |reason| state(AgentState::Paused, reason);
        let all = [
            long("ann", paused("lunch"), 31),
            long("bob", paused(""), 90),
            long("cyd", state(AgentState::WrapUp, ""), 40),
            long("dan", paused("lunch"), 44),
            long("eve", paused("training"), 120),
            long("fay", TooLongState::Missed(3), 200),
        ];
        let said: Vec<_> = paused_too_long(&all)
            .into_iter()
            .map(|one| (one.reason, one.agents, one.longest.unwrap().seconds / 60))
            .collect();
        let expected = [("lunch", 2, 44), ("training", 1, 120), ("", 1, 90)];
        assert_eq!(
            said,
            expected.map(|(reason, agents, longest)| (reason.to_owned(), agents, longest))
        );
    }
}
