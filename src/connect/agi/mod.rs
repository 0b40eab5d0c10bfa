//! Surveys on a real switch: a FastAGI server on one side, `ConductSurvey` on the other.
//!
//! The dialplan hands a channel over (`AGI(agi://HOST:4573/survey)`), the dialog says what is played and asked, and the
//! channel goes back to the dialplan with what became of it in variables. Recordings lie on the switch; no sound passes
//! through here. Whatever breaks, the caller hears a goodbye within the deadline and the dialplan goes on.
//!
//! `codec` (bytes) and `request` (which call) are pure, `conductor` is the machine between the two sides; `session` and
//! `dialog` hold the connections, `server` the door.

mod codec;
mod conductor;
#[cfg(test)]
mod conductor_test;
mod dialog;
mod ending;
mod options;
mod request;
mod server;
mod session;

pub use options::{Options, SESSIONS_MAX};
pub use server::run;
