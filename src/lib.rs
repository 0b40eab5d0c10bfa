//! dozvon
pub mod calls;
pub mod cli;
pub mod clock;
pub mod model;
pub mod proto;
pub mod store;
pub mod validate;
