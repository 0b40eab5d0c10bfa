//! The service level as other products figure it, from the same calls: for whoever has to compare with the old exchange.
//!
//! Each figure keeps its product's own numerator and denominator. What it leaves out is said in its definition.

use crate::model::{Exit, ExitClass, QueueTarget, VisitRow};

use super::abandonment::is_abandoned_short;
use super::definitions::Id;
use super::interval::Part;
use super::service_level::is_within;

/// A product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pack {
    /// Cisco Unified Contact Center Enterprise.
    Cisco,
    /// Amazon Connect.
    Amazon,
    /// Asterisk, `app_queue`.
    Asterisk,
    /// Wazo, `wazo-call-logd`.
    Wazo,
}

impl Pack {
    /// Every product.
    pub const ALL: [Self; 4] = [Self::Cisco, Self::Amazon, Self::Asterisk, Self::Wazo];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cisco => "cisco",
            Self::Amazon => "amazon",
            Self::Asterisk => "asterisk",
            Self::Wazo => "wazo",
        }
    }

    /// The product of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pack| pack.as_str() == word)
    }

    /// What it shows.
    pub const fn figures(self) -> &'static [CompatFigure] {
        match self {
            Self::Cisco => &[
                CompatFigure::CiscoIgnored,
                CompatFigure::CiscoNegative,
                CompatFigure::CiscoPositive,
            ],
            Self::Amazon => &[CompatFigure::AmazonLevel],
            Self::Asterisk => &[CompatFigure::AsteriskFirst, CompatFigure::AsteriskSecond],
            Self::Wazo => &[CompatFigure::WazoQuality],
        }
    }
}

/// What the figures are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompatCounts {
    /// Visits answered.
    pub answered: u64,
    /// Of them with wait ≤ T.
    pub answered_within: u64,
    /// Visits abandoned.
    pub abandoned: u64,
    /// Of them with wait ≤ T.
    pub abandoned_within: u64,
    /// Of them with wait ≤ s.
    pub abandoned_short: u64,
    /// Visits that left by time-out, or because nobody was there.
    pub sent_away: u64,
    /// Of them with wait ≤ T.
    pub sent_away_within: u64,
    /// Visits that left to be called back, with wait ≤ T.
    pub callback_within: u64,
    /// Visits that were neither answered nor abandoned, with wait ≤ T.
    pub other_within: u64,
    /// Visits decided, by the instant of reading.
    pub decided: u64,
}

impl CompatCounts {
    /// What the end of one visit counts: everything but whether it is decided.
    pub fn of_end(visit: &VisitRow, target: QueueTarget) -> Self {
        let class = visit.exit.map(Exit::class);
        let within = is_within(visit.wait, target.service_level);
        let abandoned = class == Some(ExitClass::Abandoned);
        let answered = class == Some(ExitClass::Answered);
        let away = matches!(visit.exit, Some(Exit::Timeout | Exit::LeftEmpty));
        let short = is_abandoned_short(visit.wait, target.short_abandon);
        Self {
            answered: answered.into(),
            answered_within: (answered && within).into(),
            abandoned: abandoned.into(),
            abandoned_within: (abandoned && within).into(),
            abandoned_short: (abandoned && short).into(),
            sent_away: away.into(),
            sent_away_within: (away && within).into(),
            callback_within: (visit.exit == Some(Exit::Callback) && within).into(),
            other_within: (class == Some(ExitClass::Other) && within).into(),
            decided: 0,
        }
    }

    /// Adds the counts of others.
    pub fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.answered_within += other.answered_within;
        self.abandoned += other.abandoned;
        self.abandoned_within += other.abandoned_within;
        self.abandoned_short += other.abandoned_short;
        self.sent_away += other.sent_away;
        self.sent_away_within += other.sent_away_within;
        self.callback_within += other.callback_within;
        self.other_within += other.other_within;
        self.decided += other.decided;
    }
}

