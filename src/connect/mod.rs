//! What speaks to the ingest door from outside: the streaming client, and the file formats that become our events.
//!
//! A file goes `source_file` (bytes) → `lines` → `anonymous_bank` or `events` (row → events, pure) → `recording` (rows in
//! order, the file's epoch) → `client` (numbers on the wire, acks back). `asterisk` reads what a real switch told: many
//! messages make one event, and one message may end three; `agi` has its callers asked. Nothing here decides what a call was: an importer
//! says what a switch would have said, and comes in by the same door as everybody.

pub mod agi;
pub mod anonymous_bank;
pub mod asterisk;
pub mod client;
pub mod events;
mod lines;
pub mod recording;
pub mod row;
pub mod source_file;
pub mod spool;
