//! Calls go by retention, their sums stay: figures are the same after as before, or it is said in what they are not.

use super::*;
use crate::store::Erasure;

impl Hotline {
    /// Removes what arrived before an instant.
    fn remove_calls(&self, before: &str) {
        let removing = async {
            loop {
                let done = self.chores.ask(Chore::RemoveCalls(at(before)));
                if done.await.unwrap().rows == 0 {
                    return;
                }
            }
        };
        self.runtime.block_on(removing);
    }

    /// Both reports out of rows.
    fn exact(&self, query: &Query) -> (QueueReport, TransferReport) {
        self.reports(&Query {
            exact: true,
            ..query.clone()
        })
    }

    /// The sentences of a queue report about sums.
    fn said(&self, query: &Query) -> Vec<String> {
        let cautions = self.reports(query).0.context.cautions.into_iter();
        cautions
            .filter(|words| words.contains("kept no more"))
            .collect()
    }
}

/// Every way to ask, with and without roll-ups the same.
fn ways(start: &str, end: &str) -> Vec<Query> {
    let lenses = Lens::ALL.iter().cycle();
    let ways = BUCKETS.iter().zip(lenses).map(|(bucket, lens)| Query {
        lens: *lens,
        ..query(start, end, "", *bucket)
    });
    ways.collect()
}

fn same_rows(before: &(QueueReport, TransferReport), after: &(QueueReport, TransferReport)) {
    assert_eq!(before.0.rows.len(), after.0.rows.len());
    for (before, after) in before.0.rows.iter().zip(&after.0.rows) {
        same_row(after, before);
    }
    assert_eq!(before.1.rows, after.1.rows);
    assert_eq!(before.1.paths, after.1.paths);
    assert_eq!(before.0.context.calls, after.0.context.calls);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn what_goes_stays_in_every_figure((place, moments) in super::calls()) {
        let (zone, instants) = AROUND[place];
        let (start, end) = period(instants);
        let mut hotline = Hotline::new(zone);
        hotline.routes = [(QueueId::new("q"), QueueId::new("r"))].into_iter().collect();
        hotline.write(moments.concat(), &[]);
        hotline.fold();
        let ways = ways(&start, &end);
        let before: Vec<_> = ways.iter().map(|query| hotline.exact(query)).collect();
        // Some go, then all.
        for gone in [instants[2], end.as_str()] {
            hotline.remove_calls(gone);
            for (query, before) in ways.iter().zip(&before) {
                same_rows(before, &hotline.reports(query));
            }
            // The periods cut a quarter in which nobody calls.
            let said = hotline.said(&ways[0]);
            prop_assert!(said.iter().all(|words| words.contains("in no figure")), "{said:?}");
        }
    }
}

/// The three months of `quarter_of_a_year`, with thresholds that change on a midnight of February.
fn changing() -> (Hotline, Query) {
    let mut hotline = quarter_of_a_year();
    let change = at("2026-02-10T00:00:00+04:00");
    hotline.targets.default = stricter_from(change);
    hotline.fold();
    let whole = first_quarter();
    (hotline, whole)
}

#[test]
fn the_day_before_a_change_stays_where_its_calls_are_gone() {
    let (hotline, whole) = changing();
    let ways = ways("2026-01-01T00:00:00+04:00", "2026-04-01T00:00:00+04:00");
    let before: Vec<_> = ways.iter().map(|query| hotline.exact(query)).collect();
    for gone in ["2026-02-09T12:00:00+04:00", "2026-03-01T00:00:00+04:00"] {
        hotline.remove_calls(gone);
        for (query, before) in ways.iter().zip(&before) {
            same_rows(before, &hotline.reports(query));
        }
    }
    // 40 days within 20 s; the 50 that follow waited longer than 10 s.
    let row = &hotline.reports(&whole).0.rows[0];
    assert_eq!((row.counts.answered, row.counts.answered_within), (90, 40));
    assert_eq!(
        hotline.said(&whole),
        [
            "of calls that are kept no more, some around the change at 2026-02-10T00:00:00+04:00 are measured as before it: \
             their sums are by quarters of an hour"
        ]
    );
}

#[test]
fn a_period_that_cuts_a_quarter_of_calls_that_are_gone_says_what_it_lacks() {
    // A call a day at noon.
    let hotline = quarter_of_a_year();
    let cut = query(
        "2026-01-05T12:00:30+04:00",
        "2026-03-05T12:07:00+04:00",
        "Europe/Samara",
        Bucket::Total,
    );
    let offered = |query: &Query| hotline.reports(query).0.rows[0].counts.answered;
    assert_eq!((offered(&cut), hotline.said(&cut).len()), (59, 0));
    let lacks = |from: &str, until: &str| {
        format!(
            "calls that arrived from {from}+04:00 to {until}+04:00 are in no figure: they are kept no more, and their sums are \
             by quarters of an hour"
        )
    };
    hotline.remove_calls("2026-02-01T00:00:00+04:00");
    let first = lacks("2026-01-05T12:00:30", "2026-01-05T12:15:00");
    assert_eq!(hotline.said(&cut), std::slice::from_ref(&first));
    hotline.remove_calls("2026-04-01T00:00:00+04:00");
    // That of 5 March at noon is in it, and no sum is of it alone.
    assert_eq!(offered(&cut), 58);
    let last = lacks("2026-03-05T12:00:00", "2026-03-05T12:07:00");
    assert_eq!(hotline.said(&cut), [first, last]);
    // Whole quarters lack nothing.
    assert!(hotline.said(&first_quarter()).is_empty());
}

