//! dozvon
pub mod app;
pub mod calls;
pub mod cli;
pub mod clock;
pub mod database;
pub mod journal;
pub mod config;
pub mod metrics;
pub mod model;
pub mod pipeline;
pub mod proto;
pub mod store;
pub mod validate;
pub mod wire;
