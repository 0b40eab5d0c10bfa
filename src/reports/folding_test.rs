//! Folding over a real store: whatever is folded, an answer is the one out of rows, and it is so at every moment.

use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::calls::tests::{open, records};
use crate::kpi::{QUANTILE_ERROR, Quantiles, WaitSummary};
use crate::model::{
    CallId, CallKey, CallRecord, EpochIndex, Floor, Mode, QueueId, QueueRules, QueueTarget,
    RulesVersion, Settled, SourceId, Targets, Timeline,
};
use crate::reports::fixture::{OneSource, at};
use crate::reports::{
    Basis, Bucket, Context, Lens, Query, QueueReport, QueueRow, Reports, TransferReport, WaitCurve,
    WaitReport, WaitRow,
};
use crate::store::{Readers, SettledCall, SourceWrite, StoreWriter, Write, chores};

/// A story by its words, as an open call's state.
const STILL_THERE: &str = "arrive 0; enter q 2; ring ann 3";

/// What was told of settled calls, by what is kept of it: its number.
static TOLD: std::sync::Mutex<Vec<CallRecord>> = std::sync::Mutex::new(Vec::new());

fn told(record: &CallRecord) -> Vec<u8> {
    let mut told = TOLD.lock().unwrap();
    told.push(record.clone());
    (told.len() as u64 - 1).to_le_bytes().to_vec()
}

/// Open calls are kept as their first instant: what they are is always the same.
const READING: Readers = Readers {
    open: |state| {
        let start = i64::from_le_bytes(state.try_into().ok()?);
        let record = open(Timestamp::from_micros(start), STILL_THERE).1;
        Some((CallId::new(format!("open {start}")), record))
    },
    told: |told| {
        let number = u64::from_le_bytes(told.try_into().ok()?);
        TOLD.lock().unwrap().get(number as usize).cloned()
    },
    open_timeline: |_| None,
    told_timeline: |_| None,
};

/// A store in a file, with its writer where a server has it.
struct Hotline {
    runtime: Runtime,
    folder: TempDir,
    store: Store,
    writer: Arc<Mutex<StoreWriter>>,
    chores: Chores,
    zone: Zone,
    targets: Targets,
    routes: PlannedRoutes,
    written: u64,
}

impl Hotline {
    fn new(zone: &str) -> Self {
        Self::over(tempfile::tempdir().unwrap(), zone, 0)
    }

    fn over(folder: TempDir, zone: &str, written: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let path = folder.path().join("store.db");
        let (store, mut writer) = runtime.block_on(Store::open(&path, READING)).unwrap();
        runtime.block_on(writer.load()).unwrap();
        let writer = Arc::new(Mutex::new(writer));
        let (chores, mut asked) = chores();
        let writes = writer.clone();
        runtime.spawn(async move {
            while let Some(asked) = asked.recv().await {
                assert!(
                    !writes.lock().await.serve(asked).await,
                    "a file is never lost"
                );
            }
        });
        Self {
            runtime,
            folder,
            store,
            writer,
            chores,
            zone: Zone::find(zone).unwrap(),
            targets: Targets::default(),
            routes: PlannedRoutes::default(),
            written,
        }
    }

    /// The same folder, opened again.
    fn restarted(self, zone: &str) -> Self {
        let Self {
            runtime,
            folder,
            written,
            ..
        } = self;
        drop(runtime);
        Self::over(folder, zone, written)
    }

    fn options(&self) -> Options {
        Options {
            zone: self.zone.clone(),
            targets: self.targets.clone(),
            floor: Arc::new(Floor {
                routes: self.routes.clone(),
                ..Floor::default()
            }),
            altered: Arc::default(),
        }
    }

    fn folder(&self) -> Folder {
        Folder::new(self.store.clone(), self.chores.clone(), &self.options())
    }

