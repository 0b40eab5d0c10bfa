//! The floor: queues, the agents who serve them, and the lines that lead to them.

use std::collections::VecDeque;

use super::call::Slot;
use super::options::Options;

/// Names of the first queues, as an employment centre calls them; further ones are numbered.
const QUEUE_NAMES: [&str; 8] = [
    "info",
    "vacancies",
    "benefits",
    "registration",
    "retraining",
    "testing",
    "employers",
    "disability",
];
/// What calls of these queues are about.
pub(super) const TOPICS: [&str; 8] = [
    "opening_hours",
    "vacancy",
    "unemployment_benefit",
    "registration",
    "course",
    "vocational_test",
    "job_offer",
    "quota_place",
];

/// An agent, by place in [`Floor::agents`].
pub(super) type AgentNumber = u32;
/// A queue, by place in [`Floor::queues`].
pub(super) type QueueNumber = u32;
/// A line, by place in [`Floor::lines`].
pub(super) type LineNumber = u32;

/// Changes whenever something begins that older plans are not for: a plan with another token is void.
pub(super) type Token = u64;

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    LoggedOut,
    Idle,
    /// Rings for a caller in a queue.
    Ringing(Slot),
    /// With a caller, or waits for what becomes of a transfer.
    Busy,
    WrapUp,
    /// On a break, on a private call, or gone from the desk.
    Away,
}

/// A break that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    Short,
    Lunch,
}

/// One agent.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) name: String,
    pub(super) queues: Vec<QueueNumber>,
    pub(super) status: Status,
    pub(super) token: Token,
    /// The break to take when the call in hand is done.
    pub(super) break_due: Option<Break>,
    /// The shift is over: goes home when nobody waits.
    pub(super) leaving: bool,
}

/// One queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) agents: Vec<AgentNumber>,
    /// Callers, the next one first.
    pub(super) waiting: VecDeque<Slot>,
    /// Agents as they became idle, longest idle first; a different token in [`Agent`] makes an entry void.
    idle: VecDeque<(AgentNumber, Token)>,
    pub(super) logged_in: u32,
    /// False while all who know this queue's matters are in a meeting.
    pub(super) staffed: bool,
    /// How many agents ring for one caller at once.
    pub(super) rings: usize,
}

impl Queue {
    /// Whether anybody may come to take a call.
    pub(super) fn is_served(&self) -> bool {
        self.staffed && self.logged_in > 0
    }

    /// Takes a caller out, from wherever in the queue.
    pub(super) fn remove(&mut self, slot: Slot) {
        self.waiting.retain(|&waiting| waiting != slot);
    }
}

/// One line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) number: String,
    pub(super) channels: u32,
    pub(super) free: Vec<u32>,
    /// The queues its menu leads to.
    pub(super) queues: Vec<QueueNumber>,
    /// Sums of the popularity of these queues, up to each.
    popularity: Vec<f64>,
}

impl Line {
    pub(super) fn busy(&self) -> u32 {
        self.channels - self.free.len() as u32
    }

    /// The queue that a caller chooses, and the key for it; `chance` is 0..1.
    pub(super) fn choose(&self, chance: f64) -> (QueueNumber, usize) {
        let sum = self.popularity.last().copied().unwrap_or_default();
        let place = self
            .popularity
            .partition_point(|&upto| upto <= chance * sum);
        let place = place.min(self.queues.len() - 1);
        (self.queues[place], place)
    }
}

/// Everything callers can meet.
#[derive(Debug)]
pub(super) struct Floor {
    pub(super) agents: Vec<Agent>,
    pub(super) queues: Vec<Queue>,
    pub(super) lines: Vec<Line>,
}

impl Floor {
    pub(super) fn new(options: &Options) -> Self {
        let mut queues: Vec<Queue> = (0..options.queues).map(queue).collect();
        let skills = skills(options.agents, options.queues);
        for (number, known) in (0..).zip(&skills) {
            for &queue in known {
                queues[queue as usize].agents.push(number);
            }
        }
        let digits = options.agents.to_string().len();
        let agents = (1_u32..).zip(skills).map(|(number, queues)| Agent {
            name: format!("s{number:0digits$}"),
            queues,
            status: Status::LoggedOut,
            token: 0,
            break_due: None,
            leaving: false,
        });
        // A line without a queue would lead nowhere.
        let lines = options.lines.min(options.queues);
        Self {
            agents: agents.collect(),
            queues,
            lines: (0..lines)
                .map(|number| line(number, lines, options))
                .collect(),
        }
    }

    /// Puts an idle agent at the end of each of their queues' lists.
    pub(super) fn list_idle(&mut self, agent: AgentNumber) {
        let Self { agents, queues, .. } = self;
        let entry = (agent, agents[agent as usize].token);
        for &queue in &agents[agent as usize].queues {
            let Queue {
                idle,
                agents: members,
                ..
            } = &mut queues[queue as usize];
            // Void entries go when they outnumber the agents, so that the list is bounded and a look at it cheap.
            if idle.len() > 2 * members.len() + 8 {
                idle.retain(|&entry| is_idle(agents, entry));
            }
            idle.push_back(entry);
        }
    }

