//! dozvon
pub mod cli;
pub mod event_file;
pub mod proto;
pub mod simulate;
