//! Lines, agents and planned routes: what the switch knows by number, by its name for people.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Config;
use super::value::ValidFrom;
use crate::model::{AgentId, Floor, LineId, Post, QueueId, Timestamp};

/// A line with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The number dialled, as the switch says it.
    pub number: String,
    /// What people call it.
    pub name: String,
}

/// An agent's name and team, for some time; an agent who changes teams is there once for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The agent, as the switch says it.
    pub id: String,
    /// What people call the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// The first day, or instant; else from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ValidFrom>,
    /// The first day, or instant, that no longer counts; else for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ValidFrom>,
}

/// A way from queue to queue that calls are meant to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedRoute {
    /// The queue it leaves.
    pub from: String,
    /// The queue it leads to.
    pub to: String,
}

impl Agent {
    /// The name, team and time of this entry.
    pub(super) fn post(&self, zone: &TimeZone) -> Post {
        Post {
            name: self.name.as_deref().map(Into::into),
            team: self.team.as_deref().map(Into::into),
            since: self.from.map_or(Timestamp::MIN, |from| from.at(zone)),
            until: self.to.map(|to| to.at(zone)),
        }
    }
}

impl Config {
    /// Lines, agents and routes by name.
    pub fn floor(&self) -> Floor {
        let zone = self.zone.time_zone();
        let mut agents = BTreeMap::<AgentId, Vec<Post>>::new();
        for agent in &self.agents {
            let posts = agents.entry(AgentId::new(agent.id.as_str())).or_default();
            posts.push(agent.post(zone));
        }
        for posts in agents.values_mut() {
            posts.sort_by_key(|post| post.since);
        }
        let lines = self.lines.iter().map(|line| {
            let number = LineId::new(line.number.as_str());
            (number, line.name.as_str().into())
        });
        let routes = self.planned_routes.iter().map(|route| {
            let queue = |name: &str| QueueId::new(name);
            (queue(&route.from), queue(&route.to))
        });
        Floor {
            lines: lines.collect(),
            agents,
            routes: routes.collect(),
        }
    }
}
