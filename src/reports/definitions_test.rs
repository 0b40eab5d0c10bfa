//! Reports by what was configured: rules by date, calendars, lines, teams, routes, and other products' figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::calls::tests::settled;
use crate::kpi::CompatFigure;
use crate::model::{
    AgentId, Alterations, Altered, AlteredHours, Calendar, CallRecord, Exit, Floor, Headline,
    Hours, LineId, Post, QueueId, QueueRules, QueueTarget, RulesVersion, TargetKind, Timeline,
    Timestamp, VisitRow,
};
use crate::store::{Selection, Told};

use super::fixture::{Asked, Memory, at, hotline, query, samara, seconds, visit};
use super::{Basis, Bucket, CallsQuery, Error, Options, Pack, Query, QueueRow};

pub(super) fn rules(target: u64) -> QueueRules {
    let target = QueueTarget {
        service_level: seconds(target),
        ..QueueTarget::default()
    };
    target.into()
}

/// From 10:00 on jobs has 10 s instead of 20 s.
fn changed_at_ten() -> Options {
    let version = RulesVersion {
        since: samara("10:00:00"),
        rules: rules(10),
    };
    let mut options = hotline();
    let timeline = Timeline::with_changes(rules(20), vec![version]);
    options
        .targets
        .queues
        .insert(QueueId::new("jobs"), timeline);
    options
}

fn of_visits(visits: Vec<VisitRow>, options: Options) -> Asked {
    let selection = Selection {
        visits,
        ..Selection::default()
    };
    Memory::of(selection).reports(options)
}

/// Two visits of 15 s each, one begun before 10:00 and ended after it.
fn around_ten() -> Vec<VisitRow> {
    vec![
        visit("jobs", samara("09:59:50"), Exit::Answered, 15),
        visit("jobs", samara("10:00:00"), Exit::Answered, 15),
    ]
}

#[test]
fn each_visit_is_measured_by_what_was_in_force_when_it_began() {
    let reports = of_visits(around_ten(), changed_at_ten());
    let hours = Query {
        bucket: Bucket::Hour,
        queues: vec!["jobs".into()],
        ..query()
    };
    let report = reports.queues(&hours).unwrap();
    let of_jobs = report.rows.iter().filter(|row| row.queue == "jobs");
    let brief = |row: &QueueRow| {
        let target = row.threshold.map(|target| target.as_secs());
        (target, row.counts.answered_within)
    };
    let brief: Vec<_> = of_jobs.map(brief).collect();
    assert_eq!(brief, [(Some(20), 1), (Some(10), 0)]);

    // Over the change: one of two, and no one T to name.
    let whole = reports.queues(&query()).unwrap();
    assert_eq!(brief_of(&whole.rows[0]), (None, 1, Some(0.5)));
    let context = whole.context;
    assert_eq!(context.service_level, None);
    let sentence = context.definitions.iter().find(|one| one.id == "T");
    let sentence = sentence.unwrap();
    assert_eq!(
        (sentence.version, &*sentence.sentence),
        (2, "T = 20 s until 2026-03-02T10:00:00+04:00, then 10 s")
    );
    assert_eq!(
        context.cautions,
        [
            "what counts for queue jobs changed at 2026-03-02T10:00:00+04:00: T from 20 s to 10 s; what began before is \
             measured as before"
        ]
    );
    let versions = context.rules.iter().map(|version| {
        let target = version.rules.target.service_level.as_secs();
        (version.since.as_deref(), version.until.as_deref(), target)
    });
    let ten = Some("2026-03-02T10:00:00+04:00");
    let versions: Vec<_> = versions.collect();
    assert_eq!(versions, [(None, ten, 20), (ten, None, 10)]);
}

fn brief_of(row: &QueueRow) -> (Option<u64>, u64, Option<f64>) {
    let target = row.threshold.map(|target| target.as_secs());
    (target, row.counts.answered_within, row.service_level.strict)
}

