//! Which calls a report is asked for beyond its queues: by line, by team, by the hours of a calendar; and what its rows are
//! of.
//!
//! A call belongs to the line that it dialled, to the team of the agent who answered it first, as of that answer, and to
//! the calendar of the first queue it entered. What happens while the calendar asked for is closed is in no bucket.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use crate::model::{AgentId, Calendar, CallRecord, Floor, LineId, Targets, Timestamp};

use super::error::Error;
use super::group::Group;
use super::nearest::{clipped, nearest};
use super::plan::{Plan, Query};

/// What rows are of within their interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum By {
    /// Queues.
    #[default]
    Queue,
    /// Lines: those that calls dialled.
    Line,
    /// Teams: those of whoever answered a call first; of the agent report those of its agents.
    Team,
    /// Business calendars: those of the queues that calls entered first, open and closed apart.
    Calendar,
}

impl By {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Queue, Self::Line, Self::Team, Self::Calendar];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Line => "line",
            Self::Team => "team",
            Self::Calendar => "calendar",
        }
    }

    /// The reports whose rows may be of it, in words.
    pub(super) const fn reports(self) -> &'static str {
        match self {
            Self::Team => "the queue, the transfer, the wait, the agent and the repeat report",
            Self::Queue | Self::Line | Self::Calendar => {
                "the queue, the transfer, the wait and the repeat report"
            }
        }
    }
}

/// Whose figures a row of the agent report holds; in the order of rows within an interval.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// One agent's.
    Agent(AgentId),
    /// Those of the agents of a team; empty = of none.
    Team(String),
}

/// A calendar asked for.
#[derive(Clone, Debug)]
pub(super) struct OpenHours {
    pub(super) name: String,
    pub(super) calendar: Calendar,
}

/// Which calls, checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) hours: Option<OpenHours>,
    /// Numbers dialled; none = all.
    pub(super) lines: BTreeSet<LineId>,
    /// The same as they were asked for.
    pub(super) asked_lines: Vec<String>,
    /// Of them numbers that nobody configured though others are, each with the nearest of those.
    unconfigured: Vec<(String, LineId)>,
    /// Teams; none = all.
    pub(super) teams: BTreeSet<String>,
    /// What rows are of.
    pub(super) by: By,
}

impl Choice {
    /// Reads what is asked for.
    pub(super) fn of(query: &Query, targets: &Targets, floor: &Floor) -> Result<Self, Error> {
        let hours = match query.hours.as_str() {
            "" => None,
            name => Some(hours(name, targets)?),
        };
        let lines = query.lines.iter().map(|line| numbers(line, floor));
        let lines: Vec<_> = lines.collect::<Result<_, _>>()?;
        let teams = floor.teams();
        for team in &query.teams {
            if !teams.contains(team.as_str()) {
                return Err(unknown("query.teams", "team", team, teams.iter().copied()));
            }
        }
        let unconfigured = query.lines.iter().filter_map(|line| {
            let is_known = |(number, name): (&LineId, &crate::model::Text)| {
                &**name == line.as_str() || number.as_str() == line
            };
            if floor.lines.iter().any(is_known) {
                return None;
            }
            let likest = nearest(line, floor.lines.keys().map(LineId::as_str))?;
            Some((clipped(line), LineId::new(likest)))
        });
        Ok(Self {
            hours,
            unconfigured: unconfigured.collect(),
            lines: lines.into_iter().flatten().collect(),
            asked_lines: query.lines.clone(),
            teams: query.teams.iter().cloned().collect(),
            by: query.by,
        })
    }

    /// Whether anything is asked for.
    pub(super) fn is_set(&self) -> bool {
        self.hours.is_some() || self.needs_records()
    }

    /// Whether it takes a call's record to say whether the call is asked for, or where it stands.
    pub(super) fn needs_records(&self) -> bool {
        !self.lines.is_empty() || !self.teams.is_empty() || self.by != By::Queue
    }
}

impl Hash for Choice {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let hours = self.hours.as_ref().map(|hours| &hours.name);
        (hours, &self.lines, &self.teams, self.by).hash(state);
    }
}

