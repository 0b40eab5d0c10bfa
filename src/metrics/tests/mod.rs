//! The figures as a whole: facts in, text out, and the same text after a restart.

mod moment;
mod property;
mod story;

use std::collections::BTreeMap;
use std::time::Duration;

use super::text::Format;
use super::{Board, Totals};
use crate::model::{
    AgentId, AgentsNow, CallId, CallRecord, Caller, CounterRow, Direction, EndedBy, EpochIndex,
    Exit, Fact, Leg, Marks, Mode, Offer, OfferResult, Outcome, QueueId, Settled, SourceId,
    TargetKind, Targets, Timestamp, Transfer, TransferMethod, TransferOutcome,
};

fn queue(name: &str) -> QueueId {
    QueueId::new(name)
}

fn source() -> SourceId {
    SourceId::new("pbx")
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Fresh totals in which one queue is configured.
fn totals(configured: &str) -> Totals {
    Totals::new(&targets(configured))
}

fn targets(configured: &str) -> Targets {
    let mut targets = Targets::default();
    let default = targets.default.clone();
    targets.queues.insert(queue(configured), default);
    targets
}

/// The text of these totals, without what belongs to the process.
fn render(totals: Totals) -> String {
    Board::new(totals)
        .render(at(1_000), &AgentsNow::default(), Format::Text)
        .to_string()
}

/// The sample lines of one metric, without its name.
fn samples<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(name));
    lines.filter(|rest| rest.starts_with(['{', ' '])).collect()
}

/// What a store keeps: the last row of each series.
#[derive(Clone, Default)]
struct Rows(BTreeMap<String, CounterRow>);

impl Rows {
    fn save(&mut self, totals: &mut Totals) {
        for row in totals.take_changed() {
            self.0.insert(row.series.clone(), row);
        }
    }

    fn load(&self) -> Vec<CounterRow> {
        self.0.values().cloned().collect()
    }
}

fn ended(name: &str, exit: Exit, wait: Duration) -> Fact {
    Fact::VisitEnded {
        queue: queue(name),
        exit,
        wait: Some(wait),
        within_target: exit == Exit::Answered && wait <= millis(20_000),
        short: exit == Exit::AbandonedWaiting && wait <= millis(5_000),
    }
}

fn settled(mode: Mode, record: CallRecord) -> Fact {
    let call = CallId::new("c1");
    Fact::Settled(Box::new(Settled {
        key: call.key(),
        call,
        epoch: EpochIndex(1),
        mode,
        record,
        told: Vec::new(),
    }))
}

/// A call of which nothing is told.
fn record(outcome: Outcome) -> CallRecord {
    CallRecord {
        arrived_at: at(0),
        ended_at: Some(at(500)),
        ended_by: EndedBy::Caller,
        caller: Caller::Unknown,
        line: None,
        direction: Direction::Inbound,
        test: false,
        outcome: Some(outcome),
        visits: Vec::new(),
        offers: Vec::new(),
        legs: Vec::new(),
        transfers: Vec::new(),
        failed_transfers: Vec::new(),
        reroutes: Vec::new(),
        requeued: 0,
        consult_only: 0,
        refusals: Vec::new(),
        tags: Vec::new(),
        callbacks_promised: Vec::new(),
        callbacks_tried: Vec::new(),
        messages: 0,
        marks: Marks::default(),
    }
}

fn leg(name: Option<&str>, from: i64, to: i64, hold: Duration) -> Leg {
    Leg {
        visit: None,
        agent: AgentId::new("a7"),
        queue: name.map(queue),
        connected_at: at(from),
        released_at: Some(at(to)),
        released_by: EndedBy::Caller,
        hold,
        consult: Duration::ZERO,
    }
}

fn offer(name: &str, result: Option<OfferResult>) -> Offer {
    Offer {
        visit: None,
        agent: AgentId::new("a7"),
        queue: Some(queue(name)),
        offered_at: at(10),
        ended_at: None,
        result,
    }
}

fn transfer(target: TargetKind, outcome: TransferOutcome) -> Transfer {
    Transfer {
        at: at(100),
        method: TransferMethod::Blind,
        target,
        to: "b2".into(),
        from_agent: AgentId::new("a7"),
        from_queue: None,
        told: true,
        is_return: outcome == TransferOutcome::Returned,
        outcome: Some(outcome),
        wait: Duration::ZERO,
    }
}