    /// Settles calls; opens one at each of these instants.
    fn write(&mut self, records: Vec<CallRecord>, open: &[Timestamp]) {
        let source = SourceId::new("pbx");
        let position = Position(self.written + 1);
        let settled = records.into_iter().map(|record| {
            self.written += 1;
            let call = CallId::new(self.written.to_string());
            let settled = Settled {
                key: call.key(),
                call,
                epoch: EpochIndex(1),
                mode: Mode::Backfill,
                told: told(&record),
                record,
            };
            SettledCall {
                source: source.clone(),
                position,
                settled: Box::new(settled),
            }
        });
        let settled: Vec<_> = settled.collect();
        let of_open = |at: &Timestamp| {
            let state = at.as_micros().to_le_bytes().to_vec();
            (CallKey::from_bytes([state[0]; 16]), state)
        };
        let write = Write {
            position,
            queues: ["q", "r", "s"].map(QueueId::new).to_vec(),
            settled,
            sources: vec![SourceWrite {
                source,
                state: Vec::new(),
                heard: None,
                late_events: 0,
                call_exists_events: 0,
                open: open.iter().map(of_open).collect(),
                closed: Vec::new(),
            }],
            ..Write::default()
        };
        let writing = async { self.writer.lock().await.write(&write).await };
        self.runtime.block_on(writing).unwrap();
    }

    fn fold(&self) {
        let ever = [i64::MIN, i64::MAX].map(Timestamp::from_micros);
        let folding = async {
            let folder = self.folder();
            folder.prepare().await.unwrap();
            folder.fold_until_fresh((ever[0], ever[1])).await.unwrap();
        };
        self.runtime.block_on(folding);
    }

    fn stale(&self) -> Vec<Stale> {
        let ever = [i64::MIN, i64::MAX].map(Timestamp::from_micros);
        let stale = self.store.stale((ever[0], ever[1]), 9_999);
        self.runtime.block_on(stale).unwrap().0
    }

    fn reports(&self, query: &Query) -> (QueueReport, TransferReport) {
        let source = OneSource::known_until(query.end);
        let reports = Reports::new(self.store.clone(), source, self.options());
        self.runtime.block_on(async {
            let queues = reports.queues(query, &[]).await.unwrap();
            (queues, reports.transfers(query, None).await.unwrap())
        })
    }

    fn waits(&self, query: &Query) -> WaitReport {
        let source = OneSource::known_until(query.end);
        let reports = Reports::new(self.store.clone(), source, self.options());
        self.runtime.block_on(reports.waits(query, &[])).unwrap()
    }

    /// How many roll-ups make a period up, and what they leave to rows.
    fn parts(&self, query: &Query) -> (usize, Vec<Period>) {
        let period = (query.start.unwrap(), query.end.unwrap());
        let asked = RollupsAsked {
            sums: Sums::All,
            longest: Level::Month,
            usable: Arc::new(|_: &[u8], _| true),
        };
        let within = self.store.within(period, asked);
        let within = self.runtime.block_on(within).unwrap();
        (within.rollups.len(), within.rest)
    }

    /// An answer out of roll-ups is the one out of rows; whether anything is in it.
    fn check(&self, query: &Query) -> bool {
        let exact = Query {
            exact: true,
            ..query.clone()
        };
        let (folded, rows) = (self.reports(query), self.reports(&exact));
        assert!(folded.0.context.from_rollups || rows.0.rows.is_empty());
        assert!(folded.1.context.from_rollups || rows.1.rows.is_empty());
        assert!(!rows.0.context.from_rollups);
        let (one, mut other) = (context(&folded.0.context), context(&rows.0.context));
        if folded.0.context.from_rollups && !query.queues.is_empty() {
            // Sums know no single calls of a queue.
            assert!(other.calls.take().is_some());
        }
        assert_eq!(one, other, "{query:?}");
        assert_eq!(folded.0.rows.len(), rows.0.rows.len());
        for (folded, rows) in folded.0.rows.iter().zip(&rows.0.rows) {
            same_row(folded, rows);
        }
        assert_eq!(folded.1.rows, rows.1.rows);
        assert_eq!(folded.1.paths, rows.1.paths);
        assert_eq!(folded.1.agent_paths, rows.1.agent_paths);
        same_waits(&self.waits(query), &self.waits(&exact));
        !rows.0.rows.is_empty()
    }
}