    /// The agent of a queue who has been idle longest, taken off its list.
    pub(super) fn take_idle(&mut self, queue: QueueNumber) -> Option<AgentNumber> {
        let idle = &mut self.queues[queue as usize].idle;
        while let Some(entry) = idle.pop_front() {
            if is_idle(&self.agents, entry) {
                return Some(entry.0);
            }
        }
        None
    }
}

fn is_idle(agents: &[Agent], (agent, token): (AgentNumber, Token)) -> bool {
    let agent = &agents[agent as usize];
    agent.token == token && agent.status == Status::Idle
}

fn queue(number: QueueNumber) -> Queue {
    let name = QUEUE_NAMES.get(number as usize);
    Queue {
        name: name.map_or_else(|| format!("queue-{:03}", number + 1), ToString::to_string),
        agents: Vec::new(),
        waiting: VecDeque::new(),
        idle: VecDeque::new(),
        logged_in: 0,
        staffed: true,
        rings: if number.is_multiple_of(3) { 2 } else { 1 },
    }
}

/// Early queues are asked for most.
fn popularity(queue: QueueNumber) -> f64 {
    1.0 / f64::from(queue + 1).sqrt()
}

/// Which queues each agent serves: one by its share of the calls, another as a second skill, and whatever nobody serves.
fn skills(agents: u32, queues: u32) -> Vec<Vec<QueueNumber>> {
    let mut served = vec![0_u32; queues as usize];
    let mut skills = Vec::new();
    let shares: f64 = (0..queues).map(popularity).sum();
    let mut upto = 0.0;
    let mut first = 0;
    for agent in 0..agents {
        // Agents stand in a row as long as the queues' shares; whom a queue's share covers serves it.
        let place = (f64::from(agent) + 0.5) / f64::from(agents);
        while first + 1 < queues && upto + popularity(first) / shares <= place {
            upto += popularity(first) / shares;
            first += 1;
        }
        let second = (first + 1 + agent % (queues - 1).max(1)) % queues;
        let mut known = vec![first];
        if second != first {
            known.push(second);
        }
        for &queue in &known {
            served[queue as usize] += 1;
        }
        skills.push(known);
    }
    for queue in (0..queues).filter(|&queue| served[queue as usize] == 0) {
        skills[(queue % agents) as usize].push(queue);
    }
    skills
}

fn line(number: LineNumber, lines: u32, options: &Options) -> Line {
    let queues: Vec<QueueNumber> = (number..options.queues).step_by(lines as usize).collect();
    let mut sum = 0.0;
    let popularity = queues.iter().map(|&queue| {
        sum += popularity(queue);
        sum
    });
    Line {
        number: format!("+7846{:07}", 2_000_000 + number),
        channels: options.channels,
        // The lowest free channel is taken first.
        free: (1..=options.channels).rev().collect(),
        popularity: popularity.collect(),
        queues,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;
    use jiff::tz::TimeZone;

    fn floor(queues: u32, agents: u32) -> Floor {
        let day = Date::constant(2026, 3, 2);
        let agents = Some(agents);
        Floor::new(&Options::sized(day, TimeZone::UTC, 1, 250, queues, agents))
    }

    #[test]
    fn every_queue_has_an_agent_and_a_line() {
        for (queues, agents) in [(3, 6), (1, 1), (5, 2), (200, 3_000), (2, 9)] {
            let floor = floor(queues, agents);
            assert_eq!(floor.agents.len(), agents as usize);
            for (number, queue) in (0..).zip(&floor.queues) {
                assert!(!queue.agents.is_empty(), "{queues} {agents} {number}");
                let led_to = floor.lines.iter().filter(|l| l.queues.contains(&number));
                assert_eq!(led_to.count(), 1);
            }
        }
    }

    #[test]
    fn callers_choose_the_first_queues_most() {
        let floor = floor(3, 6);
        let line = &floor.lines[0];
        let chosen = [0.0, 0.43, 0.45, 0.7, 0.8, 0.999].map(|chance| line.choose(chance).0);
        // Shares 1, 0.707, 0.577 of 2.284: up to 0.438, 0.747 and 1.
        assert_eq!(chosen, [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn the_longest_idle_agent_is_taken_and_the_list_stays_short() {
        let mut floor = floor(1, 2);
        for token in 1..1_000 {
            for agent in [1, 0] {
                floor.agents[agent as usize].status = Status::Idle;
                floor.agents[agent as usize].token = token;
                floor.list_idle(agent);
            }
        }
        assert!(floor.queues[0].idle.len() < 20);
        assert_eq!(floor.take_idle(0), Some(1));
        floor.agents[1].status = Status::Busy;
        assert_eq!(floor.take_idle(0), Some(0));
        floor.agents[0].status = Status::Busy;
        assert_eq!(floor.take_idle(0), None);
    }
}
