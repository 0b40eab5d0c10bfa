//! The bytes of a live call and of a source, for the checkpoint.
//!
//! ```text
//! call    := 1 version | mode | epoch | settle_after option | flags | text call id | said | told
//! flags   := bit 0 arrival said, bit 1 said to be no call that counts
//! said    := uint count | count × ( order | 0 or exit code | wait option µs | decided )
//! told    := 1 version | uint count | count × ( order | at ±Δ | kind | [order] | fields )
//! kind    := 1 byte, its code, bit 7 = the source's clock was ahead, bit 6 = told twice: then the first copy's order
//! order   := epoch | sequence ±Δ
//! source  := 1 version | watermark option | uint count × ( epoch events ) | uint count × ( agent at queue )
//! ```
//!
//! Numbers and texts are those of the event codec. A call's story is not written: it is the fold of what was told.

use std::time::Duration;

use crate::model::{
    self, AgentId, CallId, CallRecord, CodecError, EpochIndex, Exit, Mode, QueueId, Reader,
    Timestamp, call_kind, put_call_fields, put_int, put_text, put_uint,
};

use super::live::{self, LiveCall};
use super::said::SaidVisit;
use super::told::{Order, Told};

const VERSION: u8 = 1;
const AHEAD: u8 = 0x80;
const TWICE: u8 = 0x40;
const ARRIVAL_SAID: u8 = 1;
const TAKEN_BACK: u8 = 2;

/// Why a kept state cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Another version wrote it.
    #[error("state of version {0} is not known here")]
    Version(u8),
    /// The bytes are damaged.
    #[error("state is damaged")]
    Damaged(#[from] CodecError),
    /// Bytes are left over or missing.
    #[error("state has the wrong length")]
    Length,
}

/// What a source keeps beside its calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourceState {
    pub(super) watermark: Option<Timestamp>,
    pub(super) backfill: Vec<(EpochIndex, u64)>,
    pub(super) released: Vec<(AgentId, (Timestamp, QueueId))>,
}

fn put_option(out: &mut Vec<u8>, value: Option<i64>) {
    model::put_option(out, value, put_int);
}

fn read_option(reader: &mut Reader<'_>) -> Result<Option<i64>, CodecError> {
    reader.option(Reader::int)
}

fn version(reader: &mut Reader<'_>) -> Result<(), StateError> {
    match reader.byte()? {
        VERSION => Ok(()),
        other => Err(StateError::Version(other)),
    }
}

/// The bytes of everything told of a call: its timeline.
pub(super) fn write_told(told: &[Told]) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + told.len() * 16);
    out.push(VERSION);
    put_uint(&mut out, told.len() as u64);
    let mut before = (0u64, 0i64);
    for told in told {
        put_order(&mut out, told.order, before.0);
        put_int(&mut out, told.at.as_micros().wrapping_sub(before.1));
        before = (told.order.sequence, told.at.as_micros());
        let ahead = if told.ahead { AHEAD } else { 0 };
        let twice = if told.twice { TWICE } else { 0 };
        out.push(call_kind(&told.event) | ahead | twice);
        if told.twice {
            put_order(&mut out, told.origin, told.order.sequence);
        }
        put_call_fields(&mut out, &told.event);
    }
    out
}

fn put_order(out: &mut Vec<u8>, order: Order, sequence_before: u64) {
    put_uint(out, order.epoch.0.into());
    put_int(out, order.sequence.wrapping_sub(sequence_before) as i64);
}

fn read_order(reader: &mut Reader<'_>, sequence_before: u64) -> Result<Order, CodecError> {
    Ok(Order {
        epoch: EpochIndex(reader.uint32()?),
        sequence: sequence_before.wrapping_add(reader.int()? as u64),
    })
}

fn read_told(reader: &mut Reader<'_>) -> Result<Vec<Told>, StateError> {
    version(reader)?;
    let count = reader.uint()?;
    let mut all = Vec::new();
    let mut before = (0u64, 0i64);
    for _ in 0..count {
        let order = read_order(reader, before.0)?;
        let at = before.1.wrapping_add(reader.int()?);
        before = (order.sequence, at);
        let kind = reader.byte()?;
        let twice = kind & TWICE != 0;
        let origin = if twice {
            read_order(reader, order.sequence)?
        } else {
            order
        };
        all.push(Told {
            at: Timestamp::from_micros(at),
            order,
            origin,
            ahead: kind & AHEAD != 0,
            twice,
            event: reader.call_fields(kind & !(AHEAD | TWICE))?,
        });
    }
    if all.is_empty() || !reader.is_empty() {
        return Err(StateError::Length);
    }
    Ok(all)
}

