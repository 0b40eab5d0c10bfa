//! `[[plan]]`: how many agents are to be there, by weekday and time of the day, in one queue or in the whole hotline.
//!
//! Only how many, never who: names and teams stand in `[[agent]]`.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Config;
use super::hours::{Exception, FromTo, Stretch, Weekly};
use super::value::{Day, Text, ValidFrom, text_value};
use crate::model::{AgentPlan, AgentPlans, QueueId, Shift, Timestamp};

/// How many agents are to be there, from some day on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanTable {
    /// The queue, as the switch says it; else the whole hotline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The first day, or instant, on which it counts, in place of the one before; else from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<ValidFrom>,
    /// The usual shifts of each day of the week; at a time that is not said nobody is planned.
    #[serde(default)]
    pub weekly: Weekly<PlannedShift>,
    /// Days on which nobody is planned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<Day>,
    /// Days with shifts of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception<PlannedShift>>,
}

/// Hours of a day and how many agents are to be there: `08:00-12:00 = 6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedShift {
    hours: FromTo,
    agents: u32,
}

impl Stretch for PlannedShift {
    fn minutes(&self) -> (u16, u16) {
        self.hours.minutes()
    }
}

impl Text for PlannedShift {
    const EXPECTED: &'static str = "hours and a number of agents such as \"08:00-12:00 = 6\"";

    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected {}, got \"{text}\"", Self::EXPECTED);
        let (hours, agents) = text.split_once('=').ok_or_else(wrong)?;
        let agents = agents.trim();
        // The parser of numbers takes a sign, too.
        let is_number = agents.bytes().all(|byte| byte.is_ascii_digit());
        let agents = agents.parse().ok().filter(|_| is_number);
        Ok(Self {
            agents: agents.ok_or_else(wrong)?,
            hours: FromTo::read(hours.trim())?,
        })
    }

    fn write(&self) -> String {
        format!("{} = {}", self.hours.write(), self.agents)
    }
}

text_value!(PlannedShift);

impl PlanTable {
    /// The first instant at which it counts.
    pub(super) fn since(&self, zone: &TimeZone) -> Timestamp {
        let since = self.valid_from.map(|from| from.at(zone));
        since.unwrap_or(Timestamp::MIN)
    }

    fn plan(&self, zone: &TimeZone) -> AgentPlan {
        let nobody = self.holidays.iter().map(|day| (day.date(), Vec::new()));
        let own = self.exceptions.iter();
        let own = own.map(|one| (one.date.date(), shifts(&one.hours)));
        AgentPlan {
            since: self.since(zone),
            weekly: self.weekly.days().map(|(_, of_day)| shifts(of_day)),
            days: nobody.chain(own).collect(),
        }
    }
}

fn shifts(of_day: &[PlannedShift]) -> Vec<Shift> {
    let shifts = of_day.iter().map(|shift| {
        let (from, to) = shift.minutes();
        let agents = shift.agents;
        Shift { from, to, agents }
    });
    shifts.collect()
}

