//! Who is there: the agents of every queue, worked out once for a picture of all of them.

use std::collections::HashMap;

use crate::model::{AgentCounts, AgentsNow, QueueId, Timestamp};

use super::agents::TooLong;
use super::board::{Live, Source};

/// Agents of every queue, worked out once for a picture of all of them.
#[derive(Clone, Debug, Default)]
pub struct AgentsPicture {
    counts: AgentsNow,
    /// Of the sources alone that may be believed as to this moment; `None` = they are all of them.
    of_current: Option<AgentsNow>,
    too_long: HashMap<QueueId, Vec<TooLong>>,
    second_transfers: HashMap<QueueId, u64>,
}

impl AgentsPicture {
    /// How many there are of each state.
    pub fn into_counts(self) -> AgentsNow {
        self.counts
    }

    /// All of them, each once.
    pub(super) fn all(&self) -> AgentCounts {
        self.counts.all
    }

    /// Those of a queue.
    pub(super) fn of(&self, queue: &QueueId) -> AgentCounts {
        self.counts.queues.get(queue).copied().unwrap_or_default()
    }

    /// Those of a queue who have been in a state for too long.
    pub(super) fn too_long(&self, queue: &QueueId) -> Vec<TooLong> {
        self.too_long.get(queue).cloned().unwrap_or_default()
    }

    /// Calls with a queue that were passed on twice or more.
    pub(super) fn second_transfers(&self, queue: &QueueId) -> u64 {
        let of_queue = self.second_transfers.get(queue);
        of_queue.copied().unwrap_or_default()
    }
}

impl Live {
    /// The agents of every queue, and calls passed on twice; those of sources that are gone are not known.
    pub fn agents(&self, ours: Timestamp) -> AgentsPicture {
        let mut picture = AgentsPicture::default();
        let wrap_up_max = self.options.wrap_up_max;
        let sources = self.sources.values();
        let sources: Vec<_> = sources.filter(|source| !source.is_gone(ours)).collect();
        for source in &sources {
            let Some(now) = source.now(ours) else {
                continue;
            };
            source
                .agents
                .count(now, wrap_up_max, &mut picture.counts, &mut picture.too_long);
            let twice = source.open.values().filter(|call| call.transfers >= 2);
            for queue in twice.filter_map(|call| call.with.as_ref()) {
                *picture.second_transfers.entry(queue.clone()).or_default() += 1;
            }
        }
        self.count_nobody(&sources, &mut picture.counts);
        let current = sources.iter().copied();
        let current: Vec<_> = current.filter(|source| source.is_current(ours)).collect();
        if current.len() < sources.len() {
            let (mut counts, mut unread) = (AgentsNow::default(), HashMap::new());
            for source in &current {
                source
                    .agents
                    .count(ours, wrap_up_max, &mut counts, &mut unread);
            }
            self.count_nobody(&current, &mut counts);
            picture.of_current = Some(counts);
        }
        for named in picture.too_long.values_mut() {
            named.sort_by(|one, other| (&one.agent, one.span).cmp(&(&other.agent, other.span)));
        }
        picture
    }

    /// Where switches say which agents serve which queues, and none serves this one, nobody does: that is a count, too. Of a
    /// queue that also comes by a switch which does not say, nobody knows.
    fn count_nobody(&self, sources: &[&Source], counts: &mut AgentsNow) {
        let all = sources.iter().copied();
        let (telling, others): (Vec<&Source>, Vec<&Source>) =
            all.partition(|source| source.agents.is_telling);
        if telling.is_empty() {
            return;
        }
        let theirs = telling.iter();
        let theirs = theirs.flat_map(|source| source.queues.keys().chain(&source.agents.queues));
        for queue in self.known.iter().chain(theirs) {
            let is_open_question = others
                .iter()
                .any(|source| source.queues.contains_key(queue));
            if !is_open_question && !counts.queues.contains_key(queue) {
                counts.queues.insert(queue.clone(), AgentCounts::default());
            }
        }
    }

    /// Whether these sources say that no agent of a queue is at the telephone. A source that tells of the queue and never said
    /// which agents serve which queues leaves it open: those that calls showed are not all.
    pub(super) fn is_nobody_there(&self, queue: &QueueId, ours: Timestamp, of: Of<'_>) -> bool {
        let (counts, is_asked): (_, fn(&Source, Timestamp) -> bool) = match of {
            Of::All(agents) => (&agents.counts, |source, ours| !source.is_gone(ours)),
            Of::Current(agents) => (
                agents.of_current.as_ref().unwrap_or(&agents.counts),
                Source::is_current,
            ),
        };
        let counts = counts.queues.get(queue);
        let sources = self.sources.values();
        let mut asked = sources.filter(|source| is_asked(source, ours));
        counts.is_some_and(AgentCounts::is_nobody_there)
            && asked.all(|source| source.agents.is_telling || !source.tells_of(queue))
    }
}

/// Whose agents are asked for.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    /// Those of all sources but the ones that are gone.
    All(&'a AgentsPicture),
    /// Those of the sources that may be believed as to this moment.
    Current(&'a AgentsPicture),
}
