//! What is true at the moment of a scrape: who waits, since when, and how far off the clocks are.
//!
//! Not kept over a restart: the pipeline tells it anew. Pure: the time is given by whoever renders.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::histogram::micros;
use super::name::Metric;
use super::sets::QueueSeries;
use super::text::{decimal, labels, signed_decimal, write_sample};
use super::totals::Totals;
use crate::model::{
    AgentCounts, AgentState, AgentsNow, GONE_AFTER, QueueId, QueueNow, SILENCE_MAX, SourceId,
    SourceNow, Timestamp, WaitingNow,
};

/// Each source as it was last told.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    sources: BTreeMap<SourceId, Source>,
}

#[derive(Debug, Default)]
struct Source {
    sent_at: Option<Timestamp>,
    received_at: Timestamp,
    calls_open: u64,
    gap_events: u64,
    /// Queues in which somebody waits.
    queues: HashMap<QueueId, QueueNow>,
}

impl Moment {
    /// Takes in what is true of a source; queues that are not told stay as they are.
    pub(crate) fn merge(&mut self, now: SourceNow) {
        let source = self.sources.entry(now.source).or_default();
        source.sent_at = now.sent_at;
        source.received_at = now.received_at;
        source.calls_open = now.calls_open;
        source.gap_events = now.gap_events;
        for queue in now.queues {
            if queue.waiting == 0 {
                source.queues.remove(&queue.queue);
            } else {
                source.queues.insert(queue.queue.clone(), queue);
            }
        }
    }

    /// Whether a source was not heard for so long that it is taken for gone.
    fn is_gone(&self, source: &SourceId, now: Timestamp) -> bool {
        let heard = self.sources.get(source);
        heard.is_none_or(|source| source.is_gone(now))
    }

    /// Sequence numbers that never came, of the sources that `shown` takes.
    pub(crate) fn gap_events(&self, shown: impl Fn(&SourceId) -> bool) -> u64 {
        let sources = self.sources.iter().filter(|(source, _)| shown(source));
        sources.map(|(_, state)| state.gap_events).sum()
    }
}

impl Source {
    /// The source's own clock at this moment of ours. It stands still in silence: a wait that grows only because a line
    /// was cut would be made up.
    fn now(&self, now: Timestamp) -> Timestamp {
        let passed = now.since(self.received_at).unwrap_or_default();
        let sent_at = self.sent_at.unwrap_or(self.received_at);
        sent_at.plus(passed.min(SILENCE_MAX))
    }

    /// Since it was last heard live; `None` = it never was.
    fn age(&self, now: Timestamp) -> Option<Duration> {
        self.sent_at?;
        Some(now.since(self.received_at).unwrap_or_default())
    }

    /// Whether its clock stands still.
    fn is_silent(&self, now: Timestamp) -> bool {
        self.age(now).is_none_or(|age| age >= SILENCE_MAX)
    }

    /// Whether it was not heard for so long that what it told last says nothing of this moment.
    fn is_gone(&self, now: Timestamp) -> bool {
        self.age(now).is_none_or(|age| age > GONE_AFTER)
    }

    fn skew_micros(&self) -> Option<i64> {
        let sent_at = self.sent_at?;
        let received = self.received_at.as_micros();
        Some(received.saturating_sub(sent_at.as_micros()))
    }
}

/// The waiting of one queue label, apart by whether their source is heard.
#[derive(Clone, Copy, Default)]
struct Queued {
    certain: WaitingNow,
    /// Of silent sources.
    uncertain: WaitingNow,
    /// Visits of sources that are gone: they were offered and no end was told, and nobody takes them for waiting.
    gone: u64,
}

impl Queued {
    fn visits(&self) -> u64 {
        self.certain.visits + self.uncertain.visits
    }

    fn not_ended(&self) -> u64 {
        self.visits() + self.gone
    }

    /// Those whose waits are told: waits that stand still hide no growing one.
    fn told(&self) -> WaitingNow {
        match self.certain.visits {
            0 => self.uncertain,
            _ => self.certain,
        }
    }
}

