//! The agent report: offers, legs handled, where the time went.
//!
//! Everything belongs to the interval in which it happened: a leg to that of its connection, an offer to that of its
//! ringing, a state to each interval it lasts in. A call with two agents is a leg of each, so sums over agents are not
//! sums over calls. With a row a team everything belongs to the agent's own team at that time. Under a queue filter offers, legs, transfers and wrap-ups are of these queues; states are the agent's
//! whole time. Our own return calls are `other_call`. Shares of few offers are not shown, and nobody is ranked.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::kpi::{self, AgentKnown, Id, Threshold};
use crate::model::{
    AgentEvent, AgentId, AgentState, AgentTold, CallRecord, Caller, Direction, EndedBy,
    OfferResult, SourceId, TargetKind, Text, Timestamp,
};

use crate::store::{Place, StoredCall, Told};

use super::choice::Whose;
use super::context::{Context, Counted, SourceCompleteness};
use super::plan::Plan;

/// The agent report.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentReport {
    /// Definitions, period, completeness.
    pub context: Context,
    /// By interval, then agent.
    pub rows: Vec<AgentRow>,
}

/// One agent in one interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The agent; empty where rows are of teams.
    pub agent: String,
    /// The agent's name; empty = none is configured.
    pub name: String,
    /// The teams that the agent is in during the interval, in order.
    pub team: String,
    /// Offers by how they ended; of those still ringing nothing is counted.
    pub offers: OfferCounts,
    /// Offers answered ÷ offers that say something about the agent; `None` below ten.
    pub answer_rate: Option<f64>,
    /// Its Wilson 95 % interval, widened by how far offers of the same caller hang together.
    pub answer_rate_interval: Option<(f64, f64)>,
    /// Legs.
    pub handled: u64,
    /// Talk of its legs that ended, hold left out.
    pub talk_sum: Duration,
    /// Hold within them.
    pub hold_sum: Duration,
    /// Of it the callers' waiting for consultations.
    pub consult_sum: Duration,
    /// Work after them.
    pub wrap_up_sum: Duration,
    /// AHT by leg.
    pub handle_time: Option<Duration>,
    /// Handling ÷ (handling + available).
    pub occupancy: Option<f64>,
    /// Transfers this agent began and that were done.
    pub transfers_out: u64,
    /// Transfers to this agent.
    pub transfers_in: u64,
    /// Legs that the agent ended, those left out that were passed on.
    pub released_first: u64,
    /// Of them with a talk shorter than x.
    pub released_first_short: u64,
    /// Time in each state, in the order of `AgentState::ALL`.
    states: [Duration; AgentState::ALL.len()],
    /// Pauses by reason.
    pub pauses: Vec<(Text, Duration)>,
}

impl AgentRow {
    /// Time in a state.
    pub fn time_in(&self, state: AgentState) -> Duration {
        self.states[Self::slot(state)]
    }

    fn add_time(&mut self, state: AgentState, time: Duration) {
        let sum = &mut self.states[Self::slot(state)];
        *sum = sum.saturating_add(time);
    }

    /// Codes count from 1 without a hole.
    fn slot(state: AgentState) -> usize {
        usize::from(state.code()) - 1
    }
}

/// Offers by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfferCounts([u64; OfferResult::ALL.len()]);

impl OfferCounts {
    /// How many ended so.
    pub fn of(&self, result: OfferResult) -> u64 {
        self.0[Self::slot(result)]
    }

    fn add(&mut self, result: OfferResult) {
        self.0[Self::slot(result)] += 1;
    }

    fn slot(result: OfferResult) -> usize {
        let at = OfferResult::ALL.iter().position(|other| *other == result);
        at.expect("every result is in the list of all")
    }

    /// Offers that say something about the agent.
    fn own(&self) -> u64 {
        let own = OfferResult::ALL
            .iter()
            .filter(|result| kpi::is_agents_own(**result));
        own.map(|result| self.of(*result)).sum()
    }
}

pub(super) const DEFINITIONS: [Id; 4] =
    [Id::AgentAnswerRate, Id::Aht, Id::Occupancy, Id::AgentStates];

/// What is gathered while calls go by.
#[derive(Default)]
pub(super) struct Gathered {
    tallies: BTreeMap<(usize, Whose), Tally>,
    agents: BTreeMap<AgentId, Agent>,
    counted: Counted,
    /// How far each source told of agents.
    told_until: BTreeMap<SourceId, Timestamp>,
}

/// A row, and what it takes to make it.
#[derive(Default)]
struct Tally {
    row: AgentRow,
    /// Offers that say something about the agent, and those answered of them, caller by caller.
    callers: HashMap<Cluster, kpi::Part>,
}

/// Whose offers hang together: a caller's; of a caller who is not known, a call's.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Cluster {
    Caller([u8; 16]),
    Call(Place),
}

