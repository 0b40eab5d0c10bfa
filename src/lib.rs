//! dozvon
pub mod cli;
pub mod clock;
pub mod kpi;
pub mod model;
pub mod proto;
pub mod reports;
pub mod store;
pub mod wire;
