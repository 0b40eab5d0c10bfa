//! The statistics of `kpi` against tables that other programs computed: every row of each.
//!
//! The tables lie beside the recorded calls, and are no part of this project either.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use dozvon::kpi::{
    Curve, Difference, ErlangC, Part, WaitEnd, WatchedWait, erlang_b, newcombe, offered_load,
    wilson,
};
use serde::de::DeserializeOwned;

use crate::harness;

/// Shares and their differences stand in the tables with 12 digits.
const SHARE_ERROR: f64 = 1e-12;

/// What floats may differ by in Erlang's figures, and close to full load, where n − a has few digits left.
const ERLANG_RELATIVE: f64 = 1e-9;
const ERLANG_RELATIVE_FULL: f64 = 1e-7;
const FULL_LOAD: f64 = 0.9999;

/// The rows of a shared table; `None` is said loudly.
fn rows<R: DeserializeOwned>(table: &str) -> Option<Vec<R>> {
    let path = harness::shared()?.join("data").join(table);
    let mut reader = csv::Reader::from_path(path).unwrap();
    Some(reader.deserialize().map(Result::unwrap).collect())
}

#[track_caller]
fn close(share: f64, expected: f64, row: &impl Debug) {
    let error = (share - expected).abs();
    assert!(error <= SHARE_ERROR, "{share} for {expected}: {row:?}");
}

/// Some of Erlang's figures are tiny: an absolute error would take 0 for them.
#[track_caller]
fn relatively_close(figure: f64, expected: f64, relative: f64, row: &impl Debug) {
    let error = (figure - expected).abs();
    assert!(
        error <= relative * expected,
        "{figure} for {expected}: {row:?}"
    );
}

#[derive(Debug, serde::Deserialize)]
struct WilsonRow {
    x: u64,
    n: u64,
    lower95: f64,
    upper95: f64,
}

#[test]
#[ignore = "needs ../shared: run tests/run"]
fn wilson_equals_the_table() {
    let Some(rows) = rows::<WilsonRow>("stats/wilson.csv") else {
        return;
    };
    assert_eq!(rows.len(), 60);
    for row in rows {
        let part = Part {
            count: row.x,
            of: row.n,
        };
        let (low, high) = wilson(part).unwrap();
        close(low, row.lower95, &row);
        close(high, row.upper95, &row);
    }
}

#[derive(Debug, serde::Deserialize)]
struct NewcombeRow {
    x1: u64,
    n1: u64,
    x2: u64,
    n2: u64,
    difference: f64,
    lower95: f64,
    upper95: f64,
}

#[test]
#[ignore = "needs ../shared: run tests/run"]
fn newcombe_equals_the_table() {
    let Some(rows) = rows::<NewcombeRow>("stats/newcombe.csv") else {
        return;
    };
    assert_eq!(rows.len(), 60);
    for row in rows {
        let part = |count, of| Part { count, of };
        let one = newcombe(part(row.x1, row.n1), part(row.x2, row.n2));
        let Difference { value, low, high } = one.unwrap();
        close(value, row.difference, &row);
        close(low, row.lower95, &row);
        close(high, row.upper95, &row);
    }
}

#[derive(Debug, serde::Deserialize)]
struct SampleRow {
    sample: u32,
    time_s: String,
    event: u8,
}

#[derive(Debug, serde::Deserialize)]
struct StepRow {
    sample: u32,
    time_s: String,
    at_risk: u64,
    events: u64,
    censored: u64,
    survival: f64,
}

#[derive(Debug, serde::Deserialize)]
struct QuantileRow {
    sample: u32,
    n: u64,
    events: u64,
    q25_s: String,
    q50_s: String,
    q75_s: String,
    q90_s: String,
}

fn span(seconds: &str) -> Duration {
    Duration::from_secs_f64(seconds.parse().unwrap())
}

/// The curve of each sample.
fn curves() -> Option<BTreeMap<u32, Curve>> {
    let mut samples = BTreeMap::<_, Vec<_>>::new();
    for row in rows::<SampleRow>("stats/km_samples.csv")? {
        let wait = WatchedWait {
            entered: Duration::ZERO,
            time: span(&row.time_s),
            end: match row.event {
                1 => WaitEnd::Answered,
                _ => WaitEnd::Censored,
            },
        };
        samples.entry(row.sample).or_default().push(wait);
    }
    let curves = samples.into_iter();
    Some(
        curves
            .map(|(sample, waits)| (sample, Curve::of(&waits)))
            .collect(),
    )
}

