//! What was configured, as reports have it over the wire: rules by date, calendars, names, and what was changed afterwards.

use dozvon::proto::v1::call_event::Kind;
use dozvon::proto::v1::{
    CallArrived, GetLineReportRequest, GetQueueReportRequest, GetQueueReportResponse, ReportQuery,
};
use tonic::Code;

use crate::harness::Server;
use crate::sender::{
    QUEUE, SECOND, Sender, answered, event, live, metric, newest, now, reason, stored, time,
};

/// Everything up to the day after tomorrow.
fn ever() -> ReportQuery {
    ReportQuery {
        start: Some(time(0)),
        end: Some(time(now() + 48 * 3600 * SECOND)),
        ..ReportQuery::default()
    }
}

async fn queues(
    server: &Server,
    query: ReportQuery,
    compat: &[&str],
) -> Result<GetQueueReportResponse, tonic::Status> {
    let request = GetQueueReportRequest {
        query: Some(query),
        compat: compat.iter().map(|pack| (*pack).to_owned()).collect(),
        ..GetQueueReportRequest::default()
    };
    let answer = server.reports().await.get_queue_report(request).await;
    answer.map(tonic::Response::into_inner)
}

/// One call of line 100 that waited 10 s, some minutes ago: when it arrived.
async fn one_call(server: &Server) -> i64 {
    let at = now() - 600 * SECOND;
    let mut events = answered(1, "a", at);
    let arrived = Kind::Arrived(CallArrived {
        line: "100".to_owned(),
        ..CallArrived::default()
    });
    events[0] = event(1, at, "a", arrived);
    let mut sender = Sender::open(server, live("pbx")).await.unwrap();
    sender.batch(events).await;
    let mark = newest(server, "pbx").await.mark;
    stored(server, "pbx", mark).await;
    sender.close().await;
    at
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_changed_after_the_fact_is_told_by_reports_and_a_change_by_date_is_not() {
    let mut server = Server::start_with("[service_level]\ntarget = \"20s\"\n").await;
    one_call(&server).await;
    let level = |answer: &GetQueueReportResponse| {
        let row = answer.rows.iter().find(|row| row.queue == QUEUE).unwrap();
        let level = row.service_level.clone().unwrap();
        (level.threshold.map(|target| target.seconds), level.headline)
    };
    let answer = queues(&server, ever(), &[]).await.unwrap();
    assert_eq!(level(&answer), (Some(20), Some(1.0)));
    assert_eq!(answer.context.unwrap().rules.len(), 1);

    // From tomorrow on: nothing of what was is touched.
    server.terminate().await;
    let tomorrow = jiff::Timestamp::from_microsecond(now() + 24 * 3600 * SECOND).unwrap();
    let by_date = format!(
        "[service_level]\ntarget = \"20s\"\n[[service_level.since]]\nvalid_from = \"{tomorrow}\"\ntarget = \"6s\"\n"
    );
    server.configure(&by_date);
    server.restart().await;
    let answer = queues(&server, ever(), &[]).await.unwrap();
    assert_eq!(level(&answer), (None, Some(1.0)));
    let context = answer.context.unwrap();
    let [version, next] = &context.rules[..] else {
        panic!("{:?}", context.rules);
    };
    assert_eq!((&*version.valid_from, &*next.valid_until), ("", ""));
    assert_eq!(version.valid_until, next.valid_from);
    let [caution] = &context.cautions[..] else {
        panic!("{:?}", context.cautions);
    };
    assert!(
        caution.ends_with("T from 20 s to 6 s; what began before is measured as before"),
        "{caution}"
    );
    let text = server.metrics().await;
    let target = format!("dozvon_queue_service_level_target_seconds{{queue=\"{QUEUE}\"}}");
    assert_eq!(metric(&text, &target), 20.0);

    // The past itself is changed: reports count it anew, and say so, also after another start.
    server.terminate().await;
    server.configure("[service_level]\ntarget = \"6s\"\n");
    server.restart().await;
    server.terminate().await;
    server.restart().await;
    let answer = queues(&server, ever(), &[]).await.unwrap();
    assert_eq!(level(&answer), (Some(6), Some(0.0)));
    let cautions = answer.context.unwrap().cautions;
    let [caution] = &cautions[..] else {
        panic!("{cautions:?}");
    };
    assert!(
        caution.starts_with("what counts for queues without their own changed on ")
            && caution.contains(", which was over: T from 20 s to 6 s;"),
        "{caution}"
    );
}

/// A calendar that is open all day and every day but on these.
fn open_but(holidays: &str) -> String {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let days = days.map(|day| format!("weekly.{day} = [\"00:00-24:00\"]\n"));
    format!(
        "zone = \"Europe/Samara\"\n[[calendar]]\nname = \"office\"\n{}holidays = [{holidays}]\n",
        days.concat()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_of_a_calendar_changed_after_the_fact_are_told_and_a_holiday_to_come_is_not() {
    let mut server = Server::start_with(&open_but("")).await;
    let arrived = one_call(&server).await;
    let in_hours = || ReportQuery {
        hours: "office".to_owned(),
        ..ever()
    };
    let told = async |server: &Server, query: ReportQuery| {
        let answer = queues(server, query, &[]).await.unwrap();
        let visits = answer.rows.last().map_or(0, |row| row.visits_offered);
        (visits, answer.context.unwrap().cautions)
    };
    assert_eq!(told(&server, in_hours()).await, (1, vec![]));

    let day = |days: i64| {
        let at = arrived + days * 24 * 3600 * SECOND;
        let at = jiff::Timestamp::from_microsecond(at).unwrap();
        let zone = jiff::tz::TimeZone::get("Europe/Samara").unwrap();
        at.to_zoned(zone).date()
    };
    server.terminate().await;
    server.configure(&open_but(&format!("\"{}\"", day(2))));
    server.restart().await;
    assert_eq!(told(&server, in_hours()).await, (1, vec![]));

    // The day of the call was none after all.
    server.terminate().await;
    let today = day(0);
    server.configure(&open_but(&format!("\"{}\", \"{today}\"", day(2))));
    server.restart().await;
    server.terminate().await;
    server.restart().await;
    let (visits, cautions) = told(&server, in_hours()).await;
    assert_eq!(visits, 0);
    let [caution] = &cautions[..] else {
        panic!("{cautions:?}");
    };
    assert!(
        caution.starts_with("the hours of calendar office changed on ")
            && caution.contains(&format!(
                ", which was over: {today} from 00:00-24:00 to closed;"
            )),
        "{caution}"
    );
    // Reports that do not ask for the calendar, or end before that day, have nothing to say.
    assert_eq!(told(&server, ever()).await, (1, vec![]));
    let before = ReportQuery {
        end: Some(time(now() - 3 * 24 * 3600 * SECOND)),
        ..in_hours()
    };
    assert_eq!(told(&server, before).await.1, [""; 0]);
}

const NAMES: &str = r#"
[[calendar]]
name = "never"
weekly.mon = ["00:00-00:01"]
[[queue]]
name = "first_line"
headline = "answered_only"
calendar = "never"
[[queue.since]]
valid_from = "2020-01-01"
calendar = "always"
[[line]]
number = "100"
name = "jobs line"
[[agent]]
id = "7"
team = "first"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn lines_calendars_headlines_and_other_products_go_through_the_wire() {
    let server = Server::start_with(NAMES).await;
    one_call(&server).await;
    let answer = queues(&server, ever(), &["asterisk", "cisco"])
        .await
        .unwrap();
    let row = answer.rows.iter().find(|row| row.queue == QUEUE).unwrap();
    let level = row.service_level.clone().unwrap();
    assert_eq!(
        (&*level.headline_formula, level.headline),
        ("answered_only", Some(1.0))
    );
    let figures: Vec<_> = row
        .compat
        .iter()
        .map(|figure| (&*figure.pack, &*figure.name, figure.count, figure.of))
        .collect();
    assert_eq!(
        figures,
        [
            ("cisco", "SL Aban Ignored", 1, 1),
            ("cisco", "SL Aban Negative", 1, 1),
            ("cisco", "SL Aban Positive", 1, 1),
            ("asterisk", "SL", 1, 1),
            ("asterisk", "SL2", 1, 1),
        ]
    );

    let of_line = |line: &str| ReportQuery {
        lines: vec![line.to_owned()],
        ..ever()
    };
    let offered = async |query: ReportQuery| {
        let answer = queues(&server, query, &[]).await.unwrap();
        let all = answer.rows.iter().find(|row| row.queue == "ALL");
        all.map_or(0, |row| row.visits_offered)
    };
    assert_eq!(offered(of_line("jobs line")).await, 1);
    let team = ReportQuery {
        teams: vec!["first".to_owned()],
        ..ever()
    };
    assert_eq!(offered(team).await, 0, "nobody of that team answered");
    let request = GetLineReportRequest {
        query: Some(ever()),
    };
    let lines = server.reports().await.get_line_report(request).await;
    let lines = lines.unwrap().into_inner().rows;
    assert_eq!((&*lines[0].line, &*lines[0].name), ("100", "jobs line"));

    let text = server.metrics().await;
    assert_eq!(
        metric(&text, "dozvon_queue_open{queue=\"first_line\"}"),
        1.0
    );
    for (query, compat, expected, words) in [
        (
            ReportQuery {
                hours: "nevr".to_owned(),
                ..ever()
            },
            &[][..],
            "unknown_name",
            "the nearest is \"never\"",
        ),
        (
            ReportQuery {
                headline: "strickt".to_owned(),
                ..ever()
            },
            &[],
            "unknown_word",
            "the nearest is \"strict\"",
        ),
        (
            ever(),
            &["sisco"],
            "unknown_word",
            "the nearest is \"cisco\"",
        ),
        (of_line("job line"), &[], "unknown_name", "\"jobs line\""),
        (of_line("200"), &[], "unknown_name", "\"100\""),
    ] {
        let refused = queues(&server, query, compat).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(reason(&refused), expected);
        assert!(refused.message().contains(words), "{refused}");
    }
    let shown = server
        .report(&[
            "queues",
            "--from",
            "2020-01-01T00:00Z",
            "--hours",
            "never",
            "--output",
            "table",
        ])
        .await;
    assert!(
        shown.contains("Only while the calendar never is open: "),
        "{shown}"
    );
}
