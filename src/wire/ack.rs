//! Acks: what the journal has made durable, told to the sender.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tonic::Status;

use crate::journal::{Acked, Durable, Refusal};
use crate::proto::v1 as wire;
use crate::validate::Rejection;

use super::error::IngestError;
use super::status;

/// What a submission was, so that its answer can be told.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its share of the window.
    pub(super) events: u32,
    /// Its events that validation rejected.
    pub(super) rejections: Vec<Rejection>,
    /// It was a `finish`.
    pub(super) finish: bool,
}

/// The answers of one stream, on their way to its sender.
pub(super) struct Acker {
    pub(super) asked: mpsc::Receiver<Asked>,
    pub(super) replies: mpsc::Receiver<Result<Durable<Acked>, Refusal>>,
    pub(super) window: Arc<Semaphore>,
    pub(super) out: mpsc::Sender<Result<wire::StreamEventsResponse, Status>>,
}

/// The most answers told in one ack.
const ANSWERS_AT_ONCE: usize = 256;

impl Acker {
    /// Tells answers until all are told; `Err` = the journal refused one, and the stream is to end with it.
    pub(super) async fn run(mut self) -> Result<(), IngestError> {
        let mut replies = Vec::new();
        while self.replies.recv_many(&mut replies, ANSWERS_AT_ONCE).await > 0 {
            let mut ack: Option<wire::Ack> = None;
            for reply in replies.drain(..) {
                // Asked before it was submitted, so it is there.
                let Some(asked) = self.asked.recv().await else {
                    return Ok(());
                };
                self.window.add_permits(asked.events as usize);
                let acked = match reply {
                    Ok(acked) => acked,
                    Err(refusal) => {
                        self.send_ack(ack.take()).await;
                        return Err(refusal.into());
                    }
                };
                if !asked.finish {
                    merge(&mut ack, &acked, &asked.rejections);
                    continue;
                }
                self.send_ack(ack.take()).await;
                let finished = wire::Finished {
                    position: acked.get().position.0,
                };
                self.send(wire::stream_events_response::Message::Finished(finished))
                    .await;
            }
            self.send_ack(ack).await;
        }
        Ok(())
    }

    async fn send_ack(&self, ack: Option<wire::Ack>) {
        if let Some(ack) = ack {
            self.send(wire::stream_events_response::Message::Ack(ack))
                .await;
        }
    }

    async fn send(&self, message: wire::stream_events_response::Message) {
        let response = wire::StreamEventsResponse {
            message: Some(message),
        };
        // Fails when the sender is gone; what it sent is safe all the same.
        drop(self.out.send(Ok(response)).await);
    }
}

/// Adds an answer to an ack.
pub(super) fn merge(ack: &mut Option<wire::Ack>, acked: &Durable<Acked>, rejections: &[Rejection]) {
    let acked = acked.get();
    let ack = ack.get_or_insert_with(wire::Ack::default);
    ack.sequence = acked.sequence;
    ack.digest = acked.digest.0;
    ack.durability = wire::Durability::Synced.into();
    ack.position = acked.position.0;
    ack.accepted += acked.accepted;
    ack.duplicates += acked.duplicates;
    ack.rejections
        .extend(rejections.iter().map(|rejection| wire::EventRejection {
            sequence: rejection.sequence,
            reason: rejection.reason.as_str().into(),
            field: rejection.field.into(),
            message: rejection.message.clone(),
        }));
}

/// Ends a stream with an error.
pub(super) async fn end(
    out: &mpsc::Sender<Result<wire::StreamEventsResponse, Status>>,
    error: &IngestError,
) {
    drop(out.send(Err(status::ingest(error))).await);
}
