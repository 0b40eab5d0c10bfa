//! The gRPC door: services over the handles of the others.
//!
//! Not here: whether an event is well-formed (`validate`), whether it is known (`journal`), what a figure is (`reports`).
//! An ack is built from a `Durable` and nothing else.

mod ack;
pub mod admin;
pub mod error;
mod ingest;
mod lease;
mod limits;
mod live;
mod open;
mod ready;
pub mod report;
mod server;
mod session;
mod source;
pub mod status;
mod survey;
mod tuning;

pub use admin::Admin;
pub use ingest::{Ingest, IngestOptions};
pub use live::Live;
pub use server::{Health, HealthService, Server, ServerError, health};
pub use survey::{CasePlan, LetGoReason, Parts, Surveys};
pub use tuning::Tuning;
