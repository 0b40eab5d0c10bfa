//! What a stretch of the journal came to, and its rows.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::model::{
    AgentTold, CallKey, Caller, CaseStepTaken, CounterRow, LineTold, Position, QueueId, Settled,
    SourceId, SurveySession, SurveyText, TakenForm, Timestamp,
};

use super::project;
use super::rollups::{Level, quarter_of};
use super::table::{self, Rows, Value};

/// A call that settled.
#[derive(Clone, Debug)]
pub struct SettledCall {
    /// The source it belongs to.
    pub source: SourceId,
    /// The last position of the journal row that settled it.
    pub position: Position,
    /// The call.
    pub settled: Box<Settled>,
}

/// An event that is in the journal and not in the figures.
#[derive(Clone, Debug)]
pub struct Unapplied {
    /// The last position of the journal row that holds it.
    pub position: Position,
    /// Whose it is.
    pub source: SourceId,
    /// `late` or `call_exists`.
    pub reason: &'static str,
    /// The call.
    pub call: String,
    /// The event's number.
    pub sequence: u64,
    /// Its kind, for late ones.
    pub kind: Option<&'static str>,
    /// Its time, for late ones.
    pub occurred_at: Option<Timestamp>,
    /// Itself, for late ones: what makes its call again without the journal.
    pub told: Option<Vec<u8>>,
}

/// A source's state at the end of the stretch.
#[derive(Clone, Debug)]
pub struct SourceWrite {
    /// The source.
    pub source: SourceId,
    /// Its deadlines and counts.
    pub state: Vec<u8>,
    /// Its clock and ours when it last sent live.
    pub heard: Option<(Timestamp, Timestamp)>,
    /// Events that came after their call was settled, in all.
    pub late_events: u64,
    /// Events of calls known under another epoch, in all.
    pub call_exists_events: u64,
    /// Open calls to write: key and state.
    pub open: Vec<(CallKey, Vec<u8>)>,
    /// Open calls to remove.
    pub closed: Vec<CallKey>,
}

/// What a stretch of the journal came to.
#[derive(Clone, Debug, Default)]
pub struct Write {
    /// The stretch's last position, the end of a journal row.
    pub position: Position,
    /// Forget all open calls first: they are written anew.
    pub rebuild: bool,
    /// Calls that settled.
    pub settled: Vec<SettledCall>,
    /// Events left out of the figures.
    pub unapplied: Vec<Unapplied>,
    /// Sources that changed.
    pub sources: Vec<SourceWrite>,
    /// What agents' states became.
    pub agents: Vec<AgentTold>,
    /// Channels in use.
    pub lines: Vec<LineTold>,
    /// Series that changed.
    pub counters: Vec<CounterRow>,
    /// Queues not seen before.
    pub queues: Vec<QueueId>,
    /// Definitions of surveys that were put.
    pub surveys: Vec<SurveyText>,
    /// Survey sessions that changed, each once.
    pub sessions: Vec<SurveySession>,
    /// Forms that were taken in.
    pub forms: Vec<TakenForm>,
    /// Steps of cases.
    pub cases: Vec<CaseStepTaken>,
}

/// A state with its checksum behind.
pub(super) fn seal(state: &[u8]) -> Vec<u8> {
    let mut sealed = state.to_vec();
    sealed.extend_from_slice(&crc32c::crc32c(state).to_le_bytes());
    sealed
}

/// A sealed state without its checksum; `None` = damaged.
pub(super) fn unseal(sealed: &[u8]) -> Option<&[u8]> {
    let (state, checksum) = sealed.split_at_checked(sealed.len().checked_sub(4)?)?;
    (crc32c::crc32c(state).to_le_bytes() == checksum).then_some(state)
}

fn micros(span: Duration) -> i64 {
    span.as_micros() as i64
}

/// The numbers of sources, those that this stretch brings among them.
pub(super) type Ids = HashMap<SourceId, i64>;

fn key_bytes(key: CallKey) -> Vec<u8> {
    key.to_bytes().to_vec()
}

fn queue_name(queue: Option<&QueueId>) -> Value<'_> {
    queue.map(QueueId::as_str).into()
}

/// Calls whose rows are made at once: a long stretch's rows take more memory than its calls, and fresh memory costs more
/// than to write into the same again.
pub(super) const CALLS_A_PART: usize = 1_024;

/// The rows of some settled calls but their keys; the first one's has this number.
pub(super) fn settled_rows<'a>(
    calls: &'a [SettledCall],
    ids: &Ids,
    first_row: i64,
) -> [Rows<'a>; 3] {
    let settled = || (first_row..).zip(calls);
    [
        self::calls(settled(), ids),
        visits(settled()),
        transfers(settled()),
    ]
}

/// The rows of every other table.
pub(super) fn rows<'a>(write: &'a Write, ids: &Ids) -> [Rows<'a>; 7] {
    [
        sources(write, ids),
        open_calls(write, ids),
        unapplied_events(write, ids),
        line_events(write, ids),
        counters(write),
        queues(write),
        stale(write),
    ]
}

