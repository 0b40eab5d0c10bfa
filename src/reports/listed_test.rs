//! The digest of a report is that of the list of the calls behind it, whatever is asked for.

use std::sync::Arc;

use crate::calls::tests::settled;
use crate::kpi::CallsDigest;
use crate::model::{AgentId, Calendar, Floor, Hours, LineId, Post, Timestamp};
use crate::store::Told;

use super::fixture::{Asked, Memory, hotline, query, samara};
use super::{CallsQuery, Options, Query, SurveyAsked};

/// Open from 9 to 11.
fn options() -> Options {
    let mut options = hotline();
    let hours = Hours::new(vec![(540, 660)]);
    let weekly = std::array::from_fn(|_| hours.clone());
    let calendar = Calendar::new(options.zone.rules().clone(), weekly, []);
    options.targets.calendars.insert("office".into(), calendar);
    let post = Post {
        name: None,
        team: Some("first".into()),
        since: Timestamp::MIN,
        until: None,
    };
    options.floor = Arc::new(Floor {
        agents: [(AgentId::new("ann"), vec![post])].into_iter().collect(),
        ..Floor::default()
    });
    options
}

/// One that jobs passes to help, one that jobs loses, one that help turns away, one that help answers after eleven.
fn reports() -> Asked {
    let stories = [
        "arrive 0; enter jobs 0; answer ann jobs 5; begin ann blind queue help 50; release ann agent 50; enter help 50; answer bob help 60; release bob caller 90; end caller 90",
        "arrive 60; enter jobs 60; end caller 90",
        "arrive 70; refuse full help 71; end pbx 72",
        "arrive 3700; enter help 3700; answer bob help 3710; release bob caller 3720; end caller 3720",
    ];
    let mut records = stories.map(|story| settled(samara("10:00:00"), story));
    records[1].line = Some(LineId::new("100"));
    let ids = ["passed", "lost", "refused", "late"];
    let records = ids.into_iter().zip(records).collect();
    Memory::of_records(records, Told::default()).reports(options())
}

fn listed(asked: &Query) -> Option<CallsDigest> {
    let asked = CallsQuery {
        query: asked.clone(),
        ..CallsQuery::default()
    };
    reports().list_calls(&asked).unwrap().context.calls
}

#[test]
fn every_report_has_the_digest_of_the_list_of_the_same_query() {
    let of = |queues: &[&str], hours: &str, lines: &[&str], teams: &[&str]| {
        let all = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Query {
            queues: all(queues),
            hours: hours.to_owned(),
            lines: all(lines),
            teams: all(teams),
            ..query()
        }
    };
    for (asked, calls) in [
        (of(&[], "", &[], &[]), 4),
        (of(&["help"], "", &[], &[]), 3),
        (of(&["jobs"], "", &[], &[]), 2),
        (of(&[], "office", &[], &[]), 3),
        (of(&["help"], "office", &[], &[]), 2),
        (of(&[], "", &["100"], &[]), 1),
        (of(&["help"], "", &["100"], &[]), 0),
        (of(&[], "", &[], &["first"]), 1),
    ] {
        let list = listed(&asked);
        assert_eq!(list.unwrap().calls, calls, "{asked:?}");
        let reports = reports();
        let survey = SurveyAsked::default();
        let digests = [
            reports.queues(&asked).unwrap().context.calls,
            reports.transfers(&asked).unwrap().context.calls,
            reports.waits(&asked, &[]).unwrap().context.calls,
            reports.agents(&asked).unwrap().context.calls,
            reports.repeats(&asked, None).unwrap().context.calls,
            reports.unserved(&asked).unwrap().context.calls,
            reports.lines(&asked).unwrap().context.calls,
            reports.survey(&asked, &survey).unwrap().context.calls,
        ];
        assert_eq!(digests, [list; 8], "{asked:?}");
    }
}