/// One figure of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompatFigure {
    /// `ServiceLevelCalls ÷ (ServiceLevelCallsOffered − ServiceLevelAband)`. Cisco's report user guide, "SL Aban Ignored";
    /// database schema handbook, `Call_Type_Interval`.
    CiscoIgnored,
    /// `ServiceLevelCalls ÷ ServiceLevelCallsOffered`. Ibid., "SL Aban Negative".
    CiscoNegative,
    /// `(ServiceLevelCalls + ServiceLevelAband) ÷ ServiceLevelCallsOffered`. Ibid., "SL Aban Positive".
    CiscoPositive,
    /// `SERVICE_LEVEL`: contacts removed from the queue within T ÷ contacts queued. Amazon Connect administrator guide,
    /// metric definitions.
    AmazonLevel,
    /// `SL`: `callscompletedinsl ÷ callscompleted`. Asterisk, `apps/app_queue.c`, `__queues_show`.
    AsteriskFirst,
    /// `SL2`: `(callsabandonedinsl + callscompletedinsl) ÷ (callsabandoned + callscompleted)`. Ibid.; `record_abandoned` is
    /// called for time-outs and empty queues, too (`queue_exec`).
    AsteriskSecond,
    /// `quality_of_service`: calls answered within the threshold ÷ calls answered. `wazo-call-logd`, queue statistics.
    WazoQuality,
}

impl CompatFigure {
    /// Its definition in the catalogue.
    pub const fn id(self) -> Id {
        match self {
            Self::CiscoIgnored => Id::CiscoIgnored,
            Self::CiscoNegative => Id::CiscoNegative,
            Self::CiscoPositive => Id::CiscoPositive,
            Self::AmazonLevel => Id::AmazonLevel,
            Self::AsteriskFirst => Id::AsteriskFirst,
            Self::AsteriskSecond => Id::AsteriskSecond,
            Self::WazoQuality => Id::WazoQuality,
        }
    }

