//! The queue report: its columns, and its table.

use std::time::Duration;

use crate::kpi::{WAIT_OVER_DEFAULT, seconds_text};
use crate::proto::v1::{
    CallOutcomes, CompatFigure, GetQueueReportResponse, QueueExits, QueueReportRow, ReportContext,
    ServiceLevel, WaitSummary,
};

use super::columns::{Columns, Rule};
use super::frame::{self, Starts};
use super::grid::Grid;
use super::lang::Lang;
use super::sure::{self, Share, sure};
use super::text::{clock, count, percent, seconds, span};

/// The report's name.
pub(super) const TITLE: &str = "Queues";

/// What a figure may rest on.
const TARGET: &[Rule] = &[Rule::ServiceLevel];
const THRESHOLDS: &[Rule] = &[Rule::ServiceLevel, Rule::ShortAbandon];
const HEADLINE: &[Rule] = &[Rule::ServiceLevel, Rule::ShortAbandon, Rule::Headline];

/// The report's rows, in one part; `other` is the report of another period that it is compared with.
pub(super) fn parts(
    answer: &GetQueueReportResponse,
    other: Option<&GetQueueReportResponse>,
    asked: &[Duration],
) -> Vec<Grid> {
    vec![Grid::of(
        TITLE,
        &columns(answer, other, asked),
        &answer.rows,
    )]
}

