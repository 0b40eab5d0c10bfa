//! The tables that are written, and rows on their way into them: said once, put by each database in its own way.
//!
//! A table's columns stand here in the order of its rows' values, with the kind a database needs to know before it has
//! seen any. How rows are put is for `insert`.

use std::borrow::Cow;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Text,
    Blob,
}

/// A table that is written, or keys that are removed from it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Columns in the order of the values; for a removal, the key.
    pub(super) columns: &'static [(&'static str, Kind)],
    /// What to do with a row that is there.
    pub(super) conflict: &'static str,
    /// What a failure is called.
    pub(super) doing: &'static str,
}

/// What is done with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Verb {
    /// They are put into their table.
    Insert,
    /// Those with these keys are removed.
    Delete,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
    Blob(Cow<'a, [u8]>),
}

impl Value<'_> {
    /// A whole number; null for any other.
    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Null | Self::Text(_) | Self::Blob(_) => None,
        }
    }

    /// A text; null for any other.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(value) => Some(value.as_ref()),
            Self::Null | Self::Int(_) | Self::Blob(_) => None,
        }
    }

    /// Bytes; null for any other.
    pub(super) fn blob(&self) -> Option<&[u8]> {
        match self {
            Self::Blob(value) => Some(value),
            Self::Null | Self::Int(_) | Self::Text(_) => None,
        }
    }
}

impl Value<'_> {
    /// The same, borrowing nothing.
    pub(super) fn owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Int(value) => Value::Int(value),
            Self::Text(value) => Value::Text(Cow::Owned(value.into_owned())),
            Self::Blob(value) => Value::Blob(Cow::Owned(value.into_owned())),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u8> for Value<'_> {
    fn from(value: u8) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Blob(Cow::Borrowed(value))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(Cow::Owned(value))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Rows of one table.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    pub(super) table: &'static Table,
    /// Row after row.
    pub(super) values: Vec<Value<'a>>,
}

impl<'a> Rows<'a> {
    /// No rows yet, with room for so many.
    pub(super) fn of(table: &'static Table, rows: usize) -> Self {
        Self {
            table,
            values: Vec::with_capacity(rows * table.columns.len()),
        }
    }

