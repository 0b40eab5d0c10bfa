//! The bytes of roll-ups: the sums of one interval, queue by queue.
//!
//! ```text
//! edges     version 1 │ count │ microseconds more than the one before …                        │ CRC-32C
//! head      version 1 │ calls │ sum of their hashes, 16 bytes │ test calls                     │ CRC-32C
//! tallies   version 1 │ count │ 0, or 1 and a queue's name │ length │ the sums of that queue … │ CRC-32C
//! ```
//!
//! Numbers are LEB128, the checksum is over all before it, little endian. The edges say on which waits were counted; those
//! of `WAIT_EDGES` are left out, since all have them. A reader of one queue passes over the others by their lengths.

use std::time::Duration;

use crate::model::{CodecError, QueueId, Reader, put_option, put_text, put_uint};

use super::call_tally::CallTally;
use super::cells::{Edges, Slots};
use super::digest::CallsDigest;
use super::histogram::WAIT_EDGES;
use super::transfer_tally::TransferTally;
use super::visit_tally::{VisitTally, put_span};

const VERSION: u8 = 1;
const CHECKSUM: usize = 4;

/// Sums that a roll-up holds of each queue.
pub trait Tally: Sized {
    /// Appends its bytes.
    fn put(&mut self, out: &mut Vec<u8>);

    /// Reads them.
    ///
    /// # Errors
    /// When the bytes are others.
    fn take(reader: &mut Reader<'_>, slots: &Slots) -> Result<Self, CodecError>;
}

impl Tally for VisitTally {
    fn put(&mut self, out: &mut Vec<u8>) {
        self.write(out);
    }

    fn take(reader: &mut Reader<'_>, slots: &Slots) -> Result<Self, CodecError> {
        Self::read(reader, slots)
    }
}

impl Tally for CallTally {
    fn put(&mut self, out: &mut Vec<u8>) {
        self.write(out);
    }

    fn take(reader: &mut Reader<'_>, slots: &Slots) -> Result<Self, CodecError> {
        Self::read(reader, slots)
    }
}

impl Tally for TransferTally {
    fn put(&mut self, out: &mut Vec<u8>) {
        self.write(out);
    }

    fn take(reader: &mut Reader<'_>, _: &Slots) -> Result<Self, CodecError> {
        Self::read(reader)
    }
}

/// What a roll-up holds of all calls of its interval, of whatever queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RollupHead {
    /// Calls that are no tests.
    pub digest: CallsDigest,
    /// Calls tagged `test`.
    pub test: u64,
}

impl RollupHead {
    /// Its bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put_uint(&mut out, self.digest.calls);
        out.extend(self.digest.sum().to_le_bytes());
        put_uint(&mut out, self.test);
        sealed(out)
    }

    /// Reads what `write` wrote; `None` = damaged, or of an unknown version.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = opened(bytes)?;
        let calls = reader.uint().ok()?;
        let sum = reader.take(16).ok()?.try_into().ok()?;
        let digest = CallsDigest::of_sum(calls, u128::from_le_bytes(sum));
        let test = reader.uint().ok()?;
        reader.is_empty().then_some(Self { digest, test })
    }
}

/// The bytes of the edges that waits are counted on.
pub fn write_edges(edges: &Edges) -> Vec<u8> {
    let mut out = vec![VERSION];
    let own: Vec<_> = edges
        .iter()
        .filter(|edge| !WAIT_EDGES.contains(edge))
        .collect();
    put_uint(&mut out, own.len() as u64);
    let mut before = Duration::ZERO;
    for edge in own {
        put_span(&mut out, edge.saturating_sub(before));
        before = *edge;
    }
    sealed(out)
}

/// Reads what `write_edges` wrote; `None` = damaged, or of an unknown version.
pub fn read_edges(bytes: &[u8]) -> Option<Edges> {
    let mut reader = opened(bytes)?;
    let mut edges = WAIT_EDGES.to_vec();
    let mut edge = Duration::ZERO;
    for _ in 0..reader.uint().ok()? {
        edge = edge.saturating_add(Duration::from_micros(reader.uint().ok()?));
        edges.push(edge);
    }
    edges.sort_unstable();
    reader.is_empty().then(|| edges.into())
}

/// The bytes of the sums of queues; those of no queue are under `None`.
pub fn write_tallies<'a, T: Tally + 'a>(
    tallies: impl IntoIterator<Item = (Option<&'a QueueId>, &'a mut T)>,
) -> Vec<u8> {
    let (mut body, mut one, mut count) = (Vec::new(), Vec::new(), 0);
    for (queue, tally) in tallies {
        put_option(&mut body, queue, |out, queue| put_text(out, queue.as_str()));
        one.clear();
        tally.put(&mut one);
        put_uint(&mut body, one.len() as u64);
        body.extend_from_slice(&one);
        count += 1;
    }
    let mut out = vec![VERSION];
    put_uint(&mut out, count);
    out.extend(body);
    sealed(out)
}

/// Reads what `write_tallies` wrote, as far as it is wanted; `None` = damaged, or of an unknown version.
pub fn read_tallies<T: Tally>(
    bytes: &[u8],
    slots: &Slots,
    wanted: impl Fn(Option<&str>) -> bool,
    mut each: impl FnMut(Option<&str>, T),
) -> Option<()> {
    let mut reader = opened(bytes)?;
    for _ in 0..reader.uint().ok()? {
        let queue = match reader.byte().ok()? {
            0 => None,
            1 => Some(reader.str().ok()?),
            _ => return None,
        };
        let length = usize::try_from(reader.uint().ok()?).ok()?;
        let body = reader.take(length).ok()?;
        if wanted(queue) {
            let mut reader = Reader::new(body);
            let tally = T::take(&mut reader, slots).ok()?;
            if !reader.is_empty() {
                return None;
            }
            each(queue, tally);
        }
    }
    reader.is_empty().then_some(())
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// Reads behind the version, if the checksum is right.
fn opened(bytes: &[u8]) -> Option<Reader<'_>> {
    let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
    let (version, rest) = body.split_first()?;
    let right = crc32c::crc32c(body).to_le_bytes() == checksum && *version == VERSION;
    right.then(|| Reader::new(rest))
}

#[cfg(test)]
#[path = "rollup_test.rs"]
mod tests;
