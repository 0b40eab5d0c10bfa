//! The bytes of a live call and of a source, for the checkpoint.
//!
//! ```text
//! call    := 1 version | mode | epoch | settle_after option | flags | text call id | said | told
//! flags   := bit 0 arrival said, bit 1 test corrected
//! said    := uint count | count × ( epoch sequence | 0 or exit code | wait option µs | decided )
//! told    := 1 version | uint count | count × ( epoch | sequence ±Δ | at ±Δ | kind, bit 7 = ahead | fields )
//! source  := 1 version | watermark option | uint count × ( epoch events ) | uint count × ( agent at queue )
//! ```
//!
//! Numbers and texts are those of the event codec. A call's story is not written: it is the fold of what was told.

use std::time::Duration;

use crate::model::{
    AgentId, CallId, CallRecord, CodecError, EpochIndex, Exit, Mode, QueueId, Reader, Timestamp,
    call_kind, put_call_fields, put_int, put_text, put_uint,
};

use super::live::LiveCall;
use super::order;
use super::said::SaidVisit;
use super::told::{Order, Told};

const VERSION: u8 = 1;
const AHEAD: u8 = 0x80;
const ARRIVAL_SAID: u8 = 1;
const TEST_CORRECTED: u8 = 2;

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
    out.push(value.is_some().into());
    if let Some(value) = value {
        put_int(out, value);
    }
}

fn read_option(reader: &mut Reader<'_>) -> Result<Option<i64>, CodecError> {
    match reader.byte()? {
        0 => Ok(None),
        1 => reader.int().map(Some),
        code => Err(CodecError::Code(code)),
    }
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
        put_uint(&mut out, told.order.epoch.0.into());
        put_int(&mut out, told.order.sequence.wrapping_sub(before.0) as i64);
        put_int(&mut out, told.at.as_micros().wrapping_sub(before.1));
        before = (told.order.sequence, told.at.as_micros());
        out.push(call_kind(&told.event) | if told.ahead { AHEAD } else { 0 });
        put_call_fields(&mut out, &told.event);
    }
    out
}

fn read_told(reader: &mut Reader<'_>) -> Result<Vec<Told>, StateError> {
    version(reader)?;
    let count = reader.uint()?;
    let mut all = Vec::new();
    let mut before = (0u64, 0i64);
    for _ in 0..count {
        let epoch = EpochIndex(reader.uint32()?);
        let sequence = before.0.wrapping_add(reader.int()? as u64);
        let at = before.1.wrapping_add(reader.int()?);
        before = (sequence, at);
        let kind = reader.byte()?;
        let event = reader.call_fields(kind & !AHEAD)?;
        let order = Order { epoch, sequence };
        let at = Timestamp::from_micros(at);
        all.push(Told {
            at,
            order,
            ahead: kind & AHEAD != 0,
            event,
        });
    }
    if all.is_empty() {
        Err(StateError::Length)
    } else {
        Ok(all)
    }
}

/// The record of a settled call, made again from its kept timeline.
///
/// # Errors
/// When the bytes are no timeline that a known version wrote.
pub fn record_of_told(bytes: &[u8]) -> Result<CallRecord, StateError> {
    let told = read_told(&mut Reader::new(bytes))?;
    let mut story = order::fold(&told).story;
    story.close_unknown();
    Ok(story.conclude(true))
}

/// The bytes of a live call.
pub(super) fn write_call(call: &LiveCall) -> Vec<u8> {
    let mut out = vec![VERSION, call.mode.code()];
    put_uint(&mut out, call.epoch.0.into());
    put_option(&mut out, call.settle_after.map(|after| after as i64));
    let arrival = if call.arrival_said { ARRIVAL_SAID } else { 0 };
    let corrected = if call.test_corrected {
        TEST_CORRECTED
    } else {
        0
    };
    out.push(arrival | corrected);
    put_text(&mut out, call.id.as_str());
    put_uint(&mut out, call.said.len() as u64);
    for said in &call.said {
        put_uint(&mut out, said.origin.epoch.0.into());
        put_uint(&mut out, said.origin.sequence);
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
    let code = reader.byte()?;
    let mode = Mode::from_code(code).ok_or(CodecError::Code(code))?;
    let epoch = EpochIndex(reader.uint32()?);
    let settle_after = read_option(reader)?.map(|after| after as u64);
    let flags = reader.byte()?;
    let id = CallId::new(reader.str()?);
    let count = reader.uint()?;
    let mut said = Vec::new();
    for _ in 0..count {
        let epoch = EpochIndex(reader.uint32()?);
        let mut visit = SaidVisit::new(Order {
            epoch,
            sequence: reader.uint()?,
        });
        let exit = reader.byte()?;
        let wait = read_option(reader)?.map(|wait| Duration::from_micros(wait as u64));
        if exit != 0 {
            let exit = Exit::from_code(exit).ok_or(CodecError::Code(exit))?;
            visit.ended = Some((exit, wait));
        }
        visit.decided = reader.byte()? != 0;
        said.push(visit);
    }
    let told = read_told(reader)?;
    if !reader.is_empty() {
        return Err(StateError::Length);
    }
    let mut call = LiveCall::new(id, mode, told[0].clone());
    call.epoch = epoch;
    call.told = told;
    call.refold();
    call.said = said;
    call.settle_after = settle_after;
    call.arrival_said = flags & ARRIVAL_SAID != 0;
    call.test_corrected = flags & TEST_CORRECTED != 0;
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
