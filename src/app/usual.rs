//! What the same weekday was like, on its way from the store to the board: read now and then, beside everything else.

use std::collections::HashMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::instant;
use crate::live::{EarlierDay, Quarters, earlier_dates};
use crate::model::{Exit, QueueId, Timestamp};
use crate::reports::{Bucket, Error, Query, QueueRow, Reports, Sources};
use crate::store::Rows;
use crate::wall::LiveBoard;

/// How often is looked whether a day has begun.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Days that are over change only by an import or a recompute.
const READ_AGAIN: Duration = Duration::from_secs(60 * 60);
/// Between two days that are read: others want to read, too.
const PAUSE: Duration = Duration::from_millis(100);

/// Reads the days before whenever a day has begun, and once an hour; to be dropped at the end.
pub(super) async fn keep<R: Rows, S: Sources>(
    reports: Reports<R, S>,
    board: LiveBoard,
    zone: TimeZone,
) {
    let mut read = None;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = board.clock().now();
        let Some(today) = board.with(|live| live.today(now)) else {
            continue;
        };
        let is_new = |(date, at): &(Date, _)| *date == today && instant() - *at < READ_AGAIN;
        if read.as_ref().is_some_and(is_new) {
            continue;
        }
        match earlier_days(&reports, earlier_dates(today, &zone)).await {
            Ok(days) => board.with(|live| live.set_usual(today, days)),
            Err(error) => {
                tracing::warn!(%error, "what is usual for this weekday cannot be read; the board shows today alone");
            }
        }
        read = Some((today, instant()));
    }
}

async fn earlier_days<R: Rows, S: Sources>(
    reports: &Reports<R, S>,
    periods: Vec<(Timestamp, Timestamp)>,
) -> Result<Vec<EarlierDay>, Error> {
    let mut days = Vec::new();
    for (start, end) in periods {
        let query = Query {
            start: Some(start),
            end: Some(end),
            bucket: Bucket::Minutes15,
            ..Query::default()
        };
        let report = reports.queues(&query, &[]).await?;
        days.push(day(start, &report.rows));
        tokio::time::sleep(PAUSE).await;
    }
    Ok(days)
}

/// The rows of a day; a repeated quarter is added to the first of its name.
fn day(start: Timestamp, rows: &[QueueRow]) -> EarlierDay {
    let mut queues = HashMap::<QueueId, Quarters>::new();
    // The row for all queues has what no single queue has.
    let of_queues = rows.iter().filter(|row| row.visits_offered > 0);
    for row in of_queues.filter(|row| row.calls_arrived.is_none()) {
        let Some(number) = quarter(&row.bucket_start) else {
            continue;
        };
        let queue = QueueId::new(row.queue.as_str());
        let sum = queues.entry(queue).or_default().entry(number).or_default();
        let add = |to: &mut u32, count: u64| {
            *to = to.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        };
        add(&mut sum.offered, row.visits_offered);
        add(&mut sum.answered, row.exits.of(Exit::Answered));
        add(&mut sum.abandoned, row.counts.abandoned);
        add(&mut sum.answered_within, row.counts.answered_within);
        add(&mut sum.decided, row.counts.decided);
        add(&mut sum.waits, row.wait_answered.count);
        sum.wait_sum = sum.wait_sum.saturating_add(row.wait_answered.sum);
    }
    EarlierDay { start, queues }
}

/// The number since midnight of the quarter of an hour that begins then, by the clock on the wall.
fn quarter(local: &str) -> Option<u8> {
    let two = |from: usize| local.get(from..from + 2)?.parse::<u8>().ok();
    Some(two(11)? * 4 + two(14)? / 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_known_by_the_clock_on_the_wall() {
        for (local, number) in [
            ("1999-01-01T00:00:00+02:00", Some(0)),
            ("1999-01-01T08:45:00+02:00", Some(35)),
            ("1999-01-01T23:45:00+02:00", Some(95)),
            ("", None),
        ] {
            assert_eq!(quarter(local), number, "{local}");
        }
    }
}
