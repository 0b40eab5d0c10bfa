//! A line's row as the contract has it.

use crate::model::RefusalReason;
use crate::proto::v1;
use crate::reports::LineRow;

pub(super) fn row(row: LineRow) -> v1::LineReportRow {
    let refused = |reason| row.refused(reason);
    v1::LineReportRow {
        refused: Some(v1::RefusedCounts {
            busy: refused(RefusalReason::Busy),
            closed: refused(RefusalReason::Closed),
            full: refused(RefusalReason::Full),
            no_agents: refused(RefusalReason::NoAgents),
            diverted: refused(RefusalReason::Diverted),
        }),
        bucket_start: row.bucket_start,
        line: row.line,
        name: row.name,
        calls_arrived: row.calls_arrived,
        observed: Some(row.observed.into()),
        busy_mean: row.busy_mean,
        busy_max: row.busy_max,
        channels: row.channels,
        all_busy: Some(row.all_busy.into()),
        blocked: row.blocked,
        erlang_b: row.erlang_b,
    }
}