/// What a context says of the figures, however they came about.
fn context(context: &Context) -> Context {
    Context {
        from_rollups: false,
        quantile_error: None,
        ..context.clone()
    }
}

/// Everything is the same but the quantiles, and they nearly.
fn same_row(folded: &QueueRow, rows: &QueueRow) {
    let summaries = |row: &mut QueueRow| {
        [
            std::mem::take(&mut row.wait_answered),
            std::mem::take(&mut row.wait_abandoned),
            std::mem::take(&mut row.wait_all),
            std::mem::take(&mut row.calls.journey_wait),
            std::mem::take(&mut row.calls.journey_wait_censored),
            std::mem::take(&mut row.calls.time_to_human),
            std::mem::take(&mut row.calls.caller_burden),
        ]
    };
    let (mut one, mut other) = (folded.clone(), rows.clone());
    for (one, other) in summaries(&mut one).iter().zip(summaries(&mut other)) {
        let exact = |waits: &WaitSummary| (waits.count, waits.sum, waits.mean, waits.max);
        assert_eq!(
            exact(one),
            exact(&other),
            "{} {}",
            rows.bucket_start,
            rows.queue
        );
        let quantiles = |waits: &WaitSummary| [waits.p50, waits.p90, waits.p95, waits.p99];
        for (one, other) in quantiles(one).into_iter().zip(quantiles(&other)) {
            let [one, other] = [one, other].map(|wait| wait.unwrap_or_default().as_secs_f64());
            assert!(
                (one - other).abs() <= other * QUANTILE_ERROR,
                "{one} {other}"
            );
        }
    }
    assert_eq!(one, other);
}

/// The distribution is the same but the quantiles, and those and the curve are as far off as is said.
fn same_waits(folded: &WaitReport, rows: &WaitReport) {
    assert!(folded.context.from_rollups || rows.rows.is_empty());
    assert_eq!(folded.edges, rows.edges);
    let near = |one: Option<Duration>, other: Option<Duration>| {
        let [one, other] = [one, other].map(|wait| wait.map_or(-1.0, |wait| wait.as_secs_f64()));
        assert!(
            (one - other).abs() <= other.abs() * QUANTILE_ERROR,
            "{one} {other}"
        );
    };
    let quantiles = |one: &Quantiles| [one.p50, one.p90, one.p95, one.p99];
    assert_eq!(folded.rows.len(), rows.rows.len());
    let is_doubtful = |row: &WaitRow| {
        let named = format!(" of {} from {} on:", row.queue, row.bucket_start);
        let mut cautions = folded.context.cautions.iter();
        cautions.any(|words| words.contains(&named) || words.contains(" more;"))
    };
    for (one, other) in folded.rows.iter().zip(&rows.rows) {
        let exact = |row: &WaitRow| WaitRow {
            quantiles: Quantiles::default(),
            time_to_answer: None,
            ..row.clone()
        };
        assert_eq!(exact(one), exact(other));
        for (one, other) in quantiles(&one.quantiles)
            .into_iter()
            .zip(quantiles(&other.quantiles))
        {
            near(one, other);
        }
        let both = one.time_to_answer.zip(other.time_to_answer);
        if let Some((of_cells, exact)) = both.filter(|_| !is_doubtful(one)) {
            for (one, other) in quantiles(&of_cells).into_iter().zip(quantiles(&exact)) {
                near(one, other);
            }
        }
    }
    for (one, other) in folded.curves.iter().zip(&rows.curves) {
        assert_eq!(
            (&one.bucket_start, &one.queue),
            (&other.bucket_start, &other.queue)
        );
        assert_eq!(
            (one.answered, one.censored),
            (other.answered, other.censored)
        );
        assert_eq!(other.survival_error, None);
        let error = one.survival_error.unwrap();
        let at_the_end =
            |curve: &WaitCurve| curve.curve.steps.last().map_or(1.0, |step| step.survival);
        let (shown, exact) = (at_the_end(one), at_the_end(other));
        assert!(
            exact <= shown + 1e-9 && shown - error <= exact + 1e-9,
            "{shown} − {error}, {exact}"
        );
    }
}