/// The report's columns; `asked` are the thresholds of `--wait-over`, for the names of columns without rows.
fn columns(
    answer: &GetQueueReportResponse,
    beside: Option<&GetQueueReportResponse>,
    asked: &[Duration],
) -> Columns<QueueReportRow> {
    let context = answer.context.as_ref();
    // A name that holds a number would lie about the other period, where the number is another there.
    let named = |of: fn(&ReportContext) -> Option<&pbjson_types::Duration>, word: &str| {
        let others = beside.and_then(|other| other.context.as_ref());
        let value = context.and_then(of);
        let value = value.filter(|value| others.is_none_or(|other| of(other) == Some(value)));
        value.map_or_else(|| word.to_owned(), threshold)
    };
    let target = named(|context| context.service_level.as_ref(), "target");
    let short = named(|context| context.short_abandon.as_ref(), "short");
    let mut columns = Columns::<QueueReportRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text(frame::row_of(context), |row| &row.queue)
        .count("calls_arrived", |row| row.calls_arrived)
        .count("left_before_queue", |row| row.left_before_queue)
        .count("visits_offered", |row| row.visits_offered)
        .count("answered", |row| row.answered)
        .count("abandoned", |row| row.abandoned)
        .count(format!("answered_within_{target}"), |row| {
            row.answered_within
        })
        .rests_on(TARGET)
        .count(format!("abandoned_within_{target}"), |row| {
            row.abandoned_within
        })
        .rests_on(TARGET)
        .count(format!("abandoned_within_{short}"), |row| {
            row.abandoned_short
        })
        .rests_on(&[Rule::ShortAbandon])
        .span("wait_answered_sum", |row| answered(row).sum)
        .span("wait_abandoned_sum", |row| abandoned(row).sum)
        .span("wait_max", |row| all(row).max)
        .span("talk_sum", |row| row.talk_sum)
        .span("wait_answered_p50", |row| answered(row).p50)
        .span("wait_answered_p90", |row| answered(row).p90)
        .span("wait_answered_p95", |row| answered(row).p95)
        .span("wait_answered_p99", |row| answered(row).p99)
        .span("wait_abandoned_p50", |row| abandoned(row).p50)
        .span("wait_abandoned_p90", |row| abandoned(row).p90)
        .span("wait_all_p50", |row| all(row).p50)
        .span("wait_all_p90", |row| all(row).p90)
        .span("wait_all_p95", |row| all(row).p95)
        .span("wait_all_p99", |row| all(row).p99);
    for (index, threshold) in wait_over(answer, asked).into_iter().enumerate() {
        let name = format!("wait_over_{}s", seconds_text(threshold));
        columns.count(name, move |row| {
            row.wait_over.get(index).map(|over| over.count)
        });
    }
    columns
        .part(
            "sl_strict",
            |row| level(row).strict,
            |row| (row.answered_within, row.decided),
        )
        .rests_on(TARGET)
        .part(
            "sl_short",
            |row| level(row).short,
            |row| {
                (
                    row.answered_within,
                    row.decided.saturating_sub(row.abandoned_short),
                )
            },
        )
        .rests_on(THRESHOLDS)
        .part(
            "sl_ignore_abandoned",
            |row| level(row).ignore_abandoned,
            |row| {
                (
                    row.answered_within,
                    (row.answered + row.abandoned).saturating_sub(row.abandoned_within),
                )
            },
        )
        .rests_on(TARGET)
        .part(
            "sl_abandoned_met",
            |row| level(row).abandoned_met,
            |row| {
                (
                    row.answered_within + row.abandoned_within,
                    row.answered + row.abandoned,
                )
            },
        )
        .rests_on(TARGET)
        .part(
            "sl_answered_only",
            |row| level(row).answered_only,
            |row| (row.answered_within, row.answered),
        )
        .rests_on(TARGET)
        .part(
            "abandon_rate",
            |row| row.abandon_rate,
            |row| (row.abandoned, row.answered + row.abandoned + other(row)),
        )
        .span("asa", |row| answered(row).mean)
        .span("mean_time_to_abandon", |row| abandoned(row).mean)
        .count("decided", |row| row.decided)
        .count("waiting", |row| row.waiting)
        .count("abandoned_ringing", |row| row.abandoned_ringing)
        .count("timeout", |row| exits(row).timeout)
        .count("key_exit", |row| exits(row).key_exit)
        .count("left_empty", |row| exits(row).left_empty)
        .count("withdrawn", |row| exits(row).withdrawn)
        .count("callback", |row| exits(row).callback)
        .count("error", |row| exits(row).error)
        .count("calls_offered", |row| row.calls_offered)
        .count("calls_refused", |row| row.calls_refused)
        .count("demand", |row| row.demand)
        .part(
            "refused_rate",
            |row| row.refused_rate,
            |row| (row.calls_refused, row.demand),
        )
        .count("negative_spans", |row| row.negative_spans)
        .count("waits_unknown", |row| row.waits_unknown)
        .count("conservation_residual", |row| row.conservation_residual)
        .part(
            "sl_amazon",
            |row| level(row).amazon,
            |row| {
                (
                    row.answered_within + row.abandoned_within + row.callback_within,
                    row.decided,
                )
            },
        )
        .rests_on(TARGET)
        .part(
            "sl_journey",
            |row| level(row).journey,
            |row| (row.journey_answered_within, row.journey_decided),
        )
        .rests_on(TARGET)
        .part(
            "sl_access",
            |row| level(row).access,
            |row| {
                (
                    row.journey_answered_within,
                    row.journey_decided + row.calls_refused,
                )
            },
        )
        .rests_on(TARGET)
        .count(format!("callback_within_{target}"), |row| {
            row.callback_within
        })
        .rests_on(TARGET)
        .count(format!("journey_answered_within_{target}"), |row| {
            row.journey_answered_within
        })
        .rests_on(TARGET)
        .count("journey_decided", |row| row.journey_decided)
        .count("refused_closed", |row| row.refused_closed);
    calls(&mut columns);
    columns
        .span("missed_offer_time_sum", |row| row.missed_offer_time)
        .count("abandoned_after_transfer", |row| {
            row.abandoned_after_transfer
        })
        .count("answered_short", |row| row.answered_short)
        .count("lost", |row| row.lost)
        .part(
            "lost_rate",
            |row| row.lost_rate,
            |row| (row.lost, row.calls_offered),
        )
        .interval("sl_strict", |row| level(row).strict_interval)
        .interval("abandon_rate", |row| row.abandon_rate_interval)
        .interval("lost_rate", |row| row.lost_rate_interval)
        .text("headline", |row| headline_formula(row))
        .says(Rule::Headline)
        .part("service_level", |row| level(row).headline, headline_counts)
        .rests_on(HEADLINE)
        .span("target", |row| level(row).threshold)
        .says(Rule::ServiceLevel)
        .span("all_busy", |row| row.all_busy);
    for id in compat_ids(answer) {
        let (share, counts, n) = (id.clone(), id.clone(), id.clone());
        columns
            .part(
                id.clone(),
                move |row| compat_figure(row, &share).and_then(|figure| figure.share),
                move |row| {
                    compat_figure(row, &counts).map_or((0, 0), |figure| (figure.count, figure.of))
                },
            )
            .rests_on(THRESHOLDS)
            .count(format!("{id}_of"), move |row| {
                compat_figure(row, &n).map_or(0, |figure| figure.of)
            })
            .beside();
    }
    columns
}