/// Open calls that are none any more.
pub(super) fn closed<'a>(write: &'a Write, ids: &Ids) -> Rows<'a> {
    let closed = write.sources.iter().map(|source| source.closed.len());
    let mut rows = Rows::of(&table::OPEN_CALL_KEYS, closed.sum());
    for source in &write.sources {
        let id = ids[&source.source];
        for key in &source.closed {
            rows.push([id.into(), key_bytes(*key).into()]);
        }
    }
    rows
}

fn sources<'a>(write: &'a Write, ids: &Ids) -> Rows<'a> {
    let mut rows = Rows::of(&table::SOURCES, write.sources.len());
    for source in &write.sources {
        let sent_at = source.heard.map(|(sent_at, _)| sent_at.as_micros());
        let received_at = source.heard.map(|(_, received_at)| received_at.as_micros());
        rows.push([
            ids[&source.source].into(),
            source.source.as_str().into(),
            seal(&source.state).into(),
            sent_at.into(),
            received_at.into(),
            (source.late_events as i64).into(),
            (source.call_exists_events as i64).into(),
        ]);
    }
    rows
}

fn open_calls<'a>(write: &'a Write, ids: &Ids) -> Rows<'a> {
    let open = write.sources.iter().map(|source| source.open.len());
    let mut rows = Rows::of(&table::OPEN_CALLS, open.sum());
    for source in &write.sources {
        let id = ids[&source.source];
        for (key, state) in &source.open {
            rows.push([id.into(), key_bytes(*key).into(), seal(state).into()]);
        }
    }
    rows
}

pub(super) fn calls<'a>(
    settled: impl Iterator<Item = (i64, &'a SettledCall)>,
    ids: &Ids,
) -> Rows<'a> {
    let mut rows = Rows::of(&table::CALLS, settled.size_hint().0);
    for (number, call) in settled {
        let settled = &call.settled;
        let record = &settled.record;
        let (caller_key, caller): (Option<u32>, Option<&[u8]>) = match &record.caller {
            Caller::Unknown => (None, None),
            Caller::Withheld => (None, Some(&[])),
            Caller::Known(known) => (Some(known.key), Some(&known.hash)),
        };
        let refused = record.refusals.last();
        let failed = record.failed_transfers.iter();
        let failed: Vec<u8> = failed.map(|failed| failed.cause.code()).collect();
        rows.push([
            number.into(),
            ids[&call.source].into(),
            settled.call.as_str().into(),
            settled.epoch.0.into(),
            settled.mode.code().into(),
            (call.position.0 as i64).into(),
            record.arrived_at.as_micros().into(),
            record.ended_at.map(Timestamp::as_micros).into(),
            record.ended_by.code().into(),
            record.outcome.map_or(0, |outcome| outcome.code()).into(),
            record.direction.code().into(),
            record.test.into(),
            caller_key.into(),
            caller.into(),
            record.line.as_ref().map(|line| line.as_str()).into(),
            (record.visits.len() as i64).into(),
            queue_name(record.visits.first().map(|visit| &visit.queue)),
            refused.map(|refusal| refusal.reason.code()).into(),
            queue_name(refused.and_then(|refusal| refusal.queue.as_ref())),
            (!record.legs.is_empty()).into(),
            queue_name(record.first_answer_queue()),
            queue_name(record.last_answer_queue()),
            (record.transfers.len() as i64).into(),
            failed.into(),
            (record.reroutes.len() as i64).into(),
            record.requeued.into(),
            record.consult_only.into(),
            micros(project::transfer_wait(record)).into(),
            record.marks.bits().into(),
            settled.told.as_slice().into(),
            project::first_entered_at(record)
                .map(Timestamp::as_micros)
                .into(),
            project::first_answered_at(record)
                .map(Timestamp::as_micros)
                .into(),
            project::last_exit(record).map(|exit| exit.code()).into(),
            micros(project::queue_wait(record)).into(),
            micros(project::talk(record)).into(),
            micros(project::hold(record)).into(),
            micros(project::missed_offer_time_of_call(record)).into(),
            project::returns(record).into(),
            record.legs.last().map(|leg| leg.agent.as_str()).into(),
        ]);
    }
    rows
}

/// The keys of settled calls; the first one's row has this number. They come in their own order: in the order of calls each
/// would go to another page.
pub(super) fn call_keys<'a>(calls: &'a [SettledCall], ids: &Ids, first_row: i64) -> Rows<'a> {
    let keyed = (first_row..).zip(calls);
    let keyed = keyed.map(|(row, call)| (ids[&call.source], call.settled.key, row, call));
    let mut keyed: Vec<_> = keyed.collect();
    keyed.sort_unstable_by_key(|(source, key, row, _)| (*source, *key, *row));
    let mut rows = Rows::of(&table::CALL_KEYS, keyed.len());
    for (source, key, row, call) in keyed {
        rows.push([
            source.into(),
            key_bytes(key).into(),
            call.settled.epoch.0.into(),
            (call.position.0 as i64).into(),
            row.into(),
        ]);
    }
    rows
}