fn query(start: &str, end: &str, zone: &str, bucket: Bucket) -> Query {
    Query {
        start: Some(at(start)),
        end: Some(at(end)),
        zone: zone.to_owned(),
        bucket,
        ..Query::default()
    }
}

/// Each is asked in one of three zones and through one of both lenses.
const BUCKETS: [Bucket; 8] = [
    Bucket::Hour,
    Bucket::Total,
    Bucket::Minutes30,
    Bucket::Day,
    Bucket::HourOfDay,
    Bucket::Day,
    Bucket::Month,
    Bucket::Minutes15,
];

/// Asks in ways that roll-ups answer; how many answers had something in them.
fn check_all(hotline: &Hotline, start: &str, end: &str) -> usize {
    let mut found = 0;
    let ways = BUCKETS
        .iter()
        .zip(["", "UTC", "Asia/Kathmandu"].iter().cycle());
    for ((bucket, zone), lens) in ways.zip(Lens::ALL.iter().cycle()) {
        let query = Query {
            lens: *lens,
            ..query(start, end, zone, *bucket)
        };
        found += usize::from(hotline.check(&query));
    }
    let some = Query {
        queues: vec!["r".into(), "q".into()],
        service_level: Some(Duration::from_secs(45)),
        ..query(start, end, "", Bucket::Day)
    };
    found + usize::from(hotline.check(&some))
}

/// However many queues are summed at a time, the sums are the same.
fn check_parts(hotline: &Hotline, start: &str, end: &str) {
    let period = (at(start), at(end));
    let settled = hotline.store.settled(period);
    let rows = hotline.runtime.block_on(settled).unwrap();
    let routes = &hotline.routes;
    let counting = Counting::of(hotline.targets.thresholds(), routes);
    let summed = |at_once| sums::of_rows(period, &rows, (&counting, routes), at_once);
    let whole = summed(usize::MAX);
    assert!(!whole.is_empty());
    for at_once in [1, 2, 3] {
        assert_eq!(summed(at_once), whole, "{at_once} queues at once");
    }
}

/// Calls of four moments around a change of the clocks: zone and RFC 3339.
const AROUND: [(&str, [&str; 4]); 4] = [
    (
        "Europe/Samara",
        [
            "2026-02-27T23:59:50Z",
            "2026-02-28T19:59:30Z",
            "2026-02-28T20:14:59Z",
            "2026-03-03T08:00:00Z",
        ],
    ),
    (
        "Europe/Berlin",
        [
            "2026-10-24T21:59:55Z",
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T22:59:58Z",
        ],
    ),
    (
        "Asia/Kathmandu",
        [
            "2026-03-31T18:14:30Z",
            "2026-03-31T18:15:00Z",
            "2026-04-01T11:59:59Z",
            "2026-04-02T03:00:00Z",
        ],
    ),
    (
        "Australia/Lord_Howe",
        [
            "2026-04-04T14:29:55Z",
            "2026-04-04T14:45:00Z",
            "2026-04-04T15:15:00Z",
            "2026-04-05T13:29:50Z",
        ],
    ),
];