/// How calls ended, and how long their callers waited over all queues.
fn calls(columns: &mut Columns<QueueReportRow>) {
    columns
        .count("outcome_served", |row| outcomes(row).served)
        .count("outcome_self_served", |row| outcomes(row).self_served)
        .count("outcome_left_before_queue", |row| {
            outcomes(row).left_before_queue
        })
        .count("outcome_abandoned", |row| outcomes(row).abandoned)
        .count("outcome_dismissed", |row| outcomes(row).dismissed)
        .count("outcome_callback_promised", |row| {
            outcomes(row).callback_promised
        })
        .count("outcome_message_left", |row| outcomes(row).message_left)
        .count("outcome_refused", |row| outcomes(row).refused)
        .count("outcome_diverted", |row| outcomes(row).diverted)
        .count("outcome_direct", |row| outcomes(row).direct)
        .count("outcome_unknown", |row| outcomes(row).unknown)
        .count("outcome_open", |row| outcomes(row).open)
        .count("outcome_residual", |row| row.outcome_residual);
    waits(columns, "journey_wait", |row| row.journey_wait);
    waits(columns, "journey_wait_censored", |row| {
        row.journey_wait_censored
    });
    columns.span("queue_wait_sum", |row| row.queue_wait_sum);
    waits(columns, "time_to_human", |row| row.time_to_human);
    waits(columns, "caller_burden", |row| row.caller_burden);
}

/// What a summary of waits has in columns: sum, count, mean, and how the long ones are.
fn waits(
    columns: &mut Columns<QueueReportRow>,
    name: &str,
    of: fn(&QueueReportRow) -> Option<WaitSummary>,
) {
    let of = move |row: &QueueReportRow| of(row).unwrap_or_default();
    columns
        .count(format!("{name}_count"), move |row| of(row).count)
        .span(format!("{name}_sum"), move |row| of(row).sum)
        .span(format!("{name}_p50"), move |row| of(row).p50)
        .span(format!("{name}_p90"), move |row| of(row).p90)
        .span(format!("{name}_max"), move |row| of(row).max);
}

/// The thresholds of W10, in the order of the columns.
fn wait_over(answer: &GetQueueReportResponse, asked: &[Duration]) -> Vec<Duration> {
    if let Some(row) = answer.rows.first() {
        let thresholds = row
            .wait_over
            .iter()
            .map(|over| over.threshold.unwrap_or_default());
        return thresholds.map(|threshold| span(&threshold)).collect();
    }
    let mut thresholds = if asked.is_empty() {
        WAIT_OVER_DEFAULT.to_vec()
    } else {
        asked.to_vec()
    };
    thresholds.sort_unstable();
    thresholds.dedup();
    thresholds
}

/// A threshold as names of columns have it: `20s`.
fn threshold(value: &pbjson_types::Duration) -> String {
    format!("{}s", seconds(Some(value)))
}

