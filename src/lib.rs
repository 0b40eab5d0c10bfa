//! dozvon
pub mod cli;
pub mod connect;
pub mod proto;
