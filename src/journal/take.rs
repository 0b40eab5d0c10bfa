//! Deciding a batch: each number against its epoch's numbering, in order.

use crate::model::{Body, Digest, Event, SourceId, Text};

use super::handle::Refusal;
use super::marks::{GAPS_MAX, Numbering, Verdict};
use super::writer::{Item, RejectedEvent};

/// The most rejections kept of one epoch; further ones are counted.
const REJECTIONS_KEPT: u64 = 10_000;

/// What became of a batch's events.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) events: Vec<Event>,
    pub(super) duplicates: u64,
    pub(super) rejected: Vec<(u64, Text)>,
    pub(super) refusal: Option<Refusal>,
}

/// Decides every number; stops at the first that the numbering refuses, keeping those before it.
pub(super) fn items(
    numbering: &mut Numbering,
    source: &SourceId,
    items: Vec<Item>,
    rejected: &mut Vec<RejectedEvent>,
) -> Taken {
    let mut taken = Taken {
        events: Vec::with_capacity(items.len()),
        ..Taken::default()
    };
    let mark_before = numbering.mark;
    let mut at_mark: Option<Digest> = None;
    for item in items {
        let sequence = match &item {
            Item::Event(event) => event.sequence,
            Item::Rejected(event) => event.sequence,
        };
        // An event without a number cannot be remembered; it is only answered.
        if sequence == 0 {
            if let Item::Rejected(event) = item {
                taken.rejected.push((0, event.reason.into()));
            }
            continue;
        }
        let last_mark = numbering.mark;
        let digest = || match &item {
            Item::Event(event) => digest_of(source, event),
            Item::Rejected(_) => Digest(0),
        };
        match numbering.take(sequence, digest) {
            Verdict::Fresh => {
                if numbering.mark != last_mark {
                    // Not checked within the batch that moved the mark: computed once, below.
                    numbering.digest = Digest(0);
                    at_mark = None;
                }
                match item {
                    Item::Event(event) => taken.events.push(event),
                    Item::Rejected(event) => {
                        if numbering.mark == sequence && numbering.mark != last_mark {
                            at_mark = Some(Digest(0));
                        }
                        numbering.rejected += 1;
                        taken.rejected.push((sequence, event.reason.into()));
                        if numbering.rejected <= REJECTIONS_KEPT {
                            rejected.push(event);
                        }
                    }
                }
            }
            Verdict::Duplicate => taken.duplicates += u64::from(matches!(item, Item::Event(_))),
            Verdict::Conflict => {
                let mark = numbering.mark;
                taken.refusal = Some(Refusal::SequenceConflict { sequence, mark });
                break;
            }
            Verdict::TooManyGaps => {
                let limit = GAPS_MAX;
                taken.refusal = Some(Refusal::Limit {
                    what: "gaps of one epoch",
                    limit,
                });
                break;
            }
        }
    }
    if numbering.mark != mark_before {
        let mark = numbering.mark;
        let last = taken
            .events
            .iter()
            .rev()
            .find(|event| event.sequence == mark);
        numbering.digest =
            at_mark.unwrap_or_else(|| last.map_or(Digest(0), |event| digest_of(source, event)));
    }
    taken
}

fn digest_of(source: &SourceId, event: &Event) -> Digest {
    let call = match &event.body {
        Body::Call { call, .. } => Some(call.as_str()),
        Body::Agent(_) | Body::Line(_) => None,
    };
    Digest::of(call, source, event.body.kind(), event.occurred_at)
}