/// Sets the report as a table, with its period above and its definitions below.
pub fn queues_table(answer: &GetQueueReportResponse, lang: Lang) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(lang, TITLE, context);
    if answer.rows.is_empty() {
        return text + &frame::nothing(lang, context);
    }
    let starts = Starts::of(
        context,
        answer.rows.iter().map(|row| row.bucket_start.as_str()),
    );
    let has_arrived = answer.rows.iter().any(|row| row.calls_arrived.is_some());
    let service_level = context.and_then(|context| context.service_level.as_ref());
    let formula = common_headline(answer);
    let formula = formula.unwrap_or(lang.say("own"));
    let level_header = match service_level {
        Some(within) => lang.fill(
            "{} SL\n{}s",
            &[formula, &lang.figure(&seconds(Some(within)))],
        ),
        None => lang.fill("{} SL", &[formula]),
    };

    let mut header: Vec<&str> = starts
        .header()
        .into_iter()
        .chain([frame::head_of(context)])
        .collect();
    let words = header.len();
    if has_arrived {
        header.extend(["Calls\narrived", "Left\nearly"]);
    }
    header.extend([
        "Visits\noffered",
        "Answered",
        "Abandoned",
        "Other\nexits",
        "Waiting",
    ]);
    header.extend([
        "ASA",
        "p90 of\nanswered",
        "Longest\nwait",
        &level_header,
        "Abandon\nrate",
    ]);
    let cells = |row: &QueueReportRow| {
        let mut cells: Vec<String> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        cells.push(lang.queue(&row.queue));
        if has_arrived {
            cells.extend([count(row.calls_arrived), count(row.left_before_queue)]);
        }
        let counts = [
            row.visits_offered,
            row.answered,
            row.abandoned,
            other(row),
            row.waiting,
        ];
        cells.extend(counts.map(|count| count.to_string()));
        cells.extend(
            [answered(row).mean, answered(row).p90, all(row).max].map(|wait| clock(wait.as_ref())),
        );
        cells.extend([level(row).headline, row.abandon_rate].map(percent));
        cells
    };
    text += &lang.table(&header, words, answer.rows.iter().map(cells).collect());
    let heads = ["strict SL", "Abandon\nrate", "Lost\nrate"];
    let rows = answer.rows.iter().map(|row| sure::Row {
        start: &row.bucket_start,
        name: lang.queue(&row.queue),
        shares: shares(row),
    });
    text += &sure(lang, context, Some(frame::head_of(context)), heads, rows);
    if let (Starts::Hidden, Some(all)) = (&starts, answer.rows.last()) {
        text += &of_all(all, lang);
        text += &compat(all, lang);
    }
    text + &frame::footnotes(lang, context)
}

/// The figures of other products, by their ids.
fn compat_ids(answer: &GetQueueReportResponse) -> Vec<String> {
    let first = answer.rows.first();
    let figures = first.into_iter().flat_map(|row| &row.compat);
    figures.map(|figure| figure.id.clone()).collect()
}

/// A row's figure of another product, by its id.
fn compat_figure<'a>(row: &'a QueueReportRow, id: &str) -> Option<&'a CompatFigure> {
    row.compat.iter().find(|figure| figure.id == id)
}

/// The figures of other products, a line each.
fn compat(row: &QueueReportRow, lang: Lang) -> String {
    let mut text = String::new();
    for figures in row.compat.chunk_by(|one, other| one.pack == other.pack) {
        let shown = figures.iter().map(|figure| {
            let share = lang.percent(figure.share);
            format!("{} {share} (n {})", figure.name, figure.of)
        });
        let shown: Vec<_> = shown.collect();
        let pack = figures.first().map_or("", |figure| figure.pack.as_str());
        text += &lang.fill(
            "As {} has it, {}: {}\n",
            &[pack, &lang.queue(&row.queue), &shown.join(" · ")],
        );
    }
    text
}

/// The formula of a row's headline; empty where there is none.
fn headline_formula(row: &QueueReportRow) -> &str {
    let level = row.service_level.as_ref();
    level.map_or("", |level| level.headline_formula.as_str())
}

/// The counts that a row's headline is of; those of `strict` where the formula has none here.
fn headline_counts(row: &QueueReportRow) -> (u64, u64) {
    let (within, decided) = (row.answered_within, row.decided);
    let given_up = row.abandoned_within;
    match headline_formula(row) {
        "short" => (within, decided.saturating_sub(row.abandoned_short)),
        "ignore_abandoned" => (
            within,
            (row.answered + row.abandoned).saturating_sub(given_up),
        ),
        "abandoned_met" => (within + given_up, row.answered + row.abandoned),
        "answered_only" => (within, row.answered),
        "amazon" => (within + given_up + row.callback_within, decided),
        "journey" => (row.journey_answered_within, row.journey_decided),
        "access" => {
            let asked = row.journey_decided + row.calls_refused;
            (row.journey_answered_within, asked)
        }
        _ => (within, decided),
    }
}

/// The one formula by which every row has its headline.
fn common_headline(answer: &GetQueueReportResponse) -> Option<&str> {
    let mut formulas = answer.rows.iter().map(headline_formula);
    let first = formulas.next().filter(|first| !first.is_empty())?;
    formulas.all(|formula| formula == first).then_some(first)
}