#[test]
fn what_is_asked_for_stands_over_every_version() {
    let reports = of_visits(around_ten(), changed_at_ten());
    let asked = Query {
        service_level: Some(seconds(15)),
        headline: Some(Headline::AnsweredOnly),
        ..query()
    };
    let report = reports.queues(&asked).unwrap();
    assert_eq!(brief_of(&report.rows[0]), (Some(15), 2, Some(1.0)));
    assert_eq!(report.rows[0].headline, Some(Headline::AnsweredOnly));
    assert_eq!(report.context.cautions, [""; 0]);
}

#[test]
fn the_headline_is_the_queue_s_own_and_none_where_queues_differ() {
    let ten = samara("10:00:00");
    let visits = vec![
        visit("jobs", ten, Exit::Answered, 5),
        visit("jobs", ten, Exit::AbandonedWaiting, 50),
        visit("help", ten, Exit::Answered, 5),
    ];
    let mut options = hotline();
    let own = QueueRules {
        headline: Headline::AnsweredOnly,
        ..rules(20)
    };
    let jobs = QueueId::new("jobs");
    options.targets.queues.insert(jobs, Timeline::always(own));
    let report = of_visits(visits, options).queues(&query()).unwrap();
    let headline = |row: &QueueRow| {
        let formula = row.headline?;
        Some((formula.as_str(), row.service_level.headline(formula)))
    };
    let headlines: Vec<_> = report.rows.iter().map(headline).collect();
    assert_eq!(
        headlines,
        [
            Some(("strict", Some(1.0))),
            Some(("answered_only", Some(1.0))),
            None
        ]
    );
}

#[test]
fn what_was_changed_after_the_fact_is_told_by_every_report_of_that_time() {
    let mut options = hotline();
    options.altered = Arc::new(Alterations {
        rules: vec![Altered {
            queue: None,
            since: Timestamp::MIN,
            until: at("2026-03-05T09:00:00+04:00"),
            at: at("2026-03-05T09:00:00+04:00"),
            was: rules(30),
            is: rules(20),
        }],
        ..Alterations::default()
    });
    let reports = of_visits(around_ten(), options);
    let told = reports.queues(&query()).unwrap().context.cautions;
    assert_eq!(
        told,
        [
            "what counts for queues without their own changed on 2026-03-05T09:00:00+04:00, for the time before, which \
             was over: T from 30 s to 20 s; figures made before that differ"
        ]
    );
    let later = Query {
        start: Some(at("2026-03-06T00:00:00+04:00")),
        end: Some(at("2026-03-07T00:00:00+04:00")),
        ..query()
    };
    assert_eq!(
        reports.queues(&later).unwrap().context.cautions,
        [""; 0],
        "a later time"
    );
}

/// Open from 9 to 10 and from 11 to 12 every day.
pub(super) fn with_hours() -> Options {
    let mut options = hotline();
    let hours = Hours::new(vec![(540, 600), (660, 720)]);
    let weekly = std::array::from_fn(|_| hours.clone());
    let calendar = Calendar::new(options.zone.rules().clone(), weekly, []);
    options.targets.calendars.insert("office".into(), calendar);
    options
}

fn office() -> Query {
    Query {
        hours: "office".into(),
        ..query()
    }
}

#[test]
fn only_what_begins_or_happens_in_the_hours_is_counted() {
    let visits = vec![
        // Begins before the break and ends in it; begins in it; begins after it.
        visit("jobs", samara("09:59:50"), Exit::Answered, 30),
        visit("jobs", samara("10:30:00"), Exit::Answered, 5),
        visit("jobs", samara("11:00:00"), Exit::Answered, 5),
    ];
    let reports = of_visits(visits, with_hours());
    let offered_and_ended = |basis| {
        let asked = Query { basis, ..office() };
        let report = reports.queues(&asked).unwrap();
        let row = &report.rows[0];
        (row.visits_offered, row.exits.sum())
    };
    assert_eq!(offered_and_ended(Basis::Cohort), (2, 2));
    assert_eq!(offered_and_ended(Basis::Event), (2, 1));
    let hours = reports.queues(&office()).unwrap().context.hours;
    assert_eq!(hours, Some(("office".to_owned(), seconds(2 * 3600))));
}

