//! Every metric: its name, kind and help, in the order in which they are shown.
//!
//! The catalogue is a public contract (boards and alerts are built on it): a name is never reused for another meaning.

/// What kind a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only rises.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

impl Kind {
    /// The word of a `# TYPE` line.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Writes the catalogue.
macro_rules! metrics {
    ($($variant:ident $kind:ident $name:literal $help:literal,)+) => {
        /// One metric of the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Metric { $($variant,)+ }

        impl Metric {
            /// Every metric, in order.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Its kind.
            pub(crate) const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }

            /// What it says, in one sentence.
            pub(crate) const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

metrics! {
    CallsArrived Counter "dozvon_calls_arrived_total"
        "Calls that reached our number.",
    CallsRefused Counter "dozvon_calls_refused_total"
        "Settled calls that were turned away and entered no queue, each once, by the last reason.",
    CallsLeftBeforeQueue Counter "dozvon_calls_left_before_queue_total"
        "Calls that ended without ever entering a queue or being refused.",
    CallsEnded Counter "dozvon_calls_ended_total"
        "Settled calls, by the one way in which they ended.",
    CallsOpen Gauge "dozvon_calls_open"
        "Inbound calls in progress, as the queue report has them open: no tests, not our own return calls, none that has ended; nor those of a switch that was not heard for an hour.",
    VisitsOffered Counter "dozvon_queue_visits_offered_total"
        "Queue visits begun.",
    VisitsEnded Counter "dozvon_queue_visits_ended_total"
        "Queue visits ended, by the one way in which they ended.",
    Wait Histogram "dozvon_queue_wait_seconds"
        "Wait of ended queue visits, from queue entry to exit, ringing included.",
    AnsweredWithinTarget Counter "dozvon_queue_answered_within_target_total"
        "Visits answered within the target: the service level's numerator.",
    ServiceLevelDecided Counter "dozvon_queue_service_level_decided_total"
        "Visits decided: ended, or waiting longer than the target. The service level's denominator.",
    AbandonedShort Counter "dozvon_queue_abandoned_short_total"
        "Visits abandoned within the short-abandon threshold.",
    EwtError Histogram "dozvon_ewt_error_seconds"
        "By how much an estimated wait was wrong, by predictor: |actual - predicted on entry| of each visit answered; since this process started.",
    ServiceLevelTarget Gauge "dozvon_queue_service_level_target_seconds"
        "The service level's target in force.",
    Waiting Gauge "dozvon_queue_waiting"
        "Visits waiting.",
    WaitingUncertain Gauge "dozvon_queue_waiting_uncertain"
        "Of the visits waiting, those told by a source that is silent: nobody knows whether they still wait.",
    OldestWait Gauge "dozvon_queue_oldest_wait_seconds"
        "Age of the oldest waiting visit, 0 when none waits; of one that is uncertain only where all are, and then it stands still.",
    OldestJourney Gauge "dozvon_queue_oldest_journey_seconds"
        "Time since the first queue entry of the call that waits here and has waited longest, 0 when none waits.",
    QueueAgents Gauge "dozvon_queue_agents"
        "Agents who serve the queue, by state; one of two queues is in both. No series where no switch says who serves which queue.",
    QueueOpen Gauge "dozvon_queue_open"
        "1 while the queue is open by its business calendar; always 1 without one.",
    QueueClosesIn Gauge "dozvon_queue_closes_in_seconds"
        "Time until the queue closes by its business calendar; no series while it is closed or stays open for a day.",
    ConservationResidual Gauge "dozvon_queue_conservation_residual"
        "Visits offered minus ended minus waiting; anything but 0 is an error of ours.",
    CallTransfers Histogram "dozvon_call_transfers"
        "Transfers of each answered call, by the first queue that answered.",
    Transfers Counter "dozvon_transfers_total"
        "Transfers after a human answered, by method, target and what came of them.",
    TransferReturns Counter "dozvon_transfer_returns_total"
        "Transfers back to somebody who had the call before.",
    Reroutes Counter "dozvon_reroutes_total"
        "Moves between queues before any human answered, by the queue left.",
    Talk Histogram "dozvon_agent_talk_seconds"
        "Talk of each handled leg, hold excluded.",
    Hold Histogram "dozvon_agent_hold_seconds"
        "Hold of each handled leg.",
    WrapUp Histogram "dozvon_agent_wrap_up_seconds"
        "Work after the call, for each handled leg that has it.",
    Offers Counter "dozvon_agent_offers_total"
        "Ringings of agents, by how they ended.",
    Agents Gauge "dozvon_agents"
        "Agents, each once, by state. No series before any was told of.",
    LinesBusy Gauge "dozvon_lines_busy"
        "Channels of a line in use, as told last.",
    Lines Gauge "dozvon_lines"
        "Channels of a line in all, as told last; 0 = never told.",
    LinesAllBusy Counter "dozvon_lines_all_busy_seconds_total"
        "Time with every channel of a line in use, as far as its source is known: no further call could reach us by it.",
    LineInfo Gauge "dozvon_line_info"
        "1 for the source that told last of a line, 0 for one that did before.",
    SurveySessions Counter "dozvon_survey_sessions_total"
        "Served calls, by the one way in which their survey ended.",
    SurveyAnswers Counter "dozvon_survey_answers_total"
        "Answers to surveys, by code; a number or a recording counts as given.",
    IngestEvents Counter "dozvon_ingest_events_total"
        "Events received, by what became of them; duplicates since this process started.",
    IngestRejected Counter "dozvon_ingest_rejected_total"
        "Events rejected, by reason.",
    IngestGap Counter "dozvon_ingest_gap_events_total"
        "Sequence numbers skipped by the source, whether or not they came later.",
    IngestMissing Gauge "dozvon_ingest_missing_events"
        "Sequence numbers skipped by the source that have not come.",
    IngestLate Counter "dozvon_ingest_late_events_total"
        "Events that came after their call was settled.",
    IngestCorrections Counter "dozvon_ingest_corrections_total"
        "Events that changed a queue exit which was already counted.",
    IngestDelay Histogram "dozvon_ingest_delay_seconds"
        "From the switch's own time of an event to its commit, clock skew taken out; since this process started.",
    IngestSkew Gauge "dozvon_ingest_skew_seconds"
        "Our clock minus the source's.",
    IngestDataAge Gauge "dozvon_ingest_data_age_seconds"
        "Time since the source was last heard live, heartbeats included.",
    CommitSeconds Histogram "dozvon_journal_commit_seconds"
        "Duration of a group commit, sync included; since this process started.",
    CommitEvents Histogram "dozvon_journal_commit_events"
        "Events in a group commit; since this process started.",
    StoreLag Gauge "dozvon_store_lag_positions"
        "Journal positions committed and not yet in the store.",
    BuildInfo Gauge "dozvon_build_info"
        "Always 1; the label says which version runs.",
}

impl Metric {
    /// Its name in OpenMetrics, where a counter's samples alone end in `_total`.
    pub(crate) fn family(self) -> &'static str {
        self.name().trim_end_matches("_total")
    }

    /// Its unit, where it has one.
    pub(crate) fn unit(self) -> Option<&'static str> {
        self.family().ends_with("_seconds").then_some("seconds")
    }

    /// The metric of a name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|metric| metric.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_counters_alone_end_in_total() {
        let mut names = HashSet::new();
        for metric in Metric::ALL {
            let name = metric.name();
            assert!(names.insert(name), "{name} is there twice");
            let counter = metric.kind() == Kind::Counter;
            assert_eq!(name.ends_with("_total"), counter, "{name}");
            assert!(name.starts_with("dozvon_"), "{name}");
            // What the two forms would escape differently.
            assert!(!metric.help().contains(['"', '\\', '\n']), "{name}");
        }
    }

    #[test]
    fn a_metric_is_found_by_its_name() {
        for metric in Metric::ALL {
            assert_eq!(Metric::from_name(metric.name()), Some(*metric));
        }
        assert_eq!(Metric::from_name("dozvon_calls"), None);
    }
}
