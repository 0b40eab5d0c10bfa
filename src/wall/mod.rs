//! The board on its way to those who look: taken once for all of them, some times a second, and only while somebody
//! looks.
//!
//! ```text
//! pipeline ─▶ LiveBoard ─▶ Publisher ─▶ the newest picture ─┬─▶ LiveService
//!             (a lock)     (10 a second) (replaced, never     └─▶ /wall, /wall/events
//!                                         queued)
//! ```
//!
//! **Invariants.** Who reads slowly skips pictures and holds nobody up: there is one picture, and it is replaced. The
//! lock is held for one queue at a time. What a figure is, `live` decides.

mod board;
mod message;
mod publisher;
mod serve;

pub use board::LiveBoard;
pub use message::Shown;
pub use publisher::{Pictures, apart, publish};
pub use serve::routes;