#[test]
fn on_the_event_basis_a_wait_is_not_watched_while_the_hotline_is_closed() {
    // From 9:59:00 to 11:00:30: 60 s watched before the break, and again from an age of 3,660 s on.
    let visits = vec![visit("jobs", samara("09:59:00"), Exit::Answered, 3690)];
    let reports = of_visits(visits, with_hours());
    let asked = Query {
        basis: Basis::Event,
        ..office()
    };
    let report = super::fixture::wait_for(reports.0.waits(&asked, &[])).unwrap();
    let steps = report.curves[0].curve.steps.iter();
    let steps: Vec<_> = steps
        .map(|step| {
            (
                step.time.as_secs(),
                step.at_risk,
                step.answered,
                step.censored,
            )
        })
        .collect();
    assert_eq!(steps, [(60, 1, 0, 1), (3690, 1, 1, 0)]);
}

/// On 5 March the hours of 2 March were shortened, and those of seven later days.
fn with_altered_hours() -> Options {
    let mut options = with_hours();
    let fifth = at("2026-03-05T09:00:00+04:00");
    let altered = |day: u32, was: &str| AlteredHours {
        calendar: "office".into(),
        since: at(&format!("2026-03-{day:02}T00:00:00+04:00")),
        until: at(&format!("2026-03-{:02}T00:00:00+04:00", day + 1)),
        at: fifth,
        of: format!("2026-03-{day:02}"),
        was: was.into(),
        is: "closed".into(),
    };
    let later = (10..17).map(|day| altered(day, "09:00-10:00"));
    options.altered = Arc::new(Alterations {
        hours: [altered(2, "09:00-12:00")]
            .into_iter()
            .chain(later)
            .collect(),
        ..Alterations::default()
    });
    options
}

#[test]
fn hours_that_were_changed_after_the_fact_are_told_by_every_report_that_keeps_to_them() {
    let cautions = |options: Options, asked: &Query| {
        let reports = of_visits(around_ten(), options);
        let queues = reports.queues(asked).unwrap().context.cautions;
        (queues, reports.agents(asked).unwrap().context.cautions)
    };
    let sentence = "the hours of calendar office changed on 2026-03-05T09:00:00+04:00, for the time from \
         2026-03-02T00:00:00+04:00 on, which was over: 2026-03-02 from 09:00-12:00 to closed; figures made before that \
         differ"
        .to_owned();
    let told = (vec![sentence.clone()], vec![sentence.clone()]);
    assert_eq!(cautions(with_altered_hours(), &office()), told);
    // Nobody asks for the calendar, and no queue has it.
    let untold = (vec![], vec![]);
    assert_eq!(cautions(with_altered_hours(), &query()), untold);
    // A queue has it: it is among what the queue is measured by.
    let mut options = with_altered_hours();
    let own = QueueRules {
        calendar: Some("office".into()),
        ..rules(20)
    };
    let always = Timeline::with_changes(own, Vec::new());
    options.targets.queues.insert(QueueId::new("jobs"), always);
    assert_eq!(
        cautions(options.clone(), &query()),
        (vec![sentence], vec![])
    );
    assert_eq!(cautions(options.clone(), &office()), told, "once");
    // Of many days the first are named.
    let month = Query {
        end: Some(at("2026-04-01T00:00:00+04:00")),
        ..query()
    };
    let (queues, _) = cautions(options, &month);
    assert!(
        queues[0].contains(", 2026-03-13 from 09:00-10:00 to closed, and 3 more;"),
        "{queues:?}"
    );
}

pub(super) fn on_line(line: &str, story: &str) -> CallRecord {
    CallRecord {
        line: Some(LineId::new(line)),
        ..settled(samara("10:00:00"), story)
    }
}

fn post(name: &str, team: &str, since: Timestamp, until: Option<Timestamp>) -> Post {
    Post {
        name: Some(name.into()),
        team: Some(team.into()),
        since,
        until,
    }
}