fn hours(name: &str, targets: &Targets) -> Result<OpenHours, Error> {
    let Some(calendar) = targets.calendars.get(name) else {
        let known = targets.calendars.keys().map(|name| &**name);
        return Err(unknown("query.hours", "calendar", name, known));
    };
    Ok(OpenHours {
        name: name.to_owned(),
        calendar: calendar.clone(),
    })
}

/// The numbers of a line by its name or number; a number that is not configured is taken as the switch may have told it.
fn numbers(line: &str, floor: &Floor) -> Result<Vec<LineId>, Error> {
    let of = |(number, name): (&LineId, &crate::model::Text)| {
        (&**name == line || number.as_str() == line).then(|| number.clone())
    };
    let found: Vec<_> = floor.lines.iter().filter_map(of).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let digits = line.strip_prefix('+').unwrap_or(line);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(vec![LineId::new(line)]);
    }
    let known = floor.lines.iter();
    let known = known.flat_map(|(number, name)| [&**name, number.as_str()]);
    Err(unknown("query.lines", "line", line, known))
}

/// A name that nobody configured, with the nearest one that somebody did.
pub(super) fn unknown<'a>(
    field: &'static str,
    kind: &'static str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Error {
    let word = clipped(name);
    match nearest(name, known) {
        Some(nearest) => Error::UnknownName {
            field,
            kind,
            name: word,
            nearest: nearest.to_owned(),
        },
        None => Error::NoneConfigured {
            field,
            kind,
            name: word,
        },
    }
}

/// The team of whoever answered first, as of that answer.
pub(super) fn team_of<'a>(floor: &'a Floor, record: &CallRecord) -> Option<&'a str> {
    let leg = record.legs.first()?;
    floor.team(&leg.agent, leg.connected_at)
}

impl Plan {
    /// Whose row a call stands in, where rows are not of queues.
    pub(super) fn group_of(&self, record: &CallRecord) -> Option<Group> {
        let name = match self.choice.by {
            By::Queue => return None,
            By::Line => record.line.as_ref().map(|line| {
                let name = self.floor.line_name(line);
                name.unwrap_or(line.as_str())
            }),
            By::Team => team_of(&self.floor, record),
            By::Calendar => return Some(self.calendar_of(record)),
        };
        Some(Group::named(name))
    }

    /// The calendar that the first queue of a call had when the call arrived, and whether it was closed then.
    fn calendar_of(&self, record: &CallRecord) -> Group {
        let at = record.arrived_at;
        let rules = record
            .counted_under()
            .map(|queue| (queue, self.targets.rules(queue, at)));
        let Some((queue, name)) =
            rules.and_then(|(queue, rules)| Some((queue, rules.calendar.as_ref()?)))
        else {
            return Group::NoQueue;
        };
        match self.targets.is_open(queue, at) {
            true => Group::named(Some(name)),
            false => Group::named(Some(&format!("{name} (closed)"))),
        }
    }

    /// Whether a call is asked for by its line and its team.
    pub(super) fn admits(&self, record: &CallRecord) -> bool {
        let teams = &self.choice.teams;
        let team = teams.is_empty()
            || team_of(&self.floor, record).is_some_and(|team| teams.contains(team));
        team && self.admits_line(record)
    }

    /// Whether a call is asked for by its line.
    pub(super) fn admits_line(&self, record: &CallRecord) -> bool {
        self.choice.lines.is_empty()
            || record
                .line
                .as_ref()
                .is_some_and(|line| self.wants_line(line))
    }

    /// The lines asked for; none = all.
    pub(super) fn lines(&self) -> &BTreeSet<LineId> {
        &self.choice.lines
    }

    /// Whether a line is asked for.
    pub(super) fn wants_line(&self, line: &LineId) -> bool {
        let lines = &self.choice.lines;
        lines.is_empty() || lines.contains(line)
    }

    /// Whether an agent is in a team asked for at an instant.
    pub(super) fn wants_agent(&self, agent: &AgentId, at: Timestamp) -> bool {
        let teams = &self.choice.teams;
        teams.is_empty()
            || self
                .floor
                .team(agent, at)
                .is_some_and(|team| teams.contains(team))
    }

