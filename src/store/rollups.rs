//! Roll-ups at rest: the sums of intervals, which of them are stale, and which of them, with which rows, make a period up.
//!
//! A quarter of an hour is folded from rows; hours, days and months of the hotline's zone from what lies within them. The
//! transaction that changes rows marks their quarters stale; whoever folds a quarter marks the hour above it, and so on.
//! An interval stands for its rows as long as neither it nor anything within is stale. A quarter without a roll-up that is
//! not stale is empty.
//!
//! Not here: what the sums are (`kpi`), and who folds them (`reports`).

use std::sync::Arc;

use crate::model::Timestamp;

use super::rows::{Head, Period, Selection};

/// A quarter of an hour.
pub const QUARTER_MICROS: i64 = 15 * 60 * 1_000_000;

/// How long the intervals of a roll-up are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A quarter of an hour of UTC.
    Quarter = 1,
    /// An hour of the hotline's zone.
    Hour = 2,
    /// A day of it.
    Day = 3,
    /// A month of it.
    Month = 4,
}

impl Level {
    /// Every level, the shortest first.
    pub const ALL: [Self; 4] = [Self::Quarter, Self::Hour, Self::Day, Self::Month];

    /// The code it is stored under.
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The level of a stored code.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }

    /// The next longer one.
    pub fn above(self) -> Option<Self> {
        Self::from_code(self.code() + 1)
    }
}

/// The quarter that an instant lies in.
pub fn quarter_of(at: Timestamp) -> Timestamp {
    let micros = at.as_micros();
    Timestamp::from_micros(micros.saturating_sub(micros.rem_euclid(QUARTER_MICROS)))
}

/// The quarter behind the one that an instant lies in.
pub fn quarter_after(at: Timestamp) -> Timestamp {
    let quarter = quarter_of(at).as_micros();
    Timestamp::from_micros(quarter.saturating_add(QUARTER_MICROS))
}

/// The sums of an interval, as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollup {
    /// How long it is.
    pub level: Level,
    /// First instant, and first instant after.
    pub period: Period,
    /// On which edges waits were counted.
    pub edges: Vec<u8>,
    /// How many calls, and which.
    pub head: Vec<u8>,
    /// Transfers; empty when they were not asked for, as the following.
    pub transfers: Vec<u8>,
    /// Calls.
    pub calls: Vec<u8>,
    /// Visits.
    pub visits: Vec<u8>,
    /// Calls as visits.
    pub journeys: Vec<u8>,
}

/// Which sums are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sums {
    /// Transfers.
    Transfers,
    /// Calls and visits.
    Visits,
    /// Calls, and calls as visits.
    Journeys,
    /// All of them.
    All,
}

/// Whether sums of an interval that were counted on these edges will do.
pub type Usable = Arc<dyn Fn(&[u8], Period) -> bool + Send + Sync>;

/// What is asked of roll-ups.
#[derive(Clone)]
pub struct RollupsAsked {
    /// Which sums.
    pub sums: Sums,
    /// The longest intervals to be used.
    pub longest: Level,
    /// Which edges will do.
    pub usable: Usable,
}

/// What makes a period up.
#[derive(Clone)]
pub struct Gather {
    /// The period that rows are read of.
    pub period: Period,
    /// First instants of the intervals within it, rising: no roll-up may reach from one into the next.
    pub starts: Vec<Timestamp>,
    /// Stretches for which no roll-up will do.
    pub by_rows: Vec<Period>,
    /// Roll-ups to be used; `None` = rows only.
    pub rollups: Option<RollupsAsked>,
}

/// A part of what makes a period up, all of one position. The head comes first.
#[derive(Clone, Debug)]
pub enum Part {
    /// What is known before any call is read.
    Head(Head),
    /// The sums of an interval.
    Rollup(Box<Rollup>),
    /// Rows of some other stretch of it, or open calls.
    Rows(Box<Selection>),
}

/// An interval that is stale, and the marks it had when that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stale {
    /// How long it is.
    pub level: Level,
    /// Its first instant.
    pub start: Timestamp,
    /// How often it was marked.
    pub marks: i64,
}

/// Sums that were made again.
#[derive(Clone, Debug, Default)]
pub struct Folding {
    /// The sums.
    pub rollups: Vec<Rollup>,
    /// Intervals without sums: nothing is in them, or what lies within makes none.
    pub gone: Vec<(Level, Timestamp)>,
    /// What is not stale any more, unless it was marked meanwhile.
    pub done: Vec<Stale>,
    /// What is stale by that.
    pub raised: Vec<(Level, Timestamp)>,
}

/// What is to be written about roll-ups.
#[derive(Clone, Debug)]
pub enum RollupWrite {
    /// Sums were made again.
    Fold(Folding),
    /// Hours, days and months are of another zone now: what there is of them goes, and these are to be made.
    Rezone {
        /// The zone.
        zone: String,
        /// The intervals to be made.
        raised: Vec<(Level, Timestamp)>,
    },
    /// Quarters counted on these edges are stale, as far as their rows are there.
    Recount {
        /// The edges.
        edges: Vec<u8>,
    },
    /// Rows of a period have changed.
    MarkStale(Period),
}

/// What is known of all roll-ups.
#[derive(Clone, Debug, Default)]
pub struct RollupState {
    /// Whose hours, days and months they are.
    pub zone: Option<String>,
    /// On which edges quarters were counted.
    pub edges: Vec<Vec<u8>>,
    /// First instants of all quarters.
    pub quarters: Vec<Timestamp>,
}

/// The roll-ups that make an interval up.
#[derive(Clone, Debug, Default)]
pub struct Within {
    /// Those that may be used.
    pub rollups: Vec<Rollup>,
    /// Whether something within is stale.
    pub is_stale: bool,
    /// What they leave to rows.
    pub rest: Vec<Period>,
}