/// Line 100 is the jobs line. Ann is in the first team until 11:00 and in the second from then on; Bob is in the second.
pub(super) fn floor() -> Options {
    let eleven = samara("11:00:00");
    let ann = vec![
        post("Anna", "first", Timestamp::MIN, Some(eleven)),
        post("Anna", "second", eleven, None),
    ];
    let bob = vec![post("Boris", "second", Timestamp::MIN, None)];
    let floor = Floor {
        lines: BTreeMap::from([(LineId::new("100"), "jobs line".into())]),
        agents: BTreeMap::from([(AgentId::new("ann"), ann), (AgentId::new("bob"), bob)]),
        routes: [(QueueId::new("jobs"), QueueId::new("help"))]
            .into_iter()
            .collect(),
    };
    Options {
        floor: Arc::new(floor),
        ..hotline()
    }
}

/// On line 100: one that Ann answers and passes from jobs to help, where Bob takes it; one that nobody answers. On line
/// 200: one that Bob answers; at 11:00 one that Ann answers.
pub(super) fn calls() -> Memory {
    Memory::of_records(records(), Told::default())
}

pub(super) fn records() -> Vec<(&'static str, CallRecord)> {
    vec![
        (
            "passed on",
            on_line(
                "100",
                "arrive 0; enter jobs 0; ring ann 1; answer ann jobs 5; begin ann blind queue help 50; release ann agent 50; enter help 50; answer bob help 60; release bob caller 90; end caller 90",
            ),
        ),
        (
            "lost",
            on_line("100", "arrive 60; enter jobs 60; end caller 90"),
        ),
        (
            "bob's",
            on_line(
                "200",
                "arrive 120; enter jobs 120; answer bob jobs 130; release bob caller 200; end caller 200",
            ),
        ),
        (
            "ann's",
            on_line(
                "200",
                "arrive 3600; enter jobs 3600; answer ann jobs 3610; release ann caller 3700; end caller 3700",
            ),
        ),
    ]
}

fn listed(asked: Query) -> Vec<String> {
    let asked = CallsQuery {
        query: asked,
        ..CallsQuery::default()
    };
    let page = calls().reports(floor()).list_calls(&asked).unwrap();
    let ids = page.calls.iter().map(|call| call.call.as_str().to_owned());
    ids.collect()
}

pub(super) fn of_line(line: &str) -> Query {
    Query {
        lines: vec![line.into()],
        ..query()
    }
}

pub(super) fn of_team(team: &str) -> Query {
    Query {
        teams: vec![team.into()],
        ..query()
    }
}

#[test]
fn a_call_is_of_the_line_it_dialled_and_of_the_team_that_answered_first() {
    for (asked, ids) in [
        (of_line("jobs line"), &["passed on", "lost"][..]),
        (of_line("100"), &["passed on", "lost"]),
        // A number that is not configured.
        (of_line("200"), &["bob's", "ann's"]),
        (of_team("first"), &["passed on"]),
        // By then Ann had moved.
        (of_team("second"), &["bob's", "ann's"]),
    ] {
        assert_eq!(listed(asked.clone()), ids, "{asked:?}");
        let report = calls().reports(floor()).queues(&asked).unwrap();
        let all = report.rows.last().unwrap();
        assert_eq!(all.calls_offered, ids.len() as u64, "{asked:?}");
        assert_eq!(report.context.calls.unwrap().calls, ids.len() as u64);
    }
    let whole = calls().reports(floor()).queues(&query()).unwrap();
    assert_eq!(whole.rows.last().unwrap().calls_offered, 4);
}

#[test]
fn a_line_is_shown_by_its_name() {
    let report = calls().reports(floor()).lines(&query()).unwrap();
    let lines = report.rows.iter();
    let lines: Vec<_> = lines
        .map(|row| (row.line.as_str(), row.name.as_str(), row.calls_arrived))
        .collect();
    assert_eq!(lines, [("100", "jobs line", 2), ("200", "", 2)]);
    let one = calls().reports(floor()).lines(&of_line("jobs line"));
    assert_eq!(one.unwrap().rows.len(), 1);
    let teams = calls().reports(floor()).lines(&of_team("first")).unwrap();
    assert_eq!(
        teams.context.cautions,
        ["this report has no teams: calls that nobody answered belong to none"]
    );
}