fn calls() -> impl Strategy<Value = (usize, Vec<Vec<CallRecord>>)> {
    (0..AROUND.len()).prop_flat_map(|place| {
        let moments = AROUND[place].1.map(|moment| records(at(moment)));
        (Just(place), Vec::from(moments))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn an_answer_is_the_same_whatever_is_folded((place, moments) in calls()) {
        let (zone, instants) = AROUND[place];
        let (start, end) = period(instants);
        let mut hotline = Hotline::new(zone);
        let mut moments = moments.into_iter();
        // Nothing folded, all folded, some stale again, an open call between, folded after a restart.
        hotline.write(moments.next().unwrap_or_default(), &[]);
        check_all(&hotline, &start, &end);
        hotline.fold();
        check_all(&hotline, &start, &end);
        hotline.write(moments.next().unwrap_or_default(), &[at(instants[2])]);
        check_all(&hotline, &start, &end);
        hotline.write(moments.flatten().collect(), &[]);
        let mut hotline = hotline.restarted(zone);
        check_all(&hotline, &start, &end);
        check_parts(&hotline, &start, &end);
        hotline.fold();
        prop_assert_eq!(hotline.stale(), []);
        prop_assert!(check_all(&hotline, &start, &end) > 0, "the open call is there");
        // Another zone, other thresholds.
        hotline = hotline.restarted("America/St_Johns");
        let odd = QueueTarget {
            service_level: Duration::from_millis(17_500),
            ..QueueTarget::default()
        };
        hotline.targets.default = odd.into();
        check_all(&hotline, &start, &end);
        hotline.fold();
        prop_assert_eq!(hotline.stale(), []);
        check_all(&hotline, &start, &end);
        // Planned routes: what T8 and T10 leave out is another thing, so rows are read until it is folded.
        hotline.routes = ["q", "r"].into_iter().zip(["r", "s"])
            .map(|(from, to)| (QueueId::new(from), QueueId::new(to)))
            .collect();
        check_all(&hotline, &start, &end);
        hotline.fold();
        prop_assert_eq!(hotline.stale(), []);
        check_all(&hotline, &start, &end);
        hotline = hotline.restarted("America/St_Johns");
        check_all(&hotline, &start, &end);
    }
}

/// From a day and seven minutes before the first to a day after the last.
fn period(instants: [&str; 4]) -> (String, String) {
    let micros = |text: &str| at(text).as_micros();
    let text = |micros| {
        jiff::Timestamp::from_microsecond(micros)
            .unwrap()
            .to_string()
    };
    let day = 24 * 60 * 60 * 1_000_000;
    (
        text(micros(instants[0]) - day - 7 * 60 * 1_000_000),
        text(micros(instants[3]) + day),
    )
}

fn of_story(start: &str, story: &str) -> CallRecord {
    crate::calls::tests::settled(at(start), story)
}

const ANSWERED: &str = "arrive 0; enter q 1; answer ann q 13; release ann caller 73; end caller 73";

/// All of its three months.
fn first_quarter() -> Query {
    query(
        "2026-01-01T00:00:00+04:00",
        "2026-04-01T00:00:00+04:00",
        "",
        Bucket::Total,
    )
}

/// Three months with a call on each day at noon, Samara's time, folded.
fn quarter_of_a_year() -> Hotline {
    let mut hotline = Hotline::new("Europe/Samara");
    let days =
        (0..90).map(|day| at("2026-01-01T08:00:00Z").plus(Duration::from_secs(day * 86_400)));
    let records = days.map(|day| crate::calls::tests::settled(day, ANSWERED));
    hotline.write(records.collect(), &[]);
    hotline.fold();
    hotline
}

#[test]
fn long_periods_are_made_up_of_long_intervals() {
    let hotline = quarter_of_a_year();
    assert_eq!(hotline.stale(), []);
    let samara = |start: &str, end: &str| query(start, end, "Europe/Samara", Bucket::Total);
    let whole = samara("2026-01-01T00:00:00+04:00", "2026-04-01T00:00:00+04:00");
    assert_eq!(hotline.parts(&whole), (3, vec![]), "months");
    // 31 days of January but one, and the hour from noon on.
    let most = samara("2026-01-01T12:00:00+04:00", "2026-02-01T00:00:00+04:00");
    assert_eq!(hotline.parts(&most), (31, vec![]), "days and an hour");
    let cut = samara("2026-01-01T11:55:00+04:00", "2026-01-01T12:05:00+04:00");
    let ends = [
        ("2026-01-01T11:55:00+04:00", "2026-01-01T12:00:00+04:00"),
        ("2026-01-01T12:00:00+04:00", "2026-01-01T12:05:00+04:00"),
    ];
    let joined = (at(ends[0].0), at(ends[1].1));
    assert_eq!(
        hotline.parts(&cut),
        (0, vec![joined]),
        "no quarter is whole"
    );
    assert!(hotline.check(&whole));
}

#[test]
fn what_is_stale_is_read_from_rows_and_folded_again() {
    let mut hotline = quarter_of_a_year();
    let whole = query(
        "2026-01-01T00:00:00+04:00",
        "2026-04-01T00:00:00+04:00",
        "",
        Bucket::Month,
    );
    let late = of_story("2026-02-10T08:03:00Z", ANSWERED);
    hotline.write(vec![late], &[]);
    let noon = (at("2026-02-10T08:00:00Z"), at("2026-02-10T08:15:00Z"));
    let marked = hotline.stale();
    assert_eq!(marked.len(), 1);
    assert_eq!((marked[0].level, marked[0].start), (Level::Quarter, noon.0));
    // January and March stay; of February 27 days, and a quarter's rows.
    assert_eq!(hotline.parts(&whole), (29, vec![noon]));
    assert!(hotline.check(&whole));
    let offered = |hotline: &Hotline| hotline.reports(&whole).0.rows[2].visits_offered;
    assert_eq!(offered(&hotline), 29);

    // Folded no further than the quarter, as a kill in the middle leaves it.
    hotline
        .runtime
        .block_on(hotline.folder().fold(marked))
        .unwrap();
    let left = hotline.stale();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].level, left[0].start), (Level::Hour, noon.0));
    assert_eq!(
        hotline.parts(&whole),
        (30, vec![]),
        "27 days, a quarter, 2 months"
    );
    let hotline = hotline.restarted("Europe/Samara");
    assert!(hotline.check(&whole));
    assert_eq!(offered(&hotline), 29);
    hotline.fold();
    assert_eq!(
        (hotline.stale(), hotline.parts(&whole)),
        (vec![], (3, vec![]))
    );
    assert_eq!(offered(&hotline), 29);
}

