//! Taking a person out of what was told: the call stays in every figure, and is nobody's.

use xxhash_rust::xxh3::xxh3_64;

use crate::model::{CallEvent, Caller, Text};

use super::state::{self, StateError};

/// Whether an event says that somebody with this hash of a pseudonym called.
pub fn is_from(event: &CallEvent, caller: &[u8; 16]) -> bool {
    matches!(event, CallEvent::Arrived { caller: Caller::Known(known), .. } if known.hash == *caller)
}

/// Whether anything in the bytes of everything told of a call says so.
///
/// # Errors
/// When the bytes are damaged, or of a version that is not known here.
pub fn is_told_from(told: &[u8], caller: &[u8; 16]) -> Result<bool, StateError> {
    let told = state::told_of_settled(told)?;
    Ok(told.iter().any(|told| is_from(&told.event, caller)))
}

/// Takes out of an event who called and what may lead there: the channel, a recording's name, a digit. Names that were
/// alike stay alike, so that what was told twice is still known to be.
pub fn forget_person(event: &mut CallEvent) {
    if let CallEvent::Arrived {
        caller, channel, ..
    } = event
    {
        if matches!(caller, Caller::Known(_)) {
            *caller = Caller::Unknown;
        }
        *channel = channel.as_deref().map(blurred);
    } else if let CallEvent::MessageLeft { recording } = event {
        *recording = blurred(recording);
    } else if let CallEvent::DigitPressed { digit } = event {
        *digit = None;
    }
}

/// The same in the bytes of everything told of a call; `caller_only` leaves all but the caller as it is.
///
/// # Errors
/// When the bytes are damaged, or of a version that is not known here.
pub fn forget_in_told(told: &[u8], caller_only: bool) -> Result<Vec<u8>, StateError> {
    let mut told = state::told_of_settled(told)?;
    for told in &mut told {
        if let (
            true,
            CallEvent::Arrived {
                caller: caller @ Caller::Known(_),
                ..
            },
        ) = (caller_only, &mut told.event)
        {
            *caller = Caller::Unknown;
        }
        if !caller_only {
            forget_person(&mut told.event);
        }
    }
    Ok(state::write_told(&told))
}

/// What stands in a name's place; what stands there already stays. Sixteen bits tell the few names of one call apart, and
/// are too few to find a name out by trying all.
fn blurred(text: &str) -> Text {
    const BEGIN: &str = "erased:";
    if text.is_empty() || text.starts_with(BEGIN) {
        return text.into();
    }
    format!("{BEGIN}{:04x}", xxh3_64(text.as_bytes()) & 0xffff).into()
}
