//! Facts at rest: calls, visits, transfers, counters, open calls and the checkpoint.
//!
//! Everything that follows from one stretch of the journal is written in one transaction together with the position it
//! ends on, so each fact has its effect exactly once. The file needs no sync of its own: what a crash takes back is made
//! again from the journal. The state of the open calls is written in the same transaction, so a restart goes on exactly
//! where the rows end.
//!
//! Not here: what a record means (`calls`), what a figure is (`kpi`).

mod ids;
mod insert;
mod project;
mod rows;
mod sqlite;
mod stored;
mod stream;
mod table;
mod write;

#[cfg(test)]
pub(crate) use project::add_open;
pub use rows::{Error, Period, Rows, Selection, Told};
pub use sqlite::{Checkpoint, Store, StoredSource};
pub use stored::{CallRows, Place, Readers, StoredCall};
pub use write::{SettledCall, SourceWrite, StoreWriter, Unapplied, Write};
