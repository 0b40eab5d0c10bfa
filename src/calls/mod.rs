//! From what the switch said to what happened: one call's story, the table of live calls, deadlines and disorder.
//!
//! Pure: events and the time come in, facts go out. Nothing is read, nothing is awaited, no clock is asked. A call's
//! record is always the fold of its events in their order of happening, so that doubled, late and swapped events end in
//! the same record; what was already said of a live call is remembered beside it, so that it is said once.
//!
//! An event comes to its call by `table`, which keeps deadlines (`deadlines`, `backfill`) and waiting (`queues`); `live`
//! holds what was told and said of one call; `crowd` lets calls go when there are too many; `order` folds it into a `story`, whose parts are `visits`, `offers`, `legs`
//! and `transfers`; `handed` and `close` conclude what came of it; `state` and `checkpoint` keep it over a restart; `retell` makes
//! a settled one again.
//!
//! Not here: what a figure means (`kpi`), who may send (`wire`), what is kept (`store`).
//!
//! Invariants: a visit that was said to be offered is said to end exactly once or is shown as waiting, and never both;
//! a settled call never changes; the same events give the same facts, byte for byte.

mod backfill;
mod checkpoint;
mod close;
mod crowd;
mod deadlines;
mod forget;
mod handed;
mod legs;
mod live;
mod news;
mod offers;
mod open;
mod order;
mod queues;
mod retell;
mod said;
mod state;
mod story;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod told;
mod transfers;
mod visits;
mod wrap_up;

pub use checkpoint::{OpenCall, OpenChanges};
pub use forget::{forget_in_told, forget_person, is_from, is_told_from};
pub use open::{
    record_of_events, record_of_open, record_of_settled, timeline_of_open, timeline_of_settled,
};
pub use retell::{Retold, retell, told_event};
pub use state::{StateError, record_of_told};
pub use table::{Arrival, Calls, Options};
