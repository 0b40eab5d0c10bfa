//! The generated types of `proto/dozvon/v1`, their JSON mapping, and the descriptor set for reflection.
//!
//! Nothing is added here: meaning lives in `model`, checks in `validate`.

/// Package `dozvon.v1`.
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    unreachable_pub,
    missing_docs,
    reason = "generated code"
)]
pub mod v1 {
    tonic::include_proto!("dozvon.v1");
    include!(concat!(env!("OUT_DIR"), "/dozvon.v1.serde.rs"));
}

/// Encoded `FileDescriptorSet` of the package, for server reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/dozvon.bin"));
