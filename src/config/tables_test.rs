//! Queues' rules by date, calendars, lines, agents and routes: what a file says of them, and what it is told.

use std::time::Duration;

use super::tests::{loaded, wrong};
use crate::model::{AgentId, Headline, LineId, QueueId, QueueRules, Timestamp};

fn at(text: &str) -> Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_micros(at.as_microsecond())
}

const RULES: &str = r#"
zone = "Europe/Samara"
[service_level]
target = "20s"
[[service_level.since]]
valid_from = "2026-06-01"
target = "15s"
excessive_transfers = 1
[[calendar]]
name = "office"
weekly.mon = ["08:00-17:00"]
[[queue]]
name = "jobs"
headline = "answered_only"
[[queue.since]]
valid_from = "2026-03-01T12:00:00+04:00"
target = "30s"
calendar = "office"
[[queue.since]]
valid_from = "2026-09-01"
headline = "strict"
calendar = "always"
"#;

#[test]
fn a_queue_s_rules_are_its_own_changes_over_those_of_all() {
    let targets = loaded(RULES).targets();
    let jobs = QueueId::new("jobs");
    let brief = |rules: &QueueRules| {
        (
            rules.target.service_level.as_secs(),
            rules.headline,
            rules.excessive_limit,
            rules.calendar.as_deref().map(str::to_owned),
        )
    };
    let office = Some("office".to_owned());
    for (instant, expected) in [
        (
            "2026-01-01T00:00:00Z",
            (20, Headline::AnsweredOnly, 2, None),
        ),
        (
            "2026-03-01T11:59:59+04:00",
            (20, Headline::AnsweredOnly, 2, None),
        ),
        (
            "2026-03-01T12:00:00+04:00",
            (30, Headline::AnsweredOnly, 2, office.clone()),
        ),
        // Its own target stays; what it does not say is that of all queues, by their dates.
        (
            "2026-06-01T00:00:00+04:00",
            (30, Headline::AnsweredOnly, 1, office),
        ),
        ("2026-09-01T00:00:00+04:00", (30, Headline::Strict, 1, None)),
    ] {
        assert_eq!(
            brief(targets.rules(&jobs, at(instant))),
            expected,
            "{instant}"
        );
    }
    let other = QueueId::new("help");
    let level = |instant: &str| targets.of(&other, at(instant)).service_level;
    assert_eq!(level("2026-05-31T23:59:59+04:00"), Duration::from_secs(20));
    assert_eq!(level("2026-06-01T00:00:00+04:00"), Duration::from_secs(15));
    // By its calendar from March on, a Sunday and a Monday; from September on always.
    for (instant, open) in [
        ("2026-02-22T10:00:00+04:00", true),
        ("2026-03-08T10:00:00+04:00", false),
        ("2026-03-09T10:00:00+04:00", true),
        ("2026-09-06T10:00:00+04:00", true),
    ] {
        assert_eq!(targets.is_open(&jobs, at(instant)), open, "{instant}");
    }
}

#[test]
fn a_day_begins_with_its_first_instant_also_where_midnight_is_skipped() {
    // In Beirut the clocks went from 0:00 to 1:00 on 29 March 2026.
    let text = "zone = \"Asia/Beirut\"\n[[service_level.since]]\nvalid_from = \"2026-03-29\"\ntarget = \"10s\"\n";
    let targets = loaded(text).targets();
    let since = targets.default.versions()[1].since;
    assert_eq!(since, at("2026-03-29T01:00:00+03:00"));
}

#[test]
fn names_of_lines_and_agents_hold_for_their_time() {
    let text = "zone = \"Europe/Samara\"\n[[line]]\nnumber = \"+7846\"\nname = \"jobs line\"\n\
        [[agent]]\nid = \"7\"\nname = \"Anna\"\nteam = \"second\"\nfrom = \"2026-06-01\"\n\
        [[agent]]\nid = \"7\"\nteam = \"first\"\nto = \"2026-06-01\"\n\
        [[planned_route]]\nfrom = \"a\"\nto = \"b\"\n";
    let floor = loaded(text).floor();
    assert_eq!(floor.line_name(&LineId::new("+7846")), Some("jobs line"));
    let team = |instant: &str| floor.team(&AgentId::new("7"), at(instant));
    assert_eq!(team("2026-05-31T23:59:59+04:00"), Some("first"));
    assert_eq!(team("2026-06-01T00:00:00+04:00"), Some("second"));
    let [a, b] = ["a", "b"].map(QueueId::new);
    assert!(floor.routes.has(&a, &b) && !floor.routes.has(&b, &a));
}

