//! Why a report could not be made.

use crate::store;

use super::bucket::Bucket;
use super::choice::By;
use super::nearest::{clipped, nearest};

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such zone.
    #[error("unknown zone {zone:?}; the nearest is {nearest:?}")]
    UnknownZone {
        /// What was asked for.
        zone: String,
        /// The zone most like it.
        nearest: String,
    },
    /// No such queue.
    #[error("unknown queue {queue:?}; the nearest is {nearest:?}")]
    UnknownQueue {
        /// Its field.
        field: &'static str,
        /// What was asked for.
        queue: String,
        /// The queue most like it.
        nearest: String,
    },
    /// No such queue, because none has been seen.
    #[error("unknown queue {queue:?}; no queue is known yet")]
    NoQueues {
        /// Its field.
        field: &'static str,
        /// What was asked for.
        queue: String,
    },
    /// A bound of the period is missing.
    #[error("the period has no {}", bound(field))]
    PeriodMissing {
        /// The bound's field.
        field: &'static str,
    },
    /// A bound of the period cannot be a time.
    #[error("the period's {} is no time that can be written", bound(field))]
    PeriodOutOfRange {
        /// The bound's field.
        field: &'static str,
    },
    /// The period ends before it starts.
    #[error("the period starts at {start}, after its end {end}")]
    PeriodReversed {
        /// Start, local.
        start: String,
        /// End, local.
        end: String,
    },
    /// A bucket of no known kind.
    #[error("unknown bucket {value}")]
    UnknownBucket {
        /// Its number.
        value: i32,
    },
    /// One of several ways, but none of those known.
    #[error("unknown {} {value}", bound(field))]
    UnknownChoice {
        /// Its field.
        field: &'static str,
        /// Its number.
        value: i32,
    },
    /// Rows of something else than queues, of a report that has rows of its own.
    #[error("only {} have rows by {}", by.reports(), by.as_str())]
    NotGrouped {
        /// What was asked for.
        by: By,
    },
    /// The period is too long for its bucket.
    #[error(
        "the period from {start} to {end} is too long for bucket {}: more than {max} of them; the shortest that fits is {}",
        bucket.as_str(),
        fits.as_str()
    )]
    TooManyBuckets {
        /// The bucket.
        bucket: Bucket,
        /// Start, local.
        start: String,
        /// End, local.
        end: String,
        /// How many there may be.
        max: usize,
        /// The shortest bucket of which there are not too many.
        fits: Bucket,
    },
    /// A short abandon that is no shorter than the service level's threshold.
    #[error(
        "s must be shorter than T, and s = {short} s is not shorter than T = {level} s{whose}; ask for {}",
        match field {
            &"query.short_abandon" => "a shorter s",
            _ => "a longer T, or for a shorter s as well",
        }
    )]
    ThresholdsCross {
        /// The field of whichever was asked for.
        field: &'static str,
        /// s, in seconds.
        short: String,
        /// T, in seconds.
        level: String,
        /// Of which queue.
        whose: String,
    },
    /// A threshold or edge that cannot be one.
    #[error("a threshold {problem}")]
    BadThreshold {
        /// Its field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More thresholds or edges than are taken.
    #[error("{count} thresholds are too many: {max} may be asked for")]
    TooManyThresholds {
        /// Their field.
        field: &'static str,
        /// How many were asked for.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// A word of a closed list that is none.
    #[error("unknown word {word:?}; the nearest is {nearest:?}")]
    UnknownWord {
        /// Its field.
        field: &'static str,
        /// What was asked for.
        word: String,
        /// The word most like it.
        nearest: String,
    },
    /// A name that nobody configured.
    #[error("unknown {kind} {name:?}; the nearest is {nearest:?}")]
    UnknownName {
        /// Its field.
        field: &'static str,
        /// What it should name.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// The name most like it.
        nearest: String,
    },
    /// A name of a kind of which none is configured.
    #[error("unknown {kind} {name:?}; no {kind} is configured")]
    NoneConfigured {
        /// Its field.
        field: &'static str,
        /// What it should name.
        kind: &'static str,
        /// What was asked for.
        name: String,
    },
    /// No call of the period has such an agent, and some have others.
    #[error("no call of the period has agent {agent:?}; the nearest that has calls is {nearest:?}")]
    UnknownAgent {
        /// What was asked for.
        agent: String,
        /// The agent most like it.
        nearest: String,
    },
    /// A pseudonym that cannot be one.
    #[error("{caller:?} is no pseudonym: give its 32 hexadecimal digits, or withheld")]
    BadPseudonym {
        /// What was asked for.
        caller: String,
    },
    /// A list cannot go on from here.
    #[error("the page token {problem}")]
    PageToken {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No such call.
    #[error("no call {call:?} is known{where_looked}")]
    UnknownCall {
        /// What was asked for.
        call: String,
        /// Where it was looked for, and where there is one.
        where_looked: String,
    },
    /// Several sources have such a call.
    #[error("several sources have a call {call:?}; say which: {sources}")]
    AmbiguousCall {
        /// What was asked for.
        call: String,
        /// Whose calls there are.
        sources: String,
    },
    /// A definition that says nothing about a single call.
    #[error(
        "{metric:?} says nothing of a single call, so it is explained for none; \"all\" explains whatever does"
    )]
    NotExplained {
        /// Its id.
        metric: &'static str,
    },
    /// No such definition.
    #[error("no metric {metric:?} is explained for a call; the nearest is {nearest:?}")]
    UnknownMetric {
        /// What was asked for.
        metric: String,
        /// The metric most like it.
        nearest: String,
    },
    /// The store could not be read.
    #[error("the rows of the period could not be read")]
    Store {
        /// Why.
        #[source]
        source: store::Error,
    },
    /// The server stops.
    #[error("the server is stopping")]
    Stopped,
}

impl Error {
    /// A word of a closed list that is none, with the nearest that is.
    pub fn unknown_word<'a>(
        field: &'static str,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self::UnknownWord {
            field,
            word: clipped(word),
            nearest: nearest(word, known).unwrap_or_default().to_owned(),
        }
    }

    /// The field of the request that is wrong, as the contract spells it; `None` when the request is not to blame.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::UnknownZone { .. } => Some("query.zone"),
            Self::PeriodReversed { .. } => Some("query.end"),
            Self::UnknownBucket { .. } | Self::TooManyBuckets { .. } => Some("query.bucket"),
            Self::NotGrouped { .. } => Some("query.by"),
            Self::UnknownAgent { .. } => Some("filter.agents"),
            Self::BadPseudonym { .. } => Some("filter.callers"),
            Self::PageToken { .. } => Some("page_token"),
            Self::UnknownCall { .. } => Some("call_id"),
            Self::AmbiguousCall { .. } => Some("source"),
            Self::UnknownMetric { .. } | Self::NotExplained { .. } => Some("explain"),
            Self::UnknownWord { field, .. }
            | Self::UnknownName { field, .. }
            | Self::NoneConfigured { field, .. }
            | Self::PeriodMissing { field }
            | Self::PeriodOutOfRange { field }
            | Self::UnknownChoice { field, .. }
            | Self::UnknownQueue { field, .. }
            | Self::NoQueues { field, .. }
            | Self::BadThreshold { field, .. }
            | Self::ThresholdsCross { field, .. }
            | Self::TooManyThresholds { field, .. } => Some(field),
            Self::Store { .. } | Self::Stopped => None,
        }
    }
}

/// `query.start` as people say it.
fn bound(field: &str) -> &str {
    field.strip_prefix("query.").unwrap_or(field)
}