/// The record of a settled call, made again from its kept timeline; all of it but `crowded_out`, which other calls did.
///
/// # Errors
/// When the bytes are no timeline that a known version wrote.
pub fn record_of_told(bytes: &[u8]) -> Result<CallRecord, StateError> {
    let told = read_told(&mut Reader::new(bytes))?;
    let mut story = live::fold(&told).story;
    story.close_unknown();
    Ok(story.settle())
}

/// What was told of a settled call, out of its kept timeline.
pub(super) fn told_of_settled(bytes: &[u8]) -> Result<Vec<Told>, StateError> {
    read_told(&mut Reader::new(bytes))
}

/// The bytes of a live call.
pub(super) fn write_call(call: &LiveCall) -> Vec<u8> {
    let mut out = vec![VERSION, call.mode.code()];
    put_uint(&mut out, call.epoch.0.into());
    put_option(&mut out, call.settle_after.map(|after| after as i64));
    let arrival = if call.arrival_said { ARRIVAL_SAID } else { 0 };
    let taken_back = if call.taken_back { TAKEN_BACK } else { 0 };
    out.push(arrival | taken_back);
    put_text(&mut out, call.id.as_str());
    put_uint(&mut out, call.said.len() as u64);
    for said in &call.said {
        put_order(&mut out, said.origin, 0);
        let (exit, wait) = said
            .ended
            .map_or((0, None), |(exit, wait)| (exit.code(), wait));
        out.push(exit);
        put_option(&mut out, wait.map(|wait| wait.as_micros() as i64));
        out.push(said.decided.into());
    }
    out.extend_from_slice(&write_told(&call.told));
    out
}

/// The call that `write_call` wrote, folded again.
pub(super) fn read_call(bytes: &[u8]) -> Result<LiveCall, StateError> {
    let reader = &mut Reader::new(bytes);
    version(reader)?;
    let mode = reader.word(Mode::from_code)?;
    let epoch = EpochIndex(reader.uint32()?);
    let settle_after = read_option(reader)?.map(|after| after as u64);
    let flags = reader.byte()?;
    let id = CallId::new(reader.str()?);
    let count = reader.uint()?;
    let mut said = Vec::new();
    for _ in 0..count {
        let mut visit = SaidVisit::new(read_order(reader, 0)?);
        let exit = match reader.byte()? {
            0 => None,
            code => Some(Exit::from_code(code).ok_or(CodecError::Code(code))?),
        };
        let wait = read_option(reader)?.map(|wait| Duration::from_micros(wait as u64));
        visit.ended = exit.map(|exit| (exit, wait));
        visit.decided = reader.byte()? != 0;
        said.push(visit);
    }
    let mut call = LiveCall::new(id, mode, epoch, read_told(reader)?);
    call.said = said;
    call.settle_after = settle_after;
    call.arrival_said = flags & ARRIVAL_SAID != 0;
    call.taken_back = flags & TAKEN_BACK != 0;
    Ok(call)
}

/// The bytes of a source.
pub(super) fn write_source(
    watermark: Option<Timestamp>,
    backfill: &[(EpochIndex, u64)],
    released: &[(&AgentId, &(Timestamp, QueueId))],
) -> Vec<u8> {
    let mut out = vec![VERSION];
    put_option(&mut out, watermark.map(Timestamp::as_micros));
    put_uint(&mut out, backfill.len() as u64);
    for (epoch, events) in backfill {
        put_uint(&mut out, epoch.0.into());
        put_uint(&mut out, *events);
    }
    put_uint(&mut out, released.len() as u64);
    for (agent, (at, queue)) in released {
        put_text(&mut out, agent.as_str());
        put_int(&mut out, at.as_micros());
        put_text(&mut out, queue.as_str());
    }
    out
}

/// The source that `write_source` wrote.
pub(super) fn read_source(bytes: &[u8]) -> Result<SourceState, StateError> {
    let reader = &mut Reader::new(bytes);
    version(reader)?;
    let watermark = read_option(reader)?.map(Timestamp::from_micros);
    let mut backfill = Vec::new();
    for _ in 0..reader.uint()? {
        backfill.push((EpochIndex(reader.uint32()?), reader.uint()?));
    }
    let mut released = Vec::new();
    for _ in 0..reader.uint()? {
        let agent = AgentId::new(reader.str()?);
        let at = Timestamp::from_micros(reader.int()?);
        released.push((agent, (at, QueueId::new(reader.str()?))));
    }
    if reader.is_empty() {
        Ok(SourceState {
            watermark,
            backfill,
            released,
        })
    } else {
        Err(StateError::Length)
    }
}