/// The rest of the service-level family and the tail of the waits, for all queues of one interval.
fn of_all(row: &QueueReportRow, lang: Lang) -> String {
    let level = level(row);
    let family = [
        ("strict", level.strict),
        ("short", level.short),
        ("ignore_abandoned", level.ignore_abandoned),
        ("abandoned_met", level.abandoned_met),
        ("answered_only", level.answered_only),
        ("amazon", level.amazon),
        ("journey", level.journey),
        ("access", level.access),
    ];
    let family = family
        .map(|(id, share)| format!("{id} {}", lang.percent(share)))
        .join(" · ");
    let over = row.wait_over.iter().map(|over| {
        let threshold = lang.figure(&seconds(over.threshold.as_ref()));
        let over_it = lang.fill("over {} s", &[&threshold]);
        format!("{over_it} {}", lang.percent(over.share))
    });
    let over: Vec<_> = over.collect();
    let queue = lang.queue(&row.queue);
    let journey = row.journey_wait.unwrap_or_default();
    let outcomes = outcomes(row);
    let ends = [
        ("served", outcomes.served),
        ("self-served", outcomes.self_served),
        ("left before a queue", outcomes.left_before_queue),
        ("abandoned", outcomes.abandoned),
        ("dismissed", outcomes.dismissed),
        ("callback promised", outcomes.callback_promised),
        ("message left", outcomes.message_left),
        ("refused", outcomes.refused),
        ("diverted", outcomes.diverted),
        ("direct", outcomes.direct),
        ("unknown", outcomes.unknown),
        ("open", outcomes.open),
    ];
    let ends = ends.iter().filter(|(_, calls)| *calls > 0);
    let ends: Vec<_> = ends
        .map(|(name, calls)| format!("{} {calls}", lang.counted(name)))
        .collect();
    let mut text = lang.fill("Service level, {}: {}\n", &[&queue, &family]);
    text += &lang.fill("Waits, {}: {}\n", &[&queue, &over.join(" · ")]);
    let [mean, p90] = [journey.mean, journey.p90].map(|wait| clock(wait.as_ref()));
    text += &lang.fill(
        "First queue to first human, {}: mean {} · p90 {}\n",
        &[&queue, &mean, &p90],
    );
    text += &lang.fill("Calls, {}: {}\n", &[&queue, &ends.join(" · ")]);
    if row.calls_refused > 0 || row.all_busy.is_some() {
        let [refused, demand] = [row.calls_refused, row.demand].map(|calls| calls.to_string());
        let share = lang.percent(row.refused_rate);
        text += &lang.fill(
            "Refused, {}: {} of {} ({})",
            &[&queue, &refused, &demand, &share],
        );
        if let Some(busy) = &row.all_busy {
            text += &lang.fill(
                " · all channels of a line busy for {}",
                &[&clock(Some(busy))],
            );
        }
        text.push('\n');
    }
    text
}

/// The shares that a queue is judged by.
fn shares(row: &QueueReportRow) -> [Share; 3] {
    let level = level(row);
    [
        Share {
            share: level.strict,
            of: row.decided,
            interval: level.strict_interval,
        },
        Share {
            share: row.abandon_rate,
            of: row.answered + row.abandoned + other(row),
            interval: row.abandon_rate_interval,
        },
        Share {
            share: row.lost_rate,
            of: row.calls_offered,
            interval: row.lost_rate_interval,
        },
    ]
}

fn outcomes(row: &QueueReportRow) -> CallOutcomes {
    row.outcomes.unwrap_or_default()
}

fn other(row: &QueueReportRow) -> u64 {
    let exits = exits(row);
    exits.timeout
        + exits.key_exit
        + exits.left_empty
        + exits.withdrawn
        + exits.callback
        + exits.error
}

fn exits(row: &QueueReportRow) -> QueueExits {
    row.exits.unwrap_or_default()
}

fn level(row: &QueueReportRow) -> ServiceLevel {
    row.service_level.clone().unwrap_or_default()
}

fn answered(row: &QueueReportRow) -> WaitSummary {
    row.wait_answered.unwrap_or_default()
}

fn abandoned(row: &QueueReportRow) -> WaitSummary {
    row.wait_abandoned.unwrap_or_default()
}

fn all(row: &QueueReportRow) -> WaitSummary {
    row.wait_all.unwrap_or_default()
}
