//! The people and numbers of a hotline as its administrator names them: lines, agents with their teams, planned routes.

use std::collections::{BTreeMap, BTreeSet};

use super::ids::{AgentId, LineId, QueueId};
use super::text::Text;
use super::timestamp::Timestamp;

/// An agent's name and team for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// What people call the agent; `None` = by the id.
    pub name: Option<Text>,
    /// The team; `None` = none.
    pub team: Option<Text>,
    /// First instant.
    pub since: Timestamp,
    /// First instant after it; `None` = for good.
    pub until: Option<Timestamp>,
}

impl Post {
    fn holds(&self, at: Timestamp) -> bool {
        self.since <= at && self.until.is_none_or(|until| at < until)
    }
}

/// Who and what is known by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Floor {
    /// Lines by the number dialled, with their names.
    pub lines: BTreeMap<LineId, Text>,
    /// Agents with their posts in order of time; no two of one agent overlap.
    pub agents: BTreeMap<AgentId, Vec<Post>>,
    /// The way that calls are meant to go.
    pub routes: PlannedRoutes,
}

impl Floor {
    /// The name of a line; `None` when it has none.
    pub fn line_name(&self, line: &LineId) -> Option<&str> {
        self.lines.get(line).map(|name| &**name)
    }

    /// What an agent is at an instant; `None` when nothing is known.
    pub fn post(&self, agent: &AgentId, at: Timestamp) -> Option<&Post> {
        let posts = self.agents.get(agent)?;
        posts.iter().find(|post| post.holds(at))
    }

    /// The team of an agent at an instant.
    pub fn team(&self, agent: &AgentId, at: Timestamp) -> Option<&str> {
        self.post(agent, at)?.team.as_deref()
    }

    /// Every team that anybody is ever in.
    pub fn teams(&self) -> BTreeSet<&str> {
        let posts = self.agents.values().flatten();
        posts.filter_map(|post| post.team.as_deref()).collect()
    }
}

/// Routes from queue to queue that calls are meant to take, as from a first line to specialists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannedRoutes(BTreeMap<QueueId, BTreeSet<QueueId>>);

impl PlannedRoutes {
    /// Whether no route is planned.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a move from one queue to another is planned.
    pub fn has(&self, from: &QueueId, to: &QueueId) -> bool {
        self.0.get(from).is_some_and(|targets| targets.contains(to))
    }

    /// Whether planned moves, one after another, lead from one queue to another; none leads back to itself unasked.
    pub fn leads(&self, from: &QueueId, to: &QueueId) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(queue) = next.pop() {
            for target in self.0.get(queue).into_iter().flatten() {
                if target == to {
                    return true;
                }
                if seen.insert(target) {
                    next.push(target);
                }
            }
        }
        false
    }

    /// Every route, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&QueueId, &QueueId)> {
        let routes = self.0.iter();
        routes.flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)))
    }
}

impl FromIterator<(QueueId, QueueId)> for PlannedRoutes {
    fn from_iter<I: IntoIterator<Item = (QueueId, QueueId)>>(routes: I) -> Self {
        let mut planned = BTreeMap::<_, BTreeSet<_>>::new();
        for (from, to) in routes {
            planned.entry(from).or_default().insert(to);
        }
        Self(planned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_in_a_team_for_as_long_as_the_post_holds() {
        let at = Timestamp::from_micros;
        let post = |team: &str, since, until: Option<i64>| Post {
            name: None,
            team: Some(team.into()),
            since: at(since),
            until: until.map(at),
        };
        let agent = AgentId::new("102");
        let posts = vec![post("first", 100, Some(200)), post("second", 250, None)];
        let floor = Floor {
            agents: BTreeMap::from([(agent.clone(), posts)]),
            ..Floor::default()
        };
        for (when, team) in [
            (99, None),
            (100, Some("first")),
            (199, Some("first")),
            (200, None),
            (250, Some("second")),
            (i64::MAX, Some("second")),
        ] {
            assert_eq!(floor.team(&agent, at(when)), team, "{when}");
        }
        assert_eq!(floor.team(&AgentId::new("103"), at(150)), None);
        assert_eq!(floor.teams(), BTreeSet::from(["first", "second"]));
    }

    #[test]
    fn routes_lead_on_from_one_to_the_next() {
        let [first, second, third, other] = ["first", "second", "third", "other"].map(QueueId::new);
        let routes: PlannedRoutes = [
            (first.clone(), second.clone()),
            (second.clone(), third.clone()),
            // A circle must not be walked for ever.
            (third.clone(), second.clone()),
        ]
        .into_iter()
        .collect();
        for (from, to, direct, leads) in [
            (&first, &second, true, true),
            (&first, &third, false, true),
            (&third, &first, false, false),
            (&first, &other, false, false),
            (&other, &first, false, false),
        ] {
            assert_eq!(
                (routes.has(from, to), routes.leads(from, to)),
                (direct, leads)
            );
        }
        assert_eq!(routes.iter().count(), 3);
        assert!(PlannedRoutes::default().is_empty());
    }
}
