//! Facts at rest: calls, visits, transfers, counters, open calls and the checkpoint.
//!
//! Everything that follows from one stretch of the journal is written in one transaction together with the position it
//! ends on, so each fact has its effect exactly once. A file needs no sync of its own: what a crash takes back is made
//! again from the journal; a PostgreSQL server can crash without us, so there the transaction is synced. The state of the
//! open calls is written in the same transaction, so a restart goes on exactly where the rows end.
//!
//! Not here: what a record means (`calls`), what a figure is (`kpi`).

mod agents_told;
#[cfg(test)]
mod agents_told_test;
mod cases;
mod checkpoint;
mod chore;
mod cover;
#[cfg(test)]
mod fixture;
mod forms;
mod from_row;
mod gather;
mod ids;
mod insert_postgres;
mod insert_sqlite;
mod keeping;
mod kept;
mod log_sync;
mod postgres;
mod project;
mod read;
mod rewrite;
mod rollups;
mod rows;
mod rules_seen;
mod sqlite;
mod stored;
mod stream;
mod survey;
mod surveyed;
mod table;
#[cfg(test)]
mod told_test;
#[cfg(test)]
mod views_test;
mod write;
mod write_rollups;
mod writer;

pub use cases::{CasesAsked, Closing, StoredCase};
pub use checkpoint::{Checkpoint, StoredSource};
pub use chore::{Asked, Chore, Chores, Done, Erasure, ForgottenEvent, Rewrite, chores};
pub use forms::FormsAsked;
pub use keeping::Kept;
pub use kept::{CallValues, Happened, KeptCall, LateEvent};
#[cfg(test)]
pub(crate) use project::add_open;
pub use read::Store;
pub use rollups::{
    Folding, Gather, Level, Part, QUARTER_MICROS, Rollup, RollupState, RollupWrite, RollupsAsked,
    Stale, Sums, Usable, Within, quarter_after, quarter_of,
};
pub use rows::{BusyLines, Erased, Error, Head, OfCaller, Period, Rows, Selection, Spoken, Told};
pub use stored::{CallRows, Place, Readers, StoredCall};
pub use survey::StoredSurveys;
pub use surveyed::{Surveyed, SurveyedCall};
pub use write::{SettledCall, SourceWrite, Unapplied, Write};
pub use writer::StoreWriter;