#[test]
fn what_changes_while_it_is_folded_stays_stale() {
    let mut hotline = quarter_of_a_year();
    let late = of_story("2026-02-10T08:03:00Z", ANSWERED);
    hotline.write(vec![late.clone()], &[]);
    let seen = hotline.stale();
    hotline.write(vec![late], &[]);
    let sums = hotline.runtime.block_on(
        hotline
            .store
            .settled((at("2026-02-10T08:00:00Z"), at("2026-02-10T08:15:00Z"))),
    );
    assert_eq!(sums.unwrap().calls.len(), 3);
    // Marks as they were before the second call came.
    hotline
        .runtime
        .block_on(hotline.folder().fold(seen.clone()))
        .unwrap();
    let left = hotline.stale();
    assert!(
        left.iter()
            .any(|stale| stale.level == Level::Quarter && stale.marks > seen[0].marks)
    );
    hotline.fold();
    assert_eq!(hotline.stale(), []);
}

#[test]
fn what_goes_on_is_left_alone() {
    let mut hotline = Hotline::new("Europe/Samara");
    hotline.write(vec![of_story("2026-02-10T08:03:00Z", ANSWERED)], &[]);
    let folder = hotline.folder();
    let look = |known| hotline.runtime.block_on(folder.look(&known)).unwrap();
    let known = look(BTreeMap::new());
    assert_eq!(hotline.stale().len(), 1, "it was seen once");
    let known = look(known);
    let hour = hotline.stale();
    assert_eq!(
        (hour.len(), hour[0].level),
        (1, Level::Hour),
        "the quarter was folded"
    );
    let known = look(look(known));
    assert_eq!(hotline.stale(), hour, "the hour may go on");
    hotline.write(vec![of_story("2026-02-10T09:00:00Z", ANSWERED)], &[]);
    let folder = hotline.folder();
    let look = |known| hotline.runtime.block_on(folder.look(&known)).unwrap();
    let known = look(known);
    assert!(
        !hotline.stale().contains(&hour[0]),
        "something later is there"
    );
    drop(look(known));
}

