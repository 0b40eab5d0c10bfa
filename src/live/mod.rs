//! What a supervisor looks at: the last minutes, this day, and who waits at this moment.
//!
//! Pure: calls as far as they are known come in, with the source's own time; pictures go out. A call's part in the
//! figures is worked out from its record (`seen`) and put into the cells of the instants at which things happened; when
//! the record changes, the old part is taken out and the new one put in. So stragglers and corrections move the windows
//! as they move the report, the order of telling does not matter, and the whole can be made again from the rows of the
//! last day, which is what a start does: nothing of it is written down a second time.
//!
//! **Windows** are rings of cells: 60 of a second, 360 of 10 seconds, and one that is still filling. They hold counts by
//! event (each thing when it happened), as a report does on the event basis. **The day** is a cohort: visits that began on
//! this date, those before the queue opened among them. **Now** is the source's own clock (`Moment`): it goes on by ours for 15 s
//! after it was last heard, then it stands still. What a source told that was not heard for an hour is in no sum
//! of this moment. Whether a queue is open, and how many agents are planned, goes by our clock.
//!
//! **Service level** divides by the visits *decided*: ended, or waiting longer than the threshold. Nowhere here are
//! visits that ended divided by: a stuck queue would look perfect.
//!
//! **Estimates** (`estimate`) are the one thing that depends on an order: what was foretold of a caller is what was known on
//! entry. So what was told is taken in by order of time, a row of the journal at once.
//!
//! **What is usual** (`usual`) is no part of it: it is read from the store now and then, and set.
//!
//! **Bounds.** A queue takes at most some 130 KB for its cells and 8 bytes for each wait in each of them (a thousand of a kind, or
//! as many as there are distinct ones), 30 KB for
//! its estimates and 35 KB for what is usual; a source has at most `AGENTS_MAX` agents; at most `CALLERS_MAX` callers are
//! remembered. Queues beyond the labels of the metrics share one, as they do there: who tells a call names its queues so.

mod agents;
mod board;
#[cfg(test)]
mod board_test;
mod call;
mod callers;
mod day;
mod estimate;
#[cfg(test)]
mod estimate_test;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod floor_test;
mod foretold;
mod heard;
mod picture;
mod ring;
mod seen;
#[cfg(test)]
mod shown_test;
#[cfg(test)]
mod silence_test;
mod state;
mod sums;
mod there;
mod usual;
#[cfg(test)]
mod usual_test;
mod windows;

pub use agents::{AGENTS_MAX, TooLong, TooLongState};
pub use board::{Live, Options};
pub use callers::CALLERS_MAX;
pub use estimate::{
    Estimate, Given, Load, NotGiven, Prediction, PredictorSays, SCORED_LEAST, SCORES_MAX, Scored,
    WAITS_MAX,
};
pub use heard::{STALE_AFTER, recent};
pub use picture::{HotlinePicture, QueuePicture, SourcePicture, WINDOWS, WindowPicture};
pub use seen::AHEAD_MAX;
pub use state::QueueState;
pub use sums::Sums;
pub use there::AgentsPicture;
pub use usual::{EarlierDay, QuarterCounts, Quarters, USUAL_WEEKS, UsualPicture, earlier_dates};
