//! The digest by which both sides know that they speak of the same event.
//!
//! First 8 bytes, big-endian, of SHA-256 over call id or source, a zero byte, the field name of the kind, a zero byte,
//! occurred_at in decimal microseconds since 1970: never the caller, never a digit.

use sha2::{Digest as _, Sha256};

use crate::proto::v1::{Event, call_event::Kind, event::Body};

/// The digest of an event; `None` when it lacks what the digest speaks of.
pub(crate) fn digest(source: &str, event: &Event) -> Option<u64> {
    let (subject, kind) = match event.body.as_ref()? {
        Body::Call(call) => (call.call_id.as_str(), kind_name(call.kind.as_ref()?)),
        Body::AgentStateChanged(_) => (source, "agent_state_changed"),
        Body::WrapUpEnded(_) => (source, "wrap_up_ended"),
        Body::LineStatus(_) => (source, "line_status"),
    };
    let at = event.occurred_at?;
    let micros = i128::from(at.seconds) * 1_000_000 + i128::from(at.nanos).div_euclid(1_000);
    let text = format!("{subject}\0{kind}\0{micros}");
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    Some(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Arrived(_) => "arrived",
        Kind::Tagged(_) => "tagged",
        Kind::Refused(_) => "refused",
        Kind::QueueEntered(_) => "queue_entered",
        Kind::QueueLeft(_) => "queue_left",
        Kind::AgentOffered(_) => "agent_offered",
        Kind::OfferMissed(_) => "offer_missed",
        Kind::AgentConnected(_) => "agent_connected",
        Kind::AgentReleased(_) => "agent_released",
        Kind::HoldStarted(_) => "hold_started",
        Kind::HoldEnded(_) => "hold_ended",
        Kind::TransferStarted(_) => "transfer_started",
        Kind::TransferCompleted(_) => "transfer_completed",
        Kind::TransferFailed(_) => "transfer_failed",
        Kind::DigitPressed(_) => "digit_pressed",
        Kind::CallbackPromised(_) => "callback_promised",
        Kind::CallbackAttempted(_) => "callback_attempted",
        Kind::MessageLeft(_) => "message_left",
        Kind::Ended(_) => "ended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::{CallEvent, QueueEntered, WrapUpEnded};

    #[test]
    fn it_is_that_of_the_contract() {
        let call = CallEvent {
            call_id: "c1".to_owned(),
            kind: Some(Kind::QueueEntered(QueueEntered::default())),
        };
        let mut event = Event {
            sequence: 7,
            occurred_at: Some(pbjson_types::Timestamp {
                seconds: 915_148_800,
                nanos: 250_000_999,
            }),
            body: Some(Body::Call(call)),
        };
        // printf 'c1\0queue_entered\0915148800250000' | sha256sum
        assert_eq!(digest("pbx", &event), Some(0xbb25_ca0a_6be3_b0f1));
        event.body = Some(Body::WrapUpEnded(WrapUpEnded::default()));
        // printf 'pbx\0wrap_up_ended\0915148800250000' | sha256sum
        assert_eq!(digest("pbx", &event), Some(0xc54f_2c09_a428_05e1));
        event.occurred_at = None;
        assert_eq!(digest("pbx", &event), None);
    }
}
