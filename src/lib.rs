//! The library behind the binary. Its map:
//!
#![doc = include_str!("../ARCHITECTURE.md")]

// In the order of the data's flow; who may import whom is checked by tests/tidy.rs.
pub mod proto;

pub mod connect;
pub mod event_file;
pub mod simulate;

pub mod model;
pub mod validate;
pub mod wire;

pub mod journal;

pub mod pipeline;

pub mod upkeep;

pub mod calls;
pub mod survey;

pub mod metrics;
pub mod store;

pub mod kpi;
pub mod live;

pub mod reports;
pub mod wall;

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
