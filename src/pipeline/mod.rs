//! The loop from the journal to the figures: committed rows in, calls applied, metrics and store told.
//!
//! Rows are applied in order of position, whole. A stretch of rows becomes one store transaction as soon as the store is
//! idle; while it writes, the next stretch gathers. A start does the same with the rows behind the checkpoint.
//!
//! Not here: what events mean (`calls`), how rows look (`store`).
//!
//! Invariants: figures never show what is not committed; the checkpoint, its rows, counters and open calls are of one
//! position; a replay from any point gives the same rows.

mod apply;
mod facts;
mod flush;
mod forget;
mod known;
mod lead;
mod lookup;
mod queues;
mod replay;
mod show;
mod status;

pub use apply::{Options, Pipeline};
pub use flush::store_task;
pub use forget::{Forgetter, Forgetting, forgetter};
pub use lookup::{CallNow, Lookup};
pub use replay::{Error, Extent};
pub use status::{SourceStatus, Status};