impl Cluster {
    fn of(call: &StoredCall, record: &CallRecord) -> Self {
        match record.caller {
            Caller::Known(known) => Self::Caller(known.hash),
            Caller::Withheld | Caller::Unknown => Self::Call(call.place.clone()),
        }
    }
}

/// One agent's time.
#[derive(Default)]
struct Agent {
    known: AgentKnown,
    /// Releases in order of time, and whether the leg is asked for: a wrap-up belongs to the last one before it.
    released: Vec<(Timestamp, bool)>,
    /// When something was told of the agent last, and by whom: how far the agent is known is for that source to say.
    last: Option<(Timestamp, SourceId)>,
}

impl Agent {
    fn told(&mut self, at: Timestamp, source: &SourceId) {
        if self.last.as_ref().is_none_or(|(last, _)| *last <= at) {
            self.last = Some((at, source.clone()));
        }
    }
}

impl Gathered {
    /// Nothing yet.
    pub(super) fn new(counted: Counted) -> Self {
        Self {
            counted,
            ..Self::default()
        }
    }

    /// Takes one call of the widened period.
    pub(super) fn call(&mut self, plan: &Plan, call: &StoredCall, record: &CallRecord) {
        if plan.buckets.index_of(record.arrived_at).is_some() && plan.admits_line(record) {
            self.counted.record(plan, call, record);
        }
        if record.test {
            return;
        }
        let inbound = is_handled(record);
        let of_line = plan.admits_line(record);
        for (index, leg) in record.legs.iter().enumerate() {
            let last = leg.released_at.unwrap_or(leg.connected_at);
            self.source_told(&call.source, last);
            // One that lasts is cut where knowledge ends.
            let stretch = (leg.connected_at, leg.released_at.unwrap_or(plan.end));
            let agent = self.agents.entry(leg.agent.clone()).or_default();
            agent.told(last, &call.source);
            if !inbound {
                agent.known.other_calls.push(stretch);
                continue;
            }
            agent.known.talking.push(stretch);
            if let Some(released_at) = leg.released_at {
                let wanted = of_line && plan.wants(leg.queue.as_ref());
                agent.released.push((released_at, wanted));
            }
            let wanted = of_line && plan.wants(leg.queue.as_ref());
            if let Some(row) = self
                .row(plan, &leg.agent, leg.connected_at)
                .filter(|_| wanted)
            {
                let row = &mut row.row;
                row.handled += 1;
                let talk = leg.talk().unwrap_or_default();
                row.talk_sum = row.talk_sum.saturating_add(talk);
                row.hold_sum = row.hold_sum.saturating_add(leg.hold);
                row.consult_sum = row.consult_sum.saturating_add(leg.consult);
                if is_hung_up(record, index) {
                    row.released_first += 1;
                    row.released_first_short += u64::from(talk < plan.short_answered);
                }
            }
        }
        for offer in &record.offers {
            let stretch = (offer.offered_at, offer.ended_at.unwrap_or(plan.end));
            let agent = self.agents.entry(offer.agent.clone()).or_default();
            agent.told(offer.offered_at, &call.source);
            agent.known.ringing.push(stretch);
            let wanted = of_line && plan.wants(offer.queue.as_ref());
            if let Some(result) = offer.result
                && let Some(row) = self
                    .row(plan, &offer.agent, offer.offered_at)
                    .filter(|_| wanted)
            {
                row.row.offers.add(result);
                if kpi::is_agents_own(result) {
                    let of = row.callers.entry(Cluster::of(call, record)).or_default();
                    of.of += 1;
                    of.count += u64::from(result == OfferResult::Answered);
                }
            }
        }
        for transfer in &record.transfers {
            let wanted = of_line && plan.wants(transfer.from_queue.as_ref());
            if let Some(row) = self
                .row(plan, &transfer.from_agent, transfer.at)
                .filter(|_| wanted)
            {
                row.row.transfers_out += 1;
            }
            let to = AgentId::new(&*transfer.to);
            if transfer.target == TargetKind::Agent
                && let Some(row) = self.row(plan, &to, transfer.at).filter(|_| wanted)
            {
                row.row.transfers_in += 1;
            }
        }
    }

