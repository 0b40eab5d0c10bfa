//! How many agents are to be there: a plan by weekday and time of the day, by the clock on the wall.
//!
//! As with a calendar local civil time alone decides: an hour that is repeated is planned twice, one that is missing never
//! comes. A shift that goes on past midnight belongs to the day on which it begins; a day of its own has its own shifts and
//! no others. Between shifts 0 agents are planned; where no plan counts nothing is said. Who works when, a plan does not know.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::calendar::DAY_MINUTES;
use super::ids::QueueId;
use super::timestamp::Timestamp;

/// So many agents for a part of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Its first minute since the day's midnight.
    pub from: u16,
    /// The first minute after it; past `DAY_MINUTES` of the next morning.
    pub to: u16,
    /// Agents who are to be there.
    pub agents: u32,
}

/// One plan, and from when on it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPlan {
    /// Its first instant; `Timestamp::MIN` = from the beginning.
    pub since: Timestamp,
    /// The shifts of each day of the week, Monday first; those of one day lie apart.
    pub weekly: [Vec<Shift>; 7],
    /// Days that are not as their weekday.
    pub days: BTreeMap<Date, Vec<Shift>>,
}

/// The plans of every queue and of the whole hotline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPlans {
    zone: TimeZone,
    hotline: Vec<AgentPlan>,
    queues: HashMap<QueueId, Vec<AgentPlan>>,
}

impl Default for AgentPlans {
    /// No plan at all.
    fn default() -> Self {
        Self::new(TimeZone::UTC, [])
    }
}

impl AgentPlans {
    /// These plans in any order, each of a queue or of the whole hotline (`None`); of two of the same the one that began
    /// last counts.
    pub fn new(
        zone: TimeZone,
        plans: impl IntoIterator<Item = (Option<QueueId>, AgentPlan)>,
    ) -> Self {
        let mut hotline = Vec::new();
        let mut queues = HashMap::<QueueId, Vec<AgentPlan>>::new();
        for (queue, plan) in plans {
            match queue {
                None => hotline.push(plan),
                Some(queue) => queues.entry(queue).or_default().push(plan),
            }
        }
        for plans in queues.values_mut().chain([&mut hotline]) {
            plans.sort_by_key(|plan| plan.since);
        }
        Self {
            zone,
            hotline,
            queues,
        }
    }

    /// Agents who are to be there at an instant, in a queue or in the whole hotline (`None`); `None` = no plan counts.
    pub fn planned(&self, queue: Option<&QueueId>, at: Timestamp) -> Option<u64> {
        let plans = match queue {
            None => &self.hotline,
            Some(queue) => self.queues.get(queue)?,
        };
        let begun = plans.partition_point(|plan| plan.since <= at);
        let plan = plans[..begun].last()?;
        let at = jiff::Timestamp::from_microsecond(at.as_micros()).ok()?;
        let civil = self.zone.to_datetime(at);
        let minute = civil.hour() as u16 * 60 + civil.minute() as u16;
        let today = plan.agents(civil.date(), minute);
        let night = || plan.agents(civil.date().yesterday().ok()?, minute + DAY_MINUTES);
        Some(today.or_else(night).map_or(0, u64::from))
    }
}

