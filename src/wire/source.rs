//! GetSource: where to resume, what is missing, what was rejected.

use tonic::Status;

use crate::journal::EpochState;
use crate::model::{EpochName, Mode, SourceId, Timestamp};
use crate::proto::v1 as wire;

use super::error::IngestError;
use super::ingest::Ingest;
use super::open;
use super::status;

/// Numberings shown when all are asked for.
const EPOCHS_SHOWN: usize = 100;
/// Rejections shown of each numbering.
const REJECTIONS_SHOWN: u32 = 100;

/// Answers GetSource.
pub(super) async fn get(
    ingest: &Ingest,
    request: &wire::GetSourceRequest,
) -> Result<wire::GetSourceResponse, Status> {
    let refuse = |error: IngestError| status::ingest(&error);
    ingest.check_ready()?;
    let name = open::name("source", &request.source)?;
    let source = SourceId::new(name);
    let asked = request.epoch.as_ref();
    let asked = asked
        .map(|epoch| open::epoch("epoch", Some(epoch)))
        .transpose()?;
    let described = ingest.journal.describe(source.clone()).await;
    let Some(epochs) = described.map_err(|error| refuse(error.into()))? else {
        return Err(refuse(unknown(ingest, name)));
    };
    // In this order: marks and rows are never shown ahead of the journal.
    let stored_position = *ingest.stored.borrow();
    let committed_position = ingest.journal.committed();
    let mut shown = Vec::new();
    let wanted = |epoch: &&EpochState| asked.is_none_or(|asked| asked == epoch.name);
    for epoch in epochs.iter().filter(wanted).take(EPOCHS_SHOWN) {
        let rejections = ingest
            .reader
            .rejections(epoch.index, REJECTIONS_SHOWN)
            .await;
        let rejections = rejections.map_err(|error| status::journal(&error))?;
        shown.push(epoch_status(epoch, rejections));
    }
    let known = ingest.status.of(&source);
    let now = ingest.clock.now();
    let leases = ingest
        .leases
        .of(&source)
        .into_iter()
        .map(|held| wire::Lease {
            mode: match held.mode {
                Mode::Live => wire::Mode::Live.into(),
                Mode::Backfill => wire::Mode::Backfill.into(),
            },
            sender_id: held.sender,
            expires_at: Some(timestamp(now.plus(held.expires_in))),
        });
    Ok(wire::GetSourceResponse {
        source: name.to_owned(),
        epochs: shown,
        watermark: known.watermark.map(timestamp),
        committed_position: committed_position.0,
        stored_position: stored_position.0,
        late_events: known.late_left(),
        recomputed_events: known.recomputed_events,
        call_exists_events: known.call_exists_events,
        leases: leases.collect(),
    })
}

fn unknown(ingest: &Ingest, name: &str) -> IngestError {
    let known = ingest.status.all();
    let names: Vec<&str> = known.iter().map(|(source, _)| source.as_str()).collect();
    let known = if names.is_empty() {
        "none yet".into()
    } else {
        names.join(", ")
    };
    IngestError::UnknownSource {
        name: name.to_owned(),
        known,
    }
}

fn epoch_status(
    epoch: &EpochState,
    rejections: Vec<(u64, String, String, String)>,
) -> wire::EpochStatus {
    let id = match epoch.name {
        EpochName::Spool(spool) => wire::epoch::Id::Spool(spool),
        EpochName::Content(content) => wire::epoch::Id::Content(content.to_vec()),
    };
    let gap = |gap: &crate::journal::Gap| wire::Gap {
        first: gap.first,
        last: gap.last,
    };
    let rejection = |(sequence, reason, field, message)| wire::EventRejection {
        sequence,
        reason,
        field,
        message,
    };
    wire::EpochStatus {
        epoch: Some(wire::Epoch { id: Some(id) }),
        mark: epoch.mark,
        digest: epoch.digest.0,
        gaps: epoch.gaps.iter().map(gap).collect(),
        rejections: rejections.into_iter().map(rejection).collect(),
        rejected: epoch.rejected,
    }
}

/// An instant as the wire writes it.
pub(super) fn timestamp(at: Timestamp) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: at.as_micros().div_euclid(1_000_000),
        nanos: (at.as_micros().rem_euclid(1_000_000) * 1_000) as i32,
    }
}