#[test]
fn what_roll_ups_do_not_know_is_read_from_rows() {
    let hotline = quarter_of_a_year();
    let whole = first_quarter();
    let short = query(
        "2026-01-01T00:00:00+04:00",
        "2026-01-03T00:00:00+04:00",
        "",
        Bucket::Total,
    );
    let event = Query {
        basis: Basis::Event,
        ..whole.clone()
    };
    let talk = Query {
        short_answered: Some(Duration::from_secs(60)),
        ..whole.clone()
    };
    for (query, from_rollups) in [
        (&whole, true),
        (&short, false),
        (&event, false),
        (&talk, false),
    ] {
        let report = hotline.reports(query).0;
        assert_eq!(report.context.from_rollups, from_rollups, "{query:?}");
        assert_eq!(report.context.quantile_error.is_some(), from_rollups);
    }
    // 12.5 s is no edge: no roll-up will do, and every row is read.
    let odd = Query {
        service_level: Some(Duration::from_millis(11_500)),
        ..whole
    };
    assert!(hotline.check(&odd));
    let row = &hotline.reports(&odd).0.rows[0];
    assert_eq!((row.counts.answered, row.counts.answered_within), (90, 0));
}

#[test]
fn a_queues_own_threshold_holds_out_of_roll_ups_too() {
    let mut hotline = quarter_of_a_year();
    let own = QueueTarget {
        service_level: Duration::from_secs(12),
        short_abandon: Duration::from_secs(5),
    };
    hotline.targets.queues.insert(QueueId::new("q"), own.into());
    hotline.fold();
    assert_eq!(hotline.stale(), []);
    let whole = first_quarter();
    assert!(hotline.check(&whole));
    let report = hotline.reports(&whole).0;
    // Each waited 12 s.
    for row in &report.rows {
        assert_eq!(
            (
                row.counts.answered_within,
                row.calls.journeys.answered_within
            ),
            (90, 90)
        );
    }
    assert_eq!(hotline.parts(&whole).0, 3);
}

/// T = 20 s and two transfers at the most, from then on 10 s and one.
fn stricter_from(since: Timestamp) -> Timeline {
    let rules = |service_level, excessive_limit| QueueRules {
        target: QueueTarget {
            service_level: Duration::from_secs(service_level),
            ..QueueTarget::default()
        },
        excessive_limit,
        ..QueueRules::default()
    };
    let later = RulesVersion {
        since,
        rules: rules(10, 1),
    };
    Timeline::with_changes(rules(20, 2), vec![later])
}

#[test]
fn what_changes_within_the_period_counts_on_its_side() {
    let mut hotline = Hotline::new("Europe/Samara");
    // Each waits 12 s, and enters the queue a second after its arrival: the first on the other side of the change.
    let change = at("2026-02-10T12:00:00+04:00");
    let arrivals = [-86_401, -1, 0, 86_400]
        .map(|seconds: i64| Timestamp::from_micros(change.as_micros() + seconds * 1_000_000));
    let records = arrivals.map(|arrival| crate::calls::tests::settled(arrival, ANSWERED));
    hotline.write(records.to_vec(), &[]);
    hotline.targets.default = stricter_from(change);
    hotline.fold();
    let all = query(
        "2026-02-01T00:00:00+04:00",
        "2026-03-01T00:00:00+04:00",
        "",
        Bucket::Total,
    );
    let (report, _) = hotline.reports(&all);
    assert!(report.context.from_rollups);
    // By visits and by journeys one was within 20 s; the others began when 10 s counted.
    let row = &report.rows[0];
    assert_eq!((row.counts.answered, row.counts.answered_within), (4, 1));
    assert_eq!(row.calls.journeys.answered_within, 1);
    for bucket in BUCKETS {
        assert!(hotline.check(&Query {
            bucket,
            ..all.clone()
        }));
    }
}

#[path = "gone_test.rs"]
mod gone_test;
