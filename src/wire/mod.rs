//! The gRPC services: the contract's messages in and out, the work done elsewhere.

pub mod report;
pub mod status;