impl AgentPlan {
    /// The agents of the shift that a day has at a minute since its midnight.
    fn agents(&self, date: Date, minute: u16) -> Option<u32> {
        let weekday = date.weekday().to_monday_zero_offset() as usize;
        let shifts = self.days.get(&date).unwrap_or(&self.weekly[weekday]);
        let holds = |shift: &&Shift| (shift.from..shift.to).contains(&minute);
        shifts.iter().find(holds).map(|shift| shift.agents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let at: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_micros(at.as_microsecond())
    }

    fn shift(from: u16, to: u16, agents: u32) -> Shift {
        Shift {
            from: from * 60,
            to: to * 60,
            agents,
        }
    }

    fn plan(weekly: [Vec<Shift>; 7]) -> AgentPlan {
        AgentPlan {
            since: Timestamp::MIN,
            weekly,
            days: BTreeMap::new(),
        }
    }

    fn hotline(zone: &str, plan: AgentPlan) -> AgentPlans {
        AgentPlans::new(TimeZone::get(zone).unwrap(), [(None, plan)])
    }

    fn check(plans: &AgentPlans, expected: &[(&str, Option<u64>)]) {
        for (instant, agents) in expected {
            assert_eq!(plans.planned(None, at(instant)), *agents, "{instant}");
        }
    }

    #[test]
    fn a_shift_past_midnight_belongs_to_the_day_on_which_it_begins() {
        let mut weekly: [Vec<Shift>; 7] = Default::default();
        weekly[0] = vec![shift(8, 12, 6), shift(12, 17, 5)];
        weekly[5] = vec![shift(22, 30, 2)];
        // Saturday, 7 March 2026, in Samara; on Sunday nothing begins.
        let plans = hotline("Europe/Samara", plan(weekly));
        check(
            &plans,
            &[
                ("2026-03-02T07:59:59+04:00", Some(0)),
                ("2026-03-02T08:00:00+04:00", Some(6)),
                ("2026-03-02T11:59:59.999+04:00", Some(6)),
                ("2026-03-02T12:00:00+04:00", Some(5)),
                ("2026-03-02T17:00:00+04:00", Some(0)),
                ("2026-03-07T21:59:59+04:00", Some(0)),
                ("2026-03-07T22:00:00+04:00", Some(2)),
                ("2026-03-08T05:59:59+04:00", Some(2)),
                ("2026-03-08T06:00:00+04:00", Some(0)),
                ("2026-03-08T23:00:00+04:00", Some(0)),
            ],
        );
    }

    #[test]
    fn a_repeated_hour_is_planned_twice_and_a_missing_one_never_comes() {
        let night = || vec![shift(1, 2, 1), shift(2, 3, 2), shift(3, 4, 3)];
        let plans = hotline("Europe/Berlin", plan(std::array::from_fn(|_| night())));
        check(
            &plans,
            &[
                // On 29 March 2026 the clocks go from 2:00 to 3:00.
                ("2026-03-29T00:59:59Z", Some(1)),
                ("2026-03-29T01:00:00Z", Some(3)),
                ("2026-03-29T02:00:00Z", Some(0)),
                // On 25 October they go from 3:00 back to 2:00.
                ("2026-10-25T00:00:00Z", Some(2)),
                ("2026-10-25T01:00:00Z", Some(2)),
                ("2026-10-25T01:59:59Z", Some(2)),
                ("2026-10-25T02:00:00Z", Some(3)),
            ],
        );
    }

    #[test]
    fn a_day_of_its_own_has_its_own_shifts_and_no_others() {
        let daily = || vec![shift(8, 17, 6)];
        let mut plan = plan(std::array::from_fn(|_| daily()));
        let date = |text: &str| text.parse().unwrap();
        plan.days.insert(date("2026-11-04"), Vec::new());
        plan.days.insert(date("2026-12-31"), vec![shift(8, 13, 3)]);
        let plans = hotline("UTC", plan);
        check(
            &plans,
            &[
                ("2026-11-03T10:00:00Z", Some(6)),
                ("2026-11-04T10:00:00Z", Some(0)),
                ("2026-12-31T10:00:00Z", Some(3)),
                ("2026-12-31T13:00:00Z", Some(0)),
            ],
        );
    }

    #[test]
    fn each_queue_has_the_plan_that_began_last() {
        let daily = |agents| plan(std::array::from_fn(|_| vec![shift(0, 24, agents)]));
        let from = |since, plan| AgentPlan {
            since: at(since),
            ..plan
        };
        let [jobs, help] = ["jobs", "help"].map(QueueId::new);
        let plans = AgentPlans::new(
            TimeZone::UTC,
            [
                (Some(jobs.clone()), from("2026-06-01T00:00:00Z", daily(4))),
                (Some(jobs.clone()), daily(3)),
                (None, from("2026-06-01T00:00:00Z", daily(9))),
            ],
        );
        for (instant, of_jobs, of_all) in [
            ("2026-05-31T23:59:59Z", Some(3), None),
            ("2026-06-01T00:00:00Z", Some(4), Some(9)),
        ] {
            assert_eq!(plans.planned(Some(&jobs), at(instant)), of_jobs);
            assert_eq!(plans.planned(Some(&help), at(instant)), None);
            assert_eq!(plans.planned(None, at(instant)), of_all);
        }
    }
}
