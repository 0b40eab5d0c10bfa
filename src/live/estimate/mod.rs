//! How long a caller who comes now will wait: predictors side by side, each scored when a caller is answered.
//!
//! ```text
//! entry ─▶ every predictor says a wait, from what is known at that instant ─▶ kept with the caller
//! answer ─▶ error = actual − predicted, of each ─▶ the scores of the load under which the caller came
//! asked  ─▶ the predictor with the least mean error under this load, its wait, and a range out of its own errors
//! ```
//!
//! **Order.** What was told is taken in by order of time whenever a row of the journal has been told, so that a batch of a
//! spool that catches up scores as single events do, and a start that reads the calls of the last days gives the same scores.
//! What comes late is taken in late; nothing that was scored is scored again.
//!
//! **Censored.** Who gives up, is sent away or is called back was not answered: how long the wait would have been, nobody
//! knows. Such visits score no predictor and are counted (`unscored`). They are in the curve of Kaplan and Meier, for what is
//! known of them. So errors are those of callers who stayed; where many give up under heavy load, ranges are too short.
//!
//! **Honest.** A range wants `SCORED_LEAST` errors under the same load; before that there is no estimate.
//!
//! **Bounds.** Of a queue: `SCORES_MAX` errors of 12 bytes for each predictor and load, some 30 KB; `WAITS_MAX` waits for the
//! curve; beyond these 300 bytes for each caller who waits.

mod estimator;
mod forecast;
mod load;
mod scores;

pub use estimator::{Estimate, Given, NotGiven, PredictorSays, Scored};
pub(super) use estimator::{Estimator, Happened, Move};
pub use forecast::{Prediction, WAITS_MAX};
pub use load::Load;
pub use scores::{SCORED_LEAST, SCORES_MAX};