#[test]
fn a_threshold_that_sums_were_not_counted_on_is_estimated_and_said() {
    let hotline = quarter_of_a_year();
    let whole = first_quarter();
    let odd = |millis| Query {
        service_level: Some(Duration::from_millis(millis)),
        ..whole.clone()
    };
    let within = |query: &Query| {
        let row = hotline.reports(query).0.rows.remove(0);
        (row.visits_offered, row.counts.answered_within)
    };
    assert_eq!(hotline.said(&odd(11_500)), Vec::<String>::new());
    hotline.remove_calls("2026-02-10T00:00:00+04:00");
    // Each waited 12 s: a threshold that is more than 1 % off leaves no doubt.
    assert_eq!(within(&odd(11_500)), (90, 0));
    assert_eq!(within(&odd(12_500)), (90, 90));
    assert_eq!(
        hotline.said(&odd(11_500)),
        [
            "sums of calls that are kept no more were not counted on these thresholds, in seconds: 11.5; of those calls, \
             who waited within 1 % of one may be on its wrong side"
        ]
    );
    // An edge is exact, and calls that are there are counted one by one.
    assert_eq!(hotline.said(&odd(10_000)), Vec::<String>::new());
    let later = Query {
        start: Some(at("2026-02-10T00:00:00+04:00")),
        ..odd(11_990)
    };
    assert_eq!(within(&later), (50, 0));
    assert_eq!(hotline.said(&later), Vec::<String>::new());
    let waits = hotline.waits(&whole);
    assert_eq!(waits.rows[0].count, 90);
}

#[test]
fn routes_that_sums_were_not_made_with_are_said() {
    let mut hotline = Hotline::new("Europe/Samara");
    let passed = "arrive 0; enter q 1; answer ann q 13; release ann agent 20; enter r 20; answer bob r 30; \
                  release bob caller 73; end caller 73";
    hotline.write(vec![of_story("2026-02-10T08:03:00Z", passed)], &[]);
    hotline.fold();
    hotline.remove_calls("2026-02-11T00:00:00Z");
    let planned: PlannedRoutes = [(QueueId::new("q"), QueueId::new("r"))]
        .into_iter()
        .collect();
    hotline.routes = planned;
    hotline.fold();
    let whole = query(
        "2026-02-01T00:00:00+04:00",
        "2026-03-01T00:00:00+04:00",
        "",
        Bucket::Total,
    );
    let (queues, transfers) = hotline.reports(&whole);
    let row = transfers.rows.last().unwrap();
    assert_eq!((row.transfers, row.wrong_door), (1, 1));
    assert!(
        transfers
            .context
            .cautions
            .contains(&super::super::super::making::OTHER_ROUTES.to_owned())
    );
    assert_eq!(queues.context.cautions, Vec::<String>::new());
}

#[test]
fn a_visit_stays_in_its_quarter_when_the_quarter_of_its_call_goes() {
    let mut hotline = Hotline::new("Europe/Samara");
    let across = "arrive 0; enter q 20; answer ann q 32; release ann caller 73; end caller 73";
    hotline.write(
        vec![
            of_story("2026-02-10T07:59:50Z", across),
            of_story("2026-02-10T08:03:00Z", ANSWERED),
        ],
        &[],
    );
    hotline.fold();
    hotline.remove_calls("2026-02-10T08:00:00Z");
    let odd = Query {
        service_level: Some(Duration::from_millis(11_500)),
        ..query(
            "2026-02-01T00:00:00+04:00",
            "2026-03-01T00:00:00+04:00",
            "",
            Bucket::Total,
        )
    };
    let offered = |hotline: &Hotline| {
        let row = hotline.reports(&odd).0.rows.remove(0);
        (row.visits_offered, row.calls_offered)
    };
    assert_eq!(offered(&hotline), (2, 2), "read from rows");
    // The quarter is made again of its rows.
    hotline.write(vec![of_story("2026-02-10T08:05:00Z", ANSWERED)], &[]);
    hotline.fold();
    assert_eq!(offered(&hotline), (3, 3));
    hotline.remove_calls("2026-02-11T08:00:00Z");
    assert_eq!(offered(&hotline), (3, 3));
}

#[test]
fn sums_are_said_to_have_calls_of_erased_callers() {
    let hotline = quarter_of_a_year();
    let whole = first_quarter();
    let cautions = || hotline.reports(&whole).0.context.cautions;
    assert_eq!(cautions(), [""; 0]);
    for (number, calls) in [(1, 3), (2, 4)] {
        let act = Erasure {
            number,
            begun_at: at("2026-05-01T08:00:00.25Z").plus(Duration::from_secs(number * 3_600)),
            finished_at: None,
            key: None,
            calls,
            calls_open: 0,
            events: 0,
            digest: String::new(),
        };
        let asked = hotline.chores.ask(Chore::BeginErasure(act, Vec::new()));
        hotline.runtime.block_on(asked).unwrap();
    }
    assert_eq!(
        cautions(),
        [
            "callers were erased, last on 2026-05-01T14:00:00+04:00; their calls, 7 of whatever time, are counted as nobody's"
        ]
    );
}