    /// Adds a row: a value a column.
    pub(super) fn push<const N: usize>(&mut self, row: [Value<'a>; N]) {
        debug_assert_eq!(N, self.table.columns.len());
        self.values.extend(row);
    }
}

use Kind::{Blob, Int, Text};

pub(super) static CALLS: Table = Table {
    name: "calls",
    columns: &[
        ("call_row", Int),
        ("source_id", Int),
        ("call_id", Text),
        ("epoch_id", Int),
        ("mode", Int),
        ("settled_position", Int),
        ("arrived_at", Int),
        ("ended_at", Int),
        ("ended_by", Int),
        ("outcome", Int),
        ("direction", Int),
        ("test", Int),
        ("caller_key", Int),
        ("caller", Blob),
        ("line", Text),
        ("visits", Int),
        ("first_queue", Text),
        ("refused_reason", Int),
        ("refused_queue", Text),
        ("answered", Int),
        ("first_answer_queue", Text),
        ("last_answer_queue", Text),
        ("transfers", Int),
        ("failed_transfers", Blob),
        ("reroutes", Int),
        ("requeued", Int),
        ("consult_only", Int),
        ("transfer_wait", Int),
        ("marks", Int),
        ("told", Blob),
        ("first_entered_at", Int),
        ("first_answered_at", Int),
        ("last_exit", Int),
        ("queue_wait", Int),
        ("talk", Int),
        ("hold", Int),
        ("missed_offer_time", Int),
        ("returns", Int),
        ("last_agent", Text),
    ],
    conflict: "",
    doing: "write calls",
};

pub(super) static VISITS: Table = Table {
    name: "visits",
    columns: &[
        ("call_row", Int),
        ("visit", Int),
        ("queue", Text),
        ("entered_at", Int),
        ("exit", Int),
        ("exited_at", Int),
        ("wait", Int),
        ("talk", Int),
        ("after_human", Int),
        ("reentered", Int),
        ("test", Int),
        ("missed_offer_time", Int),
        ("after_transfer", Int),
    ],
    conflict: "",
    doing: "write visits",
};
/// Rows to remove, by the numbers of their calls.
pub(super) static CALL_ROWS: [Table; 3] =
    [by_call("calls"), by_call("visits"), by_call("transfers")];
const fn by_call(name: &'static str) -> Table {
    Table {
        name,
        columns: &[("call_row", Int)],
        conflict: "",
        doing: "remove a call's rows",
    }
}

pub(super) static TRANSFERS: Table = Table {
    name: "transfers",
    columns: &[
        ("call_row", Int),
        ("transfer", Int),
        ("call_arrived_at", Int),
        ("first_answer_queue", Text),
        ("at", Int),
        ("method", Int),
        ("target", Int),
        ("to_name", Text),
        ("from_agent", Text),
        ("from_queue", Text),
        ("told", Int),
        ("is_return", Int),
        ("outcome", Int),
        ("wait", Int),
        ("test", Int),
        ("spent", Int),
    ],
    conflict: "",
    doing: "write transfers",
};

pub(super) static CALL_KEYS: Table = Table {
    name: "call_keys",
    columns: &[
        ("source_id", Int),
        ("call_key", Blob),
        ("epoch_id", Int),
        ("settled_position", Int),
        ("call_row", Int),
    ],
    // A rebuild finds the keys of calls that are stored.
    conflict: "on conflict do nothing",
    doing: "write call keys",
};

/// Keys looked up.
pub(super) static CALL_KEYS_ASKED: Table = Table {
    name: "call_keys",
    columns: &[("source_id", Int), ("call_key", Blob)],
    conflict: "",
    doing: "look calls up",
};

pub(super) static SOURCES: Table = Table {
    name: "sources",
    columns: &[
        ("source_id", Int),
        ("name", Text),
        ("state", Blob),
        ("sent_at", Int),
        ("received_at", Int),
        ("late_events", Int),
        ("call_exists_events", Int),
    ],
    conflict:
        "on conflict (source_id) do update set state = excluded.state, sent_at = excluded.sent_at,
        received_at = excluded.received_at, late_events = excluded.late_events,
        call_exists_events = excluded.call_exists_events",
    doing: "write sources",
};

pub(super) static OPEN_CALLS: Table = Table {
    name: "open_calls",
    columns: &[("source_id", Int), ("call_key", Blob), ("state", Blob)],
    conflict: "on conflict (source_id, call_key) do update set state = excluded.state",
    doing: "write open calls",
};

/// Keys to remove.
pub(super) static OPEN_CALL_KEYS: Table = Table {
    name: "open_calls",
    columns: &[("source_id", Int), ("call_key", Blob)],
    conflict: "",
    doing: "remove open calls",
};

pub(super) static UNAPPLIED_EVENTS: Table = Table {
    name: "unapplied_events",
    columns: &[
        ("position", Int),
        ("source_id", Int),
        ("reason", Text),
        ("call_id", Text),
        ("sequence", Int),
        ("kind", Text),
        ("occurred_at", Int),
        ("told", Blob),
    ],
    conflict: "",
    doing: "write unapplied events",
};

pub(super) static AGENT_QUARTERS: Table = Table {
    name: "agent_quarters",
    columns: &[
        ("starts_at", Int),
        ("source_id", Int),
        ("position", Int),
        ("told", Text),
    ],
    // A journal read from its beginning may stop where an earlier stretch did, having begun elsewhere.
    conflict: "on conflict (starts_at, source_id, position) do update
        set told = agent_quarters.told || excluded.told",
    doing: "write what was told of agents",
};

pub(super) static AGENTS_LAST: Table = Table {
    name: "agents_last",
    columns: &[
        ("source_id", Int),
        ("agent", Text),
        ("kind", Int),
        ("at", Int),
        ("state", Int),
        ("reason", Text),
        ("queues", Text),
    ],
    conflict: "on conflict (source_id, agent, kind) do update set at = excluded.at,
        state = excluded.state, reason = excluded.reason, queues = excluded.queues
        where (excluded.at, excluded.state) >= (agents_last.at, agents_last.state)",
    doing: "write what agents were told to be",
};

pub(super) static LINE_EVENTS: Table = Table {
    name: "line_events",
    columns: &[
        ("source_id", Int),
        ("line", Text),
        ("at", Int),
        ("busy", Int),
        ("total", Int),
    ],
    conflict: "on conflict do nothing",
    doing: "write lines' events",
};

pub(super) static COUNTERS: Table = Table {
    name: "counters",
    columns: &[("series", Text), ("state", Blob)],
    conflict: "on conflict (series) do update set state = excluded.state",
    doing: "write counters",
};

pub(super) static QUEUES: Table = Table {
    name: "queues",
    columns: &[("name", Text)],
    conflict: "on conflict do nothing",
    doing: "write queues",
};

/// Quarters whose rows change, and intervals above what was folded.
pub(super) static ROLLUP_STALE: Table = Table {
    name: "rollup_stale",
    columns: &[("level", Int), ("starts_at", Int), ("marks", Int)],
    conflict: "on conflict (level, starts_at) do update set marks = rollup_stale.marks + 1",
    doing: "mark roll-ups stale",
};

/// Intervals that are stale no more; one that was marked meanwhile has other marks.
pub(super) static ROLLUP_FOLDED: Table = Table {
    name: "rollup_stale",
    columns: &[("level", Int), ("starts_at", Int), ("marks", Int)],
    conflict: "",
    doing: "write roll-ups",
};

pub(super) static ROLLUPS: Table = Table {
    name: "rollups",
    columns: &[
        ("level", Int),
        ("starts_at", Int),
        ("ends_at", Int),
        ("edges", Blob),
        ("head", Blob),
        ("transfers", Blob),
        ("calls", Blob),
        ("visits", Blob),
        ("journeys", Blob),
    ],
    conflict:
        "on conflict (level, starts_at) do update set ends_at = excluded.ends_at, edges = excluded.edges,
        head = excluded.head, transfers = excluded.transfers, calls = excluded.calls,
        visits = excluded.visits, journeys = excluded.journeys",
    doing: "write roll-ups",
};

/// Intervals without sums.
pub(super) static ROLLUP_KEYS: Table = Table {
    name: "rollups",
    columns: &[("level", Int), ("starts_at", Int)],
    conflict: "",
    doing: "write roll-ups",
};
