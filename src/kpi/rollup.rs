//! The bytes of roll-ups: the sums of one interval, queue by queue.
//!
//! ```text
//! edges     `Counting`
//! head      version 1 │ calls │ sum of their hashes, 16 bytes │ test calls                     │ CRC-32C
//! tallies   version 1 │ count │ 0, or 1 and a queue's name │ length │ the sums of that queue … │ CRC-32C
//! ```
//!
//! Numbers are LEB128, the checksum is over all before it, little endian. The edges say on which waits were counted. A
//! reader of one queue passes over the others by their lengths.

use crate::model::{CodecError, Reader, put_option, put_text, put_uint};

use super::call_tally::CallTally;
use super::cells::Slots;
use super::digest::CallsDigest;
use super::transfer_tally::TransferTally;
use super::visit_tally::VisitTally;

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
        let mut reader = opened_v1(bytes)?;
        let calls = reader.uint().ok()?;
        let sum = reader.take(16).ok()?.try_into().ok()?;
        let digest = CallsDigest::of_sum(calls, u128::from_le_bytes(sum));
        let test = reader.uint().ok()?;
        reader.is_empty().then_some(Self { digest, test })
    }
}

/// The bytes of the sums of queues that several roll-ups hold, each read with its slots, added up by `merge`; `None` = one
/// is damaged, of an unknown version, or not in order of queues. One queue's sums are in memory at a time.
pub fn merge_tallies<T: Tally>(parts: &[(&[u8], Slots)], merge: fn(&mut T, &T)) -> Option<Vec<u8>> {
    let mut readers = Vec::new();
    for (bytes, slots) in parts {
        let mut reader = Tallies::of(bytes)?;
        let first = reader.next()?;
        readers.push((reader, first, slots));
    }
    let mut written = WrittenTallies::default();
    let least = |readers: &[(Tallies<'_>, Option<Entry<'_>>, &Slots)]| {
        let heads = readers.iter().filter_map(|(_, head, _)| head.as_ref());
        heads
            .map(|(queue, _)| *queue)
            .min()
            .map(|queue| queue.map(str::to_owned))
    };
    while let Some(queue) = least(&readers) {
        let mut sum: Option<T> = None;
        for (reader, head, slots) in &mut readers {
            let Some((_, body)) = head.filter(|(other, _)| *other == queue.as_deref()) else {
                continue;
            };
            let tally = take_whole(body, slots)?;
            match &mut sum {
                Some(sum) => merge(sum, &tally),
                None => sum = Some(tally),
            }
            let next = reader.next()?;
            if next.is_some_and(|(next, _)| next <= queue.as_deref()) {
                return None;
            }
            *head = next;
        }
        if let Some(mut sum) = sum {
            written.put(queue.as_deref(), &mut sum);
        }
    }
    Some(written.finish())
}

/// Sums of queues on their way into bytes, one queue's after the other's.
#[derive(Default)]
pub struct WrittenTallies {
    body: Vec<u8>,
    one: Vec<u8>,
    count: u64,
}

impl WrittenTallies {
    /// Adds those of a queue, or of no queue; in order, no queue first.
    pub fn put(&mut self, queue: Option<&str>, tally: &mut impl Tally) {
        put_option(&mut self.body, queue, put_text);
        self.one.clear();
        tally.put(&mut self.one);
        put_uint(&mut self.body, self.one.len() as u64);
        self.body.extend_from_slice(&self.one);
        self.count += 1;
    }

    /// Their bytes.
    pub fn finish(self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put_uint(&mut out, self.count);
        out.extend(self.body);
        sealed(out)
    }
}

/// A queue, and the bytes of its sums.
type Entry<'a> = (Option<&'a str>, &'a [u8]);

/// What `WrittenTallies` wrote, queue by queue.
struct Tallies<'a> {
    reader: Reader<'a>,
    left: u64,
}

impl<'a> Tallies<'a> {
    /// `None` = damaged, or of an unknown version.
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = opened_v1(bytes)?;
        let left = reader.uint().ok()?;
        Some(Self { reader, left })
    }

    /// The next queue, `Some(None)` behind the last; `None` = damaged.
    fn next(&mut self) -> Option<Option<Entry<'a>>> {
        if self.left == 0 {
            return self.reader.is_empty().then_some(None);
        }
        self.left -= 1;
        let queue = match self.reader.byte().ok()? {
            0 => None,
            1 => Some(self.reader.str().ok()?),
            _ => return None,
        };
        let length = usize::try_from(self.reader.uint().ok()?).ok()?;
        let body = self.reader.take(length).ok()?;
        Some(Some((queue, body)))
    }
}

/// The sums that these bytes are, and nothing else.
fn take_whole<T: Tally>(body: &[u8], slots: &Slots) -> Option<T> {
    let mut reader = Reader::new(body);
    let tally = T::take(&mut reader, slots).ok()?;
    reader.is_empty().then_some(tally)
}

/// Reads what `WrittenTallies` wrote, as far as it is wanted; `None` = damaged, or of an unknown version.
pub fn read_tallies<T: Tally>(
    bytes: &[u8],
    slots: &Slots,
    wanted: impl Fn(Option<&str>) -> bool,
    mut each: impl FnMut(Option<&str>, T),
) -> Option<()> {
    let mut tallies = Tallies::of(bytes)?;
    while let Some((queue, body)) = tallies.next()? {
        if wanted(queue) {
            each(queue, take_whole(body, slots)?);
        }
    }
    Some(())
}

/// With their checksum behind them.
pub(super) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// The version, and what reads behind it, if the checksum is right.
pub(super) fn opened(bytes: &[u8]) -> Option<(u8, Reader<'_>)> {
    let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
    let (version, rest) = body.split_first()?;
    let right = crc32c::crc32c(body).to_le_bytes() == checksum;
    right.then(|| (*version, Reader::new(rest)))
}

/// Reads behind the only version that there is.
fn opened_v1(bytes: &[u8]) -> Option<Reader<'_>> {
    let (version, reader) = opened(bytes)?;
    (version == VERSION).then_some(reader)
}

#[cfg(test)]
#[path = "rollup_test.rs"]
mod tests;
