//! A real Asterisk: what its manager interface (AMI) and its `queue_log` say, as our events.
//!
//! Bytes go in at `codec`, messages go to `interpreter`, conclusions come out (`said`). All of it is pure: time comes with
//! the messages. Each rule stands beside the behaviour that it rests on, measured on Asterisk 22 with telephones that log
//! what they hear.

mod channels;
pub mod codec;
mod consults;
mod ending;
pub mod files;
pub mod history;
pub mod interpreter;
mod live;
mod log_lines;
pub mod members;
pub mod message;
mod names;
mod passing;
pub mod queue_log;
mod resync;
pub mod said;
mod waits;