/// The lines of every gauge, by metric.
pub(crate) fn render(
    totals: &Totals,
    now: Timestamp,
    agents: &AgentsNow,
) -> BTreeMap<Metric, String> {
    let mut gauges = Gauges::default();
    let sources = &totals.moment.sources;
    let there = sources.values().filter(|source| !source.is_gone(now));
    let calls_open: u64 = there.map(|source| source.calls_open).sum();
    gauges.add(Metric::CallsOpen, "", &calls_open.to_string());
    for (source, micros) in skews(totals) {
        let labels = labels(&[("source", source)]);
        gauges.add(Metric::IngestSkew, &labels, &signed_decimal(micros));
    }
    for (source, of_source) in heard(totals, now) {
        let labels = labels(&[("source", source)]);
        let missing = of_source.missing_events.to_string();
        gauges.add(Metric::IngestMissing, &labels, &missing);
        if let Some(age) = of_source.age {
            gauges.add(Metric::IngestDataAge, &labels, &decimal(micros(age)));
        }
    }
    let waiting = waiting(totals, now);
    for (queue, series) in totals.queue_labels() {
        let of_queue = waiting.get(&*queue).copied().unwrap_or_default();
        let id = QueueId::new(queue.clone());
        let target = totals.targets.of(&id, now);
        let labels = labels(&[("queue", &queue)]);
        let mut add = |metric, value: String| gauges.add(metric, &labels, &value);
        let seconds = |span: Duration| decimal(micros(span));
        add(Metric::ServiceLevelTarget, seconds(target.service_level));
        add(Metric::Waiting, of_queue.visits().to_string());
        let uncertain = of_queue.uncertain.visits;
        add(Metric::WaitingUncertain, uncertain.to_string());
        add(Metric::OldestWait, seconds(of_queue.told().oldest));
        let oldest_journey = of_queue.told().oldest_journey;
        add(Metric::OldestJourney, seconds(oldest_journey));
        let open = totals.targets.is_open(&id, now);
        add(Metric::QueueOpen, u8::from(open).to_string());
        if let Some(left) = totals.targets.closes_in(&id, now) {
            add(Metric::QueueClosesIn, seconds(left));
        }
        let residual = residual(totals, &series, of_queue.not_ended());
        add(Metric::ConservationResidual, residual.to_string());
    }
    // Of a queue that nobody has called yet, too.
    let is_gone = |source: &SourceId| totals.moment.is_gone(source, now);
    let of_queues = agents.queues.iter();
    let of_queues = of_queues.filter(|(queue, _)| totals.served.is_known(queue.as_str(), is_gone));
    let mut of_queues: Vec<_> = of_queues.collect();
    of_queues.sort_unstable_by(|one, other| one.0.cmp(other.0));
    for (queue, counts) in of_queues {
        gauges.add_agents(Metric::QueueAgents, &[("queue", queue.as_str())], counts);
    }
    if agents.all != AgentCounts::default() {
        gauges.add_agents(Metric::Agents, &[], &agents.all);
    }
    let version = labels(&[("version", env!("CARGO_PKG_VERSION"))]);
    gauges.add(Metric::BuildInfo, &version, "1");
    gauges.0
}

#[derive(Default)]
struct Gauges(BTreeMap<Metric, String>);

impl Gauges {
    fn add(&mut self, metric: Metric, labels: &str, value: &str) {
        let out = self.0.entry(metric).or_default();
        write_sample(out, metric.name(), labels, value);
    }

    /// Every state, so that none of them is missing from a sum.
    fn add_agents(&mut self, metric: Metric, more: &[(&str, &str)], counts: &AgentCounts) {
        for state in AgentState::ALL {
            let labels = labels(&[more, &[("state", state.as_str())]].concat());
            self.add(metric, &labels, &counts.of(*state).to_string());
        }
    }
}

/// Offered − Σ exits − not ended.
fn residual(totals: &Totals, queue: &QueueSeries, not_ended: u64) -> i128 {
    let count = |id| i128::from(totals.series.count(id));
    let ended: i128 = queue.ended.iter().map(|id| count(*id)).sum();
    count(queue.offered) - ended - i128::from(not_ended)
}

fn waiting<'a>(totals: &'a Totals, ours: Timestamp) -> HashMap<&'a str, Queued> {
    let mut labels: HashMap<&'a str, Queued> = HashMap::new();
    for source in totals.moment.sources.values() {
        let now = source.now(ours);
        let (is_silent, is_gone) = (source.is_silent(ours), source.is_gone(ours));
        for (queue, told) in &source.queues {
            let of_label = labels.entry(totals.queue_label(queue)).or_default();
            let waiting = match (is_gone, is_silent) {
                (true, _) => {
                    of_label.gone += told.waiting;
                    continue;
                }
                (false, true) => &mut of_label.uncertain,
                (false, false) => &mut of_label.certain,
            };
            let earliest = [told.oldest_entry, told.oldest_journey];
            waiting.add(told.waiting, earliest, now);
        }
    }
    labels
}

/// What is known of how a source sends.
#[derive(Default)]
struct Heard {
    missing_events: u64,
    /// Since it was last heard live; of sources that share a label, the longest.
    age: Option<Duration>,
}

/// That, by source label.
fn heard(totals: &Totals, now: Timestamp) -> BTreeMap<&str, Heard> {
    let mut labels = BTreeMap::<_, Heard>::new();
    for (source, state) in &totals.moment.sources {
        let of_label = labels.entry(totals.source_label(source)).or_default();
        of_label.missing_events += state.gap_events;
        of_label.age = of_label.age.max(state.age(now));
    }
    labels
}

/// Skew by source label; of the sources that share `other`, the greatest in either direction.
fn skews(totals: &Totals) -> BTreeMap<&str, i64> {
    let mut skews = BTreeMap::new();
    for (source, state) in &totals.moment.sources {
        if let Some(micros) = state.skew_micros() {
            let skew = skews.entry(totals.source_label(source)).or_insert(micros);
            if micros.unsigned_abs() > skew.unsigned_abs() {
                *skew = micros;
            }
        }
    }
    skews
}
