//! Surveys: what a definition file says, whether it can be asked, and how it is asked key by key.
//!
//! `lint` reads a definition and says everything that is wrong with it. `Interview` asks it: it is given keys, ends of
//! prompts, hang-ups and the time, and returns orders; it has no clock and no I/O, and the same inputs give the same
//! orders. Not here: whom to ask, prompts as sound, the journal, figures.

mod answers;
mod case;
mod check;
mod definition;
mod finding;
mod form;
mod interview;
mod key;
pub mod limits;
mod order;
mod plan;
mod prompts;
mod questions;
mod read;
mod russian;
mod script;
mod section;
mod sessions;
mod speech;
#[cfg(test)]
mod tests;
mod wording;

pub use definition::{
    After, Answer, Channel, Consent, Definition, Kind, Leave, LeaveKey, Next, Number, Opening,
    Prompt, PromptIndex, Question, Said, Then, VoiceNote,
};
pub use finding::{Finding, Severity};
pub use form::{Filled, FormFault, FormReason};
pub use interview::{Interview, Outcome, StateError, Tally};
pub use key::{Key, NoKey};
pub use order::{Heard, Input, Order, Press, Record};
pub use plan::{
    Candidate, Invite, LinePlan, MENU_NO, MENU_YES, Plan, WHOLE, disposition_of, why_never_asked,
};
pub use read::lint;
pub use script::{ScriptError, Step, play_script, read_script};
pub use sessions::{Sessions, is_reached};
pub use speech::estimate;