    /// Its name in the product.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CiscoIgnored => "SL Aban Ignored",
            Self::CiscoNegative => "SL Aban Negative",
            Self::CiscoPositive => "SL Aban Positive",
            Self::AmazonLevel => "Service level",
            Self::AsteriskFirst => "SL",
            Self::AsteriskSecond => "SL2",
            Self::WazoQuality => "quality_of_service",
        }
    }

    /// Numerator and denominator.
    pub fn part(self, counts: &CompatCounts) -> Part {
        let within = counts.answered_within;
        // Short calls are no service-level event, nor is leaving otherwise before T.
        let cisco_offered = counts
            .decided
            .saturating_sub(counts.abandoned_short + counts.other_within);
        let cisco_abandoned = counts
            .abandoned_within
            .saturating_sub(counts.abandoned_short);
        let (count, of) = match self {
            Self::CiscoIgnored => (within, cisco_offered.saturating_sub(cisco_abandoned)),
            Self::CiscoNegative => (within, cisco_offered),
            Self::CiscoPositive => (within + cisco_abandoned, cisco_offered),
            Self::AmazonLevel => (
                within + counts.abandoned_within + counts.callback_within,
                counts.decided,
            ),
            Self::AsteriskFirst | Self::WazoQuality => (within, counts.answered),
            Self::AsteriskSecond => (
                within + counts.abandoned_within + counts.sent_away_within,
                counts.answered + counts.abandoned + counts.sent_away,
            ),
        };
        Part { count, of }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::kpi::share::share;
    use crate::model::{QueueId, Timestamp};

    /// Tenths of a percent, as the catalogue prints its example.
    fn tenths(figure: CompatFigure, counts: &CompatCounts) -> Option<u32> {
        let Part { count, of } = figure.part(counts);
        share(count, of).map(|share| (share * 1000.0).round() as u32)
    }

    #[test]
    fn the_worked_example() {
        let counts = CompatCounts {
            answered: 1000,
            answered_within: 860,
            abandoned: 60,
            abandoned_within: 20,
            abandoned_short: 10,
            decided: 1060,
            ..CompatCounts::default()
        };
        for (figure, quotient, expected) in [
            (
                CompatFigure::CiscoIgnored,
                860.0 / (1060.0 - 10.0 - 10.0),
                827,
            ),
            (CompatFigure::CiscoNegative, 860.0 / (1060.0 - 10.0), 819),
            (
                CompatFigure::CiscoPositive,
                (860.0 + 10.0) / (1060.0 - 10.0),
                829,
            ),
            (CompatFigure::AmazonLevel, (860.0 + 20.0) / 1060.0, 830),
            (CompatFigure::AsteriskFirst, 860.0 / 1000.0, 860),
            (
                CompatFigure::AsteriskSecond,
                (860.0 + 20.0) / (1000.0 + 60.0),
                830,
            ),
            (CompatFigure::WazoQuality, 860.0 / 1000.0, 860),
        ] {
            let Part { count, of } = figure.part(&counts);
            assert_eq!(share(count, of), Some(quotient), "{figure:?}");
            assert_eq!(tenths(figure, &counts), Some(expected), "{figure:?}");
        }
    }

    #[test]
    fn each_product_takes_other_exits_its_own_way() {
        // 10 answered (8 within); 4 abandoned (3 within, 1 short); 2 timed out (1 within); 1 called back and 1 withdrawn,
        // both within; 2 wait beyond T: N = 20.
        let counts = CompatCounts {
            answered: 10,
            answered_within: 8,
            abandoned: 4,
            abandoned_within: 3,
            abandoned_short: 1,
            sent_away: 2,
            sent_away_within: 1,
            callback_within: 1,
            other_within: 3,
            decided: 20,
        };
        for (figure, count, of) in [
            // 20 − 1 short − 3 that left otherwise before T = 16.
            (CompatFigure::CiscoIgnored, 8, 14),
            (CompatFigure::CiscoNegative, 8, 16),
            (CompatFigure::CiscoPositive, 10, 16),
            (CompatFigure::AmazonLevel, 8 + 3 + 1, 20),
            (CompatFigure::AsteriskFirst, 8, 10),
            (CompatFigure::AsteriskSecond, 8 + 3 + 1, 10 + 4 + 2),
            (CompatFigure::WazoQuality, 8, 10),
        ] {
            assert_eq!(figure.part(&counts), Part { count, of }, "{figure:?}");
        }
        for figure in Pack::ALL.into_iter().flat_map(Pack::figures) {
            assert_eq!(figure.part(&CompatCounts::default()).of, 0, "{figure:?}");
        }
    }

    #[test]
    fn a_visit_s_end_is_counted_once_in_each_place() {
        let target = QueueTarget::default();
        let visit = |exit, wait| VisitRow {
            queue: QueueId::new("jobs"),
            entered_at: Timestamp::default(),
            exit: Some(exit),
            exited_at: None,
            wait: Some(Duration::from_secs(wait)),
            talk: None,
            first: true,
            provisional: false,
            missed_offer_time: Duration::ZERO,
            after_transfer: false,
            waits_at: None,
        };
        let mut counts = CompatCounts::default();
        for (exit, wait) in [
            (Exit::Answered, 20),
            (Exit::Answered, 21),
            (Exit::AbandonedRinging, 5),
            (Exit::AbandonedWaiting, 30),
            (Exit::Timeout, 10),
            (Exit::LeftEmpty, 60),
            (Exit::Callback, 3),
        ] {
            counts.add(CompatCounts::of_end(&visit(exit, wait), target));
        }
        let expected = CompatCounts {
            answered: 2,
            answered_within: 1,
            abandoned: 2,
            abandoned_within: 1,
            abandoned_short: 1,
            sent_away: 2,
            sent_away_within: 1,
            callback_within: 1,
            other_within: 2,
            decided: 0,
        };
        assert_eq!(counts, expected);
    }
}
