//! dozvon
pub mod proto;
