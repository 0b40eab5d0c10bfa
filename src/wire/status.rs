//! Our errors as gRPC status.

use tonic::{Code, Status};

use crate::reports;

/// Says why a report could not be made: the request's fault, or ours.
pub fn report(error: reports::Error) -> Status {
    let code = match &error {
        reports::Error::Stopped => Code::Unavailable,
        reports::Error::Store { .. } => Code::Internal,
        reports::Error::UnknownZone { .. }
        | reports::Error::UnknownQueue { .. }
        | reports::Error::NoQueues { .. }
        | reports::Error::PeriodMissing { .. }
        | reports::Error::PeriodOutOfRange { .. }
        | reports::Error::PeriodReversed { .. }
        | reports::Error::UnknownBucket { .. }
        | reports::Error::TooManyBuckets { .. }
        | reports::Error::BadThreshold { .. }
        | reports::Error::TooManyThresholds { .. } => Code::InvalidArgument,
    };
    Status::new(code, error.to_string())
}