pub(super) fn visits<'a>(settled: impl Iterator<Item = (i64, &'a SettledCall)>) -> Rows<'a> {
    let mut rows = Rows::of(&table::VISITS, settled.size_hint().0);
    for (number, call) in settled {
        let record = &call.settled.record;
        for (index, visit) in record.visits.iter().enumerate() {
            let exited_at = visit.exited_at.unwrap_or(visit.entered_at);
            rows.push([
                number.into(),
                (index as i64).into(),
                visit.queue.as_str().into(),
                visit.entered_at.as_micros().into(),
                visit.exit.map_or(0, |exit| exit.code()).into(),
                exited_at.as_micros().into(),
                visit.wait.map(micros).into(),
                visit.talk.map(micros).into(),
                visit.after_human.into(),
                visit.reentered.into(),
                record.test.into(),
                micros(project::missed_offer_time(record, index)).into(),
                project::after_transfer(record, visit).into(),
            ]);
        }
    }
    rows
}

pub(super) fn transfers<'a>(settled: impl Iterator<Item = (i64, &'a SettledCall)>) -> Rows<'a> {
    let mut rows = Rows::of(&table::TRANSFERS, 0);
    for (number, call) in settled {
        let record = &call.settled.record;
        let first_queue = record.first_answer_queue();
        for (index, transfer) in record.transfers.iter().enumerate() {
            rows.push([
                number.into(),
                (index as i64).into(),
                record.arrived_at.as_micros().into(),
                queue_name(first_queue),
                transfer.at.as_micros().into(),
                transfer.method.code().into(),
                transfer.target.code().into(),
                (&*transfer.to).into(),
                transfer.from_agent.as_str().into(),
                queue_name(transfer.from_queue.as_ref()),
                transfer.told.into(),
                transfer.is_return.into(),
                transfer.outcome.map_or(0, |outcome| outcome.code()).into(),
                micros(transfer.wait).into(),
                record.test.into(),
                micros(project::spent(record, index)).into(),
            ]);
        }
    }
    rows
}

fn unapplied_events<'a>(write: &'a Write, ids: &Ids) -> Rows<'a> {
    let mut rows = Rows::of(&table::UNAPPLIED_EVENTS, write.unapplied.len());
    for event in &write.unapplied {
        rows.push([
            (event.position.0 as i64).into(),
            ids[&event.source].into(),
            event.reason.into(),
            event.call.as_str().into(),
            (event.sequence as i64).into(),
            event.kind.into(),
            event.occurred_at.map(Timestamp::as_micros).into(),
            event.told.as_deref().into(),
        ]);
    }
    rows
}

fn line_events<'a>(write: &'a Write, ids: &Ids) -> Rows<'a> {
    let mut rows = Rows::of(&table::LINE_EVENTS, write.lines.len());
    for LineTold { source, at, told } in &write.lines {
        rows.push([
            ids[source].into(),
            told.line.as_str().into(),
            at.as_micros().into(),
            told.busy.into(),
            told.total.into(),
        ]);
    }
    rows
}

fn counters(write: &Write) -> Rows<'_> {
    let mut rows = Rows::of(&table::COUNTERS, write.counters.len());
    for counter in &write.counters {
        rows.push([counter.series.as_str().into(), seal(&counter.state).into()]);
    }
    rows
}

fn queues(write: &Write) -> Rows<'_> {
    let mut rows = Rows::of(&table::QUEUES, write.queues.len());
    for queue in &write.queues {
        rows.push([queue.as_str().into()]);
    }
    rows
}

/// The quarters whose rows change: those of the calls' arrivals and of their queue entries.
fn stale(write: &Write) -> Rows<'_> {
    let of_call = |call: &SettledCall| {
        let record = &call.settled.record;
        let entries = record.visits.iter().map(|visit| visit.entered_at);
        let mut times: Vec<_> = entries.chain([record.arrived_at]).collect();
        times.iter_mut().for_each(|at| *at = quarter_of(*at));
        times
    };
    let quarters: BTreeSet<_> = write.settled.iter().flat_map(of_call).collect();
    stale_rows(quarters.into_iter().map(|start| (Level::Quarter, start)))
}

/// Rows that mark intervals stale; each may be there once only.
pub(super) fn stale_rows(intervals: impl Iterator<Item = (Level, Timestamp)>) -> Rows<'static> {
    let mut rows = Rows::of(&table::ROLLUP_STALE, 0);
    for (level, start) in intervals {
        rows.push([level.code().into(), start.as_micros().into(), 1_i64.into()]);
    }
    rows
}
