//! What queues are measured by, and when calendars are open, compared with what was seen before: whoever changes the past is
//! told so.

use crate::cli::failure::Failure;
use crate::config::Config;
use crate::model::{Alterations, QueueId, Targets, Timestamp, alterations};
use crate::store::StoreWriter;

/// Keeps the configured rules, and says what of the past was ever altered; what this start alters is warned of.
pub(super) async fn see(
    store: &mut StoreWriter,
    config: &Config,
    targets: &Targets,
    now: Timestamp,
) -> Result<Alterations, Failure> {
    let seen = store.see_rules(targets, now).await;
    let seen = seen.map_err(|error| Failure::from(anyhow::Error::from(error)))?;
    let altered = alterations(&seen);
    let zone = config.zone.time_zone();
    let local = |at: Timestamp| match jiff::Timestamp::from_microsecond(at.as_micros()) {
        Ok(instant) => instant
            .display_with_offset(zone.to_offset(instant))
            .to_string(),
        Err(_) => "the beginning".to_owned(),
    };
    let newest = seen.last().map(|(at, _)| *at);
    let is_new = |at: Timestamp| Some(at) == newest && at >= now;
    for one in altered.rules.iter().filter(|one| is_new(one.at)) {
        let queue = one.queue.as_ref();
        tracing::warn!(
            queue = queue.map_or("(all without their own)", QueueId::as_str),
            from = local(one.since),
            until = local(one.until),
            was = ?one.was,
            now = ?one.is,
            "the configuration changes what queues were measured by in a time that is over: reports count that time anew, \
             and say so; counters and metrics keep what they counted. To leave the past as it was, say the change under \
             [[queue.since]] with a valid_from of its own"
        );
    }
    for one in altered.hours.iter().filter(|one| is_new(one.at)) {
        tracing::warn!(
            calendar = &*one.calendar,
            hours = one.of,
            from = local(one.since),
            until = local(one.until),
            was = one.was,
            now = one.is,
            "the configuration changes the hours of a calendar in a time that is over: reports with --hours count that \
             time anew, and say so. To leave the past as it was, write the other hours as a calendar of another name"
        );
    }
    Ok(altered)
}