#[test]
fn what_does_not_fit_is_told_where_it_stands() {
    let queue = |rest: &str| format!("[[queue]]\nname = \"a\"\n{rest}");
    let calendar = |rest: &str| format!("[[calendar]]\nname = \"c\"\n{rest}");
    let agent = "[[agent]]\nid = \"7\"\n";
    for (text, expected) in [
        (
            queue("[[queue.since]]\nvalid_from = \"1 March\"\n"),
            "4:14: queue.since.valid_from: expected a date in quotes such as \"2026-10-01\", or an instant such as \
             \"2026-10-01T08:00+04:00\", got \"1 March\"",
        ),
        (
            queue("[[queue.since]]\nvalid_from = \"2026-03-01\"\n"),
            "3:1: queue.since: changes nothing: say target, short_abandon, headline, excessive_transfers or calendar",
        ),
        (
            queue("[[queue.since]]\ntarget = \"9s\"\n"),
            "3:1: \"valid_from\" is missing in [[queue.since]]",
        ),
        (
            queue(
                "[[queue.since]]\nvalid_from = \"2026-03-01\"\ntarget = \"9s\"\n[[queue.since]]\nvalid_from = \"2026-02-01\"\ntarget = \"8s\"\n",
            ),
            "7:1: queue.since.valid_from: must be later than 2026-03-01, the one before",
        ),
        (
            queue("[[queue.since]]\nvalid_from = \"2026-03-01\"\ntarget = \"4s\"\n"),
            "5:1: queue.since.target: must be longer than short_abandon, 5s",
        ),
        (
            queue("headline = \"answerd_only\"\n"),
            "3:12: queue.headline: expected one of \"strict\", \"short\", \"ignore_abandoned\", \"abandoned_met\", \
             \"answered_only\", \"amazon\", \"journey\", \"access\", got \"answerd_only\", did you mean \"answered_only\"?",
        ),
        (
            queue("calendar = \"offise\"\n")
                + "[[calendar]]\nname = \"office\"\nweekly.mon = [\"08:00-17:00\"]\n",
            "3:1: queue.calendar: there is no [[calendar]] \"offise\", did you mean \"office\"?",
        ),
        (
            calendar("weekly.mon = [\"8-17\"]\n"),
            "3:15: calendar.weekly.mon: expected hours such as \"08:00-17:00\", got \"8-17\"",
        ),
        (
            calendar("weekly.mon = [\"08:00-25:00\"]\n"),
            "3:15: calendar.weekly.mon: expected hours such as \"08:00-17:00\", got \"08:00-25:00\"",
        ),
        (
            calendar("weekly.mon = [\"08:00-08:00\"]\n"),
            "3:15: calendar.weekly.mon: \"08:00-08:00\" is no time at all; a whole day is \"00:00-24:00\"",
        ),
        (
            calendar("weekly.mon = [\"08:00-12:00\", \"11:00-17:00\"]\n"),
            "3:30: calendar.weekly.mon: overlaps the hours before it",
        ),
        (
            calendar("weekly.mon = [\"22:00-06:00\"]\nweekly.tue = [\"05:00-12:00\"]\n"),
            "4:15: calendar.weekly.tue: begins before the hours of mon have ended, at 06:00",
        ),
        (
            calendar("weekly.mon = [\"08:00-17:00\"]\nholidays = [\"2026-02-30\"]\n"),
            "4:13: calendar.holidays: expected a date in quotes such as \"2026-10-01\", got \"2026-02-30\"",
        ),
        (
            calendar(
                "weekly.mon = [\"08:00-17:00\"]\nholidays = [\"2026-02-03\"]\nexceptions = [{ date = \"2026-02-03\", hours = [] }]\n",
            ),
            "5:17: calendar.exceptions.date: 2026-02-03 is there twice",
        ),
        (
            calendar(""),
            "1:1: calendar: is never open: say weekly = { mon = [\"08:00-17:00\"], … }",
        ),
        (
            format!("{agent}from = \"2026-03-01\"\nto = \"2026-03-01\"\n"),
            "4:1: agent.to: must be later than from: it is the first day that no longer counts",
        ),
        (
            format!("{agent}{agent}"),
            "4:1: agent.id: \"7\" is there twice for the same time: say from and to, so that each has its own",
        ),
        (
            "[[planned_route]]\nfrom = \"a\"\nto = \"a\"\n".to_owned(),
            "3:1: planned_route.to: leads nowhere else: from and to are the same queue",
        ),
        (
            "[[line]]\nnumber = \"1\"\nname = \"\"\n".to_owned(),
            "3:1: line.name: may not be empty",
        ),
    ] {
        assert_eq!(wrong(&text), format!("dozvon.toml:{expected}"), "{text}");
    }
}
