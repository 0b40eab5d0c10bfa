//! The journal: what was acked, in the order in which it was taken. The truth; everything else is made from it.
//!
//! One task writes. It takes whatever has arrived, decides each number against the marks, commits all of it as one row
//! (group commit, no timer) and only then answers. A `Durable<Position>` comes from nowhere else, and an ack can be made
//! from nothing else.
//!
//! Not here: what events mean (`calls`), whether they are well-formed (`validate`).
//!
//! Invariants: positions rise by one an entry, without a hole; marks move in the transaction that holds their events; a
//! refused commit leaves marks and gaps as they were; what is answered has been synced.

mod chore;
mod commit;
mod database;
mod durable;
mod epochs;
mod form;
mod group;
mod handle;
mod look;
mod marks;
mod outage;
mod postgres;
mod record;
mod sqlite;
mod survey;
mod take;
mod writer;

pub use chore::{Chore, Chores};
pub use database::{Database, Error, Reader, Rejection, Row};
pub use durable::Durable;
pub use handle::{
    Acked, EpochState, Handle, Note, Opened, Opening, Refusal, Submission, SubmissionKind,
};
pub use look::look_over;
pub use marks::Gap;
pub use record::{Entry, EntryKind, RecordError, decode, encode};
pub use writer::{Committed, Item, Options, RejectedEvent, Writer};
