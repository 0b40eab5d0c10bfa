//! dozvon
pub mod cli;
pub mod proto;