    /// The parts of an agent's stretch as `cut_up` has them, as far as the agent is in a team asked for; where teams
    /// matter, each of one team.
    pub(super) fn of_agent(
        &self,
        agent: &AgentId,
        (start, end): (Timestamp, Timestamp),
    ) -> Vec<(usize, Timestamp, Duration)> {
        if self.choice.teams.is_empty() && self.choice.by != By::Team {
            return self.cut_up(start, end);
        }
        let posts = self.floor.agents.get(agent).into_iter().flatten();
        let changes = posts.flat_map(|post| [Some(post.since), post.until]);
        let changes = changes.flatten().filter(|at| (start..end).contains(at));
        let mut cuts: Vec<_> = changes.chain([start, end]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let posts = cuts.windows(2).map(|cut| (cut[0], cut[1]));
        let wanted = posts.filter(|(since, _)| self.wants_agent(agent, *since));
        wanted
            .flat_map(|(since, until)| self.cut_up(since, until))
            .collect()
    }

    /// Whose row in the agent report something of an agent stands in.
    pub(super) fn whose(&self, agent: &AgentId, at: Timestamp) -> Whose {
        match self.choice.by {
            By::Team => {
                let team = self.floor.team(agent, at).unwrap_or_default();
                Whose::Team(team.to_owned())
            }
            By::Queue | By::Line | By::Calendar => Whose::Agent(agent.clone()),
        }
    }

    /// The name of a line; empty when it has none.
    pub(super) fn line_name(&self, line: &str) -> String {
        let name = self.floor.line_name(&LineId::new(line));
        name.unwrap_or_default().to_owned()
    }

    /// An agent's name at the end of a stretch, and the teams in it in order.
    pub(super) fn named(
        &self,
        agent: &AgentId,
        (start, end): (Timestamp, Timestamp),
    ) -> (String, String) {
        let posts = self.floor.agents.get(agent).into_iter().flatten();
        let posts =
            posts.filter(|post| post.since < end && post.until.is_none_or(|until| start < until));
        let (mut name, mut teams) = (String::new(), Vec::<&str>::new());
        for post in posts {
            if let Some(own) = &post.name {
                name = own.to_string();
            }
            if let Some(team) = post.team.as_deref()
                && teams.last() != Some(&team)
            {
                teams.push(team);
            }
        }
        (name, teams.join(" → "))
    }

    /// The bucket of an instant; `None` outside the period, and while the calendar asked for is closed.
    pub(super) fn index_of(&self, at: Timestamp) -> Option<usize> {
        self.buckets.index_of(at).filter(|_| self.is_open_at(at))
    }

    /// Whether the calendar asked for is open at an instant; without one, always.
    pub(super) fn is_open_at(&self, at: Timestamp) -> bool {
        let hours = self.choice.hours.as_ref();
        hours.is_none_or(|hours| hours.calendar.is_open(at))
    }

    /// Numbers asked for that nobody configured though others are, each with the nearest of those.
    pub(super) fn unconfigured_lines(&self) -> &[(String, LineId)] {
        &self.choice.unconfigured
    }

    /// A sentence for each of these: calls told of it, or it would have been refused.
    pub(super) fn about_unconfigured_lines(&self) -> Vec<String> {
        let unconfigured = self.unconfigured_lines().iter();
        let sentences = unconfigured.map(|(line, likest)| {
            format!("no line {line} is configured, and calls are looked for by that number; the nearest that is: {likest}")
        });
        sentences.collect()
    }

    /// The parts of a stretch by bucket in order of time, each with its first instant: as far as it lies in the period
    /// and the calendar asked for is open.
    pub(super) fn cut_up(
        &self,
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<(usize, Timestamp, Duration)> {
        let (start, end) = (start.max(self.start), end.min(self.end));
        let open = match &self.choice.hours {
            None => vec![(start, end)],
            Some(hours) => hours.calendar.open_spans(start, end),
        };
        let cut = open
            .into_iter()
            .flat_map(|(start, end)| self.buckets.cut_up(start, end));
        cut.collect()
    }

    /// How long the calendar asked for is open in the period.
    pub(super) fn open_time(&self) -> Option<(String, Duration)> {
        let hours = self.choice.hours.as_ref()?;
        let open = hours.calendar.open_time(self.start, self.end);
        Some((hours.name.clone(), open))
    }
}
