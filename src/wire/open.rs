//! What a stream says first: who sends, in which numbering, live or history.

use crate::journal::Opening;
use crate::model::{Digest, EpochName, Mode, SourceId, Timestamp};
use crate::proto::v1 as wire;
use crate::validate::{caps, instant};

use super::error::{IngestError, RequestError};

/// A checked `open`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) source: SourceId,
    pub(super) epoch: EpochName,
    pub(super) mode: Mode,
    pub(super) sender: String,
    pub(super) take_over: bool,
    last_acked: u64,
    last_digest: Digest,
}

impl Open {
    /// The journal's question.
    pub(super) fn opening(&self) -> Opening {
        Opening {
            source: self.source.clone(),
            epoch: self.epoch,
            last_acked: self.last_acked,
            last_digest: self.last_digest,
        }
    }
}

/// Checks an `open`.
pub(super) fn check(open: wire::StreamOpen) -> Result<Open, IngestError> {
    let source = name("open.source", &open.source)?;
    let sender = name("open.sender_id", &open.sender_id)?.to_owned();
    let mode = match open.mode() {
        wire::Mode::Live => Mode::Live,
        wire::Mode::Backfill => Mode::Backfill,
        wire::Mode::Unspecified => {
            return Err(RequestError::FieldMissing { field: "open.mode" }.into());
        }
    };
    Ok(Open {
        source: SourceId::new(source),
        epoch: epoch("open.epoch", open.epoch.as_ref())?,
        mode,
        sender,
        take_over: open.take_over,
        last_acked: open.last_acked_sequence,
        last_digest: Digest(open.last_acked_digest),
    })
}

/// Checks the name of a source or sender.
pub(super) fn name<'a>(field: &'static str, name: &'a str) -> Result<&'a str, RequestError> {
    if name.is_empty() {
        return Err(RequestError::FieldMissing { field });
    }
    if name.len() > caps::NAME_BYTES {
        let fault = format!(
            "has {} bytes, the limit is {}",
            name.len(),
            caps::NAME_BYTES
        );
        return Err(RequestError::invalid(field, fault));
    }
    if name.chars().any(char::is_control) {
        let fault = "holds control characters";
        return Err(RequestError::invalid(field, fault));
    }
    Ok(name)
}

/// Checks an epoch.
pub(super) fn epoch(
    field: &'static str,
    epoch: Option<&wire::Epoch>,
) -> Result<EpochName, RequestError> {
    use wire::epoch::Id;
    match epoch.and_then(|epoch| epoch.id.as_ref()) {
        None => Err(RequestError::FieldMissing { field }),
        Some(Id::Spool(spool)) if *spool == 0 || *spool > i64::MAX as u64 => {
            let fault = "has a spool that is not between 1 and 2^63 - 1";
            Err(RequestError::invalid(field, fault))
        }
        Some(Id::Spool(spool)) => Ok(EpochName::Spool(*spool)),
        Some(Id::Content(content)) => {
            let content = <[u8; 32]>::try_from(content.as_ref()).map_err(|_| {
                let fault = format!("has a content hash of {} bytes, not 32", content.len());
                RequestError::invalid(field, fault)
            })?;
            Ok(EpochName::Content(content))
        }
    }
}

/// The source's clock as it says, or our time of receipt.
pub(super) fn sent_at(
    field: &'static str,
    sent_at: Option<&pbjson_types::Timestamp>,
    received_at: Timestamp,
) -> Result<Timestamp, RequestError> {
    let Some(sent_at) = sent_at else {
        return Ok(received_at);
    };
    let invalid = |fault: &str| RequestError::invalid(field, fault);
    let at = instant(sent_at).ok_or_else(|| invalid("is no time"))?;
    if at.as_micros() < caps::EARLIEST_MICROS {
        return Err(invalid("is before 1990: the source's clock is not set"));
    }
    if at > received_at.plus(caps::LIVE_AHEAD) {
        return Err(invalid("is more than 24 h ahead of our clock"));
    }
    Ok(at)
}
