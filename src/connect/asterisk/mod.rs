//! A real Asterisk: what its manager interface (AMI) and its `queue_log` say, as our events.
//!
//! Bytes go in at `codec`, messages go to `interpreter`, conclusions come out (`said`). That is pure: time comes with
//! the messages. Around it a live connector: `session` (one connection), `link` (conclusions into the spool), `sender` (the
//! spool to the server), `connector` (all of them, over every outage). Each rule stands beside the behaviour that it rests on, measured on Asterisk 22 with telephones that log
//! what they hear.

pub mod agent_work;
mod channels;
pub mod check;
pub mod codec;
pub mod connector;
mod consults;
mod counts;
#[cfg(test)]
mod edges_test;
mod ending;
pub mod files;
pub mod history;
pub mod interpreter;
mod link;
mod live;
mod log_halves;
mod log_lines;
mod mask;
pub mod members;
pub mod message;
mod names;
mod passing;
pub mod queue_log;
pub mod record;
mod resync;
pub mod said;
mod sender;
pub mod session;
pub mod settings;
mod states;
#[cfg(test)]
mod states_test;
pub mod tuner;
pub mod user_events;
mod waits;
pub mod words;