impl Config {
    /// How many agents are to be there, by queue and in the whole hotline.
    pub fn agent_plans(&self) -> AgentPlans {
        let zone = self.zone.time_zone();
        let plans = self.plans.iter().map(|table| {
            let queue = table.queue.as_deref().map(QueueId::new);
            (queue, table.plan(zone))
        });
        AgentPlans::new(zone.clone(), plans)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{loaded, wrong};
    use super::*;

    fn at(text: &str) -> Timestamp {
        let at: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_micros(at.as_microsecond())
    }

    const PLANS: &str = r#"
zone = "Europe/Samara"
[[plan]]
queue = "jobs"
weekly.mon = ["08:00-12:00 = 6", "12:00-17:00=5"]
weekly.fri = ["22:00-06:00 = 2"]
holidays = ["2026-11-02"]
exceptions = [{ date = "2026-11-09", hours = ["08:00-13:00 = 3"] }]
[[plan]]
queue = "jobs"
valid_from = "2026-12-01"
weekly.mon = ["08:00-12:00 = 7"]
[[plan]]
weekly.mon = ["00:00-24:00 = 9"]
"#;

    #[test]
    fn a_plan_is_of_a_queue_or_of_the_hotline_from_its_day_on() {
        let plans = loaded(PLANS).agent_plans();
        let jobs = QueueId::new("jobs");
        for (instant, of_jobs, of_hotline) in [
            ("2026-10-26T08:00:00+04:00", 6, 9),
            ("2026-10-26T12:00:00+04:00", 5, 9),
            ("2026-10-27T12:00:00+04:00", 0, 0),
            // The night from Friday to Saturday.
            ("2026-10-31T05:59:59+04:00", 2, 0),
            // A holiday, and a short day.
            ("2026-11-02T10:00:00+04:00", 0, 9),
            ("2026-11-09T10:00:00+04:00", 3, 9),
            ("2026-11-09T13:00:00+04:00", 0, 9),
            // The second plan has no afternoon.
            ("2026-11-30T13:00:00+04:00", 5, 9),
            ("2026-12-07T08:00:00+04:00", 7, 9),
            ("2026-12-07T13:00:00+04:00", 0, 9),
        ] {
            let planned = |queue| plans.planned(queue, at(instant));
            assert_eq!(planned(Some(&jobs)), Some(of_jobs), "{instant}");
            assert_eq!(planned(None), Some(of_hotline), "{instant}");
            assert_eq!(planned(Some(&QueueId::new("help"))), None, "{instant}");
        }
    }

    #[test]
    fn a_plan_in_force_reads_back_as_it_was_said() {
        let config = loaded(PLANS);
        let text = toml::to_string(&config).unwrap();
        assert!(text.contains("\"12:00-17:00 = 5\""), "{text}");
        assert_eq!(loaded(&text), config);
    }

    #[test]
    fn what_is_no_plan_is_told_where_it_stands() {
        let expected = "expected hours and a number of agents such as \"08:00-12:00 = 6\"";
        for (text, message) in [
            (
                "weekly.mon = [\"08:00-12:00\"]\n",
                format!("2:15: plan.weekly.mon: {expected}, got \"08:00-12:00\""),
            ),
            (
                "weekly.mon = [\"08:00-12:00 = six\"]\n",
                format!("2:15: plan.weekly.mon: {expected}, got \"08:00-12:00 = six\""),
            ),
            (
                "weekly.mon = [\"08:00-12:00 = +6\"]\n",
                format!("2:15: plan.weekly.mon: {expected}, got \"08:00-12:00 = +6\""),
            ),
            (
                "weekly.mon = [\"8-12 = 6\"]\n",
                "2:15: plan.weekly.mon: expected hours such as \"08:00-17:00\", got \"8-12\""
                    .to_owned(),
            ),
            (
                "weekly.mon = [\"08:00-12:00 = 6\", \"11:00-17:00 = 5\"]\n",
                "2:34: plan.weekly.mon: overlaps the hours before it".to_owned(),
            ),
            (
                "weekly.mon = [\"22:00-06:00 = 2\"]\nweekly.tue = [\"05:00-12:00 = 6\"]\n",
                "3:15: plan.weekly.tue: begins before the hours of mon have ended, at 06:00"
                    .to_owned(),
            ),
            (
                "weekly.mon = [\"08:00-12:00 = 6\"]\nholidays = [\"2026-11-04\", \"2026-11-04\"]\n",
                "3:27: plan.holidays: 2026-11-04 is there twice".to_owned(),
            ),
            (
                "weekly.mo = [\"08:00-12:00 = 6\"]\n",
                "2:8: unknown key \"mo\" in [plan.weekly], did you mean \"mon\"?".to_owned(),
            ),
            (
                "quue = \"jobs\"\n",
                "2:1: unknown key \"quue\" in [[plan]], did you mean \"queue\"?".to_owned(),
            ),
            (
                "queue = \"\"\nweekly.mon = [\"08:00-12:00 = 6\"]\n",
                "2:1: plan.queue: may not be empty".to_owned(),
            ),
            (
                "queue = \"jobs\"\n",
                "1:1: plan: never plans anybody: say weekly = { mon = [\"08:00-12:00 = 6\"], … }"
                    .to_owned(),
            ),
            (
                "weekly.mon = [\"08:00-12:00 = 6\"]\n[[plan]]\nweekly.tue = [\"08:00-12:00 = 6\"]\n",
                "3:1: plan: is the second one of the whole hotline from the same time on: say queue or valid_from"
                    .to_owned(),
            ),
        ] {
            let text = format!("[[plan]]\n{text}");
            assert_eq!(wrong(&text), format!("dozvon.toml:{message}"), "{text}");
        }
    }
}
