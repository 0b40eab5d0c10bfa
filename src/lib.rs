//! dozvon
pub mod cli;
pub mod clock;
pub mod config;
pub mod metrics;
pub mod model;
pub mod proto;
pub mod store;