#[test]
#[ignore = "needs ../shared: run tests/run"]
fn kaplan_meier_equals_the_table() {
    let Some(curves) = curves() else { return };
    let expected = rows::<StepRow>("stats/km.csv").unwrap();
    let steps = curves
        .iter()
        .flat_map(|(sample, curve)| curve.steps.iter().map(move |step| (*sample, step)));
    let steps: Vec<_> = steps.collect();
    assert_eq!((curves.len(), steps.len()), (20, expected.len()));
    for ((sample, step), row) in steps.into_iter().zip(expected) {
        let ages = (sample, step.time) == (row.sample, span(&row.time_s));
        let counts =
            [step.at_risk, step.answered, step.censored] == [row.at_risk, row.events, row.censored];
        assert!(ages && counts, "{step:?} for {row:?}");
        close(step.survival, row.survival, &row);
    }
}

#[test]
#[ignore = "needs ../shared: run tests/run"]
fn kaplan_meier_quantiles_equal_the_table() {
    let Some(curves) = curves() else { return };
    let expected = rows::<QuantileRow>("stats/km_quantiles.csv").unwrap();
    assert_eq!(expected.len(), 20);
    for row in expected {
        let curve = &curves[&row.sample];
        let events: u64 = curve.steps.iter().map(|step| step.answered).sum();
        let first = curve.steps.first().unwrap();
        assert_eq!((first.at_risk, events), (row.n, row.events), "{row:?}");
        for (percent, expected) in [
            (25, &row.q25_s),
            (50, &row.q50_s),
            (75, &row.q75_s),
            (90, &row.q90_s),
        ] {
            let expected = (!expected.is_empty()).then(|| span(expected));
            assert_eq!(curve.quantile(percent), expected, "q{percent} of {row:?}");
        }
    }
}

#[derive(Debug, serde::Deserialize)]
struct ErlangRow {
    lambda_per_s: f64,
    aht_s: f64,
    agents: u32,
    t_s: f64,
    offered_erl: f64,
    rho: f64,
    erlang_b: f64,
    erlang_c_pwait: Option<f64>,
    erlang_c_wait_s: Option<f64>,
    erlang_c_sl: Option<f64>,
    erlang_c_lq: Option<f64>,
    erlang_c_occupancy: Option<f64>,
}

#[test]
#[ignore = "needs ../shared: run tests/run"]
fn erlang_equals_the_table() {
    let Some(rows) = rows::<ErlangRow>("erlang/erlang.csv") else {
        return;
    };
    assert_eq!(rows.len(), 200);
    for row in rows {
        let handling = Duration::from_secs_f64(row.aht_s);
        let load = offered_load(row.lambda_per_s, handling);
        relatively_close(load, row.offered_erl, ERLANG_RELATIVE, &row);
        relatively_close(
            erlang_b(load, row.agents),
            row.erlang_b,
            ERLANG_RELATIVE,
            &row,
        );

        let queue = ErlangC::solve(row.lambda_per_s, handling, row.agents);
        let threshold = Duration::from_secs_f64(row.t_s);
        let relative = if row.rho > FULL_LOAD {
            ERLANG_RELATIVE_FULL
        } else {
            ERLANG_RELATIVE
        };
        for (figure, expected) in [
            (queue.map(|queue| queue.waiting_share), row.erlang_c_pwait),
            (queue.map(|queue| queue.mean_wait_s), row.erlang_c_wait_s),
            (
                queue.map(|queue| queue.answered_within(threshold)),
                row.erlang_c_sl,
            ),
            (queue.map(|queue| queue.queue_length), row.erlang_c_lq),
            (queue.map(|queue| queue.occupancy), row.erlang_c_occupancy),
        ] {
            assert_eq!(figure.is_some(), expected.is_some(), "{row:?}");
            if let (Some(figure), Some(expected)) = (figure, expected) {
                relatively_close(figure, expected, relative, &row);
            }
        }
    }
}