    /// Makes the report.
    pub(super) fn finish(
        mut self,
        plan: &Plan,
        told: Told,
        sources: Vec<SourceCompleteness>,
    ) -> AgentReport {
        self.told(told.agents);
        for (source, until) in &told.agents_until {
            self.source_told(source, *until);
        }
        for (name, mut agent) in std::mem::take(&mut self.agents) {
            agent.released.sort_unstable();
            let Some((_, source)) = agent.last.take() else {
                continue;
            };
            let known_until = plan.known_until(&source, self.told_until.get(&source).copied());
            for span in agent.known.spans((plan.start, known_until)) {
                let before = agent.released.partition_point(|(at, _)| *at <= span.start);
                let wanted = match before.checked_sub(1) {
                    Some(last) => agent.released[last].1,
                    None => plan.is_unfiltered(),
                };
                for (bucket, at, time) in plan.of_agent(&name, (span.start, span.end)) {
                    let whose = plan.whose(&name, at);
                    let row = &mut self.tallies.entry((bucket, whose)).or_default().row;
                    row.add_time(span.state, time);
                    if span.state == AgentState::Paused {
                        pause(&mut row.pauses, &span.reason, time);
                    }
                    if span.state == AgentState::WrapUp && wanted {
                        row.wrap_up_sum = row.wrap_up_sum.saturating_add(time);
                    }
                }
            }
        }
        let rows = self.tallies.into_iter().map(|((bucket, whose), tally)| {
            let row = finish(tally, plan.bucket_start(bucket));
            match whose {
                Whose::Agent(agent) => {
                    let (name, team) = plan.named(&agent, plan.stretch_of(bucket));
                    let agent = agent.as_str().to_owned();
                    AgentRow {
                        agent,
                        name,
                        team,
                        ..row
                    }
                }
                Whose::Team(team) => AgentRow { team, ..row },
            }
        });
        let short = plan.letter(Threshold::ShortAnswered, &[]);
        let definitions = DEFINITIONS.map(Id::definition).into_iter().chain([short]);
        let definitions = definitions.collect();
        AgentReport {
            rows: rows.collect(),
            context: Context::of(plan, self.counted, sources, definitions),
        }
    }

    fn told(&mut self, told: Vec<AgentTold>) {
        for AgentTold {
            source, at, told, ..
        } in told
        {
            let agent = self.agents.entry(told.agent().clone()).or_default();
            agent.told(at, &source);
            match told {
                AgentEvent::StateChanged { state, reason, .. } => {
                    agent.known.told.push((at, state, reason));
                }
                AgentEvent::WrapUpEnded { .. } => agent.known.wrap_up_ends.push(at),
            }
        }
    }

    fn source_told(&mut self, source: &SourceId, until: Timestamp) {
        match self.told_until.get_mut(source) {
            Some(known) => *known = until.max(*known),
            None => drop(self.told_until.insert(source.clone(), until)),
        }
    }

    /// The row of the interval in which something happened; `None` outside the period.
    fn row(&mut self, plan: &Plan, agent: &AgentId, at: Timestamp) -> Option<&mut Tally> {
        let bucket = plan.index_of(at).filter(|_| plan.wants_agent(agent, at))?;
        Some(
            self.tallies
                .entry((bucket, plan.whose(agent, at)))
                .or_default(),
        )
    }
}

/// Whether an agent ended a leg before the caller did, who may go on, as to the survey. Who passed the caller on is let go
/// by that: this is no hanging up.
fn is_hung_up(record: &CallRecord, index: usize) -> bool {
    let leg = &record.legs[index];
    let of_agent = |at| {
        let mut own = record.legs.iter().enumerate().rev();
        own.find(|(_, one)| one.agent == leg.agent && one.connected_at <= at)
    };
    let is_passed_on = record.transfers.iter().any(|transfer| {
        transfer.from_agent == leg.agent
            && of_agent(transfer.at).is_some_and(|(own, _)| own == index)
    });
    leg.released_at.is_some() && leg.released_by == EndedBy::Agent && !is_passed_on
}

/// Whether a call's legs are handled; those of our own return calls are other calls.
pub(super) fn is_handled(record: &CallRecord) -> bool {
    record.direction == Direction::Inbound
}

fn pause(pauses: &mut Vec<(Text, Duration)>, reason: &Text, time: Duration) {
    match pauses.iter_mut().find(|(known, _)| known == reason) {
        Some((_, sum)) => *sum = sum.saturating_add(time),
        None => pauses.push((reason.clone(), time)),
    }
}

fn finish(Tally { mut row, callers }: Tally, bucket_start: String) -> AgentRow {
    row.pauses.sort_unstable();
    let talking = row.time_in(AgentState::Talking);
    let handling = talking.saturating_add(row.time_in(AgentState::WrapUp));
    let available = row.time_in(AgentState::Available);
    let (answered, own) = (row.offers.of(OfferResult::Answered), row.offers.own());
    let answer_rate = kpi::agent_answer_rate(answered, own);
    AgentRow {
        bucket_start,
        answer_rate,
        answer_rate_interval: answer_rate.and_then(|_| {
            let part = kpi::Part {
                count: answered,
                of: own,
            };
            kpi::wilson_widened(part, kpi::design_effect(callers.values().copied()))
        }),
        handle_time: kpi::handle_time(row.talk_sum, row.hold_sum, row.wrap_up_sum, row.handled),
        // Without told states nobody knows when the agent was available.
        occupancy: (!available.is_zero())
            .then(|| kpi::occupancy(handling, available))
            .flatten(),
        ..row
    }
}

#[cfg(test)]
#[path = "agents_test.rs"]
mod tests;