#[test]
fn planned_routes_are_no_wrong_door_and_not_counted_against_the_limit() {
    let figures = |options: Options| {
        let reports = calls().reports(options);
        let report = super::fixture::wait_for(reports.0.transfers(&query(), Some(0))).unwrap();
        let all = report.rows.last().unwrap();
        assert_eq!(all.kinds[0].target, TargetKind::Queue);
        (all.transfers, all.wrong_door, all.excessive)
    };
    assert_eq!(figures(hotline()), (1, 1, 1));
    assert_eq!(figures(floor()), (1, 0, 0));
}

#[test]
fn the_limit_of_transfers_is_the_queue_s_own_by_date() {
    let own = |since, limit| RulesVersion {
        since,
        rules: QueueRules {
            excessive_limit: limit,
            ..rules(20)
        },
    };
    let excessive = |since: Timestamp| {
        let mut options = hotline();
        let timeline = Timeline::with_changes(rules(20), vec![own(since, 0)]);
        options
            .targets
            .queues
            .insert(QueueId::new("jobs"), timeline);
        let report = calls().reports(options).transfers(&query()).unwrap();
        let mut k = report.context.definitions.into_iter();
        let k = k.rfind(|one| one.id == "k").unwrap();
        (
            report.rows.last().unwrap().excessive,
            k.sentence.into_owned(),
        )
    };
    // The call that was passed on arrived at 10:00.
    assert_eq!(excessive(samara("10:00:00")).0, 1);
    assert_eq!(excessive(samara("10:00:01")).0, 0);
    assert_eq!(excessive(samara("00:00:00")).1, "k: each queue has its own");
}

#[test]
fn other_products_figures_come_from_the_same_calls() {
    let ten = samara("10:00:00");
    let visits = vec![
        visit("jobs", ten, Exit::Answered, 5),
        visit("jobs", ten, Exit::Answered, 50),
        visit("jobs", ten, Exit::AbandonedWaiting, 3),
        visit("jobs", ten, Exit::AbandonedWaiting, 10),
        visit("jobs", ten, Exit::Timeout, 60),
        visit("jobs", ten, Exit::KeyExit, 4),
    ];
    let asked = Query {
        compat: vec![Pack::Asterisk, Pack::Cisco],
        ..query()
    };
    let report = of_visits(visits, hotline()).queues(&asked).unwrap();
    let figures = report.rows[0].compat.iter();
    let figures: Vec<_> = figures
        .map(|(figure, part)| (*figure, part.count, part.of))
        .collect();
    assert_eq!(
        figures,
        [
            // Of 6 decided neither the short call nor the one that left by key counts.
            (CompatFigure::CiscoIgnored, 1, 3),
            (CompatFigure::CiscoNegative, 1, 4),
            (CompatFigure::CiscoPositive, 2, 4),
            (CompatFigure::AsteriskFirst, 1, 2),
            (CompatFigure::AsteriskSecond, 3, 5),
        ]
    );
    let named = |id: &str| report.context.definitions.iter().any(|one| one.id == id);
    assert!(named("asterisk_sl2") && named("cisco_negative") && !named("wazo_quality_of_service"));
}

#[test]
fn a_wrong_name_is_refused_with_the_nearest() {
    let refused = |options: Options, asked: Query| {
        let error: Error = calls().reports(options).queues(&asked).unwrap_err();
        (error.field().unwrap(), error.to_string())
    };
    let hours = |name: &str| Query {
        hours: name.into(),
        ..query()
    };
    for (options, asked, field, words) in [
        (
            with_hours(),
            hours("offise"),
            "query.hours",
            "unknown calendar \"offise\"; the nearest is \"office\"",
        ),
        (
            hotline(),
            hours("office"),
            "query.hours",
            "unknown calendar \"office\"; no calendar is configured",
        ),
        (
            floor(),
            of_line("job line"),
            "query.lines",
            "unknown line \"job line\"; the nearest is \"jobs line\"",
        ),
        (
            floor(),
            of_team("fist"),
            "query.teams",
            "unknown team \"fist\"; the nearest is \"first\"",
        ),
        (
            hotline(),
            of_team("first"),
            "query.teams",
            "unknown team \"first\"; no team is configured",
        ),
    ] {
        assert_eq!(refused(options, asked), (field, words.to_owned()));
    }
}
