//! Whether a service takes requests: not before the journal's tail is applied, nor once the server stops.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::error::RequestError;

/// Refuses a request that comes too early or too late.
pub(super) fn check(
    ready: &watch::Receiver<bool>,
    stopping: &CancellationToken,
) -> Result<(), RequestError> {
    if stopping.is_cancelled() {
        return Err(RequestError::ShuttingDown);
    }
    match *ready.borrow() {
        true => Ok(()),
        false => Err(RequestError::Starting),
    }
}
